"""Kernels that read values out of text as Flink's CAST does: blanks around it trimmed, dates and times in loose
forms."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import uint64

from engine.connectors.formats.numbers import OK, parse_decimal, parse_double
from engine.connectors.formats.times import days_from_civil
from engine.expressions.kernels.text import contiguous, size_of, start_of
from engine.memory import address, kernel, load8

SECOND = 1_000_000
DAY = 86_400 * SECOND
INTEGER, DOUBLE, DECIMAL, DATE, TIME, TIMESTAMP = range(6)


@kernel("UniTuple(int64, 2)(int64, int64)")
def trimmed(at: int, end: int) -> Any:
    """The span without bytes up to the blank at both ends (Java's trim)."""
    while at < end and load8(at) <= 32:
        at += 1
    while end > at and load8(end - 1) <= 32:
        end -= 1
    return at, end


@kernel("UniTuple(int64, 2)(int64, int64, int64)")
def read_integer(at: int, end: int, limit: int) -> Any:
    """An integer in [-limit - 1, limit]; digits behind a point are checked and dropped: (value, ok)."""
    negative = False
    if at < end and (load8(at) == 45 or load8(at) == 43):
        negative = load8(at) == 45
        at += 1
    if at >= end:
        return 0, 0
    value, most = uint64(0), uint64(limit) + uint64(negative)
    while at < end and load8(at) != 46:
        digit = load8(at) - 48
        if digit < 0 or digit > 9 or value > (most - uint64(digit)) // uint64(10):
            return 0, 0
        value = value * uint64(10) + uint64(digit)
        at += 1
    at += 1
    while at < end:
        if load8(at) < 48 or load8(at) > 57:
            return 0, 0
        at += 1
    return (np.int64(uint64(0) - value) if negative else np.int64(value)), 1


@kernel("UniTuple(int64, 3)(int64, int64, int64)")
def _number(at: int, end: int, most: int) -> Any:
    """A number of 1 to `most` digits: (value, address behind it, ok)."""
    value, start = 0, at
    while at < end and at - start < most and 48 <= load8(at) <= 57:
        value = value * 10 + load8(at) - 48
        at += 1
    return value, at, int(at > start)


@kernel("boolean(int64, int64, int64)")
def legal_date(year: int, month: int, day: int) -> Any:
    if year < 0 or year > 9999 or month < 1 or month > 12 or day < 1:
        return False
    length = 30 + ((month + (month >> 3)) & 1)
    if month == 2:
        length = 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return day <= length


@kernel("UniTuple(int64, 3)(int64, int64)")
def _day(at: int, end: int) -> Any:
    """yyyy[-M[M][-d[d]]]: (days, address behind it, ok)."""
    year, at, ok = _number(at, end, 4)
    month, day = 1, 1
    if ok and at < end and load8(at) == 45:
        month, at, ok = _number(at + 1, end, 2)
        if ok and at < end and load8(at) == 45:
            day, at, ok = _number(at + 1, end, 2)
    if not ok or not legal_date(year, month, day):
        return 0, at, 0
    return days_from_civil(year, month, day), at, 1


@kernel("UniTuple(int64, 2)(int64, int64)")
def _clock(at: int, end: int) -> Any:
    """H[H][:m[m][:s[s][.f...]]]: (microseconds, ok)."""
    hour, at, ok = _number(at, end, 2)
    minute, second, micros = 0, 0, 0
    if ok and at < end and load8(at) == 58:
        minute, at, ok = _number(at + 1, end, 2)
        if ok and at < end and load8(at) == 58:
            second, at, ok = _number(at + 1, end, 2)
            if ok and at < end and load8(at) == 46:
                at += 1
                for _ in range(6):
                    micros *= 10
                    if at < end and 48 <= load8(at) <= 57:
                        micros += load8(at) - 48
                        at += 1
                while at < end and 48 <= load8(at) <= 57:
                    at += 1
    if not ok or at != end or hour > 23 or minute > 59 or second > 59:
        return 0, 0
    return ((hour * 60 + minute) * 60 + second) * SECOND + micros, 1


@kernel("UniTuple(int64, 2)(int64, int64)")
def read_date(at: int, end: int) -> Any:
    """A date; what follows a blank is dropped: (days, ok)."""
    stop = at
    while stop < end and load8(stop) != 32:
        stop += 1
    days, behind, ok = _day(at, stop)
    return days, int(ok and behind == stop)


@kernel("UniTuple(int64, 2)(int64, int64)")
def read_timestamp(at: int, end: int) -> Any:
    """yyyy-M[M]-d[d], then optionally a blank and H[H]:m[m]:s[s][.f...]: (microseconds, ok).

    As in Java's smart resolving a day up to the 31st that a month has not is its last one.
    """
    if end - at < 8 or load8(at + 4) != 45:
        return 0, 0
    year, at, ok = _number(at, end, 4)
    month, at, whole = _number(at + 1, end, 2)
    if not ok or not whole or at >= end or load8(at) != 45:
        return 0, 0
    day, at, ok = _number(at + 1, end, 2)
    if not ok or day > 31 or not legal_date(year, month, min(day, 28)) or day < 1:
        return 0, 0
    while not legal_date(year, month, day):
        day -= 1
    days = days_from_civil(year, month, day)
    if at == end:
        return days * DAY, 1
    colons = 0
    for i in range(at + 1, end):
        colons += int(load8(i) == 58)
    if load8(at) != 32 or colons != 2:
        return 0, 0
    micros, ok = _clock(at + 1, end)
    return days * DAY + micros, ok


@kernel("void(uint64[:, ::1], int64, int64, int64, int64, int64[::1], float64[::1], int8[::1])")
def _read(views: Any, base: int, what: int, limit: int, scale: int, values: Any, doubles: Any, states: Any) -> None:
    for row in range(len(views)):
        start = start_of(views, base, row)
        at, end = trimmed(start, start + size_of(views, row))
        value, ok = 0, 0
        if what == INTEGER:
            value, ok = read_integer(at, end, limit)
        elif what == DOUBLE:
            doubles[row], state = parse_double(at, end)
            ok = int(state == OK)
        elif what == DECIMAL:
            value, state = parse_decimal(at, end, limit, scale)
            ok = 1 if state == OK else (0 if state == 1 else 2)
        elif what == DATE:
            value, ok = read_date(at, end)
        elif what == TIME:
            value, ok = _clock(at, end)
        else:
            value, ok = read_timestamp(start, start + size_of(views, row))
        values[row], states[row] = value, ok


def read(views: Any, what: int, limit: int = 0, scale: int = 0) -> tuple[Any, Any, Any]:
    """The values, the values as doubles (for DOUBLE), and per row 1 (read), 0 (no such value) or 2 (NULL by overflow).

    `limit`: the largest integer, or the digits of a decimal.
    """
    views = contiguous(views)
    values, states = np.zeros(len(views), np.int64), np.empty(len(views), np.int8)
    doubles = np.zeros(len(views) if what == DOUBLE else 1, np.float64)
    _read(views, address(views), what, limit, scale, values, doubles, states)
    return values, doubles, states


