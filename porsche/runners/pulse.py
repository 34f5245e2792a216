"""Where a job stands while it does not get on, told by a thread beside it: `stuck.json`.

The job publishes its status about once a second. Where it has not for some seconds, this thread looks at what the
job's thread is doing: which operator, of which node. It also keeps the process's output within bounds.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import traceback
from types import FrameType, TracebackType
from typing import Any, Self

from porsche.output import Redirected
from porsche.runners.folder import RunFolder

SILENCE = 4.0
"""Seconds without a status after which the thread looks."""
PERIOD = 1.0
DEEPEST = 30
"""Frames that are kept of where the job stands."""


class Pulse:
    """Watches the thread that made it."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._thread = threading.get_ident()
        self._beat = time.monotonic()
        self._told = False
        self._operators: dict[int, Any] = {}
        self._end = threading.Event()
        self._output = Redirected.adopted(folder.output)
        self._watcher = threading.Thread(target=self._watch, name="pulse", daemon=True)

    def __enter__(self) -> Self:
        self._watcher.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        self._watcher.join()
        self._folder.remove("stuck")

    def watch(self, job: Any) -> None:
        """A job begins: its operators are those that it may stand in."""
        self._operators = {id(operator): operator for operator in job.graph.operators}

    def beat(self) -> None:
        """The job gets on."""
        self._beat = time.monotonic()

    def _watch(self) -> None:
        while not self._end.wait(PERIOD):
            silent = time.monotonic() - self._beat
            if silent > SILENCE:
                self._folder.write("stuck", {"at": time.time(), "pid": os.getpid(), **self._where()})
                self._told = True
            elif self._told:
                self._folder.remove("stuck")
                self._told = False
            if self._output is not None:
                self._output.check()

    def _where(self) -> dict[str, Any]:
        """The innermost operator on the thread's stack, and the stack."""
        top = frame = sys._current_frames().get(self._thread)
        operator = None
        while frame is not None and operator is None:
            operator = self._operators.get(id(_self(frame)))
            frame = frame.f_back
        stack = traceback.format_stack(top, DEEPEST) if top is not None else []
        return {"operator": None if operator is None else operator.name,
                "nodes": [] if operator is None else sorted(operator.nodes), "stack": "".join(stack)}


def _self(frame: FrameType) -> Any:
    return frame.f_locals.get("self")
