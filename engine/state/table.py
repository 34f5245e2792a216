"""`StateTable`: an operator's keyed state: a key index, typed columns addressed by slot, and what hangs on its slots.

    table = StateTable([BIGINT], [StateField("count", BIGINT.as_nullable(False)), StateField("last", STRING)])
    slots = table.slots(key_columns, n)         # int64; new keys get slots, whose fields are zero / NULL
    table.touch(slots)                          # before or after a change: these slots go into the next checkpoint
    counts = table.column("count")              # raw array, fixed for the table's life: hand it to kernels
    table.put("last", slots, column)            # strings and nested values only so (touches by itself)
    table.take("last", slots) -> Column
    table.release(slots)                        # forget keys, fields and all that hangs on them
    table.keys(slots) -> list of key columns;  table.lookup(key_columns, n);  table.live_slots();  len(table)

`slots` touches new keys by itself. Kernels may call `engine.state.parts.touch_row(table.dirty.ctl, slot)` themselves.

*Attached state* (`attach(name, thing)`): `RowStore`, `SortedRows`, `Timers`, `PagedArray`... made with slots of this
table; they are saved, restored, renumbered and released with it. Slot numbers are NOT kept by a restore (former
shards are merged or cut, free slots closed up): hold none outside of the table and what is attached.

*TTL*: `StateTable(..., ttl=microseconds)`: `access(slots, now)` notes use; `stale(slots, now)` says which of them had
expired (treat as absent; None where nothing had); `expired(now)` gives slots to `release`, at a cost of what expires.
`current(key_columns, n, now)` is `slots` and `access` where keys that had expired begin anew.

A table is a `StateObject`: name it in `Operator.states()`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np

from engine.changes import Array, Column, Mask
from engine.errors import InternalError, UserError
from engine.state.columns import RowColumns
from engine.state.hashing import HASH_VERSION
from engine.state.index import KeyIndex
from engine.state.index_kernels import C
from engine.state.keys import KeyCodec
from engine.state.parts import DirtyRows, Replay, Stored, pieces, room_of, save, span
from engine.state.protocol import StatePart
from engine.state.reload import reload
from engine.state.ttl import Expiry
from engine.types import DataType

VERSION = 1
AHEAD_FROM = 4 << 20
"""Bytes of a table from which its first snapshot is made in pieces: less is copied in a millisecond or two."""
MANY, PORTION = 200_000, 25_000
"""Changed rows from which a later one is made in pieces, and rows of a piece."""


@dataclass(frozen=True)
class StateField:
    """A declared column of keyed state."""

    name: str
    type: DataType


class Attached(Protocol):
    """State that hangs on the slots of a table."""

    def save(self, prefix: str, full: bool) -> dict[str, Array]:
        """Written form of all, or of what changed; marks all as clean."""
        ...

    def pieces(self, prefix: str) -> Iterator[dict[str, Array]] | None:
        """Mark all as clean, and give its written form in pieces, each made when it is asked for; None: it is saved
        whole only. A piece is a change that `load` takes like any."""
        ...

    def load(self, prefix: str, parts: Sequence[tuple[bool, Mapping[str, Array]]], remap: Array) -> None:
        """Add what a chain of parts (full?, arrays) holds; remap[old slot] = slot now, -1 = not ours."""
        ...

    def drop(self, slots: Array) -> None:
        """These keys are released: forget what hangs on them."""
        ...

    def nbytes(self) -> int:
        """Memory held, about."""
        ...


A = TypeVar("A", bound=Attached)


class StateTable:
    """See the module."""

    def __init__(self, key_types: Sequence[DataType], fields: Sequence[StateField] = (), *, ttl: int = 0,
                 dealt_by: int | None = None) -> None:
        self.index = KeyIndex(key_types)
        # how many of the key's first columns deal rows to shards, where not all do (the rest: a window, a number)
        self._dealt = None if dealt_by is None else KeyCodec(key_types[:dealt_by])
        self.fields = tuple(fields)
        self.columns = RowColumns([f.type for f in fields])
        self.dirty = DirtyRows()
        self.expiry = Expiry(ttl) if ttl else None
        self._position = {f.name: i for i, f in enumerate(self.fields)}
        self._attached: dict[str, Attached] = {}
        self._based = False  # whether a part was written that changes can be told against
        self._ahead: Iterator[dict[str, Array]] | None = None  # pieces to be given before the next snapshot
        self._kept = False  # whether a restore has kept the slots
        self._ahead_of = False  # whether changes were given before the next snapshot
        self._whole: set[str] = set()  # what is attached and has no pieces: saved whole by the next snapshot

    def __len__(self) -> int:
        return len(self.index)

    def attach(self, name: str, thing: A) -> A:
        """Make state that hangs on slots part of the table; returns it."""
        if name in {*self._attached, "keys", "fields"} or "." in name:
            raise InternalError(f"attached state needs a name of its own, without dots: {name!r}")
        self._attached[name] = thing
        return thing

    @property
    def attached(self) -> Mapping[str, Attached]:
        """What hangs on the slots, by name."""
        return self._attached

    # ---- keys --------------------------------------------------------------------------------------------------

    def slots(self, key_columns: Sequence[Column], length: int) -> Array:
        """Each row's slot (int64), assigned where the key is new (`fresh` tells)."""
        return self.slots_of_words(self.index.codec.encode(key_columns, length))

    def slots_of_words(self, words: Array) -> Array:
        """`slots` for keys encoded by `index.codec`."""
        before = self.index.ctl[C.COUNT]
        slots = self.index.upsert_words(words)
        if self.index.ctl[C.COUNT] != before:
            self.dirty.touch(slots[self.index.fresh[:len(slots)].view(np.bool_)])
            self.columns.used(self.index.high)
        return slots

    @property
    def fresh(self) -> Array:
        """uint8 for each row of the last `slots`: 1 where it made the key."""
        return self.index.fresh

    def lookup(self, key_columns: Sequence[Column], length: int) -> Array:
        """Each row's slot (int64), -1 where the key is missing."""
        return self.index.lookup(key_columns, length)

    def keys(self, slots: Array) -> list[Column]:
        """The key columns of slots."""
        return self.index.decode(slots)

    def live_slots(self) -> Array:
        """All slots in use, ascending (int64)."""
        return self.index.live_slots()

    def release(self, slots: Array) -> None:
        """Forget these keys and everything under them."""
        for thing in self._attached.values():
            thing.drop(slots)
        if self.fields:
            self.columns.clear(slots)
        if self.expiry is not None:
            self.expiry.forget(slots)
        self.index.release(slots)

    # ---- fields ------------------------------------------------------------------------------------------------

    def column(self, name: str) -> Array:
        """A field's raw values by slot, the same array for the table's life (its length is not what is in use)."""
        return self.columns.values[self._position[name]]

    def validity(self, name: str) -> Array | None:
        """A nullable field's validity by slot."""
        return self.columns.validity[self._position[name]]

    def take(self, name: str, slots: Array) -> Column:
        """A field's values at slots (-1: NULL)."""
        return self.columns.take(slots, (self._position[name],))[0]

    def take_all(self, slots: Array) -> list[Column]:
        """All fields' values at slots."""
        return self.columns.take(slots)

    def put(self, name: str, slots: Array, column: Column) -> None:
        """Write a field's values at slots (the last of a slot named twice stays) and mark them dirty."""
        self.columns.put(slots, [column], (self._position[name],))
        self.dirty.touch(slots)

    def put_all(self, slots: Array, columns: Sequence[Column]) -> None:
        """`put` of all fields."""
        self.columns.put(slots, columns)
        self.dirty.touch(slots)

    def clear(self, slots: Array) -> None:
        """Reset the fields of slots (zero / NULL), keeping the keys."""
        self.columns.clear(slots)
        self.dirty.touch(slots)

    def touch(self, slots: Array) -> None:
        """Note that fields of these slots change."""
        self.dirty.touch(slots)

    # ---- time to live ------------------------------------------------------------------------------------------

    def access(self, slots: Array, now: int) -> None:
        """Note that slots were used at processing time `now` (microseconds); goes into the next checkpoint."""
        if self.expiry is not None:
            self.expiry.access(slots, now)
            self.dirty.touch(slots)

    def stale(self, slots: Array, now: int) -> Mask | None:
        """Which of the slots had expired by `now` (of those accessed before); None: none had."""
        return None if self.expiry is None else self.expiry.stale(slots, now)

    def current(self, key_columns: Sequence[Column], length: int, now: int,
                forget: Callable[[Array], None] = lambda slots: None) -> Array:
        """Each row's slot, used now; keys that had expired begin anew: `forget` hears of their slots before they go."""
        slots = self.slots(key_columns, length)
        if self.expiry is None:
            return slots
        stale = self.stale(slots, now)
        if stale is not None:
            gone = np.unique(slots[stale])
            forget(gone)
            self.release(gone)
            slots = self.slots(key_columns, length)
        self.access(slots, now)
        return slots

    def expired(self, now: int) -> Array:
        """Slots whose time is over and that were not given before (int64): release them now."""
        if self.expiry is None:
            return np.empty(0, np.int64)
        slots = self.expiry.expired(now)
        return slots[self.index.live[slots].view(np.bool_)]

    # ---- snapshots ---------------------------------------------------------------------------------------------

    def stored_keys(self) -> list[Stored]:
        """The arrays of keys to save."""
        return [Stored("key", self.index.keys, not self.index.codec.fixed)]

    def stored_fields(self) -> list[Stored]:
        """The arrays of fields to save, with the times of last access."""
        stored = self.columns.stored([f"f.{f.name}" for f in self.fields])
        return stored + ([] if self.expiry is None else [Stored("access", self.expiry.times)])

    def ahead(self) -> StatePart | None:
        """See `StateObject`: before the first snapshot of much state, and before one of many changes."""
        first = False
        if self._ahead is None:
            much = self.nbytes() >= AHEAD_FROM if not self._based else self.index.dirty + len(self.dirty) > MANY
            if not much:
                return None
            first = not self._based
            self._based = True
            self._ahead = self._pieces() if first else self._changes()
        arrays = next(self._ahead, None)
        if arrays is None:
            self._ahead = None
        return None if arrays is None else self._part(first, arrays)

    def _changes(self) -> Iterator[dict[str, Array]]:
        """Most of what changed: keys that came and went, then fields."""
        self._ahead_of = True
        while self.index.dirty > PORTION:
            yield self._changed_keys(self.index.dirty_slots(PORTION))[0]
        while len(self.dirty) > PORTION:
            yield self._changed_fields(self.dirty.drain(PORTION))

    def _changed_keys(self, changed: Array) -> tuple[dict[str, Array], Array]:
        """The written form of what became of these slots' keys, and which of them there are."""
        born = self.index.live.view(np.bool_)[changed]
        return save("keys", self.stored_keys(), changed[born], dead=changed[~born]), changed[born]

    def _changed_fields(self, touched: Array) -> dict[str, Array]:
        return save("fields", self.stored_fields(), touched[self.index.live.view(np.bool_)[touched]])

    def _pieces(self) -> Iterator[dict[str, Array]]:
        self._forget_dirty()
        keys, fields, high = self.stored_keys(), self.stored_fields(), self.index.high
        self._whole = set(self._attached)
        live = self.index.live.view(np.bool_)

        def living(start: int, end: int) -> Array:
            return start + np.flatnonzero(live[start:end])

        yield from pieces([("keys", keys), ("fields", fields)], high, living)
        for name, thing in self._attached.items():
            more = thing.pieces(name)
            if more is not None:
                self._whole.discard(name)
                yield from more

    def snapshot(self, full: bool) -> StatePart:
        """See `StateObject`: all keys and fields, or those that changed, with what is attached.

        The first snapshot is full in any case, also after a restore: slots have new numbers then.
        """
        full = full or not self._based
        self._based = True
        self._ahead = None
        if full:
            self._forget_dirty()
            live = None if len(self.index) == self.index.high else self.live_slots()
            arrays = save("keys", self.stored_keys(), live, self.index.high)
            arrays |= save("fields", self.stored_fields(), live, self.index.high)
        else:
            arrays, born = self._changed_keys(self.index.dirty_slots())
            touched = self.dirty.drain()
            if self._ahead_of:  # whoever takes a key takes its slot as empty: all fields have to come with it
                touched = np.union1d(touched, born)
            arrays |= self._changed_fields(touched)
        self._ahead_of = False
        for name, thing in self._attached.items():
            arrays |= thing.save(name, full or name in self._whole)
        self._whole = set()
        return self._part(full, arrays)

    def _part(self, full: bool, arrays: dict[str, Array]) -> StatePart:
        meta: dict[str, Any] = {"version": VERSION, "hash": HASH_VERSION, "keys": len(self.index)}
        return StatePart("table", full, arrays, meta)

    def restore(self, chains: Sequence[Sequence[StatePart]], groups: tuple[int, int] | None) -> None:
        """See `StateObject`."""
        for chain in chains:
            for part in chain:
                if part.kind != "table" or part.meta.get("version") != VERSION:
                    raise UserError("checkpoint_version", "a checkpoint has a form that this program does not read",
                                    hint="go on with the version that wrote it, or start from the beginning")
        chains = [chain for chain in chains if chain]
        if groups is None and len(chains) == 1 and not self.index.high:
            self._restore_whole(chains[0])
        else:
            for chain in chains:
                self._restore_chain(chain, groups)
        self._forget_dirty()

    def _forget_dirty(self) -> None:
        self.dirty.forget(self.index.high)
        self.index.forget_dirty()

    def _groups_of(self, words: Array) -> Array:
        """The key group of each of these keys: of the columns that deal rows to shards."""
        codec = self.index.codec
        if self._dealt is None:
            return codec.groups_of(words)
        columns = codec.decode(np.ascontiguousarray(words), np.arange(len(words)))
        return self._dealt.key_groups(columns[:len(self._dealt.types)], len(words))

    def _restore_chain(self, chain: Sequence[StatePart], groups: tuple[int, int] | None) -> None:
        keys, fields = self._replayed(chain)
        old: Array | slice = slice(0, len(keys.alive))
        if groups is not None or not keys.alive.all():
            old = span(np.flatnonzero(keys.alive))
        words = keys.arrays[0][old]
        if groups is not None:
            group = self._groups_of(words)
            mine = np.flatnonzero((group >= groups[0]) & (group < groups[1]))
            numbers = np.arange(old.start, old.stop) if isinstance(old, slice) else old
            old, words = numbers[mine], words[mine]
        self.columns.used(len(words))
        slots = self.index.upsert_words(np.ascontiguousarray(words))
        self._load_fields(slots, fields, old, _dated(chain))
        if self._attached:
            remap = np.full(len(keys.alive), -1, np.int64)
            remap[old] = slots
            self._load_attached(chain, remap)

    def _restore_whole(self, chain: Sequence[StatePart]) -> None:
        """Under the slots that the keys had."""
        alive = reload(self, chain)
        if self.expiry is not None:
            slots = np.flatnonzero(alive)
            self.expiry.load(slots, self.expiry.times[slots] if _dated(chain) else None)
        if self._attached:
            remap = np.arange(len(alive))
            remap[~alive] = -1
            self._load_attached(chain, remap)
        self._kept = True

    def go_on(self) -> None:
        """The chain that the table was restored from goes on, where slots are what they were: the next snapshot then
        holds changes only. What is attached has new numbers, so that the next one is full."""
        self._based = self._kept and not self._attached

    def _load_attached(self, chain: Sequence[StatePart], remap: Array) -> None:
        for name, thing in self._attached.items():
            parts = [(p.full, p.arrays) for p in chain if any(n.startswith(f"{name}.") for n in p.arrays)]
            if parts:
                thing.load(name, parts, remap)

    def forget_fields(self, slots: Array) -> None:
        """Zero the fields of slots, and when they were used."""
        self.columns.clear(slots)
        if self.expiry is not None:
            self.expiry.times[slots] = 0

    def _replayed(self, chain: Sequence[StatePart]) -> tuple[Replay, Replay]:
        """Keys and fields as they are after the chain, by former slot."""
        room = room_of("keys", [part.arrays for part in chain])
        keys, fields = Replay(self.stored_keys(), room), Replay(self.stored_fields(), room)
        for part in chain:
            keys.apply("keys", part.arrays, part.full)
            fields.forget(part.arrays.get("keys.rows") if not part.full else None)
            fields.apply("fields", part.arrays, part.full)
        fields.extend(len(keys.alive))
        return keys, fields

    def _load_fields(self, slots: Array, fields: Replay, old: Array | slice, dated: bool) -> None:
        arrays = [a[old] for a in fields.arrays]
        if self.expiry is not None:
            times = arrays.pop()
            self.expiry.load(slots, times if dated else None)
        self.columns.load(slots, arrays)

    def rows(self) -> int:
        """Keys held, or the rows that hang on them where those are more."""
        return max(len(self.index), *(len(t) for t in self._attached.values() if isinstance(t, Sized)), 0)

    def nbytes(self) -> int:
        """Memory held, about."""
        held = self.index.nbytes() + self.columns.nbytes(self.index.high) + 5 * self.index.high
        return held + sum(thing.nbytes() for thing in self._attached.values())


def _dated(chain: Sequence[StatePart]) -> bool:
    """Whether a chain tells when slots were used last."""
    return any("fields.access" in part.arrays for part in chain)
