"""EXTRACT and its kin, FLOOR and CEIL (of moments and of numbers), the clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from engine.changes import Array, Column
from engine.errors import UserError
from engine.expressions.calendar import DAY, HOUR, MINUTE, SECOND, civil, days_of, iso_week
from engine.expressions.functions.base import Arguments, Constant, Context, Evaluate, Function
from engine.expressions.functions.math import infer_whole, whole
from engine.expressions.functions.signatures import PARAMETERS, accept, bad_arguments, constant_of, signature
from engine.expressions.nodes import Expression
from engine.types import (
    BIGINT,
    DATE,
    DOUBLE,
    INTERVALS,
    TIME,
    TIMESTAMP,
    TIMESTAMP_LTZ,
    DataType,
    Kind,
)

_BELOW_DAY = {"HOUR": HOUR, "MINUTE": MINUTE, "SECOND": SECOND, "MILLISECOND": 1000, "MICROSECOND": 1}
UNITS = frozenset({
    "NANOSECOND", "MICROSECOND", "MILLISECOND", "SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR",
    "DECADE", "CENTURY", "MILLENNIUM", "DOW", "ISODOW", "DOY", "ISOYEAR", "EPOCH",
})  # fmt: skip


def unit_of(column: Column) -> str:
    """The word of a symbol argument."""
    assert isinstance(column, Constant)
    return str(column.scalar)


def checked_unit(arguments: Arguments, position: int) -> str:
    """A unit's name; UserError where it is none."""
    unit = str(constant_of(arguments, position)).upper()
    if unit not in UNITS:
        raise UserError("bad_arguments", f"{unit} is not a valid time unit", hint=", ".join(sorted(UNITS)))
    return unit


def local_micros(column: Column, context: Context) -> Array:
    """A moment as local microseconds; a TIME is of 1970-01-01."""
    if column.type.kind is Kind.DATE:
        return column.values.astype(np.int64) * DAY
    if column.type.kind is Kind.TIMESTAMP_LTZ:
        from engine.expressions.zones import zone

        return zone(context.zone).to_local(column.values)
    return column.values


def _of_date(unit: str, days: Array) -> Array:
    year, month, day = civil(days)
    match unit:
        case "YEAR":
            return year
        case "QUARTER":
            return (month + 2) // 3
        case "MONTH":
            return month
        case "DAY":
            return day
        case "DECADE":
            return year // 10
        case "CENTURY":
            return (year + 99) // 100
        case "MILLENNIUM":
            return (year + 999) // 1000
        case "DOW":
            return (days + 4) % 7 + 1
        case "ISODOW":
            return (days + 3) % 7 + 1
        case "DOY":
            return days - days_of(year, np.int64(1), np.int64(1)) + 1
        case "WEEK":
            return iso_week(days)[1]
    return iso_week(days)[0]


def _of_time(unit: str, micros: Array) -> Array:
    """A part of a time of the day (microseconds)."""
    match unit:
        case "HOUR":
            return micros // HOUR
        case "MINUTE":
            return micros // MINUTE % 60
        case "SECOND":
            return micros // SECOND % 60
        case "MILLISECOND":
            return micros // 1000 % 1000
        case "MICROSECOND":
            return micros % SECOND
    return micros % SECOND * 1000


_TIME_UNITS = frozenset({"HOUR", "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND", "NANOSECOND"})


def _of_interval(unit: str, column: Column) -> Array:
    sign, size = np.sign(column.values.astype(np.int64)), np.abs(column.values.astype(np.int64))
    if column.type.kind is Kind.INTERVAL_MONTHS:
        parts = {"YEAR": size // 12, "MONTH": size % 12, "QUARTER": size % 12 // 3 + 1,
                 "CENTURY": size // 1200, "MILLENNIUM": size // 12000}
        return sign * parts[unit]
    return sign * (size // DAY if unit == "DAY" else _of_time(unit, size % DAY))


def _extract(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    unit, column = unit_of(args[0]), args[1]
    if column.type.kind in INTERVALS:
        return Column(type, _of_interval(unit, column))
    micros = local_micros(column, context)
    if unit == "EPOCH":
        return Column(type, micros // SECOND)
    return Column(type, _of_time(unit, micros % DAY) if unit in _TIME_UNITS else _of_date(unit, micros // DAY))


_DATE_ONLY = frozenset(UNITS) - {"MICROSECOND", "NANOSECOND"}
_EXTRACTED: dict[Kind, frozenset[str]] = {
    Kind.DATE: _DATE_ONLY, Kind.TIME: frozenset({"HOUR", "MINUTE", "SECOND", "MILLISECOND"}),
    Kind.INTERVAL_TIME: frozenset({"DAY", "HOUR", "MINUTE", "SECOND", "MILLISECOND"}),
    Kind.INTERVAL_MONTHS: frozenset({"YEAR", "QUARTER", "MONTH", "CENTURY", "MILLENNIUM"}),
}
"""The units that values have which do not have all."""


def _infer_extract(arguments: Arguments) -> DataType:
    unit = checked_unit(arguments, 0)
    if len(arguments.values) == 2 and unit not in _EXTRACTED.get(arguments.types[1].kind, UNITS):
        raise bad_arguments(arguments, f"unit {unit} can not be applied to {arguments.types[1]}")
    return signature(BIGINT, "symbol", "temporal")(arguments)


def _part(unit: str) -> Function:
    def expand(arguments: Arguments) -> Expression:
        from engine.expressions.binding import resolve_call
        from engine.expressions.functions import symbol

        if len(arguments.values) != 1:
            raise bad_arguments(arguments, "it takes 1 argument")
        return resolve_call("EXTRACT", (symbol(unit), *arguments.values), arguments.config)

    return Function(lambda arguments: BIGINT, expand=expand)


def _day_floor(unit: str, days: Array, up: bool) -> Array:
    """The first day of a unit of a day or more; `up`: of the next one, unless it is the first day already."""
    if unit == "WEEK":
        passed = (days + 4) % 7
        return np.where(up & (passed > 0), days - passed + 7, days - passed)
    year, month, _ = civil(days)
    one = np.int64(1)
    if unit in ("MONTH", "QUARTER"):
        size = 1 if unit == "MONTH" else 3
        first = (month - 1) // size * size + 1
        start, following = days_of(year, first, one), days_of(year, first + size, one)
    else:
        size, base = {"YEAR": (1, 0), "DECADE": (10, 0), "CENTURY": (100, 1), "MILLENNIUM": (1000, 1)}[unit]
        first = (year - base) // size * size + base
        start, following = days_of(first, one, one), days_of(first + size, one, one)
    return np.where(up & (days > start), following, start)


def floored(unit: str, micros: Array, up: bool) -> Array:
    """Local microseconds at a unit's boundary below (above); above a day only the date decides, as in Flink."""
    size = DAY if unit == "DAY" else _BELOW_DAY.get(unit)
    if size is not None:
        return -(-micros // size) * size if up else micros // size * size
    return _day_floor(unit, micros // DAY, up) * DAY


def _bounded(up: bool) -> Evaluate:
    def evaluate(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
        column = args[0]
        if len(args) == 1:
            return whole(column, type, up)
        unit, kind = unit_of(args[1]), column.type.kind
        if kind is Kind.DATE:
            if unit in _BELOW_DAY:
                return column
            if unit == "DAY":  # Flink's CEIL(date TO DAY) is the next day, always
                return Column(type, column.values + np.int32(up))
            return Column(type, _day_floor(unit, column.values.astype(np.int64), up).astype(np.int32))
        values = floored(unit, local_micros(column, context), up)
        if kind is Kind.TIMESTAMP_LTZ:
            from engine.expressions.zones import zone

            values = zone(context.zone).to_utc(values)
        return Column(type, values % DAY if kind is Kind.TIME else values)

    return evaluate


def _infer_bounded(arguments: Arguments) -> DataType:
    if len(arguments.values) == 1:
        if arguments.types[0].kind is Kind.NULL:
            arguments.coercions[0] = DOUBLE
            return DOUBLE.as_nullable(arguments.types[0].nullable)
        return signature(infer_whole, "numeric")(arguments)
    if len(arguments.values) != 2:
        raise bad_arguments(arguments, "it takes a number, or a moment TO a unit")
    accept(arguments, 0, PARAMETERS["datetime"])
    unit = checked_unit(arguments, 1)
    if unit in ("DOW", "ISODOW", "DOY", "ISOYEAR", "EPOCH", "NANOSECOND"):
        raise bad_arguments(arguments, f"there is no rounding to {unit}")
    if arguments.types[0].kind is Kind.TIME and unit not in _BELOW_DAY and unit != "DAY":
        raise bad_arguments(arguments, f"a TIME has no {unit}")
    return arguments.types[0]


def _clock(type: DataType, value: Callable[[int, Context], int]) -> Function:
    """A function of the current instant: the query's start in a bounded run, else the batch's."""

    def evaluate(args: Sequence[Column], result: DataType, length: int, context: Context) -> Column:
        from engine.expressions.values import constant

        instant = context.query_start or context.now()
        return constant(result, value(instant // 1000 * 1000, context), length)

    return Function(signature(type, nullable=False), evaluate, folds=False)


def _local(instant: int, context: Context) -> int:
    from engine.expressions.zones import zone

    return int(zone(context.zone).to_local(np.array([instant], np.int64))[0])


def _processing_time(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    from engine.expressions.values import constant

    return constant(type, context.now() // 1000 * 1000, length)


def _watermark(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    """CURRENT_WATERMARK(rowtime): the watermarks before the rows, where the operator passes them, else NULL."""
    from engine.changes import MIN_WATERMARK, null_column

    stamps = context.resources.get("stamps")
    if not isinstance(stamps, np.ndarray) or len(stamps) != length:
        return null_column(type, length)
    return Column(type, np.where(stamps == MIN_WATERMARK, 0, stamps), stamps != MIN_WATERMARK)


def _infer_watermark(arguments: Arguments) -> DataType:
    signature(DATE, "timestamp")(arguments)
    return DataType(arguments.types[0].kind, precision=3)


_PARTS = {"YEAR": "YEAR", "QUARTER": "QUARTER", "MONTH": "MONTH", "WEEK": "WEEK", "DAYOFYEAR": "DOY",
          "DAYOFMONTH": "DAY", "DAYOFWEEK": "DOW", "HOUR": "HOUR", "MINUTE": "MINUTE", "SECOND": "SECOND"}
_NOW = _clock(TIMESTAMP_LTZ(3), lambda instant, context: instant)
FUNCTIONS: dict[str, Function] = {
    "EXTRACT": Function(_infer_extract, _extract),
    **{name: _part(unit) for name, unit in _PARTS.items()},
    "FLOOR": Function(_infer_bounded, _bounded(False)),
    "CEIL": Function(_infer_bounded, _bounded(True)),
    "CEILING": Function(_infer_bounded, _bounded(True), name="CEIL"),
    "CURRENT_TIMESTAMP": _NOW,
    "NOW": _NOW,
    "CURRENT_ROW_TIMESTAMP": Function(signature(TIMESTAMP_LTZ(3), nullable=False), _processing_time, folds=False),
    "PROCTIME": Function(signature(TIMESTAMP_LTZ(3), nullable=False), _processing_time, folds=False),
    "LOCALTIMESTAMP": _clock(TIMESTAMP(3), _local),
    "CURRENT_DATE": _clock(DATE, lambda instant, context: _local(instant, context) // DAY),
    "CURRENT_TIME": _clock(TIME(0), lambda instant, context: _local(instant, context) % DAY // SECOND * SECOND),
    "LOCALTIME": _clock(TIME(0), lambda instant, context: _local(instant, context) % DAY // SECOND * SECOND),
    "CURRENT_WATERMARK": Function(_infer_watermark, _watermark, strict=False, folds=False),
}
