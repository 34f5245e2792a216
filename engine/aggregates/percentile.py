"""PERCENTILE: exact, between the two nearest values where none lies at the wanted place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.aggregates.base import Accumulator, AggregateSpec
from engine.changes import Array, Column
from engine.errors import InternalError, RuntimeFault
from engine.state.sorted import OrderedMultiset
from engine.state.table import StateField, StateTable
from engine.types import DOUBLE, DataType, Kind

_NUMBER = DOUBLE.as_nullable(False)


class PercentileAccumulator(Accumulator):
    """Arguments: value, share or array of shares (0 to 1; the last one given counts), how often the value counts.

    The values of each group in order. Rows whose value, share or frequency is NULL, or whose frequency is not positive,
    do not count.
    """

    def __init__(self, spec: AggregateSpec) -> None:
        self._type = spec.result
        self._shares: DataType = spec.arguments[1].as_nullable()
        self._values = OrderedMultiset(_NUMBER)

    def fields(self, prefix: str) -> list[StateField]:
        return [StateField(f"{prefix}.shares", self._shares)]

    def bind(self, table: StateTable, prefix: str) -> None:
        self._table, self._name = table, f"{prefix}.shares"
        table.attach(prefix.replace(".", "_"), self._values)

    def accumulate(self, slots: Array, args: Sequence[Column], signs: Array | None) -> None:
        counted = np.logical_and.reduce([a.valid() for a in args])
        if len(args) == 3:
            counted &= args[2].values > 0
        rows = np.flatnonzero(counted)
        if not len(rows):
            return
        slots = slots[rows]
        deltas = np.ones(len(rows), np.int64) if len(args) < 3 else args[2].values[rows].astype(np.int64)
        if signs is not None:
            deltas *= signs[rows]
        shares = args[1].take(rows)
        _check(shares)
        self._values.apply(slots, args[0].take(rows), deltas)
        self._table.put(self._name, slots, shares.with_type(self._shares))

    def merge(self, slots: Array, other: Accumulator, other_slots: Array) -> None:
        if not isinstance(other, PercentileAccumulator):
            raise InternalError("only the same aggregates merge")
        probe, values, counts = other._values.entries(other_slots)
        if len(probe):
            self._values.apply(slots[probe], values, counts)
            self._table.put(self._name, slots[probe], other._table.take(other._name, other_slots[probe]))

    def value(self, slots: Array) -> Column:
        shares = self._table.take(self._name, slots)
        probe, values, counts = self._values.entries(slots)
        present = np.bincount(probe, minlength=len(slots)) > 0
        if self._shares.kind is not Kind.ARRAY:
            wanted = np.where(shares.valid(), shares.values, 0.0)
            return Column(self._type, _at(probe, values.values, counts, np.arange(len(slots)), wanted), present)
        starts = shares.values
        groups = np.repeat(np.arange(len(slots)), np.diff(starts))
        element = shares.children[0]
        found = _at(probe, values.values, counts, groups, element.values[starts[0]:starts[-1]])
        inner = self._type.element
        assert inner is not None
        return Column(self._type, starts - starts[0], present, (), (Column(inner, found),))

    def reset(self, slots: Array) -> None:
        self._values.drop(slots)


def _check(shares: Column) -> None:
    values = shares.children[0] if shares.children else shares
    if values.validity is not None and not values.validity.all():
        raise RuntimeFault("PERCENTILE was given an array of shares with a NULL in it", code="bad_arguments")
    if len(values.values) and not (values.values.min() >= 0.0 and values.values.max() <= 1.0):
        raise RuntimeFault("PERCENTILE takes shares between 0.0 and 1.0", code="bad_arguments")


def _at(probe: Array, values: Array, counts: Array, groups: Array, shares: Array) -> Array:
    """For each of `groups` its value at a share. `probe`: the group of each value, ascending, with `counts` of it."""
    if not len(values):
        return np.zeros(len(groups), np.float64)
    ends = np.cumsum(counts)  # over all groups, each group's values next to each other
    first = np.searchsorted(probe, groups, "left")
    last = np.searchsorted(probe, groups, "right")
    before = np.where(first > 0, ends[first - 1], 0)
    total = np.where(last > first, ends[np.maximum(last - 1, 0)] - before, 1)
    position = (total - 1) * shares
    low, high = np.floor(position), np.ceil(position)
    places = [np.minimum(np.searchsorted(ends, before + p.astype(np.int64), "right"), len(values) - 1)
              for p in (low, high)]
    below, above = values[places[0]], values[places[1]]
    same = (low == high) | (below == above)
    with np.errstate(invalid="ignore"):  # of infinite values
        between = (high - position) * below + (position - low) * above
    result: Array = np.where(same, below, between)
    return result
