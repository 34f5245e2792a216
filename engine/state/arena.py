"""Strings kept by state: 16-byte views into own large blocks, live bytes counted, a block compacted at half dead.

A `StringArena` keeps the bytes behind one array of views (its rows are slots). Strings of at most 12 bytes lie in the
view. Longer ones are records in a block: slot, block, length (32 bits each), then the bytes. Blocks begin at 1 MiB
and grow to 16 MiB; they are only appended to, so what was taken from them stays valid as long as their owner
(`owners()`) is held, also after compaction has moved the living strings elsewhere.
"""

from __future__ import annotations

import numpy as np

from engine.areas import Area
from engine.changes import Array
from engine.memory import (
    INLINE,
    Word,
    address,
    copy_bytes,
    inlined,
    kernel,
    load_i64,
    load_u32,
    load_u64,
    plain,
    store_i64,
    store_u32,
    store_u64,
    view_bytes,
    view_length,
)

FIRST_BLOCK, LAST_BLOCK = 1 << 20, 1 << 24
HEADER = 12
VIEWS, AT, END, BLOCK, LIVE, SIZES, DUE = range(7)


class StringArena:
    """The bytes behind `views`, a uint64 (rows, 2) array that never moves. Kernels take `at`, the
    address of its control block `ctl`."""

    def __init__(self, views: Array) -> None:
        self.ctl = np.zeros(8, np.int64)
        self.at = address(self.ctl)
        self.ctl[VIEWS] = address(views)
        self._views = views
        self._blocks: dict[int, Array] = {}
        self._live = np.zeros(64, np.int64)
        self._sizes = np.zeros(64, np.int64)
        self._next_size = FIRST_BLOCK
        self._owners: tuple[object, ...] | None = ()
        self._publish()

    def owners(self) -> tuple[object, ...]:
        """What keeps the bytes of all views alive; hold it with every view handed out."""
        if self._owners is None:
            self._owners = tuple(self._blocks.values())
        return self._owners

    def put(self, slots: Array, values: Array) -> None:
        """views[slots[i]] = a view of a copy of values[i] (uint64 (n, 2)), in order; what was there is released."""
        done = put_views(self.at, slots, values, 0)
        while done < len(slots):
            self.grow(int(values[done, 0] & np.uint64(0xFFFFFFFF)))
            done = put_views(self.at, slots, values, done)
        self.tidy()

    def clear(self, slots: Array) -> None:
        """Release the strings of these slots; their views become empty."""
        clear_views(self.at, slots)
        self.tidy()


    def tidy(self) -> None:
        """Compact where a block became half dead."""
        if self.ctl[DUE]:
            self.compact()

    def grow(self, length: int) -> None:
        """Open a new block with room for at least `length` bytes."""
        self._close()
        number = next(i for i in range(len(self._blocks) + 1) if i not in self._blocks)
        if number >= len(self._live):
            self._live = np.concatenate([self._live, np.zeros_like(self._live)])
            self._sizes = np.concatenate([self._sizes, np.zeros_like(self._sizes)])
            self._publish()
        block = np.frombuffer(Area(max(self._next_size, length + HEADER)), np.uint8)
        self._next_size = min(2 * self._next_size, LAST_BLOCK)
        self._blocks[number] = block
        self._owners = None
        self._live[number] = self._sizes[number] = 0
        start = address(block)
        self.ctl[AT], self.ctl[END], self.ctl[BLOCK] = start, start + len(block), number

    def _close(self) -> None:
        number = int(self.ctl[BLOCK])
        if number in self._blocks:
            used = int(self.ctl[AT]) - address(self._blocks[number])
            self._sizes[number] = used
            self.ctl[DUE] += 2 * int(self._live[number]) <= used

    def compact(self) -> None:
        """Move the living strings out of blocks that are at least half dead, and let the blocks go."""
        self.ctl[DUE] = 0
        for number in [n for n in self._blocks if self._sizes[n] and 2 * self._live[n] <= self._sizes[n]]:
            block = self._blocks[number]
            start, end = address(block), address(block) + int(self._sizes[number])
            self._sizes[number] = 0
            while start < end and self._live[number] > 0:
                start = move_records(self.at, start, end)
                if start < end:
                    self.grow(int(load_length(start)))
            del self._blocks[number]
            self._owners = None
            self._live[number] = 0

    def nbytes(self) -> int:
        return sum(block.nbytes for block in self._blocks.values())

    def _publish(self) -> None:
        self.ctl[LIVE], self.ctl[SIZES] = address(self._live), address(self._sizes)


def gather(views: Array, slots: Array) -> tuple[Array, Array]:
    """The strings views[slots] as (ends int64 (n,), bytes uint8): the form in which they are written."""
    ends = np.empty(len(slots), np.int64)
    data = np.empty(measure(views, slots, ends), np.uint8)
    copy_out(views, slots, ends, data)
    return ends, data


def scatter(ends: Array, data: Array) -> Array:
    """Views over strings in written form; `data` must be kept alive."""
    views = np.empty((len(ends), 2), np.uint64)
    copy_in(plain(ends), plain(data), views)
    return views


@inlined
def release_view(ctl: int, view: int) -> None:
    """Count the bytes of the string at a view's address as dead."""
    if load_u32(view) <= INLINE:
        return
    at = load_i64(view + 8)
    block = np.int64(load_u32(at - 8))
    size = HEADER + np.int64(load_u32(view))
    live_at = load_i64(ctl + 8 * LIVE) + 8 * block
    before = load_i64(live_at)
    store_i64(live_at, before - size)
    limit = load_i64(load_i64(ctl + 8 * SIZES) + 8 * block)
    if limit > 0 and 2 * before > limit and 2 * (before - size) <= limit:
        store_i64(ctl + 8 * DUE, load_i64(ctl + 8 * DUE) + 1)


@inlined
def keep_view(ctl: int, slot: int, source: int) -> Word:
    """Copy the string of the view at `source` into the arena as slot's; False: the block is full, nothing was done."""
    target = load_i64(ctl + 8 * VIEWS) + 16 * slot
    length = view_length(source)
    if length <= INLINE:
        store_u64(target, load_u64(source))
        store_u64(target + 8, load_u64(source + 8))
        return True
    at = load_i64(ctl + 8 * AT)
    if at + HEADER + length > load_i64(ctl + 8 * END):
        return False
    block = load_i64(ctl + 8 * BLOCK)
    store_u32(at, np.uint32(slot))
    store_u32(at + 4, np.uint32(block))
    store_u32(at + 8, np.uint32(length))
    copy_bytes(at + HEADER, load_i64(source + 8), length)
    store_u64(target, load_u64(source))
    store_i64(target + 8, at + HEADER)
    store_i64(ctl + 8 * AT, at + HEADER + length)
    live_at = load_i64(ctl + 8 * LIVE) + 8 * block
    store_i64(live_at, load_i64(live_at) + HEADER + length)
    return True


@kernel
def put_views(ctl: int, slots: Array, values: Array, start: int) -> Word:
    """Store values from row `start` on; returns the first row that did not fit, or the number of rows."""
    base, views = values.ctypes.data, load_i64(ctl + 8 * VIEWS)
    old = np.empty(2, np.uint64)
    spare = old.ctypes.data
    for i in range(start, len(slots)):
        slot = np.int64(slots[i])
        view = views + 16 * slot
        store_u64(spare, load_u64(view))
        store_u64(spare + 8, load_u64(view + 8))
        if not keep_view(ctl, slot, base + 16 * i):
            return i
        release_view(ctl, spare)
    return len(slots)


@kernel
def clear_views(ctl: int, slots: Array) -> None:
    """Release and empty views."""
    for i in range(len(slots)):
        view = load_i64(ctl + 8 * VIEWS) + 16 * np.int64(slots[i])
        release_view(ctl, view)
        store_u64(view, np.uint64(0))
        store_u64(view + 8, np.uint64(0))


@kernel
def move_records(ctl: int, start: int, end: int) -> Word:
    """Move the living records of [start, end) to the open block; returns where it stopped for want of room."""
    at = start
    while at < end:
        slot, length = np.int64(load_u32(at)), np.int64(load_u32(at + 8))
        view = load_i64(ctl + 8 * VIEWS) + 16 * slot
        alive = load_i64(view + 8) == at + HEADER and np.int64(load_u32(view)) == length
        if alive:
            dead = load_i64(ctl + 8 * LIVE) + 8 * np.int64(load_u32(at + 4))
            if not keep_view(ctl, slot, view):
                return at
            store_i64(dead, load_i64(dead) - HEADER - length)
        at += HEADER + length
    return end


@kernel
def load_length(record: int) -> Word:
    """The length of the string of a record."""
    return np.int64(load_u32(record + 8))


@kernel
def measure(views: Array, slots: Array, ends: Array) -> Word:
    """ends[i] = bytes of the strings up to slots[i]; returns the total."""
    base = views.ctypes.data
    total = 0
    for i in range(len(slots)):
        total += view_length(base + 16 * np.int64(slots[i]))
        ends[i] = total
    return total


@kernel
def copy_out(views: Array, slots: Array, ends: Array, data: Array) -> None:
    """Copy strings one after another."""
    base, target = views.ctypes.data, data.ctypes.data
    start = 0
    for i in range(len(slots)):
        copy_bytes(target + start, view_bytes(base + 16 * np.int64(slots[i])), ends[i] - start)
        start = ends[i]


@kernel
def copy_in(ends: Array, data: Array, views: Array) -> None:
    """Views of strings that lie one after another."""
    base, source = views.ctypes.data, data.ctypes.data
    start = 0
    for i in range(len(ends)):
        length = ends[i] - start
        view = base + 16 * i
        store_u64(view, np.uint64(length))
        store_u64(view + 8, np.uint64(0))
        if length > INLINE:
            store_u32(view + 4, load_u32(source + start))
            store_i64(view + 8, source + start)
        else:
            copy_bytes(view + 4, source + start, length)
        start = ends[i]
