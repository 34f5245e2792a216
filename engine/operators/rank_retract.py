"""Top-N of streams with retractions, and of any stream whose sort keys or N do not fit fixed arrays: all rows in order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from engine.aggregates.marks import SlotMarks, occurrences
from engine.changes import Array, Batch, concat
from engine.expressions.nodes import NO_NODES
from engine.memory import kernel
from engine.operators.base import Settings
from engine.operators.rank import KeyedOperator, ranked_batch
from engine.operators.top import Order, TopOutput
from engine.operators.top_kernels import BEFORE, RANKED, START
from engine.state.rowstore import RowStore
from engine.state.table import StateTable
from engine.types import DataType, Schema

_UB, _UA, _DEL, _INS = 1, 2, 3, 0


class RetractRank(KeyedOperator):
    """Top-N over any changelog with -U and -D: as `AppendRank`, at O(log n) of a key's rows.

    Rows whose rank changes (ranked), or that enter and leave the first N, are emitted for each input row where every
    change is wanted, else once for each key and batch.
    """

    def __init__(self, name: str, schema: Schema, settings: Settings, *, keys: Sequence[int], order: Sequence[Order],
                 end: int, start: int = 1, with_rank: bool = False, input_types: Sequence[DataType],
                 update_before: bool = True, nodes: frozenset[str] = NO_NODES) -> None:
        super().__init__(name, schema, settings, nodes)
        self._keys, self._with_rank, self._end = tuple(keys), with_rank, end
        self._table = StateTable([input_types[i] for i in keys], ttl=settings.ttl)
        self._rows = self._table.attach("rows", RowStore(input_types))
        self._sorted = self._rows.sort_by([o.index for o in order], [o.descending for o in order],
                                          [not o.nulls_first for o in order])
        self._how = np.zeros(6, np.int64)
        self._how[START], self._how[RANKED], self._how[BEFORE] = start, with_rank or start > 1, update_before
        self._marks = SlotMarks()

    def process(self, batch: Batch, port: int) -> None:
        keys = [batch.columns[i] for i in self._keys]
        slots = self._table.current(keys, batch.length, self.settings.context.now())
        deltas = np.ones(batch.length, np.int64)
        if batch.kinds is not None:
            deltas -= 2 * (batch.kinds & 1).astype(np.int64)
        pieces: list[Batch] = []
        places: list[Array] = []
        for rows in self._layers(slots):
            part = batch if len(rows) == batch.length else batch.take(rows)
            made, by = self._change(slots[rows], part, deltas[rows])
            if len(by):
                pieces.append(ranked_batch(self.schema, made, self._with_rank))
                places.append(rows[by])
        self._drop_empty(slots)
        if pieces:
            changes = concat(pieces)
            self.emit(changes if len(pieces) == 1 else changes.take(np.argsort(np.concatenate(places), kind="stable")))

    def _layers(self, slots: Array) -> Iterator[Array]:
        """Rows that are taken in together: all, or (every change wanted) one of each key."""
        if not self.settings.every_change:
            yield np.arange(len(slots))
            return
        touched = self._marks.touch(slots)
        layer = np.empty(len(slots), np.int64)
        count = occurrences(touched.position, len(touched.slots), layer)
        order = np.argsort(layer, kind="stable")
        ends = np.cumsum(np.bincount(layer, minlength=count))
        yield from np.split(order, ends[:-1])

    def _standing(self, groups: Array) -> tuple[Array, Array]:
        """Where each group's rows begin, and the rows ranked 1 to N (a row as often as it is there)."""
        probe, numbers = self._sorted.range(groups, self._end)
        weights = self._rows.weight[numbers].astype(np.int64)
        if (weights > 1).any():
            probe, numbers = np.repeat(probe, weights), np.repeat(numbers, weights)
            first = np.searchsorted(probe, np.arange(len(groups)))
            keep = np.arange(len(probe)) - first[probe] < self._end
            probe, numbers = probe[keep], numbers[keep]
        return np.searchsorted(probe, np.arange(len(groups) + 1)), numbers

    def _change(self, slots: Array, batch: Batch, deltas: Array) -> tuple[TopOutput, Array]:
        """The changes, and for each the row of the batch that touched its key first."""
        touched = self._marks.touch(slots)
        groups = touched.slots
        begins, before = self._standing(groups)
        self._rows.apply(slots, batch.columns, deltas)
        ends, after = self._standing(groups)
        out = np.empty((4, len(before) + len(after)), np.int64)
        count = list_changes(begins, before, ends, after, self._how, self._end, out)
        kinds, numbers, ranks = out[0, :count].astype(np.uint8), out[1, :count], out[2, :count]
        return TopOutput(kinds, self._rows.take(numbers), ranks), touched.first[out[3, :count]]

    def _drop_empty(self, slots: Array) -> None:
        groups = np.unique(slots)
        empty = groups[self._rows.counts(groups) == 0]
        if len(empty):
            self._table.release(empty)


@kernel
def mark_common(a: Array, b: Array, common: Array) -> None:
    """common[i] = 1 where a[i] is also in b (as often as it is there)."""
    order, other = np.argsort(a), np.sort(b)
    j = 0
    for k in range(len(a)):
        value = a[order[k]]
        while j < len(other) and other[j] < value:
            j += 1
        if j < len(other) and other[j] == value:
            common[order[k]] = 1
            j += 1


@kernel
def list_changes(begins: Array, before: Array, ends: Array, after: Array, how: Array, end: int, out: Array) -> int:
    """The changes (kind, row, rank, group) from the rows before to those after, group by group; returns how many."""
    n = 0
    for g in range(len(begins) - 1):
        start = n
        old, new = before[begins[g]:begins[g + 1]], after[ends[g]:ends[g + 1]]
        if how[RANKED] != 0:
            for j in range(how[START] - 1, max(len(old), len(new))):
                both = j < len(old) and j < len(new)
                if both and old[j] == new[j]:
                    continue
                if j < len(old) and (how[BEFORE] != 0 or not both):
                    out[0, n], out[1, n], out[2, n] = _UB if both else _DEL, old[j], j + 1
                    n += 1
                if j < len(new):
                    out[0, n], out[1, n], out[2, n] = _UA if both else _INS, new[j], j + 1
                    n += 1
            out[3, start:n] = g
            continue
        stays, stood = np.zeros(len(old), np.uint8), np.zeros(len(new), np.uint8)
        mark_common(old, new, stays)
        mark_common(new, old, stood)
        single = end == 1 and len(old) == 1 and len(new) == 1
        for j in range(len(old)):
            if stays[j] == 0 and not (single and how[BEFORE] == 0):
                out[0, n], out[1, n], out[2, n] = _UB if single else _DEL, old[j], j + 1
                n += 1
        for j in range(len(new)):
            if stood[j] == 0:
                out[0, n], out[1, n], out[2, n] = _UA if single else _INS, new[j], j + 1
                n += 1
        out[3, start:n] = g
    return n
