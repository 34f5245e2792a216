"""Window join: rows of two streams that lie in the same window and match, once the window has passed. Append-only.

The keys include the windows' bounds, so rows of one key belong to one window. Rows whose window had passed when they
came are late.
"""

from __future__ import annotations

import numpy as np

from engine.changes import MIN_WATERMARK, Array, Batch, Column, null_column
from engine.expressions.evaluate import Predicate
from engine.expressions.nodes import NO_NODES, Expression
from engine.operators.base import Operator, Settings
from engine.operators.interval_join import LEFT, RIGHT, key_types
from engine.operators.joining import any_null, pad_unmatched, satisfied, take_or_null
from engine.operators.local_time import LocalTime
from engine.operators.stream_join import JoinShape
from engine.operators.windows import MILLISECOND
from engine.state.rowstore import RowStore
from engine.state.table import StateTable
from engine.types import BIGINT, Schema

SEQ = BIGINT.as_nullable(False)


class WindowJoin(Operator):
    """Left columns, then right ones (SEMI, ANTI: left ones only). `ends`: positions of window_end on each side, by
    which windows fire; `zone`: the zone whose local times they are (None: UTC, TIMESTAMP)."""

    ports = 2

    def __init__(self, name: str, schema: Schema, settings: Settings, sides: tuple[Schema, Schema],
                 keys: tuple[tuple[int, ...], tuple[int, ...]], ends: tuple[int, int], shape: JoinShape,
                 condition: Expression | None, zone: str | None = None, nodes: frozenset[str] = NO_NODES) -> None:
        super().__init__(name, schema, settings, nodes)
        self._sides, self._keys, self._ends, self._shape = sides, keys, ends, shape
        self._condition = None if condition is None else Predicate(condition)
        self._local = None if zone is None else LocalTime(zone)
        self._widths = (len(sides[LEFT]), len(sides[RIGHT]))
        self._table = StateTable(key_types(sides, keys))
        self._rows = tuple(
            self._table.attach(label, RowStore([*side.types, SEQ], identity=(), order=end))
            for label, side, end in zip(("left", "right"), sides, ends, strict=True))
        self._sent = MIN_WATERMARK

    def states(self) -> dict[str, StateTable]:
        return {"rows": self._table}

    def process(self, batch: Batch, port: int) -> None:
        stamps = self.in_force(batch, port)
        if stamps is not None:
            passed = self._moments(batch.columns[self._ends[port]].values) - MILLISECOND <= stamps
            if passed.any():
                self.counters.late += int(passed.sum())
                batch = batch.take(~passed)
        if batch.length:
            seq = np.zeros(batch.length, np.int64) if batch.seq is None else batch.seq
            slots = self._table.slots([batch.columns[k] for k in self._keys[port]], batch.length)
            self._rows[port].apply(slots, (*batch.columns, Column(SEQ, seq)))

    def _moments(self, ends: Array) -> Array:
        return ends if self._local is None else self._local.moments(ends)

    def _limit(self, watermark: int) -> int:
        """The last window end that has passed at a watermark, in the windows' own time."""
        limit = watermark + MILLISECOND if watermark < 2**62 else watermark
        if self._local is None or abs(limit) > 2**61:
            return limit
        return int(self._local.local(np.array([limit]))[0])

    def forward_watermark(self, time: int) -> None:
        super().forward_watermark(time)
        self._sent = time

    def advance(self, watermark: int) -> None:
        limit = self._limit(watermark)
        left, right = self._rows[LEFT].due(limit), self._rows[RIGHT].due(limit)
        if len(left) or len(right):
            self._join(left, right)
            keys = np.concatenate([self._rows[LEFT].key[left], self._rows[RIGHT].key[right]])
            slots = np.unique(keys).astype(np.int64)
            self._rows[LEFT].remove(left)
            self._rows[RIGHT].remove(right)
            self._table.release(slots)

    # ---- joining windows that have passed ----------------------------------------------------------------------------

    def _columns(self, side: int, rows: Array) -> tuple[Column, ...]:
        return tuple(self._rows[side].take(rows, tuple(range(self._widths[side]))))

    def _join(self, left: Array, right: Array) -> None:
        left_columns, right_columns = self._columns(LEFT, left), self._columns(RIGHT, right)
        probes, matches = self._pairs(left, right, left_columns, right_columns)
        if self._shape.exists is not None:
            matched = np.zeros(len(left), np.bool_)
            matched[probes] = True
            kept = np.flatnonzero(matched == self._shape.exists)
            self._push(left, kept, tuple(c.take(kept) for c in left_columns))
            return
        if self._shape.outer[LEFT]:
            probes, matches = pad_unmatched(probes, matches, len(left))
        if self._shape.outer[RIGHT]:
            lonely = np.setdiff1d(np.arange(len(right)), matches)
            probes = np.concatenate([probes, np.full(len(lonely), -1, np.int64)])
            matches = np.concatenate([matches, lonely])
        columns = self._taken(LEFT, left_columns, probes) + self._taken(RIGHT, right_columns, matches)
        self._push(left, probes, columns)

    def _taken(self, side: int, columns: tuple[Column, ...], rows: Array) -> tuple[Column, ...]:
        if len(rows) and not len(columns[0]):
            return tuple(null_column(t.as_nullable(), len(rows)) for t in self._sides[side].types)
        return tuple(take_or_null(c, rows, self._shape.outer[1 - side]) for c in columns)

    def _pairs(self, left: Array, right: Array, left_columns: tuple[Column, ...],
               right_columns: tuple[Column, ...]) -> tuple[Array, Array]:
        """Positions in `left` and `right` of rows that match."""
        slots = self._rows[LEFT].key[left].astype(np.int64)
        nulls = any_null([left_columns[k] for i, k in enumerate(self._keys[LEFT]) if i not in self._shape.null_safe])
        if nulls is not None:
            slots[nulls] = -1
        probes, rows = self._rows[RIGHT].chains(slots)
        order = np.argsort(right)
        matches = order[np.searchsorted(right, rows, sorter=order)] if len(right) else rows
        return satisfied(self._condition, left_columns, right_columns, probes, matches, self.settings.context)

    def _push(self, left: Array, rows: Array, columns: tuple[Column, ...]) -> None:
        if len(rows) == 0:
            return
        typed = tuple(c.with_type(t) for c, t in zip(columns, self.schema.types, strict=True))
        seq = None
        if self.settings.numbered:
            numbers = self._rows[LEFT].columns.values[self._widths[LEFT]]
            seq = np.where(rows >= 0, numbers[left[np.maximum(rows, 0)]] if len(left) else 0, 0)
        order = np.argsort(typed[self._ends[LEFT]].values, kind="stable")
        batch = Batch(typed, len(rows), None, np.full(len(rows), self._sent, np.int64), seq)
        self.emit(batch if bool((np.diff(order) == 1).all()) else batch.take(order))
