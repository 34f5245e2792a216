"""Rows of state in written form: what a snapshot holds and how a chain of snapshots becomes rows again.

State is arrays addressed by row number (a slot, a row of a row store). `save` copies some rows of them: raw arrays as
they are, strings as ends and bytes. A change is the rows that died and the rows written; `Replay` applies a chain of
such parts, oldest first, to plain arrays in memory, from which the owner keeps the living rows it wants.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.changes import Array
from engine.memory import Reservation, address, inlined, kernel, load_u8, store_i32, store_u8
from engine.state.arena import gather, scatter

PIECE = 1 << 20
"""Bytes of state copied at once while rows go on coming: well below a millisecond."""
BLOCK = 32 << 20
STRING = 32
"""Bytes of a string, guessed."""


def span(rows: Array) -> Array | slice:
    """Ascending, distinct row numbers as a slice where they follow one another (much faster to copy by)."""
    if len(rows) and int(rows[-1]) - int(rows[0]) == len(rows) - 1:
        return slice(int(rows[0]), int(rows[-1]) + 1)
    return rows


@dataclass(frozen=True)
class Stored:
    """An array of state: raw values, or string views."""

    name: str
    array: Array
    view: bool = False


class Blocks:
    """Memory for copies out of blocks of `size` bytes: that of many small arrays costs more than to fill it."""

    def __init__(self, size: int = 0) -> None:
        self._size = size
        self._block: Array = np.empty(0, np.uint8)

    def empty(self, shape: tuple[int, ...], dtype: Any) -> Array:
        """An array of its own, not initialised."""
        size = math.prod(shape) * np.dtype(dtype).itemsize
        if size > len(self._block):
            self._block = np.empty(max(self._size, size), np.uint8)
        taken, self._block = self._block[:size], self._block[-(-size // 64) * 64:]
        return taken.view(dtype).reshape(shape)


def save(prefix: str, stored: Sequence[Stored], rows: Array | None, count: int = 0,
         dead: Array | None = None, blocks: Blocks | None = None) -> dict[str, Array]:
    """The written form of these rows (None: of all rows below `count`); `dead` are rows that are no longer."""
    arrays: dict[str, Array] = {}
    blocks = blocks or Blocks()
    if rows is not None:
        arrays[f"{prefix}.rows"] = blocks.empty(rows.shape, np.int32)
        arrays[f"{prefix}.rows"][:] = rows
    if dead is not None and len(dead):
        arrays[f"{prefix}.dead"] = dead.astype(np.int32)
    every = np.arange(count, dtype=np.int64) if rows is None and any(s.view for s in stored) else rows
    for s in stored:
        name = f"{prefix}.{s.name}"
        if not s.view:
            arrays[name] = s.array[:count].copy() if rows is None else _rows_of(s.array, rows, blocks)
            continue
        assert every is not None
        arrays[f"{name}.ends"], arrays[f"{name}.data"] = gather(s.array, every)
        null = (s.array[every, 0] == 0) & (s.array[every, 1] == 1)
        if null.any():
            arrays[f"{name}.null"] = null
    return arrays


def _rows_of(array: Array, rows: Array, blocks: Blocks) -> Array:
    """`take` is the fastest way, but copies an array that is not contiguous: all the reserved space."""
    where = span(rows)
    if not isinstance(where, slice) and not array.flags.c_contiguous:
        return array[rows]
    found = blocks.empty((len(rows), *array.shape[1:]), array.dtype)
    if isinstance(where, slice):
        found[:] = array[where]
    else:
        array.take(rows, 0, out=found, mode="clip")  # else it is copied twice; rows are known to be within
    return found


def pieces(groups: Sequence[tuple[str, Sequence[Stored]]], high: int,
           living: Callable[[int, int], Array]) -> Iterator[dict[str, Array]]:
    """The written form of all rows below `high` of these groups (prefix, arrays), in pieces, each made of the rows that
    `living(start, end)` gives when its turn comes. Rows that change meanwhile are the next snapshot's."""
    width = sum(s.array.strides[0] + (STRING if s.view else 0) for _, stored in groups for s in stored)
    step, blocks = max(PIECE // max(width, 1), 1), Blocks(BLOCK)
    for start in range(0, high, step):
        rows = living(start, min(start + step, high))
        yield {name: array for prefix, stored in groups
               for name, array in save(prefix, stored, rows, blocks=blocks).items()}


class Replay:
    """Rows brought back from a chain of parts: `arrays[i]` by row number, `alive` tells which rows there are."""

    def __init__(self, stored: Sequence[Stored], room: int = 0) -> None:
        """`room`: rows there will be, about (see `room_of`)."""
        self._stored = stored
        self._room = room
        self.alive = np.zeros(0, np.bool_)
        self.arrays = [np.zeros((0, *s.array.shape[1:]), s.array.dtype) for s in stored]
        self._kept: list[Array] = []
        self._borrowed = False  # the arrays are a part's own, to be copied before they are written

    def apply(self, prefix: str, arrays: Mapping[str, Array], full: bool) -> None:
        """Apply one part: everything where it is a full one, else the change."""
        rows = arrays.get(f"{prefix}.rows")
        if full and rows is None and not any(s.view for s in self._stored):
            self._borrow(prefix, arrays)
            return
        self._own()
        if full:
            self._resize(0)
        count = self._count(prefix, arrays)
        high = count if rows is None else int(rows.max()) + 1 if len(rows) else 0
        if high > len(self.alive):
            self._resize(max(high, self._room, len(self.alive) * 2 if not full else 0))
        where: Array | slice = slice(0, count) if rows is None else span(rows)
        dead = arrays.get(f"{prefix}.dead")
        if dead is not None:
            self.alive[dead[dead < len(self.alive)]] = False
        self.alive[where] = True
        for s, target in zip(self._stored, self.arrays, strict=True):
            name = f"{prefix}.{s.name}"
            if not s.view:
                if name in arrays:  # a field that the part's version did not have stays zero
                    target[where] = arrays[name]
                continue
            if f"{name}.ends" in arrays:
                views = scatter(arrays[f"{name}.ends"], arrays[f"{name}.data"])
                self._kept.append(arrays[f"{name}.data"])
                if f"{name}.null" in arrays:
                    views[arrays[f"{name}.null"].view(np.bool_)] = (0, 1)
                target[where] = views

    def _borrow(self, prefix: str, arrays: Mapping[str, Array]) -> None:
        count = self._count(prefix, arrays)
        self.alive = np.ones(count, np.bool_)
        for i, s in enumerate(self._stored):
            held = arrays.get(f"{prefix}.{s.name}")
            self.arrays[i] = np.zeros((count, *s.array.shape[1:]), s.array.dtype) if held is None else held
        self._borrowed = True

    def _own(self) -> None:
        if self._borrowed:
            self._borrowed = False
            self.arrays = [a.copy() for a in self.arrays]

    def forget(self, rows: Array | None) -> None:
        """Zero these rows (they were given anew, so nothing of what they held counts)."""
        if rows is not None and len(rows):
            rows = rows[rows < len(self.alive)]
            rows = rows[self.alive[rows]]
            if not len(rows):
                return
            self._own()
            self.alive[rows] = False
            for array in self.arrays:
                array[rows] = 0

    def extend(self, rows: int) -> None:
        """Have at least so many rows."""
        if rows > len(self.alive):
            self._own()
            self._resize(rows)

    def _count(self, prefix: str, arrays: Mapping[str, Array]) -> int:
        for s in self._stored:
            held = arrays.get(f"{prefix}.{s.name}.ends" if s.view else f"{prefix}.{s.name}")
            if held is not None:
                return len(held)
        return 0

    def _resize(self, rows: int) -> None:
        kept = min(rows, len(self.alive))
        alive = np.zeros(rows, np.bool_)
        alive[:kept] = self.alive[:kept]
        self.alive = alive
        for i, old in enumerate(self.arrays):
            fresh = np.zeros((rows, *old.shape[1:]), old.dtype)
            fresh[:kept] = old[:kept]
            self.arrays[i] = fresh


def room_of(prefix: str, parts: Sequence[Mapping[str, Array]]) -> int:
    """Rows that a chain of parts needs room for, where they are told by number."""
    told = [arrays[f"{prefix}.rows"] for arrays in parts if f"{prefix}.rows" in arrays]
    return max((int(rows.max()) + 1 for rows in told if len(rows)), default=0)


class DirtyRows:
    """Which rows changed since the last snapshot: a mark a row and a list, so that asking costs what changed.

    Kernels take `ctl` and call `touch_row`.
    """

    def __init__(self) -> None:
        self._space = Reservation([(np.uint8, 1), (np.int32, 1)])
        self._marks, self._list = self._space.arrays
        self.ctl = np.array([address(self._marks), address(self._list), 0], np.int64)

    def touch(self, rows: Array) -> None:
        """Note that these rows change."""
        touch_rows(self.ctl, rows)

    def __len__(self) -> int:
        return int(self.ctl[2])

    def drain(self, most: int | None = None) -> Array:
        """The rows touched since they were given last, or so many of them, ascending (int32), marked clean."""
        count = len(self)
        left = 0 if most is None else max(count - most, 0)
        rows = np.sort(self._list[left:count])
        self._marks[rows] = 0
        self.ctl[2] = left
        return rows

    def forget(self, rows: int) -> None:
        """Mark all rows, which are below `rows`, clean."""
        self._marks[:rows] = 0
        self.ctl[2] = 0


@inlined
def touch_row(ctl: Array, row: int) -> None:
    """Note that a row changes (`ctl` of a `DirtyRows`)."""
    if load_u8(ctl[0] + row) == 0:
        store_u8(ctl[0] + row, np.uint8(1))
        store_i32(ctl[1] + 4 * ctl[2], np.int32(row))
        ctl[2] += 1


@kernel
def touch_rows(ctl: Array, rows: Array) -> None:
    """Note that rows change."""
    for i in range(len(rows)):
        touch_row(ctl, np.int64(rows[i]))
