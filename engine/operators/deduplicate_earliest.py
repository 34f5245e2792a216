"""Deduplication that keeps the first row of each key by event time: it is said once, when the watermark has passed it.

Nothing earlier can come then, so the result only ever grows (as in Flink from 2.1 on, with mini-batch off).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.changes import Array, Batch
from engine.expressions.nodes import NO_NODES
from engine.memory import kernel
from engine.operators.base import Settings
from engine.operators.pending import Pending
from engine.operators.rank import KeyedOperator
from engine.operators.window import row_times
from engine.state.rowstore import RowStore
from engine.state.table import StateField, StateTable
from engine.types import BIGINT, TINYINT, DataType, Schema

_WORD = BIGINT.as_nullable(False)
WAITING, SAID = 1, 2  # phases of a key; 0: nothing is known of it


class DeduplicateEarliest(KeyedOperator):
    """The first row of each key by the time at position `time` (equal times: as rows come), append-only: the input's
    columns.

    A row is late, and dropped, where the watermark in force is beyond its time. State expires from when a key's row was
    said.
    """

    def __init__(self, name: str, schema: Schema, settings: Settings, *, keys: Sequence[int], time: int,
                 input_types: Sequence[DataType], nodes: frozenset[str] = NO_NODES) -> None:
        super().__init__(name, schema, settings, nodes)
        self._keys, self._time = tuple(keys), time
        fields = [StateField("phase", TINYINT.as_nullable(False)), StateField("time", _WORD), StateField("seq", _WORD)]
        self._table = StateTable([input_types[i] for i in keys], fields, ttl=settings.ttl)
        self._rows = self._table.attach("rows", RowStore(input_types, identity=()))
        self._phase, self._due, self._seq = (self._table.column(f.name) for f in fields)
        self._pending = Pending()
        self._numbered = False

    def open(self) -> None:
        slots = self._table.live_slots()
        waiting = slots[self._phase[slots] == WAITING]
        self._numbered = bool((self._seq[waiting] >= 0).any())
        self._pending.add(self._due[waiting], waiting)

    def process(self, batch: Batch, port: int) -> None:
        times = row_times(batch.columns[self._time])
        slots = self._table.slots([batch.columns[i] for i in self._keys], batch.length)
        if self.settings.ttl:
            self._renew(slots)
        stamps = np.full(batch.length, self.watermark, np.int64) if batch.stamps is None else batch.stamps
        keep = np.zeros(batch.length, np.bool_)
        self.counters.late += find_earliest(slots, times, stamps, self._phase, self._due, keep)
        _forget_new(self._table, slots, self._phase)
        better = np.flatnonzero(keep)
        if not len(better):
            return
        _, last = np.unique(slots[better][::-1], return_index=True)
        rows = np.sort(better[len(better) - 1 - last])  # each key's best row, in the order of arrival
        self._keep(batch.take(rows), slots[rows], times[rows])

    def _keep(self, batch: Batch, slots: Array, times: Array) -> None:
        """These rows are the first ones known of their keys."""
        self._rows.drop(slots)
        self._rows.apply(slots, list(batch.columns))
        self._numbered = batch.seq is not None
        self._seq[slots] = -1 if batch.seq is None else batch.seq
        self._table.touch(slots)
        self._pending.add(times, slots)

    def _renew(self, slots: Array) -> None:
        """State TTL: keys said long ago begin anew; a row that waits does not expire."""
        stale = self._table.stale(slots, self.settings.context.now())
        if stale is not None:
            gone = slots[stale]
            self._phase[gone[self._phase[gone] == SAID]] = 0

    def tick(self, now: int) -> None:
        if self.settings.ttl:
            expired = self._table.expired(now)
            self._table.release(expired[self._phase[expired] != WAITING])

    def advance(self, watermark: int) -> None:
        times, slots = self._pending.pop(watermark)
        due = (self._phase[slots] == WAITING) & (self._due[slots] == times)  # others were replaced by earlier rows
        slots = slots[due]
        if not len(slots):
            return
        probe, numbers = self._rows.chains(slots)
        slots = slots[probe]
        order = np.lexsort((self._rows.seq[numbers], self._seq[slots], self._due[slots]))
        slots, numbers = slots[order], numbers[order]
        columns = tuple(self._rows.take(numbers))
        seq = self._seq[slots].copy() if self._numbered else None
        self._rows.drop(slots)
        self._phase[slots] = SAID
        self._table.touch(slots)
        if self.settings.ttl:
            self._table.access(slots, self.settings.context.now())
        self.emit(Batch(columns, len(slots), seq=seq))


def _forget_new(table: StateTable, slots: Array, phase: Array) -> None:
    """Release keys that only late rows have."""
    fresh = slots[table.fresh[:len(slots)].view(np.bool_)]
    unknown = fresh[phase[fresh] == 0]
    if len(unknown):
        table.release(unknown)


@kernel
def find_earliest(slots: Array, times: Array, stamps: Array, phase: Array, due: Array, keep: Array) -> int:
    """keep[i]: row i is the first known of its key when it comes; notes phases and times. Returns how many are late."""
    late = 0
    for i in range(len(slots)):
        slot, time = slots[i], times[i]
        if time < stamps[i]:
            late += 1
        elif phase[slot] == WAITING:
            if due[slot] > stamps[i] and time < due[slot]:
                due[slot] = time
                keep[i] = True
        elif phase[slot] == 0:
            phase[slot], due[slot] = WAITING, time
            keep[i] = True
    return late
