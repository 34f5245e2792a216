"""Functions that call Python once per row: the exceptions, kept in one list for the documentation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import repeat
from typing import Any

from engine.changes import Column
from engine.expressions.functions.base import Constant, Context, Function, Infer
from engine.types import DataType


def python_values(column: Column) -> Iterable[Any]:
    """The internal values of a column without NULLs; those of a constant without copies."""
    from engine.expressions.values import column_to_internal

    if isinstance(column, Constant):
        return repeat(column.scalar, len(column.values))
    return column_to_internal(column)


def per_row(infer: Infer, function: Callable[..., Any], strict: bool = True, fallible: bool = False,
            deterministic: bool = True) -> Function:
    """A function of the internal values of one row. It returns an internal value, or None for NULL.

    A strict one sees no NULL; others get None. Symbols arrive as their words.
    """

    def evaluate(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
        from engine.expressions.values import column_from_python

        rows = zip(*(python_values(a) for a in args), strict=True) if args else repeat((), length)
        return column_from_python(type, [function(*row) for row in rows])

    return PerRow(infer, evaluate, strict=strict, fallible=fallible, dense=strict, deterministic=deterministic)


class PerRow(Function):
    """Marks the functions of which `per_row_functions` tells."""


def per_row_functions() -> tuple[str, ...]:
    """The names of the functions that call Python once per row (the documentation prints them)."""
    from engine.expressions.functions import catalogue

    return tuple(sorted(name for name, function in catalogue().items() if isinstance(function, PerRow)))


