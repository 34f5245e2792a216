"""Window aggregation on TUMBLE, HOP and CUMULATE windows, and on windows that the input already carries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from engine.aggregates.calls import AggregateCalls, BoundCall
from engine.changes import MAX_WATERMARK, MIN_WATERMARK, Array, Batch, Column
from engine.errors import RuntimeFault
from engine.expressions.nodes import NO_NODES
from engine.operators.base import Operator, Settings
from engine.operators.local_time import LocalTime
from engine.operators.pending import Pending
from engine.operators.progress import Progress
from engine.operators.windows import MILLISECOND, Windows
from engine.state.protocol import StateObject
from engine.state.table import StateField, StateTable
from engine.types import BIGINT, DataType, Schema

START, END, ROWTIME, PROCTIME = "window_start", "window_end", "window_time", "proctime"
_TIME = BIGINT.as_nullable(False)


class WindowOutput:
    """What all window operators emit: key columns, results, then window properties."""

    def __init__(self, schema: Schema, properties: Sequence[str], zone: str | None) -> None:
        self._types = schema.types[len(schema) - len(properties):]
        self._properties = tuple(properties)
        self._local = None if zone is None else LocalTime(zone)

    def columns(self, starts: Array, ends: Array, now: int) -> list[Column]:
        """The property columns of rows whose windows are these (in local time where there is a zone)."""
        last = ends - MILLISECOND if self._local is None else self._local.moments(ends) - MILLISECOND
        values = {START: starts, END: ends, ROWTIME: last, PROCTIME: np.full(len(ends), now, np.int64)}
        return [Column(t, values[p]) for p, t in zip(self._properties, self._types, strict=True)]

    def local(self, times: Array) -> Array:
        """Row times as windows see them."""
        return times if self._local is None else self._local.local(times)

    def watermark(self, time: int) -> int:
        """A watermark as windows see it."""
        if self._local is None or time in (MIN_WATERMARK, MAX_WATERMARK):
            return time
        return int(self._local.local(np.array([time]))[0])

    def stamps(self, stamps: Array) -> Array:
        """`watermark` for each row."""
        if self._local is None:
            return stamps
        known = (stamps != MIN_WATERMARK) & (stamps != MAX_WATERMARK)
        return np.where(known, self._local.local(np.where(known, stamps, 0)), stamps)


def row_times(column: Column) -> Array:
    """The values of a time attribute, none of which may be NULL."""
    if column.validity is not None and not column.validity.all():
        raise RuntimeFault("a row's time attribute is NULL", code="null_time",
                           hint="filter such rows before the window, or give the time a default")
    return column.values


class WindowAggregate(Operator):
    """Emits, for each window that ends, a row a key: key columns, results of the calls, window properties (append-only,
    by window end, then by first arrival of the key).

    `windows`: which windows; `time`: position of the time attribute. Instead of both, `attached`: positions of
    window_start and window_end, where the input's rows carry their window. `keys`, `calls`, `input_types`, `retract` as
    for `GroupAggregate`. `properties`: any of "window_start", "window_end", "window_time", "proctime", in the order of
    the schema. `event_time`: windows fire on the watermark, rows are late by `batch.stamps`; else rows belong to the
    window of the processing time at which they come, which fires on `tick`. `zone`: windows are aligned to this zone's
    local time, and window_start, window_end are local times (input time TIMESTAMP_LTZ); None for TIMESTAMP.

    A row counts in those of its windows that had not fired when it came, and is late where all had.
    """

    def __init__(self, name: str, schema: Schema, settings: Settings, *, windows: Windows | None, time: int = -1,
                 keys: Sequence[int], calls: Sequence[BoundCall], properties: Sequence[str],
                 input_types: Sequence[DataType], attached: tuple[int, int] | None = None, event_time: bool = True,
                 retract: bool = False, zone: str | None = None, nodes: frozenset[str] = NO_NODES) -> None:
        super().__init__(name, schema, settings, nodes)
        self._windows, self._time, self._attached = windows, time, attached
        self._keys, self._event_time, self._retract = tuple(keys), event_time, retract
        self._output = WindowOutput(schema, properties, zone)
        self._calls = AggregateCalls(calls, records=retract)
        key_types = [input_types[i] for i in keys] + [_TIME] * (1 if attached is None else 2)
        self._table = StateTable(key_types, [*self._calls.fields(), StateField("seq", _TIME)], dealt_by=len(keys))
        self._calls.bind(self._table)
        self._seq = self._table.column("seq")
        self._scalars = Progress(fired=MIN_WATERMARK, rows=0, sequenced=False)
        self._pending = Pending()  # the slots of windows that are one slice
        self._panes: dict[int, list[Array]] = {}  # else the slots of each slice, in order of arrival
        self._merged: StateTable | None = None
        if windows is not None and windows.shared:
            self._merged = StateTable(key_types, self._calls.fields())
            self._merger = AggregateCalls(calls, records=retract)
            self._merger.bind(self._merged)

    def states(self) -> Mapping[str, StateObject]:
        return {"panes": self._table, "progress": self._scalars, **self._calls.states()}

    def waits_for(self) -> int | None:
        if not self._event_time:
            return None
        fired = self._scalars.values["fired"]
        if self._merged is None or self._windows is None:
            end = self._pending.first
        else:
            ends = (w for pane in self._panes for w in self._windows.window_ends(pane) if w - MILLISECOND > fired)
            end = min(ends, default=None)
        return None if end is None else end - MILLISECOND

    def open(self) -> None:
        self._calls.use(self.settings.context.resources)
        slots = self._table.live_slots()
        slots = slots[np.argsort(self._seq[slots], kind="stable")]
        self._remember(slots, self._table.keys(slots)[len(self._keys)].values)

    def _remember(self, slots: Array, ends: Array) -> None:
        """Note the slots of new (key, slice) pairs."""
        if self._merged is None:
            self._pending.add(ends, slots)
            return
        order = np.argsort(ends, kind="stable")
        slices, first = np.unique(ends[order], return_index=True)
        for end, part in zip(slices.tolist(), np.split(slots[order], first[1:]), strict=False):
            self._panes.setdefault(end, []).append(part)

    # ---- rows in -----------------------------------------------------------------------------------------------

    def process(self, batch: Batch, port: int) -> None:
        fired = self._scalars.values["fired"]
        if self._event_time:
            stamps = batch.stamps
            if stamps is None:
                stamps = np.full(batch.length, self.watermark, np.int64)
            stamps = self._output.stamps(stamps)
        else:
            now = self.settings.context.now()
            self.tick(now)
            stamps = np.full(batch.length, MIN_WATERMARK, np.int64)
        ends = self._slices(batch)
        last = ends if self._windows is None else self._windows.last_end(ends)
        keep = last - MILLISECOND > stamps
        if not keep.all():
            self.counters.late += batch.length - int(keep.sum())
            batch, ends, stamps = batch.take(keep), ends[keep], stamps[keep]
        if self._merged is None or batch.length == 0:
            self._take_in(batch, ends)
            return
        self._take_in_order(batch, ends, stamps, fired)

    def _slices(self, batch: Batch) -> Array:
        if self._attached is not None:
            return row_times(batch.columns[self._attached[1]])
        assert self._windows is not None
        if not self._event_time:
            now = np.full(batch.length, self.settings.context.now(), np.int64)
            return self._windows.slice_end(self._output.local(now))
        return self._windows.slice_end(self._output.local(row_times(batch.columns[self._time])))

    def _take_in_order(self, batch: Batch, ends: Array, stamps: Array, fired: int) -> None:
        """Where a row's slice is in a window that fired between two rows of this batch, fire it between them."""
        assert self._windows is not None
        before = self._windows.fired_end(ends, stamps)
        start = 0
        while True:
            crossing = (before[start:] >= ends[start:]) & (before[start:] - MILLISECOND > fired)
            row = int(crossing.argmax())
            if not crossing[row]:
                self._take_in(batch.slice(start, batch.length) if start else batch, ends[start:])
                return
            self._take_in(batch.slice(start, start + row), ends[start:start + row])
            start += row
            self._fire(int(stamps[start]))
            fired = self._scalars.values["fired"]

    def _take_in(self, batch: Batch, ends: Array) -> None:
        if batch.length == 0:
            return
        columns = [batch.columns[i] for i in self._keys] + [Column(_TIME, ends)]
        if self._attached is not None:
            columns.append(Column(_TIME, row_times(batch.columns[self._attached[0]])))
        slots = self._table.slots(columns, batch.length)
        fresh = np.flatnonzero(self._table.fresh[:batch.length])
        values = self._scalars.values
        if len(fresh):
            new = slots[fresh]
            values["sequenced"] = batch.seq is not None
            self._seq[new] = values["rows"] + fresh if batch.seq is None else batch.seq[fresh]
            self._remember(new, ends[fresh])
        values["rows"] += batch.length
        signs = None if not self._retract or batch.kinds is None else 1 - 2 * (batch.kinds & 1).astype(np.int8)
        self._calls.accumulate(slots, batch.columns, signs)
        self._table.touch(slots)

    # ---- windows out -------------------------------------------------------------------------------------------

    def advance(self, watermark: int) -> None:
        if self._event_time:
            self._fire(self._output.watermark(watermark))

    def tick(self, now: int) -> None:
        if not self._event_time:
            self._fire(self._output.watermark(now))

    def _fire(self, watermark: int) -> None:
        """Emit the windows that end by a watermark."""
        fired = self._scalars.values["fired"]
        if watermark <= fired:
            return
        self._scalars.values["fired"] = watermark
        limit = watermark if watermark == MAX_WATERMARK else watermark + MILLISECOND
        if self._merged is None:
            ends, slots = self._pending.pop(limit)
            if len(slots):
                self._fire_slices(ends, slots)
            return
        assert self._windows is not None
        due = sorted({w for end in self._panes for w in self._windows.window_ends(end)
                      if fired < w - MILLISECOND and w <= limit})
        if due:
            self._fire_merged(due)
        self._drop([end for end in self._panes if self._windows.window_ends(end)[-1] <= limit])

    def _fire_slices(self, ends: Array, slots: Array) -> None:
        """Each slice is a window: emit it, forget it."""
        order = np.lexsort((self._seq[slots], ends))
        slots, ends = slots[order], ends[order]
        keys = self._table.keys(slots)
        starts = keys[-1].values if self._attached is not None else self._starts(ends)
        self._emit(keys[:len(self._keys)], self._calls, slots, starts, ends, self._seq[slots])
        self._forget(slots)

    def _starts(self, ends: Array) -> Array:
        assert self._windows is not None
        return self._windows.start(ends)

    def _fire_merged(self, due: list[int]) -> None:
        """Merge the slices of each window, key by key."""
        assert self._merged is not None
        assert self._windows is not None
        parts, sizes = [], []
        for window in due:
            found = [s for end in self._windows.slices(window) for s in self._panes.get(end, ())]
            parts += found
            sizes.append(sum(map(len, found)))
        slots = np.concatenate(parts)
        ends = np.repeat(np.array(due, np.int64), sizes)
        keys = self._table.keys(slots)
        targets = self._merged.slots([*keys[:len(self._keys)], Column(_TIME, ends)], len(slots))
        first = np.flatnonzero(self._merged.fresh[:len(slots)])
        self._merger.merge(targets, self._calls, slots)
        merged = targets[first]
        seq = np.full(self._merged.index.high, MAX_WATERMARK, np.int64)
        np.minimum.at(seq, targets, self._seq[slots])
        order = np.lexsort((seq[merged], ends[first]))
        first, merged = first[order], merged[order]
        chosen = [k.take(first) for k in keys[:len(self._keys)]]
        self._emit(chosen, self._merger, merged, self._windows.start(ends[first]), ends[first], seq[merged])
        self._merger.forget(merged)
        self._merged.release(merged)

    def _emit(self, keys: list[Column], calls: AggregateCalls, slots: Array, starts: Array, ends: Array,
              seq: Array) -> None:
        if self._retract:
            alive = calls.records(slots) != 0  # as in Flink, a window that lost more rows than it had is shown
            if not alive.all():
                keys = [c.take(alive) for c in keys]
                slots, starts, ends, seq = slots[alive], starts[alive], ends[alive], seq[alive]
        now = self.settings.context.now()
        columns = keys + calls.value(slots) + self._output.columns(starts, ends, now)
        self.emit(Batch(tuple(columns), len(slots), seq=seq if self._scalars.values["sequenced"] else None))

    def _drop(self, panes: list[int]) -> None:
        gone = [s for end in panes for s in self._panes.pop(end)]
        if gone:
            self._forget(np.concatenate(gone))

    def _forget(self, slots: Array) -> None:
        self._calls.forget(slots)
        self._table.release(slots)
