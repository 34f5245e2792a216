"""Exact decimals as integers: int64 where the digits fit, else Python integers in object arrays (up to 38 digits and
beyond)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engine.changes import Array, Column, Mask
from engine.types import DataType, Kind

NARROW = 18


def integers(column: Column, scale: int | None = None, digits: int = 38) -> Array:
    """An exact number's values scaled by 10^scale (its own by default): int64 where `digits` fit, else Python integers.

    Only makes a scale larger. Integer columns have scale 0.
    """
    from engine.expressions.values import wide_ints

    own = column.type.scale if column.type.kind is Kind.DECIMAL else 0
    values = wide_ints(column.values) if column.type.is_wide_decimal else column.values
    shift = (own if scale is None else scale) - own
    if digits <= NARROW:
        if values.dtype == object:
            values = values.astype(np.int64)
        return values.astype(np.int64, copy=False) * np.int64(10**shift)
    values = values.astype(object) if values.dtype != object else values
    return values * 10**shift if shift else values


def divided(values: Array, divisor: int) -> Array:
    """Integers divided by a power of ten, rounded half up (away from zero)."""
    if divisor == 1:
        return values
    if values.dtype == object and len(values) == 0:
        return values
    quotient = (np.abs(values) + divisor // 2) // divisor
    return np.where(values < 0, -quotient, quotient)


def rescaled(values: Array, shift: int) -> Array:
    """Integers times 10^shift; a negative shift rounds half up."""
    if shift == 0:
        return values
    return values * (10**shift) if shift > 0 else divided(values, 10**-shift)


def decimal_column(type: DataType, values: Array, validity: Mask | None = None) -> Column:
    """A DECIMAL column of scaled integers; values of too many digits become NULL."""
    from engine.expressions.values import limbs

    limit = 10**type.precision
    if values.dtype == object or type.precision < 19:
        fits = np.asarray((values < limit) & (values > -limit), dtype=np.bool_)
        if len(values) and not fits.all():
            validity = fits if validity is None else validity & fits
            values = np.where(fits, values, 0)
    if type.precision <= NARROW:
        return Column(type, values.astype(np.int64, copy=False), validity)
    if values.dtype == object:
        return Column(type, limbs(values.tolist()), validity)
    wide = np.empty((len(values), 2), np.int64)
    wide[:, 0] = values
    wide[:, 1] = values >> 63
    return Column(type, wide, validity)


def elementwise(function: Callable[[int, int], int], a: Array, b: Array) -> Array:
    """A function of two Python integers over object arrays."""
    result = np.empty(len(a), object)
    result[:] = [function(x, y) for x, y in zip(a.tolist(), b.tolist(), strict=True)]
    return result
