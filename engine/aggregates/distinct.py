"""DISTINCT of any aggregate: values of each group with how often they came; the aggregate sees only the first and the
last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from engine.aggregates.base import Accumulator, AggregateSpec
from engine.aggregates.marks import SlotMarks, trace
from engine.changes import Array, Column, concat_columns
from engine.errors import InternalError
from engine.state.rowstore import RowStore
from engine.state.table import StateField, StateTable

if TYPE_CHECKING:
    from engine.aggregates.calls import AggregateCalls


class DistinctAccumulator(Accumulator):
    """Wraps the aggregate without DISTINCT."""

    def __init__(self, spec: AggregateSpec) -> None:
        from engine.aggregates.calls import BoundCall

        self._inner = BoundCall(replace(spec, distinct=False), tuple(range(len(spec.arguments))))
        self._calls: AggregateCalls | None = None
        self._rows = RowStore(spec.arguments)
        self._marks = SlotMarks()

    def _within(self, prefix: str) -> AggregateCalls:
        from engine.aggregates.calls import AggregateCalls

        if self._calls is None:
            self._calls = AggregateCalls([self._inner], prefix=f"{prefix}.d")
        return self._calls

    @property
    def calls(self) -> AggregateCalls:
        if self._calls is None:
            raise InternalError("a DISTINCT aggregate was used before it was bound")
        return self._calls

    def fields(self, prefix: str) -> list[StateField]:
        return self._within(prefix).fields()

    def bind(self, table: StateTable, prefix: str) -> None:
        self._within(prefix).bind(table)
        table.attach(prefix.replace(".", "_"), self._rows)

    def _moving(self, slots: Array, args: Sequence[Column], signs: Array | None) -> Array:
        """Count the values; where one came into its group or left it."""
        deltas = None if signs is None else signs.astype(np.int64)
        _, before = self._rows.apply(slots, args, deltas)
        if signs is None:
            return before == 0
        return ((before == 0) & (signs > 0)) | ((before == 1) & (signs < 0))

    def accumulate(self, slots: Array, args: Sequence[Column], signs: Array | None) -> None:
        rows = np.flatnonzero(self._moving(slots, args, signs))
        self.calls.accumulate(slots[rows], [a.take(rows) for a in args], None if signs is None else signs[rows])

    def running(self, slots: Array, args: Sequence[Column], signs: Array | None) -> Column:
        touched = self._marks.touch(slots)
        before = self.value(touched.slots)
        moving = self._moving(slots, args, signs)
        rows = np.flatnonzero(moving)
        part = slots[rows]
        chosen = [a.take(rows) for a in args]
        after = self.calls.running(part, chosen, None if signs is None else signs[rows], self._marks.touch(part))[0]
        places = np.empty((2, len(slots)), np.int64)
        trace(touched.position, len(touched.slots), moving, places[0], places[1])
        return concat_columns([after, before]).take(places[1])

    def merge(self, slots: Array, other: Accumulator, other_slots: Array) -> None:
        if not isinstance(other, DistinctAccumulator):
            raise InternalError("only the same aggregates merge")
        probe, numbers = other._rows.chains(other_slots)
        owners, args, weights = slots[probe], other._rows.take(numbers), other._rows.weight[numbers].astype(np.int64)
        _, before = self._rows.apply(owners, args, weights)  # a part may have lost a value that another part holds
        signs = (before + weights > 0).astype(np.int8) - (before > 0)
        rows = np.flatnonzero(signs)
        self.calls.accumulate(owners[rows], [a.take(rows) for a in args], signs[rows] if (signs < 0).any() else None)

    def value(self, slots: Array) -> Column:
        return self.calls.value(slots)[0]

    def reset(self, slots: Array) -> None:
        self._rows.drop(slots)
        self.calls.reset(slots)

    def forget(self, slots: Array) -> None:
        self.calls.forget(slots)
