"""Aggregate functions that users bring: Python code over columns of rows and columns of state.

    class WeightedMean:
        arguments, result = ["DOUBLE", "BIGINT"], "DOUBLE"
        state = {"total": "DOUBLE", "weight": "BIGINT"}

        def accumulate(self, state, groups, values, weights):
            np.add.at(state["total"], groups, values * weights)
            np.add.at(state["weight"], groups, weights)

        def retract(self, state, groups, values, weights): ...    # else it takes only rows that are never taken back
        def merge(self, state, groups, other): ...                # else no windows that share rows, no sessions

        def value(self, state):
            return np.where(state["weight"] == 0, np.nan, state["total"] / state["weight"])

`state` names the columns that are kept for each group. The methods get them by name, with a value for each group at
hand: numpy arrays of numbers (0 at first, or what `initial` says), arrays of Python values (None at first) for all
other types; they change them in place or put others there. `groups` is the position of each row's group; `other` the
state to be added, one entry for each of `groups`. `skip_nulls = True`: rows with a NULL argument are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.aggregates.base import Accumulator, AggregateArguments, AggregateSpec
from engine.changes import Array, Column
from engine.errors import InternalError, NotSupported, UserError
from engine.expressions.functions.user import ParseType, declared_arguments, declared_result, misfit, named
from engine.expressions.functions.user_hosts import Declared, Host
from engine.expressions.functions.user_running import Request
from engine.expressions.functions.user_values import argument_of, column_of, is_plain
from engine.types import BOOLEAN, DataType

if TYPE_CHECKING:
    from engine.expressions.functions.user_running import Group
    from engine.expressions.functions.user_values import Values
    from engine.state.table import StateField, StateTable

_FLAG = BOOLEAN.as_nullable(False)


@dataclass(frozen=True, eq=False)
class UserAggregate:
    """A user's aggregate function: where the object with its methods is, and what it declares."""

    name: str
    target: str
    host: Host
    arguments: tuple[DataType, ...] | None
    result: Callable[[tuple[DataType, ...]], DataType]
    state: Mapping[str, DataType]
    methods: frozenset[str]
    skip_nulls: bool = False
    ordered: bool = False

    def __repr__(self) -> str:
        """As plans show it: a change of its state is another plan."""
        return f"state({', '.join(f'{n} {t}' for n, t in self.state.items())})"

    def can(self, method: str) -> bool:
        """Whether it has one of the methods that it may have."""
        return method in self.methods

    def infer(self, given: AggregateArguments, wanted: dict[int, DataType]) -> DataType:
        """As that of a built-in aggregate."""
        if self.arguments is None:
            return self.result(given.types)
        problem = misfit(given.types, self.arguments)
        if problem is not None:
            types = ", ".join(str(t.as_nullable()) for t in given.types)
            raise UserError("bad_arguments", f"{given.name}({types}) is not possible", hint=problem)
        wanted.update(enumerate(self.arguments))
        return self.result(self.arguments)


def aggregate(name: str, target: str, host: Host, declared: Declared, parse_type: ParseType) -> UserAggregate:
    """A declared object as an aggregate function; UserError "bad_function"."""
    with named(name):
        if not declared.state:
            raise UserError("bad_function", "it does not say its state",
                            hint="set .state to names and types such as {'total': 'DOUBLE'}")
        unknown = sorted(set(declared.initial) - set(declared.state))
        if unknown:
            raise UserError("bad_function", f".initial names no state: {', '.join(unknown)}")
        if "value" not in declared.methods:
            raise UserError("bad_function", "it has no method value")
        state = {column: parse_type(type) for column, type in declared.state.items()}
        if declared.initial:
            host.check_initial(name, target, state)
        return UserAggregate(name, target, host, declared_arguments(declared, parse_type),
                             declared_result(name, target, host, declared, parse_type), state,
                             frozenset(declared.methods), declared.skip_nulls, declared.ordered)


def user_aggregate(options: Sequence[object]) -> UserAggregate | None:
    """The user's function that a call with these options is of, if it is."""
    first = options[0] if options else None
    return first if isinstance(first, UserAggregate) else None


class UserAccumulator(Accumulator):
    """Hands rows and state to a user's code. The state is here: a process that ran the code may die at any time."""

    def __init__(self, spec: AggregateSpec) -> None:
        function = user_aggregate(spec.options)
        if function is None:
            raise InternalError(f"{spec.function} is no user's function")
        if spec.retract and not function.can("retract"):
            raise NotSupported(f"{function.name} over a changing table, or in a frame that rows leave,",
                               hint="give the class a method retract(self, state, groups, ...)")
        self._function, self._type = function, spec.result

    def fields(self, prefix: str) -> list[StateField]:
        from engine.state.table import StateField

        kept = [StateField(f"{prefix}.{n}", t.as_nullable(not is_plain(t))) for n, t in self._function.state.items()]
        return [StateField(f"{prefix}.known", _FLAG), *kept]

    def bind(self, table: StateTable, prefix: str) -> None:
        self._table, self._prefix = table, prefix
        self._known = table.column(f"{prefix}.known")

    def accumulate(self, slots: Array, args: Sequence[Column], signs: Array | None) -> None:
        """Rows that come and rows that go are handed over in turns, in their order."""
        if self._function.skip_nulls and any(a.validity is not None for a in args):
            rows = np.flatnonzero(np.logical_and.reduce([a.valid() for a in args]))
            slots, args = slots[rows], [a.take(rows) for a in args]
            signs = None if signs is None else signs[rows]
        cuts = [] if signs is None else (np.flatnonzero(signs[1:] != signs[:-1]) + 1).tolist()
        for start, end in zip([0, *cuts], [*cuts, len(slots)], strict=True):
            if start < end:
                method = "accumulate" if signs is None or signs[start] > 0 else "retract"
                span = np.arange(start, end)
                part = args if not cuts else [a.take(span) for a in args]
                self._change(method, slots[start:end], [argument_of(a) for a in part])

    def _change(self, method: str, slots: Array, arguments: Sequence[Values], other: Sequence[Group] = ()) -> None:
        groups, position = np.unique(slots, return_inverse=True)
        given = [self._load(groups), [position, *arguments], *other]
        [state] = self._run(method, len(slots), given)
        self._store(groups, state)

    def merge(self, slots: Array, other: Accumulator, other_slots: Array) -> None:
        if not isinstance(other, UserAccumulator) or not self._function.can("merge"):
            raise InternalError("only the same aggregates merge, and only where they can")
        known = other._known[other_slots]
        if known.any():
            self._change("merge", slots[known], [], [other._load(other_slots[known])])

    def value(self, slots: Array) -> Column:
        [[result]] = self._run("value", len(slots), [self._load(slots)])
        return column_of(result, self._type)

    def reset(self, slots: Array) -> None:
        self._known[slots] = False
        self._table.touch(slots)

    def _run(self, how: str, length: int, given: Sequence[Group]) -> Sequence[Group]:
        function = self._function
        request = Request(function.name, function.target, how, length, (self._type,), tuple(function.state.items()))
        return function.host.run(request, given)

    def _load(self, slots: Array) -> Group:
        """The state of these groups, and which of them have none yet."""
        columns: list[Values] = []
        for name, type in self._function.state.items():
            kept = f"{self._prefix}.{name}"
            columns.append(self._table.column(kept)[slots] if is_plain(type)
                           else argument_of(self._table.take(kept, slots)))
        return [*columns, ~self._known[slots]]

    def _store(self, slots: Array, state: Group) -> None:
        for (name, type), values in zip(self._function.state.items(), state, strict=True):
            if is_plain(type):
                self._table.column(f"{self._prefix}.{name}")[slots] = values
            else:
                self._table.put(f"{self._prefix}.{name}", slots, column_of(values, type))
        self._known[slots] = True
        self._table.touch(slots)
