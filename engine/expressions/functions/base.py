"""What a scalar function is: how its call is typed, and how it is evaluated over columns.

A family of functions is one module with a table `FUNCTIONS: dict[str, Function]`; `functions/__init__.py` lists the
families. Modules here import neither numba nor polars at the top (binding must start fast): implementations import
kernels when called.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from engine.changes import Array, Column, Mask
from engine.expressions.nodes import Expression, Value
from engine.types import DataType


class Constant(Column):
    """A column whose rows all hold `scalar` (internal, as in a Literal), so that functions can prepare for it once."""

    __slots__ = ("scalar",)

    def __init__(self, type: DataType, values: Array, validity: Mask | None, owners: tuple[object, ...],
                 scalar: Value) -> None:
        super().__init__(type, values, validity, owners)
        self.scalar = scalar

    def take(self, rows: Array) -> Column:
        size = int(rows.sum()) if rows.dtype == bool else len(rows)
        return self.slice(0, size) if size <= len(self.values) else super().take(rows)

    def slice(self, start: int, stop: int) -> Column:
        validity = None if self.validity is None else self.validity[start:stop]
        return Constant(self.type, self.values[start:stop], validity, self.owners, self.scalar)


@dataclass(frozen=True)
class Context:
    """What an evaluation may know besides its rows. Times are microseconds since the epoch.

    `query_start` is fixed for a bounded run (Flink's batch meaning of CURRENT_TIMESTAMP), `now` is read per batch from
    the job's injectable clock; `zone` is `table.local-time-zone`; `config` the job's settings.
    """

    now: Callable[[], int]
    zone: str = "UTC"
    query_start: int = 0
    config: dict[str, str] = field(default_factory=dict)
    resources: dict[str, object] = field(default_factory=dict)


class Evaluator(Protocol):
    """Evaluates a bound expression: columns of the input, number of rows, context -> a column of that many rows."""

    def __call__(self, columns: Sequence[Column], length: int, context: Context) -> Column: ...


class Node(Evaluator, Protocol):
    """An evaluator that knows whether it can fail, so that lazy functions know what to keep from rows that skip it."""

    fallible: bool


Infer = Callable[["Arguments"], DataType]
Evaluate = Callable[[Sequence[Column], DataType, int, Context], Column]
EvaluateLazily = Callable[[Sequence[Node], DataType, Sequence[Column], int, Context], Column]


@dataclass(frozen=True)
class Arguments:
    """The bound arguments of a call being typed. `name` is the function's, for messages.

    Inference checks number and types (raising UserError "bad_arguments") and returns the result's type; it may ask for
    implicit casts by putting wanted types into `coercions` (position -> type), which the binder then applies; those
    of the positions in `lenient` give NULL for values that cannot be cast.
    """

    name: str
    values: tuple[Expression, ...]
    coercions: dict[int, DataType]
    config: dict[str, str] = field(default_factory=dict)
    lenient: set[int] = field(default_factory=set)

    @cached_property
    def types(self) -> tuple[DataType, ...]:
        return tuple(v.type for v in self.values)


@dataclass(frozen=True)
class Function:
    """A scalar function: `infer` types a call, `evaluate` runs it over whole columns.

    `evaluate` gets its arguments' columns already evaluated over the rows in question and returns a column of the
    result type; a row that cannot be computed raises RuntimeFault (only rows that are really reached are ever
    evaluated: CASE, AND, COALESCE... evaluate *fallible* branches on the rows that reach them). `lazily` replaces it
    for such functions: it gets evaluators instead of columns. `fallible` may depend on the types of the arguments and
    of the result. `dense` functions get only the rows whose arguments are all present (so does a fallible strict one).
    `strict`: NULL in any argument gives NULL, applied by the evaluator, values under NULL being arbitrary but set.
    `deterministic`: equal calls in one evaluation give equal values; `folds`: so do calls of constants at any time.
    `name` is the canonical name, for aliases. `expand` rewrites a call into others instead, when it is bound.
    `target`: where the object of a user's function is.
    """

    infer: Infer
    evaluate: Evaluate | None = None
    lazily: EvaluateLazily | None = None
    strict: bool = True
    fallible: bool | Callable[[tuple[DataType, ...], DataType], bool] = False
    dense: bool = False
    deterministic: bool = True
    folds: bool = True
    name: str = ""
    expand: Callable[[Arguments], Expression] | None = None
    target: str = ""

    def may_fail(self, types: tuple[DataType, ...], result: DataType) -> bool:
        """Whether a row of such a call can raise."""
        return self.fallible if isinstance(self.fallible, bool) else self.fallible(types, result)
