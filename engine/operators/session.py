"""Aggregation on session windows: rows of a key that follow one another within a gap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from engine.aggregates.calls import AggregateCalls, BoundCall
from engine.aggregates.marks import SlotMarks
from engine.changes import MAX_WATERMARK, MIN_WATERMARK, Array, Batch, Column, concat_columns
from engine.expressions.nodes import NO_NODES
from engine.operators.base import Operator, Settings
from engine.operators.progress import Progress
from engine.operators.session_kernels import assign_sessions, link_sessions
from engine.operators.window import WindowOutput, row_times
from engine.operators.windows import MILLISECOND
from engine.state.protocol import StateObject
from engine.state.rowstore import RowStore
from engine.state.table import StateField, StateTable
from engine.state.timers import Heap
from engine.types import BIGINT, DataType, Schema

_WORD = BIGINT.as_nullable(False)
_SPAN, _STOP, _ID = range(3)


class SessionAggregate(Operator):
    """Emits a row for each session that ends: parameters and output as `WindowAggregate`; `gap` in microseconds.

    A session reaches from its first row to `gap` after its last one; a row that touches several joins them. A row is
    late where the session that it would make alone has fired and it touches none that has not.
    """

    def __init__(self, name: str, schema: Schema, settings: Settings, *, gap: int, time: int, keys: Sequence[int],
                 calls: Sequence[BoundCall], properties: Sequence[str], input_types: Sequence[DataType],
                 event_time: bool = True, retract: bool = False, zone: str | None = None,
                 nodes: frozenset[str] = NO_NODES) -> None:
        super().__init__(name, schema, settings, nodes)
        self._gap, self._time, self._keys = gap, time, tuple(keys)
        self._event_time, self._retract = event_time, retract
        self._output = WindowOutput(schema, properties, zone)
        self._calls = AggregateCalls(calls, records=retract)
        self._table = StateTable([input_types[i] for i in keys])
        self._sessions = self._table.attach("sessions", RowStore([_WORD] * 3, identity=(_ID,)))
        self._state = StateTable([*(input_types[i] for i in keys), _WORD],
                                 [*self._calls.fields(), StateField("seq", _WORD)], dealt_by=len(keys))
        self._calls.bind(self._state)
        self._seq = self._state.column("seq")
        self._scalars = Progress(next=0, rows=0, sequenced=False)
        self._marks = SlotMarks()
        self._heap = Heap()

    def states(self) -> Mapping[str, StateObject]:
        return {"keys": self._table, "sessions": self._state, "progress": self._scalars, **self._calls.states()}

    def open(self) -> None:
        self._calls.use(self.settings.context.resources)
        _, numbers = self._sessions.chains(self._table.live_slots())
        self._heap.push(self._sessions.columns.values[_STOP][numbers], numbers)

    # ---- rows in -----------------------------------------------------------------------------------------------

    def process(self, batch: Batch, port: int) -> None:
        if self._event_time:
            times = self._output.local(row_times(batch.columns[self._time]))
            stamps = np.full(batch.length, self.watermark) if batch.stamps is None else batch.stamps
            stamps = self._output.stamps(stamps)
        else:
            now = self.settings.context.now()
            self.tick(now)
            times = np.full(batch.length, self._output.watermark(now), np.int64)
            stamps = np.full(batch.length, MIN_WATERMARK, np.int64)
        keys = [batch.columns[i] for i in self._keys]
        slots = self._table.slots(keys, batch.length)
        touched = self._marks.touch(slots)
        probe, numbers = self._sessions.chains(touched.slots)
        known, n = len(numbers), batch.length
        spans = np.zeros((known + n, 4), np.int64)
        spans[:known, _SPAN], spans[:known, _STOP] = self._span_columns(numbers)
        heads, owner = np.empty(len(touched.slots), np.int64), np.empty(n, np.int64)
        link_sessions(probe, spans, heads)
        before = spans[:known, :2].copy()
        made, merges = np.empty(known + n, np.int64), np.empty((3, known + n), np.int64)
        count, merged = assign_sessions(touched.position, times, stamps, self._gap, heads, spans, known, owner, made,
                                        merges)
        states = self._state_slots(batch, touched.slots[probe], numbers, made[known:count])
        self._accumulate(batch, owner, states, merges[:, :merged])
        new = np.arange(known, count)
        self._store(slots[made[new]], spans, numbers, before, new)
        gone = merges[2, :merged]
        if merged:
            self._calls.forget(states[gone])
            self._state.release(states[gone])
        self._late(owner, touched.slots)

    def _span_columns(self, numbers: Array) -> tuple[Array, Array]:
        values = self._sessions.columns.values
        return values[_SPAN][numbers], values[_STOP][numbers]

    def _late(self, owner: Array, groups: Array) -> None:
        """Count late rows; keys that have only such rows go again."""
        late = owner < 0
        if late.any():
            self.counters.late += int(late.sum())
            empty = groups[self._sessions.counts(groups) == 0]
            if len(empty):
                self._table.release(empty)

    def _state_slots(self, batch: Batch, keys: Array, numbers: Array, made: Array) -> Array:
        """The slot of each session's accumulators: those there are, then new ones."""
        values = self._scalars.values
        first = values["next"]
        values["next"] = first + len(made)
        new = np.arange(first, first + len(made), dtype=np.int64)
        ids = np.concatenate([self._sessions.columns.values[_ID][numbers], new])
        columns = [batch.columns[i].take(made) for i in self._keys]
        if len(keys) and self._keys:
            pairs = zip(self._table.keys(keys), columns, strict=True)
            columns = [concat_columns([old.with_type(begun.type), begun]) for old, begun in pairs]
        slots = self._state.slots([*columns, Column(_WORD, ids)], len(ids))
        if len(made):
            values["sequenced"] = batch.seq is not None
            self._seq[slots[len(numbers):]] = values["rows"] + made if batch.seq is None else batch.seq[made]
        values["rows"] += batch.length
        self._state.touch(slots)
        return slots

    def _accumulate(self, batch: Batch, owner: Array, states: Array, merges: Array) -> None:
        """Rows and joins in order: what came before a join is taken in before it."""
        start = 0
        for row, target, source in merges.T.tolist():
            self._take_in(batch, owner, states, start, row)
            start = row
            into, gone = states[target:target + 1], states[source:source + 1]
            self._calls.merge(into, self._calls, gone)
            self._seq[into] = np.minimum(self._seq[into], self._seq[gone])
        self._take_in(batch, owner, states, start, batch.length)

    def _take_in(self, batch: Batch, owner: Array, states: Array, start: int, stop: int) -> None:
        rows = np.flatnonzero(owner[start:stop] >= 0) + start
        if not len(rows):
            return
        part = batch if len(rows) == batch.length else batch.take(rows)
        signs = None if not self._retract or batch.kinds is None else 1 - 2 * (batch.kinds[rows] & 1).astype(np.int8)
        self._calls.accumulate(states[owner[rows]], part.columns, signs)

    def _store(self, slots: Array, spans: Array, numbers: Array, before: Array, new: Array) -> None:
        """Write sessions back: gone, changed, new ones."""
        known = len(numbers)
        values = self._sessions.columns.values
        alive = spans[:known, 3] != 0
        moved = alive & (spans[:known, :2] != before).any(axis=1)
        changed = numbers[moved]
        values[_SPAN][changed], values[_STOP][changed] = spans[:known][moved, _SPAN], spans[:known][moved, _STOP]
        self._sessions.touch(changed)
        self._heap.push(values[_STOP][changed], changed)
        ids = self._scalars.values["next"] - len(new) + np.arange(len(new))
        kept = spans[new, 3] != 0
        columns = [Column(_WORD, np.ascontiguousarray(a[kept])) for a in (spans[new, _SPAN], spans[new, _STOP], ids)]
        made, _ = self._sessions.apply(slots[kept], columns)
        self._heap.push(values[_STOP][made], made)
        if not alive.all():
            self._sessions.remove(numbers[~alive])

    # ---- windows out -------------------------------------------------------------------------------------------

    def advance(self, watermark: int) -> None:
        if self._event_time:
            self._fire(self._output.watermark(watermark))

    def tick(self, now: int) -> None:
        if not self._event_time:
            self._fire(self._output.watermark(now))

    def _fire(self, watermark: int) -> None:
        times, numbers = self._heap.pop(min(watermark, MAX_WATERMARK - MILLISECOND) + MILLISECOND)
        live = (self._sessions.live[numbers] != 0) & (self._sessions.columns.values[_STOP][numbers] == times)
        numbers = np.unique(numbers[live])
        if not len(numbers):
            return
        starts, ends = self._span_columns(numbers)
        owners = self._table.keys(self._sessions.key[numbers].astype(np.int64)) if self._keys else []
        ids = Column(_WORD, self._sessions.columns.values[_ID][numbers])
        slots = self._state.lookup([*owners, ids], len(numbers))
        order = np.lexsort((self._seq[slots], ends))
        self._emit(numbers[order], slots[order], starts[order], ends[order])
        keys = np.unique(self._sessions.key[numbers].astype(np.int64))
        self._sessions.remove(numbers)
        self._calls.forget(slots)
        self._state.release(slots)
        empty = keys[self._sessions.counts(keys) == 0]
        if len(empty):
            self._table.release(empty)

    def _emit(self, numbers: Array, slots: Array, starts: Array, ends: Array) -> None:
        if self._retract:
            alive = self._calls.records(slots) != 0
            numbers, slots, starts, ends = numbers[alive], slots[alive], starts[alive], ends[alive]
        keys = self._table.keys(self._sessions.key[numbers].astype(np.int64)) if self._keys else []
        properties = self._output.columns(starts, ends, self.settings.context.now())
        columns = (*keys, *self._calls.value(slots), *properties)
        self.emit(Batch(columns, len(numbers), seq=self._seq[slots] if self._scalars.values["sequenced"] else None))
