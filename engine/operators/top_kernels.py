"""Kernels of append-only Top-N: the best rows of each key in fixed arrays.

`refs` (int64 (keys, n)) names the rows of a key in order: a row of the store (>= 0), or row i of the current batch
(~i). `orders` (uint64 (keys, n, 2)) are their sort keys, `sizes` (int32) how many there are. Output is a list of (row
kind, ref, rank).
"""

from __future__ import annotations

import numpy as np

from engine.changes import Array
from engine.memory import inlined, kernel

INSERT, UPDATE_BEFORE, UPDATE_AFTER, DELETE = 0, 1, 2, 3
# fields of `how`
START, END, RANKED, BEFORE, TIES_WIN, SILENT = range(6)


@inlined
def before_in_order(low: Array, i: int, orders: Array, slot: int, j: int, ties_win: int) -> bool:
    """Whether batch row i comes before the row standing at j."""
    a, b = low[i, 0], orders[slot, j, 0]
    if a != b:
        return a < b
    p, q = low[i, 1], orders[slot, j, 1]
    return p < q or (p == q and ties_win != 0)


@inlined
def put(out: Array, n: int, kind: int, ref: int, rank: int) -> int:
    out[0, n], out[1, n], out[2, n] = kind, ref, rank
    return n + 1


@inlined
def emit_insertion(refs: Array, slot: int, at: int, size: int, new: int, how: Array, out: Array, n: int) -> int:
    """The changes that row `new` makes, coming in at position `at`."""
    end = how[END]
    if how[RANKED] == 0:  # only who enters and who leaves
        if size == end:
            if how[BEFORE] != 0 or end > 1:
                n = put(out, n, UPDATE_BEFORE if end == 1 else DELETE, refs[slot, end - 1], end)
            return put(out, n, UPDATE_AFTER if end == 1 else INSERT, new, at + 1)
        return put(out, n, INSERT, new, at + 1)
    for j in range(max(at, how[START] - 1), min(size + 1, end)):
        coming = new if j == at else refs[slot, j - 1]
        if j < size:
            if how[BEFORE] != 0:
                n = put(out, n, UPDATE_BEFORE, refs[slot, j], j + 1)
            n = put(out, n, UPDATE_AFTER, coming, j + 1)
        else:
            n = put(out, n, INSERT, coming, j + 1)
    return n


@inlined
def position_of(low: Array, i: int, orders: Array, slot: int, size: int, ties_win: int) -> int:
    """Where batch row i belongs among the rows of its key."""
    at = size
    while at > 0 and before_in_order(low, i, orders, slot, at - 1, ties_win):
        at -= 1
    return at


@inlined
def enter(low: Array, i: int, orders: Array, refs: Array, slot: int, at: int, size: int, end: int) -> None:
    """Move the rows from `at` on back by one and put batch row i there."""
    for j in range(min(size, end - 1), at, -1):
        refs[slot, j] = refs[slot, j - 1]
        orders[slot, j, 0], orders[slot, j, 1] = orders[slot, j - 1, 0], orders[slot, j - 1, 1]
    refs[slot, at] = ~i
    orders[slot, at, 0], orders[slot, at, 1] = low[i, 0], low[i, 1]


@kernel
def insert_rows(low: Array, slots: Array, orders: Array, refs: Array, sizes: Array, how: Array, start: int, out: Array,
                gone: Array, counts: Array) -> int:
    """Take rows from `start` on into their keys' best; `counts` (output rows, rows of the store that left) are updated.

    Returns the first row for which there is no room in `out`, or the number of rows. Nothing is output where SILENT.
    """
    end, n, left = how[END], counts[0], counts[1]
    for i in range(start, len(slots)):
        slot = slots[i]
        size = np.int64(sizes[slot])
        at = position_of(low, i, orders, slot, size, how[TIES_WIN])
        if at >= end:
            continue
        if n + 2 * end > out.shape[1]:
            counts[0], counts[1] = n, left
            return i
        if how[SILENT] == 0:
            n = emit_insertion(refs, slot, at, size, ~i, how, out, n)
        if size == end and refs[slot, end - 1] >= 0:
            gone[left] = refs[slot, end - 1]
            left += 1
        enter(low, i, orders, refs, slot, at, size, end)
        if size < end:
            sizes[slot] = size + 1
    counts[0], counts[1] = n, left
    return len(slots)


@kernel
def copy_standing(groups: Array, refs: Array, sizes: Array, before: Array, counts: Array) -> None:
    """What stands under these keys."""
    for g in range(len(groups)):
        counts[g] = sizes[groups[g]]
        for j in range(counts[g]):
            before[g, j] = refs[groups[g], j]


@inlined
def differ_ranked(before: Array, g: int, old: int, refs: Array, slot: int, new: int, how: Array, out: Array,
                  n: int) -> int:
    for j in range(how[START] - 1, new):
        if j >= old:
            n = put(out, n, INSERT, refs[slot, j], j + 1)
        elif before[g, j] != refs[slot, j]:
            if how[BEFORE] != 0:
                n = put(out, n, UPDATE_BEFORE, before[g, j], j + 1)
            n = put(out, n, UPDATE_AFTER, refs[slot, j], j + 1)
    return n


@inlined
def differ_unranked(before: Array, g: int, old: int, refs: Array, slot: int, new: int, how: Array, out: Array,
                    n: int) -> int:
    single = how[END] == 1 and old == 1
    k = 0  # rows that stay keep their order: walk both lists together
    for j in range(old):
        while k < new and refs[slot, k] < 0:
            k += 1
        if k < new and refs[slot, k] == before[g, j]:
            k += 1
        elif how[BEFORE] != 0 or not single:
            n = put(out, n, UPDATE_BEFORE if single else DELETE, before[g, j], j + 1)
    for j in range(new):
        if refs[slot, j] < 0:
            n = put(out, n, UPDATE_AFTER if single else INSERT, refs[slot, j], j + 1)
    return n


@kernel
def standing_changes(groups: Array, before: Array, counts: Array, refs: Array, sizes: Array, how: Array,
                     out: Array) -> int:
    """One consolidated change for each key: what stood, what stands."""
    n = 0
    for g in range(len(groups)):
        slot = groups[g]
        if how[RANKED] != 0:
            n = differ_ranked(before, g, counts[g], refs, slot, np.int64(sizes[slot]), how, out, n)
        else:
            n = differ_unranked(before, g, counts[g], refs, slot, np.int64(sizes[slot]), how, out, n)
    return n


@kernel
def find_new(groups: Array, refs: Array, sizes: Array, rows: Array, places: Array) -> int:
    """The batch rows that stand at last: rows (int64) and where (slot * n + position); returns how many."""
    n, width = 0, refs.shape[1]
    for g in range(len(groups)):
        slot = groups[g]
        for j in range(sizes[slot]):
            if refs[slot, j] < 0:
                rows[n], places[n] = ~refs[slot, j], slot * width + j
                n += 1
    return n
