"""Kernels that cut strings or build new ones. Built strings lie in one buffer, returned with the views."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.connectors.formats.memory import address_of, inlined, kernel, load8, put_view, store8
from engine.expressions.kernels.text import contiguous, copy_bytes, size_of, start_of


@inlined("int64(int64)")
def width_of(at: int) -> Any:
    """The bytes of the UTF-8 character at an address."""
    first = load8(at)
    if first < 0x80:
        return 1
    return 2 if first < 0xE0 else (3 if first < 0xF0 else 4)


@kernel("int64(int64, int64)")
def count_characters(at: int, end: int) -> Any:
    count = 0
    while at < end:
        count += int(load8(at) & 0xC0 != 0x80)
        at += 1
    return count


@kernel("int64(int64, int64, int64)")
def advance(at: int, end: int, characters: int) -> Any:
    """The address so many characters further, at most `end`."""
    while characters > 0 and at < end:
        at += width_of(at)
        characters -= 1
    return min(at, end)


@kernel("void(uint64[:, ::1], int64, int64, boolean, boolean, uint64[:, ::1], int64)")
def _sized(views: Any, base: int, length: int, fixed: bool, utf8: bool, out: Any, target: int) -> None:
    padding = 32 if utf8 else 0
    for row in range(len(views)):
        start, size = start_of(views, base, row), size_of(views, row)
        if not utf8:
            kept, missing = min(size, length), max(0, length - size)
        elif size <= length and not fixed:
            kept, missing = size, 0
        else:
            kept = advance(start, start + size, length) - start
            missing = max(0, length - count_characters(start, start + kept))
        if not fixed or missing == 0:
            put_view(out, row, start, kept)
            continue
        copy_bytes(target, start, kept)
        for i in range(missing):
            store8(target + kept + i, padding)
        put_view(out, row, target, kept + missing)
        target += kept + missing


def sized(views: Any, length: int, fixed: bool, utf8: bool) -> tuple[Any, Any]:
    """Strings cut to `length` characters (bytes), padded to it where `fixed`. The input's memory is still referred to."""
    views = contiguous(views)
    out = np.empty_like(views)
    room = int(np.sum(views[:, 0] & np.uint64(0xFFFFFFFF))) + length * len(views) if fixed else 0
    memory = np.empty(room, np.uint8)
    _sized(views, address_of(views), length, fixed, utf8, out, address_of(memory))
    return out, memory


def chosen(which: Any, no: bytes, yes: bytes) -> tuple[Any, Any]:
    """One of two short texts (at most 12 bytes) per row."""
    words = np.zeros((2, 2), np.uint64)
    for row, text in enumerate((no, yes)):
        record = len(text).to_bytes(4, "little") + text.ljust(12, b"\0")
        words[row] = np.frombuffer(record, np.uint64)
    return words[which.astype(np.int8)], None
