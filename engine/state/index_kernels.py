"""Kernels of `engine.state.index`: everything they need is behind one control block `ctl` (int64, fields of `C`)."""

from __future__ import annotations

import numpy as np

from engine.changes import Array
from engine.memory import (
    Word,
    inlined,
    kernel,
    load_i32,
    load_u8,
    load_u64,
    prefetch,
    store_i32,
    store_u8,
    store_u64,
    view_equal,
)
from engine.state.arena import keep_view, release_view
from engine.state.hashing import hash_view, hash_words

SEGMENT_BITS = 12
SEGMENT = 1 << SEGMENT_BITS
MAX_DEPTH = 32 - SEGMENT_BITS
AHEAD = 64
ARENA_FULL, ROWS_FULL, CROWDED = 1, 2, 3


class C:
    """Fields of the control block: addresses first, then numbers."""

    KEYS, LIVE, FREE, MARK, LIST, TABLE, DIRECTORY, COUNTS, DEPTHS = range(9)
    WIDTH, VIEWS, MASK, ROWS, SEGMENTS, DEPTH, FREE_COUNT, HIGH, COUNT, DIRTY, REASON, SIZE = range(9, 21)


KEYS, LIVE, FREE, MARK, LIST, TABLE, DIRECTORY, COUNTS, DEPTHS = range(9)
WIDTH, VIEWS, MASK, ROWS, SEGMENTS, DEPTH, FREE_COUNT, HIGH, COUNT, DIRTY, REASON, SIZE = range(9, 21)
_LOW = np.uint64(0xFFFFFFFF)
_TAG = np.uint64(32)


@inlined
def key_hash(ctl: Array, at: int) -> Word:
    """The hash of the key whose words lie at an address."""
    value = hash_view(at) if ctl[VIEWS] else hash_words(at, ctl[WIDTH])
    return value & np.uint64(ctl[MASK])


@inlined
def key_equal(ctl: Array, slot: int, at: int) -> Word:
    """Whether a slot holds the key at an address."""
    width = ctl[WIDTH]
    key = ctl[KEYS] + 8 * width * slot
    if ctl[VIEWS]:
        return view_equal(key, at)
    for i in range(width):
        if load_u64(key + 8 * i) != load_u64(at + 8 * i):
            return False
    return True


@inlined
def segment_of(ctl: Array, tag: int) -> Word:
    """The number of the segment that holds a tag (int64)."""
    return np.int64(load_i32(ctl[DIRECTORY] + 4 * (tag >> (32 - ctl[DEPTH]))))


@inlined
def find(ctl: Array, tag: int, at: int) -> Word:
    """The address of the entry of the key at `at` with this tag; minus that of the empty entry where it belongs."""
    base = ctl[TABLE] + 8 * SEGMENT * segment_of(ctl, tag)
    position = tag & (SEGMENT - 1)
    while True:
        entry_at = base + 8 * position
        entry = load_u64(entry_at)
        if entry == 0:
            return -entry_at
        if np.int64(entry >> _TAG) == tag and key_equal(ctl, np.int64(entry & _LOW) - 1, at):
            return entry_at
        position = (position + 1) & (SEGMENT - 1)


@kernel
def lookup(ctl: Array, words: Array, out: Array) -> None:
    """out[i] = slot of key i, or -1."""
    base, step, count = words.ctypes.data, 8 * words.shape[1], len(words)
    for first in range(0, count, AHEAD):
        last = min(first + AHEAD, count)
        for i in range(first, last):
            tag = np.int64(key_hash(ctl, base + step * i) >> _TAG)
            out[i] = tag
            prefetch(ctl[TABLE] + 8 * (SEGMENT * segment_of(ctl, tag) + (tag & (SEGMENT - 1))))
        for i in range(first, last):
            entry = find(ctl, out[i], base + step * i)
            out[i] = np.int64(load_u64(entry) & _LOW) - 1 if entry > 0 else -1


@inlined
def mark_dirty(ctl: Array, slot: int) -> None:
    """Note that a slot's key came or went since the last snapshot."""
    if load_u8(ctl[MARK] + slot) == 0:
        store_u8(ctl[MARK] + slot, np.uint8(1))
        store_i32(ctl[LIST] + 4 * ctl[DIRTY], np.int32(slot))
        ctl[DIRTY] += 1


@inlined
def new_slot(ctl: Array, arena: int, at: int) -> Word:
    """A slot that holds the key at an address; -1 where there is no room (REASON says which)."""
    free = ctl[FREE_COUNT]
    slot = np.int64(load_i32(ctl[FREE] + 4 * (free - 1))) if free > 0 else ctl[HIGH]
    if slot >= ctl[ROWS]:
        ctl[REASON] = ROWS_FULL
        return -1
    if ctl[VIEWS]:
        if not keep_view(arena, slot, at):
            ctl[REASON] = ARENA_FULL
            return -1
    else:
        width = ctl[WIDTH]
        for i in range(width):
            store_u64(ctl[KEYS] + 8 * (width * slot + i), load_u64(at + 8 * i))
    if free > 0:
        ctl[FREE_COUNT] = free - 1
    else:
        ctl[HIGH] = slot + 1
    store_u8(ctl[LIVE] + slot, np.uint8(1))
    mark_dirty(ctl, slot)
    return slot


@kernel
def split(ctl: Array, tag: int) -> Word:
    """Split the segment that holds a tag in two by the next bit of the tags; False where no bit is left."""
    number = segment_of(ctl, tag)
    depth = np.int64(load_i32(ctl[DEPTHS] + 4 * number))
    if depth == MAX_DEPTH:
        return False
    directory = ctl[DIRECTORY]
    if depth == ctl[DEPTH]:
        for i in range((1 << depth) - 1, -1, -1):
            held = load_i32(directory + 4 * i)
            store_i32(directory + 8 * i, held)
            store_i32(directory + 8 * i + 4, held)
        ctl[DEPTH] += 1
    other = ctl[SEGMENTS]
    ctl[SEGMENTS] = other + 1
    span = 1 << (ctl[DEPTH] - depth - 1)
    first = (tag >> (32 - depth)) * 2 * span if depth else 0
    for i in range(first + span, first + 2 * span):
        store_i32(directory + 4 * i, np.int32(other))
    store_i32(ctl[DEPTHS] + 4 * number, np.int32(depth + 1))
    store_i32(ctl[DEPTHS] + 4 * other, np.int32(depth + 1))
    spare = np.empty(SEGMENT, np.uint64)
    table = ctl[TABLE] + 8 * SEGMENT * number
    for i in range(SEGMENT):
        spare[i] = load_u64(table + 8 * i)
        store_u64(table + 8 * i, np.uint64(0))
    counts = np.zeros(2, np.int64)
    for i in range(SEGMENT):
        if spare[i] != 0:
            moved = np.int64(spare[i] >> np.uint64(63 - depth)) & 1
            counts[moved] += 1
            place(ctl[TABLE] + 8 * SEGMENT * (other if moved else number), spare[i])
    store_i32(ctl[COUNTS] + 4 * number, np.int32(counts[0]))
    store_i32(ctl[COUNTS] + 4 * other, np.int32(counts[1]))
    return True


@inlined
def place(segment: int, entry: int) -> None:
    """Put an entry into the first empty place from its own on."""
    position = np.int64(entry >> _TAG) & (SEGMENT - 1)
    while load_u64(segment + 8 * position) != 0:
        position = (position + 1) & (SEGMENT - 1)
    store_u64(segment + 8 * position, entry)


@inlined
def full_at(segment: int) -> Word:
    """How many entries make a segment split: 55 to 75 %, not the same for all, so that they don't split all at once."""
    return 2300 + (segment * 617) % 768


@inlined
def make_place(ctl: Array, tag: int) -> Word:
    """Split until the tag's segment has room for one more; False where that cannot be."""
    count_at = ctl[COUNTS] + 4 * segment_of(ctl, tag)
    while load_i32(count_at) >= full_at(segment_of(ctl, tag)):
        if not split(ctl, tag):
            return load_i32(count_at) < SEGMENT - 1
        count_at = ctl[COUNTS] + 4 * segment_of(ctl, tag)
    return True


@inlined
def insert(ctl: Array, tag: int, slot: int) -> None:
    """Enter a slot whose key is not in the table."""
    segment = segment_of(ctl, tag)
    count_at = ctl[COUNTS] + 4 * segment
    store_i32(count_at, load_i32(count_at) + np.int32(1))
    place(ctl[TABLE] + 8 * SEGMENT * segment, (np.uint64(tag) << _TAG) | np.uint64(slot + 1))
    ctl[COUNT] += 1


@kernel
def upsert(ctl: Array, arena: int, words: Array, out: Array, fresh: Array, start: int) -> Word:
    """out[i] = slot of key i from row `start` on, new where missing; returns the first row that found no room."""
    base, step, count = words.ctypes.data, 8 * words.shape[1], len(words)
    for first in range(start, count, AHEAD):
        last = min(first + AHEAD, count)
        for i in range(first, last):
            tag = np.int64(key_hash(ctl, base + step * i) >> _TAG)
            out[i] = tag
            prefetch(ctl[TABLE] + 8 * (SEGMENT * segment_of(ctl, tag) + (tag & (SEGMENT - 1))))
        for i in range(first, last):
            tag, at = out[i], base + step * i
            entry = find(ctl, tag, at)
            if entry > 0:
                out[i] = np.int64(load_u64(entry) & _LOW) - 1
                fresh[i] = 0
                continue
            if not make_place(ctl, tag):
                ctl[REASON] = CROWDED
                return i
            slot = new_slot(ctl, arena, at)
            if slot < 0:
                return i
            insert(ctl, tag, slot)
            out[i] = slot
            fresh[i] = 1
    return count


@kernel
def spread(ctl: Array, keys: int) -> None:
    """Make an empty table of as many segments as so many keys will need, about."""
    depth = 0
    while depth < MAX_DEPTH and (keys >> depth) > 2600:
        depth += 1
    ctl[DEPTH], ctl[SEGMENTS] = depth, 1 << depth
    for i in range(1 << depth):
        store_i32(ctl[DIRECTORY] + 4 * i, np.int32(i))
        store_i32(ctl[DEPTHS] + 4 * i, np.int32(depth))


@kernel
def reenter(ctl: Array, alive: Array) -> Word:
    """Enter the keys of these slots into an empty table, which are distinct; the other slots below the highest become
    free. False where too many keys have one hash."""
    width, count = ctl[WIDTH], len(alive)
    tags = np.empty(AHEAD, np.int64)
    for first in range(0, count, AHEAD):
        last = min(first + AHEAD, count)
        for slot in range(first, last):
            tag = np.int64(key_hash(ctl, ctl[KEYS] + 8 * width * slot) >> _TAG)
            tags[slot - first] = tag
            prefetch(ctl[TABLE] + 8 * (SEGMENT * segment_of(ctl, tag) + (tag & (SEGMENT - 1))))
        for slot in range(first, last):
            if not alive[slot]:
                store_i32(ctl[FREE] + 4 * ctl[FREE_COUNT], np.int32(slot))
                ctl[FREE_COUNT] += 1
                continue
            if not make_place(ctl, tags[slot - first]):
                return False
            store_u8(ctl[LIVE] + slot, np.uint8(1))
            insert(ctl, tags[slot - first], slot)
    ctl[HIGH] = count
    return True


@inlined
def erase(ctl: Array, segment: int, entry_at: int) -> None:
    """Remove an entry and shift back those behind it that may stand earlier."""
    base = ctl[TABLE] + 8 * SEGMENT * segment
    hole = (entry_at - base) >> 3
    position = hole
    while True:
        position = (position + 1) & (SEGMENT - 1)
        entry = load_u64(base + 8 * position)
        if entry == 0:
            break
        home = np.int64(entry >> _TAG) & (SEGMENT - 1)
        if ((position - home) & (SEGMENT - 1)) >= ((position - hole) & (SEGMENT - 1)):
            store_u64(base + 8 * hole, entry)
            hole = position
    store_u64(base + 8 * hole, np.uint64(0))
    count_at = ctl[COUNTS] + 4 * segment
    store_i32(count_at, load_i32(count_at) - np.int32(1))
    ctl[COUNT] -= 1


@kernel
def release(ctl: Array, arena: int, slots: Array) -> None:
    """Forget the keys of live slots."""
    for i in range(len(slots)):
        slot = np.int64(slots[i])
        if load_u8(ctl[LIVE] + slot) == 0:
            continue
        key = ctl[KEYS] + 8 * ctl[WIDTH] * slot
        tag = np.int64(key_hash(ctl, key) >> _TAG)
        entry = find(ctl, tag, key)
        if entry > 0:
            erase(ctl, segment_of(ctl, tag), entry)
        if ctl[VIEWS]:
            release_view(arena, key)
        for w in range(ctl[WIDTH]):
            store_u64(key + 8 * w, np.uint64(0))
        store_u8(ctl[LIVE] + slot, np.uint8(0))
        store_i32(ctl[FREE] + 4 * ctl[FREE_COUNT], np.int32(slot))
        ctl[FREE_COUNT] += 1
        mark_dirty(ctl, slot)
