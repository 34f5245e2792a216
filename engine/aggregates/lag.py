"""LAG(value, n, default) in OVER: the value n rows before, of the same key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from engine.aggregates.base import Accumulator, AggregateSpec
from engine.aggregates.marks import SlotMarks, occurrences
from engine.aggregates.texts import strings_of
from engine.changes import Array, Column, concat_columns, empty_values, null_column
from engine.errors import InternalError, NotSupported
from engine.state.rowstore import RowStore
from engine.state.table import StateTable
from engine.types import DataType


@dataclass(frozen=True)
class Shift:
    """What the constant arguments of LAG and LEAD say: how many rows away, and what is there beyond the partition."""

    type: DataType
    distance: int
    beyond: object

    @classmethod
    def of(cls, spec: AggregateSpec) -> Shift:
        """NotSupported for IGNORE NULLS."""
        if "IGNORE NULLS" in spec.options:
            raise NotSupported(f"IGNORE NULLS of {spec.function}")
        distance, beyond = (*spec.options, *(1, None)[len(spec.options):])[:2]
        return cls(spec.result, int(str(distance)), beyond)

    def default(self, length: int) -> Column:
        return null_column(self.type, length) if self.beyond is None else constant(self.type, self.beyond, length)


class LagAccumulator(Accumulator):
    """Keeps the last n values of each key. Only `running`: OVER asks for the result after each row."""

    def __init__(self, spec: AggregateSpec) -> None:
        self._type = spec.result
        self._shift = Shift.of(spec)
        self._rows = RowStore(spec.arguments[:1], identity=())
        self._marks = SlotMarks()

    def bind(self, table: StateTable, prefix: str) -> None:
        table.attach(prefix.replace(".", "_"), self._rows)

    def running(self, slots: Array, args: Sequence[Column], signs: Array | None) -> Column:
        distance, default = self._shift.distance, self._defaults(args, len(slots))
        if len(args) > 1 and len(slots):
            distance = int(args[1].values[0])
        touched = self._marks.touch(slots)
        stored = self._rows.counts(touched.slots).astype(np.int64)
        order = np.empty(len(slots), np.int64)
        occurrences(touched.position, len(touched.slots), order)
        self._rows.apply(slots, args[:1])
        probe, numbers = self._rows.chains(touched.slots)
        begins = np.searchsorted(probe, np.arange(len(touched.slots) + 1))
        place = stored[touched.position] + order - distance
        there = place >= 0
        chosen = numbers[np.where(there, begins[touched.position] + place, 0)]
        before = self._rows.take(chosen)[0].with_type(self._type)
        result = concat_columns([before, default]).take(np.where(there, 0, len(slots)) + np.arange(len(slots)))
        self._rows.remove(numbers[np.arange(len(numbers)) < begins[1:][probe] - distance])
        return result

    def _defaults(self, args: Sequence[Column], length: int) -> Column:
        if len(args) > 2:
            return args[2].with_type(self._type)
        return self._shift.default(length)

    def accumulate(self, slots: Array, args: Sequence[Column], signs: Array | None) -> None:
        if signs is not None and (signs < 0).any():
            raise InternalError("LAG takes no retractions")
        self.running(slots, args, signs)

    def merge(self, slots: Array, other: Accumulator, other_slots: Array) -> None:
        raise InternalError("LAG is of one stream of rows: it cannot be merged")

    def value(self, slots: Array) -> Column:
        return null_column(self._type, len(slots))

    def reset(self, slots: Array) -> None:
        self._rows.drop(slots)


def constant(type: Any, value: object, length: int) -> Column:
    """A literal's value in every row."""
    if type.has_views:
        one = strings_of([str(value)], type)
        return one.take(np.zeros(length, np.int64))
    values = empty_values(type, length)
    if type.is_decimal:
        whole = int(Decimal(str(value)).scaleb(type.scale))
        if type.is_wide_decimal:
            values[:, 0] = np.uint64(whole & (2**64 - 1)).view(np.int64)
            values[:, 1] = whole >> 64
            return Column(type, values)
        value = whole
    values[:] = value
    return Column(type, values)
