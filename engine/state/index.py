"""`KeyIndex`: keys of any number and type of columns to slot numbers, exact, growing without a stall.

    index = KeyIndex([BIGINT, STRING])
    slots = index.upsert(columns, n)      # int64 (n,): each key's slot, new ones assigned (freed slots first)
    index.fresh[:n]                       # uint8: 1 where the row made the key (valid until the next upsert)
    slots = index.lookup(columns, n)      # int64 (n,): -1 where missing
    index.release(slots)                  # forget these live keys (each slot at most once a call); slots become free
    index.decode(slots) -> columns        # the keys' values
    index.live_slots() -> int64           # all slots in use, ascending;  len(index) = how many
    index.key_groups(columns, n) -> int16 # hash modulo 128, stable across versions

Arrays returned by `upsert` and `lookup` are new each call; `fresh` is reused.

*Structure*: extendible hashing. The table is made of segments of 4,096 entries (tag: the hash's high 32 bits; slot +
1), searched linearly from the tag's low bits; the tag's top bits choose the segment through a directory. A full
segment splits in two, which costs some 20 us whatever the number of keys, so growth never stalls. Deletion shifts
back: no tombstones. Keys are compared exactly, on their words. Released keys leave the table at once; their slots go
to a stack.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.changes import Array, Column
from engine.errors import InternalError, UserError
from engine.memory import Reservation, address
from engine.state import index_kernels as k
from engine.state.arena import StringArena
from engine.state.hashing import hash_mask
from engine.state.index_kernels import ARENA_FULL, CROWDED, C
from engine.state.keys import KeyCodec
from engine.types import DataType

_KEYS, _LIVE, _FREE, _MARK, _LIST, _TABLE, _DIRECTORY, _COUNTS, _DEPTHS = range(9)


class KeyIndex:
    """See the module."""

    def __init__(self, types: Sequence[DataType], codec: KeyCodec | None = None) -> None:
        self.codec = codec or KeyCodec(types)
        width = self.codec.width
        self._space = Reservation([
            (np.uint64, width), (np.uint8, 1), (np.int32, 1), (np.uint8, 1), (np.int32, 1),
            (np.uint64, 4), (np.int32, 1), (np.int32, 1), (np.int32, 1)])
        arrays = self._space.arrays
        self.keys = arrays[_KEYS] if width > 1 else arrays[_KEYS].reshape(-1, 1)
        self.live = arrays[_LIVE]
        self.fresh = np.zeros(1024, np.uint8)
        self.arena = None if self.codec.fixed else StringArena(self.keys)
        self._arena_at = 0 if self.arena is None else self.arena.at
        self.ctl = np.zeros(C.SIZE, np.int64)
        for field, array in zip((C.KEYS, C.LIVE, C.FREE, C.MARK, C.LIST, C.TABLE, C.DIRECTORY, C.COUNTS, C.DEPTHS),
                                arrays, strict=True):
            self.ctl[field] = address(array)
        self.ctl[C.WIDTH], self.ctl[C.VIEWS], self.ctl[C.MASK] = width, not self.codec.fixed, hash_mask()
        self.ctl[C.ROWS], self.ctl[C.SEGMENTS] = self._space.rows, 1
        self._huge_at = 1 << 15

    def __len__(self) -> int:
        return int(self.ctl[C.COUNT])

    @property
    def high(self) -> int:
        """All slots ever used are below this."""
        return int(self.ctl[C.HIGH])

    def upsert(self, columns: Sequence[Column], length: int) -> Array:
        """Each row's slot (int64), assigned where the key is new; `fresh` tells which."""
        return self.upsert_words(self.codec.encode(columns, length))

    def upsert_words(self, words: Array) -> Array:
        """`upsert` for keys that are encoded already (uint64 (n, width))."""
        length = len(words)
        if length > len(self.fresh):
            self.fresh = np.zeros(2 * length, np.uint8)
        out = np.empty(length, np.int64)
        done = k.upsert(self.ctl, self._arena_at, words, out, self.fresh, 0)
        while done < length:
            self._make_room(words, done)
            done = k.upsert(self.ctl, self._arena_at, words, out, self.fresh, done)
        if self.ctl[C.HIGH] > self._huge_at:
            self._space.used(self.high)
            self._huge_at = 2 * self.high
        return out

    def space(self, slots: int) -> None:
        """Say that so many slots are about to be used."""
        if slots > self._space.rows:
            raise _full(slots)
        self._space.used(slots)

    def reenter(self, alive: Array) -> None:
        """Enter the keys that were written to these slots (bool, all there are) of an empty index; they are distinct
        and count as clean."""
        gone = np.flatnonzero(~alive)
        if self.arena is not None:
            self.arena.clear(gone)
        self.keys[gone] = 0
        k.spread(self.ctl, len(alive))
        if not k.reenter(self.ctl, alive):
            raise InternalError("a key index holds too many keys of one hash")

    def _make_room(self, words: Array, row: int) -> None:
        reason = int(self.ctl[C.REASON])
        if reason == ARENA_FULL and self.arena is not None:
            self.arena.grow(int(words[row, 0] & np.uint64(0xFFFFFFFF)))
        elif reason == CROWDED:
            raise InternalError("a key index holds too many keys of one hash")
        else:
            raise _full(self.high)

    def lookup(self, columns: Sequence[Column], length: int) -> Array:
        """Each row's slot (int64), -1 where the key is missing."""
        return self.lookup_words(self.codec.encode(columns, length))

    def lookup_words(self, words: Array) -> Array:
        """`lookup` for keys that are encoded already."""
        out = np.empty(len(words), np.int64)
        k.lookup(self.ctl, words, out)
        return out

    def release(self, slots: Array) -> None:
        """Forget the keys of these live slots."""
        k.release(self.ctl, self._arena_at, slots)
        if self.arena is not None:
            self.arena.tidy()

    def decode(self, slots: Array) -> list[Column]:
        """The key columns of these slots."""
        return self.codec.decode(self.keys, slots, self.owners())

    def owners(self) -> tuple[object, ...]:
        """What keeps the keys' strings alive."""
        return () if self.arena is None else self.arena.owners()

    def live_slots(self) -> Array:
        """The slots in use, ascending (int64)."""
        return np.flatnonzero(self.live[:self.high].view(np.bool_))

    def key_groups(self, columns: Sequence[Column], length: int) -> Array:
        """Each row's key group (int16)."""
        return self.codec.key_groups(columns, length)

    def nbytes(self) -> int:
        """Memory held, about."""
        fixed = self.high * (self.codec.width * 8 + 10) + int(self.ctl[C.SEGMENTS]) * k.SEGMENT * 8
        return fixed + (0 if self.arena is None else self.arena.nbytes())

    # ---- snapshots (driven by the table that owns the index) ---------------------------------------------------

    @property
    def dirty(self) -> int:
        """How many slots `dirty_slots` would give."""
        return int(self.ctl[C.DIRTY])

    def dirty_slots(self, most: int | None = None) -> Array:
        """The slots whose key came or went since they were given last, or so many of them, ascending (int32), marked
        clean."""
        left = 0 if most is None else max(self.dirty - most, 0)
        slots = np.sort(self._space.arrays[_LIST][left:self.dirty])
        self._space.arrays[_MARK][slots] = 0
        self.ctl[C.DIRTY] = left
        return slots

    def forget_dirty(self) -> None:
        """Mark all slots clean."""
        self._space.arrays[_MARK][:self.high] = 0
        self.ctl[C.DIRTY] = 0


def _full(keys: int) -> UserError:
    return UserError("state_full", f"an operator holds {keys} keys, more than one shard can",
                     hint="use more shards, or let state expire ('table.exec.state.ttl')")
