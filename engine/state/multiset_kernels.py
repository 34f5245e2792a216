"""Kernels of `engine.state.sorted.OrderedMultiset`; the control block begins as a treap's does."""

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
    store_i32,
    store_u8,
    store_u64,
)
from engine.state.arena import keep_view, release_view
from engine.state.treap import (
    HELD,
    ORDERS,
    TREAP_SIZE,
    WIDE,
    add_weight,
    bound_node,
    compare_orders,
    delete_node,
    first_node,
    get,
    insert_node,
    last_node,
    put,
    root_of,
)

M_SLOTS, M_FREE, M_MARK, M_LIST, M_FREE_COUNT, M_HIGH, M_DIRTY, M_COUNT_SIZE = range(TREAP_SIZE, TREAP_SIZE + 8)


@inlined
def mark_node(ctl: Array, node: int) -> None:
    """Note that a node changed since the last snapshot."""
    if load_u8(ctl[M_MARK] + node) == 0:
        store_u8(ctl[M_MARK] + node, np.uint8(1))
        store_i32(ctl[M_LIST] + 4 * ctl[M_DIRTY], np.int32(node))
        ctl[M_DIRTY] += 1


@inlined
def new_node(ctl: Array, arena: int, slot: int, order: int) -> Word:
    """A node with the order at an address; -1: no room for the string."""
    free = ctl[M_FREE_COUNT]
    node = np.int64(load_i32(ctl[M_FREE] + 4 * (free - 1))) if free > 0 else ctl[M_HIGH]
    target = ctl[ORDERS] + 16 * node
    if ctl[WIDE]:
        if not keep_view(arena, node, order):
            return -1
    else:
        store_u64(target, load_u64(order))
        store_u64(target + 8, load_u64(order + 8))
    if free > 0:
        ctl[M_FREE_COUNT] = free - 1
    else:
        ctl[M_HIGH] = node + 1
    store_i32(ctl[M_SLOTS] + 4 * node, np.int32(slot))
    return node


@inlined
def free_node(ctl: Array, arena: int, node: int) -> None:
    """Give a node that is in no set back."""
    put(ctl, node, HELD, 0)
    if ctl[WIDE]:
        release_view(arena, ctl[ORDERS] + 16 * node)
        store_u64(ctl[ORDERS] + 16 * node, np.uint64(0))
        store_u64(ctl[ORDERS] + 16 * node + 8, np.uint64(0))
    store_i32(ctl[M_FREE] + 4 * ctl[M_FREE_COUNT], np.int32(node))
    ctl[M_FREE_COUNT] += 1
    mark_node(ctl, node)


@inlined
def copy_order(ctl: Array, node: int, out: Array, i: int) -> None:
    """Write a node's order to a row."""
    out[i, 0] = load_u64(ctl[ORDERS] + 16 * node)
    out[i, 1] = load_u64(ctl[ORDERS] + 16 * node + 8)


@kernel
def apply_values(ctl: Array, arena: int, slots: Array, orders: Array, deltas: Array, found: Array, firsts: Array,
                 lasts: Array, present: Array, start: int) -> Word:
    """Add or retract values one after another, noting each slot's first and last after it; returns the first row that
    found no room for its string, or their number."""
    base = orders.ctypes.data
    for i in range(start, len(slots)):
        slot, delta, order = np.int64(slots[i]), np.int64(deltas[i]), base + 16 * i
        node = bound_node(ctl, slot, order, False)
        if node >= 0 and compare_orders(ctl, ctl[ORDERS] + 16 * node, order) != 0:
            node = -1
        found[i] = node >= 0 or delta > 0
        if node < 0 and delta > 0:
            node = new_node(ctl, arena, slot, order)
            if node < 0:
                return i
            insert_node(ctl, slot, node, delta)
            mark_node(ctl, node)
        elif node >= 0 and get(ctl, node, HELD) + delta > 0:
            add_weight(ctl, node, delta)
            mark_node(ctl, node)
        elif node >= 0:
            delete_node(ctl, slot, node)
            free_node(ctl, arena, node)
        smallest = first_node(ctl, slot)
        present[i] = smallest >= 0
        if smallest >= 0:
            copy_order(ctl, smallest, firsts, i)
            copy_order(ctl, last_node(ctl, slot), lasts, i)
        else:
            firsts[i, 0] = firsts[i, 1] = lasts[i, 0] = lasts[i, 1] = np.uint64(0)
    return len(slots)


@kernel
def drop_sets(ctl: Array, arena: int, slots: Array) -> None:
    """Empty the sets of slots."""
    for i in range(len(slots)):
        slot = np.int64(slots[i])
        while root_of(ctl, slot) > 0:
            node = first_node(ctl, slot)
            delete_node(ctl, slot, node)
            free_node(ctl, arena, node)
