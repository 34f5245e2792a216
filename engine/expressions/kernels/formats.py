"""Kernels that write values as text: integers, decimals, dates, times, timestamps, each row into its own slot of a
buffer."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.connectors.formats.numbers import write_integer
from engine.memory import address, kernel, put_view, store8

DAY = 86_400_000_000


@kernel("void(int64, int64, int64)")
def write_padded(at: int, value: int, digits: int) -> None:
    """A number that is not negative in exactly so many digits."""
    for i in range(digits):
        store8(at + digits - 1 - i, value % 10 + 48)
        value //= 10


@kernel("UniTuple(int64, 3)(int64)")
def civil_from_days(days: int) -> Any:
    """Year, month and day of the proleptic Gregorian calendar (Hinnant, "chrono-compatible low-level date
    algorithms")."""
    days += 719468
    era = days // 146097
    of_era = days - era * 146097
    year = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    day = of_year - (153 * month + 2) // 5 + 1
    month += 3 if month < 10 else -9
    return year + era * 400 + int(month <= 2), month, day


@kernel("int64(int64, int64)")
def write_date(at: int, days: int) -> Any:
    """yyyy-MM-dd; the number of bytes."""
    year, month, day = civil_from_days(days)
    start = at
    if year < 0:
        store8(at, 45)
        at, year = at + 1, -year
    if year > 9999:
        at += write_integer(at, year)
    else:
        write_padded(at, year, 4)
        at += 4
    store8(at, 45)
    write_padded(at + 1, month, 2)
    store8(at + 3, 45)
    write_padded(at + 4, day, 2)
    return at + 6 - start


@kernel("int64(int64, int64, int64)")
def write_time(at: int, micros: int, precision: int) -> Any:
    """HH:mm:ss and `precision` digits of fraction; the number of bytes."""
    seconds = micros // 1_000_000
    write_padded(at, seconds // 3600, 2)
    store8(at + 2, 58)
    write_padded(at + 3, seconds // 60 % 60, 2)
    store8(at + 5, 58)
    write_padded(at + 6, seconds % 60, 2)
    if precision == 0:
        return 8
    store8(at + 8, 46)
    fraction = (micros - seconds * 1_000_000) * 1000
    for i in range(precision):
        power = 10 ** (8 - i)
        store8(at + 9 + i, fraction // power % 10 + 48)
    return 9 + precision


@kernel("void(int64[::1], uint64[:, ::1], int64, int64)")
def _integers(values: Any, views: Any, base: int, width: int) -> None:
    for row in range(len(values)):
        at = base + row * width
        put_view(views, row, at, write_integer(at, values[row]))


@kernel("int64(int64, int64, int64)")
def write_scaled(at: int, value: int, scale: int) -> Any:
    """A decimal as Java's toPlainString; the number of bytes."""
    start = at
    if value < 0:
        store8(at, 45)
        at += 1
        value = -value
    power = 10**scale
    at += write_integer(at, value // power)
    if scale > 0:
        store8(at, 46)
        write_padded(at + 1, value % power, scale)
        at += 1 + scale
    return at - start


@kernel("void(int64[::1], int64, uint64[:, ::1], int64, int64)")
def _decimals(values: Any, scale: int, views: Any, base: int, width: int) -> None:
    for row in range(len(values)):
        at = base + row * width
        put_view(views, row, at, write_scaled(at, values[row], scale))


@kernel("void(int64[::1], int64, uint64[:, ::1], int64, int64)")
def _dates(values: Any, precision: int, views: Any, base: int, width: int) -> None:
    for row in range(len(values)):
        at = base + row * width
        put_view(views, row, at, write_date(at, values[row]))


@kernel("void(int64[::1], int64, uint64[:, ::1], int64, int64)")
def _times(values: Any, precision: int, views: Any, base: int, width: int) -> None:
    for row in range(len(values)):
        at = base + row * width
        put_view(views, row, at, write_time(at, values[row], precision))


@kernel("void(int64[::1], int64, uint64[:, ::1], int64, int64)")
def _timestamps(values: Any, precision: int, views: Any, base: int, width: int) -> None:
    for row in range(len(values)):
        at = base + row * width
        days = values[row] // DAY
        size = write_date(at, days)
        store8(at + size, 32)
        size += 1 + write_time(at + size + 1, values[row] - days * DAY, precision)
        put_view(views, row, at, size)


def _written(kernel: Any, width: int, values: Any, *options: int) -> tuple[Any, Any]:
    values = np.array(values, np.int64, order="C")
    views = np.empty((len(values), 2), np.uint64)
    buffer = np.empty(len(values) * width + 8, np.uint8)
    kernel(values, *options, views, address(buffer), width)
    return views, buffer


def integers(values: Any) -> tuple[Any, Any]:
    """Views of the numbers as text, and the memory behind them; so the other functions."""
    return _written(_integers, 21, values)


def decimals(values: Any, scale: int) -> tuple[Any, Any]:
    return _written(_decimals, 24, values, scale)


def dates(days: Any) -> tuple[Any, Any]:
    return _written(_dates, 14, days, 0)


def times(micros: Any, precision: int) -> tuple[Any, Any]:
    return _written(_times, 20, micros, precision)


def timestamps(micros: Any, precision: int) -> tuple[Any, Any]:
    return _written(_timestamps, 36, micros, precision)
