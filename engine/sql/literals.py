"""Literals with a type before them: DATE '...', TIME '...', TIMESTAMP '...' and INTERVAL '...' to the engine's
values."""

from __future__ import annotations

import re
from datetime import date

from sqlglot import exp

from engine.errors import Place, UserError
from engine.expressions.nodes import Literal
from engine.sql.dialect import TypedLiteral, UnitPrecision
from engine.sql.places import place_of
from engine.types import DATE, INTERVAL_MONTHS, INTERVAL_TIME, TIME, TIMESTAMP, TIMESTAMP_LTZ, DataType

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY
_EPOCH = date(1970, 1, 1).toordinal()
_DATE = re.compile(r"(\d{1,4})-(\d{1,2})-(\d{1,2})\Z")
_TIME = re.compile(r"(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{0,9}))?\Z")
_UNITS = {"WEEK": WEEK, "DAY": DAY, "HOUR": HOUR, "MINUTE": MINUTE, "SECOND": SECOND}
_ORDER = ("DAY", "HOUR", "MINUTE", "SECOND")
_LIMITS = {"HOUR": 24, "MINUTE": 60, "SECOND": 60}
_MONTHS = {"YEAR": 12, "QUARTER": 3, "MONTH": 1}


def typed_literal(node: TypedLiteral) -> Literal:
    """The literal of DATE, TIME, TIMESTAMP or TIMESTAMP WITH LOCAL TIME ZONE '...'."""
    text = node.this.this
    kind = node.args["kind"]
    place = place_of(node)
    if kind == "DATE":
        return _literal(DATE, _days(text, place), place)
    if kind == "TIME":
        micros, digits = _time_of_day(text, place)
        return _literal(TIME(digits), micros, place)
    day, _, time = text.strip().partition(" ")
    micros, digits = _time_of_day(time, place)
    make = TIMESTAMP if kind == "TIMESTAMP" else TIMESTAMP_LTZ
    return _literal(make(digits), _days(day, place) * DAY + micros, place)


def _literal(type: DataType, value: int, place: Place | None) -> Literal:
    return Literal(type.as_nullable(False), value, place=place)


def _days(text: str, place: Place | None) -> int:
    match = _DATE.match(text.strip())
    if match:
        try:
            return date(*map(int, match.groups())).toordinal() - _EPOCH
        except ValueError:
            pass
    raise UserError("bad_literal", f"Illegal DATE literal '{text}': not in format 'yyyy-MM-dd'", place=place)


def _time_of_day(text: str, place: Place | None) -> tuple[int, int]:
    """Microseconds of the day and the number of fraction digits."""
    match = _TIME.match(text.strip())
    if match:
        hour, minute, second = (int(g) for g in match.groups()[:3])
        digits = match.group(4) or ""
        if hour < 24 and minute < 60 and second < 60:
            fraction = int(digits.ljust(6, "0")[:6])
            return hour * HOUR + minute * MINUTE + second * SECOND + fraction, len(digits)
    raise UserError("bad_literal", f"Illegal TIME literal '{text}': not in format 'HH:mm:ss'", place=place)


def interval_literal(node: exp.Interval) -> Literal:
    """The literal of INTERVAL '...' unit [TO unit]: months, or microseconds."""
    value = node.this
    sign = 1
    if isinstance(value, exp.Neg):
        sign, value = -1, value.this
    first, last = _units(node.args["unit"])
    place = place_of(node)
    text = value.this.strip()
    if text[:1] in ("-", "+"):
        sign, text = -sign if text[0] == "-" else sign, text[1:].strip()
    if first in _MONTHS:
        return _literal(INTERVAL_MONTHS, sign * _months(text, first, last, place), place)
    return _literal(INTERVAL_TIME, sign * _micros(text, first, last, place), place)


def _units(unit: exp.Expr) -> tuple[str, str]:
    if isinstance(unit, exp.IntervalSpan):
        return _unit(unit.this), _unit(unit.expression)
    return _unit(unit), _unit(unit)


def _unit(node: exp.Expr) -> str:
    return _unit(node.this) if isinstance(node, UnitPrecision) else str(node.this).upper()


def _bad_interval(text: str, first: str, last: str, place: Place | None) -> UserError:
    qualifier = first if first == last else f"{first} TO {last}"
    return UserError("bad_literal", f"Illegal interval literal format '{text}' for INTERVAL {qualifier}", place=place)


def _months(text: str, first: str, last: str, place: Place | None) -> int:
    parts = text.split("-") if first != last else [text]
    if len(parts) > 2 or not all(p.isdigit() for p in parts) or (first != last and len(parts) != 2):
        raise _bad_interval(text, first, last, place)
    if first != last:
        if int(parts[1]) >= 12:
            raise _bad_interval(text, first, last, place)
        return int(parts[0]) * 12 + int(parts[1])
    return int(parts[0]) * _MONTHS[first]


def _micros(text: str, first: str, last: str, place: Place | None) -> int:
    if first == last:
        pattern = r"\d+(\.\d{0,9})?|\.\d{1,9}" if first == "SECOND" else r"\d+"
        if not re.fullmatch(pattern, text):
            raise _bad_interval(text, first, last, place)
        whole, _, fraction = text.partition(".")
        return int(whole or 0) * _UNITS[first] + int(fraction.ljust(6, "0")[:6] or 0)
    names = _ORDER[_ORDER.index(first):_ORDER.index(last) + 1]
    numbers = re.split(r"[ :]", text.strip())
    if len(numbers) != len(names):
        raise _bad_interval(text, first, last, place)
    total = 0
    for position, (name, number) in enumerate(zip(names, numbers)):
        whole, _, fraction = number.partition(".")
        fits = whole.isdigit() and (position == 0 or int(whole) < _LIMITS[name])
        if not fits or (fraction and (name != "SECOND" or not fraction.isdigit())):
            raise _bad_interval(text, first, last, place)
        total += int(whole) * _UNITS[name] + int(fraction.ljust(6, "0")[:6] or 0)
    return total
