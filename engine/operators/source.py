"""The ends of a job: rows come in from a connector's source and go out to its sink."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Sequence
from time import monotonic, perf_counter_ns

import numpy as np

from engine.changes import MAX_WATERMARK, MIN_WATERMARK, UPDATE_BEFORE, Batch
from engine.connectors.base import DeadLetter, Json, Poll, Sink, Source
from engine.connectors.retries import Budget, Retries
from engine.errors import InternalError, UserError
from engine.operators.base import Counters, Operator, Settings
from engine.operators.latency import Latencies
from engine.operators.upserts import as_upserts
from engine.state.scalars import Scalars
from engine.types import Schema

logger = logging.getLogger(__name__)
Collect = Callable[[str, str | None, Sequence[DeadLetter]], None]
"""Takes letters of a source, by its name and its node."""


class SourceReader(Operator):
    """Reads a connector's source batch by batch; numbers rows in source order where the plan needs it.

    The runtime polls it; position and row count are its state. A source that fails passingly is closed, and opened
    again at its position after a pause. `waiting_since`: when it was asked what it has not answered (monotonic clock).
    """

    ports = 0
    role = "source"

    def __init__(self, name: str, schema: Schema, settings: Settings, source: Source, columns: Sequence[int],
                 numbered: bool, nodes: frozenset[str] = frozenset()) -> None:
        super().__init__(name, schema, settings, nodes)
        self.source = source
        self.ended = False
        self.idle = False
        self.waiting_since: float | None = None
        self.retries = Retries(Budget())
        self.legible = 0  # records that could be read, also those that a filter inside the source left out
        self.dead_letters: Collect = lambda name, node, letters: None
        self.state = Scalars(rows=0, emitted=0, dead=0, ended=False, position=None)
        self._columns = tuple(columns)
        self._numbered = numbered
        self._open = False

    def called_from(self) -> Counters:
        return Counters()  # the runtime calls its consumers

    def open(self) -> None:
        try:
            self._reopen()
        except Exception as error:
            self._fail(error)

    def _reopen(self) -> None:
        position = self.state.values["position"]
        if position is not None:
            self.source.restore(position)
        self.source.open(self._columns)
        self._open = True

    def _fail(self, error: Exception) -> None:
        """Close it, to be opened again later; raises what need not be tried again."""
        try:
            self.retries.failed(error)
        except (UserError, InternalError) as final:
            self.blame(final)
            raise
        logger.warning("%s fails, and is tried again: %s", self.name, self.retries.cause)
        if self._open:
            self.state.values["position"] = self.source.position()
            self._open = False
        with contextlib.suppress(Exception):
            self.source.close()

    def poll(self, limit: int) -> Batch | None:
        """Read at most `limit` rows; records that could not be read go to the dead letters."""
        if not self.retries.due:
            return None
        started = perf_counter_ns()
        try:
            if not self._open:
                self._reopen()
            poll = self.source.poll(limit)
        except Exception as error:
            self._fail(error)
            self.idle, self.waiting_since = False, None
            return None
        self.counters.busy_ns += perf_counter_ns() - started
        if poll.waiting:
            self.waiting_since = self.waiting_since or monotonic()
            return None
        if self.retries.failing:
            logger.info("%s works again, after %.1f s", self.name, self.retries.seconds)
            self.retries.succeeded()
        self.waiting_since = None
        return self._taken(poll)

    @property
    def pausing(self) -> bool:
        """Whether there is nothing to do for it now: it is idle, has not answered, or is to be tried again later."""
        return self.idle or self.waiting_since is not None or self.retries.failing

    def _taken(self, poll: Poll) -> Batch | None:
        """The rows of a poll, counted and numbered."""
        values = self.state.values
        self.ended, self.idle = poll.ended, poll.idle
        values["ended"] = poll.ended
        values["rows"] += poll.rows
        self.counters.rows_in += poll.rows
        self.legible += poll.rows - len(poll.dead)
        if poll.dead:
            values["dead"] += len(poll.dead)
            self.dead_letters(self.name, ", ".join(sorted(self.nodes)) or None, poll.dead)
        batch = poll.batch
        if batch is None or batch.length == 0:
            return None
        if self._numbered:
            start = values["emitted"]
            batch = Batch(batch.columns, batch.length, batch.kinds, batch.stamps,
                          np.arange(start, start + batch.length, dtype=np.int64))
        values["emitted"] += batch.length
        self.counters.rows_out += batch.length
        return batch

    def resumed(self) -> int:
        return MAX_WATERMARK if self.state.values["ended"] else MIN_WATERMARK

    def states(self) -> dict[str, Scalars]:
        if self._open:
            self.state.values["position"] = self.source.position()
        return {"source": self.state}

    def saved(self) -> dict[str, Scalars]:
        """The state to restore into, before the source is open."""
        return {"source": self.state}

    def close(self) -> None:
        self.source.close()


class SinkWriter(Operator):
    """Writes to a connector's sink, for the table of this name. `keys`: the primary key of a table that is written by
    key: it gets no -U."""

    role = "sink"

    def __init__(self, name: str, schema: Schema, settings: Settings, table: str, sink: Sink, keys: Sequence[int] = (),
                 nodes: frozenset[str] = frozenset()) -> None:
        super().__init__(name, schema, settings, nodes)
        self.table = table
        self.sink = sink
        self.latencies = Latencies()  # from the moment that the job got rows to the one that they were written
        self._keys = tuple(keys)

    def process(self, batch: Batch, port: int) -> None:
        batch = as_upserts(batch, self._keys) if self._keys else batch
        if batch.length:
            self.counters.rows_out += batch.length
            self.sink.write(batch)
            self.latencies.add(monotonic() - self.settings.meter.began)

    def seal(self, epoch: int) -> Json:
        return self.sink.seal(epoch)

    def close(self) -> None:
        self.sink.close()


class Pipe(Operator):
    """A table that lives inside the job ('connector' = 'pipe'): what one statement inserts, the others scan."""

    def __init__(self, name: str, schema: Schema, settings: Settings, drop_before: bool,
                 nodes: frozenset[str] = frozenset()) -> None:
        super().__init__(name, schema, settings, nodes)
        self._drop_before = drop_before

    def process(self, batch: Batch, port: int) -> None:
        self.emit(without_before(batch) if self._drop_before else batch)


def without_before(batch: Batch) -> Batch:
    """The batch without its -U rows."""
    if batch.kinds is None:
        return batch
    kept = batch.kinds != UPDATE_BEFORE
    return batch if kept.all() else batch.take(kept)
