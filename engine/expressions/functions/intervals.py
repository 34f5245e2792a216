"""Dates and times plus and minus intervals; TIMESTAMPADD, TIMESTAMPDIFF, OVERLAPS."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.changes import Array, Column
from engine.errors import UserError
from engine.expressions.calendar import DAY, HOUR, MINUTE, SECOND, add_months, months_between
from engine.expressions.functions.base import Arguments, Context, Function
from engine.expressions.functions.signatures import PARAMETERS, accept, bad_arguments, constant_of
from engine.expressions.functions.temporal import local_micros, unit_of
from engine.expressions.nodes import Expression, Literal
from engine.expressions.rules import common_type
from engine.types import (
    DATETIME,
    INT,
    INTERVAL_TIME,
    INTERVALS,
    TIMESTAMP,
    TIMESTAMPS,
    DataType,
    Kind,
    is_nullable,
)

_SIZES = {"WEEK": 7 * DAY, "DAY": DAY, "HOUR": HOUR, "MINUTE": MINUTE, "SECOND": SECOND, "MILLISECOND": 1000,
          "MICROSECOND": 1}
_MONTHS = {"MONTH": 1, "QUARTER": 3, "YEAR": 12, "DECADE": 120, "CENTURY": 1200, "MILLENNIUM": 12_000}


def infer_dated(arguments: Arguments) -> DataType:
    """+ and - where one side is a date, a time or an interval."""
    if len(arguments.values) != 2:
        raise bad_arguments(arguments, "it takes 2 arguments")
    a, b = arguments.types
    nullable = is_nullable(a, b)
    for i, (own, other) in enumerate(((a, b), (b, a))):
        if own.kind is Kind.NULL:
            arguments.coercions[i] = other if other.kind in INTERVALS else INTERVAL_TIME
    a, b = (arguments.coercions.get(i, t) for i, t in enumerate((a, b)))
    if a.kind in INTERVALS and b.kind in INTERVALS and a.kind is b.kind:
        type = common_type((a, b))
        assert type is not None
        return type.as_nullable(nullable)
    if a.kind in DATETIME and b.kind in INTERVALS:
        return _moved_type(a, arguments.values[1]).as_nullable(nullable)
    if arguments.name == "+" and a.kind in INTERVALS and b.kind in DATETIME:
        return _moved_type(b, arguments.values[0]).as_nullable(nullable)
    if arguments.name == "-" and a.kind in TIMESTAMPS | {Kind.DATE} and b.kind in TIMESTAMPS | {Kind.DATE}:
        target = common_type((a, b), moments=True)
        assert target is not None
        arguments.coercions.update({0: target, 1: target})
        return INTERVAL_TIME.as_nullable(nullable)
    raise bad_arguments(arguments, "these cannot be added or subtracted")


def _moved_type(moment: DataType, interval: Expression) -> DataType:
    """A DATE becomes a TIMESTAMP by a constant interval that is no whole number of days."""
    if moment.kind is Kind.DATE and interval.type.kind is Kind.INTERVAL_TIME and isinstance(interval, Literal):
        return TIMESTAMP(0) if isinstance(interval.value, int) and interval.value % DAY else moment
    return moment


def add_dated(a: Column, b: Column, type: DataType, sign: int) -> Column:
    """a + sign * b; the interval may be on either side."""
    if type.kind in INTERVALS:
        left, right = a.values, b.values
        if a.type.kind is Kind.DATE:
            left, right = left.astype(np.int64) * DAY, right.astype(np.int64) * DAY
        return Column(type, left + sign * right)
    moment, interval = (b, a) if a.type.kind in INTERVALS else (a, b)
    months = interval.type.kind is Kind.INTERVAL_MONTHS
    return Column(type, moved(moment, interval.values.astype(np.int64) * sign, months, type))


def moved(moment: Column, amounts: Array, months: bool, type: DataType) -> Array:
    """Moments plus months or microseconds, as values of `type`."""
    values = moment.values.astype(np.int64)
    if moment.type.kind is Kind.TIME:
        return values if months else (values + amounts) % DAY
    if moment.type.kind is Kind.DATE and type.kind is Kind.DATE:
        days = add_months(values, amounts) if months else (values * DAY + amounts) // DAY
        return days.astype(np.int32)
    if moment.type.kind is Kind.DATE:
        values = values * DAY
    return add_months(values // DAY, amounts) * DAY + values % DAY if months else values + amounts


def _unit(arguments: Arguments, position: int) -> str:
    unit = str(constant_of(arguments, position)).upper().removeprefix("SQL_TSI_")
    unit = {"FRAC_SECOND": "MICROSECOND"}.get(unit, unit)
    if unit not in _SIZES and unit not in _MONTHS:
        raise UserError("bad_arguments", f"{unit} is not a valid time unit", hint=", ".join([*_SIZES, *_MONTHS]))
    return unit


def _infer_add(arguments: Arguments) -> DataType:
    if len(arguments.values) != 3:
        raise bad_arguments(arguments, "it takes a unit, a number and a moment")
    unit = _unit(arguments, 0)
    accept(arguments, 1, PARAMETERS["bigint"])
    moment = arguments.types[2]
    if moment.is_string or moment.kind is Kind.NULL:
        arguments.coercions[2] = moment = TIMESTAMP(3 if moment.is_string else 6).as_nullable(moment.nullable)
    accept_moment(arguments, moment)
    nullable = is_nullable(*arguments.types[1:])
    if moment.kind is Kind.DATE and _SIZES.get(unit, DAY) < DAY:
        return TIMESTAMP(6).as_nullable(nullable)
    return moment.as_nullable(nullable)


def accept_moment(arguments: Arguments, type: DataType) -> None:
    if type.kind not in DATETIME:
        raise bad_arguments(arguments, f"{type} is neither a date nor a time")


def _add(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    unit, amounts = unit_of(args[0]).upper().removeprefix("SQL_TSI_"), args[1].values.astype(np.int64)
    unit = {"FRAC_SECOND": "MICROSECOND"}.get(unit, unit)
    months = unit in _MONTHS
    return Column(type, moved(args[2], amounts * (_MONTHS[unit] if months else _SIZES[unit]), months, type))


def _infer_difference(arguments: Arguments) -> DataType:
    if len(arguments.values) != 3:
        raise bad_arguments(arguments, "it takes a unit and two moments")
    _unit(arguments, 0)
    types = arguments.types[1:]
    for i, type in enumerate(types):
        if type.is_string or type.kind is Kind.NULL:
            arguments.coercions[i + 1] = TIMESTAMP(3)
        else:
            accept_moment(arguments, type)
    kinds = {t.kind for t in types}
    if Kind.TIMESTAMP_LTZ in kinds and kinds - {Kind.TIMESTAMP_LTZ, Kind.NULL}:
        raise bad_arguments(arguments, "TIMESTAMP_LTZ only supports diff between the same type.")
    return INT.as_nullable(is_nullable(*types))


def _difference(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    unit = unit_of(args[0]).upper().removeprefix("SQL_TSI_")
    unit = {"FRAC_SECOND": "MICROSECOND"}.get(unit, unit)
    first, second = (local_micros(c, context) for c in args[1:])
    if unit in _MONTHS:
        whole, size = months_between(second, first), _MONTHS[unit]
    else:
        whole, size = second - first, _SIZES[unit]
    return Column(type, (np.sign(whole) * (np.abs(whole) // size)).astype(np.int32))


def _overlaps(arguments: Arguments) -> Expression:
    """(a, b) OVERLAPS (c, d): each pair is two moments, or a moment and how long it lasts."""
    from engine.expressions.binding import resolve_call

    def call(name: str, *args: Expression) -> Expression:
        return resolve_call(name, args, arguments.config)

    if len(arguments.values) != 4:
        raise bad_arguments(arguments, "it takes two pairs")
    a, b, c, d = arguments.values
    b = call("+", a, b) if b.type.kind in INTERVALS else b
    d = call("+", c, d) if d.type.kind in INTERVALS else d
    swap_first, swap_second = call("<=", a, b), call("<=", c, d)
    start, end = call("CASE", swap_first, a, b), call("CASE", swap_first, b, a)
    other_start, other_end = call("CASE", swap_second, c, d), call("CASE", swap_second, d, c)
    return call("AND", call(">=", end, other_start), call(">=", other_end, start))


FUNCTIONS: dict[str, Function] = {
    "TIMESTAMPADD": Function(_infer_add, _add),
    "TIMESTAMPDIFF": Function(_infer_difference, _difference),
    "OVERLAPS": Function(_infer_difference, expand=_overlaps),
}
