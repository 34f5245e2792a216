"""Users' functions in worker processes: as many as there are shards that call at a time, each started when it is
needed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import RuntimeFault, UserError
from engine.expressions.functions.user_hosts import Declared, Tally
from engine.types import DataType
from engine.workers import messages
from engine.workers.pool import Pool
from engine.workers.process import Limits, Lost, Process, Spoilt

if TYPE_CHECKING:
    from engine.expressions.functions.user_running import Group, Request
    from engine.workers.channel import Buffer

logger = logging.getLogger(__name__)
ATTEMPTS = 2
"""How often a call is made that ends its process: what a function is given decides what it returns, so that it may be
called again, and the first time may have been an accident."""
LONG = 30.0
"""Seconds; a call that hung for longer is not made again: a job that stands still is ended after two minutes."""
HURRY, SLOWER = 1.0, 3.0
"""A call that is made to find the row at which a function hangs may take so many seconds, or so many times the longest
that there was."""
_CODES = {"died": "function_crashed", "hung": "function_timeout", "grew": "function_memory"}
_HINTS = {
    "died": "mend the function, or leave out the rows that it does not stand",
    "hung": "'python.fn-execution.timeout' says how long a call may take",
    "grew": "'python.fn-execution.memory.limit' says how much its process may hold",
}


Read = Callable[[Sequence[bytearray]], list[Any]]


class Workers:
    """A `Host` whose code runs in other processes. `size`: how many of them at most; `folders`: where modules are
    looked for besides the installed packages."""

    def __init__(self, folders: Sequence[Path] = (), limits: Limits | None = None, size: int = 1) -> None:
        self.tally = Tally()
        self._limits = limits or Limits()
        self._pool = Pool("engine.workers", [str(f) for f in folders], self._limits, size)
        self._declared: dict[str, Declared] = {}
        self._longest: dict[str, float] = {}

    # ---- what a host is asked ----------------------------------------------------------------------------------------

    def declared(self, name: str, target: str) -> Declared:
        known = self._declared.get(target)
        if known is None:
            answer, _ = self._ask({"ask": "declared", "name": name, "target": target})
            known = self._declared[target] = messages.declared_of(answer)
        return known

    def result_type(self, name: str, target: str, types: Sequence[str]) -> str:
        answer, _ = self._ask({"ask": "result_type", "name": name, "target": target, "types": list(types)})
        found: str = answer["type"]
        return found

    def check_initial(self, name: str, target: str, state: Mapping[str, DataType]) -> None:
        types = [[column, messages.type_text(type)] for column, type in state.items()]
        self._ask({"ask": "check_initial", "name": name, "target": target, "state": types})

    def run(self, request: Request, given: Sequence[Group], suspect: bool = False) -> Sequence[Group]:
        from engine.workers.arrays import pack
        from engine.workers.trusted import answered

        started = time.perf_counter()
        question = {"ask": "run", **messages.request_json(request)}
        try:
            _, groups = self._ask(question, pack(given), lambda buffers: answered(request, given, buffers), suspect)
        finally:
            self.tally.called(request.name, request.length, time.perf_counter() - started)
        return groups

    def prepare(self, shards: int) -> None:
        self._pool.size = shards

    def close(self) -> None:
        """End the processes that nobody is asking."""
        self._pool.close()

    # ---- asking ------------------------------------------------------------------------------------------------------

    def _ask(self, question: dict[str, Any], buffers: Sequence[Buffer] = (), read: Read = list,
             suspect: bool = False) -> tuple[Any, list[Any]]:
        """The answer, and what `read` makes of its buffers."""
        name, attempts = question["name"], 1 if suspect else ATTEMPTS
        for attempt in range(1, attempts + 1):
            try:
                answer, returned = self._asked(question, buffers, read, suspect)
                break
            except Lost as lost:
                self.tally.restarted(name, str(lost))
                logger.warning("function %s %s; its process is started again", name, lost)
                if attempt == attempts or (lost.why == "hung" and self._limits.timeout > LONG):
                    raise RuntimeFault(f"function {name} {lost}", code=_CODES[lost.why],
                                       hint=_HINTS[lost.why]) from lost
        if "error" in answer:
            raise self._error(name, answer["error"])
        return answer, returned

    def _asked(self, question: dict[str, Any], buffers: Sequence[Buffer], read: Read,
               suspect: bool) -> tuple[dict[str, Any], list[Any]]:
        """The answer of a process; one that has grown too large by then is replaced."""
        with self._pool.process() as process:
            self._load(process, question)
            started = time.monotonic()
            answer, returned = process.ask(question, buffers, self._patience(question, suspect))
            process.loaded.add(question["target"])
            if question["ask"] == "run":
                seconds = time.monotonic() - started
                self._longest[question["name"]] = max(seconds, self._longest.get(question["name"], 0.0))
            if process.has_grown:
                self._replace(question["name"], process)
            try:
                return answer, [] if "error" in answer else read(returned)
            except Spoilt as spoilt:
                process.close()
                raise Lost("died", f"spoilt its worker process: {spoilt}") from spoilt

    def _replace(self, name: str, process: Process) -> None:
        how = f"left more than {self._limits.memory >> 20} MB in its worker process"
        self.tally.restarted(name, how)
        logger.warning("function %s %s; it is started again", name, how)
        process.close()

    def _load(self, process: Process, question: Mapping[str, Any]) -> None:
        """A process that is new imports the module first, which may take its time."""
        if question["ask"] != "declared" and question["target"] not in process.loaded:
            process.ask({**question, "ask": "declared"}, timeout=self._loading)

    @property
    def _loading(self) -> float:
        return max(self._limits.loading, self._limits.timeout)

    def _patience(self, question: Mapping[str, Any], suspect: bool) -> float:
        if question["ask"] == "declared":
            return self._loading
        usual = SLOWER * self._longest.get(question["name"], 0.0)
        return min(self._limits.timeout, max(HURRY, usual)) if suspect else self._limits.timeout

    def _error(self, name: str, value: Mapping[str, Any]) -> Exception:
        error = messages.error_of(value)
        if isinstance(error, UserError):
            logger.info("function %s: %s\n%s", name, error.message, value["trace"])
        return error
