"""INTERSECT and EXCEPT of two changing tables: how often each row is on either side says how often it comes out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from engine.changes import DELETE, INSERT, Array, Batch
from engine.expressions.nodes import NO_NODES
from engine.operators.base import Operator, Settings
from engine.state.table import StateField, StateTable
from engine.types import BIGINT, DataType, Schema

COPIES: dict[str, Callable[[Array, Array], Array]] = {
    "INTERSECT": lambda left, right: ((left > 0) & (right > 0)).astype(np.int64),
    "INTERSECT ALL": lambda left, right: np.maximum(np.minimum(left, right), 0),
    "EXCEPT": lambda left, right: ((left > 0) & (right <= 0)).astype(np.int64),
    "EXCEPT ALL": lambda left, right: np.maximum(np.maximum(left, 0) - np.maximum(right, 0), 0),
}
"""How often a row comes out, by how often it is on the left and on the right."""
_SIDES = ("left", "right")


class SetOperation(Operator):
    """Rows compare by all their columns, NULL equals NULL; they come out as +I and go as -D."""

    ports = 2

    def __init__(self, name: str, schema: Schema, settings: Settings, kind: str, key_types: Sequence[DataType],
                 nodes: frozenset[str] = NO_NODES) -> None:
        super().__init__(name, schema, settings, nodes)
        self._copies = COPIES[kind]
        count = BIGINT.as_nullable(False)
        self._table = StateTable(key_types, [StateField(side, count) for side in _SIDES], ttl=settings.ttl)

    def states(self) -> dict[str, StateTable]:
        return {"rows": self._table}

    def keeps_for_ever(self) -> bool:
        return not self.settings.ttl

    def tick(self, now: int) -> None:
        expired = self._table.expired(now)
        if len(expired):
            self._table.release(expired)

    def process(self, batch: Batch, port: int) -> None:
        slots = self._slots(batch)
        mine, theirs = self._table.column(_SIDES[port]), self._table.column(_SIDES[1 - port])[slots]
        signs = np.ones(batch.length, np.int64) if batch.kinds is None else 1 - 2 * (batch.kinds & 1).astype(np.int64)
        before, last = _counts(slots, signs, mine)
        after = before + signs
        pairs = [(n, theirs) if port == 0 else (theirs, n) for n in (before, after)]
        change = self._copies(*pairs[1]) - self._copies(*pairs[0])
        mine[slots[last]] = after[last]
        self._table.touch(slots)
        self._emit(batch, change)
        if batch.kinds is not None:
            ended = slots[last][(after[last] == 0) & (theirs[last] == 0)]
            if len(ended):
                self._table.release(ended)

    def _slots(self, batch: Batch) -> Array:
        slots = self._table.slots(batch.columns, batch.length)
        if self.settings.ttl:
            now = self.settings.context.now()
            stale = self._table.stale(slots, now)
            if stale is not None:
                self._table.clear(np.unique(slots[stale]))
            self._table.access(slots, now)
        return slots

    def _emit(self, batch: Batch, change: Array) -> None:
        rows = np.repeat(np.arange(batch.length), np.abs(change))
        if not len(rows):
            return
        result = batch.take(rows)
        kinds = np.where(change[rows] > 0, INSERT, DELETE).astype(np.uint8)
        columns = tuple(c.with_type(t) for c, t in zip(result.columns, self.schema.types, strict=True))
        self.emit(result.with_columns(columns).with_kinds(kinds))


def _counts(slots: Array, signs: Array, counts: Array) -> tuple[Array, Array]:
    """For each row the count of its slot before it, and the positions of each slot's last row."""
    order = np.argsort(slots, kind="stable")
    sorted_slots, sorted_signs = slots[order], signs[order]
    first = np.append(True, sorted_slots[1:] != sorted_slots[:-1])
    running = np.cumsum(sorted_signs) - sorted_signs
    start = np.maximum.accumulate(np.where(first, np.arange(len(order)), 0))
    before = np.empty(len(order), np.int64)
    before[order] = counts[sorted_slots] + running - running[start]
    return before, order[np.append(first[1:], True)]
