"""MIN and MAX under retraction: the values of each group in order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.aggregates.base import Accumulator, AggregateSpec
from engine.aggregates.marks import trace
from engine.changes import Array, Column, concat_columns
from engine.errors import InternalError
from engine.state.sorted import OrderedMultiset
from engine.state.table import StateTable

_NONE = np.empty(0, np.bool_)


class ExtremeAccumulator(Accumulator):
    """The smallest or largest value of each group, O(log n) of its distinct values a row."""

    def __init__(self, spec: AggregateSpec) -> None:
        self._last = spec.function == "MAX"
        self._type = spec.result
        self._values = OrderedMultiset(spec.arguments[0].as_nullable(False))

    def bind(self, table: StateTable, prefix: str) -> None:
        table.attach(prefix.replace(".", "_"), self._values)

    def accumulate(self, slots: Array, args: Sequence[Column], signs: Array | None) -> None:
        slots, (values,), signs = present(slots, args, signs)
        self._values.apply(slots, values, _deltas(slots, signs))

    def running(self, slots: Array, args: Sequence[Column], signs: Array | None) -> Column:
        valid = args[0].validity
        if valid is None or valid.all():
            self.accumulate(slots, args, signs)
            return self._typed(self._values.after(last=self._last))
        groups, position = np.unique(slots, return_inverse=True)
        before = self.value(groups)
        self.accumulate(slots, args, signs)
        places = np.empty((2, len(slots)), np.int64)
        trace(position.astype(np.int64), len(groups), valid, places[0], places[1])
        return concat_columns([self._typed(self._values.after(last=self._last)), before]).take(places[1])

    def merge(self, slots: Array, other: Accumulator, other_slots: Array) -> None:
        if not isinstance(other, ExtremeAccumulator):
            raise InternalError("only the same aggregates merge")
        probe, values, counts = other._values.entries(other_slots)
        self._values.apply(slots[probe], values, counts)

    def value(self, slots: Array) -> Column:
        return self._typed(self._values.last(slots) if self._last else self._values.first(slots))

    def reset(self, slots: Array) -> None:
        self._values.drop(slots)

    def _typed(self, column: Column) -> Column:
        return column.with_type(self._type)


def present(slots: Array, args: Sequence[Column], signs: Array | None) -> tuple[Array, list[Column], Array | None]:
    """The rows whose first argument is not NULL."""
    valid = args[0].validity
    if valid is None or valid.all():
        return slots, list(args), signs
    rows = np.flatnonzero(valid)
    return slots[rows], [a.take(rows) for a in args], None if signs is None else signs[rows]


def _deltas(slots: Array, signs: Array | None) -> Array:
    return np.ones(len(slots), np.int64) if signs is None else signs.astype(np.int64)
