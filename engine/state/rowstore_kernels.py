"""Kernels of `engine.state.rowstore`. The control block begins as a key index's does (`index_kernels.C`): its table
then holds rows by identity instead of keys, and the same kernels split, enter and erase.
"""

from __future__ import annotations

import numpy as np

from engine.changes import Array
from engine.memory import (
    INLINE,
    Word,
    inlined,
    kernel,
    load_i32,
    load_i64,
    load_u8,
    load_u64,
    prefetch,
    store_i32,
    store_i64,
    store_u8,
    store_u64,
    view_length,
)
from engine.state.arena import keep_view, release_view
from engine.state.index_kernels import (
    CROWDED,
    FREE,
    FREE_COUNT,
    HIGH,
    LIVE,
    MASK,
    REASON,
    ROWS,
    ROWS_FULL,
    SEGMENT,
    SIZE,
    TABLE,
    erase,
    insert,
    make_place,
    mark_dirty,
    segment_of,
)
from engine.state.layout import CODE, EXTRA, VALIDITY, VALUES, VIEW, width_of
from engine.state.rows import copy_value, row_equal

CHAINS, LINKS, SEQ, HASH, PENDING = range(SIZE, SIZE + 5)
PENDING_COUNT, NEXT_SEQ, TOTAL, IDENTITY, COLUMN, ROW_SIZE = range(SIZE + 5, SIZE + 11)
HEAD, TAIL, TALLY = 0, 4, 8  # offsets into a chain's 16 bytes: what is used together lies in one cache line
KEY, NEXT, PREVIOUS, WEIGHT = 0, 4, 8, 12  # offsets into a row's links
AHEAD = 32
STRINGS_FULL = 4
_LOW = np.uint64(0xFFFFFFFF)
_TAG = np.uint64(32)


@inlined
def find_row(ctl: Array, store: Array, batch: Array, columns: Array, slot: int, value: int, i: int) -> Word:
    """The live row under key `slot` that equals batch row i (whose hash is `value`); -1: none."""
    tag = np.int64(value >> _TAG)
    base = ctl[TABLE] + 8 * SEGMENT * segment_of(ctl, tag)
    position = tag & (SEGMENT - 1)
    while True:
        entry = load_u64(base + 8 * position)
        if entry == 0:
            return -1
        if np.int64(entry >> _TAG) == tag:
            row = np.int64(entry & _LOW) - 1
            same = load_u64(ctl[HASH] + 8 * row) == value and load_i32(ctl[LINKS] + 16 * row + KEY) == slot
            if same and row_equal(store, row, batch, i, columns):
                return row
        position = (position + 1) & (SEGMENT - 1)


@inlined
def has_room(store: Array, batch: Array, i: int, ctl: Array) -> Word:
    """Whether the strings of batch row i fit the open blocks; else COLUMN tells which does not."""
    for c in range(len(store)):
        if store[c, CODE] == VIEW:
            length = view_length(batch[c, VALUES] + 16 * i)
            arena = store[c, EXTRA]
            if length > INLINE and load_i64(arena + 8) + 12 + length > load_i64(arena + 16):
                ctl[COLUMN] = c
                ctl[REASON] = STRINGS_FULL
                return False
    return True


@inlined
def write_row(store: Array, row: int, batch: Array, i: int) -> None:
    """Copy batch row i to a row of the store; its strings are known to fit."""
    for c in range(len(store)):
        code = store[c, CODE]
        source = batch[c, VALUES] + width_of(code) * i
        valid = batch[c, VALIDITY]
        if store[c, VALIDITY] != 0:
            store_u8(store[c, VALIDITY] + row, np.uint8(1) if valid == 0 else load_u8(valid + i))
        if code == VIEW:
            keep_view(store[c, EXTRA], row, source)
        else:
            copy_value(code, store[c, VALUES] + width_of(code) * row, source)


@inlined
def link(ctl: Array, slot: int, row: int) -> None:
    """Put a row at the end of its key's chain (links hold row + 1, 0 = none)."""
    tail = load_i32(ctl[CHAINS] + 16 * slot + TAIL)
    store_i32(ctl[LINKS] + 16 * row + PREVIOUS, tail)
    store_i32(ctl[LINKS] + 16 * row + NEXT, np.int32(0))
    if tail > 0:
        store_i32(ctl[LINKS] + 16 * (np.int64(tail) - 1) + NEXT, np.int32(row + 1))
    else:
        store_i32(ctl[CHAINS] + 16 * slot + HEAD, np.int32(row + 1))
    store_i32(ctl[CHAINS] + 16 * slot + TAIL, np.int32(row + 1))
    store_i32(ctl[CHAINS] + 16 * slot + TALLY, load_i32(ctl[CHAINS] + 16 * slot + TALLY) + np.int32(1))


@inlined
def unlink(ctl: Array, row: int) -> None:
    """Take a row out of its key's chain."""
    slot = np.int64(load_i32(ctl[LINKS] + 16 * row + KEY))
    before, after = load_i32(ctl[LINKS] + 16 * row + PREVIOUS), load_i32(ctl[LINKS] + 16 * row + NEXT)
    if before > 0:
        store_i32(ctl[LINKS] + 16 * (np.int64(before) - 1) + NEXT, after)
    else:
        store_i32(ctl[CHAINS] + 16 * slot + HEAD, after)
    if after > 0:
        store_i32(ctl[LINKS] + 16 * (np.int64(after) - 1) + PREVIOUS, before)
    else:
        store_i32(ctl[CHAINS] + 16 * slot + TAIL, before)
    store_i32(ctl[CHAINS] + 16 * slot + TALLY, load_i32(ctl[CHAINS] + 16 * slot + TALLY) - np.int32(1))


@inlined
def add_row(ctl: Array, store: Array, batch: Array, i: int, slot: int, value: int) -> Word:
    """A new row with batch row i's values; -1 where there is no room (REASON)."""
    free = ctl[FREE_COUNT]
    row = np.int64(load_i32(ctl[FREE] + 4 * (free - 1))) if free > 0 else ctl[HIGH]
    if row >= ctl[ROWS]:
        ctl[REASON] = ROWS_FULL
        return -1
    if not has_room(store, batch, i, ctl):
        return -1
    if ctl[IDENTITY]:
        tag = np.int64(value >> _TAG)
        if not make_place(ctl, tag):
            ctl[REASON] = CROWDED
            return -1
        insert(ctl, tag, row)
        store_u64(ctl[HASH] + 8 * row, value)
    if free > 0:
        ctl[FREE_COUNT] = free - 1
    else:
        ctl[HIGH] = row + 1
    write_row(store, row, batch, i)
    store_u8(ctl[LIVE] + row, np.uint8(1))
    store_i32(ctl[LINKS] + 16 * row + KEY, np.int32(slot))
    store_i64(ctl[SEQ] + 8 * row, ctl[NEXT_SEQ])
    ctl[NEXT_SEQ] += 1
    ctl[TOTAL] += 1
    link(ctl, slot, row)
    return row


@inlined
def drop_row(ctl: Array, row: int) -> None:
    """Take a live row out; its number becomes free, and its values go, at the next `settle`."""
    if ctl[IDENTITY]:
        tag = np.int64(load_u64(ctl[HASH] + 8 * row) >> _TAG)
        segment = segment_of(ctl, tag)
        position = tag & (SEGMENT - 1)
        base = ctl[TABLE] + 8 * SEGMENT * segment
        while np.int64(load_u64(base + 8 * position) & _LOW) - 1 != row:
            position = (position + 1) & (SEGMENT - 1)
        erase(ctl, segment, base + 8 * position)
    unlink(ctl, row)
    store_u8(ctl[LIVE] + row, np.uint8(0))
    store_i32(ctl[LINKS] + 16 * row + WEIGHT, np.int32(0))
    store_i32(ctl[PENDING] + 4 * ctl[PENDING_COUNT], np.int32(row))
    ctl[PENDING_COUNT] += 1
    ctl[TOTAL] -= 1
    mark_dirty(ctl, row)


@inlined
def ask_ahead(ctl: Array, slots: Array, hashes: Array, first: int) -> None:
    """Ask for the memory that the next rows will need."""
    for i in range(first, min(first + AHEAD, len(slots))):
        prefetch(ctl[CHAINS] + 16 * np.int64(slots[i]))
        if ctl[IDENTITY]:
            tag = np.int64((hashes[i] & np.uint64(ctl[MASK])) >> _TAG)
            prefetch(ctl[TABLE] + 8 * (SEGMENT * segment_of(ctl, tag) + (tag & (SEGMENT - 1))))


@kernel
def apply_rows(ctl: Array, store: Array, batch: Array, columns: Array, slots: Array, hashes: Array, deltas: Array,
               out: Array, before: Array, start: int) -> Word:
    """Add deltas[i] to the weight of the row equal to batch row i, made where missing, dropped at weight 0.

    out[i] = row, before[i] = its weight before. Without identity every batch row makes a row. Returns the first batch
    row that found no room, or their number.
    """
    for i in range(start, len(slots)):
        if (i - start) % AHEAD == 0:
            ask_ahead(ctl, slots, hashes, i)
        slot, delta = np.int64(slots[i]), np.int64(deltas[i])
        value = np.uint64(0)
        row = -1
        if ctl[IDENTITY]:
            value = hashes[i] & np.uint64(ctl[MASK])
            row = find_row(ctl, store, batch, columns, slot, value, i)
        weight = 0
        if row >= 0:
            weight = np.int64(load_i32(ctl[LINKS] + 16 * row + WEIGHT))
        elif delta != 0:
            row = add_row(ctl, store, batch, i, slot, value)
            if row < 0:
                return i
        out[i] = row
        before[i] = weight
        if row >= 0:
            store_i32(ctl[LINKS] + 16 * row + WEIGHT, np.int32(weight + delta))
            mark_dirty(ctl, row)
            if weight + delta == 0:
                drop_row(ctl, row)
    return len(slots)


@kernel
def find_rows(ctl: Array, store: Array, batch: Array, columns: Array, slots: Array, hashes: Array,
              out: Array) -> None:
    """out[i] = the live row equal to batch row i, or -1."""
    for i in range(len(slots)):
        slot = np.int64(slots[i])
        value = hashes[i] & np.uint64(ctl[MASK])
        out[i] = find_row(ctl, store, batch, columns, slot, value, i) if slot >= 0 else -1


@kernel
def remove_rows(ctl: Array, rows: Array) -> None:
    """Drop these rows, whatever their weight (those that are dead already are left alone)."""
    for i in range(len(rows)):
        row = np.int64(rows[i])
        if row >= 0 and load_u8(ctl[LIVE] + row):
            drop_row(ctl, row)


@kernel
def settle(ctl: Array, store: Array) -> None:
    """Free the rows that were dropped, and their strings."""
    for i in range(ctl[PENDING_COUNT]):
        row = load_i32(ctl[PENDING] + 4 * i)
        at = np.int64(row)
        for c in range(len(store)):
            if store[c, CODE] == VIEW:
                view = store[c, VALUES] + 16 * at
                release_view(store[c, EXTRA], view)
                store_u64(view, np.uint64(0))
                store_u64(view + 8, np.uint64(0))
        store_i32(ctl[FREE] + 4 * ctl[FREE_COUNT], row)
        ctl[FREE_COUNT] += 1
    ctl[PENDING_COUNT] = 0


@kernel
def chain_ends(ctl: Array, slots: Array, ends: Array) -> Word:
    """ends[i] = rows under the keys up to slots[i] (-1 has none); returns their number."""
    total = 0
    for i in range(len(slots)):
        slot = np.int64(slots[i])
        if slot >= 0:
            total += np.int64(load_i32(ctl[CHAINS] + 16 * slot + TALLY))
        ends[i] = total
    return total


@kernel
def fill_chains(ctl: Array, slots: Array, probe: Array, out: Array) -> None:
    """probe, out = for each key the position in `slots` and each of its rows, in order of arrival."""
    at = 0
    for i in range(len(slots)):
        slot = np.int64(slots[i])
        row = np.int64(load_i32(ctl[CHAINS] + 16 * slot + HEAD)) if slot >= 0 else 0
        while row > 0:
            probe[at] = i
            out[at] = row - 1
            at += 1
            row = np.int64(load_i32(ctl[LINKS] + 16 * (row - 1) + NEXT))


@kernel
def touch_stored(ctl: Array, rows: Array) -> None:
    """Note that values of these live rows were changed in place."""
    for i in range(len(rows)):
        mark_dirty(ctl, np.int64(rows[i]))
