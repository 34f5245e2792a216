"""`python -m tests.engine.connectors.sink_faults HOME FOLDER MOST`: a sink's process ends at one line after another of
what it does in an epoch, as if killed; another process recovers. Prints, as JSON, what was found wrong.

A process is forked for each line; it ends by `os._exit` in the middle of `write`, `seal`, `apply` or between them.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import engine.connectors
from engine.connectors.base import Json, Sink
from engine.durable import sync
from tests.engine.connectors.sinks import HOMES, Home, Rows

KILLED = 9
FAULTY = 1  # the epoch (counted from 0) in which faults happen
WATCHED = (str(Path(engine.connectors.__file__).parent), str(Path(engine.durable.__file__)))  # type: ignore[attr-defined]


class Countdown:
    """Ends the process at a line of the connectors, counted from 1; 0: only counts."""

    def __init__(self, line: int = 0) -> None:
        self._line = line
        self.lines = 0

    def __enter__(self) -> Self:
        sys.settrace(self._trace)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)

    def _trace(self, frame: Any, event: str, argument: Any) -> Any:
        if not frame.f_code.co_filename.startswith(WATCHED):
            return None
        if event == "line":
            self.lines += 1
            if self.lines == self._line:
                os._exit(KILLED)
        return self._trace


class Store:
    """The checkpoints: a manifest for each epoch that counts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, number: int, sealed: Json) -> None:
        draft = self._folder / f".{number}"
        draft.write_text(json.dumps(sealed), encoding="utf-8")
        draft.replace(self._folder / f"manifest-{number}")
        sync(self._folder)

    def newest(self) -> tuple[int, Json | None]:
        """The number of epochs that count, and what the last of them sealed."""
        numbers = [int(path.name.rpartition("-")[2]) for path in self._folder.glob("manifest-*")]
        if not numbers:
            return 0, None
        return max(numbers), json.loads((self._folder / f"manifest-{max(numbers)}").read_text("utf-8"))


def recovered(home: Home, store: Store) -> tuple[int, Sink]:
    """A sink as the job has it after a start: the next epoch, and the sink."""
    done, sealed = store.newest()
    sink = home.sink()
    sink.discard(sealed)
    if sealed is not None:
        sink.apply(sealed)
    sink.open()
    return done, sink


def work(home: Home, store: Store, phase: str = "", line: int = 0, until: int = 10**9) -> int:
    """Write what is left of the epochs, up to one; the lines that the phase of the faulty epoch has."""
    done, sink = recovered(home, store)
    lines = 0

    def run(name: str, number: int, action: Callable[[], Any]) -> Any:
        nonlocal lines
        if name != phase or number != FAULTY:
            return action()
        with Countdown(line) as countdown:
            result = action()
        lines = countdown.lines
        return result

    for number, batches in list(enumerate(home.epochs()))[done:until]:
        for batch in batches:
            run("write", number, lambda batch=batch: sink.write(batch))  # type: ignore[misc]
        sealed = run("seal", number, lambda number=number: sink.seal(number + 1))  # type: ignore[misc]
        store.put(number + 1, sealed)
        run("apply", number, lambda sealed=sealed: sink.apply(sealed))  # type: ignore[misc]
    sink.close()
    return lines


def forked(action: Callable[[], object]) -> int:
    """Do something in a process of its own; its exit status."""
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    status = 70
    try:
        action()
        status = 0
    finally:
        os._exit(status)


def phases(home: type[Home], folder: Path) -> dict[str, int]:
    """How many lines each phase of the faulty epoch has, told by runs without faults. In this process: what they load
    need not be loaded after each fork."""
    found = {}
    for phase in ("warm", "write", "seal", "apply"):
        made = fresh(home, folder / f"count-{phase}")
        found[phase] = work(made, Store(made.folder), phase)
        assert made.rows() == made.expected(), made.rows()
    del found["warm"]
    return found


def fresh(home: type[Home], folder: Path) -> Home:
    folder.mkdir(parents=True)
    made = home(folder)
    made.make()
    return made


def faulty(home: type[Home], folder: Path, visible: Rows, phase: str, line: int) -> str | None:
    """End a process at a line, recover twice in another one and go on; what is wrong, or None. `visible`: what has to
    be seen before the faulty epoch counts."""
    made = fresh(home, folder)
    store = Store(folder)
    status = forked(lambda: work(made, store, phase, line))
    if status != KILLED:
        return f"it ended by {status}"
    before, counted = made.rows(), store.newest()[0]
    if counted == FAULTY and before != visible:
        return f"what does not count is visible: {before}"
    if forked(lambda: (recovered(made, store)[1].close(), work(made, store))):
        return "it could not go on"
    wrong = None if made.rows() == made.expected() else f"{made.rows()} instead of {made.expected()}"
    shutil.rmtree(folder)
    return wrong


def main(name: str, folder: Path, most: int) -> None:
    """`name`: one of `HOMES`, or `module:class`; `most`: lines of one phase at which its process ends, spread over
    all."""
    module, _, attribute = name.partition(":")
    home: type[Home] = getattr(importlib.import_module(module), attribute) if attribute else HOMES[name]
    tried, wrong = 0, {}
    counted = phases(home, folder)
    before = fresh(home, folder / "before")
    assert forked(lambda: work(before, Store(before.folder), until=FAULTY)) == 0
    visible = before.rows()
    for phase, lines in counted.items():
        for line in sorted({1 + i * (lines - 1) // max(min(lines, most) - 1, 1) for i in range(min(lines, most))}):
            tried += 1
            found = faulty(home, folder / f"{phase}-{line}", visible, phase, line)
            if found is not None:
                wrong[f"{phase}, line {line}"] = found
    print(json.dumps({"tried": tried, "wrong": wrong}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
