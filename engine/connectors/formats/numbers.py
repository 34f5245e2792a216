"""Numbers out of text, exactly: integers, decimals and doubles, as kernels over absolute addresses.

Doubles: the fast path of Clinger (1990) where mantissa and power of ten are both exact, else the algorithm of Lemire,
"Number Parsing at a Gigabyte per Second" (2021); the few texts of more than 19 digits that leave it undecided go to the
C library.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types, uint64

from engine.memory import as_double, kernel, leading_zeros, load8, multiply_high, store8

OK, BAD, NULLED = 0, 1, 2
"""Results of the parsers: a value; not such a value; a value that the type cannot hold and SQL makes NULL."""

MAX_INT64 = 2**63 - 1
_strtod = types.ExternalFunction("strtod", types.float64(types.intp, types.intp))
_EXACT_TENS = np.array([float(10**k) for k in range(23)])
POWERS = np.array([10**k for k in range(19)], np.int64)
MAX_TEXT = 1024
"""Bytes kept of a number that the C library has to read; what follows cannot change a double's rounding by more."""


def _power_of_five(q: int) -> int:
    """The upper 128 bits of 5^q, highest bit set; rounded up for negative powers (Lemire 2021, appendix B)."""
    if q >= 0:
        power: int = 5**q
        return power << (128 - power.bit_length()) if power.bit_length() <= 128 else power >> (power.bit_length() - 128)
    power = 5**-q
    bits = (power - 1).bit_length()
    value = 2 ** (bits + 127 if q >= -27 else 2 * bits + 128) // power + 1
    return value >> max(value.bit_length() - 128, 0)


_FIVES = np.array([[p >> 64, p & (2**64 - 1)] for p in map(_power_of_five, range(-342, 309))], np.uint64)


@kernel("float64(uint64, int64, float64)")
def scale_double(digits: int, power: int, undecided: float) -> Any:
    """The double nearest to digits * 10^power; `undecided` where the algorithm cannot tell."""
    if digits == 0 or power < -342:
        return 0.0
    if power > 308:
        return np.inf
    zeros = leading_zeros(digits)
    shifted = uint64(digits) << uint64(zeros)
    low = shifted * _FIVES[power + 342, 0]
    high = multiply_high(shifted, _FIVES[power + 342, 0])
    if high & uint64(0x1FF) == uint64(0x1FF):
        more = multiply_high(shifted, _FIVES[power + 342, 1])
        low += more
        high += uint64(low < more)
    if low == uint64(0xFFFFFFFFFFFFFFFF) and (power < -27 or power > 55):
        return undecided
    upper = int(high >> uint64(63))
    mantissa = high >> uint64(upper + 9)
    exponent = (((152170 + 65536) * power) >> 16) + 63 + upper - zeros + 1023
    if exponent <= 0:
        if 1 - exponent >= 64:
            return 0.0
        mantissa >>= uint64(1 - exponent)
        mantissa = (mantissa + (mantissa & uint64(1))) >> uint64(1)
        return as_double(mantissa)  # a subnormal that rounds up to 2^52 is the least normal number by itself
    halfway = low <= uint64(1) and -4 <= power <= 23 and (mantissa & uint64(3)) == uint64(1)
    if halfway and (mantissa << uint64(upper + 9)) == high:
        mantissa &= ~uint64(1)
    mantissa = (mantissa + (mantissa & uint64(1))) >> uint64(1)
    if mantissa >= uint64(1 << 53):
        mantissa = uint64(1 << 52)
        exponent += 1
    if exponent >= 2047:
        return np.inf
    return as_double((mantissa & ~uint64(1 << 52)) | (uint64(exponent) << uint64(52)))


@kernel("UniTuple(int64, 2)(int64, int64)")
def _exponent(at: int, end: int) -> Any:
    """The exponent behind an E at `at`, to `end`: (value, OK or BAD)."""
    sign = 1
    if at < end and (load8(at) == 43 or load8(at) == 45):
        sign = -1 if load8(at) == 45 else 1
        at += 1
    if at >= end:
        return 0, BAD
    value = 0
    while at < end:
        digit = load8(at) - 48
        if digit < 0 or digit > 9:
            return 0, BAD
        value = min(value * 10 + digit, 100000)
        at += 1
    return sign * value, OK


@kernel("Tuple((uint64, int64, int64, int64, int64))(int64, int64)")
def digits_of(at: int, end: int) -> Any:
    """An unsigned decimal number: its first 19 significant digits, the power of ten they are to be scaled by, whether
    digits other than 0 were left out, whether there is a point or an exponent, OK or BAD."""
    digits, taken, power, cut, seen = uint64(0), 0, 0, 0, 0
    point = False
    while at < end:
        digit = load8(at) - 48
        if 0 <= digit <= 9:
            seen += 1
            if taken < 19:
                digits = digits * uint64(10) + uint64(digit)
                taken += int(digits != 0)
                power -= int(point)
            else:
                cut |= int(digit != 0)
                power += int(not point)
        elif digit == -2 and not point:
            point = True
        else:
            break
        at += 1
    if seen == 0:
        return digits, 0, 0, 0, BAD
    if at == end:
        return digits, power, cut, int(point), OK
    if load8(at) != 69 and load8(at) != 101:
        return digits, 0, 0, 0, BAD
    exponent, status = _exponent(at + 1, end)
    return digits, power + exponent, cut, 1, status


@kernel("Tuple((float64, int64))(int64, int64, boolean)")
def _named_double(at: int, end: int, negative: bool) -> Any:
    """NaN and Infinity as Java spells them."""
    if end - at == 3 and load8(at) == 78 and load8(at + 1) == 97 and load8(at + 2) == 78:
        return np.nan, OK
    if end - at == 8:
        name = (73, 110, 102, 105, 110, 105, 116, 121)
        for i in range(8):
            if load8(at + i) != name[i]:
                return 0.0, BAD
        return (-np.inf if negative else np.inf), OK
    return 0.0, BAD


@kernel("float64(int64, int64)")
def _library_double(at: int, end: int) -> Any:
    text = np.zeros(MAX_TEXT + 1, np.uint8)
    length = min(end - at, MAX_TEXT)
    for i in range(length):
        text[i] = load8(at + i)
    return _strtod(text.ctypes.data, 0)


@kernel("Tuple((float64, int64))(int64, int64)")
def parse_double(at: int, end: int) -> Any:
    """The double nearest to the number at `at` to `end` (no blanks around it): (value, OK or BAD)."""
    start, negative = at, False
    if at < end and (load8(at) == 45 or load8(at) == 43):
        negative = load8(at) == 45
        at += 1
    digits, power, cut, _, status = digits_of(at, end)
    if status != OK:
        return _named_double(at, end, negative)
    if cut == 0 and digits <= uint64(1 << 53) and -22 <= power <= 22:
        value = float(digits) * _EXACT_TENS[power] if power >= 0 else float(digits) / _EXACT_TENS[-power]
        return (-value if negative else value), OK
    value = scale_double(digits, power, np.nan)
    if np.isnan(value) or (cut and scale_double(digits + uint64(1), power, np.nan) != value):
        return _library_double(start, end), OK
    return (-value if negative else value), OK


@kernel("UniTuple(int64, 2)(int64, int64, int64, boolean)")
def _odd_integer(at: int, end: int, limit: int, fractions: bool) -> Any:
    """Integers of 19 digits and more (leading zeros count) and, where allowed, numbers with a fraction or exponent."""
    start, negative = at, False
    if at < end and (load8(at) == 45 or load8(at) == 43):
        negative = load8(at) == 45
        at += 1
    digits, power, cut, fraction, status = digits_of(at, end)
    if status != OK or (fraction and not fractions):
        return 0, BAD
    if fraction:
        value, _ = parse_double(start, end)
        if not (-float(limit) - 1.0 <= value <= float(limit)) or value >= 9223372036854775808.0:
            return 0, BAD
        return int(value), OK
    if cut or power != 0 or digits > uint64(limit) + uint64(negative):
        return 0, BAD
    return (int(uint64(0) - digits) if negative else int(digits)), OK


@kernel("UniTuple(int64, 2)(int64, int64, int64, boolean)")
def parse_integer(at: int, end: int, limit: int, fractions: bool) -> Any:
    """An integer within [-limit - 1, limit]: (value, OK or BAD). `fractions`: 12.7 and 1e3 are cut towards zero."""
    start, negative = at, False
    if at < end and (load8(at) == 45 or load8(at) == 43):
        negative = load8(at) == 45
        at += 1
    if at >= end or end - at > 18:
        return _odd_integer(start, end, limit, fractions)
    value = 0
    while at < end:
        digit = load8(at) - 48
        if digit < 0 or digit > 9:
            return _odd_integer(start, end, limit, fractions)
        value = value * 10 + digit
        at += 1
    if value > limit + int(negative and limit < MAX_INT64):
        return 0, BAD
    return (-value if negative else value), OK


@kernel("UniTuple(int64, 2)(int64, int64, int64, int64)")
def parse_decimal(at: int, end: int, precision: int, scale: int) -> Any:
    """A DECIMAL(precision <= 18, scale), scaled: (value, OK, BAD or NULLED). Rounds half up, away from zero."""
    negative = False
    if at < end and (load8(at) == 45 or load8(at) == 43):
        negative = load8(at) == 45
        at += 1
    _, _, _, _, status = digits_of(at, end)
    if status != OK:
        return 0, BAD
    stop, exponent, point, past = at, 0, -1, 0
    while stop < end and load8(stop) != 69 and load8(stop) != 101:
        if load8(stop) == 46:
            point = stop
        stop += 1
    if stop < end:
        exponent, _ = _exponent(stop + 1, end)
    whole = (point if point >= 0 else stop) - at  # digits before the point
    value, place, half = 0, whole + exponent + scale, 0  # `place`: how many digits the scaled integer takes
    for address in range(at, stop):
        if address == point:
            continue
        digit = load8(address) - 48
        if place > 0:
            value = value * 10 + digit
            if value >= POWERS[precision]:
                return 0, NULLED
            place -= 1
        else:
            half = digit if past == 0 and place == 0 else half
            past += 1
    value += int(half >= 5)
    while place > 0 and value != 0:
        value *= 10
        place -= 1
        if value >= POWERS[precision]:
            return 0, NULLED
    if value >= POWERS[precision]:
        return 0, NULLED
    return (-value if negative else value), OK


@kernel("int64(int64, int64)")
def write_integer(at: int, value: int) -> Any:
    """Write an integer's digits at an address; the number of bytes written."""
    if value == 0:
        store8(at, 48)
        return 1
    size = 0
    left = uint64(value)
    if value < 0:
        store8(at, 45)
        left = uint64(0) - left
        size = 1
    count, rest = 0, left
    while rest != uint64(0):
        rest = rest // uint64(10)
        count += 1
    for i in range(count):
        store8(at + size + count - 1 - i, int(left % uint64(10)) + 48)
        left = left // uint64(10)
    return size + count
