"""Mathematics: roots, logarithms, angles, rounding, numerals, random numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine.changes import DTYPES, Array, Column
from engine.errors import RuntimeFault
from engine.expressions.decimals import decimal_column, divided, integers
from engine.expressions.functions.base import Arguments, Constant, Context, Evaluate, Function
from engine.expressions.functions.rows import per_row
from engine.expressions.functions.signatures import bad_arguments, constant_of, signature
from engine.expressions.rules import rounded_type
from engine.types import DECIMAL, DOUBLE, INT, INTEGERS, STRING, DataType, Kind, is_nullable


def _doubles(function: Callable[..., Any], count: int = 1) -> Function:
    """A function of doubles, computed without an error: NaN and infinities as in Java."""

    def evaluate(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
        with np.errstate(all="ignore"):
            return Column(type, np.asarray(function(*(a.values for a in args)), np.float64))

    return Function(signature(DOUBLE, *["double"] * count), evaluate)


def _constant(value: float) -> Function:
    def evaluate(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
        return Column(type, np.full(length, value))

    return Function(signature(DOUBLE, nullable=False), evaluate)


def java_sinh(x: Array) -> Array:
    """As in fdlibm, whose rounding Java keeps."""
    size = np.abs(x)
    t = np.expm1(np.minimum(size, 22.0))
    near = np.where(size < 1, 2 * t - t * t / (t + 1), t + t / (t + 1)) * np.where(x < 0, -0.5, 0.5)
    return np.where(size < 22, near, np.sinh(x))


def java_cosh(x: Array) -> Array:
    """As in fdlibm, whose rounding Java keeps."""
    size = np.abs(x)
    t, small = np.exp(np.minimum(size, 22.0)), np.expm1(np.minimum(size, 1.0))
    near = np.where(size < 0.5 * math.log(2), 1 + small * small / (2 * (1 + small)), 0.5 * t + 0.5 / t)
    return np.where(size < 22, near, np.cosh(x))


def java_tanh(x: Array) -> Array:
    """As in fdlibm, whose rounding Java keeps."""
    size = np.minimum(np.abs(x), 22.0)
    large, small = np.expm1(2 * size), np.expm1(-2 * size)
    value = np.where(size >= 1, 1 - 2 / (large + 2), -small / (small + 2))
    return np.where(np.isnan(x), x, np.where(np.abs(x) < 22, value, 1.0) * np.where(x < 0, -1.0, 1.0))


def _log(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    """LOG(x) is natural, LOG(base, x)."""
    with np.errstate(all="ignore"):
        if len(args) == 1:
            return Column(type, np.log(args[0].values))
        return Column(type, np.log(args[1].values) / np.log(args[0].values))


def _infer_sign(arguments: Arguments) -> DataType:
    return arguments.types[0]


def _sign(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    if type.kind is Kind.DECIMAL:
        numbers = integers(args[0], None, type.precision)
        signs = np.sign(numbers.astype(np.float64)).astype(np.int64)
        return decimal_column(type, signs.astype(object) * 10**type.scale)
    return Column(type, np.sign(args[0].values))


def _digits_of(arguments: Arguments) -> int:
    """How many digits ROUND or TRUNCATE keeps, as far as the type depends on it."""
    if len(arguments.values) == 1:
        return 0
    digits = constant_of(arguments, 1)
    return digits if isinstance(digits, int) else arguments.types[0].scale


def _infer_round(arguments: Arguments) -> DataType:
    type = arguments.types[0]
    if type.kind is Kind.DECIMAL:
        return rounded_type(type, _digits_of(arguments))
    return type


def _infer_truncate(arguments: Arguments) -> DataType:
    return _infer_round(arguments)


def _shift(args: Sequence[Column], length: int) -> Array:
    return args[1].values.astype(np.int64) if len(args) > 1 else np.zeros(length, np.int64)


def _by_digits(digits: Array, function: Callable[[Array | slice, int], None]) -> None:
    """Calls a function per distinct number of digits, with the rows that have it."""
    if len(digits) == 0:
        return
    distinct = np.unique(digits)
    for n in distinct.tolist():
        function(slice(None) if len(distinct) == 1 else np.flatnonzero(digits == n), n)


def _rounded_integers(values: Array, scale: int, digits: int, target: int, truncate: bool) -> Array:
    """Scaled integers rounded half up (or cut) to `digits` behind the point, scaled by 10^target."""
    drop = scale - digits
    if drop <= 0:
        shift = target - scale
        return values * 10**shift if shift >= 0 else divided(values, 10**-shift)
    power = 10**drop
    if truncate:
        kept = np.where(values < 0, -(abs(values) // power), abs(values) // power) if len(values) else values
    else:
        kept = divided(values, power)
    shift = target - digits
    return kept * 10**shift if shift >= 0 else divided(kept, 10**-shift)


def _rounding(truncate: bool) -> Evaluate:
    def evaluate(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
        source, digits = args[0], _shift(args, length)
        if type.kind in (Kind.FLOAT, Kind.DOUBLE):
            return _round_doubles(source, digits, type, truncate)
        exact = integers(source).astype(object)
        values = np.zeros(length, object)

        def fill(rows: Array | slice, n: int) -> None:
            kept = min(n, source.type.scale)
            values[rows] = _rounded_integers(exact[rows], source.type.scale, kept, type.scale, truncate)

        _by_digits(digits, fill)
        if type.kind is Kind.DECIMAL:
            return decimal_column(type, values)
        bits = np.array([(v + 2**63) % 2**64 - 2**63 for v in values.tolist()], np.int64)
        return Column(type, bits.astype(DTYPES[type.kind]))

    return evaluate


def _round_doubles(source: Column, digits: Array, type: DataType, truncate: bool) -> Column:
    """Through the shortest decimal form, as Java's BigDecimal.valueOf(double) does."""
    from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

    from engine.expressions.values import EXACT

    mode = ROUND_DOWN if truncate else ROUND_HALF_UP

    def one(value: Any, places: int) -> float:
        if not math.isfinite(value):
            return float(value)
        return float(Decimal(str(value)).quantize(Decimal(1).scaleb(-places), mode, EXACT))

    items = source.values if type.kind is Kind.FLOAT else source.values.tolist()
    return Column(type, np.array([one(v, d) for v, d in zip(items, digits.tolist(), strict=True)], DTYPES[type.kind]))


def infer_whole(arguments: Arguments) -> DataType:
    """CEIL, FLOOR of a number: DECIMAL loses its scale, others stay."""
    type = arguments.types[0]
    return DECIMAL(type.precision, 0) if type.kind is Kind.DECIMAL else type


def whole(column: Column, type: DataType, up: bool) -> Column:
    """CEIL or FLOOR of a number."""
    if type.kind in INTEGERS:
        return column
    if type.kind is not Kind.DECIMAL:
        return Column(type, (np.ceil if up else np.floor)(column.values))
    values, power = integers(column, None, column.type.precision), 10**column.type.scale
    return decimal_column(type, -(-values // power) if up else values // power)


def _hex(value: Any) -> str:
    if isinstance(value, int):
        return format(value & (2**64 - 1), "X")
    return (value.encode() if isinstance(value, str) else value).hex().upper()


def _unhex(text: str) -> bytes | None:
    try:
        data = bytes.fromhex("0" * (len(text) % 2) + text) if text.isascii() and text.isalnum() or not text else None
    except ValueError:
        return None
    # Flink checks the odd first digit and then writes 0 in its place.
    return b"\0" + data[1:] if data and len(text) % 2 else data


def _infer_hex(arguments: Arguments) -> DataType:
    if len(arguments.values) != 1 or not (arguments.types[0].is_integer or arguments.types[0].is_string
                                          or arguments.types[0].kind is Kind.NULL):
        raise bad_arguments(arguments, "it takes an integer or a string")
    return STRING.as_nullable(arguments.types[0].nullable)


class JavaRandom:
    """java.util.Random: a linear congruential generator of 48 bits (Knuth, The Art of Computer Programming 3.2.1)."""

    def __init__(self, seed: int) -> None:
        self.state = (seed ^ 0x5DEECE66D) & (2**48 - 1)

    def bits(self, count: int) -> int:
        """So many random bits, signed as Java's next(32) is."""
        self.state = (self.state * 0x5DEECE66D + 0xB) & (2**48 - 1)
        value = self.state >> (48 - count)
        return value - 2**32 if count == 32 and value >= 2**31 else value

    def double(self) -> float:
        return ((self.bits(26) << 27) + self.bits(27)) * 2.0**-53

    def integer(self, bound: int) -> int:
        if bound <= 0:
            raise RuntimeFault("bound must be positive", code="bad_bound")
        if bound & (bound - 1) == 0:
            return (bound * self.bits(31)) >> 31
        while True:
            bits = self.bits(31)
            value = bits % bound
            if bits - value + bound - 1 < 2**31:
                return value


def _seeded(seed: Column, context: Context) -> list[JavaRandom]:
    """A generator per row: fresh for each value of a seed, one that goes on over the query for a constant."""
    if not isinstance(seed, Constant):
        return [JavaRandom(s) for s in seed.values.tolist()]
    key = f"random:{seed.scalar!r}"
    generator = context.resources.get(key)
    if not isinstance(generator, JavaRandom):
        generator = JavaRandom(int(seed.scalar) if isinstance(seed.scalar, int) else 0)
        context.resources[key] = generator
    return [generator] * len(seed.values)


def _generator(context: Context) -> np.random.Generator:
    """The generator of calls without a seed."""
    generator = context.resources.get("random")
    if not isinstance(generator, np.random.Generator):
        generator = context.resources["random"] = np.random.default_rng()
    return generator


def _rand(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    if args:
        return Column(type, np.array([g.double() for g in _seeded(args[0], context)], np.float64))
    return Column(type, _generator(context).random(length))


def _rand_integer(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    bounds = args[-1].values
    if len(args) == 1:
        if (bounds <= 0).any():
            raise RuntimeFault("bound must be positive", code="bad_bound")
        return Column(type, (_generator(context).random(length) * bounds).astype(np.int32))
    drawn = zip(_seeded(args[0], context), bounds.tolist(), strict=True)
    return Column(type, np.array([g.integer(b) for g, b in drawn], np.int32))


def _uuid(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    import uuid

    from engine.expressions.values import column_from_python

    return column_from_python(type, [str(uuid.uuid4()) for _ in range(length)])


def _infer_rand(arguments: Arguments) -> DataType:
    return DOUBLE.as_nullable(is_nullable(*arguments.types))


def _round_signature(infer: Callable[[Arguments], DataType]) -> Callable[[Arguments], DataType]:
    return signature(infer, "numeric", "int?")


FUNCTIONS: dict[str, Function] = {
    "SQRT": _doubles(np.sqrt), "EXP": _doubles(np.exp), "LN": _doubles(np.log),
    "LOG10": _doubles(np.log10), "LOG2": _doubles(lambda x: np.log(x) / np.log(2.0)),
    "LOG": Function(signature(DOUBLE, "double", "double?"), _log),
    "POWER": _doubles(np.power, 2), "POW": _doubles(np.power, 2),
    "SIN": _doubles(np.sin), "COS": _doubles(np.cos), "TAN": _doubles(np.tan),
    "COT": _doubles(lambda x: 1.0 / np.tan(x)),
    "SINH": _doubles(java_sinh), "COSH": _doubles(java_cosh), "TANH": _doubles(java_tanh),
    "ASIN": _doubles(np.arcsin), "ACOS": _doubles(np.arccos), "ATAN": _doubles(np.arctan),
    "ATAN2": _doubles(np.arctan2, 2),
    "DEGREES": _doubles(np.degrees), "RADIANS": _doubles(lambda x: x / 180.0 * np.pi),
    "CBRT": _doubles(np.cbrt), "PI": _constant(math.pi), "E": _constant(math.e),
    "SIGN": Function(signature(_infer_sign, "numeric"), _sign),
    "ROUND": Function(_round_signature(_infer_round), _rounding(False), dense=True),
    "TRUNCATE": Function(_round_signature(_infer_truncate), _rounding(True), dense=True),
    "BIN": per_row(signature(STRING, "bigint"), lambda v: format(v & (2**64 - 1), "b")),
    "HEX": per_row(_infer_hex, _hex),
    "UNHEX": per_row(signature(DataType(Kind.VARBINARY, length=2**31 - 1), "string", nullable=True), _unhex),
    "RAND": Function(signature(_infer_rand, "int?"), _rand, fallible=True, deterministic=False),
    "RAND_INTEGER": Function(signature(INT, "int", "int?"), _rand_integer, fallible=True, deterministic=False),
    "UUID": Function(signature(STRING, nullable=False), _uuid, deterministic=False),
}  # fmt: skip
