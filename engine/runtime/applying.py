"""Making a sealed epoch visible in its sinks, once it counts.

A sink that does so at once is called in the job's thread, one that talks to another system (`Sink.slow`) by a thread
beside it. What fails passingly is tried again; the job goes on meanwhile, until the next checkpoint needs the sink.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from engine.connectors.base import Json
from engine.connectors.retries import Budget, Retries
from engine.errors import InternalError, UserError
from engine.faults import reached
from engine.operators.source import SinkWriter

logger = logging.getLogger(__name__)
WAIT = 0.005
"""Seconds between looks at what is under way."""
THREADS = 4


@dataclass
class Part:
    """What one sink has to apply. `since`: when that began (monotonic clock)."""

    writer: SinkWriter
    sealed: Json
    retries: Retries
    since: float
    future: Future[None] | None = None


def _apply(part: Part) -> None:
    reached("apply")
    part.writer.sink.apply(part.sealed)
    reached("applied")


def sealed(writer: SinkWriter, epoch: int, budget: Budget) -> Json:
    """What a sink seals of an epoch. Where it cannot for now, as its disk is full, the job waits: the epoch's rows are
    in the sink, and no other may come to them."""
    retries = Retries(budget)
    while True:
        reached("seal")
        try:
            return writer.seal(epoch)
        except Exception as error:
            try:
                retries.failed(error)
            except (UserError, InternalError) as final:
                writer.blame(final)
                raise
            logger.warning("%s cannot seal, and is tried again: %s", writer.name, retries.cause)
        while not retries.due:
            time.sleep(WAIT)


class Applying:
    """Applies epochs to sinks, one epoch after another."""

    def __init__(self, writers: Sequence[SinkWriter], budget: Budget) -> None:
        self._writers = tuple(writers)
        self.budget = budget
        self._parts: list[Part] = []
        slow = sum(writer.sink.slow for writer in writers)
        self._threads = ThreadPoolExecutor(min(max(slow, 1), THREADS), "apply")

    def begin(self, sealed: Mapping[str, Json]) -> None:
        """Apply an epoch's sealed parts, by the writers' uids; what is not done at once is left to `step`."""
        now = time.monotonic()
        self._parts = [Part(w, sealed[w.uid], Retries(self.budget), now) for w in self._writers if w.uid in sealed]
        self.step()

    @property
    def under_way(self) -> bool:
        """Whether some sink has not applied its part."""
        return bool(self._parts)

    @property
    def parts(self) -> Sequence[Part]:
        """What is under way."""
        return self._parts

    def step(self) -> None:
        """Go on with what is due, without waiting. Raises what need not be tried again."""
        self._parts = [part for part in self._parts if not self._done(part)]

    def finish(self, check: Callable[[], None] = lambda: None) -> None:
        """Wait until everything is applied; `check` is called meanwhile, and may raise to give up."""
        while self._parts:
            self.step()
            if self._parts:
                check()
                time.sleep(WAIT)

    def _done(self, part: Part) -> bool:
        try:
            if part.writer.sink.slow:
                return self._done_beside(part)
            if part.retries.due:
                _apply(part)
                return True
        except Exception as error:
            self._failed(part, error)
        return False

    def _done_beside(self, part: Part) -> bool:
        if part.future is None:
            if part.retries.due:
                part.future = self._threads.submit(_apply, part)
            return False
        if not part.future.done():
            return False
        future, part.future = part.future, None
        future.result()
        return True

    def _failed(self, part: Part, error: Exception) -> None:
        try:
            part.retries.failed(error)
        except (UserError, InternalError) as final:
            part.writer.blame(final)
            raise
        logger.warning("%s cannot apply, and is tried again: %s", part.writer.name, part.retries.cause)

    def describe(self, now: float) -> dict[str, dict[str, Any]]:
        """By the writers' uids what is under way: since when, and why it is tried again; `now` in unix seconds."""
        clock = time.monotonic()
        return {part.writer.uid: {"applying_since": round(now - (clock - part.since), 3),
                                  "retrying": part.retries.describe(now)} for part in self._parts}

    def close(self) -> None:
        """Wait for the threads."""
        self._threads.shutdown(cancel_futures=True)
