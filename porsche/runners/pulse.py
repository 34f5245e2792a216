"""Where a job stands while its own thread does not get on, told by a thread beside it: `stuck.json`.

The job publishes its status about once a second, and says there what it waits for while its thread runs. Where it has
not for some seconds, this thread looks at what the job's thread, or one of its shards', is doing: which operator,
source, sink or lookup, of which node. It also keeps the process's output within bounds.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import traceback
from types import FrameType, TracebackType
from typing import Any

from porsche.output import Redirected
from porsche.runners.beside import Beside
from porsche.runners.folder import RunFolder

SILENCE = 4.0
"""Seconds without a status after which the thread looks."""
PERIOD = 1.0
SHARDS = "shard"
"""How the names of threads begin that do shards' work."""
FUNCTIONS = "engine.expressions."
"""Where users' functions are called."""
DEEPEST = 30
"""Frames that are kept of where the job stands."""


class Pulse(Beside):
    """Watches the thread that made it."""

    def __init__(self, folder: RunFolder) -> None:
        super().__init__("pulse")
        self._folder = folder
        self._thread = threading.get_ident()
        self._beat = time.monotonic()
        self._told = False
        self._operators: dict[int, Any] = {}
        self._output = Redirected.adopted(folder.output)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        self._folder.remove("stuck")

    def watch(self, job: Any) -> None:
        """A job begins: its operators are those that it may stand in."""
        ends = ("sink", "source")
        self._operators = {id(part): operator for operator in job.graph.operators
                           for part in (operator, *(getattr(operator, end, operator) for end in ends))}

    def beat(self) -> None:
        """The job gets on."""
        self._beat = time.monotonic()

    def _watch(self) -> None:
        while not self._end.wait(PERIOD):
            silent = time.monotonic() - self._beat
            if silent > SILENCE:
                self._folder.write("stuck", {"at": time.time(), "since": time.time() - silent, "pid": os.getpid(),
                                             **self._where()})
                self._told = True
            elif self._told:
                self._folder.remove("stuck")
                self._told = False
            if self._output is not None:
                self._output.check()

    def _where(self) -> dict[str, Any]:
        """The innermost operator that a thread of the job is in, what it is, and the stack."""
        top, operator = None, None
        for candidate in self._stacks():
            top, operator = candidate, self._innermost(candidate)
            if operator is not None:
                break
        stack = traceback.format_stack(top, DEEPEST) if top is not None else []
        if operator is None:
            return {"role": None, "operator": None, "nodes": [], "function": None, "stack": "".join(stack)}
        return {"role": operator.role, "operator": operator.name, "nodes": sorted(operator.nodes),
                "function": _function(top), "stack": "".join(stack)}

    def _stacks(self) -> list[FrameType]:
        """Of the job's threads: those of shards first, as the job's own waits for them; where none works, it comes
        first."""
        frames = sys._current_frames()
        shards = [frames[t.ident] for t in threading.enumerate()
                  if t.name.startswith(SHARDS) and t.ident is not None and t.ident in frames]
        own = frames.get(self._thread)
        return shards if own is None else [*shards, own]

    def _innermost(self, frame: FrameType | None) -> Any:
        while frame is not None:
            operator = self._operators.get(id(frame.f_locals.get("self")))
            if operator is not None:
                return operator
            frame = frame.f_back
        return None


def _function(frame: FrameType | None) -> str | None:
    """The user's function that is called, if one is: whoever calls it, here or in its own process, holds a request."""
    while frame is not None:
        if frame.f_globals.get("__name__", "").startswith(FUNCTIONS):
            name = getattr(frame.f_locals.get("request"), "name", None)
            if name is not None:
                return str(name)
        frame = frame.f_back
    return None
