"""The aggregate calls of one operator, run together over its groups.

Simple calls are rows of one program and cost one kernel call for all (`engine.aggregates.kernels`); the others are
`Accumulator` objects of the catalogue. Both keep their state in the operator's `StateTable`: give it `fields()`, then
`bind(table)`. Results come as `Results`: result rows of all calls, from which columns are taken by row number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.aggregates import kernels as k
from engine.aggregates.base import Accumulator, AggregateSpec
from engine.aggregates.marks import Touched, occurrences, trace
from engine.aggregates.simple import SimpleCall, simple_call
from engine.changes import Array, Column, concat_columns
from engine.errors import NotSupported
from engine.memory import address, kernel
from engine.state.layout import code_of, frame_of
from engine.state.nested import encode_nested
from engine.state.protocol import StateObject
from engine.state.rows import row_equal
from engine.state.table import StateField, StateTable
from engine.types import BIGINT, DataType

_NO_SIGNS = np.ones(1, np.int8)
_ALL = np.empty(0, np.bool_)
RECORDS = AggregateSpec("COUNT", (), BIGINT.as_nullable(False))


@dataclass(frozen=True)
class BoundCall:
    """An aggregate call over input columns: positions of its arguments, and of a BOOLEAN that must be TRUE (`filter`).
    """

    spec: AggregateSpec
    args: tuple[int, ...] = ()
    filter: int | None = None


class AggregateCalls:
    """See the module. `records`: also count the rows of each group (as program row 0, not among the results); `prefix`:
    of the fields' names."""

    def __init__(self, calls: Sequence[BoundCall], *, records: bool = False, prefix: str = "c") -> None:
        self._prefix = prefix
        self._calls = ([BoundCall(RECORDS)] if records else []) + list(calls)
        self.hidden = int(records)
        self._counts: Array | None = None
        made = [simple_call(c.spec) for c in self._calls]
        self._simple: list[tuple[int, SimpleCall]] = [(i, s) for i, s in enumerate(made) if s is not None]
        self._complex: list[tuple[int, Accumulator]] = [
            (i, open_accumulator(c.spec)) for i, (c, s) in enumerate(zip(self._calls, made, strict=True)) if s is None]
        self.program = np.zeros((len(self._simple), k.FIELDS), np.int64)
        self._cells = memoryview(self.program.reshape(-1))  # type: ignore[arg-type]
        self._buffer = Buffer(self.program, [s for _, s in self._simple])
        self._held: list[object] = []
        self.ordinary = not self._complex

    def _name(self, call: int) -> str:
        return "records" if call < self.hidden else f"{self._prefix}{call - self.hidden}"

    # ---- state -------------------------------------------------------------------------------------------------

    def fields(self) -> list[StateField]:
        """The columns that the table must have for these calls."""
        simple = [f for i, s in self._simple for f in s.fields(self._name(i))]
        return simple + [f for i, a in self._complex for f in a.fields(self._name(i))]

    def bind(self, table: StateTable) -> None:
        """Use the columns of this table from now on."""
        for row, (i, s) in zip(self.program, self._simple, strict=True):
            s.bind(table, self._name(i), row)
        for i, accumulator in self._complex:
            accumulator.bind(table, self._name(i))
        if self.hidden:
            self._counts = table.column(f"{self._name(0)}.n")

    def use(self, resources: Mapping[str, object]) -> None:
        """What the job lends to aggregates (where learners publish models); called when the operator opens."""
        for _, accumulator in self._complex:
            accumulator.use(resources)

    def records(self, slots: Array) -> Array:
        """The number of rows of these groups (int64), where they are counted."""
        assert self._counts is not None
        return self._counts[slots]

    def states(self) -> Mapping[str, StateObject]:
        """State that is not in the table."""
        return {f"{self._name(i)}.{name}": s for i, a in self._complex for name, s in a.states().items()}

    # ---- rows --------------------------------------------------------------------------------------------------

    def accumulate(self, slots: Array, columns: Sequence[Column], signs: Array | None) -> None:
        """Take rows in (out where the int8 sign is -1); `columns` are the input's."""
        if self._simple:
            self._load(columns)
            k.accumulate(self.program, slots, _NO_SIGNS if signs is None else signs, signs is not None)
        for i, accumulator in self._complex:
            accumulator.accumulate(*_chosen(self._calls[i], slots, columns, signs))

    def value(self, slots: Array) -> list[Column]:
        """The results of these groups, one column a call."""
        self._buffer.reserve(len(slots))
        k.results(self.program, slots, 0)
        return self._columns(np.arange(len(slots), dtype=np.int64), {i: a.value(slots) for i, a in self._complex})

    def running(self, slots: Array, columns: Sequence[Column], signs: Array | None, touched: Touched) -> list[Column]:
        """`accumulate`; returns the results after each row."""
        self._buffer.reserve(len(slots))
        self._load(columns)
        k.running(self.program, slots, _NO_SIGNS if signs is None else signs, signs is not None, 0)
        others = {i: self._running(i, a, slots, columns, signs, touched)[1] for i, a in self._complex}
        return self._columns(np.arange(len(slots), dtype=np.int64), others)

    def merge(self, slots: Array, other: AggregateCalls, other_slots: Array) -> None:
        """Add the accumulators of `other` (the same calls on another table), pair by pair in order."""
        k.merge(self.program, other.program, slots, other_slots)
        for (_, mine), (_, theirs) in zip(self._complex, other._complex, strict=True):
            mine.merge(slots, theirs, other_slots)

    def reset(self, slots: Array) -> None:
        """Empty these groups, whose keys stay."""
        k.clear(self.program, slots)
        for _, accumulator in self._complex:
            accumulator.reset(slots)

    def forget(self, slots: Array) -> None:
        """These groups are about to be released from the table: drop what is not in it."""
        for _, accumulator in self._complex:
            accumulator.forget(slots)

    # ---- changes -----------------------------------------------------------------------------------------------

    def change_groups(self, touched: Touched, slots: Array, columns: Sequence[Column], signs: Array | None) -> Changes:
        """`accumulate`; one change for each touched group."""
        groups = touched.slots
        count = len(groups)
        self._buffer.reserve(2 * count)
        self._load(columns)
        flags = np.zeros(count, np.uint8)
        k.change_groups(self.program, groups, slots, _NO_SIGNS if signs is None else signs, signs is not None,
                        self.hidden,
                        flags)
        pairs = {}
        for i, a in self._complex:
            before = a.value(groups)
            a.accumulate(*_chosen(self._calls[i], slots, columns, signs))
            pairs[i] = concat_columns([before, a.value(groups)])
        return Changes(self, count, flags, pairs)

    def change_rows(self, touched: Touched, slots: Array, columns: Sequence[Column], signs: Array | None) -> Changes:
        """`accumulate`; one change for each row."""
        count = len(slots)
        self._buffer.reserve(2 * count)
        self._load(columns)
        flags = np.zeros(count, np.uint8)
        k.change_rows(self.program, slots, _NO_SIGNS if signs is None else signs, signs is not None, self.hidden, flags)
        pairs = {i: concat_columns(self._running(i, a, slots, columns, signs, touched)) for i, a in self._complex}
        return Changes(self, count, flags, pairs)

    # ---- partial results ---------------------------------------------------------------------------------------

    def partial_types(self) -> list[DataType]:
        """The columns that partial results have: the accumulators of simple calls as they stand."""
        return [f.type for i, s in self._simple for f in s.fields(self._name(i))]

    def partials(self, table: StateTable, slots: Array) -> list[Column]:
        """The accumulators of these groups."""
        names = [f.name for i, s in self._simple for f in s.fields(self._name(i))]
        return [Column(t, table.column(n).take(slots, 0)) for n, t in zip(names, self.partial_types(), strict=True)]

    def change_merged(self, touched: Touched, slots: Array, partials: Sequence[Column]) -> Changes:
        """Add partial results, each to its group; one change for each touched group."""
        groups, count = touched.slots, len(touched.slots)
        self._buffer.reserve(2 * count)
        other = np.zeros_like(self.program)
        given = iter([np.ascontiguousarray(c.values) for c in partials])
        held = []
        for row, (i, call) in zip(other, self._simple, strict=True):
            for place, _ in zip((k.N, k.A, k.B), call.fields(self._name(i)), strict=False):
                held.append(next(given))
                row[place] = address(held[-1])
        flags = np.zeros(count, np.uint8)
        k.results(self.program, groups, 0)
        k.merge(self.program, other, slots, np.arange(len(slots), dtype=np.int64))
        k.results(self.program, groups, count)
        k.changed(self.program, self.hidden, count, flags)
        return Changes(self, count, flags, {})

    def _running(self, i: int, accumulator: Accumulator, slots: Array, columns: Sequence[Column], signs: Array | None,
                 touched: Touched) -> tuple[Column, Column]:
        """The results of an accumulator before and after each row."""
        call = self._calls[i]
        stored = accumulator.value(touched.slots)
        chosen = _chosen(call, slots, columns, signs)
        after = accumulator.running(*chosen)
        if after is None:
            after = _layered(accumulator, *chosen)
        places = np.empty((2, len(slots)), np.int64)
        keep = _ALL if call.filter is None else _passing(columns[call.filter])
        trace(touched.position, len(touched.slots), keep, places[0], places[1])
        both = concat_columns([after, stored])
        return both.take(places[0]), both.take(places[1])

    def _load(self, columns: Sequence[Column]) -> None:
        """Put the arguments' addresses into the program."""
        held: list[object] = []
        cells = self._cells
        for at, (i, simple) in enumerate(self._simple):
            call, row = self._calls[i], at * k.FIELDS
            valid: Array | None = None
            if call.args:
                column = columns[call.args[0]]
                if simple.prepare is not None:
                    column = simple.prepare([columns[a] for a in call.args])
                valid = column.validity
                if simple.input is not None:
                    values = simple.argument(column)
                    held.append(values)
                    cells[row + k.VALUES] = address(values)
                elif len(call.args) > 1:
                    valid = _all_valid([columns[a] for a in call.args])
            cells[row + k.VALID] = 0 if valid is None else _address(valid, held)
            cells[row + k.FILTER] = 0 if call.filter is None else _address(_passing(columns[call.filter]), held)
        self._held = held

    # ---- results -----------------------------------------------------------------------------------------------

    def _columns(self, rows: Array, others: Mapping[int, Column]) -> list[Column]:
        """Result columns of all calls but hidden ones: simple ones at these rows of the buffer, the others as given."""
        columns = self._buffer.take(rows, self.hidden)
        if self.ordinary:
            return columns
        found = {i: c for (i, _), c in zip(self._simple[self.hidden:], columns, strict=True)}
        return [found[i] if i in found else others[i] for i in range(self.hidden, len(self._calls))]


class Changes:
    """Results before and after, for a number of changes: row i is before change i, row count + i after it. Valid until
    the calls are used again."""

    def __init__(self, calls: AggregateCalls, count: int, flags: Array, others: Mapping[int, Column]) -> None:
        self._calls = calls
        self.count = count
        self._flags = flags
        self._others = others

    def changed(self) -> Array:
        """uint8: where a result is not what it was."""
        for column in self._others.values():
            encoded = encode_nested(column)
            mark_changed(frame_of([code_of(column.type)], [encoded], 2 * self.count).desc, self._flags)
        return self._flags

    def records(self) -> Array:
        """The number of the group's rows, before and after (int64, 2 * count)."""
        return self._calls._buffer.words[0][:2 * self.count]

    def take(self, rows: Array) -> list[Column]:
        """Result columns at these rows."""
        return self._calls._columns(rows, {i: c.take(rows) for i, c in self._others.items()})


class Buffer:
    """Result rows of the simple calls as kernels write them, used over and over."""

    def __init__(self, program: Array, calls: Sequence[SimpleCall]) -> None:
        self._program = program
        self._calls = calls
        self._rows = 0
        self.words: list[Array] = []
        self._flags: list[Array] = []

    def reserve(self, rows: int) -> None:
        """Have room for this many result rows."""
        if rows <= self._rows:
            return
        self._rows = max(2 * rows, 256)
        self.words = [np.zeros(self._rows * c.words, np.int64) for c in self._calls]
        self._flags = [np.zeros(self._rows, np.uint8) for _ in self._calls]
        for row, words, flags in zip(self._program, self.words, self._flags, strict=True):
            row[k.OUT], row[k.OUT_VALID] = address(words), address(flags)

    def take(self, rows: Array, first: int) -> list[Column]:
        """Columns of the calls from `first` on at these result rows."""
        count, calls = len(rows), self._calls[first:] if first else self._calls
        words = np.empty(count * sum([c.words for c in calls]), np.int64)
        flags = np.empty((len(calls), count), np.bool_)
        k.take_results(self._program, first, rows, words, flags)
        columns, start = [], 0
        for i, call in enumerate(calls):
            end = start + count * call.words
            values = words[start:end]
            columns.append(Column(call.result, values if call.direct else call.narrow(values),
                                  None if call.always else flags[i]))
            start = end
        return columns


def open_accumulator(spec: AggregateSpec) -> Accumulator:
    """The accumulator of a call that is not simple."""
    from engine.aggregates.catalogue import AGGREGATES, OVER_FUNCTIONS
    from engine.aggregates.user import UserAccumulator, user_aggregate

    users = user_aggregate(spec.options) is not None
    known = None if users else AGGREGATES.get(spec.function)
    if spec.retract and known is not None and not known.retractable:
        raise NotSupported(f"{spec.function} over a changing table, or in a frame that rows leave",
                           hint="give it rows that are only ever added")
    if spec.distinct:
        from engine.aggregates.distinct import DistinctAccumulator

        return DistinctAccumulator(spec)
    if users:
        return UserAccumulator(spec)
    if known is not None:
        return known.open(spec)
    if spec.function in OVER_FUNCTIONS:
        return OVER_FUNCTIONS[spec.function](spec)
    raise NotSupported(f"{spec.function} as an aggregate")


def _address(flags: Array | None, held: list[object]) -> int:
    if flags is None:
        return 0
    if not flags.flags.c_contiguous:
        flags = np.ascontiguousarray(flags)
    held.append(flags)
    return address(flags)


def _all_valid(columns: Sequence[Column]) -> Array | None:
    """Where none of the columns is NULL; None: nowhere is one."""
    valid: Array | None = None
    for column in columns:
        if column.validity is not None:
            valid = column.validity if valid is None else valid & column.validity
    return valid


def _passing(column: Column) -> Array:
    """Where a condition is TRUE."""
    return column.values if column.validity is None else column.values & column.validity


def _chosen(call: BoundCall, slots: Array, columns: Sequence[Column],
            signs: Array | None) -> tuple[Array, list[Column], Array | None]:
    """The rows that pass the call's filter."""
    args = [columns[a] for a in call.args]
    if call.filter is None:
        return slots, args, signs
    rows = np.flatnonzero(_passing(columns[call.filter]))
    return slots[rows], [a.take(rows) for a in args], None if signs is None else signs[rows]


def _layered(accumulator: Accumulator, slots: Array, args: list[Column], signs: Array | None) -> Column:
    """The result after each row, where the accumulator has no way of its own: the first rows of all groups together,
    then the second ones and so on."""
    if len(slots) == 0:
        return accumulator.value(slots)
    _, position = np.unique(slots, return_inverse=True)
    layer = np.empty(len(slots), np.int64)
    layers = occurrences(position.astype(np.int64), len(slots), layer)
    order = np.argsort(layer, kind="stable")
    ends = np.cumsum(np.bincount(layer, minlength=layers))
    columns, start = [], 0
    for end in ends:
        rows = order[start:end]
        accumulator.accumulate(slots[rows], [a.take(rows) for a in args], None if signs is None else signs[rows])
        columns.append(accumulator.value(slots[rows]))
        start = int(end)
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    return concat_columns(columns).take(back)


@kernel
def mark_changed(desc: Array, out: Array) -> None:
    """out[i] |= whether rows i and n + i of the frame differ."""
    every = np.arange(len(desc))
    for i in range(len(out)):
        out[i] |= not row_equal(desc, i, desc, len(out) + i, every)
