"""Lookup join: each row is completed from an outside table as of now, by key, without ever blocking the job.

Requests of many batches are in flight at once; results come out in the order of the rows, or, where that is allowed, as
their answers come (watermarks keep their place among them in any case). Answers are cached where the table's options
say so, misses too. Rows that still wait at a barrier are state: they are asked for again after a restore.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.changes import MAX_WATERMARK, Array, Barrier, Batch, Column, Watermark, null_column
from engine.connectors.base import Lookup
from engine.errors import InternalError, UserError
from engine.expressions.evaluate import Predicate, compile_expression
from engine.expressions.nodes import NO_NODES, Expression
from engine.operators.base import Operator, Settings
from engine.operators.joining import any_null, note_side, pad_unmatched, satisfied, side_by_side
from engine.operators.lookup_cache import MISSING, LookupCache, LookupOptions
from engine.operators.lookup_requests import Requests
from engine.operators.waiting_rows import WaitingRows
from engine.types import DataType, Schema

ROWS_WAITING = 300_000  # at most, where no capacity is given
PATIENCE = 0.02  # seconds that a barrier gives answers to come: what waits for longer is state
TURN = 1.0  # seconds between looks at latencies


@dataclass
class Pending:
    """Rows that wait for answers: their slots in a cache."""

    batch: Batch
    slots: Array
    cache: LookupCache

    @property
    def waiting(self) -> Array:
        """Which of the rows still do."""
        return self.cache.flying[self.slots]

    def only(self, rows: Array) -> Pending:
        return Pending(self.batch.take(rows), self.slots[rows], self.cache)


class LookupJoin(Operator):
    """Input columns, then the table's; `left` keeps rows without a match. `given`: the input's schema; `keys`: the key
    expressions over it; `dealt`: the input's columns by which rows are dealt to the shards, and the types under which
    they are hashed."""

    role = "lookup"
    asks = True

    def __init__(self, name: str, schema: Schema, settings: Settings, lookup: Lookup, given: Schema,
                 keys: Sequence[Expression], condition: Expression | None, left: bool, options: LookupOptions,
                 dealt: tuple[Sequence[int], Sequence[DataType]] = ((), ()), nodes: frozenset[str] = NO_NODES) -> None:
        super().__init__(name, schema, settings, nodes)
        self._keys = [compile_expression(k) for k in keys]
        self._types = [k.type for k in keys]
        self._condition = None if condition is None else Predicate(condition)
        self._left = left
        self._options = options
        self._cache = LookupCache(self._types, options)
        self._queue: deque[Pending | Watermark] = deque()
        self._rows = 0  # that wait
        self._requests = Requests(lookup, options, name, settings.context.now)
        self._waiting = WaitingRows(given, *dealt)
        self._looked = 0.0
        self.counters.extra.update(hits=0, misses=0, answered=0, found=0)

    def states(self) -> dict[str, WaitingRows]:
        return {"waiting": self._waiting}

    def open(self) -> None:
        for batch in self._waiting.take_rows():
            self._take(batch)

    # ---- rows in -----------------------------------------------------------------------------------------------------

    def process(self, batch: Batch, port: int) -> None:
        most = ROWS_WAITING if self._options.local else self._options.capacity or ROWS_WAITING
        for start in range(0, batch.length, most):
            part = batch if batch.length <= most else batch.slice(start, min(start + most, batch.length))
            self._make_room(most - part.length)
            self._take(part)
            self._drain()

    def _take(self, batch: Batch) -> None:
        """Ask for the keys that are not known, each once: those on their way already are waited for."""
        context = self.settings.context
        if self._cache.full:
            self._cache = LookupCache(self._types, self._options)  # rows that wait keep the one that they know
        cache = self._cache
        keys = [k(batch.columns, batch.length, context) for k in self._keys]
        nulls = any_null(keys)
        slots = cache.slots(keys, batch.length)
        unknown = cache.unknown(slots, context.now())
        note_side(self.counters, 0, batch.length, nulls)
        if nulls is not None:
            unknown &= ~nulls
            cache.rows[slots[nulls]] = MISSING
        asked, first = np.unique(slots[unknown], return_index=True)
        self.counters.extra["misses"] += len(asked)
        self.counters.extra["hits"] += batch.length - len(asked)
        new = ~cache.flying[asked]
        self._queue.append(Pending(batch, slots, cache))
        self._rows += batch.length
        if new.any():
            rows = np.flatnonzero(unknown)[first[new]]
            self._guarded_ask(cache, asked[new], [k.take(rows) for k in keys])

    def _guarded_ask(self, cache: LookupCache, slots: Array, keys: list[Column]) -> None:
        try:
            self._requests.ask(cache, slots, keys)
        except (UserError, InternalError) as error:
            raise self.blame(error) from error

    def _make_room(self, rows: int) -> None:
        """Wait until at most so many rows wait, and few enough requests are under way."""
        while self._queue and (self._rows > rows or self._requests.crowded):
            self._drain()
            if self._queue and (self._rows > rows or self._requests.crowded):
                self._requests.wait(TURN)

    # ---- rows out ----------------------------------------------------------------------------------------------------

    def _drain(self) -> None:
        """Take the answers that have come and emit what they complete."""
        try:
            self._requests.step()
        except (UserError, InternalError) as error:
            raise self.blame(error) from error
        while self._queue:
            head = self._queue[0]
            if isinstance(head, Watermark):
                self.send(head)
            elif not self._emit_answered(head):
                if self._options.unordered:
                    self._overtake()
                return
            self._queue.popleft()

    def _overtake(self) -> None:
        """Emit what is answered of the rows before the next watermark."""
        for i in range(len(self._queue)):
            pending = self._queue[i]
            if isinstance(pending, Watermark):
                return
            waiting = pending.waiting
            if not waiting.all() and pending.batch.length:
                self._emit_joined(pending.only(np.flatnonzero(~waiting)))
                self._queue[i] = pending.only(np.flatnonzero(waiting))

    def _emit_answered(self, pending: Pending) -> bool:
        """Emit the rows if all are answered."""
        if pending.waiting.any():
            return False
        self._emit_joined(pending)
        return True

    def _finish(self) -> None:
        """Wait for all that is under way, and emit it."""
        self._drain()
        while self._queue:
            self._requests.wait(TURN)
            self._drain()

    def _emit_joined(self, pending: Pending) -> None:
        batch, cache = pending.batch, pending.cache
        self._rows -= batch.length
        found, rows = cache.matches(pending.slots)
        right = cache.columns()
        left_rows, right_rows = satisfied(self._condition, batch.columns, right, found, rows, self.settings.context)
        self.counters.extra["answered"] += batch.length
        self.counters.extra["found"] += len(np.unique(left_rows))
        if self._left:
            left_rows, right_rows = pad_unmatched(left_rows, right_rows, batch.length)
            right = right or self._nothing(len(batch.columns))
        if len(left_rows):
            self.emit(side_by_side(batch, left_rows, right, right_rows, self._left))

    def _nothing(self, width: int) -> tuple[Column, ...]:
        """The table's columns without rows."""
        return tuple(null_column(t, 0) for t in self.schema.types[width:])

    # ---- time --------------------------------------------------------------------------------------------------------

    def advance(self, watermark: int) -> None:
        if watermark == MAX_WATERMARK:
            self._finish()
            self._look()

    def forward_watermark(self, time: int) -> None:
        self._queue.append(Watermark(time))
        self._drain()

    def tick(self, now: int) -> None:
        if self._queue:
            self._drain()
        if time.monotonic() - self._looked > TURN:
            self._look()

    def _look(self) -> None:
        """Note how long answers take, and how many keys were asked for again."""
        self._looked = time.monotonic()
        found = self._requests.taken.percentiles()
        if found is not None:
            self.counters.extra.update(found, retried=self._requests.retried)

    def _receive_barrier(self, barrier: Barrier) -> None:
        self._drain()
        until = time.monotonic() + PATIENCE
        while self._queue and (left := until - time.monotonic()) > 0:
            self._requests.wait(left)
            self._drain()
        self._waiting.hold([p.batch for p in self._queue if isinstance(p, Pending)])
        super()._receive_barrier(barrier)
        self._waiting.let_go()

    def close(self) -> None:
        self._requests.close()
