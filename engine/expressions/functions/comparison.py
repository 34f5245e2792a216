"""=, <>, <, <=, >, >=, IS [NOT] NULL, IS [NOT] DISTINCT FROM, [NOT] BETWEEN, IN."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import numpy as np

from engine.changes import DTYPES, Array, Column, Mask
from engine.expressions.functions.base import Arguments, Constant, Context, Evaluate, Function, Infer
from engine.expressions.functions.signatures import bad_arguments, signature
from engine.expressions.nodes import Literal
from engine.expressions.rules import as_decimal, common_type, comparison_type
from engine.types import BOOLEAN, EXACT, DataType, Kind, is_nullable

Operator = Callable[[Any, Any], Any]
ORDERED: dict[str, Operator] = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal}
EQUALITY: dict[str, Operator] = {"=": np.equal, "<>": np.not_equal}
_UNORDERED = frozenset({Kind.ARRAY, Kind.MAP, Kind.MULTISET, Kind.ROW, Kind.RAW, Kind.VARIANT, Kind.BITMAP})


def coerce_comparison(arguments: Arguments, positions: Sequence[int], ordered: bool = False) -> None:
    """Ask for the casts that make the arguments at these positions comparable."""
    types = [arguments.types[p] for p in positions]
    if ordered and any(t.is_string for t in types) and any(t.is_numeric for t in types):
        texts_as_numbers(arguments, positions)
        types = [arguments.coercions.get(p, arguments.types[p]) for p in positions]
    if all(t.kind in EXACT | {Kind.NULL} for t in types) and any(t.kind is Kind.DECIMAL for t in types):
        for p in positions:
            if arguments.types[p].kind is not Kind.NULL:
                arguments.coercions[p] = as_decimal(arguments.coercions.get(p, arguments.types[p]))
        return
    target: DataType | None = types[0]
    for type in types[1:]:
        target = target and comparison_type(target, type)
    if target is None or (ordered and target.kind in _UNORDERED):
        raise bad_arguments(arguments, "the types cannot be compared")
    for p, type in zip(positions, types, strict=True):
        alike = type.kind is target.kind and not target.is_nested
        if alike or (type.is_string and target.is_string) or (type.is_bytes and target.is_bytes):
            continue
        arguments.coercions[p] = target
        if type.is_string and not isinstance(arguments.values[p], Literal):
            arguments.lenient.add(p)


def texts_as_numbers(arguments: Arguments, positions: Sequence[int]) -> None:
    """Ask for texts as the type of the numbers they stand beside: so Flink orders them, while it refuses `=`."""
    number = common_type([arguments.types[p] for p in positions if arguments.types[p].is_numeric])
    for p in positions:
        if arguments.types[p].is_string and number is not None:
            arguments.coercions[p] = number.as_nullable(arguments.types[p].nullable)


def _infer(ordered: bool) -> Infer:
    def infer(arguments: Arguments) -> DataType:
        if len(arguments.values) != 2:
            raise bad_arguments(arguments, "it takes 2 arguments")
        coerce_comparison(arguments, (0, 1), ordered)
        return BOOLEAN.as_nullable(is_nullable(*arguments.types))

    return infer


def compared(operator: Operator, a: Column, b: Column) -> Mask:
    """`operator` over two columns of one kind, whatever lies under their NULLs."""
    if a.type.kind in _UNORDERED:
        same = equal_nested(a, b)
        return same if operator is np.equal else ~same
    if a.type.has_views and b.type.has_views:
        from engine.expressions.kernels import text

        if operator in (np.equal, np.not_equal):
            same = text.equal(a.values, b.values)
            return same if operator is np.equal else ~same
        return operator(text.compare(a.values, b.values), 0)
    if a.type.is_wide_decimal and b.type.is_wide_decimal and a.type.scale == b.type.scale:
        from engine.expressions.kernels import wide

        return operator(wide.compare(a, b), 0)
    if a.type.kind is Kind.DECIMAL:
        return operator(*_aligned(a, b)).astype(np.bool_, copy=False)
    if a.type.kind is Kind.NULL or b.type.kind is Kind.NULL:
        return np.zeros(len(a), np.bool_)
    return operator(a.values, b.values)


def _aligned(a: Column, b: Column) -> tuple[Array, Array]:
    from engine.expressions.decimals import integers

    scale = max(a.type.scale, b.type.scale)
    digits = max(c.type.precision - c.type.scale for c in (a, b)) + scale
    return integers(a, scale, digits), integers(b, scale, digits)


def equal_nested(a: Column, b: Column) -> Mask:
    """Row by row, whether two lists, maps or rows hold the same values (NULL equals NULL inside)."""
    from engine.expressions.values import column_to_internal

    pairs = zip(column_to_internal(a), column_to_internal(b), strict=True)
    return np.fromiter((x == y for x, y in pairs), np.bool_, len(a))


def _operator(operator: Operator) -> Evaluate:
    def evaluate(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
        return Column(type, compared(operator, args[0], args[1]))

    return evaluate


def _present(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    return Column(type, args[0].valid())


def _absent(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    return Column(type, ~args[0].valid())


def distinct(a: Column, b: Column) -> Mask:
    """Row by row, whether two values differ, NULL being a value."""
    different = compared(np.not_equal, a, b)
    if a.validity is None and b.validity is None:
        return different
    left, right = a.valid(), b.valid()
    return (different & left & right) | (left != right)


def _distinct(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    return Column(type, distinct(*args))


def _not_distinct(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    return Column(type, ~distinct(*args))


def _infer_distinct(arguments: Arguments) -> DataType:
    _infer(ordered=False)(arguments)
    return BOOLEAN.as_nullable(False)


def _infer_between(arguments: Arguments) -> DataType:
    if len(arguments.values) != 3:
        raise bad_arguments(arguments, "it takes 3 arguments")
    coerce_comparison(arguments, (0, 1, 2), ordered=True)
    return BOOLEAN.as_nullable(is_nullable(*arguments.types))


def _three_valued(a: Column, b: Column, operator: Operator) -> tuple[Mask, Mask]:
    """Where a comparison is TRUE, and where it is FALSE."""
    result = compared(operator, a, b)
    valid = a.valid() & b.valid()
    return result & valid, ~result & valid


def _both(first: tuple[Mask, Mask], second: tuple[Mask, Mask]) -> tuple[Mask, Mask]:
    return first[0] & second[0], first[1] | second[1]


def _either(first: tuple[Mask, Mask], second: tuple[Mask, Mask]) -> tuple[Mask, Mask]:
    return first[0] | second[0], first[1] & second[1]


def from_truths(type: DataType, true: Mask, false: Mask) -> Column:
    """A BOOLEAN column that is NULL where neither is set."""
    known = true | false
    return Column(type, true, None if known.all() else known)


def _between(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    x, low, high = args
    return from_truths(type, *_both(_three_valued(x, low, np.greater_equal), _three_valued(x, high, np.less_equal)))


def _between_symmetric(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    x, a, b = args
    forth = _both(_three_valued(x, a, np.greater_equal), _three_valued(x, b, np.less_equal))
    back = _both(_three_valued(x, b, np.greater_equal), _three_valued(x, a, np.less_equal))
    return from_truths(type, *_either(forth, back))


def _infer_in(arguments: Arguments) -> DataType:
    if len(arguments.values) < 2:
        raise bad_arguments(arguments, "it takes at least 2 arguments")
    types = arguments.types
    listed = common_type(types[1:])
    if listed is None:
        raise bad_arguments(arguments, "the values of the list have no common type")
    if {types[0].is_numeric, listed.is_numeric} == {types[0].is_string, listed.is_string} == {True, False}:
        for position in range(1, len(types)):  # the list is made what it is compared with
            arguments.coercions[position] = types[0].as_nullable(types[position].nullable)
    else:
        coerce_comparison(arguments, range(len(types)))
    return BOOLEAN.as_nullable(is_nullable(*types))


def _in_constants(column: Column, items: Sequence[Column]) -> Mask | None:
    """IN a list of plain constants by one search; None where the list or the type is none such."""
    if len(items) < 4 or column.type.kind not in DTYPES or column.type.kind in (Kind.DECIMAL, *_UNORDERED):
        return None
    scalars = [c.scalar for c in items if isinstance(c, Constant) and c.type.kind is column.type.kind]
    if len(scalars) < len(items) or None in scalars:
        return None
    return np.isin(column.values, np.array(scalars, column.values.dtype))


def _in(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    found = _in_constants(args[0], args[1:])
    if found is not None:
        return Column(type, found, args[0].validity)
    truths = [_three_valued(args[0], item, np.equal) for item in args[1:]]
    return from_truths(type, *reduce(_either, truths))


FUNCTIONS: dict[str, Function] = {
    **{name: Function(_infer(False), _operator(op)) for name, op in EQUALITY.items()},
    **{name: Function(_infer(True), _operator(op)) for name, op in ORDERED.items()},
    "!=": Function(_infer(False), _operator(np.not_equal), name="<>"),
    "IS NULL": Function(signature(BOOLEAN, "any", nullable=False), _absent, strict=False),
    "IS NOT NULL": Function(signature(BOOLEAN, "any", nullable=False), _present, strict=False),
    "IS DISTINCT FROM": Function(_infer_distinct, _distinct, strict=False),
    "IS NOT DISTINCT FROM": Function(_infer_distinct, _not_distinct, strict=False),
    "BETWEEN": Function(_infer_between, _between, strict=False),
    "BETWEEN SYMMETRIC": Function(_infer_between, _between_symmetric, strict=False),
    "IN": Function(_infer_in, _in, strict=False),
}
