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
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.aggregates.base import Accumulator, AggregateArguments, AggregateSpec
from engine.changes import Array, Column
from engine.errors import InternalError, NotSupported, RuntimeFault, UserError
from engine.expressions.functions.user import (
    ParseType,
    call,
    declared_arguments,
    declared_result,
    misfit,
    named,
)
from engine.expressions.functions.user_values import argument_of, is_plain, result_column
from engine.types import BOOLEAN, DataType

if TYPE_CHECKING:
    from engine.state.table import StateField, StateTable

State = dict[str, Any]
_FLAG = BOOLEAN.as_nullable(False)


@dataclass(frozen=True, eq=False)
class UserAggregate:
    """A user's aggregate function: the object with its methods, and what it declares."""

    name: str
    target: Any
    arguments: tuple[DataType, ...] | None
    result: Callable[[tuple[DataType, ...]], DataType]
    state: Mapping[str, DataType]
    initial: Mapping[str, Any] = field(default_factory=dict)
    skip_nulls: bool = False
    ordered: bool = False

    def __repr__(self) -> str:
        """As plans show it: a change of its state is another plan."""
        return f"state({', '.join(f'{n} {t}' for n, t in self.state.items())})"

    def can(self, method: str) -> bool:
        """Whether it has one of the methods that it may have."""
        return callable(getattr(self.target, method, None))

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


def is_aggregate(found: object) -> bool:
    """Whether a loaded object is an aggregate function."""
    return hasattr(found, "accumulate")


def aggregate(name: str, found: Any, parse_type: ParseType) -> UserAggregate:
    """A loaded object as an aggregate function; UserError "bad_function"."""
    with named(name):
        state, initial = getattr(found, "state", None), getattr(found, "initial", {})
        if not isinstance(state, Mapping) or not state or not isinstance(initial, Mapping):
            raise UserError("bad_function", "it does not say its state",
                            hint="set .state to names and types such as {'total': 'DOUBLE'}")
        if not set(initial) <= set(state):
            raise UserError("bad_function", f".initial names no state: {', '.join(set(initial) - set(state))}")
        missing = [m for m in ("accumulate", "value") if not callable(getattr(found, m, None))]
        if missing:
            raise UserError("bad_function", f"it has no method {missing[0]}")
        types = {str(column): parse_type(type) for column, type in state.items()}
        _check_initial(types, initial)
        return UserAggregate(name, found, declared_arguments(found, parse_type), declared_result(found, parse_type),
                             types, dict(initial), bool(getattr(found, "skip_nulls", False)),
                             bool(getattr(found, "ordered", False)))


def _check_initial(types: Mapping[str, DataType], initial: Mapping[str, Any]) -> None:
    from engine.expressions.values import column_from_python

    for name, value in initial.items():
        try:
            column_from_python(types[name], [value])
        except (TypeError, ValueError, ArithmeticError) as error:
            raise UserError("bad_function", f".initial of '{name}' is no {types[name]}: {value!r}") from error


def user_aggregate(options: Sequence[object]) -> UserAggregate | None:
    """The user's function that a call with these options is of, if it is."""
    first = options[0] if options else None
    return first if isinstance(first, UserAggregate) else None


class UserAccumulator(Accumulator):
    """Hands rows and state to a user's code."""

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

    def _change(self, method: str, slots: Array, given: Sequence[Any]) -> None:
        groups, position = np.unique(slots, return_inverse=True)
        state = self._load(groups)
        call(self._function.name, getattr(self._function.target, method), state, position, *given)
        self._store(groups, state)

    def merge(self, slots: Array, other: Accumulator, other_slots: Array) -> None:
        if not isinstance(other, UserAccumulator) or not self._function.can("merge"):
            raise InternalError("only the same aggregates merge, and only where they can")
        known = other._known[other_slots]
        if known.any():
            self._change("merge", slots[known], [other._load(other_slots[known])])

    def value(self, slots: Array) -> Column:
        name = self._function.name
        result = call(name, self._function.target.value, self._load(slots))
        return result_column(name, result, self._type, len(slots))

    def reset(self, slots: Array) -> None:
        self._known[slots] = False
        self._table.touch(slots)

    def _load(self, slots: Array) -> State:
        """The state of these groups."""
        from engine.expressions.values import column_to_python

        new = np.flatnonzero(~self._known[slots])
        state: State = {}
        for name, type in self._function.state.items():
            if is_plain(type):
                values = self._table.column(f"{self._prefix}.{name}")[slots]
                values[new] = self._function.initial.get(name, 0)
            else:
                values = np.fromiter(column_to_python(self._table.take(f"{self._prefix}.{name}", slots)), object)
                for i in new:
                    values[i] = self._function.initial.get(name)
            state[name] = values
        return state

    def _store(self, slots: Array, state: State) -> None:
        name = self._function.name
        if set(state) != set(self._function.state):
            raise RuntimeFault(f"function {name} added state that it does not declare", code="user_function")
        for column, type in self._function.state.items():
            made = result_column(name, state[column], type, len(slots))
            if not is_plain(type):
                self._table.put(f"{self._prefix}.{column}", slots, made)
            elif made.validity is not None and not made.validity.all():
                raise RuntimeFault(f"function {name} left no number in state '{column}'", code="user_function")
            else:
                self._table.column(f"{self._prefix}.{column}")[slots] = made.values
        self._known[slots] = True
        self._table.touch(slots)
