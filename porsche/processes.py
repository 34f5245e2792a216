"""Which process does what: a note in a folder, that others look at. A job's note lies in its folder, as `process.json`.

A note holds {pid, started} and facts; it counts as long as the process of that number is the one that wrote it, which
its start in the kernel's ticks tells.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from engine.errors import UserError

NOTE = "process"


def note(folder: Path, name: str = NOTE, **facts: Any) -> None:
    """Write down that this process is at work in a folder, and facts about it."""
    draft = folder / f".{name}.{os.getpid()}"
    content = {"pid": os.getpid(), "started": started(os.getpid()), **facts}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        draft.write_text(json.dumps(content), encoding="utf-8")
        draft.replace(folder / f"{name}.json")
    except OSError as error:
        raise UserError("state_folder", f"cannot use the state folder {folder}: {error.strerror}",
                        hint="choose a writable folder with --state") from error


def forget(folder: Path, name: str = NOTE) -> None:
    """Take the note away, if it is this process's."""
    if running(folder, name) == os.getpid():
        (folder / f"{name}.json").unlink(missing_ok=True)


def noted(folder: Path, name: str = NOTE) -> dict[str, Any] | None:
    """The note of a process, as long as that process is there."""
    try:
        content = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        began = started(content["pid"])
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return content if began is not None and began == content.get("started") else None


def running(folder: Path, name: str = NOTE) -> int | None:
    """The number of the process that a note tells of, if it is still there and not another with its number."""
    content = noted(folder, name)
    return None if content is None else int(content["pid"])


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


@contextlib.contextmanager
def only_one(place: Path, patience: float, refusal: UserError) -> Iterator[None]:
    """Hold a lock; `refusal` is raised where another process holds it for longer than `patience` seconds."""
    deadline = time.monotonic() + patience
    descriptor = os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise refusal from None
                time.sleep(0.1)
        yield
    finally:
        os.close(descriptor)


def wait(pids: Iterable[int], patience: float) -> set[int]:
    """Wait until processes have ended; those that have not after `patience` seconds."""
    deadline = time.monotonic() + patience
    began = {pid: mark for pid in pids if (mark := started(pid)) is not None}
    while began and time.monotonic() < deadline:
        time.sleep(0.05)
        began = {pid: mark for pid, mark in began.items() if started(pid) == mark}
    return set(began)


def send(pid: int, number: int) -> bool:
    """Send a signal; whether there was a process to take it."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def started(pid: int) -> str | None:
    """When a process started, in the kernel's ticks; None where there is no such process, or only its remains."""
    fields = _stat(pid)
    return None if fields is None or fields[0] in "ZX" else fields[19]


def is_halted(pid: int) -> bool:
    """Whether a process was halted by a signal (SIGSTOP) or a debugger."""
    fields = _stat(pid)
    return fields is not None and fields[0] in "Tt"


def _stat(pid: int) -> list[str] | None:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return None
