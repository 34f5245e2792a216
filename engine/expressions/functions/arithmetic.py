"""+ - * / %, signs, and the dispatch of + and - over dates and intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from engine.changes import DTYPES, Array, Column
from engine.errors import RuntimeFault
from engine.expressions.decimals import decimal_column, elementwise, integers, rescaled
from engine.expressions.functions.base import Arguments, Constant, Context, Evaluate, Function, Infer
from engine.expressions.functions.signatures import bad_arguments, signature
from engine.expressions.rules import (
    as_decimal,
    common_type,
    product_type,
    quotient_type,
    remainder_type,
    sum_type,
)
from engine.types import DATETIME, DOUBLE, INTERVALS, NUMERIC, DataType, Kind, is_nullable

Derive = Callable[[DataType, DataType], DataType]
_DATED = DATETIME | INTERVALS


def division_by_zero() -> RuntimeFault:
    return RuntimeFault("/ by zero", code="division_by_zero")


def _numbers(arguments: Arguments) -> tuple[DataType, DataType]:
    """The types of two numbers; NULL takes the other's."""
    if len(arguments.values) != 2:
        raise bad_arguments(arguments, "it takes 2 arguments")
    a, b = arguments.types
    if a.kind is Kind.NULL and b.kind is Kind.NULL:
        a = b = DOUBLE
    for i, (own, other) in enumerate(((a, b), (b, a))):
        if own.kind is Kind.NULL and other.kind in NUMERIC:
            arguments.coercions[i] = other
    a, b = (arguments.coercions.get(i, t) for i, t in enumerate((a, b)))
    if a.kind not in NUMERIC or b.kind not in NUMERIC:
        raise bad_arguments(arguments, "the arguments must be numbers")
    return a, b


def infer_numbers(arguments: Arguments, derive: Derive, modulo: bool = False) -> DataType:
    """Types a call over two numbers: DECIMALs by `derive`, others in their common type."""
    a, b = _numbers(arguments)
    nullable = is_nullable(*arguments.types)
    kinds = {a.kind, b.kind}
    if Kind.DECIMAL in kinds and not kinds & {Kind.FLOAT, Kind.DOUBLE}:
        for i, t in enumerate((a, b)):
            arguments.coercions[i] = as_decimal(t)
        if modulo and kinds != {Kind.DECIMAL}:
            return b.as_nullable(nullable)
        return derive(as_decimal(a), as_decimal(b)).as_nullable(nullable)
    common = common_type((a, b))
    assert common is not None
    if modulo and common.is_approximate:
        raise bad_arguments(arguments, "it takes exact numbers")
    arguments.coercions.update({0: common, 1: common})
    return (b if modulo else common).as_nullable(nullable)


def _infer(derive: Derive, modulo: bool = False) -> Infer:
    return lambda arguments: infer_numbers(arguments, derive, modulo)


def _divide_exact(a: Array, b: Array) -> Array:
    """Integers divided and rounded half away from zero; b nowhere 0."""
    if a.dtype == object or b.dtype == object:
        return elementwise(_half_up, a.astype(object), b.astype(object))
    quotient = np.abs(a) // np.abs(b)
    rest = np.abs(a) - quotient * np.abs(b)
    quotient += rest >= np.abs(b) - rest
    return np.where((a < 0) != (b < 0), -quotient, quotient)


def _half_up(a: int, b: int) -> int:
    quotient, rest = divmod(abs(a), abs(b))
    quotient += 2 * rest >= abs(b)
    return -quotient if (a < 0) != (b < 0) else quotient


def decimal_sum(a: Column, b: Column, type: DataType, sign: int) -> Column:
    """a + sign * b."""
    scale = max(a.type.scale, b.type.scale)
    if type.precision > 18 and a.type.scale == b.type.scale == type.scale:
        from engine.expressions.kernels import wide

        return wide.total(a, b, sign, type)
    digits = max(c.type.precision - c.type.scale for c in (a, b)) + scale + 1
    left, right = integers(a, scale, digits), integers(b, scale, digits)
    return decimal_column(type, rescaled(left + right if sign > 0 else left - right, type.scale - scale))


def decimal_product(a: Column, b: Column, type: DataType) -> Column:
    if type.precision > 18 and a.type.scale + b.type.scale == type.scale:
        from engine.expressions.kernels import wide

        return wide.product(a, b, type)
    digits = a.type.precision + b.type.precision
    values = integers(a, None, digits) * integers(b, None, digits)
    return decimal_column(type, rescaled(values, type.scale - a.type.scale - b.type.scale))


def _decimal_quotient(a: Column, b: Column, type: DataType) -> Column:
    shift = type.scale - a.type.scale + b.type.scale
    digits = max(a.type.precision + max(shift, 0), b.type.precision + max(-shift, 0))
    left, right = integers(a, None, digits), integers(b, None, digits)
    if not np.all(right != 0):
        raise division_by_zero()
    left, right = (left * 10**shift, right) if shift >= 0 else (left, right * 10**-shift)
    return decimal_column(type, _divide_exact(left, right))


def _decimal_remainder(a: Column, b: Column, type: DataType) -> Column:
    scale = max(a.type.scale, b.type.scale)
    digits = max(c.type.precision - c.type.scale for c in (a, b)) + scale
    left, right = integers(a, scale, digits), integers(b, scale, digits)
    if not np.all(right != 0):
        raise division_by_zero()
    if left.dtype != object:
        rest: Array = np.fmod(left, right)
    else:
        rest = np.where(left < 0, -1, 1) * elementwise(lambda x, y: abs(x) % abs(y), left, right)
    if type.kind is not Kind.DECIMAL:
        return Column(type, rescaled(rest, -scale).astype(np.int64).astype(DTYPES[type.kind]))
    return decimal_column(type, rescaled(rest, type.scale - scale))


def _quotient(a: Array, b: Array) -> Array:
    """Java's: integers truncate and wrap, doubles give infinities and NaN."""
    if a.dtype.kind == "f":
        return a / b
    if not b.all():
        raise division_by_zero()
    quotient = a // b
    rest = a - quotient * b
    return quotient + ((rest != 0) & ((a < 0) != (b < 0)))


def _remainder(a: Array, b: Array) -> Array:
    if a.dtype.kind != "f" and not b.all():
        raise division_by_zero()
    return np.fmod(a, b)


def _sum(sign: int) -> Evaluate:
    def evaluate(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
        a, b = args
        if type.kind is Kind.DECIMAL:
            return decimal_sum(a, b, type, sign)
        return Column(type, a.values + b.values if sign > 0 else a.values - b.values)

    return evaluate


def _times(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    if type.kind is Kind.DECIMAL:
        return decimal_product(args[0], args[1], type)
    return Column(type, args[0].values * args[1].values)


def _over(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    a, b = args
    if type.kind is Kind.DECIMAL:
        return _decimal_quotient(a, b, type)
    if isinstance(b, Constant) and b.scalar == 0 and length:  # Flink refuses a constant 0 even where doubles divide
        raise division_by_zero()
    with np.errstate(all="ignore"):
        return Column(type, _quotient(a.values, b.values))


def _modulo(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    a, b = args
    if a.type.kind is Kind.DECIMAL:
        return _decimal_remainder(a, b, type)
    with np.errstate(all="ignore"):
        return Column(type, _remainder(a.values, b.values).astype(DTYPES[type.kind], copy=False))


def _fails_on_zero(types: tuple[DataType, ...], result: DataType) -> bool:
    return types[0].kind not in (Kind.FLOAT, Kind.DOUBLE)


def infer_sum(arguments: Arguments) -> DataType:
    """+ and -: of numbers here, of dates and intervals as `engine.expressions.functions.intervals` says."""
    if any(t.kind in _DATED for t in arguments.types):
        from engine.expressions.functions.intervals import infer_dated

        return infer_dated(arguments)
    return infer_numbers(arguments, sum_type)


def _either(numbers: Evaluate, sign: int) -> Evaluate:
    def evaluate(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
        if args[0].type.kind in _DATED or args[1].type.kind in _DATED:
            from engine.expressions.functions.intervals import add_dated

            return add_dated(args[0], args[1], type, sign)
        return numbers(args, type, length, context)

    return evaluate


def _infer_product(arguments: Arguments) -> DataType:
    for interval, other in ((0, 1), (1, 0)):
        types = arguments.types
        if len(types) == 2 and types[interval].kind in INTERVALS and types[other].kind in NUMERIC:
            return types[interval].as_nullable(is_nullable(*types))
    return infer_numbers(arguments, product_type)


def _product(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    if type.kind not in INTERVALS:
        return _times(args, type, length, context)
    interval, number = args if args[0].type.kind in INTERVALS else (args[1], args[0])
    factor = number.values
    if number.type.kind is Kind.DECIMAL:
        factor = integers(number).astype(np.float64) / 10**number.type.scale
    return Column(type, (interval.values * factor).astype(DTYPES[type.kind]))


def _infer_sign(arguments: Arguments) -> DataType:
    if len(arguments.values) != 1:
        raise bad_arguments(arguments, "it takes 1 argument")
    type = arguments.types[0]
    if type.kind is Kind.NULL:
        arguments.coercions[0] = type = DOUBLE.as_nullable(type.nullable)
    if type.kind not in NUMERIC | INTERVALS:
        raise bad_arguments(arguments, "the argument must be a number or an interval")
    return type


def _negate(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    if type.is_wide_decimal:
        return decimal_column(type, -integers(args[0]))
    return Column(type, -args[0].values)


def _itself(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    return args[0]


_MODULO = Function(_infer(remainder_type, modulo=True), _modulo, fallible=_fails_on_zero, name="%")
FUNCTIONS: dict[str, Function] = {
    "+": Function(infer_sum, _either(_sum(1), 1)),
    "-": Function(infer_sum, _either(_sum(-1), -1)),
    "*": Function(_infer_product, _product),
    "/": Function(_infer(quotient_type), _over, fallible=True),
    "%": _MODULO,
    "MOD": _MODULO,
    "NEGATE": Function(_infer_sign, _negate),
    "POSITIVE": Function(_infer_sign, _itself),
    "ABS": Function(signature(lambda a: a.types[0], "numeric"),
                    lambda args, type, length, context: absolute(args[0], type)),
}


def absolute(column: Column, type: DataType) -> Column:
    """ABS: integers wrap as Java's."""
    return decimal_column(type, abs(integers(column))) if type.is_wide_decimal else Column(type, np.abs(column.values))
