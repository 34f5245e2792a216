"""Event-time temporal join: each left row meets the version of the right table that was valid at the left row's time.

Left rows and versions wait until the watermark of both sides has passed them; then they are merged by time. A version
stays until the next one of its key is valid, or (state TTL) its key has had no rows on either side for so long; left
rows that wait are not dropped for it. The method is Flink's TemporalRowTimeJoinOperator, done for all keys that
fire at once.
"""

from __future__ import annotations

import numpy as np

from engine.changes import DELETE, MIN_WATERMARK, UPDATE_BEFORE, Array, Batch, Column
from engine.expressions.evaluate import Predicate
from engine.expressions.nodes import NO_NODES, Expression
from engine.operators.base import Operator, Settings
from engine.operators.interval_join import LEFT, RIGHT, key_types
from engine.operators.joining import any_null, note_side, satisfied, take_or_null
from engine.operators.window import row_times
from engine.state.rowstore import RowStore
from engine.state.table import StateTable
from engine.types import BIGINT, BOOLEAN, TINYINT, Schema

SEQ, KIND = BIGINT.as_nullable(False), TINYINT.as_nullable(False)
GONE = BOOLEAN.as_nullable(False)


class TemporalJoin(Operator):
    """Left columns, then right ones. `times`: each side's rowtime; `keys`: equal positions, right ones the primary key.
    `outer`: left rows without a version are kept."""

    ports = 2

    def __init__(self, name: str, schema: Schema, settings: Settings, sides: tuple[Schema, Schema],
                 keys: tuple[tuple[int, ...], tuple[int, ...]], times: tuple[int, int], outer: bool,
                 condition: Expression | None, nodes: frozenset[str] = NO_NODES) -> None:
        super().__init__(name, schema, settings, nodes)
        self._keys = keys
        self._times = times
        self._outer = outer
        self._condition = None if condition is None else Predicate(condition)
        self._widths = (len(sides[LEFT]), len(sides[RIGHT]))
        self._table = StateTable(key_types(sides, keys), ttl=settings.ttl)
        self._left = self._table.attach(
            "left", RowStore([*sides[LEFT].types, SEQ, KIND], identity=(), order=times[LEFT]))
        self._versions = self._table.attach(
            "versions", RowStore([*sides[RIGHT].types, GONE], identity=(), order=times[RIGHT]))
        self._sent = MIN_WATERMARK

    def states(self) -> dict[str, StateTable]:
        return {"rows": self._table}

    def waits_for(self) -> int | None:
        return self._left.first()

    def keeps_for_ever(self) -> bool:
        return not self.settings.ttl

    def tick(self, now: int) -> None:
        expired = self._table.expired(now)
        waiting = self._left.counts(expired) > 0
        if waiting.any():
            self._table.access(expired[waiting], now)
        if len(expired):
            self._table.release(expired[~waiting])

    def _slots(self, keys: list[Column], length: int) -> Array:
        slots = self._table.slots(keys, length)
        self._table.access(slots, self.settings.context.now())
        return slots

    def process(self, batch: Batch, port: int) -> None:
        row_times(batch.columns[self._times[port]])
        keys = [batch.columns[k] for k in self._keys[port]]
        note_side(self.counters, port, batch.length, any_null(keys))
        if port == RIGHT:
            self._take_versions(batch, keys)
            return
        seq = np.zeros(batch.length, np.int64) if batch.seq is None else batch.seq
        kinds = np.zeros(batch.length, np.int8) if batch.kinds is None else batch.kinds.astype(np.int8)
        slots = self._slots(keys, batch.length)
        self._left.apply(slots, (*batch.columns, Column(SEQ, seq), Column(KIND, kinds)))

    def _take_versions(self, batch: Batch, keys: list[Column]) -> None:
        """Every +I, +U is a version, -D ends the last one; -U says nothing new."""
        nulls = any_null(keys)
        wanted = np.ones(batch.length, np.bool_) if nulls is None else ~nulls
        if batch.kinds is not None:
            wanted &= batch.kinds != UPDATE_BEFORE
        if not wanted.all():
            batch = batch.take(wanted)
            keys = [batch.columns[k] for k in self._keys[RIGHT]]
        if batch.length:
            gone = np.zeros(batch.length, np.bool_) if batch.kinds is None else batch.kinds == DELETE
            self._versions.apply(self._slots(keys, batch.length), (*batch.columns, Column(GONE, gone)))

    def forward_watermark(self, time: int) -> None:
        super().forward_watermark(time)
        self._sent = time

    def advance(self, watermark: int) -> None:
        left = self._left.due(watermark)
        fired = self._versions.due(watermark)
        if len(left):
            self._emit(left)
        self._forget(left, fired)

    # ---- joining -----------------------------------------------------------------------------------------------------

    def _emit(self, left: Array) -> None:
        times = self._left.columns.values[self._times[LEFT]][left]
        seq = self._left.columns.values[self._widths[LEFT]][left]
        if self.settings.numbered:
            order = np.lexsort((seq, times))
            left, times, seq = left[order], times[order], seq[order]
        versions = self._versions_of(left, times)
        columns = tuple(self._left.take(left, tuple(range(self._widths[LEFT]))))
        right = tuple(self._versions.take(np.maximum(versions, 0), tuple(range(self._widths[RIGHT]))))
        found = np.flatnonzero(versions >= 0)
        at, _ = satisfied(self._condition, columns, right, found, found, self.settings.context)
        self._push(left, seq, columns, right, at)

    def _push(self, left: Array, seq: Array, columns: tuple[Column, ...], right: tuple[Column, ...], at: Array) -> None:
        """Send the left rows at `at` with their versions; if outer, the others with NULLs."""
        rows = np.full(len(left), -1, np.int64)
        rows[at] = at
        kept = np.arange(len(left)) if self._outer else at
        if len(kept) == 0:
            return
        joined = tuple(c.take(kept) for c in columns) + tuple(take_or_null(c, rows[kept], self._outer) for c in right)
        kinds = self._left.columns.values[self._widths[LEFT] + 1][left[kept]].astype(np.uint8)
        typed = tuple(c.with_type(t) for c, t in zip(joined, self.schema.types, strict=True))
        self.emit(Batch(typed, len(kept), kinds if kinds.any() else None, np.full(len(kept), self._sent, np.int64),
                        seq[kept] if self.settings.numbered else None))

    def _versions_of(self, left: Array, times: Array) -> Array:
        """For each left row the version valid at its time; -1 where there is none."""
        slots = self._left.key[left].astype(np.int64)
        _, versions = self._versions.chains(np.unique(slots))
        if len(versions) == 0:
            return np.full(len(left), -1, np.int64)
        owners = self._versions.key[versions].astype(np.int64)
        valid_from = self._versions.columns.values[self._times[RIGHT]][versions]
        everyone = np.concatenate([owners, slots])
        when = np.concatenate([valid_from, times])
        is_left = np.concatenate([np.zeros(len(versions), np.int8), np.ones(len(left), np.int8)])
        arrival = np.concatenate([self._versions.seq[versions], np.arange(len(left))])
        order = np.lexsort((arrival, is_left, when, everyone))
        last = np.maximum.accumulate(np.where(order < len(versions), np.arange(len(order)), -1))
        found = np.where(last >= 0, order[np.maximum(last, 0)], 0)
        matches = (last >= 0) & (everyone[found] == everyone[order])
        result = np.full(len(left), -1, np.int64)
        mine = order >= len(versions)
        candidate = versions[found[mine]]
        gone = self._versions.columns.values[self._widths[RIGHT]][candidate]
        result[order[mine] - len(versions)] = np.where(matches[mine] & ~gone, candidate, -1)
        return result

    # ---- leaving the state -------------------------------------------------------------------------------------------

    def _forget(self, left: Array, fired: Array) -> None:
        """Drop emitted left rows, and versions that a later valid one replaced (or that ended their key)."""
        slots = np.unique(np.concatenate([self._left.key[left], self._versions.key[fired]])).astype(np.int64)
        if len(left):
            self._left.remove(left)
        if len(fired):
            self._versions.remove(self._superseded(np.unique(self._versions.key[fired]).astype(np.int64)))
        if len(slots):
            empty = (self._left.counts(slots) == 0) & (self._versions.counts(slots) == 0)
            if empty.any():
                self._table.release(slots[empty])

    def _superseded(self, slots: Array) -> Array:
        """Versions of these keys at or before the watermark that are not the last such, or that are deletions."""
        _, versions = self._versions.chains(slots)
        times = self._versions.columns.values[self._times[RIGHT]][versions]
        versions, times = versions[times <= self.watermark], times[times <= self.watermark]
        owners = self._versions.key[versions]
        order = np.lexsort((self._versions.seq[versions], times, owners))
        versions, owners = versions[order], owners[order]
        last = np.append(owners[1:] != owners[:-1], True)
        gone = self._versions.columns.values[self._widths[RIGHT]][versions]
        result: Array = versions[~last | gone]
        return result
