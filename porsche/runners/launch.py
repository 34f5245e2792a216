"""Starting the process of a run: apart from whoever starts it, so that it outlives a supervisor that dies."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Collection, Mapping

from porsche.home import PRIVATE
from porsche.runners import secrets
from porsche.runners.folder import RunFolder, Spec

PASSED = frozenset({
    "HOME", "LANG", "LANGUAGE", "LD_LIBRARY_PATH", "LOGNAME", "NUMBA_CACHE_DIR", "NUMBA_NUM_THREADS", "PATH",
    "POLARS_MAX_THREADS", "PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "TZ", "USER",
    "VIRTUAL_ENV",
})  # fmt: skip
"""What a job sees of the environment: no secret but those that its document names."""


def launch(folder: RunFolder, spec: Spec) -> subprocess.Popen[bytes]:
    """Start a process for a spec, in a session of its own, without descriptors or secrets of this one.

    Whoever starts it and lives long has to `poll` it, or its remains stay. What it does is seen by `observe`.
    """
    folder.prepare(spec)
    output = os.open(folder.output, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "porsche.runners.worker", str(folder.path)],
            cwd=folder.path,
            env=passed(os.environ, secrets.variables(spec.document, *spec.parameters.values())),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            close_fds=True,
            start_new_session=True,
            umask=PRIVATE,
        )
    finally:
        os.close(output)


def passed(environment: Mapping[str, str], secret: Collection[str] = ()) -> dict[str, str]:
    """The variables that a job sees; `secret`: those that its document names."""
    return {name: value for name, value in environment.items()
            if name in PASSED or name in secret or name.startswith("LC_")}


def ask_to_end(folder: RunFolder, generation: int) -> None:
    """Note that a person asked a generation to end; whoever does so then sends SIGTERM to the noted process."""
    folder.write("stop", {"generation": generation, "at": time.time()})
