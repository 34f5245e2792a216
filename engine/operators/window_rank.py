"""Top-N and deduplication within windows: rows come out once, when their window has passed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from engine.changes import MAX_WATERMARK, MIN_WATERMARK, Array, Batch, Column
from engine.errors import NotSupported
from engine.expressions.nodes import NO_NODES
from engine.operators.base import Operator, Settings
from engine.operators.local_time import LocalTime
from engine.operators.progress import Progress
from engine.operators.top import Order, TopRows
from engine.operators.window import row_times
from engine.operators.windows import MILLISECOND
from engine.state.protocol import StateObject
from engine.state.table import StateField, StateTable
from engine.types import BIGINT, DataType, Schema

_WORD = BIGINT.as_nullable(False)


class WindowRank(Operator):
    """The rows ranked `start` to `end` of each key and window, when the watermark passes the window's end
    (append-only).

    `keys`: PARTITION BY positions without the window's columns; `window_end`: its position (a row is late once its
    window has fired); `order`, `with_rank`, `input_types` as for `AppendRank`. `keep_last`: of equal rows the later one
    comes first: deduplication keeping the last row. Order of output: window end, first arrival of the key, rank.
    `zone`: window ends are local times of this zone.
    """

    def __init__(self, name: str, schema: Schema, settings: Settings, *, keys: Sequence[int], window_end: int,
                 order: Sequence[Order], end: int, start: int = 1, with_rank: bool = False, keep_last: bool = False,
                 input_types: Sequence[DataType], zone: str | None = None, nodes: frozenset[str] = NO_NODES) -> None:
        super().__init__(name, schema, settings, nodes)
        if not TopRows.fits(input_types, order, end):
            raise NotSupported("a window Top-N of more than 256 rows, or one ordered by long strings")
        self._keys, self._end, self._start, self._with_rank = tuple(keys), window_end, start, with_rank
        self._local = None if zone is None else LocalTime(zone)
        self._table = StateTable([*(input_types[i] for i in keys), _WORD], [StateField("seq", _WORD)],
                                 dealt_by=len(keys))
        self._seq = self._table.column("seq")
        self._top = TopRows(self._table, input_types, order, end=end, ties_win=keep_last, silent=True)
        self._scalars = Progress(rows=0, sequenced=False)
        self._panes: dict[int, list[Array]] = {}

    def states(self) -> Mapping[str, StateObject]:
        return {"keys": self._table, "progress": self._scalars}

    def open(self) -> None:
        self._top.rebuild(self._table)
        slots = self._table.live_slots()
        self._remember(slots, self._table.keys(slots)[-1].values)

    def _remember(self, slots: Array, ends: Array) -> None:
        for end in np.unique(ends).tolist():
            self._panes.setdefault(end, []).append(slots[ends == end])

    def process(self, batch: Batch, port: int) -> None:
        ends = row_times(batch.columns[self._end])
        stamps = np.full(batch.length, self.watermark, np.int64) if batch.stamps is None else batch.stamps
        keep = self._last_moment(ends) > stamps
        if not keep.all():
            self.counters.late += batch.length - int(keep.sum())
            batch, ends = batch.take(keep), ends[keep]
        if not batch.length:
            return
        keys = [*(batch.columns[i] for i in self._keys), Column(_WORD, ends)]
        slots = self._table.slots(keys, batch.length)
        fresh = np.flatnonzero(self._table.fresh[:batch.length])
        if len(fresh):
            new = slots[fresh]
            self._scalars.values["sequenced"] = batch.seq is not None
            self._seq[new] = self._scalars.values["rows"] + fresh if batch.seq is None else batch.seq[fresh]
            self._remember(new, ends[fresh])
        self._scalars.values["rows"] += batch.length
        self._top.insert(slots, batch, False)

    def _last_moment(self, ends: Array) -> Array:
        """The watermark at which windows fire."""
        return (ends if self._local is None else self._local.moments(ends)) - MILLISECOND

    def advance(self, watermark: int) -> None:
        if watermark == MIN_WATERMARK or not self._panes:
            return
        ends = np.array(sorted(self._panes), np.int64)
        due = ends[self._last_moment(ends) <= watermark].tolist() if watermark != MAX_WATERMARK else ends.tolist()
        if not due:
            return
        parts = [np.concatenate(self._panes.pop(end)) for end in due]
        slots = np.concatenate([p[np.argsort(self._seq[p], kind="stable")] for p in parts])
        probe, numbers, ranks = self._top.standing(slots)
        if self._start > 1:
            keep = ranks >= self._start
            probe, numbers, ranks = probe[keep], numbers[keep], ranks[keep]
        columns = self._top.rows.take(numbers)
        if self._with_rank:
            columns.append(Column(self.schema[len(self.schema) - 1].type, ranks))
        seq = self._seq[slots[probe]] if self._scalars.values["sequenced"] else None
        self.emit(Batch(tuple(columns), len(numbers), seq=seq))
        self._top.forget(slots)
        self._table.release(slots)
