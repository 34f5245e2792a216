"""MIN, MAX, FIRST_VALUE and LAST_VALUE of strings and nested values, append-only: one kept value a group.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.aggregates.base import Accumulator, AggregateSpec
from engine.aggregates.marks import SlotMarks
from engine.changes import Array, Column, concat_columns
from engine.memory import inlined, kernel, view_compare
from engine.state.nested import encode_nested
from engine.state.table import StateField, StateTable

_FIRST, _LAST, _MIN, _MAX = range(4)
_MODES = {"MIN": _MIN, "MAX": _MAX, "FIRST_VALUE": _FIRST, "LAST_VALUE": _LAST}


class KeptValue(Accumulator):
    """A value of each group: the first, last, smallest or largest that is not NULL."""

    def __init__(self, spec: AggregateSpec) -> None:
        self._mode = _MODES[spec.function]
        self._type = spec.result
        self._marks = SlotMarks()

    def fields(self, prefix: str) -> list[StateField]:
        return [StateField(f"{prefix}.kept", self._type.as_nullable())]

    def bind(self, table: StateTable, prefix: str) -> None:
        self._table, self._name = table, f"{prefix}.kept"

    def accumulate(self, slots: Array, args: Sequence[Column], signs: Array | None) -> None:
        self._take(slots, args[0])

    def running(self, slots: Array, args: Sequence[Column], signs: Array | None) -> Column:
        column, places = self._take(slots, args[0])
        return column.take(places)

    def _take(self, slots: Array, values: Column) -> tuple[Column, Array]:
        """Candidates (the rows' values, then those kept before) and which of them stands after each row."""
        touched = self._marks.touch(slots)
        before = self._table.take(self._name, touched.slots)
        both = concat_columns([values.with_type(before.type), before])
        views = encode_nested(both)
        places, final = np.empty(len(slots), np.int64), np.empty(len(touched.slots), np.int64)
        follow_kept(views.values, both.valid(), touched.position, self._mode, places, final)
        moved = np.flatnonzero(final < len(slots))
        if len(moved):
            self._table.put(self._name, touched.slots[moved], both.take(final[moved]))
        return both.with_type(self._type), places

    def merge(self, slots: Array, other: Accumulator, other_slots: Array) -> None:
        self.accumulate(slots, [other.value(other_slots)], None)

    def value(self, slots: Array) -> Column:
        return self._table.take(self._name, slots).with_type(self._type)

    def reset(self, slots: Array) -> None:
        column = self._table.take(self._name, slots)
        self._table.put(self._name, slots, column.with_validity(np.zeros(len(slots), np.bool_)))


@inlined
def replaces(views: int, mode: int, new: int, old: int) -> bool:
    """Whether a later value takes the place of a kept one."""
    if mode == _FIRST or mode == _LAST:
        return mode == _LAST
    order = view_compare(views + 16 * new, views + 16 * old)
    return order < 0 if mode == _MIN else order > 0


@kernel
def follow_kept(views: Array, valid: Array, position: Array, mode: int, places: Array, final: Array) -> None:
    """places[i] = the candidate that stands after row i: a row, or rows + group (the value kept before)."""
    base, rows = views.ctypes.data, len(position)
    for g in range(len(final)):
        final[g] = rows + g
    for i in range(rows):
        g = position[i]
        if valid[i] and (not valid[final[g]] or replaces(base, mode, i, final[g])):
            final[g] = i
        places[i] = final[g]
