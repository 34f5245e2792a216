"""OVER: for each row its columns and, in further ones, aggregates over the rows of its key up to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from engine.aggregates.calls import AggregateCalls, BoundCall
from engine.aggregates.marks import SlotMarks
from engine.changes import MAX_WATERMARK, Array, Barrier, Batch, Column, concat
from engine.expressions.nodes import NO_NODES
from engine.operators.base import Operator, Settings
from engine.operators.over_kernels import chain_heads, first_peers, frame_events, last_peers
from engine.operators.window import row_times
from engine.state.protocol import StateObject
from engine.state.rowstore import RowStore
from engine.state.table import StateTable
from engine.types import BIGINT, BOOLEAN, DataType, Schema

_WORD = BIGINT.as_nullable(False)
_RANKS = ("RANK", "DENSE_RANK")


class OverAggregate(Operator):
    """Emits each input row once (append-only): the input's columns, then one column a call.

    `keys`: PARTITION BY positions; `calls`: aggregates over input columns, ROW_NUMBER, LAG... The frame ends at the
    current row and begins `preceding` rows (`rows`) or microseconds before it, or at the first row (None).

    `time`: position of the ordering time attribute, rows then wait for the watermark and come out by (time, `seq` or
    arrival); rows at or before the watermark in force when they come are late. None: processing time, rows are taken as
    they come, no two at the same time. In event time a RANGE frame contains all rows of the current row's time (its
    peers); `lag_by_row`: LAG counts from the row itself still.
    """

    def __init__(self, name: str, schema: Schema, settings: Settings, *, keys: Sequence[int], time: int | None,
                 calls: Sequence[BoundCall], input_types: Sequence[DataType], rows: bool, preceding: int | None,
                 lag_by_row: bool = False, nodes: frozenset[str] = NO_NODES) -> None:
        super().__init__(name, schema, settings, nodes)
        self._keys, self._time, self._rows, self._preceding = tuple(keys), time, rows, preceding
        self._types = tuple(input_types)
        self._own = tuple(lag_by_row and c.spec.function == "LAG" for c in calls)
        self._ranks = tuple(i for i, c in enumerate(calls) if c.spec.function in _RANKS)
        calls = [_counted(c, len(input_types)) for c in calls]
        self._used = sorted({i for c in calls for i in (*c.args, *([] if c.filter is None else [c.filter]))})
        if preceding is not None:
            calls = [_framed(c, self._used) for c in calls]
        self._calls = AggregateCalls(calls)
        self._table = StateTable([input_types[i] for i in keys], self._calls.fields(), ttl=settings.ttl)
        self._calls.bind(self._table)
        self._marks = SlotMarks()
        self._frame: RowStore | None = None
        if preceding is not None:
            self._frame = self._table.attach("frame", RowStore([*(input_types[i] for i in self._used), _WORD],
                                                               identity=(),
                                                               order=None if rows else len(self._used)))
        self._buffer: RowStore | None = None
        self._held: Batch | None = None  # the last batch: what its watermark completes never enters the buffer
        if time is not None:
            self._buffer = self._table.attach("buffer", RowStore([*input_types, BIGINT], identity=(), order=time))

    @property
    def frame_columns(self) -> tuple[int, ...]:
        """The input's columns that the rows of a bounded frame keep."""
        return tuple(self._used)

    def states(self) -> Mapping[str, StateObject]:
        return {"keys": self._table, **self._calls.states()}

    def waits_for(self) -> int | None:
        return None if self._buffer is None else self._buffer.first()

    def keeps_for_ever(self) -> bool:
        return not self.settings.ttl and (self._rows or self._preceding is None)

    # ---- waiting for the watermark -----------------------------------------------------------------------------

    def open(self) -> None:
        self._calls.use(self.settings.context.resources)

    def process(self, batch: Batch, port: int) -> None:
        if self._time is None:
            now = np.full(batch.length, self.settings.context.now(), np.int64)
            self._compute(batch, now, self._slots(batch))
            return
        self._store_held()
        times = row_times(batch.columns[self._time])
        keep = times > (self.watermark if batch.stamps is None else batch.stamps)
        if not keep.all():
            self.counters.late += batch.length - int(keep.sum())
            batch = batch.take(keep)
        self._held = batch if batch.length else None

    def _slots(self, batch: Batch) -> Array:
        slots = self._table.slots([batch.columns[i] for i in self._keys], batch.length)
        if self.settings.ttl:
            self._table.access(slots, self.settings.context.now())
        return slots

    def _store_held(self) -> None:
        batch, self._held = self._held, None
        if batch is None or self._buffer is None:
            return
        known = batch.seq is not None
        seq = Column(BIGINT, batch.seq if batch.seq is not None else np.zeros(batch.length, np.int64),
                     None if known else np.zeros(batch.length, np.bool_))
        self._buffer.apply(self._slots(batch), [*batch.columns, seq])

    def _receive_barrier(self, barrier: Barrier) -> None:
        self._store_held()
        super()._receive_barrier(barrier)

    def advance(self, watermark: int) -> None:
        if self._time is None or self._buffer is None:
            return
        numbers = self._buffer.due(watermark)
        parts, held = [], self._held
        if len(numbers):
            parts.append(self._stored(numbers))
        if held is not None:
            due = held.columns[self._time].values <= watermark
            waiting = ~due
            self._held = held.take(waiting) if waiting.any() else None
            if due.any():
                parts.append(held.take(due) if self._held is not None else held)
        if parts:
            self._complete(concat(parts))
        if len(numbers):
            self._buffer.remove(numbers)
        self._expire(watermark)

    def _stored(self, numbers: Array) -> Batch:
        assert self._buffer is not None
        *columns, seq = self._buffer.take(numbers)
        known = seq.validity is None or bool(seq.validity.all())
        return Batch(tuple(columns), len(numbers), None, None, seq.values if known else None)

    def _complete(self, batch: Batch) -> None:
        """Put rows in order and compute."""
        assert self._time is not None
        times = batch.columns[self._time].values
        sorted_by_seq = batch.seq is None or bool((batch.seq[1:] >= batch.seq[:-1]).all())
        if not (sorted_by_seq and bool((times[1:] >= times[:-1]).all())):
            order = np.argsort(times, kind="stable") if batch.seq is None else np.lexsort((batch.seq, times))
            batch = batch.take(order)
            times = batch.columns[self._time].values
        self._compute(batch, times, self._slots(batch))

    # ---- results -----------------------------------------------------------------------------------------------

    def _compute(self, batch: Batch, times: Array, slots: Array) -> None:
        self._table.touch(slots)
        if self._frame is not None:
            columns = self._framed(batch, times, slots)
        else:
            touched = self._marks.touch(slots)
            first = first_peers(touched.position, len(touched.slots), times) if self._ranks else None
            columns = self._calls.running(slots, self._ranked(batch, first), None, touched)
            if first is not None and self._time is not None:
                columns = [c.take(first) if i in self._ranks else c for i, c in enumerate(columns)]
            if not self._rows and self._time is not None:
                peers = last_peers(touched.position, len(touched.slots), times)
                if peers is not None:
                    columns = [c if own else c.take(peers) for c, own in zip(columns, self._own, strict=True)]
        self.emit(Batch((*batch.columns, *columns), batch.length, None, None, batch.seq))

    def _ranked(self, batch: Batch, first: Array | None) -> Sequence[Column]:
        """The input's columns, where ranks are asked for with one more: whether the row is the first of its peers."""
        if first is None:
            return batch.columns
        alone = np.ones(batch.length, np.bool_) if self._time is None else first == np.arange(batch.length)
        return *batch.columns, Column(BOOLEAN, alone)

    def _framed(self, batch: Batch, times: Array, slots: Array) -> list[Column]:
        """A bounded frame: rows leaving it are retracted, in the order of Flink's own operators."""
        assert self._frame is not None
        assert self._preceding is not None
        counts = self._frame.counts(slots).astype(np.int64)
        heads = np.empty(batch.length, np.int64)
        chain_heads(self._frame.ctl, slots, heads)
        numbers, _ = self._frame.apply(slots, [*(batch.columns[i] for i in self._used), Column(_WORD, times)])
        touched = self._marks.touch(slots)
        n = batch.length
        room = int(counts[touched.first].sum()) + n
        rows, signs, owners = np.empty(n + room, np.int64), np.empty(n + room, np.int8), np.empty(n + room, np.int64)
        result, retired = np.empty(n, np.int64), np.empty(room, np.int64)
        state = np.stack([heads[touched.first], counts[touched.first]], axis=1)
        stored_times = self._frame.columns.values[len(self._used)]
        ends = frame_events(self._frame.ctl, stored_times, numbers, times, slots, touched.position, state, self._rows,
                            self._time is not None, self._preceding, rows, signs, owners, result, retired)
        events, gone = int(ends[0]), retired[:int(ends[1])]
        owners = owners[:events]
        arguments = self._frame.take(rows[:events])
        after = self._calls.running(owners, arguments, signs[:events], self._marks.touch(owners))
        columns = [c.take(result) for c in after]
        if len(gone):
            self._frame.remove(gone)
        return columns

    def _expire(self, watermark: int) -> None:
        """Rows that no later frame can contain leave now; keys without rows go."""
        if self._frame is None or self._rows or self._preceding is None or watermark == MAX_WATERMARK:
            return
        numbers = self._frame.due(watermark - self._preceding)
        if not len(numbers):
            return
        slots = self._frame.key[numbers].astype(np.int64)
        signs = np.full(len(numbers), -1, np.int8)
        self._calls.accumulate(slots, self._frame.take(numbers), signs)
        self._frame.remove(numbers)
        slots = np.unique(slots)
        self._table.touch(slots)
        empty = slots[self._frame.counts(slots) == 0]
        if self._buffer is not None:
            empty = empty[self._buffer.counts(empty) == 0]
        self._calls.forget(empty)
        self._table.release(empty)

    def tick(self, now: int) -> None:
        if self.settings.ttl:
            expired = self._table.expired(now)
            if len(expired):
                self._calls.forget(expired)
                self._table.release(expired)


def _counted(call: BoundCall, first_of_peers: int) -> BoundCall:
    """A rank as a number of rows, to be read at the first of a row's peers: of all rows, or (DENSE_RANK) of such first
    ones, which the column at `first_of_peers` tells."""
    if call.spec.function not in _RANKS:
        return call
    dense = call.spec.function == "DENSE_RANK"
    return BoundCall(replace(call.spec, function="ROW_NUMBER"), (), first_of_peers if dense else None)


def _framed(call: BoundCall, used: list[int]) -> BoundCall:
    """The call over the stored columns of a frame, retracting."""
    filter = None if call.filter is None else used.index(call.filter)
    return BoundCall(replace(call.spec, retract=True), tuple(used.index(a) for a in call.args), filter)
