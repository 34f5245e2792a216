"""Kernels of ordered sets, one for each slot: treaps in arrays (Seidel and Aragon, 1996), nodes being numbers.

A node has an order of two words (or a view, where WIDE), a weight and the weight of its subtree; its priority is a
hash of its number, so shape and cost are those of a random tree: expected O(log n) for each step. Equal orders stand
in order of arrival. Links hold node + 1, 0 = none. Kernels of operators may call the inlined functions themselves.
"""

from __future__ import annotations

import numpy as np

from engine.changes import Array
from engine.memory import (
    Word,
    fold_multiply,
    inlined,
    kernel,
    load_i32,
    load_u64,
    store_i32,
    view_compare,
)
from engine.state.hashing import P0, P1

ORDERS, NODES, SIZES, ROOTS, WIDE, TREAP_SIZE = range(6)
LEFT, RIGHT, PARENT, HELD = 0, 4, 8, 12


@inlined
def get(ctl: Array, node: int, field: int) -> Word:
    return np.int64(load_i32(ctl[NODES] + 16 * node + field))


@inlined
def put(ctl: Array, node: int, field: int, value: int) -> None:
    store_i32(ctl[NODES] + 16 * node + field, np.int32(value))


@inlined
def size_of(ctl: Array, link: int) -> Word:
    """The weight of the subtree behind a link."""
    return np.int64(load_i32(ctl[SIZES] + 4 * (link - 1))) if link > 0 else 0


@inlined
def set_size(ctl: Array, node: int, size: int) -> None:
    store_i32(ctl[SIZES] + 4 * node, np.int32(size))


@inlined
def root_of(ctl: Array, slot: int) -> Word:
    return np.int64(load_i32(ctl[ROOTS] + 4 * slot))


@inlined
def priority(node: int) -> Word:
    return fold_multiply(np.uint64(node) ^ P0, P1)


@inlined
def compare_orders(ctl: Array, a: int, b: int) -> Word:
    """-1, 0, 1: the orders at two addresses."""
    if ctl[WIDE]:
        return view_compare(a, b)
    x, y = load_u64(a), load_u64(b)
    if x == y:
        x, y = load_u64(a + 8), load_u64(b + 8)
    return -1 if x < y else (1 if x > y else 0)


@inlined
def replace_child(ctl: Array, slot: int, parent: int, old: int, new: int) -> None:
    """Let `parent` (a link, 0: the root of slot) have `new` where it had `old`."""
    if parent == 0:
        store_i32(ctl[ROOTS] + 4 * slot, np.int32(new))
    elif get(ctl, parent - 1, LEFT) == old:
        put(ctl, parent - 1, LEFT, new)
    else:
        put(ctl, parent - 1, RIGHT, new)


@inlined
def rotate_up(ctl: Array, slot: int, node: int) -> None:
    """Exchange a node with its parent, keeping the order."""
    parent = get(ctl, node, PARENT) - 1
    grand = get(ctl, parent, PARENT)
    from_left = get(ctl, parent, LEFT) == node + 1
    inner = get(ctl, node, RIGHT) if from_left else get(ctl, node, LEFT)
    put(ctl, parent, LEFT if from_left else RIGHT, inner)
    put(ctl, node, RIGHT if from_left else LEFT, parent + 1)
    if inner > 0:
        put(ctl, inner - 1, PARENT, parent + 1)
    put(ctl, parent, PARENT, node + 1)
    put(ctl, node, PARENT, grand)
    replace_child(ctl, slot, grand, parent + 1, node + 1)
    set_size(ctl, node, size_of(ctl, parent + 1))
    left, right = size_of(ctl, get(ctl, parent, LEFT)), size_of(ctl, get(ctl, parent, RIGHT))
    set_size(ctl, parent, left + right + get(ctl, parent, HELD))


@inlined
def insert_node(ctl: Array, slot: int, node: int, weight: int) -> None:
    """Enter a node (its order is written already) behind those of equal order."""
    order = ctl[ORDERS] + 16 * node
    parent, link, left = 0, root_of(ctl, slot), False
    while link > 0:
        parent = link
        set_size(ctl, link - 1, size_of(ctl, link) + weight)
        left = compare_orders(ctl, order, ctl[ORDERS] + 16 * (link - 1)) < 0
        link = get(ctl, link - 1, LEFT) if left else get(ctl, link - 1, RIGHT)
    put(ctl, node, LEFT, 0)
    put(ctl, node, RIGHT, 0)
    put(ctl, node, PARENT, parent)
    put(ctl, node, HELD, weight)
    set_size(ctl, node, weight)
    if parent == 0:
        store_i32(ctl[ROOTS] + 4 * slot, np.int32(node + 1))
        return
    put(ctl, parent - 1, LEFT if left else RIGHT, node + 1)
    mine = priority(node)
    while get(ctl, node, PARENT) > 0 and mine > priority(get(ctl, node, PARENT) - 1):
        rotate_up(ctl, slot, node)


@inlined
def add_weight(ctl: Array, node: int, delta: int) -> None:
    """Change the weight of a node, and so of the subtrees above it."""
    put(ctl, node, HELD, get(ctl, node, HELD) + delta)
    link = node + 1
    while link > 0:
        set_size(ctl, link - 1, size_of(ctl, link) + delta)
        link = get(ctl, link - 1, PARENT)


@inlined
def delete_node(ctl: Array, slot: int, node: int) -> None:
    """Take a node out."""
    add_weight(ctl, node, -get(ctl, node, HELD))
    while True:
        left, right = get(ctl, node, LEFT), get(ctl, node, RIGHT)
        if left == 0 or right == 0:
            break
        rotate_up(ctl, slot, (left if priority(left - 1) > priority(right - 1) else right) - 1)
    child, parent = left + right, get(ctl, node, PARENT)
    if child > 0:
        put(ctl, child - 1, PARENT, parent)
    replace_child(ctl, slot, parent, node + 1, child)


@inlined
def first_node(ctl: Array, slot: int) -> Word:
    """The node of the smallest order; -1: the set is empty."""
    link = root_of(ctl, slot)
    node = -1
    while link > 0:
        node = link - 1
        link = get(ctl, node, LEFT)
    return node


@inlined
def last_node(ctl: Array, slot: int) -> Word:
    """The node of the largest order; -1: the set is empty."""
    link = root_of(ctl, slot)
    node = -1
    while link > 0:
        node = link - 1
        link = get(ctl, node, RIGHT)
    return node


@inlined
def next_node(ctl: Array, node: int) -> Word:
    """The node after this one, -1 behind the last."""
    link = get(ctl, node, RIGHT)
    if link > 0:
        while get(ctl, link - 1, LEFT) > 0:
            link = get(ctl, link - 1, LEFT)
        return link - 1
    child, link = node + 1, get(ctl, node, PARENT)
    while link > 0 and get(ctl, link - 1, RIGHT) == child:
        child, link = link, get(ctl, link - 1, PARENT)
    return link - 1


@inlined
def rank_of(ctl: Array, node: int) -> Word:
    """The weight of all nodes before this one."""
    rank = size_of(ctl, get(ctl, node, LEFT))
    child, link = node + 1, get(ctl, node, PARENT)
    while link > 0:
        if get(ctl, link - 1, RIGHT) == child:
            rank += size_of(ctl, get(ctl, link - 1, LEFT)) + get(ctl, link - 1, HELD)
        child, link = link, get(ctl, link - 1, PARENT)
    return rank


@inlined
def node_at(ctl: Array, slot: int, rank: int) -> Word:
    """The node that stands at a rank (0-based, by weight); -1: there are fewer."""
    link = root_of(ctl, slot)
    while link > 0:
        node = link - 1
        before = size_of(ctl, get(ctl, node, LEFT))
        if rank < before:
            link = get(ctl, node, LEFT)
        elif rank < before + get(ctl, node, HELD):
            return node
        else:
            rank -= before + get(ctl, node, HELD)
            link = get(ctl, node, RIGHT)
    return -1


@inlined
def bound_node(ctl: Array, slot: int, order: int, after: bool) -> Word:
    """The first node whose order is >= (`after`: >) the one at an address; -1: none."""
    link = root_of(ctl, slot)
    best = -1
    while link > 0:
        order_of = compare_orders(ctl, ctl[ORDERS] + 16 * (link - 1), order)
        if order_of > 0 or (order_of == 0 and not after):
            best = link - 1
            link = get(ctl, best, LEFT)
        else:
            link = get(ctl, link - 1, RIGHT)
    return best


@kernel
def sync_nodes(ctl: Array, slots: Array, nodes: Array, weights: Array) -> None:
    """Make each node's weight in the set of its slot what is given; at most 0 = not in the set."""
    for i in range(len(nodes)):
        slot, node = np.int64(slots[i]), np.int64(nodes[i])
        weight = np.int64(weights[i]) if weights[i] > 0 else 0
        held = get(ctl, node, HELD)
        if held == 0 and weight > 0:
            insert_node(ctl, slot, node, weight)
        elif weight == 0 and held > 0:
            delete_node(ctl, slot, node)
        elif weight != held:
            add_weight(ctl, node, weight - held)


@kernel
def first_nodes(ctl: Array, slots: Array, last: bool, out: Array) -> None:
    """out[i] = first (last) node of slots[i], -1 where there is none."""
    for i in range(len(slots)):
        slot = np.int64(slots[i])
        out[i] = -1
        if slot >= 0:
            out[i] = last_node(ctl, slot) if last else first_node(ctl, slot)


@kernel
def ranks_of(ctl: Array, nodes: Array, out: Array) -> None:
    """out[i] = rank of nodes[i]."""
    for i in range(len(nodes)):
        out[i] = rank_of(ctl, np.int64(nodes[i]))


@kernel
def nodes_at(ctl: Array, slots: Array, ranks: Array, out: Array) -> None:
    """out[i] = node at ranks[i] of slots[i]."""
    for i in range(len(slots)):
        slot = np.int64(slots[i])
        out[i] = node_at(ctl, slot, ranks[i]) if slot >= 0 else -1


@kernel
def bounds_of(ctl: Array, slots: Array, orders: Array, after: bool, out: Array) -> None:
    """out[i] = first node of slots[i] at or after orders[i]."""
    base = orders.ctypes.data
    for i in range(len(slots)):
        slot = np.int64(slots[i])
        out[i] = bound_node(ctl, slot, base + 16 * i, after) if slot >= 0 else -1


@kernel
def walk_nodes(ctl: Array, starts: Array, ends: Array, limit: int, probe: Array, out: Array) -> Word:
    """Nodes from starts[i] up to, not including, ends[i] (-1: to the last), at most `limit` each; returns how many
    there are in all (written as far as the arrays reach)."""
    count = 0
    for i in range(len(starts)):
        node, taken = np.int64(starts[i]), 0
        while node >= 0 and node != ends[i] and taken < limit:
            if count < len(out):
                probe[count] = i
                out[count] = node
            count += 1
            taken += 1
            node = next_node(ctl, node)
    return count
