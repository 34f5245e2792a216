"""Bound scalar expressions: typed, positional, immutable. What the binder makes and both back ends run.

A literal's value is Python's: bool, int, float, str, bytes, `decimal.Decimal` for DECIMAL, None for NULL; DATE is
days, TIME, timestamps and day-time intervals are microseconds, year-month intervals months (all int).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal

from engine.errors import Place
from engine.types import DataType

Value = bool | int | float | str | bytes | Decimal | None
NO_NODES: frozenset[str] = frozenset()

MIRRORED = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
"""Comparisons that bound a value, as they read with their sides changed."""


@dataclass(frozen=True, slots=True)
class Expression:
    """`nodes` are the ids of the pipeline nodes the expression came from, `place` its span in the SQL text."""

    type: DataType
    nodes: frozenset[str] = field(default=NO_NODES, compare=False, kw_only=True)
    place: Place | None = field(default=None, compare=False, kw_only=True)

    @property
    def children(self) -> tuple[Expression, ...]:
        return ()

    def walk(self) -> Iterator[Expression]:
        """This expression and all below it, parents first. Not recursive: chains may be long."""
        waiting: list[Expression] = [self]
        while waiting:
            one = waiting.pop()
            yield one
            waiting.extend(reversed(one.children))


@dataclass(frozen=True, slots=True)
class InputRef(Expression):
    """A column of the input, by position."""

    index: int = 0

    def __str__(self) -> str:
        return f"${self.index}"


@dataclass(frozen=True, slots=True)
class Literal(Expression):
    """A constant."""

    value: Value = None

    def __str__(self) -> str:
        return "NULL" if self.value is None else repr(self.value)


@dataclass(frozen=True, slots=True)
class Call(Expression):
    """A scalar function of the catalogue (`engine.expressions.functions`), by its upper-case name.

    Operators are functions too: "+", "=", "AND", "CASE" (condition, value, ..., else), "CAST", "TRY_CAST" (their
    target is `type`), "IS NULL", "ITEM" (array or map element), "FIELD" (row field; the position is a literal),
    "ROW", "ARRAY", "MAP".
    """

    function: str = ""
    args: tuple[Expression, ...] = ()
    implementation: object | None = field(default=None, compare=False)
    """The `Function` of a user's function (`engine.expressions.functions.user`), which no catalogue knows."""

    @property
    def children(self) -> tuple[Expression, ...]:
        return self.args

    def __str__(self) -> str:
        return f"{self.function}({', '.join(map(str, self.args))}" + (
            f" AS {self.type})" if self.function.endswith("CAST") else ")")


def transform(expression: Expression, change: Callable[[Expression], Expression]) -> Expression:
    """The expression with `change` applied to each part, children first. Not recursive: chains may be long."""
    done: list[Expression] = []
    waiting: list[tuple[Expression, bool]] = [(expression, False)]
    while waiting:
        one, entered = waiting.pop()
        if not entered and isinstance(one, Call) and one.args:
            waiting.append((one, True))
            waiting.extend((a, False) for a in reversed(one.args))
            continue
        if isinstance(one, Call) and one.args:
            args = tuple(done[-len(one.args):])
            del done[-len(one.args):]
            if any(a is not b for a, b in zip(args, one.args, strict=True)):
                one = replace(one, args=args)
        done.append(change(one))
    return done[0]


def input_refs(expression: Expression) -> frozenset[int]:
    """The input columns that an expression reads."""
    return frozenset(e.index for e in expression.walk() if isinstance(e, InputRef))


def remap(expression: Expression, positions: dict[int, int]) -> Expression:
    """The expression over an input whose columns have moved to `positions`."""

    def change(e: Expression) -> Expression:
        return replace(e, index=positions[e.index]) if isinstance(e, InputRef) else e

    return transform(expression, change)


def substitute(expression: Expression, inputs: tuple[Expression, ...]) -> Expression:
    """The expression with its inputs replaced by expressions: merges two projections."""
    return transform(expression, lambda e: inputs[e.index] if isinstance(e, InputRef) else e)
