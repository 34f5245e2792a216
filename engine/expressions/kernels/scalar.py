"""Scalar helpers of generated kernels: what Java's operators do and Numba's do not."""

from __future__ import annotations

from typing import Any

from engine.kernels import kernel


@kernel("int64(int64, int64)", inline="always")
def quotient(a: int, b: int) -> Any:
    """a / b cut towards zero; b is not 0. The least number by -1 wraps."""
    if b == -1:
        return -a
    result = a // b
    if result < 0 and result * b != a:
        result += 1
    return result


@kernel("int64(int64, int64)", inline="always")
def remainder(a: int, b: int) -> Any:
    """a % b with the sign of a; b is not 0."""
    if b == -1:
        return 0
    rest = a % b
    if rest != 0 and (rest < 0) != (a < 0):
        rest -= b
    return rest
