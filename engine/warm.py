"""`python -m engine.warm`: compile the kernels of ordinary jobs into the cache on disk, so that no job waits for it.

It runs the small jobs of `warm.sql`; a kernel that is in the cache already is only loaded.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from string import Template

from numba.core import event

from engine.session import RunOptions, Session

SCRIPT = Path(__file__).with_suffix(".sql")


def steps(folder: Path) -> Iterator[tuple[str, str]]:
    """Name and text of each job; their tables are in `folder`."""
    text = Template(SCRIPT.read_text(encoding="utf-8")).safe_substitute(folder=folder)
    _, _, tables, *rest = re.split(r"^-- ([\w ]+)\n", text[text.index("\n\n"):], flags=re.MULTILINE)
    for name, statements in zip(rest[::2], rest[1::2], strict=True):
        yield name, tables + statements


def run(text: str, folder: Path) -> int:
    """Run a job; returns how many functions were compiled."""
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
    print(f"warm: the kernels are ready ({time.monotonic() - begun:.1f} s)")


if __name__ == "__main__":
    main()
