"""Times at which something falls due: a heap of (time, item), and `Timers` of a table's slots.

    timers = table.attach("timers", Timers())
    timers.set(slots, times)               # int64 arrays; the same (slot, time) twice is one timer
    timers.cancel(slots, times)            # as if never set
    slots, times = timers.fire(watermark)  # all with time <= watermark, by time, then by slot; gone afterwards
    timers.next_time()                     # the earliest time (of cancelled ones too), None without any

Setting a timer later than all others costs constant time, firing the logarithm of their number for each that fires.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from engine.changes import Array, Column
from engine.memory import Reservation, Word, address, inlined, kernel, load_i32, load_i64, store_i32, store_i64
from engine.state.index import KeyIndex
from engine.state.parts import Replay, Stored, pieces, room_of, save
from engine.types import BIGINT

TIMES, ITEMS, COUNT = range(3)
_TIMER = (BIGINT.as_nullable(False), BIGINT.as_nullable(False))


class Heap:
    """A 4-ary min-heap of (time int64, item int32). Equal pairs may be in it more than once."""

    def __init__(self) -> None:
        self._space = Reservation([(np.int64, 1), (np.int32, 1)])
        self.times, self.items = self._space.arrays
        self.ctl = np.array([address(self.times), address(self.items), 0], np.int64)

    def __len__(self) -> int:
        return int(self.ctl[COUNT])

    def push(self, times: Array, items: Array) -> None:
        """Add pairs."""
        push_all(self.ctl, times, items)

    def due(self, limit: int) -> bool:
        """Whether anything is due at `limit`."""
        return bool(self.ctl[COUNT] > 0 and self.times[0] <= limit)

    def pop(self, limit: int) -> tuple[Array, Array]:
        """Remove all pairs with time <= limit: (times, items) int64, by time, then by item."""
        times, items = [], []
        while self.due(limit):
            some = (np.empty(4096, np.int64), np.empty(4096, np.int64))
            count = pop_all(self.ctl, limit, *some)
            times.append(some[0][:count])
            items.append(some[1][:count])
        if not times:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        return np.concatenate(times), np.concatenate(items)


class Timers:
    """See the module."""

    def __init__(self) -> None:
        self._index = KeyIndex(_TIMER)
        self._heap = Heap()
        self._space = Reservation([(np.int32, 1), (np.int32, 2)])  # first timer by slot, neighbours by timer: item + 1
        self._heads, self._links = self._space.arrays

    def __len__(self) -> int:
        return len(self._index)

    def _columns(self, slots: Array, times: Array) -> list[Column]:
        return [Column(_TIMER[0], times), Column(_TIMER[1], slots)]

    def set(self, slots: Array, times: Array) -> None:
        """Set timers (int64 arrays)."""
        items = self._index.upsert(self._columns(slots, times), len(slots))
        fresh = self._index.fresh[:len(slots)].view(np.bool_)
        self._heap.push(times[fresh], items[fresh])
        link_items(self._heads, self._links, slots[fresh], items[fresh])

    def _release(self, items: Array) -> None:
        unlink_items(self._heads, self._links, self._index.keys[items, 1].view(np.int64), items)
        self._index.release(items)

    def cancel(self, slots: Array, times: Array) -> None:
        """Forget these timers, where they are set."""
        items = self._index.lookup(self._columns(slots, times), len(slots))
        self._release(np.unique(items[items >= 0]))

    def next_time(self) -> int | None:
        """The earliest time, about: that of a cancelled timer counts."""
        return int(self._heap.times[0]) if len(self._heap) else None

    def fire(self, limit: int) -> tuple[Array, Array]:
        """The timers due at `limit`: (slots, times), by time, then by slot."""
        if not self._heap.due(limit):
            return np.empty(0, np.int64), np.empty(0, np.int64)
        times, items = self._heap.pop(limit)
        words = self._index.keys.take(items, 0).view(np.int64)
        set_still = self._index.live[items].view(np.bool_) & (words[:, 0] == times)
        times, slots, items = times[set_still], words[set_still, 1], items[set_still]
        order = np.lexsort((slots, times))
        if len(order) > 1:  # a timer cancelled and set again under the same item is in the heap twice
            first = np.ones(len(order), np.bool_)
            first[1:] = (np.diff(times[order]) != 0) | (np.diff(slots[order]) != 0)
            order = order[first]
        self._release(items[order])
        return slots[order], times[order]

    def drop(self, slots: Array) -> None:
        """Forget the timers of these slots."""
        slots = np.unique(slots)
        items = np.empty(count_items(self._heads, self._links, slots), np.int64)
        list_items(self._heads, self._links, slots, items)
        self._release(items)

    def _stored(self) -> list[Stored]:
        return [Stored("key", self._index.keys)]

    def save(self, prefix: str, full: bool) -> dict[str, Array]:
        """See `Attached`."""
        changed = self._index.dirty_slots()
        if full:
            return save(prefix, self._stored(), self._index.live_slots())
        born = self._index.live[changed].view(np.bool_)
        return save(prefix, self._stored(), changed[born], dead=changed[~born])

    def pieces(self, prefix: str) -> Iterator[dict[str, Array]]:
        """See `Attached`."""
        self._index.dirty_slots()
        live = self._index.live.view(np.bool_)
        return pieces([(prefix, self._stored())], self._index.high,
                      lambda start, end: start + np.flatnonzero(live[start:end]))

    def load(self, prefix: str, parts: Sequence[tuple[bool, Mapping[str, Array]]], remap: Array) -> None:
        """See `Attached`."""
        replay = Replay(self._stored(), room_of(prefix, [arrays for _, arrays in parts]))
        for full, arrays in parts:
            replay.apply(prefix, arrays, full)
        words = replay.arrays[0][replay.alive].view(np.int64)
        slots = remap[words[:, 1]]
        mine = slots >= 0
        self.set(slots[mine], np.ascontiguousarray(words[mine, 0]))
        self._index.dirty_slots()

    def nbytes(self) -> int:
        """Memory held, about."""
        return self._index.nbytes() + 12 * len(self._heap)


@kernel
def link_items(heads: Array, links: Array, slots: Array, items: Array) -> None:
    """Put items into the lists of their slots."""
    for i in range(len(items)):
        slot, item = slots[i], items[i]
        after = heads[slot]
        links[item, 0], links[item, 1] = after, 0
        if after > 0:
            links[np.int64(after) - 1, 1] = np.int32(item + 1)
        heads[slot] = np.int32(item + 1)


@kernel
def unlink_items(heads: Array, links: Array, slots: Array, items: Array) -> None:
    """Take items out of the lists of their slots."""
    for i in range(len(items)):
        after, before = links[items[i], 0], links[items[i], 1]
        if before > 0:
            links[np.int64(before) - 1, 0] = after
        else:
            heads[slots[i]] = after
        if after > 0:
            links[np.int64(after) - 1, 1] = before


@kernel
def count_items(heads: Array, links: Array, slots: Array) -> Word:
    """How many items are in the lists of these slots."""
    count = 0
    for i in range(len(slots)):
        link = np.int64(heads[slots[i]])
        while link > 0:
            count += 1
            link = np.int64(links[link - 1, 0])
    return count


@kernel
def list_items(heads: Array, links: Array, slots: Array, out: Array) -> None:
    """out = the items in the lists of these slots."""
    count = 0
    for i in range(len(slots)):
        link = np.int64(heads[slots[i]])
        while link > 0:
            out[count] = link - 1
            count += 1
            link = np.int64(links[link - 1, 0])


@inlined
def precedes(ctl: Array, time: int, item: int, at: int) -> Word:
    """Whether a pair comes before the one at a place."""
    other = load_i64(ctl[TIMES] + 8 * at)
    return time < other or (time == other and item < np.int64(load_i32(ctl[ITEMS] + 4 * at)))


@inlined
def put_pair(ctl: Array, at: int, time: int, item: int) -> None:
    store_i64(ctl[TIMES] + 8 * at, time)
    store_i32(ctl[ITEMS] + 4 * at, np.int32(item))


@kernel
def push_all(ctl: Array, times: Array, items: Array) -> None:
    """Add pairs."""
    for i in range(len(times)):
        time, item = times[i], np.int64(items[i])
        at = ctl[COUNT]
        ctl[COUNT] = at + 1
        while at > 0:
            parent = (at - 1) >> 2
            if not precedes(ctl, time, item, parent):
                break
            put_pair(ctl, at, load_i64(ctl[TIMES] + 8 * parent), np.int64(load_i32(ctl[ITEMS] + 4 * parent)))
            at = parent
        put_pair(ctl, at, time, item)


@kernel
def pop_all(ctl: Array, limit: int, times: Array, items: Array) -> Word:
    """Remove the pairs with time <= limit, as many as the arrays hold; returns how many."""
    done = 0
    while done < len(times) and ctl[COUNT] > 0 and load_i64(ctl[TIMES]) <= limit:
        times[done] = load_i64(ctl[TIMES])
        items[done] = np.int64(load_i32(ctl[ITEMS]))
        done += 1
        count = ctl[COUNT] - 1
        ctl[COUNT] = count
        time, item = load_i64(ctl[TIMES] + 8 * count), np.int64(load_i32(ctl[ITEMS] + 4 * count))
        at = 0
        while 4 * at + 1 < count:
            child = 4 * at + 1
            for other in range(child + 1, min(child + 4, count)):
                if precedes(ctl, load_i64(ctl[TIMES] + 8 * other), np.int64(load_i32(ctl[ITEMS] + 4 * other)), child):
                    child = other
            if precedes(ctl, time, item, child):
                break
            put_pair(ctl, at, load_i64(ctl[TIMES] + 8 * child), np.int64(load_i32(ctl[ITEMS] + 4 * child)))
            at = child
        if count > 0:
            put_pair(ctl, at, time, item)
    return done
