"""Kernels over decimals of more than 18 digits: two 64-bit limbs, low and high."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import uint64

from engine.changes import Column
from engine.connectors.formats.memory import inlined, kernel, multiply_high
from engine.types import DataType


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
