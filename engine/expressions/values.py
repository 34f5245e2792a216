"""Python values to columns and back, and the columns of constants.

`to_internal` and `to_python` translate between a Literal's value (ints for dates and times) and what users see:
Decimal, str, bytes, date, time, datetime (aware, UTC, for TIMESTAMP_LTZ), timedelta, ("months", n), list, dict for
MAP and MULTISET, tuple for ROW.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

import numpy as np

from engine.changes import DTYPES, Array, Column, Mask, null_column
from engine.expressions.functions.base import Constant
from engine.expressions.nodes import Literal
from engine.types import DATETIME, INT, INTERVALS, DataType, Kind

EPOCH = datetime(1970, 1, 1)
EPOCH_DAY = EPOCH.date().toordinal()
SECOND = 1_000_000
LOW = (1 << 64) - 1
EXACT = Context(prec=100, rounding=ROUND_HALF_UP, Emax=10_000, Emin=-10_000)


def scaled(value: object, scale: int) -> int:
    """A number as an integer scaled by 10^scale, rounded half up."""
    number = value if isinstance(value, Decimal) else Decimal(str(value))
    return int(number.scaleb(scale, EXACT).quantize(Decimal(1), ROUND_HALF_UP, EXACT))


def unscaled(value: int, scale: int) -> Decimal:
    """The decimal of `scale` digits behind the point that an integer scaled by 10^scale stands for."""
    return Decimal((value < 0, tuple(map(int, str(abs(value)))), -scale))


def _time_micros(value: time) -> int:
    """Microseconds of the day; Flink keeps a TIME in milliseconds."""
    return ((value.hour * 60 + value.minute) * 60 + value.second) * SECOND + value.microsecond // 1000 * 1000


def cut_micros(micros: int, precision: int) -> int:
    """Microseconds without the digits that a timestamp of this precision has not."""
    return micros - micros % 10 ** max(0, 6 - precision)


def _timestamp_micros(value: datetime) -> int:
    naive = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    return (naive - EPOCH) // timedelta(microseconds=1)


def to_internal(type: DataType, value: Any) -> Any:
    """A Python value of a flat type as its Literal's value, in its type's length; values that are internal already
    pass."""
    match type.kind:
        case _ if value is None:
            return None
        case Kind.CHAR if isinstance(value, str):
            return value.ljust(type.length)
        case Kind.DATE if isinstance(value, date):
            return value.toordinal() - EPOCH_DAY
        case Kind.TIME if isinstance(value, time):
            return _time_micros(value)
        case Kind.TIMESTAMP | Kind.TIMESTAMP_LTZ if isinstance(value, datetime):
            return cut_micros(_timestamp_micros(value), type.precision)
        case Kind.INTERVAL_TIME if isinstance(value, timedelta):
            return value // timedelta(microseconds=1)
        case Kind.INTERVAL_MONTHS if isinstance(value, tuple):
            return value[1]
    return value


def to_python(type: DataType, value: Any) -> Any:
    """The Python value that users see for a Literal's value. Times out of Python's range stay integers."""
    try:
        match type.kind:
            case _ if value is None:
                return None
            case Kind.DATE:
                return date.fromordinal(int(value) + EPOCH_DAY)
            case Kind.TIME:
                return (EPOCH + timedelta(microseconds=int(value))).time()
            case Kind.TIMESTAMP:
                return EPOCH + timedelta(microseconds=int(value))
            case Kind.TIMESTAMP_LTZ:
                return (EPOCH + timedelta(microseconds=int(value))).replace(tzinfo=UTC)
            case Kind.INTERVAL_TIME:
                return timedelta(microseconds=int(value))
            case Kind.INTERVAL_MONTHS:
                return ("months", int(value))
    except (OverflowError, ValueError):
        return int(value)
    return value


def validity_of(values: Sequence[object]) -> Mask | None:
    """Which of the values are present; None where all are."""
    if None not in values:
        return None
    return np.fromiter((v is not None for v in values), np.bool_, len(values))


def limbs(values: Sequence[int]) -> Array:
    """Integers as two 64-bit limbs each: int64 (n, 2)."""
    result = np.empty((len(values), 2), np.int64)
    result[:, 0] = np.array([v & LOW for v in values], np.uint64).view(np.int64)
    result[:, 1] = [v >> 64 for v in values]
    return result


def wide_ints(values: Array) -> Array:
    """Two 64-bit limbs each as Python integers: an object array."""
    if len(values) == 0:
        return np.empty(0, object)
    low = np.ascontiguousarray(values[:, 0]).view(np.uint64)
    return (values[:, 1].astype(object) << 64) + low.astype(object)


def _text_column(type: DataType, values: Sequence[Any], validity: Mask | None) -> Column:
    from engine.expressions.kernels.text import views_of

    encoded = [b"" if v is None else v.encode() if isinstance(v, str) else v for v in values]
    offsets = np.zeros(len(encoded) + 1, np.int64)
    np.cumsum([len(v) for v in encoded], out=offsets[1:])
    buffer = np.frombuffer(b"".join(encoded), np.uint8)
    return Column(type, views_of(buffer, offsets), validity, (buffer,))


def _list_column(type: DataType, values: Sequence[Any], validity: Mask | None) -> Column:
    lists = [() if v is None else v for v in values]
    offsets = np.zeros(len(lists) + 1, np.int64)
    np.cumsum([len(v) for v in lists], out=offsets[1:])
    element = type.element or INT
    if type.kind is Kind.ARRAY:
        children: tuple[Column, ...] = (column_from_python(element, [x for v in lists for x in v]),)
    else:
        first, second = (type.key or INT, element) if type.kind is Kind.MAP else (element, INT.as_nullable(False))
        pairs = [_pairs(v) for v in lists]
        children = (column_from_python(first, [k for v in pairs for k, _ in v]),
                    column_from_python(second, [x for v in pairs for _, x in v]))
    return Column(type, offsets, validity, (), children)


def _pairs(value: Any) -> list[tuple[Any, Any]]:
    return list(value.items()) if isinstance(value, dict) else [tuple(pair) for pair in value]


def frozen(value: Any) -> Any:
    """A value that can be a dict's key: lists and dicts become tuples."""
    if isinstance(value, dict):
        return tuple((k, frozen(v)) for k, v in value.items())
    return tuple(frozen(x) for x in value) if isinstance(value, (list, tuple)) else value


def column_from_python(type: DataType, values: Sequence[Any]) -> Column:
    """A column of Python values (or internal ones, see the module); None is NULL."""
    validity = validity_of(values)
    match type.kind:
        case Kind.ARRAY | Kind.MAP | Kind.MULTISET:
            return _list_column(type, values, validity)
        case Kind.ROW:
            empty = (None,) * len(type.fields)
            rows = [empty if v is None else v for v in values]
            children = tuple(column_from_python(f.type, [r[i] for r in rows]) for i, f in enumerate(type.fields))
            return Column(type, np.zeros(len(values), np.int8), validity, (), children)
        case Kind.NULL | Kind.SYMBOL | Kind.DESCRIPTOR:
            return null_column(type, len(values))
        case Kind.DECIMAL:
            numbers = [0 if v is None else scaled(v, type.scale) for v in values]
            return Column(type, limbs(numbers) if type.precision > 18 else np.array(numbers, np.int64), validity)
    if type.has_views:
        return _text_column(type, [to_internal(type, v) for v in values], validity)
    internal = [0 if v is None else to_internal(type, v) for v in values]
    dtype = DTYPES[type.kind]
    wide = np.int64 if type.is_integer else dtype
    return Column(type, np.array(internal, wide).astype(dtype, copy=False), validity)


def column_to_python(column: Column) -> list[Any]:
    """The values as users see them; None is NULL."""
    return _listed(column, to_python)


def column_to_internal(column: Column) -> list[Any]:
    """The values as a Literal has them: days, microseconds, months as integers."""
    return _listed(column, lambda type, value: value)


def _listed(column: Column, convert: Callable[[DataType, Any], Any]) -> list[Any]:
    kind = column.type.kind
    if column.is_list:
        values: list[Any] = _lists(column, convert)
    elif kind is Kind.ROW:
        parts = [_listed(c, convert) for c in column.children]
        values = list(zip(*parts, strict=True)) if parts else [()] * len(column)
    elif column.type.has_views:
        values = texts(column) if kind in (Kind.CHAR, Kind.VARCHAR, Kind.VARIANT) else blobs(column)
    elif kind is Kind.DECIMAL:
        numbers = wide_ints(column.values) if column.type.is_wide_decimal else column.values
        values = [unscaled(v, column.type.scale) for v in numbers.tolist()]
    else:
        values = column.values.tolist()
        if kind is Kind.FLOAT:
            values = [float(str(np.float32(v))) for v in values]
        if kind in _CONVERTED:
            values = [convert(column.type, v) for v in values]
    if column.validity is None:
        return values
    return [v if present else None for v, present in zip(values, column.validity.tolist(), strict=True)]


_CONVERTED = DATETIME | INTERVALS


def _lists(column: Column, convert: Callable[[DataType, Any], Any]) -> list[Any]:
    offsets = column.values.tolist()
    spans = list(zip(offsets, offsets[1:], strict=False))
    parts = [_listed(c, convert) for c in column.children]
    if column.type.kind is Kind.ARRAY:
        return [parts[0][a:b] for a, b in spans]
    keys = [frozen(k) for k in parts[0]]
    return [dict(zip(keys[a:b], parts[1][a:b], strict=True)) for a, b in spans]


def blobs(column: Column) -> list[bytes]:
    """The bytes of a column of views, whatever lies under its NULLs."""
    from engine.expressions.kernels.text import gathered

    data, offsets = gathered(column.values)
    ends = offsets.tolist()
    raw = data.tobytes()
    return [raw[a:b] for a, b in zip(ends, ends[1:], strict=False)]


def texts(column: Column) -> list[str]:
    """The strings of a column of views, whatever lies under its NULLs."""
    return [b.decode("utf-8", "replace") for b in blobs(column)]


def literal_column(literal: Literal, length: int) -> Column:
    """`length` times a literal; a `Constant` but for the NULLs of nested types."""
    if literal.value is None and literal.type.is_nested:
        return null_column(literal.type, length)
    return constant(literal.type, literal.value, length)


def constant(type: DataType, value: Any, length: int) -> Constant:
    """`length` times an internal value of a flat type."""
    if value is None or type.kind in (Kind.NULL, Kind.SYMBOL, Kind.DESCRIPTOR):
        nulls = null_column(type, length)
        validity = nulls.validity if value is None else None
        return Constant(type, nulls.values, validity, (), value)
    one = column_from_python(type, [value])
    values = np.repeat(one.values, length, axis=0)
    return Constant(type, values, None, one.owners, value)
