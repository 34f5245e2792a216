"""CAST and TRY_CAST. A value that cannot be cast raises, or is NULL for TRY_CAST; DECIMAL overflow is NULL in both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.changes import DTYPES, Array, Column, Mask, null_column
from engine.errors import InternalError, RuntimeFault
from engine.expressions.decimals import decimal_column, integers, rescaled
from engine.expressions.functions.base import Arguments, Constant, Context, Evaluate, Function
from engine.expressions.functions.signatures import bad_arguments
from engine.expressions.nodes import Expression, Literal
from engine.types import (
    APPROXIMATE,
    BYTES_LIKE,
    CHARACTER,
    INT,
    INTEGERS,
    INTERVALS,
    MAX_LENGTH,
    STRING,
    DataType,
    Kind,
)

DAY = 86_400_000_000
DECIMAL_OF_INTEGERS = DataType(Kind.DECIMAL, precision=18)
LIMITS = {Kind.TINYINT: 2**7 - 1, Kind.SMALLINT: 2**15 - 1, Kind.INT: 2**31 - 1, Kind.BIGINT: 2**63 - 1}


@dataclass(frozen=True)
class Cast:
    """What a conversion may know: the target, the session, and whether a value that does not fit raises."""

    target: DataType
    context: Context
    raises: bool


Convert = Callable[[Column, Cast], Column]


def convert(column: Column, cast: Cast) -> Column:
    """The column cast to `cast.target`, whose nullability it takes."""
    source, target = column.type, cast.target
    if source.kind is Kind.NULL:
        return null_column(target.as_nullable(), len(column))
    if source.same_as(target):
        return column.with_type(target)
    converter = CONVERTERS.get((_family(source), _family(target)))
    if converter is None:
        raise InternalError(f"no cast from {source} to {target}")
    return converter(column, cast)


def _family(type: DataType) -> str:
    for kinds, name in ((CHARACTER, "text"), (BYTES_LIKE, "bytes"), (INTEGERS, "integer"), (APPROXIMATE, "approximate"),
                        (INTERVALS, "interval")):
        if type.kind in kinds:
            return name
    return type.kind.name


def refuse(cast: Cast, column: Column, failed: Mask, why: str) -> Mask | None:
    """Raises for the first row that failed, or makes the failed rows NULL: the result's validity."""
    bad = failed if column.validity is None else failed & column.validity
    if not bad.any():
        return column.validity
    if cast.raises:
        from engine.expressions.values import column_to_python

        row = int(np.flatnonzero(bad)[0])
        value = column_to_python(column.slice(row, row + 1))[0]
        raise RuntimeFault(f"{why}: {value!r} cannot be cast to {cast.target.as_nullable()}", code="bad_cast_value",
                           hint="TRY_CAST gives NULL instead")
    return column.valid() & ~bad


def _keep(column: Column, cast: Cast) -> Column:
    return column.with_type(cast.target)


def _parsed(what: str, why: str) -> Convert:
    """A cast from text by the kernel `what` of `kernels.parse`."""

    def run(column: Column, cast: Cast) -> Column:
        from engine.expressions.kernels import parse

        target = cast.target
        limit = target.precision if what == "DECIMAL" else LIMITS.get(target.kind, 0)
        values, doubles, states = parse.read(column.values, getattr(parse, what), limit, target.scale)
        validity = refuse(cast, column, states == 0, why)
        if what == "DECIMAL" and (states == 2).any():
            validity = (states != 2) if validity is None else validity & (states != 2)
        if what == "DOUBLE":
            values = doubles
        return Column(target, values.astype(DTYPES[target.kind], copy=False), validity)

    return run


def _text_to_decimal(column: Column, cast: Cast) -> Column:
    if cast.target.precision <= 18:
        return _parsed("DECIMAL", "not a number")(column, cast)
    from decimal import Decimal, InvalidOperation

    from engine.expressions.values import scaled, texts

    values, failed = np.zeros(len(column), object), np.zeros(len(column), np.bool_)
    for row, text in enumerate(texts(column)):
        try:
            number = Decimal(text.strip())
            failed[row] = not number.is_finite() or "_" in text
            values[row] = 0 if failed[row] else scaled(number, cast.target.scale)
        except InvalidOperation:
            failed[row] = True
    return decimal_column(cast.target, values, refuse(cast, column, failed, "not a number"))


_TRUE, _FALSE = frozenset({"t", "true", "y", "yes", "1"}), frozenset({"f", "false", "n", "no", "0"})


def _text_to_boolean(column: Column, cast: Cast) -> Column:
    from engine.expressions.values import texts

    lowered = [t.lower() for t in texts(column)]
    values = np.fromiter((t in _TRUE for t in lowered), np.bool_, len(lowered))
    failed = np.fromiter((t not in _TRUE and t not in _FALSE for t in lowered), np.bool_, len(lowered))
    return Column(cast.target, values, refuse(cast, column, failed, "not a BOOLEAN"))


def _cut(micros: Array, precision: int) -> Array:
    unit = 10 ** max(0, 6 - precision)
    return micros if unit == 1 else micros - micros % unit


def _text_to_timestamp(column: Column, cast: Cast) -> Column:
    parsed = _parsed("TIMESTAMP", "not a timestamp")(column, cast)
    micros = _cut(parsed.values, cast.target.precision)
    if cast.target.kind is Kind.TIMESTAMP_LTZ:
        from engine.expressions.zones import zone

        micros = zone(cast.context.zone).to_utc(micros)
    return Column(cast.target, micros, parsed.validity)


def _text_to_time(column: Column, cast: Cast) -> Column:
    parsed = _parsed("TIME", "not a time")(column, cast)
    return Column(cast.target, _cut(parsed.values, min(cast.target.precision, 3)), parsed.validity)


def _number_to_integer(column: Column, cast: Cast) -> Column:
    """Java's narrowing: integers wrap, doubles saturate (through INT for the smaller types), NaN is 0."""
    dtype = DTYPES[cast.target.kind]
    values = column.values
    if values.dtype.kind != "f":
        return Column(cast.target, values.astype(dtype), column.validity)
    wide = cast.target.kind is Kind.BIGINT
    low, high = (-(2.0**63), 2.0**63) if wide else (-(2.0**31), 2.0**31 - 1)
    doubles = np.nan_to_num(np.trunc(values.astype(np.float64)), nan=0.0, posinf=np.inf, neginf=-np.inf)
    with np.errstate(invalid="ignore"):
        whole = np.clip(doubles, low, high if not wide else np.nextafter(high, 0)).astype(np.int64)
    if wide:
        whole = np.where(doubles >= high, np.int64(2**63 - 1), whole)
    return Column(cast.target, whole.astype(dtype), column.validity)


def _decimal_to_integer(column: Column, cast: Cast) -> Column:
    values = integers(column, None, column.type.precision)
    power = 10**column.type.scale
    if values.dtype == object:
        whole = np.array([_wrapped(abs(v) // power * (-1 if v < 0 else 1)) for v in values.tolist()], np.int64)
    else:
        whole = np.where(values < 0, -(-values // power), values // power)
    return Column(cast.target, whole.astype(DTYPES[cast.target.kind]), column.validity)


def _wrapped(value: int) -> int:
    return (value + 2**63) % 2**64 - 2**63


def _number_to_approximate(column: Column, cast: Cast) -> Column:
    with np.errstate(over="ignore"):
        return Column(cast.target, column.values.astype(DTYPES[cast.target.kind]), column.validity)


def _decimal_to_approximate(column: Column, cast: Cast) -> Column:
    scale = column.type.scale
    if column.type.precision <= 15:
        doubles = column.values / 10.0**scale
    else:
        from engine.expressions.values import unscaled

        doubles = np.array([float(unscaled(v, scale)) for v in integers(column).tolist()], np.float64)
    return Column(cast.target, doubles.astype(DTYPES[cast.target.kind]), column.validity)


def _integer_to_decimal(column: Column, cast: Cast) -> Column:
    target = cast.target
    digits = 19 + target.scale
    values = column.values.astype(np.int64, copy=False)
    if target.precision > 18:
        from engine.expressions.kernels import wide

        return wide.scaled_up(Column(DECIMAL_OF_INTEGERS, values, column.validity), target.scale, target)
    small = digits <= 18 or column.type.kind is not Kind.BIGINT and 10 + target.scale <= 18
    numbers = values * np.int64(10**target.scale) if small else values.astype(object) * 10**target.scale
    return decimal_column(target, numbers, column.validity)


def _boolean_to_decimal(column: Column, cast: Cast) -> Column:
    return _integer_to_decimal(Column(INT, column.values.astype(np.int32), column.validity), cast)


def _approximate_to_decimal(column: Column, cast: Cast) -> Column:
    """Through the shortest decimal form of the double, as Java's BigDecimal.valueOf does; NaN and infinities are
    NULL."""
    from decimal import Decimal

    from engine.expressions.values import scaled

    doubles = column.values.astype(np.float64)
    finite = np.isfinite(doubles)
    values = np.zeros(len(column), object)
    values[:] = [scaled(Decimal(repr(v)), cast.target.scale) if ok else 0
                 for v, ok in zip(doubles.tolist(), finite.tolist(), strict=True)]
    validity = column.validity if finite.all() else column.valid() & finite
    return decimal_column(cast.target, values, validity)


def _decimal_to_decimal(column: Column, cast: Cast) -> Column:
    shift = cast.target.scale - column.type.scale
    if shift >= 0 and cast.target.precision > 18:
        from engine.expressions.kernels import wide

        return wide.scaled_up(column, shift, cast.target)
    values = integers(column, None, column.type.precision + max(shift, 0))
    return decimal_column(cast.target, rescaled(values, shift), column.validity)


def _to_boolean(column: Column, cast: Cast) -> Column:
    return Column(cast.target, column.values != 0, column.validity)


def _timestamp_to_date(column: Column, cast: Cast) -> Column:
    return Column(cast.target, (_local(column, cast) // DAY).astype(np.int32), column.validity)


def _timestamp_to_time(column: Column, cast: Cast) -> Column:
    return Column(cast.target, _cut(_local(column, cast) % DAY, min(cast.target.precision, 3)), column.validity)


def _local(column: Column, cast: Cast) -> Array:
    """A moment's local microseconds."""
    if column.type.kind is not Kind.TIMESTAMP_LTZ:
        return column.values
    from engine.expressions.zones import zone

    return zone(cast.context.zone).to_local(column.values)


def _moment(column: Column, cast: Cast) -> Column:
    """DATE, TIME, TIMESTAMP, TIMESTAMP_LTZ to a timestamp; a TIME is of 1970-01-01."""
    source, target = column.type.kind, cast.target
    values = column.values.astype(np.int64) * DAY if source is Kind.DATE else column.values
    if source is not target.kind:
        from engine.expressions.zones import zone

        if target.kind is Kind.TIMESTAMP_LTZ:
            values = zone(cast.context.zone).to_utc(values)
        elif source is Kind.TIMESTAMP_LTZ:
            values = zone(cast.context.zone).to_local(values)
    return Column(target, _cut(values, target.precision), column.validity)


def _time_to_time(column: Column, cast: Cast) -> Column:
    return Column(cast.target, _cut(column.values, min(cast.target.precision, 3)), column.validity)


def _text_to_bytes(column: Column, cast: Cast) -> Column:
    return _sized(column, cast)


def _sized(column: Column, cast: Cast) -> Column:
    """Text or bytes under another length: cut to it, and padded where the target is CHAR or BINARY."""
    target = cast.target
    fixed = target.kind in (Kind.CHAR, Kind.BINARY)
    grows = not fixed and target.length >= (column.type.length or MAX_LENGTH)
    if target.length == MAX_LENGTH or grows and column.type.is_string == target.is_string:
        return column.with_type(target)
    from engine.expressions.kernels import strings

    views, memory = strings.sized(column.values, target.length, fixed, target.is_string)
    return Column(target, views, column.validity, (*column.owners, memory))


def _bytes_to_text(column: Column, cast: Cast) -> Column:
    from engine.expressions.values import column_from_python, texts

    valid = column.valid().tolist()
    decoded = column_from_python(cast.target, [t if v else None for t, v in zip(texts(column), valid, strict=True)])
    return _sized(decoded, cast)


def _to_text(column: Column, cast: Cast) -> Column:
    from engine.expressions.functions.rendering import rendered

    text = rendered(column, cast.context)
    return _sized(text, cast)


def _list_to_list(column: Column, cast: Cast) -> Column:
    target = cast.target
    parts = [target.element] if target.kind is Kind.ARRAY else (
        [target.key, target.element] if target.kind is Kind.MAP else [target.element, INT.as_nullable(False)])
    children = tuple(convert(child, Cast(part, cast.context, cast.raises))
                     for child, part in zip(column.children, parts, strict=True) if part is not None)
    failed = np.zeros(len(column), np.bool_)
    for lost in _lost(column, children, cast):
        rows = np.searchsorted(column.values, np.flatnonzero(lost), "right") - 1
        failed[rows] = True
    return Column(target, column.values, _without(column, failed), column.owners, children)


def _lost(column: Column, children: Sequence[Column], cast: Cast) -> list[Mask]:
    """Which parts of nested values TRY_CAST could not cast: they make the whole value NULL."""
    if cast.raises:
        return []
    pairs = zip(column.children, children, strict=True)
    return [old.valid() & ~new.valid() for old, new in pairs if _casts_fail((old.type,), new.type)]


def _without(column: Column, failed: Mask) -> Mask | None:
    return column.valid() & ~failed if failed.any() else column.validity


def _row_to_row(column: Column, cast: Cast) -> Column:
    children = tuple(convert(child, Cast(f.type, cast.context, cast.raises))
                     for child, f in zip(column.children, cast.target.fields, strict=True))
    failed = np.zeros(len(column), np.bool_)
    for lost in _lost(column, children, cast):
        failed |= lost
    return Column(cast.target, column.values, _without(column, failed), column.owners, children)


def _to_interval(column: Column, cast: Cast) -> Column:
    return Column(cast.target, column.values.astype(DTYPES[cast.target.kind]), column.validity)


_MOMENTS = ("DATE", "TIME", "TIMESTAMP", "TIMESTAMP_LTZ")
_RENDERED = ("integer", "approximate", "DECIMAL", "BOOLEAN", "interval", *_MOMENTS, "ARRAY", "MAP", "MULTISET", "ROW",
             "VARIANT", "RAW", "BITMAP")
CONVERTERS: dict[tuple[str, str], Convert] = {
    ("text", "text"): _sized,
    ("text", "bytes"): _text_to_bytes,
    ("text", "BOOLEAN"): _text_to_boolean,
    ("text", "integer"): _parsed("INTEGER", "not an integer in range"),
    ("text", "approximate"): _parsed("DOUBLE", "not a number"),
    ("text", "DECIMAL"): _text_to_decimal,
    ("text", "DATE"): _parsed("DATE", "not a date"),
    ("text", "TIME"): _text_to_time,
    ("text", "TIMESTAMP"): _text_to_timestamp,
    ("text", "TIMESTAMP_LTZ"): _text_to_timestamp,
    ("bytes", "bytes"): _sized,
    ("bytes", "text"): _bytes_to_text,
    ("BOOLEAN", "integer"): _number_to_integer,
    ("BOOLEAN", "approximate"): _number_to_approximate,
    ("BOOLEAN", "DECIMAL"): _boolean_to_decimal,
    ("integer", "BOOLEAN"): _to_boolean,
    ("integer", "integer"): _number_to_integer,
    ("integer", "approximate"): _number_to_approximate,
    ("integer", "DECIMAL"): _integer_to_decimal,
    ("integer", "interval"): _to_interval,
    ("interval", "integer"): _number_to_integer,
    ("interval", "interval"): _keep,
    ("approximate", "integer"): _number_to_integer,
    ("approximate", "approximate"): _number_to_approximate,
    ("approximate", "DECIMAL"): _approximate_to_decimal,
    ("DECIMAL", "integer"): _decimal_to_integer,
    ("DECIMAL", "approximate"): _decimal_to_approximate,
    ("DECIMAL", "DECIMAL"): _decimal_to_decimal,
    ("TIME", "TIME"): _time_to_time,
    **{(source, "DATE"): _timestamp_to_date for source in ("TIMESTAMP", "TIMESTAMP_LTZ")},
    **{(source, "TIME"): _timestamp_to_time for source in ("TIMESTAMP", "TIMESTAMP_LTZ")},
    **{(source, target): _moment for source in _MOMENTS for target in ("TIMESTAMP", "TIMESTAMP_LTZ")},
    **{(source, "text"): _to_text for source in _RENDERED},
    **{(kind, kind): _list_to_list for kind in ("ARRAY", "MAP", "MULTISET")},
    ("ROW", "ROW"): _row_to_row,
}


def _evaluate(raises: bool) -> Evaluate:
    def evaluate(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
        source = args[0]
        if isinstance(source, Constant):
            source = Column(source.type, source.values, source.validity, source.owners)
        return convert(source, Cast(type, context, raises))

    return evaluate


def _infer(arguments: Arguments) -> DataType:
    raise bad_arguments(arguments, "use CAST(value AS type)")


def _casts_fail(types: tuple[DataType, ...], result: DataType) -> bool:
    """Whether a CAST can raise: only out of text, at any depth."""
    source = types[0]
    if source.is_nested and result.is_nested:
        inner = [(a.type, b.type) for a, b in zip(source.fields, result.fields, strict=False)]
        inner += [(a, b) for a, b in ((source.element, result.element), (source.key, result.key)) if a and b]
        return any(_casts_fail((a,), b) for a, b in inner)
    return source.is_string and not (result.is_string or result.is_bytes)


def _typeof(arguments: Arguments) -> Expression:
    """TYPEOF(x): a constant."""
    if not arguments.values:
        raise bad_arguments(arguments, "it takes 1 argument")
    return Literal(STRING.as_nullable(False), str(arguments.types[0]))


FUNCTIONS: dict[str, Function] = {
    "TYPEOF": Function(_infer, expand=_typeof),
    "CAST": Function(_infer, _evaluate(True), fallible=_casts_fail),
    "TRY_CAST": Function(_infer, _evaluate(False)),
}
