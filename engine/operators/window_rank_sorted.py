"""Top-N within windows of any length, by any columns: a window's rows are kept and sorted once it has passed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.changes import MAX_WATERMARK, MIN_WATERMARK, Array, Batch, Column
from engine.expressions.nodes import NO_NODES
from engine.operators.base import Operator, Settings
from engine.operators.local_time import LocalTime
from engine.operators.sort import merge_sort
from engine.operators.top import Order, sort_codec
from engine.operators.window import row_times
from engine.operators.windows import MILLISECOND
from engine.state.order import BYTES
from engine.state.rowstore import RowStore
from engine.state.table import StateTable
from engine.types import BIGINT, DataType, Schema

_WORD = BIGINT.as_nullable(False)


class SortedWindowRank(Operator):
    """What `WindowRank` does, where its arrays do not fit; the parameters are the same."""

    def __init__(self, name: str, schema: Schema, settings: Settings, *, keys: Sequence[int], window_end: int,
                 order: Sequence[Order], end: int, start: int = 1, with_rank: bool = False, keep_last: bool = False,
                 input_types: Sequence[DataType], zone: str | None = None, nodes: frozenset[str] = NO_NODES) -> None:
        super().__init__(name, schema, settings, nodes)
        self._keys, self._end, self._last, self._with_rank = tuple(keys), window_end, keep_last, with_rank
        self._range, self._order, self._width = (start, end), tuple(order), len(input_types)
        self._local = None if zone is None else LocalTime(zone)
        self._codec = sort_codec(input_types, order)
        self._table = StateTable([*(input_types[i] for i in keys), _WORD])
        self._rows = self._table.attach("rows", RowStore([*input_types, BIGINT], identity=(), order=window_end))

    def states(self) -> dict[str, StateTable]:
        return {"keys": self._table}

    def process(self, batch: Batch, port: int) -> None:
        ends = row_times(batch.columns[self._end])
        stamps = np.full(batch.length, self.watermark, np.int64) if batch.stamps is None else batch.stamps
        keep = (ends if self._local is None else self._local.moments(ends)) - MILLISECOND > stamps
        if not keep.all():
            self.counters.late += batch.length - int(keep.sum())
            batch, ends = batch.take(keep), ends[keep]
        if batch.length:
            slots = self._table.slots([*(batch.columns[i] for i in self._keys), Column(_WORD, ends)], batch.length)
            known = batch.seq is not None
            seq = Column(BIGINT, batch.seq if batch.seq is not None else np.zeros(batch.length, np.int64),
                         None if known else np.zeros(batch.length, np.bool_))
            self._rows.apply(slots, [*batch.columns, seq])

    def advance(self, watermark: int) -> None:
        if watermark == MIN_WATERMARK:
            return
        numbers = self._rows.due(self._limit(watermark))
        if not len(numbers):
            return
        numbers = numbers[np.argsort(self._rows.seq[numbers], kind="stable")]
        slots = self._rows.key[numbers].astype(np.int64)
        self._emit(numbers, slots)
        self._rows.remove(numbers)
        self._table.release(np.unique(slots))

    def _limit(self, watermark: int) -> int:
        """The last window end that has passed, in the windows' own time."""
        if watermark == MAX_WATERMARK:
            return watermark
        limit = watermark + MILLISECOND
        return limit if self._local is None else int(self._local.local(np.array([limit]))[0])

    def _sorted(self, columns: Sequence[Column], length: int) -> Array:
        """Positions in order of these columns, equal ones as they stand."""
        codes = self._codec.encode(columns, length)
        if self._codec.form != BYTES:
            return np.lexsort((codes[:, 1], codes[:, 0]))
        place = np.arange(length)
        merge_sort(codes, place, np.empty_like(place))
        return place

    def _emit(self, numbers: Array, slots: Array) -> None:
        """Rows by window end, first arrival of their key and rank; `numbers` come by arrival."""
        found, first, group = np.unique(slots, return_index=True, return_inverse=True)
        ends = self._rows.columns.values[self._end][numbers[first]]
        place = np.empty(len(found), np.int64)
        place[np.lexsort((first, ends))] = np.arange(len(found))
        every = np.arange(len(numbers))[::-1] if self._last else np.arange(len(numbers))
        columns = self._rows.take(numbers[every], tuple(o.index for o in self._order))
        ranked = every[self._sorted(columns, len(numbers))]
        ranked = ranked[np.argsort(place[group[ranked]], kind="stable")]
        groups = place[group[ranked]]
        begins = np.flatnonzero(np.append(True, groups[1:] != groups[:-1]))
        ranks = np.arange(len(ranked)) - begins[groups] + 1
        chosen = (ranks >= self._range[0]) & (ranks <= self._range[1])
        rows, ranks = numbers[ranked[chosen]], ranks[chosen]
        *made, seq = self._rows.take(rows)
        if self._with_rank:
            made.append(Column(self.schema[len(self.schema) - 1].type, ranks))
        order = None
        if seq.validity is None or bool(seq.validity.all()):
            order = self._rows.columns.values[self._width][numbers[first]][np.argsort(place)][groups[chosen]]
        self.emit(Batch(tuple(made), len(rows), seq=order))
