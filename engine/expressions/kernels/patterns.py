"""Kernels that write and read moments by a pattern: pairs of a code and a width (or a literal byte)."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.connectors.formats.numbers import write_integer
from engine.connectors.formats.times import days_from_civil
from engine.expressions.kernels.formats import civil_from_days, write_padded
from engine.expressions.kernels.parse import legal_date
from engine.expressions.kernels.text import contiguous, size_of, start_of
from engine.memory import address, kernel, load8, put_view, store8

(LITERAL, YEAR, MONTH, DAY, HOUR, MINUTE, SECOND, FRACTION, HOUR12, AMPM, DAY_OF_YEAR, MONTH_NAME, DAY_NAME) = range(13)
MICROS_A_DAY = 86_400_000_000
_UNITS = {FRACTION: 1, SECOND: 1_000_000, MINUTE: 60_000_000, HOUR: 3_600_000_000, HOUR12: 3_600_000_000,
          AMPM: 43_200_000_000}
"""Microseconds in which a part of a pattern stays as it is; of those not named, a day."""
SLOT = 9


def _table(names: str) -> Any:
    return np.frombuffer("".join(name.ljust(SLOT) for name in names.split()).encode(), np.uint8).copy()


MONTHS = _table("January February March April May June July August September October November December")
DAYS = _table("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")


@kernel("int64(int64, int64, int64)")
def _write_number(at: int, value: int, width: int) -> Any:
    """A number in at least `width` digits; the number of bytes."""
    if value < 10**width:
        write_padded(at, value, width)
        return width
    return write_integer(at, value)


@kernel("int64(int64, int64, int64, boolean)")
def _write_name(at: int, index: int, width: int, days: bool) -> Any:
    size = 3 if width < 4 else SLOT
    for i in range(size):
        byte = DAYS[index * SLOT + i] if days else MONTHS[index * SLOT + i]
        if byte == 32:
            return i
        store8(at + i, np.int64(byte))
    return size


@kernel("int64(int64, int64, int64[:, ::1])")
def write_moment(at: int, micros: int, pattern: Any) -> Any:
    """A local moment by a pattern; the number of bytes."""
    days = micros // MICROS_A_DAY
    rest = micros - days * MICROS_A_DAY
    seconds = rest // 1_000_000
    year, month, day = civil_from_days(days)
    start = at
    for step in range(len(pattern)):
        code, width = pattern[step, 0], pattern[step, 1]
        if code == LITERAL:
            store8(at, width)
            at += 1
        elif code == YEAR:
            at += _write_number(at, year % 100 if width == 2 else year, width)
        elif code == FRACTION:
            fraction = (rest - seconds * 1_000_000) * 1000
            for i in range(width):
                store8(at + i, (fraction // 10 ** (8 - i) % 10 if i < 9 else 0) + 48)
            at += width
        elif code == AMPM:
            store8(at, 80 if seconds >= 43_200 else 65)
            store8(at + 1, 77)
            at += 2
        elif code == MONTH_NAME or code == DAY_NAME:
            at += _write_name(at, (days + 3) % 7 if code == DAY_NAME else month - 1, width, code == DAY_NAME)
        else:
            value = month if code == MONTH else day
            if code == HOUR:
                value = seconds // 3600
            elif code == MINUTE:
                value = seconds // 60 % 60
            elif code == SECOND:
                value = seconds % 60
            elif code == HOUR12:
                value = (seconds // 3600 + 11) % 12 + 1
            elif code == DAY_OF_YEAR:
                value = days - days_from_civil(year, 1, 1) + 1
            at += _write_number(at, value, width)
    return at - start


@kernel("void(int64[::1], int64[:, ::1], uint64[:, ::1], int64, int64, int64)")
def _write(values: Any, pattern: Any, views: Any, base: int, width: int, unit: int) -> None:
    """Rows of one `unit` (microseconds) in a row have one text, which is written once."""
    begin, end = 0, 0
    for row in range(len(values)):
        value = values[row]
        if begin <= value < end:
            views[row, 0], views[row, 1] = views[row - 1, 0], views[row - 1, 1]
            continue
        begin = value - value % unit
        end = begin + unit
        put_view(views, row, base + row * width, write_moment(base + row * width, value, pattern))


def written(micros: Any, pattern: Any) -> tuple[Any, Any]:
    """Local moments as text by a pattern: views and the memory behind them."""
    width = int(sum(1 if code == LITERAL else max(int(size), 10) for code, size in pattern)) + 8
    unit = min((_UNITS.get(int(code), MICROS_A_DAY) for code, _ in pattern), default=MICROS_A_DAY)
    views, memory = np.empty((len(micros), 2), np.uint64), np.empty(len(micros) * width + 8, np.uint8)
    _write(np.array(micros, np.int64), pattern, views, address(memory), width, unit)
    return views, memory


@kernel("UniTuple(int64, 3)(int64, int64, int64, int64)")
def _digits(at: int, end: int, least: int, most: int) -> Any:
    """A number of `least` to `most` digits: (value, address behind it, ok)."""
    value, start = 0, at
    while at < end and at - start < most and 48 <= load8(at) <= 57:
        value = value * 10 + load8(at) - 48
        at += 1
    return value, at, int(at - start >= least)


@kernel("UniTuple(int64, 3)(int64, int64, int64, boolean)")
def _read_name(at: int, end: int, width: int, days: bool) -> Any:
    """The index of a month's or day's name, ignoring case: (index, address behind it, ok)."""
    for index in range(7 if days else 12):
        size, same = (3 if width < 4 else SLOT), True
        for i in range(size):
            byte = np.int64(DAYS[index * SLOT + i] if days else MONTHS[index * SLOT + i])
            if byte == 32:
                size = i
                break
            same &= at + i < end and load8(at + i) | 32 == byte | 32
        if same:
            return index, at + size, 1
    return 0, at, 0


@kernel("UniTuple(int64, 2)(int64, int64, int64[:, ::1], boolean)")
def read_moment(at: int, end: int, pattern: Any, loose: bool) -> Any:
    """A local moment by a pattern: (microseconds, ok). `loose`: numbers of any width, text may follow
    (SimpleDateFormat)."""
    parts = np.zeros(13, np.int64)
    parts[YEAR], parts[MONTH], parts[DAY], parts[HOUR12] = 1970, 1, 1, -1
    fraction, ok = 0, 1
    for step in range(len(pattern)):
        code, width = pattern[step, 0], pattern[step, 1]
        adjacent = step + 1 < len(pattern) and LITERAL < pattern[step + 1, 0] < AMPM
        if code == LITERAL:
            if at >= end or load8(at) != width:
                return 0, 0
            at += 1
            continue
        if code == AMPM:
            if at + 2 > end:
                return 0, 0
            parts[AMPM], at = int(load8(at) | 32 == 112), at + 2
        elif code == MONTH_NAME or code == DAY_NAME:
            value, at, ok = _read_name(at, end, width, code == DAY_NAME)
            if code == MONTH_NAME:
                parts[MONTH] = value + 1
        else:
            least = 1 if loose and not adjacent else width
            most = width if adjacent or (code == FRACTION and not loose) else (9 if loose or width == 1 else width)
            first = at
            value, at, ok = _digits(at, end, least, most)
            if code == FRACTION:
                fraction = value * (1000 if loose else 10 ** max(0, 6 - (at - first)))
                fraction = fraction // 10 ** max(0, at - first - 6) if not loose else fraction
            parts[code] = value + (2000 if code == YEAR and width == 2 else 0)
        if not ok:
            return 0, 0
    if at != end and not loose:
        return 0, 0
    hour = parts[HOUR] if parts[HOUR12] < 0 else parts[HOUR12] % 12 + 12 * parts[AMPM]
    legal = hour < 24 and parts[MINUTE] < 60 and parts[SECOND] < 60
    if not loose and not (legal and legal_date(parts[YEAR], parts[MONTH], parts[DAY])):
        return 0, 0
    month = parts[MONTH] - 1
    days = days_from_civil(parts[YEAR] + month // 12, month % 12 + 1, 1) + parts[DAY] - 1
    if parts[DAY_OF_YEAR] > 0:
        days = days_from_civil(parts[YEAR], 1, 1) + parts[DAY_OF_YEAR] - 1
    return days * MICROS_A_DAY + ((hour * 60 + parts[MINUTE]) * 60 + parts[SECOND]) * 1_000_000 + fraction, 1


@kernel("void(uint64[:, ::1], int64, int64[:, ::1], boolean, int64[::1], boolean[::1])")
def _read(views: Any, base: int, pattern: Any, loose: bool, values: Any, valid: Any) -> None:
    for row in range(len(views)):
        at = start_of(views, base, row)
        values[row], ok = read_moment(at, at + size_of(views, row), pattern, loose)
        valid[row] = ok == 1


def read(views: Any, pattern: Any, loose: bool) -> tuple[Any, Any]:
    """Local moments (microseconds) out of text, and where there is one."""
    views = contiguous(views)
    values, valid = np.empty(len(views), np.int64), np.empty(len(views), np.bool_)
    _read(views, address(views), pattern, loose, values, valid)
    return values, valid
