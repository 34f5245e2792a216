"""Values of each group in order of arrival, of which the first equal one can be taken out again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.aggregates.base import Accumulator, AggregateSpec
from engine.changes import Array, Column
from engine.errors import InternalError, RuntimeFault
from engine.memory import kernel, load_i32, load_u8
from engine.state.layout import VALIDITY, frame_of
from engine.state.nested import encode_nested
from engine.state.rows import row_equal
from engine.state.rowstore import RowStore
from engine.state.rowstore_kernels import CHAINS, HEAD, LINKS, NEXT, PREVIOUS, TAIL
from engine.state.table import StateTable


class Arrivals:
    """A list of rows for each slot of a table."""

    def __init__(self, spec: AggregateSpec) -> None:
        self.rows = RowStore(spec.arguments, identity=())
        self._every = np.arange(len(spec.arguments), dtype=np.int64)

    def apply(self, slots: Array, columns: Sequence[Column], signs: Array | None) -> None:
        """Append rows; at sign -1 take the oldest equal one out instead (none: nothing happens)."""
        if signs is None or (signs > 0).all():
            self.rows.apply(slots, columns)
            return
        added, taken = np.flatnonzero(signs > 0), np.flatnonzero(signs < 0)
        if len(added):
            self.rows.apply(slots[added], [c.take(added) for c in columns])
        columns = [encode_nested(c.take(taken)) for c in columns]
        frame = frame_of(self.rows.columns.codes, columns, len(taken))
        numbers = np.empty(len(taken), np.int64)
        chosen = np.zeros(self.rows.high, np.uint8)
        find_oldest(self.rows.ctl, self.rows.columns.desc, frame.desc, self._every, slots[taken], chosen, numbers)
        self.rows.remove(numbers[numbers >= 0])

    def edge(self, slots: Array, last: bool) -> Array:
        """The first or last row of each slot whose first column is not NULL (int64, -1: none)."""
        out = np.empty(len(slots), np.int64)
        find_edge(self.rows.ctl, self.rows.columns.desc, slots, last, out)
        return out


class EdgeAccumulator(Accumulator):
    """FIRST_VALUE and LAST_VALUE under retraction."""

    def __init__(self, spec: AggregateSpec) -> None:
        self._last = spec.function == "LAST_VALUE"
        self._type = spec.result
        self._arrivals = Arrivals(spec)

    def bind(self, table: StateTable, prefix: str) -> None:
        table.attach(prefix.replace(".", "_"), self._arrivals.rows)

    def accumulate(self, slots: Array, args: Sequence[Column], signs: Array | None) -> None:
        self._arrivals.apply(slots, args, signs)

    def merge(self, slots: Array, other: Accumulator, other_slots: Array) -> None:
        if not isinstance(other, EdgeAccumulator):
            raise InternalError("only the same aggregates merge")
        probe, numbers = other._arrivals.rows.chains(other_slots)
        self.accumulate(slots[probe], other._arrivals.rows.take(numbers), None)

    def value(self, slots: Array) -> Column:
        numbers = self._arrivals.edge(slots, self._last)
        column = self._arrivals.rows.take(np.maximum(numbers, 0), (0,))[0].with_type(self._type)
        return column.with_validity(numbers >= 0)

    def reset(self, slots: Array) -> None:
        self._arrivals.rows.drop(slots)


class SingleValue(EdgeAccumulator):
    """SINGLE_VALUE: the only row of a scalar subquery; more than one is the user's error."""

    def accumulate(self, slots: Array, args: Sequence[Column], signs: Array | None) -> None:
        super().accumulate(slots, args, signs)
        if (self._arrivals.rows.counts(slots) > 1).any():
            raise RuntimeFault("a scalar subquery gave more than one row", code="more_than_one_row",
                               hint="aggregate in it, or LIMIT it to one row")


@kernel
def find_oldest(ctl: Array, store: Array, batch: Array, every: Array, slots: Array, chosen: Array, out: Array) -> None:
    """out[i] = the oldest row under slots[i] that equals batch row i and is not chosen yet; -1: none."""
    for i in range(len(slots)):
        row = np.int64(load_i32(ctl[CHAINS] + 16 * slots[i] + HEAD)) - 1
        while row >= 0 and (chosen[row] != 0 or not row_equal(store, row, batch, i, every)):
            row = np.int64(load_i32(ctl[LINKS] + 16 * row + NEXT)) - 1
        out[i] = row
        if row >= 0:
            chosen[row] = 1


@kernel
def find_edge(ctl: Array, store: Array, slots: Array, last: bool, out: Array) -> None:
    """out[i] = the first (last) row under a slot whose first column is present."""
    valid = store[0, VALIDITY]
    end, step = (TAIL, PREVIOUS) if last else (HEAD, NEXT)
    for i in range(len(slots)):
        row = np.int64(load_i32(ctl[CHAINS] + 16 * slots[i] + end)) - 1
        while row >= 0 and valid != 0 and load_u8(valid + row) == 0:
            row = np.int64(load_i32(ctl[LINKS] + 16 * row + step)) - 1
        out[i] = row
