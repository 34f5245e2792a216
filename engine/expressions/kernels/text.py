"""Kernels over string views (see `engine.changes`): access, comparison, slices, search.

A string of at most 12 bytes lies inside its view, from the fifth byte on, so every string has an address. Kernels
that cut strings only make new views: the result shares the owners of its source.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import uint64

from engine.memory import address, kernel, load8, load_u64, put_view, store8

VIEWS = "uint64[:, ::1]"


@kernel("int64(uint64[:, ::1], int64)", inline="always")
def size_of(views: Any, row: int) -> Any:
    """A string's length in bytes."""
    return np.int64(views[row, 0] & uint64(0xFFFFFFFF))


@kernel("int64(uint64[:, ::1], int64, int64)", inline="always")
def start_of(views: Any, base: int, row: int) -> Any:
    """The address of a string's first byte; `base` is the address of the views."""
    if np.int64(views[row, 0] & uint64(0xFFFFFFFF)) <= 12:
        return base + 16 * row + 4
    return np.int64(views[row, 1])


@kernel("void(int64, int64, int64)")
def copy_bytes(target: int, source: int, count: int) -> None:
    for i in range(count):
        store8(target + i, load8(source + i))


@kernel("void(int64, int64[::1], uint64[:, ::1])")
def _views_of(base: int, offsets: Any, views: Any) -> None:
    for row in range(len(offsets) - 1):
        put_view(views, row, base + offsets[row], offsets[row + 1] - offsets[row])


def views_of(buffer: Any, offsets: Any) -> Any:
    """The views of strings that lie one after another in `buffer`, which must outlive them."""
    views = np.empty((len(offsets) - 1, 2), np.uint64)
    _views_of(address(buffer), offsets, views)
    return views


@kernel("void(uint64[:, ::1], int64, int64[::1])")
def _offsets(views: Any, base: int, offsets: Any) -> None:
    offsets[0] = 0
    for row in range(len(views)):
        offsets[row + 1] = offsets[row] + size_of(views, row)


@kernel("void(uint64[:, ::1], int64, int64[::1], int64)")
def _gather(views: Any, base: int, offsets: Any, target: int) -> None:
    for row in range(len(views)):
        copy_bytes(target + offsets[row], start_of(views, base, row), offsets[row + 1] - offsets[row])


def contiguous(views: Any) -> Any:
    """The views as the kernels want them."""
    return views if views.flags.c_contiguous and views.flags.writeable else np.array(views, order="C")


def gathered(views: Any) -> tuple[Any, Any]:
    """The strings' bytes one after another, and their offsets (n + 1)."""
    views = contiguous(views)
    offsets = np.empty(len(views) + 1, np.int64)
    base = address(views)
    _offsets(views, base, offsets)
    data = np.empty(int(offsets[-1]), np.uint8)
    _gather(views, base, offsets, address(data))
    return data, offsets


@kernel("boolean(int64, int64, int64)", inline="always")
def same_bytes(a: int, b: int, count: int) -> Any:
    """Whether two runs of bytes are equal; eight at a time, never reading past them."""
    at = 0
    while at + 8 <= count:
        if load_u64(a + at) != load_u64(b + at):
            return False
        at += 8
    while at < count:
        if load8(a + at) != load8(b + at):
            return False
        at += 1
    return True


@kernel("int64(int64, int64, int64, int64)")
def order_of(a: int, a_size: int, b: int, b_size: int) -> Any:
    """Below, at or above zero as a sorts before, with or after b, by unsigned bytes."""
    for i in range(min(a_size, b_size)):
        difference = load8(a + i) - load8(b + i)
        if difference != 0:
            return difference
    return a_size - b_size


@kernel("void(uint64[:, ::1], int64, uint64[:, ::1], int64, boolean[::1])")
def equal_views(a: Any, a_base: int, b: Any, b_base: int, out: Any) -> None:
    for row in range(len(a)):
        if a[row, 0] != b[row, 0]:
            out[row] = False
            continue
        size = size_of(a, row)
        if size <= 12:
            out[row] = a[row, 1] == b[row, 1]
        else:
            out[row] = a[row, 1] == b[row, 1] or same_bytes(np.int64(a[row, 1]), np.int64(b[row, 1]), size)


@kernel("void(uint64[:, ::1], int64, uint64[:, ::1], int64, int8[::1])")
def compare_views(a: Any, a_base: int, b: Any, b_base: int, out: Any) -> None:
    """-1, 0 or 1 per row."""
    for row in range(len(a)):
        order = order_of(start_of(a, a_base, row), size_of(a, row), start_of(b, b_base, row), size_of(b, row))
        out[row] = 1 if order > 0 else (-1 if order < 0 else 0)


def equal(a: Any, b: Any) -> Any:
    """Row by row, whether two strings are equal."""
    a, b, out = contiguous(a), contiguous(b), np.empty(len(a), np.bool_)
    equal_views(a, address(a), b, address(b), out)
    return out


def compare(a: Any, b: Any) -> Any:
    """Row by row, how two strings sort: -1, 0 or 1."""
    a, b, out = contiguous(a), contiguous(b), np.empty(len(a), np.int8)
    compare_views(a, address(a), b, address(b), out)
    return out
