"""CASE, IF, COALESCE, IFNULL, NULLIF, GREATEST, LEAST."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np

from engine.changes import Array, Column, Mask, concat_columns, merge_owners
from engine.expressions.functions.base import Arguments, Context, EvaluateLazily, Function, Node
from engine.expressions.functions.comparison import compared
from engine.expressions.functions.logical import truths
from engine.expressions.functions.signatures import PARAMETERS, accept, bad_arguments
from engine.expressions.nodes import Expression, Literal
from engine.expressions.rules import common_type
from engine.types import DataType, Kind, is_nullable


def _common(arguments: Arguments, positions: Sequence[int], moments: bool = False) -> DataType:
    """The common type of some arguments, which they are cast to."""
    type = common_type([arguments.types[p] for p in positions], moments)
    if type is None:
        raise bad_arguments(arguments, "the values have no common type")
    for p in positions:
        arguments.coercions[p] = type
    return type


def _infer_case(arguments: Arguments) -> DataType:
    count = len(arguments.values)
    if count < 3 or count % 2 == 0:
        raise bad_arguments(arguments, "it takes conditions with values, and an ELSE")
    for i in range(0, count - 1, 2):
        accept(arguments, i, PARAMETERS["boolean"])
    return _common(arguments, [*range(1, count, 2), count - 1])


def _infer_coalesce(arguments: Arguments) -> DataType:
    if not arguments.values:
        raise bad_arguments(arguments, "it takes at least 1 argument")
    type = _common(arguments, range(len(arguments.values)), moments=True)
    return type.as_nullable(all(t.nullable for t in arguments.types))


def merged(type: DataType, parts: Sequence[tuple[Array | None, Column]], length: int) -> Column:
    """One column out of the parts' rows: positions (None: all rows) and the values there, the first part that has a
    row wins.

    A part with positions holds values for those rows only, one without for all of them; every row must be in some part.
    """
    if len(parts) == 1 and parts[0][0] is None:
        return parts[0][1].with_type(type)
    source = np.full(length, -1, np.int64)
    start = 0
    for rows, column in parts:
        if rows is None:
            missing = np.flatnonzero(source < 0)
            source[missing] = start + missing
        else:
            source[rows] = start + np.arange(len(rows))
        start += len(column)
    columns = [Column(type, c.values, c.validity, c.owners, c.children) for _, c in parts]
    return concat_columns(columns).take(source)


def _flat(type: DataType, choices: Sequence[tuple[Mask, Column]], otherwise: Column) -> Column:
    """Values of fixed width chosen by disjoint masks, without moving rows."""
    values = otherwise.values.copy()
    columns = [otherwise, *(c for _, c in choices)]
    validity = None if all(c.validity is None for c in columns) else otherwise.valid().copy()
    for mask, column in choices:
        np.copyto(values, column.values, where=mask if values.ndim == 1 else mask[:, None])
        if validity is not None:
            np.copyto(validity, column.valid(), where=mask)
    return Column(type, values, validity, merge_owners(c.owners for c in columns))


def _case(args: Sequence[Node], type: DataType, columns: Sequence[Column], length: int, context: Context) -> Column:
    if any(a.fallible for a in args) or type.is_nested:
        return _case_by_rows(args, type, columns, length, context)
    open_rows = np.ones(length, np.bool_)
    choices: list[tuple[Mask, Column]] = []
    for condition, value in zip(args[0:-1:2], args[1:-1:2], strict=True):
        taken = truths(condition(columns, length, context))[0] & open_rows
        choices.append((taken, value(columns, length, context)))
        open_rows = open_rows & ~taken
    return _flat(type, choices, args[-1](columns, length, context))


def _case_by_rows(args: Sequence[Node], type: DataType, columns: Sequence[Column], length: int,
                  context: Context) -> Column:
    """CASE whose conditions and values are evaluated only over the rows that come to them."""
    from engine.expressions.evaluate import evaluated_on

    rows = np.arange(length)
    parts: list[tuple[Array | None, Column]] = []
    for condition, value in zip(args[0:-1:2], args[1:-1:2], strict=True):
        if len(rows) == 0:
            break
        true = truths(evaluated_on(condition, columns, rows, context))[0]
        if true.any():
            parts.append((rows[true], evaluated_on(value, columns, rows[true], context)))
            rows = rows[~true]
    parts.append((rows, evaluated_on(args[-1], columns, rows, context)))
    return merged(type, parts, length)


def _coalesce(args: Sequence[Node], type: DataType, columns: Sequence[Column], length: int, context: Context) -> Column:
    from engine.expressions.evaluate import evaluated_on

    first = args[0](columns, length, context)
    if first.validity is None or first.validity.all():
        return Column(type, first.values, None, first.owners, first.children)
    parts: list[tuple[Array | None, Column]] = []
    rows, values = np.arange(length), first
    for node in args[1:]:
        present = values.valid()
        parts.append((rows[present], values.take(present)))
        rows = rows[~present]
        values = evaluated_on(node, columns, rows, context)
    parts.append((rows, values))
    return merged(type, parts, length)


def _infer_extreme(arguments: Arguments) -> DataType:
    if not arguments.values:
        raise bad_arguments(arguments, "it takes at least 1 argument")
    type = common_type(arguments.types)
    if type is None or type.is_nested:
        raise bad_arguments(arguments, "the values cannot be compared")
    for i in range(len(arguments.values)):
        arguments.coercions[i] = type
    return type.as_nullable(is_nullable(*arguments.types))


def _extreme(greatest: bool) -> Function:
    operator = np.greater if greatest else np.less

    def choose(type: DataType, best: Column, other: Column) -> Column:
        return _flat(type, [(compared(operator, other, best), other)], best)

    def evaluate(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
        plain = [Column(c.type, c.values, None, c.owners) for c in args]
        return reduce(lambda best, other: choose(type, best, other), plain[1:], plain[0]).with_type(type)

    return Function(_infer_extreme, evaluate)


def _never(arguments: Arguments) -> DataType:
    raise bad_arguments(arguments)


def _if(arguments: Arguments) -> Expression:
    from engine.expressions.binding import resolve_call

    if len(arguments.values) != 3:
        raise bad_arguments(arguments, "it takes 3 arguments")
    accept(arguments, 0, PARAMETERS["boolean"])
    _common(arguments, (1, 2))
    return resolve_call("CASE", arguments.values, arguments.config)


def _nullif(arguments: Arguments) -> Expression:
    from engine.expressions.binding import resolve_call

    if len(arguments.values) != 2:
        raise bad_arguments(arguments, "it takes 2 arguments")
    a, b = arguments.values
    if a.type.kind is Kind.NULL:
        return a
    same = resolve_call("=", (a, b), arguments.config)
    return resolve_call("CASE", (same, Literal(a.type.as_nullable(), None), a), arguments.config)


_LAZY_CASE: EvaluateLazily = _case
FUNCTIONS: dict[str, Function] = {
    "CASE": Function(_infer_case, lazily=_LAZY_CASE),
    "IF": Function(_never, expand=_if),
    "NULLIF": Function(_never, expand=_nullif),
    "COALESCE": Function(_infer_coalesce, lazily=_coalesce),
    "IFNULL": Function(_infer_coalesce, lazily=_coalesce, name="COALESCE"),
    "GREATEST": _extreme(True),
    "LEAST": _extreme(False),
}
