"""Kernels that cut strings or build new ones. Built strings lie in one buffer, returned with the views."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.expressions.kernels.text import contiguous, copy_bytes, size_of, start_of
from engine.memory import address, inlined, kernel, load8, put_view, store8


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
    """Strings cut to `length` characters (bytes), padded to it where `fixed`. The input's memory is still referred
    to."""
    views = contiguous(views)
    out = np.empty_like(views)
    room = int(np.sum(views[:, 0] & np.uint64(0xFFFFFFFF))) + length * len(views) if fixed else 0
    memory = np.empty(room, np.uint8)
    _sized(views, address(views), length, fixed, utf8, out, address(memory))
    return out, memory


def chosen(which: Any, no: bytes, yes: bytes) -> tuple[Any, Any]:
    """One of two short texts (at most 12 bytes) per row."""
    words = np.zeros((2, 2), np.uint64)
    for row, text in enumerate((no, yes)):
        record = len(text).to_bytes(4, "little") + text.ljust(12, b"\0")
        words[row] = np.frombuffer(record, np.uint64)
    return words[which.astype(np.int8)], None


@kernel("void(uint64[:, ::1], int64, int32[::1])")
def _lengths(views: Any, base: int, out: Any) -> None:
    for row in range(len(views)):
        start = start_of(views, base, row)
        out[row] = count_characters(start, start + size_of(views, row))


def lengths(views: Any) -> Any:
    """Characters (Unicode code points) per string, int32."""
    views, out = contiguous(views), np.empty(len(views), np.int32)
    _lengths(views, address(views), out)
    return out


@kernel("void(uint64[:, ::1], int64, boolean, int64[::1], int64[::1], uint64[:, ::1], boolean[::1])")
def _substrings(views: Any, base: int, bytewise: bool, starts: Any, counts: Any, out: Any, valid: Any) -> None:
    for row in range(len(views)):
        at, size = start_of(views, base, row), size_of(views, row)
        end, first, count = at + size, starts[row], counts[row]
        valid[row] = count >= 0
        out[row, 0] = out[row, 1] = 0
        if count <= 0 or size == 0:
            continue
        if first < 0:
            first += size if bytewise else count_characters(at, end)
            if first < 0:
                continue
        elif first > 0:
            first -= 1
        count = min(count, size)
        begin = min(at + first, end) if bytewise else advance(at, end, first)
        stop = min(begin + count, end) if bytewise else advance(begin, end, count)
        put_view(out, row, begin, stop - begin)


def substrings(views: Any, starts: Any, counts: Any, bytewise: bool = False) -> tuple[Any, Any]:
    """SUBSTRING: from character `starts` (from 1; negative from the end), `counts` long; and where that is no NULL."""
    views = contiguous(views)
    out, valid = np.empty_like(views), np.empty(len(views), np.bool_)
    starts, counts = np.array(starts, np.int64), np.array(counts, np.int64)
    _substrings(views, address(views), bytewise, starts, counts, out, valid)
    return out, valid


@inlined("boolean(int64, int64, int64, int64)")
def _contains(at: int, width: int, characters: int, end: int) -> Any:
    while characters < end:
        if width_of(characters) == width:
            same = True
            for i in range(width):
                same &= load8(at + i) == load8(characters + i)
            if same:
                return True
        characters += width_of(characters)
    return False


@kernel("void(uint64[:, ::1], int64, uint64[:, ::1], int64, boolean, boolean, uint64[:, ::1])")
def _trims(views: Any, base: int, sets: Any, set_base: int, left: bool, right: bool, out: Any) -> None:
    for row in range(len(views)):
        at = start_of(views, base, row)
        end = at + size_of(views, row)
        characters = start_of(sets, set_base, row)
        behind = characters + size_of(sets, row)
        while left and at < end and _contains(at, width_of(at), characters, behind):
            at += width_of(at)
        while right and at < end:
            last = end - 1
            while last > at and load8(last) & 0xC0 == 0x80:
                last -= 1
            if not _contains(last, end - last, characters, behind):
                break
            end = last
        put_view(out, row, at, end - at)


def trims(views: Any, sets: Any, left: bool, right: bool) -> Any:
    """Strings without characters of a set at their ends. The memory is the input's."""
    views, sets = contiguous(views), contiguous(sets)
    out = np.empty_like(views)
    _trims(views, address(views), sets, address(sets), left, right, out)
    return out


@kernel("void(uint64[:, ::1], int64, int64[::1])")
def _append(views: Any, base: int, ends: Any) -> None:
    """Copies each row's string behind what its slot holds; `ends` are the addresses behind."""
    for row in range(len(views)):
        size = size_of(views, row)
        copy_bytes(ends[row], start_of(views, base, row), size)
        ends[row] += size


@kernel("void(int64[::1], int64[::1], uint64[:, ::1])")
def _close(starts: Any, ends: Any, views: Any) -> None:
    for row in range(len(starts)):
        put_view(views, row, starts[row], ends[row] - starts[row])


def concatenated(parts: Any) -> tuple[Any, Any]:
    """The parts of each row one after another, and the memory behind them."""
    parts = [contiguous(p) for p in parts]
    sizes = np.zeros(len(parts[0]) + 1, np.int64)
    for part in parts:
        sizes[1:] += (part[:, 0] & np.uint64(0xFFFFFFFF)).astype(np.int64)
    np.cumsum(sizes, out=sizes)
    memory = np.empty(int(sizes[-1]), np.uint8)
    starts = sizes[:-1] + address(memory)
    ends = starts.copy()
    for part in parts:
        _append(part, address(part), ends)
    views = np.empty_like(parts[0])
    _close(starts, ends, views)
    return views, memory


@kernel("boolean(uint64[:, ::1], int64, int64, int64, int64, int64, uint64[:, ::1])")
def _recased(views: Any, base: int, low: int, high: int, change: int, target: int, out: Any) -> Any:
    """ASCII letters of one case become the other; False where a byte is not ASCII."""
    for row in range(len(views)):
        start, size = start_of(views, base, row), size_of(views, row)
        for i in range(size):
            byte = load8(start + i)
            if byte > 127:
                return False
            store8(target + i, byte + change if low <= byte <= high else byte)
        put_view(out, row, target, size)
        target += size
    return True


def recased(views: Any, upper: bool) -> tuple[Any, Any] | None:
    """UPPER or LOWER with its memory; None where a string is not ASCII."""
    views = contiguous(views)
    out = np.empty_like(views)
    memory = np.empty(int(np.sum(views[:, 0] & np.uint64(0xFFFFFFFF))), np.uint8)
    letters = (97, 122, -32) if upper else (65, 90, 32)
    return (out, memory) if _recased(views, address(views), *letters, address(memory), out) else None
