"""Time to live of slots: when each was used last, and which have expired, at a cost of what expires.

Slots hang in a ring of 128 lists by the time of the access that put them there (a 64th of the TTL a list). When a
list's time is over, each of its slots is either expired or moves to the list of its last access: once a TTL at most,
never a scan. `expired` may therefore be late by a 64th of the TTL; `stale` is exact.
"""

from __future__ import annotations

import numpy as np

from engine.changes import Array, Mask
from engine.memory import Reservation, Word, kernel

RING = 128
RELEASED = 2**62


class Expiry:
    """Last access of slots, with a time to live in microseconds. `walked`: how many slots `expired` has looked at."""

    def __init__(self, ttl: int) -> None:
        self.ttl = ttl
        self.walked = 0
        self._step = max(ttl // 64, 1)
        self._space = Reservation([(np.int64, 1), (np.int32, 1), (np.uint8, 1)])
        self.times, self._next, self._hung = self._space.arrays
        self._heads = np.full(RING, -1, np.int32)
        self._cursor: int | None = None
        self._undated: Array | None = None

    def access(self, slots: Array, now: int) -> None:
        """Note that these slots are used now."""
        if self._undated is not None:
            self._date(now)
        if self._cursor is None:
            self._cursor = now // self._step - 1
        note_access(slots, now, self._step, self.times, self._next, self._hung, self._heads)

    def stale(self, slots: Array, now: int) -> Mask | None:
        """Which of the slots were last used a TTL ago or longer (False for those never used); None: none."""
        result = (self.times[slots] <= now - self.ttl) & (self._hung[slots] != 0)
        return result if result.any() else None

    def forget(self, slots: Array) -> None:
        """These slots are released: whoever gets them next starts anew."""
        self.times[slots] = RELEASED

    def expired(self, now: int) -> Array:
        """Slots whose time is over, each given once (int64, ascending)."""
        if self._undated is not None:
            self._date(now)
        last = (now - self.ttl) // self._step - 1
        if self._cursor is None or last <= self._cursor:
            return np.empty(0, np.int64)
        first = max(self._cursor + 1, last - RING + 1)
        self._cursor = last
        found = []
        for bucket in range(first, last + 1):
            if self._heads[bucket % RING] >= 0:
                length = list_length(self._heads[bucket % RING], self._next)
                self.walked += length
                out = np.empty(length, np.int64)
                count = walk_list(bucket % RING, now - self.ttl, self._step, self.times, self._next, self._hung,
                                  self._heads, out)
                found.append(out[:count])
        return np.sort(np.concatenate(found)) if found else np.empty(0, np.int64)

    def load(self, slots: Array, times: Array | None) -> None:
        """Restore the last accesses of new slots; None: nobody noted them, as nothing expired when they were written.
        Such slots live from the next time that is told."""
        if not len(slots):
            return
        if times is None:
            self._undated = slots if self._undated is None else np.concatenate([self._undated, slots])
            return
        first = int(times.min()) // self._step - 1
        self._cursor = first if self._cursor is None else min(self._cursor, first)
        hang(slots, times, self._step, self.times, self._next, self._hung, self._heads)

    def _date(self, now: int) -> None:
        slots, self._undated = self._undated, None
        assert slots is not None
        slots = slots[self._hung[slots] == 0]
        self.load(slots, np.full(len(slots), now, np.int64))


@kernel
def note_access(slots: Array, now: int, step: int, times: Array, following: Array, hung: Array, heads: Array) -> None:
    """Set access times; hang slots that are in no list into that of `now`."""
    bucket = (now // step) % RING
    for i in range(len(slots)):
        slot = np.int64(slots[i])
        times[slot] = now
        if not hung[slot]:
            hung[slot] = 1
            following[slot] = heads[bucket]
            heads[bucket] = np.int32(slot)


@kernel
def hang(slots: Array, values: Array, step: int, times: Array, following: Array, hung: Array, heads: Array) -> None:
    """Hang slots into the lists of their times."""
    for i in range(len(slots)):
        slot, bucket = np.int64(slots[i]), (values[i] // step) % RING
        times[slot] = values[i]
        hung[slot] = 1
        following[slot] = heads[bucket]
        heads[bucket] = np.int32(slot)


@kernel
def list_length(head: int, following: Array) -> Word:
    """How many slots hang in a list."""
    count, slot = 0, np.int64(head)
    while slot >= 0:
        count += 1
        slot = np.int64(following[slot])
    return count


@kernel
def walk_list(bucket: int, limit: int, step: int, times: Array, following: Array, hung: Array, heads: Array,
              out: Array) -> Word:
    """Take a list apart: slots last used at or before `limit` go to `out`, the others to the list of their access."""
    slot = np.int64(heads[bucket])
    heads[bucket] = -1
    count = 0
    while slot >= 0:
        after = np.int64(following[slot])
        if times[slot] <= limit or times[slot] == RELEASED:
            out[count] = slot
            count += times[slot] != RELEASED
            hung[slot] = 0
        else:
            target = (times[slot] // step) % RING
            following[slot] = heads[target]
            heads[target] = np.int32(slot)
        slot = after
    return count
