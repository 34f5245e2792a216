"""Kernels over decimals of more than 18 digits: two 64-bit limbs, low and high."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import uint64

from engine.changes import Column
from engine.memory import inlined, kernel, multiply_high
from engine.types import DataType, Kind


@inlined("Tuple((uint64, uint64, boolean))(int64, int64)")
def magnitude(low: int, high: int) -> Any:
    """Absolute value as two unsigned limbs, and whether it was negative."""
    a, b = uint64(low), uint64(high)
    if high >= 0:
        return a, b, False
    a = ~a + uint64(1)
    return a, ~b + uint64(a == uint64(0)), True


@kernel("void(int64[:, ::1], int64[:, ::1], uint64, uint64, int64[:, ::1], boolean[::1])")
def _multiply(a: Any, b: Any, limit_low: int, limit_high: int, out: Any, fits: Any) -> None:
    for row in range(len(a)):
        a0, a1, a_negative = magnitude(a[row, 0], a[row, 1])
        b0, b1, b_negative = magnitude(b[row, 0], b[row, 1])
        low = a0 * b0
        high = multiply_high(a0, b0)
        too_large = a1 != uint64(0) and b1 != uint64(0)
        too_large |= multiply_high(a0, b1) != uint64(0) or multiply_high(a1, b0) != uint64(0)
        for cross in (a0 * b1, a1 * b0):
            high += cross
            too_large |= high < cross
        too_large |= high > limit_high or (high == limit_high and low >= limit_low)
        if a_negative != b_negative:
            low = ~low + uint64(1)
            high = ~high + uint64(low == uint64(0))
        fits[row] = not too_large
        out[row, 0], out[row, 1] = (0, 0) if too_large else (np.int64(low), np.int64(high))


def limbs_of(column: Column) -> Any:
    """An exact number's scaled values as limbs: int64 (n, 2)."""
    if column.type.is_wide_decimal:
        return np.ascontiguousarray(column.values)
    wide = np.empty((len(column.values), 2), np.int64)
    wide[:, 0] = column.values
    wide[:, 1] = wide[:, 0] >> 63
    return wide


def product(a: Column, b: Column, type: DataType) -> Column:
    """a * b where the result's scale is the sum of theirs; NULL where it has too many digits."""
    out, fits = np.empty((len(a), 2), np.int64), np.empty(len(a), np.bool_)
    limit = 10**type.precision
    _multiply(limbs_of(a), limbs_of(b), np.uint64(limit & (2**64 - 1)), np.uint64(limit >> 64), out, fits)
    values = out if type.precision > 18 else np.ascontiguousarray(out[:, 0])
    return Column(type, values, None if fits.all() else fits)


def scaled_up(column: Column, shift: int, type: DataType) -> Column:
    """An exact number times 10^shift as a wide DECIMAL; NULL where it has too many digits."""
    power = np.empty((len(column), 2), np.int64)
    power[:, 0], power[:, 1] = np.array([10**shift & (2**64 - 1)], np.uint64).view(np.int64)[0], 10**shift >> 64
    scale = DataType(Kind.DECIMAL, precision=38)
    result = product(column, Column(scale, power), type)
    if column.validity is None:
        return result
    return result.with_validity(column.validity if result.validity is None else column.validity & result.validity)


@kernel("void(int64[:, ::1], int64[:, ::1], boolean, uint64, uint64, int64[:, ::1], boolean[::1])")
def _add(a: Any, b: Any, minus: bool, limit_low: int, limit_high: int, out: Any, fits: Any) -> None:
    """Sums of numbers below 10^38 never leave 128 bits."""
    for row in range(len(a)):
        low, high = uint64(b[row, 0]), uint64(b[row, 1])
        if minus:
            low = ~low + uint64(1)
            high = ~high + uint64(low == uint64(0))
        low += uint64(a[row, 0])
        high += uint64(a[row, 1]) + uint64(low < uint64(a[row, 0]))
        m0, m1, _ = magnitude(np.int64(low), np.int64(high))
        fits[row] = m1 < limit_high or (m1 == limit_high and m0 < limit_low)
        out[row, 0], out[row, 1] = np.int64(low), np.int64(high)


def total(a: Column, b: Column, sign: int, type: DataType) -> Column:
    """a + sign * b of one scale; NULL where it has too many digits."""
    out, fits = np.empty((len(a), 2), np.int64), np.empty(len(a), np.bool_)
    limit = 10**type.precision
    _add(limbs_of(a), limbs_of(b), sign < 0, np.uint64(limit & (2**64 - 1)), np.uint64(limit >> 64), out, fits)
    return Column(type, out, None if fits.all() else fits)


def compare(a: Column, b: Column) -> Any:
    """-1, 0 or 1 per row, for wide decimals of one scale."""
    high, other = a.values[:, 1], b.values[:, 1]
    low, rest = (np.ascontiguousarray(c.values[:, 0]).view(np.uint64) for c in (a, b))
    smaller = (high < other) | ((high == other) & (low < rest))
    larger = (high > other) | ((high == other) & (low > rest))
    return larger.astype(np.int8) - smaller.astype(np.int8)
