"""Getting a checkpoint written: by a thread of the store, tried again while the storage fails.

A full or slow disk delays a checkpoint and never ends it: what was copied at the barrier is kept and written again, the
same epoch with the same contents, until it is in place. The job goes on meanwhile; its sinks show nothing of the epoch,
and the next checkpoint begins after this one. So what is held does not grow with the time that the disk is full.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from engine.errors import UserError
from engine.state.checkpoints import CheckpointStore
from engine.state.protocol import StatePart

logger = logging.getLogger(__name__)
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
"""Seconds before a failed checkpoint is tried again: doubled each time."""


@dataclass(frozen=True)
class CheckpointOptions:
    """`place`: path or URL (None: in the job's folder); `tolerable`: failures in a row with which the job goes on
    (None: any number); `timeout`, `min_pause`: seconds; `retained`: how many are kept."""

    place: str | None = None
    tolerable: int | None = None
    timeout: float = 600.0
    min_pause: float = 0.0
    retained: int = 3


@dataclass(frozen=True)
class Failing:
    """Checkpoints fail: since when (unix seconds), how often in a row, why."""

    since: float
    count: int
    reason: str


@dataclass
class _Pending:
    """A checkpoint to be written. `since`: when that began, `due`: when it is tried again (monotonic clock)."""

    epoch: int
    parts: Mapping[str, Sequence[StatePart]]
    meta: dict[str, Any]
    since: float
    future: Future[None] | None = None
    due: float = 0.0
    pause: float = FIRST_PAUSE
    late: bool = False


class Writing:
    """Writes one checkpoint at a time. `failed`: attempts that failed, in all; `failing`: while they do."""

    def __init__(self, store: CheckpointStore, options: CheckpointOptions, clock: Callable[[], float]) -> None:
        self.failed = 0
        self.failing: Failing | None = None
        self._store = store
        self._options = options
        self._clock = clock
        self._pending: _Pending | None = None

    @property
    def since(self) -> float | None:
        """When the writing of what is not written yet began (monotonic clock)."""
        return None if self._pending is None else self._pending.since

    def begin(self, epoch: int, parts: Mapping[str, Sequence[StatePart]], meta: dict[str, Any]) -> None:
        """Write a checkpoint."""
        self._pending = _Pending(epoch, parts, meta, time.monotonic())
        self._submit(self._pending)

    def _submit(self, pending: _Pending) -> None:
        pending.future = self._store.write(pending.epoch, pending.parts, pending.meta)

    def step(self, *, patient: bool) -> bool:
        """Go on, without waiting; True once what was begun is in place. UserError where no more failures are
        tolerated: not one, unless `patient`."""
        pending = self._pending
        assert pending is not None
        now = time.monotonic()
        if pending.future is None:
            if now >= pending.due or not patient:
                self._submit(pending)
            return False
        if not pending.future.done():
            if now - pending.since > self._options.timeout and not pending.late:
                pending.late = True
                self._fail(UserError("checkpoint_timeout", f"checkpoint {pending.epoch} is not written after "
                                     f"{now - pending.since:.0f} s", hint="the storage is slow, or does not answer"),
                           patient=True)
            return False
        return self._is_written(pending, patient=patient)

    def _is_written(self, pending: _Pending, *, patient: bool) -> bool:
        assert pending.future is not None
        try:
            pending.future.result()
        except UserError as error:
            if error.code != "checkpoint_io":
                raise
            pending.future = None
            pending.due = time.monotonic() + pending.pause
            pending.pause = min(2 * pending.pause, LONGEST_PAUSE)
            self._fail(error, patient=patient)
            return False
        if self.failing is not None:
            logger.info("checkpoint %d is written, after %d failures", pending.epoch, self.failing.count)
        self.failing = self._pending = None
        return True

    def _fail(self, error: UserError, *, patient: bool) -> None:
        self.failed += 1
        before = self.failing
        count = 1 if before is None else before.count + 1
        self.failing = Failing(self._clock() if before is None else before.since, count, error.message)
        tolerable = self._options.tolerable
        if not patient or (tolerable is not None and count > tolerable):
            raise error
        if before is None or before.reason != error.message:
            logger.warning("%s; the job goes on, and it is tried again", error.message)
