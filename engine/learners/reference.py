"""Feature hashing in plain Python, the definition: what FEATURES and FEATURE_CROSS return, on any engine.

    mix(x)            MurmurHash3's 64-bit finalizer, over unsigned 64-bit words
    text(seed, s)     h = mix(seed ^ (number of bytes of s in UTF-8)); then for each 8 bytes of s, little-endian, the
                      last ones filled up with zeros: h = mix(h ^ word)
    whole(seed, n)    mix(seed ^ n), n as an unsigned 64-bit word; TRUE is 1, FALSE is 0
    seed of a name    text(0, name)

FEATURES gives, for each (name, value): nothing where the value is NULL (or a number is NaN); for a number (FLOAT,
DOUBLE, DECIMAL) the index `seed & (2^bits - 1)` and the value as FLOAT; for text, integers and booleans the index
`text(seed, value)` or `whole(seed, value)`, modulo 2^bits, and the value 1.

FEATURE_CROSS gives NULL where a part is NULL; else h = 0 and for each part h = mix(h ^ mix(part + GOLDEN)); a part is
`text(0, s)`, the integer, or the bits of a DOUBLE (-0 is 0, any NaN is one NaN; other numbers are cast to DOUBLE).
The result is a signed 64-bit integer. This module needs nothing but Python, so that it can be sent to Flink as it is.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from decimal import Decimal

GOLDEN = 0x9E3779B97F4A7C15
WORD = 0xFFFFFFFFFFFFFFFF
NAN_BITS = 0x7FF8000000000000

Value = str | int | bool | float | Decimal | None


def mix(x: int) -> int:
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        x ^= x >> 33
        x = x * factor & WORD
    return x ^ x >> 33


def text(seed: int, value: str) -> int:
    data = value.encode()
    h = mix(seed ^ len(data))
    for start in range(0, len(data), 8):
        h = mix(h ^ int.from_bytes(data[start:start + 8], "little"))
    return h


def whole(seed: int, value: int) -> int:
    return mix(seed ^ value & WORD)


def reference_features(bits: int, named: Sequence[tuple[str, Value]]) -> tuple[list[int], list[float]]:
    """The lists `index` and `value` of FEATURES(bits, name, value, name, value, ...)."""
    index, values = [], []
    for name, value in named:
        seed = text(0, name)
        if value is None or value != value:
            continue
        if isinstance(value, float | Decimal):
            h, x = seed, float(value)
        else:
            h, x = (text(seed, value) if isinstance(value, str) else whole(seed, int(value))), 1.0
        index.append(h & (1 << bits) - 1)
        values.append(_float32(x))
    return index, values


def _float32(x: float) -> float:
    try:
        return float(struct.unpack("<f", struct.pack("<f", x))[0])
    except OverflowError:
        return math.copysign(math.inf, x)


def reference_cross(parts: Sequence[Value]) -> int | None:
    """FEATURE_CROSS(part, part, ...)."""
    h = 0
    for part in parts:
        if part is None:
            return None
        if isinstance(part, str):
            word = text(0, part)
        elif isinstance(part, float | Decimal):
            x = float(part)
            word = NAN_BITS if x != x else int.from_bytes(struct.pack("<d", x + 0.0), "little")
        else:
            word = int(part) & WORD
        h = mix(h ^ mix(word + GOLDEN & WORD))
    return h - (1 << 64) if h >> 63 else h
