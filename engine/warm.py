"""`python -m engine.warm`: compile the kernels of ordinary jobs into the cache on disk, so that no job waits for it.

It runs the small jobs of `warm.sql`; a kernel that is in the cache already is only loaded. `--if-needed` does nothing
where that was done before, by this engine as it is now, on this kind of machine.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import redirect_stdout, suppress
from importlib.metadata import version
from io import StringIO
from pathlib import Path
from string import Template

SCRIPT = Path(__file__).with_suffix(".sql")
MARK = "warmed"
"""The file beside the cache that says for which engine and machine it was warmed."""


def steps(folder: Path) -> Iterator[tuple[str, str]]:
    """Name and text of each job; their tables are in `folder`."""
    text = Template(SCRIPT.read_text(encoding="utf-8")).safe_substitute(folder=folder)
    _, _, tables, *rest = re.split(r"^-- ([\w ]+)\n", text[text.index("\n\n"):], flags=re.MULTILINE)
    for name, statements in zip(rest[::2], rest[1::2], strict=True):
        yield name, tables + statements


def run(text: str, folder: Path) -> int:
    """Run a job; returns how many functions were compiled."""
    from numba.core import event

    from engine.session import RunOptions, Session

    with event.install_recorder("numba:compile") as recorder, redirect_stdout(StringIO()):
        session = Session(folder=folder)
        for _ in session.script(text):
            pass
        session.run(RunOptions(batch_rows=100))
    return sum(1 for _, e in recorder.buffer if e.is_start)


def main() -> None:
    """Run all jobs, telling how each went."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number, (step, text) in enumerate(steps(folder), 1):
            started = time.monotonic()
            compiled = run(text, folder / f"job-{number}")
            print(f"warm: {step}: {compiled} compiled, {time.monotonic() - started:.1f} s", flush=True)
    with suppress(OSError):
        _mark().write_text(_state(), encoding="ascii")
    print(f"warm: the kernels are ready ({time.monotonic() - begun:.1f} s)")


def is_warm() -> bool:
    """Whether the kernels of this engine were compiled on this kind of machine."""
    try:
        return _mark().read_text(encoding="ascii") == _state()
    except OSError:
        return False


def _mark() -> Path:
    return Path(os.environ.get("NUMBA_CACHE_DIR") or Path(__file__).parent / "__pycache__") / MARK


def _state() -> str:
    """What changes whenever kernels may have to be compiled: sources, compiler, processor."""
    known = hashlib.sha256(f"{sys.version} {version('numba')} {version('llvmlite')} {_processor()}".encode())
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        known.update(path.read_bytes())
    return known.hexdigest()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return " ".join(sorted({line for line in lines if line.startswith(("model name", "flags", "Features"))}))


if __name__ == "__main__":
    if "--if-needed" in sys.argv[1:] and is_warm():
        print("warm: the kernels were ready")
    else:
        main()
