"""Which group slots the rows of a batch touch, in order of first touch."""

from __future__ import annotations

import numpy as np

from engine.changes import Array
from engine.memory import Reservation, address, inlined, kernel, load_i64, store_i64
from engine.state.parts import touch_row

_POSITION = (1 << 32) - 1


class Touched:
    """The distinct slots of a batch: `slots` (int64), `first`: the row that touched each first, `position` of each
    row's slot in `slots`."""

    __slots__ = ("slots", "first", "position")

    def __init__(self, slots: Array, first: Array, position: Array) -> None:
        self.slots = slots
        self.first = first
        self.position = position


class SlotMarks:
    """A word a slot that tells whether the current batch has touched it; not state, nothing to save."""

    def __init__(self) -> None:
        self._space = Reservation([(np.int64, 1)])
        self._ctl = np.array([address(self._space.arrays[0]), 0], np.int64)

    def touch(self, slots: Array, dirty: Array | None = None) -> Touched:
        """The distinct ones of `slots`; `dirty` = the control block of a table's `DirtyRows` to note them in."""
        n = len(slots)
        block = np.empty((3, n), np.int64)
        count = find_touched(self._ctl, slots, _NONE if dirty is None else dirty, dirty is not None, block)
        return Touched(block[0, :count], block[1, :count], block[2])


_NONE = np.zeros(3, np.int64)


@inlined
def place(ctl: Array, slot: int, count: int) -> int:
    """The slot's position among the touched ones; `count` (and remembered) where it is new."""
    at = ctl[0] + 8 * slot
    word = load_i64(at)
    if (word >> 32) == ctl[1]:
        return word & _POSITION
    store_i64(at, (ctl[1] << 32) | count)
    return count


@kernel
def find_touched(ctl: Array, slots: Array, dirty: Array, mark: bool, block: Array) -> int:
    """Fill block (slots, first row, position) and note the slots as dirty; returns how many are distinct."""
    ctl[1] += 1
    count = 0
    for i in range(len(slots)):
        position = place(ctl, slots[i], count)
        block[2, i] = position
        if position == count:
            block[0, count], block[1, count] = slots[i], i
            count += 1
            if mark:
                touch_row(dirty, slots[i])
    return count


@kernel
def trace(position: Array, groups: int, keep: Array, before: Array, after: Array) -> None:
    """For each row where its group's result stands before and after it: the number of the last kept row (counted among
    the kept ones), or kept + position of the group where there was none. `keep` empty = all kept."""
    kept = len(position) if len(keep) == 0 else np.int64(np.sum(keep != 0))
    last = np.arange(groups) + kept
    number = 0
    for i in range(len(position)):
        p = position[i]
        before[i] = last[p]
        if len(keep) == 0 or keep[i] != 0:
            last[p] = number
            number += 1
        after[i] = last[p]


@kernel
def occurrences(position: Array, groups: int, out: Array) -> int:
    """out[i] = how many earlier rows have row i's group; returns the largest + 1."""
    seen = np.zeros(groups, np.int64)
    most = 0
    for i in range(len(position)):
        out[i] = seen[position[i]]
        seen[position[i]] += 1
        most = max(most, seen[position[i]])
    return most
