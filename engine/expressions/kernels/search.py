"""Kernels that look into strings: search, prefixes and suffixes, LIKE, parts between separators."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.expressions.kernels.strings import advance, count_characters, width_of
from engine.expressions.kernels.text import contiguous, same_bytes, size_of, start_of
from engine.memory import address, kernel, load8, put_view

ANY_CHARACTER, ANY_TEXT = -1, -2


@kernel("int64(int64, int64, int64, int64)")
def find(at: int, end: int, needle: int, size: int) -> Any:
    """The address where a run of bytes next occurs, or -1."""
    while at + size <= end:
        if size == 0 or (load8(at) == load8(needle) and same_bytes(at, needle, size)):
            return at
        at += 1
    return -1


@kernel("void(uint64[:, ::1], int64, uint64[:, ::1], int64, int64[::1], int32[::1])")
def _positions(views: Any, base: int, needles: Any, needle_base: int, first: Any, out: Any) -> None:
    for row in range(len(views)):
        start, size = start_of(views, base, row), size_of(views, row)
        if first[row] < 1:
            out[row] = 0
            continue
        at = advance(start, start + size, first[row] - 1)
        found = find(at, start + size, start_of(needles, needle_base, row), size_of(needles, row))
        past = first[row] > 1 and count_characters(start, start + size) < first[row] - 1
        out[row] = 0 if found < 0 or past else count_characters(start, found) + 1


def positions(views: Any, needles: Any, first: Any) -> Any:
    """Per row, at which character (from 1) a string occurs at or behind the `first`; 0 where it does not."""
    views, needles = contiguous(views), contiguous(needles)
    out = np.empty(len(views), np.int32)
    _positions(views, address(views), needles, address(needles), np.array(first, np.int64, order="C"), out)
    return out


@kernel("void(uint64[:, ::1], int64, uint64[:, ::1], int64, boolean, boolean[::1])")
def _affixes(views: Any, base: int, affixes: Any, affix_base: int, at_end: bool, out: Any) -> None:
    for row in range(len(views)):
        size, wanted = size_of(views, row), size_of(affixes, row)
        start = start_of(views, base, row) + (size - wanted if at_end else 0)
        out[row] = wanted <= size and same_bytes(start, start_of(affixes, affix_base, row), wanted)


def has_affix(views: Any, affixes: Any, at_end: bool) -> Any:
    """Per row, whether a string starts (ends) with another."""
    views, affixes, out = contiguous(views), contiguous(affixes), np.empty(len(views), np.bool_)
    _affixes(views, address(views), affixes, address(affixes), at_end, out)
    return out


@kernel("boolean(int64, int64, int64[::1])")
def _matches(at: int, end: int, pattern: Any) -> Any:
    """LIKE by the two-pointer algorithm: a later % never needs an earlier one to be tried again."""
    step, size, star, resume = 0, len(pattern), -1, at
    while at < end:
        token = pattern[step] if step < size else -3
        if token == ANY_TEXT:
            star, resume = step, at
            step += 1
        elif token == ANY_CHARACTER:
            at += width_of(at)
            step += 1
        elif token >= 0 and load8(at) == token:
            at += 1
            step += 1
        elif star >= 0:
            resume += width_of(resume)
            at, step = resume, star + 1
        else:
            return False
    while step < size and pattern[step] == ANY_TEXT:
        step += 1
    return step == size


@kernel("void(uint64[:, ::1], int64, int64[::1], boolean[::1])")
def _like(views: Any, base: int, pattern: Any, out: Any) -> None:
    for row in range(len(views)):
        start = start_of(views, base, row)
        out[row] = _matches(start, start + size_of(views, row), pattern)


def like(views: Any, pattern: Any) -> Any:
    """Per row, whether a string matches tokens: bytes, ANY_CHARACTER (_), ANY_TEXT (%)."""
    views, out = contiguous(views), np.empty(len(views), np.bool_)
    _like(views, address(views), np.array(pattern, np.int64), out)
    return out


@kernel("void(uint64[:, ::1], int64, uint64[:, ::1], int64, int64[::1], uint64[:, ::1], boolean[::1])")
def _parts(views: Any, base: int, separators: Any, separator_base: int, indices: Any, out: Any, found: Any) -> None:
    for row in range(len(views)):
        at, size = start_of(views, base, row), size_of(views, row)
        end, left = at + size, indices[row]
        needle, length = start_of(separators, separator_base, row), size_of(separators, row)
        out[row, 0] = out[row, 1] = 0
        found[row] = False
        if left < 0 or size == 0:
            continue
        stop = find(at, end, needle, length) if length > 0 else -1
        while left > 0 and stop >= 0:
            at, left = stop + length, left - 1
            stop = find(at, end, needle, length)
        if left == 0:
            put_view(out, row, at, (stop if stop >= 0 else end) - at)
            found[row] = True


def parts(views: Any, separators: Any, indices: Any) -> tuple[Any, Any]:
    """Per row, the part (from 0) of a string between separators, and whether there is one. The memory is the
    input's."""
    views, separators = contiguous(views), contiguous(separators)
    out, found = np.empty_like(views), np.empty(len(views), np.bool_)
    _parts(views, address(views), separators, address(separators), np.array(indices, np.int64), out, found)
    return out, found
