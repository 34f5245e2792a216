"""Which process runs a pipeline: a note in its state folder, that `stop` and a second run look at."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

from engine.errors import UserError

NOTE = "process.json"


def note(state: Path) -> None:
    """Write down that this process runs the pipeline of a folder."""
    draft = state / f"{NOTE}.new"
    try:
        state.mkdir(parents=True, exist_ok=True)
        draft.write_text(json.dumps({"pid": os.getpid(), "started": _started(os.getpid())}), encoding="utf-8")
        draft.replace(state / NOTE)
    except OSError as error:
        raise UserError("state_folder", f"cannot use the state folder {state}: {error.strerror}",
                        hint="choose a writable folder with --state") from error


def forget(state: Path) -> None:
    """Take the note away, if it is this process's."""
    if running(state) == os.getpid():
        (state / NOTE).unlink(missing_ok=True)


def running(state: Path) -> int | None:
    """The process that runs the pipeline of a folder: the one noted, if it is still there and not another with its
    number."""
    try:
        noted = json.loads((state / NOTE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    started = _started(noted.get("pid", 0))
    return noted["pid"] if started is not None and started == noted.get("started") else None


def refuse_second(state: Path) -> None:
    """UserError where another process runs the pipeline of a folder."""
    pid = running(state)
    if pid is not None and pid != os.getpid():
        raise UserError("already_running", f"process {pid} runs with the state folder {state}",
                        hint=f"porsche stop --state {state} ends it; --state names another folder")


def stop(state: Path, patience: float = 60.0) -> int:
    """Ask the process that runs a folder's pipeline to take a checkpoint and end; its number. Waits for its end."""
    pid = running(state)
    if pid is None:
        raise UserError("not_running", f"nothing runs with the state folder {state}")
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + patience
    while running(state) == pid:
        if time.monotonic() > deadline:
            raise UserError("not_stopping", f"process {pid} has not ended after {patience:g} s",
                            hint="it is taking a last checkpoint; ask again")
        time.sleep(0.05)
    return pid


def _started(pid: int) -> str | None:
    """When a process started, in the kernel's ticks; None where there is no such process, or only its remains."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]
