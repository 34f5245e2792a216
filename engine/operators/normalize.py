"""What a source of upserts lacks: the full row before each update and in each delete. Rows are kept by key."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.changes import DELETE, INSERT, UPDATE_AFTER, UPDATE_BEFORE, Array, Batch, concat_columns
from engine.expressions.nodes import NO_NODES
from engine.memory import kernel
from engine.operators.base import Operator, Settings
from engine.state.layout import code_of, frame_of
from engine.state.nested import encode_nested
from engine.state.rows import row_equal
from engine.state.table import StateField, StateTable
from engine.types import Schema


class ChangelogNormalize(Operator):
    """The last row of each key, as +I, -U and +U (`update_before`), -D of the whole row; the input's columns.

    `keys`: positions of the primary key. An update that changes nothing is dropped, unless state expires; so is the
    removal of a row that is not there. As in Flink, -U removes the row like -D.
    """

    def __init__(self, name: str, schema: Schema, settings: Settings, *, keys: Sequence[int], update_before: bool,
                 nodes: frozenset[str] = NO_NODES) -> None:
        super().__init__(name, schema, settings, nodes)
        self._keys, self._before = tuple(keys), update_before
        fields = [StateField(str(i), f.type) for i, f in enumerate(schema)]
        self._table = StateTable([schema[k].type for k in keys], fields, ttl=settings.ttl)

    @property
    def keys(self) -> tuple[int, ...]:
        """Positions of the primary key."""
        return self._keys

    def states(self) -> dict[str, StateTable]:
        return {"rows": self._table}

    def keeps_for_ever(self) -> bool:
        return not self.settings.ttl

    def tick(self, now: int) -> None:
        expired = self._table.expired(now)
        if len(expired):
            self._table.release(expired)

    def process(self, batch: Batch, port: int) -> None:
        slots = self._table.slots([batch.columns[k] for k in self._keys], batch.length)
        known = ~self._table.fresh[:batch.length].view(np.bool_)
        known = self._unexpired(slots, known) if self.settings.ttl else known
        order = np.argsort(slots, kind="stable")
        last = order[np.append(slots[order][1:] != slots[order][:-1], True)]
        if not self.settings.every_change:
            first = order[np.append(True, slots[order][1:] != slots[order][:-1])]
            chosen = np.sort(last)
            place = np.searchsorted(slots[first], slots[chosen])
            batch, slots, known = batch.take(chosen), slots[chosen], known[first][place]
            order, last = np.argsort(slots, kind="stable"), np.arange(batch.length)
        self._change(batch, slots, known, order)
        self._store(batch, slots, last)

    def _unexpired(self, slots: Array, known: Array) -> Array:
        now = self.settings.context.now()
        stale = self._table.stale(slots, now)
        self._table.access(slots, now)
        return known if stale is None else known & ~stale

    def _change(self, batch: Batch, slots: Array, known: Array, order: Array) -> None:
        """Emit what each row means, given the row of its key before it: stored, or earlier in the batch."""
        n = batch.length
        kinds = np.zeros(n, np.uint8) if batch.kinds is None else batch.kinds
        columns = tuple(concat_columns([mine.with_type(f.type), stored]) for mine, stored, f in zip(
            batch.columns, self._table.take_all(slots), self.schema, strict=True))
        before = np.where(known, np.arange(n, 2 * n), -1)
        follows = slots[order][1:] == slots[order][:-1]
        earlier, later = order[:-1][follows], order[1:][follows]
        before[later] = np.where(kinds[earlier] & 1, -1, earlier)
        encoded = [encode_nested(c) for c in columns]
        desc = frame_of([code_of(c.type) for c in columns], encoded, 2 * n).desc
        rows, made, causes = np.empty(2 * n, np.int64), np.empty(2 * n, np.uint8), np.empty(2 * n, np.int64)
        count = list_changes(desc, kinds, before, self._before, not self.settings.ttl, rows, made, causes)
        if count:
            taken = tuple(c.take(rows[:count]) for c in columns)
            causes = causes[:count]
            self.emit(Batch(taken, count, made[:count], None if batch.stamps is None else batch.stamps[causes],
                            None if batch.seq is None else batch.seq[causes]))

    def _store(self, batch: Batch, slots: Array, last: Array) -> None:
        gone = np.zeros(len(last), np.bool_) if batch.kinds is None else (batch.kinds[last] & 1).astype(np.bool_)
        kept = last[~gone]
        self._table.put_all(slots[kept], [c.take(kept) for c in batch.columns])
        if gone.any():
            self._table.release(slots[last[gone]])


@kernel
def list_changes(desc: Array, kinds: Array, before: Array, update_before: bool, only_changes: bool, rows: Array,
                 made: Array, causes: Array) -> int:
    """The rows to emit, their kinds and the input rows that cause them; before[i]: the row of i's key before it, or -1.
    Returns how many."""
    every, n = np.arange(len(desc)), 0
    for i in range(len(kinds)):
        old = before[i]
        if (kinds[i] & 1) != 0:
            if old >= 0:
                rows[n], made[n], causes[n] = old, DELETE, i
                n += 1
            continue
        if old >= 0 and only_changes and row_equal(desc, i, desc, old, every):
            continue
        if old >= 0 and update_before:
            rows[n], made[n], causes[n] = old, UPDATE_BEFORE, i
            n += 1
        rows[n], made[n], causes[n] = i, UPDATE_AFTER if old >= 0 else INSERT, i
        n += 1
    return n
