"""The proleptic Gregorian calendar over arrays: days since 1970-01-01 to and from year, month, day; months added."""

from __future__ import annotations

import numpy as np

from engine.changes import Array

SECOND = 1_000_000
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86_400 * SECOND


def civil(days: Array) -> tuple[Array, Array, Array]:
    """Year, month (1 to 12) and day of days since the epoch (Hinnant, "chrono-compatible low-level date
    algorithms")."""
    shifted = days.astype(np.int64) + 719_468
    era = shifted // 146_097
    of_era = shifted - era * 146_097
    year = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    day = of_year - (153 * month + 2) // 5 + 1
    month = np.where(month < 10, month + 3, month - 9)
    return year + era * 400 + (month <= 2), month, day


def days_of(year: Array, month: Array | np.int64, day: Array | np.int64) -> Array:
    """Days since the epoch; months outside 1 to 12 count into other years."""
    year = year + (month - 1) // 12
    month = (month - 1) % 12 + 1
    year = year - (month <= 2)
    era = year // 400
    of_era = year - era * 400
    of_year = (153 * (month + np.where(month > 2, -3, 9)) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468


def add_months(days: Array, months: Array) -> Array:
    """Days some months later; the day is at most the last of its month."""
    year, month, day = civil(days)
    last = days_of(year, month + months + 1, np.int64(1)) - days_of(year, month + months, np.int64(1))
    return days_of(year, month + months, np.minimum(day, last))


def months_between(later: Array, earlier: Array) -> Array:
    """Whole months from one local time (microseconds) to another, negative where `later` is earlier."""
    swapped = later < earlier
    high, low = np.where(swapped, earlier, later), np.where(swapped, later, earlier)
    high_year, high_month, _ = civil(high // DAY)
    low_year, low_month, _ = civil(low // DAY)
    months = (high_year - low_year) * 12 + high_month - low_month
    reached = add_months(low // DAY, months) * DAY + low % DAY
    months = months - (reached > high)
    return np.where(swapped, -months, months)


def iso_week(days: Array) -> tuple[Array, Array]:
    """ISO year and week."""
    thursday = days - (days + 3) % 7 + 3
    year, _, _ = civil(thursday)
    return year, (thursday - days_of(year, np.int64(1), np.int64(1))) // 7 + 1
