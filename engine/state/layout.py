"""Columns as kernels see them: one descriptor (an int64 table) for any number of columns of any type.

A descriptor has one row a column: `CODE, VALUES, VALIDITY, EXTRA`: how to read a value (`CODES`), the addresses of
the first value and of the first validity byte (0: all present), and a word that the holder of the columns may use.
One kernel call thus reads, compares, hashes or copies whole rows, whatever their types; values that hold lists or
rows come as canonical bytes (`engine.state.nested`), that is as views.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.changes import DTYPES, Array, Column
from engine.memory import Word, address, inlined, load_u8, plain
from engine.types import NESTED, VIEWED, DataType, Kind

B1, B2, B4, B8, B16, F4, F8, VIEW = range(8)
WIDTHS = (1, 2, 4, 8, 16, 4, 8, 16)
CODE, VALUES, VALIDITY, EXTRA = range(4)
_BY_SIZE = {1: B1, 2: B2, 4: B4, 8: B8}
_CODES = {kind: _BY_SIZE[np.dtype(dtype).itemsize] for kind, dtype in DTYPES.items()} | {
    Kind.FLOAT: F4, Kind.DOUBLE: F8, **dict.fromkeys(VIEWED | NESTED, VIEW)}  # fmt: skip


def code_of(type: DataType) -> int:
    """How values of a type are held in state."""
    return B16 if type.is_wide_decimal else _CODES[type.kind]


def array_layout(type: DataType) -> tuple[Any, int]:
    """The dtype and the number of words of one value in state."""
    code = code_of(type)
    if code == VIEW:
        return np.uint64, 2
    return (np.int64, 2) if code == B16 else (DTYPES[type.kind], 1)


def empty_array(type: DataType, rows: int) -> Array:
    """Uninitialised values of `rows` rows in state's layout."""
    dtype, count = array_layout(type)
    return np.empty(rows if count == 1 else (rows, count), dtype)


class Frame:
    """Arrays under one descriptor. `desc` is what kernels take; the arrays are held so that they stay alive, and so is
    `held` (what views point into)."""

    __slots__ = ("desc", "length", "values", "validity", "held")

    def __init__(self, codes: Sequence[int], values: Sequence[Array], validity: Sequence[Array | None], length: int,
                 held: object = None) -> None:
        self.length = length
        self.values = values
        self.validity = validity
        self.held = held
        words = array("q")  # numpy would take twice as long to make a small array
        for code, held, valid in zip(codes, values, validity):
            words.extend((code, address(held), 0 if valid is None else address(valid), 0))
        self.desc: Array = np.frombuffer(words, np.int64).reshape(-1, 4) if words else np.empty((0, 4), np.int64)


def frame_of(codes: Sequence[int], columns: Sequence[Column], length: int) -> Frame:
    """The frame over columns that hold no lists or rows."""
    values = [plain(c.values) for c in columns]
    validity = [None if c.validity is None else plain(c.validity) for c in columns]
    return Frame(codes, values, validity, length, columns)


@inlined
def width_of(code: int) -> Word:
    """`WIDTHS[code]` by one shift (Numba indexes a tuple by a chain of branches)."""
    return (0x1008041008040201 >> (8 * code)) & 31


@inlined
def is_valid(desc: Array, column: int, row: int) -> Word:
    at = desc[column, VALIDITY]
    return at == 0 or load_u8(at + row) != 0
