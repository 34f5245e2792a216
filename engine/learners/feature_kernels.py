"""Compiled feature hashing; `engine.learners.reference` defines what is computed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from engine.learners.reference import GOLDEN, NAN_BITS
from engine.state.memory import load_u8, load_u64, view_bytes, view_length

_FIRST, _SECOND, _SHIFT = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53), np.uint64(33)
_GOLDEN, _NAN = np.uint64(GOLDEN), np.uint64(NAN_BITS)


def _kernel(function: Any) -> Any:
    return njit(nogil=True, cache=True, error_model="numpy")(function)


@_kernel
def mix(x: Any) -> Any:
    """MurmurHash3's 64-bit finalizer."""
    x = (x ^ (x >> _SHIFT)) * _FIRST
    x = (x ^ (x >> _SHIFT)) * _SECOND
    return x ^ (x >> _SHIFT)


@_kernel
def text(seed: Any, view: int) -> Any:
    """Hash of the string whose view is at address `view`."""
    length, at = view_length(view), view_bytes(view)
    h = mix(seed ^ np.uint64(length))
    whole = length & ~7
    for i in range(0, whole, 8):
        h = mix(h ^ load_u64(at + i))
    if whole < length:
        word = np.uint64(0)
        for i in range(length - 1, whole - 1, -1):
            word = (word << np.uint64(8)) | np.uint64(load_u8(at + i))
        h = mix(h ^ word)
    return h


@_kernel
def index_whole(values: Any, seed: Any, mask: Any, index: Any, feature: int) -> None:
    """The indices of integer categories, into column `feature` of the matrix `index`."""
    for row in range(len(values)):
        index[row, feature] = np.int32(mix(seed ^ np.uint64(values[row])) & mask)


@_kernel
def index_text(views: int, rows: int, seed: Any, mask: Any, index: Any, feature: int) -> None:
    """The indices of strings; `views` is the address of the first view."""
    for row in range(rows):
        index[row, feature] = np.int32(text(seed, views + 16 * row) & mask)


@_kernel
def absent_numbers(value: Any, feature: int, present: Any) -> None:
    """Mark NaN in column `feature` of the matrix `value` as absent."""
    for row in range(len(value)):
        if np.isnan(value[row, feature]):
            present[row, feature] = False


@_kernel
def compact(index: Any, value: Any, present: Any, offsets: Any, kept_index: Any, kept_value: Any) -> Any:
    """Present features of all rows one after another; fills `offsets`; returns how many there are."""
    count = np.int64(0)
    for row in range(len(index)):
        offsets[row] = count
        for feature in range(index.shape[1]):
            kept_index[count] = index[row, feature]
            kept_value[count] = value[row, feature]
            count += np.int64(present[row, feature])
    offsets[len(index)] = count
    return count


@_kernel
def cross_whole(values: Any, h: Any) -> None:
    """Take one integer part into the cross of each row."""
    for row in range(len(values)):
        h[row] = mix(h[row] ^ mix(np.uint64(values[row]) + _GOLDEN))


@_kernel
def cross_text(views: int, h: Any) -> None:
    for row in range(len(h)):
        h[row] = mix(h[row] ^ mix(text(np.uint64(0), views + 16 * row) + _GOLDEN))


@_kernel
def cross_bits(values: Any, bits: Any, h: Any) -> None:
    """Take one DOUBLE part in: `bits` are the values' words."""
    for row in range(len(values)):
        word = _NAN if np.isnan(values[row]) else np.uint64(0) if values[row] == 0 else bits[row]
        h[row] = mix(h[row] ^ mix(word + _GOLDEN))
