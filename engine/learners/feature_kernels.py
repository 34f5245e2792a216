"""Compiled feature hashing; `engine.learners.reference` defines what is computed."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.learners.reference import GOLDEN, NAN_BITS
from engine.memory import kernel, load_f64, load_u8, load_u64, view_bytes, view_length

_FIRST, _SECOND, _SHIFT = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53), np.uint64(33)
_GOLDEN, _NAN = np.uint64(GOLDEN), np.uint64(NAN_BITS)
NUMBER, WHOLE, TEXT = range(3)
TILE = 64


@kernel
def mix(x: Any) -> Any:
    """MurmurHash3's 64-bit finalizer."""
    x = (x ^ (x >> _SHIFT)) * _FIRST
    x = (x ^ (x >> _SHIFT)) * _SECOND
    return x ^ (x >> _SHIFT)


@kernel
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


@kernel
def short_text(seed: Any, view: int) -> Any:
    """`text` of up to 8 bytes: they stand in the view, filled up with zeros."""
    h = mix(seed ^ np.uint64(view_length(view)))
    return h if view_length(view) == 0 else mix(h ^ load_u64(view + 4))


@kernel
def _fill(feature: Any, first: int, index: Any, value: Any, present: Any, mask: Any) -> None:
    """One feature of the rows from `first` on, into its row of the tile."""
    kind, values, valid, seed = feature[0], feature[1], feature[2], np.uint64(feature[3])
    rows = len(index)
    if kind == NUMBER:
        for i in range(rows):
            index[i], value[i] = np.int32(seed & mask), np.float32(load_f64(values + 8 * (first + i)))
            present[i] = not np.isnan(value[i])
    elif kind == WHOLE:
        for i in range(rows):
            index[i] = np.int32(mix(seed ^ load_u64(values + 8 * (first + i))) & mask)
            value[i], present[i] = np.float32(1), True
    else:
        for i in range(rows):
            view = values + 16 * (first + i)
            h = short_text(seed, view) if view_length(view) <= 8 else text(seed, view)
            index[i] = np.int32(h & mask)
            value[i], present[i] = np.float32(1), True
    if valid != 0:
        for i in range(rows):
            present[i] &= load_u8(valid + first + i) != 0


@kernel
def vectors(features: Any, rows: int, mask: Any, offsets: Any, index: Any, value: Any) -> Any:
    """The present features of all rows one after another; fills `offsets`; returns how many there are.

    `features`: for each its kind, the addresses of its values and of its validity (0: all present), its seed (int64
    (n, 4)). Columns are read by tiles of rows, which are then written row by row.
    """
    width, count = len(features), np.int64(0)
    indices, values = np.empty((width, TILE), np.int32), np.empty((width, TILE), np.float32)
    present = np.empty((width, TILE), np.bool_)
    for first in range(0, rows, TILE):
        size = min(TILE, rows - first)
        for f in range(width):
            _fill(features[f], first, indices[f, :size], values[f, :size], present[f, :size], mask)
        for i in range(size):
            offsets[first + i] = count
            for f in range(width):
                index[count], value[count] = indices[f, i], values[f, i]
                count += np.int64(present[f, i])
    offsets[rows] = count
    return count


@kernel
def cross_whole(values: Any, h: Any) -> None:
    """Take one integer part into the cross of each row."""
    for row in range(len(values)):
        h[row] = mix(h[row] ^ mix(np.uint64(values[row]) + _GOLDEN))


@kernel
def cross_text(views: int, h: Any) -> None:
    for row in range(len(h)):
        h[row] = mix(h[row] ^ mix(text(np.uint64(0), views + 16 * row) + _GOLDEN))


@kernel
def cross_bits(values: Any, bits: Any, h: Any) -> None:
    """Take one DOUBLE part in: `bits` are the values' words."""
    for row in range(len(values)):
        word = _NAN if np.isnan(values[row]) else np.uint64(0) if values[row] == 0 else bits[row]
        h[row] = mix(h[row] ^ mix(word + _GOLDEN))
