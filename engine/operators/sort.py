"""ORDER BY on time, ORDER BY and what is left of an input that ends, LIMIT without order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from engine.changes import MAX_WATERMARK, Array, Batch
from engine.expressions.nodes import NO_NODES
from engine.memory import kernel, view_compare
from engine.operators.base import Operator, Settings
from engine.operators.top import Order
from engine.operators.window import row_times
from engine.state.order import BYTES, SortCodec
from engine.state.protocol import StateObject
from engine.state.rowstore import RowStore
from engine.state.scalars import Scalars
from engine.state.table import StateTable
from engine.types import DataType, Schema


class Sort(Operator):
    """Rows in order: the input's columns.

    `order`: ORDER BY columns (none: as they came). `time`: the first of them, an ascending time attribute: rows come
    out as the watermark passes them, later ones are late (an append-only input). None: everything comes out when the
    input ends, as +I of what is left, without the first `offset` rows and at most `limit` rows.
    """

    def __init__(self, name: str, schema: Schema, settings: Settings, *, order: Sequence[Order],
                 time: int | None = None,
                 offset: int = 0, limit: int | None = None, input_types: Sequence[DataType],
                 nodes: frozenset[str] = NO_NODES) -> None:
        super().__init__(name, schema, settings, nodes)
        self._order, self._time, self._offset, self._limit = tuple(order), time, offset, limit
        self._table = StateTable([])
        identity = None if time is None else ()
        self._rows = self._table.attach("rows", RowStore(input_types, identity=identity, order=time))
        self._codec = SortCodec([input_types[o.index] for o in order], [o.descending for o in order],
                                [not o.nulls_first for o in order])

    @property
    def timed(self) -> bool:
        """Whether rows come out as time passes."""
        return self._time is not None

    def states(self) -> Mapping[str, StateObject]:
        return {"rows": self._table}

    def process(self, batch: Batch, port: int) -> None:
        if self._time is not None:
            times = row_times(batch.columns[self._time])
            keep = times > (self.watermark if batch.stamps is None else batch.stamps)
            if not keep.all():
                self.counters.late += batch.length - int(keep.sum())
                batch = batch.take(keep)
        deltas = None if batch.kinds is None else 1 - 2 * (batch.kinds & 1).astype(np.int64)
        self._rows.apply(self._table.slots([], batch.length), batch.columns, deltas)

    def advance(self, watermark: int) -> None:
        if self._time is not None:
            numbers = self._rows.due(watermark)
            if len(numbers):
                self._emit(self._in_order(numbers), numbers)
        elif watermark == MAX_WATERMARK:
            _, numbers = self._rows.chains(self._table.live_slots())
            kept = self._in_order(numbers)
            kept = np.repeat(kept, np.maximum(self._rows.weight[kept], 0))
            stop = len(kept) if self._limit is None else self._offset + self._limit
            self._emit(kept[self._offset:stop], numbers)

    def _in_order(self, numbers: Array) -> Array:
        """These rows by the sort keys, equal ones by arrival."""
        numbers = numbers[np.argsort(self._rows.seq[numbers], kind="stable")]
        if not self._order:
            return numbers
        orders = self._codec.encode(self._rows.take(numbers, tuple(o.index for o in self._order)), len(numbers))
        if self._codec.form == BYTES:
            place = np.arange(len(numbers))
            merge_sort(orders, place, np.empty_like(place))
        else:
            place = np.lexsort((orders[:, 1], orders[:, 0]))
        return numbers[place]

    def _emit(self, numbers: Array, gone: Array) -> None:
        self.emit(Batch(tuple(self._rows.take(numbers)), len(numbers)))
        self._rows.remove(gone)


class Limit(Operator):
    """The rows `offset` + 1 to `offset` + `limit` of an append-only input, as they come."""

    def __init__(self, name: str, schema: Schema, settings: Settings, *, offset: int = 0, limit: int | None = None,
                 nodes: frozenset[str] = NO_NODES) -> None:
        super().__init__(name, schema, settings, nodes)
        self._offset, self._limit = offset, limit
        self._seen = Scalars(rows=0)

    def states(self) -> Mapping[str, StateObject]:
        return {"seen": self._seen}

    def process(self, batch: Batch, port: int) -> None:
        seen = self._seen.values["rows"]
        self._seen.values["rows"] = seen + batch.length
        start = min(max(self._offset - seen, 0), batch.length)
        stop = batch.length if self._limit is None else min(max(self._offset + self._limit - seen, start), batch.length)
        self.emit(batch if stop - start == batch.length else batch.slice(start, stop))


@kernel
def merge_sort(views: Array, place: Array, spare: Array) -> None:
    """Stable order of string views by their bytes: `place` is sorted in place, bottom up."""
    base, n, width = views.ctypes.data, len(place), 1
    while width < n:
        for low in range(0, n, 2 * width):
            middle, high = min(low + width, n), min(low + 2 * width, n)
            i, j = low, middle
            for k in range(low, high):
                left = j >= high or (i < middle and view_compare(base + 16 * place[i], base + 16 * place[j]) <= 0)
                if left:
                    spare[k] = place[i]
                    i += 1
                else:
                    spare[k] = place[j]
                    j += 1
        place[:] = spare
        width *= 2
