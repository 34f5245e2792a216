"""Dates and times out of text, as kernels over absolute addresses. All results in days or microseconds."""

from __future__ import annotations

from typing import Any

from engine.connectors.formats.numbers import BAD, OK
from engine.memory import kernel, load8

SECOND = 1_000_000
DAY = 86_400 * SECOND

SQL, ISO, EITHER = 0, 1, 2
"""How date and time are parted: a blank, a T (seconds may be missing then), either."""

ZONE_NONE, ZONE_Z, ZONE_OPTIONAL = 0, 1, 2
"""What follows a time: nothing; Z (UTC); nothing, Z or an offset such as +02:00."""


@kernel("int64(int64, int64, int64)")
def days_from_civil(year: int, month: int, day: int) -> Any:
    """Days since 1970-01-01 in the proleptic Gregorian calendar (Hinnant, "chrono-compatible low-level date
    algorithms").
    """
    year -= int(month <= 2)
    era = year // 400
    of_era = year - era * 400
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468


@kernel("int64(int64, int64)")
def _digits(at: int, count: int) -> Any:
    """A number of exactly `count` digits; negative where there are others."""
    value = 0
    for i in range(count):
        digit = load8(at + i) - 48
        if digit < 0 or digit > 9:
            return -1
        value = value * 10 + digit
    return value


@kernel("UniTuple(int64, 2)(int64, int64)")
def parse_date(at: int, end: int) -> Any:
    """yyyy-MM-dd: (days since 1970-01-01, OK or BAD)."""
    if end - at != 10 or load8(at + 4) != 45 or load8(at + 7) != 45:
        return 0, BAD
    year, month, day = _digits(at, 4), _digits(at + 5, 2), _digits(at + 8, 2)
    if year < 0 or month < 1 or month > 12 or day < 1 or day > 31:
        return 0, BAD
    length = 30 + ((month + (month >> 3)) & 1)
    if month == 2:
        length = 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    if day > length:
        return 0, BAD
    return days_from_civil(year, month, day), OK


@kernel("UniTuple(int64, 2)(int64, int64, boolean)")
def parse_time(at: int, end: int, short: bool) -> Any:
    """HH:mm:ss with up to nine digits of fraction: (microseconds of the day, OK or BAD). `short`: seconds may be
    missing.
    """
    size = end - at
    if size < 5 or load8(at + 2) != 58 or (size < 8 and not (short and size == 5)):
        return 0, BAD
    hour, minute, second, micros = _digits(at, 2), _digits(at + 3, 2), 0, 0
    if size >= 8:
        second = _digits(at + 6, 2)
        if load8(at + 5) != 58:
            return 0, BAD
    if hour < 0 or hour > 23 or minute < 0 or minute > 59 or second < 0 or second > 59:
        return 0, BAD
    if size > 8:
        if load8(at + 8) != 46 or size == 9 or size > 18:
            return 0, BAD
        for i in range(size - 9):
            digit = load8(at + 9 + i) - 48
            if digit < 0 or digit > 9:
                return 0, BAD
            micros = micros * 10 + digit if i < 6 else micros
        for _ in range(size - 9, 6):
            micros *= 10
    return ((hour * 60 + minute) * 60 + second) * SECOND + micros, OK


@kernel("UniTuple(int64, 3)(int64, int64, int64)")
def _zone(at: int, end: int, zone: int) -> Any:
    """What ends a time: (address behind the time proper, offset to subtract in microseconds, OK or BAD)."""
    if zone == ZONE_NONE:
        return end, 0, OK
    if end > at and load8(end - 1) == 90:
        return end - 1, 0, OK
    if zone == ZONE_Z:
        return end, 0, BAD
    if end - at > 6 and load8(end - 3) == 58 and (load8(end - 6) == 43 or load8(end - 6) == 45):
        hours, minutes = _digits(end - 5, 2), _digits(end - 2, 2)
        if hours < 0 or hours > 18 or minutes < 0 or minutes > 59:
            return end, 0, BAD
        offset = (hours * 60 + minutes) * 60 * SECOND
        return end - 6, (offset if load8(end - 6) == 43 else -offset), OK
    return end, 0, OK


@kernel("UniTuple(int64, 2)(int64, int64, int64, int64, int64)")
def parse_timestamp(at: int, end: int, style: int, zone: int, unit: int) -> Any:
    """A date and a time: (microseconds since the epoch cut down to multiples of `unit`, OK or BAD)."""
    if end - at < 16:
        return 0, BAD
    parting = load8(at + 10)
    if not ((parting == 32 and style != ISO) or (parting == 84 and style != SQL)):
        return 0, BAD
    days, status = parse_date(at, at + 10)
    if status != OK:
        return 0, BAD
    stop, offset, status = _zone(at + 11, end, zone)
    if status != OK:
        return 0, BAD
    time, status = parse_time(at + 11, stop, parting == 84)
    if status != OK:
        return 0, BAD
    return days * DAY + (time - time % unit) - offset, OK
