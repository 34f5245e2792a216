"""Group aggregation: `SELECT keys, calls FROM input GROUP BY keys`, over streams of any changelog."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from engine.aggregates.calls import AggregateCalls, BoundCall, Changes
from engine.aggregates.marks import SlotMarks, Touched
from engine.changes import MAX_WATERMARK, Array, Batch, Column
from engine.expressions.nodes import NO_NODES
from engine.operators.base import Operator, Settings
from engine.operators.group_kernels import check_records, plan_appended, plan_changes
from engine.state.protocol import StateObject
from engine.state.table import StateTable
from engine.types import DataType, Schema

_EMPTY = np.empty(0, np.int64)


class GroupAggregate(Operator):
    """Emits, for each group that changes, its key columns and the results of its calls (in this order).

    `keys`: positions of the grouping columns (none: one global group, which has no row until the first input row;
    `always_one`: where it has none when the input ends, it gets that of no rows); `calls`: the aggregate calls over
    input columns; `input_types`: the types of the input's columns. `retract`: the input may hold -U and -D (a group is
    deleted when its last row goes). `update_before`: emit -U before each +U. Rows whose results did not change are not
    emitted, unless state expires. With `settings.every_change` each input row makes its own change, else each group one
    a batch, in order of first touch.
    """

    def __init__(self, name: str, schema: Schema, settings: Settings, *, keys: Sequence[int],
                 calls: Sequence[BoundCall],
                 input_types: Sequence[DataType], retract: bool = False, update_before: bool = True,
                 always_one: bool = False, nodes: frozenset[str] = NO_NODES) -> None:
        super().__init__(name, schema, settings, nodes)
        self._keys = tuple(keys)
        self._retract = retract
        self._always_one = always_one
        self._update_before = update_before
        self._calls = AggregateCalls(calls, records=retract)
        self._table = StateTable([input_types[i] for i in keys], self._calls.fields(), ttl=settings.ttl)
        self._calls.bind(self._table)
        self._marks = SlotMarks()
        self._always = settings.ttl > 0

    def states(self) -> Mapping[str, StateObject]:
        return {"groups": self._table, **self._calls.states()}

    def keeps_for_ever(self) -> bool:
        return not self.settings.ttl

    def open(self) -> None:
        self._calls.use(self.settings.context.resources)

    def process(self, batch: Batch, port: int) -> None:
        keys = [batch.columns[i] for i in self._keys]
        slots = self._table.slots(keys, batch.length)
        fresh = self._table.fresh[:batch.length]
        if self.settings.ttl:
            fresh = self._renew(slots, fresh)
        touched = self._marks.touch(slots, self._table.dirty.ctl)
        if self._retract:
            self._process_retracting(batch, slots, touched)
            return
        changes = self._change(batch, slots, touched, None)
        rows = touched.first if not self.settings.every_change else None
        flags = changes.changed() if not self._always else np.ones(changes.count, np.uint8)
        plan = np.empty((2, 2 * changes.count), np.int64)
        kinds = np.empty(2 * changes.count, np.uint8)
        count = plan_appended(changes.count, _EMPTY if rows is None else rows, fresh, flags, self._update_before, plan,
                              kinds)
        self._emit(keys, changes, plan[:, :count], kinds[:count])

    def _renew(self, slots: Array, fresh: Array) -> Array:
        """State TTL: groups that have expired begin anew."""
        now = self.settings.context.now()
        stale = self._table.stale(slots, now)
        if stale is not None:
            gone, first = np.unique(slots[stale], return_index=True)
            self._calls.reset(gone)
            fresh = fresh.copy()
            fresh[np.flatnonzero(stale)[first]] = 1
        self._table.access(slots, now)
        return fresh

    def _change(self, batch: Batch, slots: Array, touched: Touched, signs: Array | None) -> Changes:
        change = self._calls.change_rows if self.settings.every_change else self._calls.change_groups
        return change(touched, slots, batch.columns, signs)

    def _process_retracting(self, batch: Batch, slots: Array, touched: Touched) -> None:
        kinds = np.zeros(batch.length, np.uint8) if batch.kinds is None else batch.kinds
        keep = np.empty(batch.length, np.bool_)
        if check_records(self._calls.program, touched.slots, touched.position, kinds, keep):
            kept = np.flatnonzero(keep)  # retractions from empty groups say nothing, as in Flink
            self._forget_empty(touched.slots[self._calls.records(touched.slots) == 0], slots[kept])
            if not len(kept):
                return
            batch, slots, kinds = batch.take(kept), slots[kept], kinds[kept]
            touched = self._marks.touch(slots, self._table.dirty.ctl)
        signs = 1 - 2 * (kinds & 1).astype(np.int8)
        changes = self._change(batch, slots, touched, signs)
        flags = changes.changed() if not self._always else np.ones(changes.count, np.uint8)
        rows = _EMPTY if self.settings.every_change else touched.first
        plan = np.empty((2, 2 * changes.count), np.int64)
        out = np.empty(2 * changes.count, np.uint8)
        count = plan_changes(changes.records(), rows, flags, self._update_before, plan, out)
        keys = [batch.columns[i] for i in self._keys]
        self._emit(keys, changes, plan[:, :count], out[:count])
        self._release(touched.slots)

    def _forget_empty(self, empty: Array, kept: Array) -> None:
        """Release groups that a refused retraction has just made."""
        self._table.release(np.setdiff1d(empty, kept))

    def _release(self, slots: Array) -> None:
        empty = slots[self._calls.records(slots) == 0]
        if len(empty):
            self._calls.forget(empty)
            self._table.release(empty)

    def _emit(self, keys: list[Column], changes: Changes, plan: Array, kinds: Array) -> None:
        if not len(kinds):
            return
        columns = [key.take(plan[0]) for key in keys] + changes.take(plan[1])
        self.emit(Batch(tuple(columns), len(kinds), kinds))

    def advance(self, watermark: int) -> None:
        if self._always_one and watermark == MAX_WATERMARK:
            slots = self._table.slots([], 1)
            if self._table.fresh[0]:  # the group stays: after a restart the row has been said
                self.emit(Batch(tuple(self._calls.value(slots)), 1))

    def tick(self, now: int) -> None:
        if self.settings.ttl:
            expired = self._table.expired(now)
            if len(expired):
                self._calls.forget(expired)
                self._table.release(expired)
