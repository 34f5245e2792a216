"""Processes of one module, as many as are asked at a time; each is started when it is needed, and kept."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Condition

from engine.errors import UserError
from engine.workers.process import Limits, Process


class Busy(Exception):
    """All processes were busy for as long as one may wait."""


class Pool:
    """Up to `size` processes (`engine.workers.process.Process`). Of several threads each gets one of its own."""

    def __init__(self, module: str, arguments: Sequence[str] = (), limits: Limits | None = None, size: int = 1) -> None:
        self.size = size
        self.limits = limits or Limits()
        self._module, self._arguments = module, tuple(arguments)
        self._changed = Condition()
        self._idle: list[Process] = []
        self._busy = 0
        self._owner = os.getpid()

    @contextmanager
    def process(self, patience: float | None = None) -> Iterator[Process]:
        """A process to ask; goes back if it is still alive then. Busy after `patience` seconds without one, UserError
        "no_worker" where none can be started."""
        process = self._take(patience)
        try:
            yield process
        finally:
            self._leave(process if process.alive else None)

    def warm(self) -> None:
        """Start a process, where there is none yet."""
        with self.process():
            pass

    def close(self) -> None:
        """End the processes that nobody is asking."""
        with self._changed:
            ended, self._idle = self._idle, []
        for process in ended:
            process.close()

    def _take(self, patience: float | None) -> Process:
        with self._changed:
            if self._owner != os.getpid():  # after a fork they are the other's
                self._owner, self._idle, self._busy = os.getpid(), [], 0
            if not self._changed.wait_for(lambda: self._idle or self._busy < self.size, patience):
                raise Busy
            self._busy += 1
            if self._idle:
                return self._idle.pop()
        try:
            return Process(self._module, self._arguments, self.limits)
        except BaseException as error:
            self._leave(None)
            if isinstance(error, OSError):
                raise UserError("no_worker", f"no process can be started: {error.strerror}",
                                hint="the machine has too little memory, or too many processes") from error
            raise

    def _leave(self, process: Process | None) -> None:
        with self._changed:
            self._busy -= 1
            if process is not None:
                self._idle.append(process)
            self._changed.notify()
