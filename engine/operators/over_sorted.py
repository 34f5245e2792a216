"""OVER in an order that is not that of time: a row that comes may change the results of all rows after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from engine.aggregates.calls import AggregateCalls, BoundCall
from engine.aggregates.lag import Shift
from engine.aggregates.marks import SlotMarks, occurrences
from engine.changes import (
    DELETE,
    INSERT,
    UPDATE_AFTER,
    UPDATE_BEFORE,
    Array,
    Batch,
    Column,
    concat_columns,
    null_column,
)
from engine.expressions.nodes import NO_NODES
from engine.memory import kernel
from engine.operators.base import Settings
from engine.operators.rank import KeyedOperator
from engine.operators.top import Order
from engine.state.layout import code_of, frame_of
from engine.state.nested import encode_nested
from engine.state.rows import row_equal
from engine.state.rowstore import RowStore
from engine.state.table import StateTable
from engine.types import BIGINT, DataType, Schema

Places = Callable[[Array, Array, Array, Array], Array]
PLACES: dict[str, Places] = {
    "ROW_NUMBER": lambda place, first, last, size: place + 1,
    "RANK": lambda place, first, last, size: first + 1,
    "DENSE_RANK": lambda place, first, last, size: _dense(place, first),
    "PERCENT_RANK": lambda place, first, last, size: np.where(size > 1, first / np.maximum(size - 1, 1), 0.0),
    "CUME_DIST": lambda place, first, last, size: (last + 1) / size,
}
"""Functions of a row's place in its partition (from 0), of the places of its first and last peer, and of the size."""
AHEAD = ("LEAD", "NTILE")
"""Functions of all rows of the partition that have arguments."""


class Standing:
    """Rows of some partitions in order: partition, row number, and the results."""

    def __init__(self, group: Array, numbers: Array, results: list[Column]) -> None:
        self.group, self.numbers, self.results = group, numbers, results


class SortedOver(KeyedOperator):
    """The input's columns, then a column a call, over the rows of the partition from the first to the current one in
    `order` (none: in order of arrival, all rows being peers).

    `rows`: to the current row itself, else to its last peer (`lag_by_row`: LAG counts from the row itself still). Rows
    that change come as -U (`update_before`) and +U. State holds all rows; a change costs what its partition holds.
    """

    def __init__(self, name: str, schema: Schema, settings: Settings, *, keys: Sequence[int], order: Sequence[Order],
                 calls: Sequence[BoundCall], input_types: Sequence[DataType], rows: bool, update_before: bool = True,
                 lag_by_row: bool = False, nodes: frozenset[str] = NO_NODES) -> None:
        super().__init__(name, schema, settings, nodes)
        self._keys, self._order, self._before = tuple(keys), tuple(order), update_before
        self._all = tuple(calls)
        self._functions = tuple(c.spec.function for c in calls)
        self._width = len(input_types)
        running = [c for c in calls if not _placed(c.spec.function)]
        self._own = tuple(rows or (lag_by_row and c.spec.function == "LAG") for c in running)
        self._calls = AggregateCalls(running)
        self._scratch = StateTable([BIGINT.as_nullable(False)], self._calls.fields())
        self._calls.bind(self._scratch)
        self._table = StateTable([input_types[i] for i in keys], ttl=settings.ttl)
        self._rows = self._table.attach("rows", RowStore(input_types))
        self._sorted = self._rows.sort_by([o.index for o in order], [o.descending for o in order],
                                          [not o.nulls_first for o in order]) if order else None
        self._marks = SlotMarks()

    def open(self) -> None:
        self._calls.use(self.settings.context.resources)

    def process(self, batch: Batch, port: int) -> None:
        keys = [batch.columns[i] for i in self._keys]
        slots = self._table.current(keys, batch.length, self.settings.context.now())
        deltas = np.ones(batch.length, np.int64)
        if batch.kinds is not None:
            deltas -= 2 * (batch.kinds & 1).astype(np.int64)
        for rows in self._layers(slots):
            part = batch if len(rows) == batch.length else batch.take(rows)
            groups = np.unique(slots[rows])
            before = self._standing(groups)
            self._rows.apply(slots[rows], part.columns, deltas[rows])
            self._emit(before, self._standing(groups))
        groups = np.unique(slots)
        empty = groups[self._rows.counts(groups) == 0]
        if len(empty):
            self._table.release(empty)

    def _layers(self, slots: Array) -> Iterator[Array]:
        """Rows that are taken in together: all, or (every change wanted) one of each key."""
        if not self.settings.every_change:
            yield np.arange(len(slots))
            return
        touched = self._marks.touch(slots)
        layer = np.empty(len(slots), np.int64)
        occurrences(touched.position, len(touched.slots), layer)
        order = np.argsort(layer, kind="stable")
        yield from np.split(order, np.cumsum(np.bincount(layer))[:-1])

    # ---- results ---------------------------------------------------------------------------------------------------

    def _standing(self, groups: Array) -> Standing:
        """The rows of these keys in order (one as often as it is there), with their results."""
        group, numbers = self._rows.chains(groups) if self._sorted is None else self._sorted.range(groups)
        copies = np.maximum(self._rows.weight[numbers].astype(np.int64), 0)
        group, numbers = np.repeat(group, copies), np.repeat(numbers, copies)
        columns = self._rows.take(numbers)
        place, first, last, size = self._peers(group, columns)
        computed = iter(self._computed(group, columns, np.arange(len(group)) - place + last))
        results = []
        for call in self._all:
            name, type = call.spec.function, call.spec.result
            if name in PLACES:
                results.append(Column(type, PLACES[name](place, first, last, size)))
            elif name in AHEAD:
                results.append((_lead if name == "LEAD" else _tile)(call, columns, place, size))
            else:
                results.append(next(computed))
        return Standing(group, numbers, results)

    def _peers(self, group: Array, columns: Sequence[Column]) -> tuple[Array, Array, Array, Array]:
        """Each row's place in its partition, those of its first and last peer, and the partition's size."""
        n = len(group)
        keys = [encode_nested(columns[o.index]) for o in self._order]
        desc = frame_of([code_of(columns[o.index].type) for o in self._order], keys, n).desc
        out = np.empty((4, n), np.int64)
        find_peers(desc, np.arange(len(keys)), group, out)
        return out[0], out[1], out[2], out[3]

    def _computed(self, group: Array, columns: Sequence[Column], peers: Array) -> list[Column]:
        if all(_placed(name) for name in self._functions):
            return []
        if not len(group):
            fields = zip(self.schema.fields[self._width:], self._functions, strict=True)
            return [null_column(f.type, 0) for f, name in fields if not _placed(name)]
        slots = self._scratch.slots([Column(BIGINT.as_nullable(False), group.astype(np.int64))], len(group))
        results = self._calls.running(slots, columns, None, self._marks.touch(slots))
        used = np.unique(slots)
        self._calls.forget(used)
        self._scratch.release(used)
        return [c if own else c.take(peers) for c, own in zip(results, self._own, strict=True)]

    # ---- what goes out ---------------------------------------------------------------------------------------------

    def _emit(self, before: Standing, after: Standing) -> None:
        old, new = len(before.numbers), len(after.numbers)
        results = [concat_columns([a, b]) if old and new else (a if old else b)
                   for a, b in zip(before.results, after.results, strict=True)]
        desc = frame_of([code_of(c.type) for c in results], [encode_nested(c) for c in results], old + new).desc
        rows, kinds = np.empty(2 * (old + new), np.int64), np.empty(2 * (old + new), np.uint8)
        count = list_changes(desc, before.group, before.numbers, after.group, after.numbers, self._before, rows, kinds)
        if count:
            chosen = rows[:count]
            numbers = np.concatenate([before.numbers, after.numbers])[chosen]
            columns = (*self._rows.take(numbers), *(c.take(chosen) for c in results))
            self.emit(Batch(columns, count, kinds[:count]))


def _placed(function: str) -> bool:
    """Whether a function follows from where rows stand, and is no running aggregate."""
    return function in PLACES or function in AHEAD


def _tile(call: BoundCall, columns: Sequence[Column], place: Array, size: Array) -> Column:
    """NTILE(n): n parts as equal as can be, the longer ones first."""
    parts = int(str(call.spec.options[0]))
    short = size // parts
    longer = size % parts * (short + 1)  # rows in parts of one row more
    number = np.where(place < longer, place // (short + 1), size % parts + (place - longer) // np.maximum(short, 1))
    return Column(call.spec.result, (number + 1).astype(np.int32))


def _lead(call: BoundCall, columns: Sequence[Column], place: Array, size: Array) -> Column:
    """LEAD(value, n, default): the value n rows on, in the same partition."""
    shift = Shift.of(call.spec)
    distance = int(columns[call.args[1]].values[0]) if len(call.args) > 1 and len(place) else shift.distance
    n, value = len(place), columns[call.args[0]].with_type(call.spec.result)
    default = columns[call.args[2]].with_type(call.spec.result) if len(call.args) > 2 else shift.default(n)
    at = np.arange(n)
    return concat_columns([value, default]).take(np.where(place + distance < size, at + distance, n + at))


def _dense(place: Array, first: Array) -> Array:
    """How many sets of peers there are up to each row's."""
    begins = (place == first).astype(np.int64)
    running = np.cumsum(begins)
    start = np.maximum.accumulate(np.where(place == 0, np.arange(len(place)), 0)) if len(place) else place
    return running - running[start] + 1


@kernel
def find_peers(desc: Array, every: Array, group: Array, out: Array) -> None:
    """out[0..3] = place in the partition, of the first peer, of the last peer, size of the partition."""
    n = len(group)
    start = head = 0
    for i in range(n):
        if i == 0 or group[i] != group[i - 1]:
            start = head = i
        elif not row_equal(desc, i, desc, i - 1, every):
            head = i
        out[0, i], out[1, i] = i - start, head - start
    last = end = n - 1
    for i in range(n - 1, -1, -1):
        if i < n - 1:
            if group[i] != group[i + 1]:
                last = end = i
            elif out[1, i] != out[1, i + 1]:
                last = i
        out[2, i], out[3, i] = out[0, last], out[0, end] + 1


@kernel
def list_changes(desc: Array, old_group: Array, old: Array, new_group: Array, new: Array, update_before: bool,
                 rows: Array, kinds: Array) -> int:
    """The rows to emit (old ones, then new ones, counted on) and their kinds: what has gone, then in order what has
    come or changed. Equal results are told by `desc` over the results of both. Returns how many."""
    every, shift, n = np.arange(len(desc)), len(old), 0
    by_old, by_new = np.argsort(old, kind="mergesort"), np.argsort(new, kind="mergesort")
    partner = np.full(len(new), -1, np.int64)
    kept = np.zeros(len(old), np.uint8)
    i = 0
    for k in range(len(new)):
        j = by_new[k]
        while i < len(old) and old[by_old[i]] < new[j]:
            i += 1
        if i < len(old) and old[by_old[i]] == new[j]:
            partner[j] = by_old[i]
            kept[by_old[i]] = 1
            i += 1
    for i in range(len(old)):
        if kept[i] == 0:
            rows[n], kinds[n] = i, DELETE
            n += 1
    for j in range(len(new)):
        i = partner[j]
        if i < 0:
            rows[n], kinds[n] = shift + j, INSERT
            n += 1
        elif not row_equal(desc, i, desc, shift + j, every):
            if update_before:
                rows[n], kinds[n] = i, UPDATE_BEFORE
                n += 1
            rows[n], kinds[n] = shift + j, UPDATE_AFTER
            n += 1
    return n
