"""Deduplication: the first or the last row of each key, by processing or event time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.changes import Array, Batch
from engine.expressions.nodes import NO_NODES
from engine.memory import kernel
from engine.operators.base import Settings
from engine.operators.rank import KeyedOperator, ranked_batch
from engine.operators.top import Order, TopOutput, TopRows
from engine.state.layout import code_of, frame_of
from engine.state.nested import encode_nested
from engine.state.rows import row_equal
from engine.state.table import StateTable
from engine.types import DataType, Schema


class DeduplicateFirst(KeyedOperator):
    """The first row of each key as rows come (append-only): the input's columns. `keys`: positions."""

    def __init__(self, name: str, schema: Schema, settings: Settings, *, keys: Sequence[int],
                 input_types: Sequence[DataType], nodes: frozenset[str] = NO_NODES) -> None:
        super().__init__(name, schema, settings, nodes)
        self._keys = tuple(keys)
        self._table = StateTable([input_types[i] for i in keys], ttl=settings.ttl)

    def process(self, batch: Batch, port: int) -> None:
        slots = self._table.slots([batch.columns[i] for i in self._keys], batch.length)
        fresh = self._table.fresh[:batch.length].view(np.bool_)
        if self.settings.ttl:
            now = self.settings.context.now()
            stale = self._table.stale(slots, now)
            if stale is not None:
                rows = np.flatnonzero(stale)
                fresh = fresh.copy()
                fresh[rows[np.unique(slots[rows], return_index=True)[1]]] = True
            self._table.access(slots[fresh], now)  # as in Flink, later rows do not keep the first one alive
        self.emit(batch if fresh.all() else batch.take(fresh))


class Deduplicate(KeyedOperator):
    """The first or last row of each key of an append-only input, as updates: the input's columns.

    `time`: position of a time by which rows are first or last (equal times: as they come), None: the order in which
    rows come. `keep_last`: the last one. `update_before`: emit -U before +U. By arrival, a row equal to the one before
    it says nothing (unless state expires), as in Flink.
    """

    def __init__(self, name: str, schema: Schema, settings: Settings, *, keys: Sequence[int], time: int | None,
                 keep_last: bool, input_types: Sequence[DataType], update_before: bool = True,
                 nodes: frozenset[str] = NO_NODES) -> None:
        super().__init__(name, schema, settings, nodes)
        self._keys = tuple(keys)
        self._table = StateTable([input_types[i] for i in keys], ttl=settings.ttl)
        order = () if time is None else (Order(time, descending=keep_last),)
        self._before = update_before
        self._equal = time is None and not settings.ttl
        self._top = TopRows(self._table, input_types, order, end=1, update_before=update_before or self._equal,
                            ties_win=keep_last)

    def open(self) -> None:
        self._top.rebuild(self._table)

    def process(self, batch: Batch, port: int) -> None:
        slots = self._table.slots([batch.columns[i] for i in self._keys], batch.length)
        if self.settings.ttl:
            self._renew(slots)
        made = self._top.insert(slots, batch, self.settings.every_change)
        if made is not None and self._equal:
            made = _without_equal(made, self._before)
        if made is not None:
            self.emit(ranked_batch(self.schema, made, False))

    def _renew(self, slots: Array) -> None:
        """State TTL: keys that have expired begin anew."""
        now = self.settings.context.now()
        stale = self._table.stale(slots, now)
        if stale is not None:
            gone = np.unique(slots[stale])
            self._top.rows.drop(gone)
            self._top.forget(gone)
        self._table.access(slots, now)

    def forget(self, slots: Array) -> None:
        self._top.forget(slots)


def _without_equal(made: TopOutput, update_before: bool) -> TopOutput | None:
    """Leaves out updates that change nothing and, where not wanted, what was there before."""
    keep = np.ones(len(made.kinds), np.bool_)
    columns = [encode_nested(c) for c in made.columns]
    desc = frame_of([code_of(c.type) for c in made.columns], columns, len(made.kinds)).desc
    mark_updates(desc, made.kinds, update_before, keep)
    if keep.all():
        return made
    rows = np.flatnonzero(keep)
    if not len(rows):
        return None
    return TopOutput(made.kinds[rows], [c.take(rows) for c in made.columns], made.ranks[rows])


@kernel
def mark_updates(desc: Array, kinds: Array, update_before: bool, keep: Array) -> None:
    """keep[i] = False for -U and +U of equal rows, and for all -U where they are not wanted."""
    every = np.arange(len(desc))
    for i in range(len(kinds) - 1):
        if kinds[i] == 1:
            equal = row_equal(desc, i, desc, i + 1, every)
            keep[i] = update_before and not equal
            keep[i + 1] = not equal
