"""State in order, for each key: rows of a row store by ORDER BY, and multisets of values for MIN, MAX under retraction.

    top = rows.sort_by((2, 0), descending=(True, False), nulls_last=(False, True))     # SortedRows of a RowStore
        # follows the store by itself (apply, remove, restore, release); derived from it, so not checkpointed
    top.first(slots), top.last(slots)       # int64 row numbers, -1 where the key has no rows
    top.rank(numbers)                       # int64: rows before this one (duplicates count), 0-based; ties by arrival
    top.at(slots, ranks)                    # the row standing at a rank, -1
    probe, numbers = top.range(slots, limit)              # the first `limit` rows of each key, in order (distinct rows)
    probe, numbers = top.between(slots, columns_low, columns_high)   # low <= order columns <= high (None: open)
    top.sizes(slots)                        # rows of each key, duplicates counted

    values = table.attach("max", OrderedMultiset(BIGINT))              # NULLs are the caller's to leave out
    found = values.apply(slots, column, deltas)   # in order; +1/-1 each (int64). found: bool, False = retraction of a
                                                  # value that was not there (ignored)
    values.after(last=True) -> Column             # the largest value after EACH row of the last apply; NULL: set empty
    values.first(slots), values.last(slots) -> Column     # smallest, largest now

Every step costs O(log n) of the key's rows. Weights that are negative (a retraction came first) stand in no order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from engine.changes import Array, Column, Mask
from engine.errors import InternalError
from engine.memory import Reservation, address
from engine.state import treap
from engine.state.arena import StringArena
from engine.state.multiset_kernels import (
    M_COUNT_SIZE,
    M_DIRTY,
    M_FREE,
    M_HIGH,
    M_LIST,
    M_MARK,
    M_SLOTS,
    apply_values,
    drop_sets,
)
from engine.state.order import BYTES, SortCodec
from engine.state.parts import Replay, Stored, pieces, room_of, save
from engine.types import DataType

if TYPE_CHECKING:
    from engine.state.rowstore import RowStore

_ALL = 1 << 62


class SortedRows:
    """The rows of a `RowStore` in order, for each key; made by `RowStore.sort_by`."""

    def __init__(self, store: RowStore, columns: Sequence[int], descending: Sequence[bool] | None = None,
                 nulls_last: Sequence[bool] | None = None) -> None:
        self._store = store
        self._columns = tuple(columns)
        self.codec = SortCodec([store.types[i] for i in columns], descending, nulls_last)
        self._space = Reservation([(np.uint64, 2), (np.int32, 4), (np.int32, 1), (np.int32, 1)])
        self.orders, self._nodes, self._sizes, self._roots = self._space.arrays
        wide = self.codec.form == BYTES
        self.ctl = np.array([*(address(a) for a in self._space.arrays), wide], np.int64)
        self._arena = StringArena(self.orders) if wide else None

    def sync(self, rows: Array) -> None:
        """Follow the store: these rows may have come, gone or changed weight since the last call."""
        weights = self._store.weight[rows]
        fresh = rows[(weights > 0) & (self._nodes[rows, 3] == 0)]
        if len(fresh):
            fresh = np.unique(fresh)
            fresh = fresh[np.argsort(self._store.seq[fresh], kind="stable")]
            orders = self.codec.encode(self._store.take(fresh, self._columns), len(fresh))
            if self._arena is None:
                self.orders[fresh] = orders
            else:
                self._arena.put(fresh, orders)
            treap.sync_nodes(self.ctl, self._store.key[fresh], fresh, self._store.weight[fresh])
        treap.sync_nodes(self.ctl, self._store.key[rows], rows, weights)
        if self._arena is not None:
            gone = rows[weights <= 0]
            self._arena.clear(gone)

    def first(self, slots: Array) -> Array:
        """The first row of each key (int64, -1: none)."""
        return self._ends(slots, False)

    def last(self, slots: Array) -> Array:
        """The last row of each key (int64, -1: none)."""
        return self._ends(slots, True)

    def _ends(self, slots: Array, last: bool) -> Array:
        out = np.empty(len(slots), np.int64)
        treap.first_nodes(self.ctl, slots, last, out)
        return out

    def rank(self, rows: Array) -> Array:
        """How many rows of its key stand before each row (int64)."""
        out = np.empty(len(rows), np.int64)
        treap.ranks_of(self.ctl, rows, out)
        return out

    def at(self, slots: Array, ranks: Array) -> Array:
        """The row at a rank of each key (int64, -1: there are fewer)."""
        out = np.empty(len(slots), np.int64)
        treap.nodes_at(self.ctl, slots, ranks, out)
        return out

    def sizes(self, slots: Array) -> Array:
        """Rows of each key, duplicates counted (int64)."""
        roots = self._roots[slots].astype(np.int64)
        result = self._sizes[np.maximum(roots - 1, 0)].astype(np.int64)
        result[(roots == 0) | (slots < 0)] = 0
        return result

    def range(self, slots: Array, limit: int = _ALL) -> tuple[Array, Array]:
        """The first rows of each key, in order: positions in `slots`, row numbers (int64)."""
        return walked(self.ctl, self.first(slots), np.full(len(slots), -1, np.int64), limit)

    def between(self, slots: Array, low: Sequence[Column] | None, high: Sequence[Column] | None) -> tuple[Array, Array]:
        """The rows of each key with low <= order <= high, in order: positions in `slots`, row numbers (int64)."""
        starts = self.first(slots) if low is None else self._bound(slots, low, False)
        ends = np.full(len(slots), -1, np.int64) if high is None else self._bound(slots, high, True)
        return walked(self.ctl, starts, ends, _ALL)

    def _bound(self, slots: Array, columns: Sequence[Column], after: bool) -> Array:
        out = np.empty(len(slots), np.int64)
        treap.bounds_of(self.ctl, slots, self.codec.encode(columns, len(slots)), after, out)
        return out


def walked(ctl: Array, starts: Array, ends: Array, limit: int) -> tuple[Array, Array]:
    """Nodes from each start up to its end (-1: all), at most `limit` each: positions in `starts`, nodes."""
    size = 4 * len(starts) + 64
    while True:
        probe, nodes = np.empty(size, np.int64), np.empty(size, np.int64)
        size = treap.walk_nodes(ctl, starts, ends, limit, probe, nodes)
        if size <= len(nodes):
            return probe[:size], nodes[:size]


class OrderedMultiset:
    """Values of one type with counts, in order, for each slot of a table (see the module)."""

    def __init__(self, type: DataType) -> None:
        self.type = type
        self.codec = SortCodec([type.as_nullable(False)])
        self._space = Reservation([
            (np.uint64, 2), (np.int32, 4), (np.int32, 1), (np.int32, 1),
            (np.int32, 1), (np.int32, 1), (np.uint8, 1), (np.int32, 1)])
        arrays = self._space.arrays
        self.orders, self._nodes, self._slots = arrays[0], arrays[1], arrays[4]
        self._marks, self._list = arrays[6], arrays[7]
        wide = self.codec.form == BYTES
        self.ctl = np.zeros(M_COUNT_SIZE, np.int64)
        for place, array in zip((treap.ORDERS, treap.NODES, treap.SIZES, treap.ROOTS, M_SLOTS, M_FREE, M_MARK, M_LIST),
                                arrays, strict=True):
            self.ctl[place] = address(array)
        self.ctl[treap.WIDE] = wide
        self._arena = StringArena(self.orders) if wide else None
        self._firsts = np.zeros((0, 2), np.uint64)
        self._lasts = np.zeros((0, 2), np.uint64)
        self._present = np.zeros(0, np.bool_)

    def apply(self, slots: Array, column: Column, deltas: Array) -> Mask:
        """Add (deltas[i] > 0) or retract values, in order; False where a retracted value was not there."""
        length = len(slots)
        orders = self.codec.encode([column.with_validity(None)], length)
        found = np.empty(length, np.bool_)
        self._firsts, self._lasts = np.empty((length, 2), np.uint64), np.empty((length, 2), np.uint64)
        self._present = np.empty(length, np.bool_)
        arena_at = 0 if self._arena is None else self._arena.at
        done = 0
        while True:
            done = apply_values(self.ctl, arena_at, slots, orders, deltas, found, self._firsts, self._lasts,
                                self._present, done)
            if done == length:
                break
            if self._arena is None:
                raise InternalError("an ordered multiset is full")
            self._arena.grow(int(orders[done, 0] & np.uint64(0xFFFFFFFF)))
        self._space.used(int(self.ctl[M_HIGH]))
        self._kept = self._owners()
        if self._arena is not None:
            self._arena.tidy()
        return found

    def _owners(self) -> tuple[object, ...]:
        return () if self._arena is None else self._arena.owners()

    def after(self, *, last: bool) -> Column:
        """The largest (smallest) value of its slot after each row of the last `apply`; NULL where there was none."""
        orders = self._lasts if last else self._firsts
        return self._column(orders, self._present, self._kept)

    def first(self, slots: Array) -> Column:
        """The smallest value of each slot; NULL where there is none."""
        return self._ends(slots, False)

    def last(self, slots: Array) -> Column:
        """The largest value of each slot; NULL where there is none."""
        return self._ends(slots, True)

    def entries(self, slots: Array) -> tuple[Array, Column, Array]:
        """All values of these slots, in order: positions in `slots`, values, counts."""
        starts = np.empty(len(slots), np.int64)
        treap.first_nodes(self.ctl, slots, False, starts)
        probe, nodes = walked(self.ctl, starts, np.full(len(slots), -1, np.int64), _ALL)
        column = self._column(self.orders[nodes], np.ones(len(nodes), np.bool_), self._owners())
        return probe, column, self._nodes[nodes, 3].astype(np.int64)

    def _ends(self, slots: Array, last: bool) -> Column:
        nodes = np.empty(len(slots), np.int64)
        treap.first_nodes(self.ctl, slots, last, nodes)
        present = nodes >= 0
        orders = self.orders[np.maximum(nodes, 0)]
        orders[~present] = 0
        return self._column(orders, present, self._owners())

    def _column(self, orders: Array, present: Mask, owners: tuple[object, ...]) -> Column:
        column = self.codec.decode(orders, owners)
        return Column(self.type.as_nullable(), column.values, None if present.all() else present, owners)

    def drop(self, slots: Array) -> None:
        """Forget the values of these slots."""
        drop_sets(self.ctl, 0 if self._arena is None else self._arena.at, slots)
        if self._arena is not None:
            self._arena.tidy()

    def _stored(self) -> list[Stored]:
        return [Stored("slot", self._slots), Stored("count", self._nodes[:, 3]),
                Stored("order", self.orders, self._arena is not None)]

    def save(self, prefix: str, full: bool) -> dict[str, Array]:
        """See `Attached`."""
        changed = self._drain()
        if full:
            return save(prefix, self._stored(), self._living(0, int(self.ctl[M_HIGH])))
        alive = self._nodes[changed, 3] != 0
        return save(prefix, self._stored(), changed[alive], dead=changed[~alive])

    def pieces(self, prefix: str) -> Iterator[dict[str, Array]]:
        """See `Attached`."""
        self._drain()
        return pieces([(prefix, self._stored())], int(self.ctl[M_HIGH]), self._living)

    def _drain(self) -> Array:
        """The nodes that changed since the last call, ascending, marked clean."""
        changed = np.sort(self._list[:int(self.ctl[M_DIRTY])])
        self._marks[changed] = 0
        self.ctl[M_DIRTY] = 0
        return changed

    def _living(self, start: int, end: int) -> Array:
        return start + np.flatnonzero(self._nodes[start:end, 3])

    def load(self, prefix: str, parts: Sequence[tuple[bool, Mapping[str, Array]]], remap: Array) -> None:
        """See `Attached`."""
        replay = Replay(self._stored(), room_of(prefix, [arrays for _, arrays in parts]))
        for full, arrays in parts:
            replay.apply(prefix, arrays, full)
        slots, counts, orders = (a[replay.alive] for a in replay.arrays)
        slots = remap[slots]
        mine = slots >= 0
        orders = np.ascontiguousarray(orders[mine])
        column = self.codec.decode(orders)
        self.apply(slots[mine], column, counts[mine].astype(np.int64))
        self._marks[self._list[:int(self.ctl[M_DIRTY])]] = 0
        self.ctl[M_DIRTY] = 0

    def nbytes(self) -> int:
        """Memory held, about."""
        return int(self.ctl[M_HIGH]) * 53 + (0 if self._arena is None else self._arena.nbytes())
