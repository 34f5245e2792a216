"""Users' functions in worker processes: as many as there are shards that call at a time, each started when it is
needed."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Condition
from typing import TYPE_CHECKING, Any

from engine.errors import RuntimeFault, UserError
from engine.expressions.functions.user_hosts import Declared, Tally
from engine.types import DataType
from engine.workers import messages
from engine.workers.process import Limits, Lost, Process

if TYPE_CHECKING:
    from engine.expressions.functions.user_running import Group, Request
    from engine.workers.channel import Buffer

logger = logging.getLogger(__name__)
ATTEMPTS = 2
"""How often a call is made that ends its process: what a function is given decides what it returns, so that it may be
called again, and the first time may have been an accident."""
HURRY, SLOWER = 1.0, 3.0
"""A call that is made to find the row at which a function hangs may take so many seconds, or so many times the longest
that there was."""
_CODES = {"died": "function_crashed", "hung": "function_timeout", "grew": "function_memory"}
_HINTS = {
    "died": "mend the function, or leave out the rows that it does not stand",
    "hung": "'python.fn-execution.timeout' says how long a call may take",
    "grew": "'python.fn-execution.memory.limit' says how much its process may hold",
}


class Workers:
    """A `Host` whose code runs in other processes. `size`: how many of them at most; `folders`: where modules are
    looked for besides the installed packages."""

    def __init__(self, folders: Sequence[Path] = (), limits: Limits | None = None, size: int = 1) -> None:
        self.size = size
        self.tally = Tally()
        self._limits = limits or Limits()
        self._folders = [str(f) for f in folders]
        self._changed = Condition()
        self._idle: list[Process] = []
        self._busy = 0
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
        from engine.workers.arrays import pack, unpack

        started = time.perf_counter()
        question = {"ask": "run", **messages.request_json(request)}
        try:
            _, buffers = self._ask(question, pack(given), suspect)
        finally:
            self.tally.called(request.name, request.length, time.perf_counter() - started)
        return unpack(buffers)

    def prepare(self, shards: int) -> None:
        self.size = shards

    def close(self) -> None:
        """End the processes that nobody is asking."""
        with self._changed:
            ended, self._idle = self._idle, []
        for process in ended:
            process.close()

    # ---- asking ------------------------------------------------------------------------------------------------------

    def _ask(self, question: dict[str, Any], buffers: Sequence[Buffer] = (),
             suspect: bool = False) -> tuple[Any, list[bytearray]]:
        name, attempts = question["name"], 1 if suspect else ATTEMPTS
        for attempt in range(1, attempts + 1):
            process = self._take()
            try:
                self._load(process, question)
                started = time.monotonic()
                answer, returned = process.ask(question, buffers, self._patience(question, suspect))
                self._answered(process, question, time.monotonic() - started)
                break
            except Lost as lost:
                self.tally.restarted(name, str(lost))
                logger.warning("function %s %s; its process is started again", name, lost)
                if attempt == attempts:
                    raise RuntimeFault(f"function {name} {lost}", code=_CODES[lost.why],
                                       hint=_HINTS[lost.why]) from lost
            finally:
                self._give_back(name, process)
        if isinstance(answer, dict) and "error" in answer:
            raise self._error(name, answer["error"])
        return answer, returned

    def _load(self, process: Process, question: Mapping[str, Any]) -> None:
        """A process that is new imports the module first, which may take its time."""
        if question["ask"] != "declared" and question["target"] not in process.loaded:
            process.ask({**question, "ask": "declared"}, timeout=self._loading)

    def _answered(self, process: Process, question: Mapping[str, Any], seconds: float) -> None:
        process.loaded.add(question["target"])
        if question["ask"] == "run":
            self._longest[question["name"]] = max(seconds, self._longest.get(question["name"], 0.0))

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

    def _take(self) -> Process:
        with self._changed:
            while not self._idle and self._busy >= self.size:
                self._changed.wait()
            self._busy += 1
            if self._idle:
                return self._idle.pop()
        try:
            return Process("engine.workers", self._folders, self._limits)
        except BaseException as error:
            self._leave(None)
            if isinstance(error, OSError):
                raise UserError("no_worker", f"no process for users' functions can be started: {error.strerror}",
                                hint="give the machine more memory or processes, or set 'python.execution-mode' to "
                                "'thread'") from error
            raise

    def _give_back(self, name: str, process: Process) -> None:
        """For the next who asks; one that has grown too large is replaced first."""
        if process.alive and process.has_grown:
            how = f"left more than {self._limits.memory >> 20} MB in its worker process"
            self.tally.restarted(name, how)
            logger.warning("function %s %s; it is started again", name, how)
            process.close()
        self._leave(process if process.alive else None)

    def _leave(self, process: Process | None) -> None:
        with self._changed:
            self._busy -= 1
            if process is not None:
                self._idle.append(process)
            self._changed.notify()
