"""Sets of 32-bit integers as the bytes of a BITMAP: the portable format of Roaring bitmaps, each part in the smallest
of its three forms, so that equal sets are equal bytes (https://github.com/RoaringBitmap/RoaringFormatSpec).

A set in the hand is a sorted uint32 array. The bytes are little-endian: a head (how many parts; which are runs), for
each part its upper 16 bits and size - 1, where each part begins, and the parts: the lower 16 bits of all members,
65,536 bits, or pairs of a run's first member and length - 1.
"""

from __future__ import annotations

import numpy as np

from engine.changes import Array

PLAIN, WITH_RUNS = 12346, 12347
"""What begins a bitmap without and with runs."""
MOST_LISTED = 4096
"""More members of a part are written as bits."""
OFFSETS_FROM = 4
"""With runs, where parts begin is written from this many parts on."""
BITS = 8192
_EMPTY = np.empty(0, np.uint32)


def written(members: Array) -> bytes:
    """The bytes of a sorted uint32 array without duplicates."""
    highs, starts = np.unique(members >> np.uint32(16), return_index=True)
    lows = (members & np.uint32(0xFFFF)).astype(np.uint16)
    groups = np.split(lows, starts[1:]) if len(highs) else []
    parts = [_part(group) for group in groups]
    runs = np.array([is_run for is_run, _ in parts], np.bool_)
    count = len(parts)
    if runs.any():
        head = np.array([WITH_RUNS | count - 1 << 16], "<u4").tobytes() + np.packbits(runs, bitorder="little").tobytes()
    else:
        head = np.array([PLAIN, count], "<u4").tobytes()
    sizes = np.array([(high, len(group) - 1) for high, group in zip(highs, groups, strict=True)], "<u2").tobytes()
    offsets = b""
    if not runs.any() or count >= OFFSETS_FROM:
        begin = len(head) + len(sizes) + 4 * count
        offsets = (begin + np.cumsum([0, *(len(data) for _, data in parts)])[:-1]).astype("<u4").tobytes()
    return b"".join((head, sizes, offsets, *(data for _, data in parts)))


def _part(lows: Array) -> tuple[bool, bytes]:
    """One part's bytes, and whether they are runs."""
    breaks = np.flatnonzero(np.diff(lows.astype(np.int32)) != 1)
    runs = len(breaks) + 1
    if 2 + 4 * runs < min(2 * len(lows), BITS):
        firsts = lows[np.concatenate(([0], breaks + 1))].astype(np.int64)
        lasts = lows[np.concatenate((breaks, [len(lows) - 1]))].astype(np.int64)
        pairs = np.stack((firsts, lasts - firsts), axis=1).astype("<u2")
        return True, np.array([runs], "<u2").tobytes() + pairs.tobytes()
    if len(lows) <= MOST_LISTED:
        return False, lows.astype("<u2").tobytes()
    bits = np.zeros(1 << 16, np.bool_)
    bits[lows] = True
    return False, np.packbits(bits, bitorder="little").tobytes()


def members(data: bytes) -> Array:
    """The set that bytes stand for: a sorted uint32 array; ValueError where they are no bitmap."""
    reader = _Reader(data)
    head = reader.number("<u4")
    if head & 0xFFFF == WITH_RUNS:
        count = (head >> 16) + 1
        flags = np.unpackbits(reader.take("u1", (count + 7) // 8), bitorder="little")[:count].astype(np.bool_)
        offsets = count >= OFFSETS_FROM
    elif head == PLAIN:
        count, offsets = reader.number("<u4"), True
        flags = np.zeros(min(count, 1 << 16), np.bool_)
    else:
        raise ValueError("no bitmap")
    if count > 1 << 16:
        raise ValueError("too many parts")
    keys = reader.take("<u2", 2 * count).reshape(-1, 2).astype(np.int64)
    if offsets:
        reader.take("<u4", count)
    parts = [_lows(reader, bool(run), int(size) + 1) + (high << 16)
             for (high, size), run in zip(keys.tolist(), flags, strict=True)]
    found = np.concatenate(parts).astype(np.uint32) if parts else _EMPTY
    if (np.diff(found.astype(np.int64)) <= 0).any():
        raise ValueError("members are not in order")
    return found


def _lows(reader: _Reader, is_run: bool, size: int) -> Array:
    if is_run:
        pairs = reader.take("<u2", 2 * reader.number("<u2")).reshape(-1, 2).astype(np.int64)
        lengths = pairs[:, 1] + 1
        before = np.repeat(np.cumsum(lengths) - lengths, lengths)
        lows = np.repeat(pairs[:, 0], lengths) + np.arange(len(before)) - before
        if len(lows) and lows.max() >= 1 << 16:
            raise ValueError("a run beyond its part")
        return lows
    if size <= MOST_LISTED:
        return reader.take("<u2", size).astype(np.int64)
    return np.flatnonzero(np.unpackbits(reader.take("u1", BITS), bitorder="little"))


class _Reader:
    """Takes numbers from bytes, from the first on."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, kind: str, count: int) -> Array:
        size = np.dtype(kind).itemsize * count
        if self._at + size > len(self._data):
            raise ValueError("the bytes end early")
        found = np.frombuffer(self._data, kind, count, self._at)
        self._at += size
        return found

    def number(self, kind: str) -> int:
        return int(self.take(kind, 1)[0])


def text_of(data: bytes) -> str:
    """{1,5,4294967295}: the members as unsigned numbers."""
    return f"{{{','.join(map(str, members(data).tolist()))}}}"


def size_of(data: bytes) -> int:
    """How many members there are."""
    return len(members(data))


def of_numbers(numbers: Array) -> bytes:
    """The bitmap of int32 numbers in any order, negative ones as unsigned."""
    return written(np.unique(numbers.astype(np.int32, copy=False).view(np.uint32)))
