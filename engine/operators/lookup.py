"""Lookup join: each row is completed from an outside table as of now, by key, without ever blocking the job.

Requests of many batches are in flight at once; results come out in the order of the rows (watermarks keep their place
among them). Answers are cached where the table's options say so, misses too. A barrier waits for what is in flight, so
nothing pending is state.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from engine.changes import MAX_WATERMARK, Array, Barrier, Batch, Column, Watermark, concat_columns, null_column
from engine.connectors.base import Lookup
from engine.errors import UserError
from engine.expressions.evaluate import Predicate, compile_expression
from engine.expressions.nodes import NO_NODES, Expression
from engine.operators.base import Operator, Settings
from engine.operators.joining import any_null, pad_unmatched, satisfied, side_by_side
from engine.state.index import KeyIndex
from engine.types import DataType, Schema

Answer = tuple[Array, tuple[Column, ...]]
UNKNOWN, MISSING = -2, -1
IN_FLIGHT_BATCHES = 16
KEPT = {True: 1_000, False: 100_000}  # answers that are not cached are thrown away by so many, `local` or not


@dataclass(frozen=True)
class LookupOptions:
    """`cache_rows` 0 = no cache, else about how many keys it holds; `cache_ttl` microseconds, 0 = for ever;
    `cache_missing`: that a key is not there is cached, too; `local`: the store answers at once, so ask it in place."""

    cache_rows: int = 0
    cache_ttl: int = 0
    cache_missing: bool = True
    local: bool = True
    threads: int = 4


@dataclass
class Pending:
    """Rows that wait for an answer: their key slots, the slots asked for, and the answer's future (None: nothing
    asked)."""

    batch: Batch
    slots: Array
    asked: Array
    future: Future[Answer] | None


class LookupCache:
    """Answers by key: the rows of a key (`counts` from `rows` on), or none (a negative entry)."""

    def __init__(self, types: Sequence[DataType], options: LookupOptions) -> None:
        self._types = tuple(types)
        self._options = options
        self.chunks: list[tuple[Column, ...]] = []
        self.clear()

    def clear(self) -> None:
        self._index = KeyIndex(self._types)
        self.rows = np.full(1024, UNKNOWN, np.int64)
        self.counts = np.zeros(1024, np.int64)
        self.until = np.zeros(1024, np.int64)
        self.flying = np.zeros(1024, np.bool_)  # asked for, not answered yet
        self.chunks = []
        self.size = 0

    def slots(self, keys: Sequence[Column], length: int) -> Array:
        """The keys' slots."""
        slots = self._index.upsert(keys, length)
        high = self._index.high
        if high > len(self.rows):
            self.rows = np.concatenate([self.rows, np.full(2 * high - len(self.rows), UNKNOWN, np.int64)])
            self.counts = np.concatenate([self.counts, np.zeros(len(self.rows) - len(self.counts), np.int64)])
            self.until = np.concatenate([self.until, np.zeros(len(self.rows) - len(self.until), np.int64)])
            self.flying = np.concatenate([self.flying, np.zeros(len(self.rows) - len(self.flying), np.bool_)])
        return slots

    def unknown(self, slots: Array, now: int) -> Array:
        """Which of these have no answer, or one that is too old (still used by rows that came before)."""
        options = self._options
        if not options.cache_rows:
            return np.ones(len(slots), np.bool_)
        unknown: Array = self.rows[slots] == UNKNOWN
        if not options.cache_missing:
            unknown |= self.rows[slots] == MISSING
        if options.cache_ttl:
            unknown |= self.until[slots] <= now
        return unknown

    def put(self, slots: Array, answer: Answer, now: int) -> None:
        """Store the answer to a request for these slots."""
        positions, columns = answer
        answered, starts, counts = np.unique(positions, return_index=True, return_counts=True)
        self.rows[slots], self.counts[slots] = MISSING, 0
        self.rows[slots[answered]], self.counts[slots[answered]] = self.size + starts, counts
        self.until[slots] = now + self._options.cache_ttl
        if len(positions):
            self.chunks.append(columns)
            self.size += len(positions)
            if len(self.chunks) > 16:
                self.chunks = [tuple(concat_columns(parts) for parts in zip(*self.chunks, strict=True))]

    def matches(self, slots: Array) -> tuple[Array, Array]:
        """For each of the keys' rows its position in `slots`, and its number among all cached rows."""
        counts = np.where(self.rows[slots] >= 0, self.counts[slots], 0)
        found = np.repeat(np.arange(len(slots)), counts)
        within = np.arange(len(found)) - np.repeat(np.cumsum(counts) - counts, counts)
        return found, self.rows[slots][found] + within

    def columns(self) -> tuple[Column, ...]:
        """All cached rows as one set of columns."""
        if len(self.chunks) > 1:
            self.chunks = [tuple(concat_columns(parts) for parts in zip(*self.chunks, strict=True))]
        return self.chunks[0] if self.chunks else ()

    @property
    def full(self) -> bool:
        """Whether it is time to begin anew: too many rows, or keys (of rows that are not there)."""
        options = self._options
        return max(self.size, self._index.high) > (options.cache_rows or KEPT[options.local])


class LookupJoin(Operator):
    """Input columns, then the table's; `left` keeps rows without a match. `keys`: the key expressions over the
    input."""

    role = "lookup"

    def __init__(
        self,
        name: str,
        schema: Schema,
        settings: Settings,
        lookup: Lookup,
        keys: Sequence[Expression],
        condition: Expression | None,
        left: bool,
        options: LookupOptions,
        nodes: frozenset[str] = NO_NODES,
    ) -> None:
        super().__init__(name, schema, settings, nodes)
        self._lookup = lookup
        self._keys = [compile_expression(k) for k in keys]
        self._condition = None if condition is None else Predicate(condition)
        self._left = left
        self._options = options
        self._cache = LookupCache([k.type for k in keys], options)
        self._queue: deque[Pending | Watermark] = deque()
        self._pool = None if options.local else ThreadPoolExecutor(options.threads, "lookup")
        self.counters.extra.update(hits=0, misses=0)

    def process(self, batch: Batch, port: int) -> None:
        context = self.settings.context
        if self._cache.full:
            self._drain(wait=True)
            self._cache.clear()
        keys = [k(batch.columns, batch.length, context) for k in self._keys]
        now = context.now()
        nulls = any_null(keys)
        slots = self._cache.slots(keys, batch.length)
        unknown = self._cache.unknown(slots, now)
        if nulls is not None:
            unknown &= ~nulls
            self._cache.rows[slots[nulls]] = MISSING
        asked, first = np.unique(slots[unknown], return_index=True)
        self.counters.extra["misses"] += len(asked)
        self.counters.extra["hits"] += batch.length - len(asked)
        pending = Pending(batch, slots, asked, None)
        if len(asked):
            self._ask(pending, [k.take(np.flatnonzero(unknown)[first]) for k in keys])
        self._queue.append(pending)
        self._drain(len(self._queue) > IN_FLIGHT_BATCHES)

    def _ask(self, pending: Pending, keys: list[Column]) -> None:
        """Request the unknown keys, each once: those another batch asks for already arrive before this one is due."""
        count = len(pending.asked)
        if self._pool is None:
            self._cache.put(pending.asked, self._lookup.get(keys, count), self.settings.context.now())
            return
        new = ~self._cache.flying[pending.asked]
        pending.asked = pending.asked[new]
        if len(pending.asked):
            self._cache.flying[pending.asked] = True
            pending.future = self._pool.submit(self._lookup.get, [k.take(new) for k in keys], len(pending.asked))

    def _drain(self, wait: bool) -> None:
        """Emit what is complete, in order; with `wait`, everything."""
        while self._queue:
            head = self._queue[0]
            if isinstance(head, Watermark):
                self.send(head)
            else:
                if head.future is not None:
                    if not (wait or head.future.done()):
                        return
                    self._cache.put(head.asked, self._answer(head.future), self.settings.context.now())
                    self._cache.flying[head.asked] = False
                self._emit_joined(head)
            self._queue.popleft()

    def _answer(self, future: Future[Answer]) -> Answer:
        try:
            return future.result()
        except UserError as error:
            raise self.blame(error) from error

    def _emit_joined(self, pending: Pending) -> None:
        batch = pending.batch
        found, rows = self._cache.matches(pending.slots)
        right = self._cache.columns()
        left_rows, right_rows = satisfied(self._condition, batch.columns, right, found, rows, self.settings.context)
        if self._left:
            left_rows, right_rows = pad_unmatched(left_rows, right_rows, batch.length)
            right = right or self._nothing(len(batch.columns))
        if len(left_rows):
            self.emit(side_by_side(batch, left_rows, right, right_rows, self._left))

    def _nothing(self, width: int) -> tuple[Column, ...]:
        """The table's columns without rows."""
        return tuple(null_column(t, 0) for t in self.schema.types[width:])

    def advance(self, watermark: int) -> None:
        if watermark == MAX_WATERMARK:
            self._drain(wait=True)

    def forward_watermark(self, time: int) -> None:
        self._queue.append(Watermark(time))
        self._drain(wait=False)

    def tick(self, now: int) -> None:
        self._drain(wait=False)

    def _receive_barrier(self, barrier: Barrier) -> None:
        self._drain(wait=True)
        super()._receive_barrier(barrier)

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
        self._lookup.close()
