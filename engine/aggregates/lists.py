"""Aggregates that list their values: LISTAGG, ARRAY_AGG, COLLECT, JSON_ARRAYAGG, JSON_OBJECTAGG."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine.aggregates.arrivals import Arrivals
from engine.aggregates.base import Accumulator, AggregateSpec
from engine.aggregates.extremes import present
from engine.aggregates.texts import strings_of, values_of
from engine.changes import Array, Column
from engine.errors import InternalError, UserError
from engine.memory import address, copy_bytes, kernel, make_view, view_bytes, view_length
from engine.state.rowstore import RowStore
from engine.state.table import StateTable
from engine.types import INT

_COUNT = INT.as_nullable(False)


class CollectAccumulator(Accumulator):
    """COLLECT: the multiset of values that are not NULL."""

    def __init__(self, spec: AggregateSpec) -> None:
        self._type = spec.result
        self._rows = RowStore(spec.arguments)

    def bind(self, table: StateTable, prefix: str) -> None:
        table.attach(prefix.replace(".", "_"), self._rows)

    def accumulate(self, slots: Array, args: Sequence[Column], signs: Array | None) -> None:
        slots, args, signs = present(slots, args, signs)
        self._rows.apply(slots, args, None if signs is None else signs.astype(np.int64))

    def merge(self, slots: Array, other: Accumulator, other_slots: Array) -> None:
        if not isinstance(other, CollectAccumulator):
            raise InternalError("only the same aggregates merge")
        probe, numbers = other._rows.chains(other_slots)
        self._rows.apply(slots[probe], other._rows.take(numbers), other._rows.weight[numbers].astype(np.int64))

    def value(self, slots: Array) -> Column:
        offsets, values, counts = self.kept(slots)
        return Column(self._type, offsets, None, (), (values, Column(_COUNT, counts)))

    def kept(self, slots: Array) -> tuple[Array, Column, Array]:
        """The values there are: group i has those from offsets[i] to offsets[i + 1], each as often as counted."""
        probe, numbers = self._rows.chains(slots)
        keep = self._rows.weight[numbers] > 0
        probe, numbers = probe[keep], numbers[keep]
        offsets = np.searchsorted(probe, np.arange(len(slots) + 1)).astype(np.int64)
        return offsets, self._rows.take(numbers)[0], self._rows.weight[numbers].astype(np.int32)

    def reset(self, slots: Array) -> None:
        self._rows.drop(slots)


class ListAccumulator(Accumulator):
    """Values in order of arrival; a subclass says how they make one result."""

    keeps_null = False

    def __init__(self, spec: AggregateSpec) -> None:
        self._spec = spec
        self._type = spec.result
        self._arrivals = Arrivals(spec)

    def bind(self, table: StateTable, prefix: str) -> None:
        table.attach(prefix.replace(".", "_"), self._arrivals.rows)

    def accumulate(self, slots: Array, args: Sequence[Column], signs: Array | None) -> None:
        if not self.keeps_null:
            slots, args, signs = present(slots, args, signs)
        self._arrivals.apply(slots, args, signs)

    def merge(self, slots: Array, other: Accumulator, other_slots: Array) -> None:
        if not isinstance(other, ListAccumulator):
            raise InternalError("only the same aggregates merge")
        probe, numbers = other._arrivals.rows.chains(other_slots)
        self._arrivals.apply(slots[probe], other._arrivals.rows.take(numbers), None)

    def value(self, slots: Array) -> Column:
        probe, numbers = self._arrivals.rows.chains(slots)
        offsets = np.searchsorted(probe, np.arange(len(slots) + 1)).astype(np.int64)
        return self.build(offsets, self._arrivals.rows.take(numbers))

    def build(self, offsets: Array, columns: list[Column]) -> Column:
        """The results: row i lists the rows offsets[i] to offsets[i + 1] of the columns."""
        raise InternalError("a list aggregate that builds nothing")

    def reset(self, slots: Array) -> None:
        self._arrivals.rows.drop(slots)


class ListAgg(ListAccumulator):
    """Strings one after another, with a separator (default ','); NULL where there is none."""

    def build(self, offsets: Array, columns: list[Column]) -> Column:
        separator = next((o for o in self._spec.options if isinstance(o, str)), ",")
        marks = strings_of([separator]) if len(columns) < 2 else columns[1]
        ends = np.empty(len(offsets), np.int64)
        shared = len(columns) < 2
        data = np.empty(joined_sizes(offsets, columns[0].values, marks.values, shared, ends) + 8, np.uint8)
        views = np.empty((len(offsets) - 1, 2), np.uint64)
        join_strings(offsets, columns[0].values, marks.values, shared, ends, address(data), views)
        some = offsets[1:] > offsets[:-1]
        return Column(self._type, views, None if some.all() else some, (data,))


class ArrayAgg(ListAccumulator):
    """An array of all values, NULLs too unless they are to be ignored; NULL where there are no rows."""

    def __init__(self, spec: AggregateSpec) -> None:
        super().__init__(spec)
        self.keeps_null = "IGNORE NULLS" not in spec.options

    def build(self, offsets: Array, columns: list[Column]) -> Column:
        some = offsets[1:] > offsets[:-1]
        return Column(self._type, offsets, None if some.all() else some, (), (columns[0],))


class JsonAccumulator(ListAccumulator):
    """JSON_ARRAYAGG and JSON_OBJECTAGG. The option says what becomes of NULL: "NULL" or "ABSENT"."""

    keeps_null = True

    def build(self, offsets: Array, columns: list[Column]) -> Column:
        values = [values_of(c) for c in columns]
        absent = "ABSENT" in self._spec.options
        make: Callable[[list[list[Any]], bool], Any] = _object if self._spec.function == "JSON_OBJECTAGG" else _array
        texts = [_dump(make([v[a:b] for v in values], absent)) for a, b in zip(offsets, offsets[1:], strict=False)]
        return strings_of(texts, self._type)


def _array(columns: list[list[Any]], absent: bool) -> list[Any]:
    return [v for v in columns[0] if not (absent and v is None)]


def _object(columns: list[list[Any]], absent: bool) -> dict[str, Any]:
    """An object by name; as in Flink a name that comes twice, or none, is an error, never a choice among the values."""
    made: dict[str, Any] = {}
    for name, value in zip(columns[0], columns[1], strict=True):
        if absent and value is None:
            continue
        if name is None:
            raise UserError("null_key", "a key of JSON_OBJECTAGG is NULL", hint="leave such rows out by a FILTER")
        if name in made:
            raise UserError("duplicate_key", f"key '{name}' comes more than once in JSON_OBJECTAGG",
                            hint="group by more columns, or keep one row of each key")
        made[name] = value
    return dict(sorted(made.items()))


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@kernel
def joined_sizes(offsets: Array, values: Array, marks: Array, shared: bool, ends: Array) -> int:
    """ends[i + 1] = where the bytes of result i end; returns the total."""
    base, between, total = values.ctypes.data, marks.ctypes.data, 0
    ends[0] = 0
    for i in range(len(offsets) - 1):
        for j in range(offsets[i], offsets[i + 1]):
            total += view_length(base + 16 * j)
            if j > offsets[i]:
                total += view_length(between if shared else between + 16 * j)
        ends[i + 1] = total
    return total


@kernel
def join_strings(offsets: Array, values: Array, marks: Array, shared: bool, ends: Array, start: int,
                 views: Array) -> None:
    """Write the results at address `start` on, and views of them."""
    base, between, out = values.ctypes.data, marks.ctypes.data, views.ctypes.data
    at = start
    for i in range(len(views)):
        for j in range(offsets[i], offsets[i + 1]):
            if j > offsets[i]:
                mark = between if shared else between + 16 * j
                copy_bytes(at, view_bytes(mark), view_length(mark))
                at += view_length(mark)
            copy_bytes(at, view_bytes(base + 16 * j), view_length(base + 16 * j))
            at += view_length(base + 16 * j)
        make_view(out + 16 * i, start + ends[i], ends[i + 1] - ends[i])
