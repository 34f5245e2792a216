"""String views (see `engine.changes`) from and to bytes that lie end to end, as kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import uint64

from engine.changes import Array
from engine.memory import address, kernel, load8, make_view, store8


@kernel("void(int64, int64[::1], int64)")
def _refer(data: int, offsets: Any, views: int) -> None:
    for i in range(len(offsets) - 1):
        make_view(views + 16 * i, data + offsets[i], offsets[i + 1] - offsets[i])


@kernel("void(uint64[:, ::1], int64[::1], uint64[:, ::1])")
def _resolve(stored: Any, buffers: Any, views: Any) -> None:
    for i in range(len(views)):
        views[i, 0] = stored[i, 0]
        word = stored[i, 1]
        if (stored[i, 0] & uint64(0xFFFFFFFF)) > uint64(12):
            word = uint64(buffers[int(word & uint64(0xFFFFFFFF))]) + (word >> uint64(32))
        views[i, 1] = word


@kernel("void(uint64[:, ::1], boolean[::1], int64[::1])")
def _measure(views: Any, valid: Any, offsets: Any) -> None:
    for i in range(len(views)):
        offsets[i + 1] = offsets[i] + (int(views[i, 0] & uint64(0xFFFFFFFF)) if valid[i] else 0)


@kernel("void(uint64[:, ::1], int64, int64[::1], int64)")
def _copy(views: Any, base: int, offsets: Any, to: int) -> None:
    for i in range(len(views)):
        size = offsets[i + 1] - offsets[i]
        at = int(views[i, 1])
        if 0 < size <= 12:
            at = base + 16 * i + 4
        for k in range(size):
            store8(to + offsets[i] + k, load8(at + k))


@kernel("void(uint64[:, ::1], uint64, uint64, boolean[::1])")
def _equal(views: Any, first: int, second: int, equal: Any) -> None:
    size = int(first & uint64(0xFFFFFFFF))
    for i in range(len(views)):
        same = views[i, 0] == first
        if same and size <= 12:
            same = views[i, 1] == second
        elif same:
            a, b, k = int(views[i, 1]), int(second), 0
            while k < size and load8(a + k) == load8(b + k):
                k += 1
            same = k == size
        equal[i] = same


def equal_views(views: Array, wanted: Array) -> Array:
    """Where the strings are the same as one (its two words), whose memory has to be alive."""
    views = np.require(views, np.uint64, ["C", "W"])
    equal = np.empty(len(views), np.bool_)
    _equal(views, wanted[0], wanted[1], equal)
    return equal


def views_of(data: Array, offsets: Array) -> Array:
    """Views of the strings that lie end to end in `data` (uint8), n + 1 offsets. `data` has to stay alive."""
    views = np.zeros((len(offsets) - 1, 2), np.uint64)
    _refer(address(data), np.ascontiguousarray(offsets, np.int64).copy(), address(views))
    return views


def resolve_views(stored: Array, buffers: list[Array]) -> Array:
    """Views whose second word held a buffer's number and an offset (Arrow's string views)."""
    views = np.zeros((len(stored), 2), np.uint64)
    addresses = np.array([address(b) for b in buffers] or [0], np.int64)
    _resolve(np.ascontiguousarray(stored, np.uint64).copy(), addresses, views)
    return views


def flatten_views(views: Array, valid: Array) -> tuple[Array, Array]:
    """The bytes of all strings end to end (uint8) and their n + 1 offsets (int64)."""
    views = np.ascontiguousarray(views)
    if not views.flags.writeable:
        views = views.copy()
    offsets = np.zeros(len(views) + 1, np.int64)
    _measure(views, np.require(valid, np.bool_, ["C", "W"]), offsets)
    data = np.empty(max(int(offsets[-1]), 1), np.uint8)
    _copy(views, address(views) if len(views) else 0, offsets, address(data))
    return data, offsets


def strings_to_views(texts: list[bytes | None]) -> tuple[Array, Array]:
    """Views of Python byte strings, NULL as empty, and the memory that holds them."""
    data = np.frombuffer(b"".join([t or b"" for t in texts]) + bytes(16), np.uint8)
    offsets = np.zeros(len(texts) + 1, np.int64)
    np.cumsum([len(t or b"") for t in texts], out=offsets[1:])
    return views_of(data, offsets), data
