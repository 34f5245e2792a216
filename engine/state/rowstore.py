"""`RowStore`: rows by key, for joins, OVER, Top-N, buffers: a multiset of rows under each slot of a table.

    rows = table.attach("left", RowStore(types))               # whole rows are counted: a retraction finds its row
    rows = table.attach("left", RowStore(types, identity=()))  # append-only: each row is its own, nothing is looked up
    rows = table.attach("left", RowStore(types, identity=(0, 2)))   # these columns identify a row (a unique key)
    rows = RowStore(types, order=3)                            # column 3 (BIGINT or time, int64) for `due`

    numbers, before = rows.apply(slots, columns, deltas)
        # in order, for each row: its weight += deltas[i] (int64; None = +1 each). New rows are made (also for a
        # negative delta: a retraction that came first), rows of weight 0 dropped. numbers: int64; before: old weight.
    numbers = rows.find(slots, columns)         # int64, -1 = no such row
    probe, numbers = rows.chains(slots)         # join expansion: all rows under slots[probe[k]], in order of arrival
    counts = rows.counts(slots)                 # rows under each slot
    rows.take(numbers) -> list of columns;      rows.take(numbers, (0, 2)) -> these columns; -1 gives NULLs
    rows.weight[numbers], rows.key[numbers], rows.seq[numbers]    # arrayss by row: int32, int32 (slot), int64
    rows.remove(numbers)                        # whatever their weight
    rows.touch(numbers)                         # after writing columns.values[i][numbers] in place
    numbers = rows.due(t)                       # rows with order <= t, by (order, arrival), each given once: remove it
    rows = RowStore(types, ttl=microseconds)    # each row lives so long after it was last written:
    rows.access(numbers, now)                   # ... by `apply` or `touch`, in this round (-1 and dead ones: ignored)
    rows.stale(numbers, now)                    # those of the rows whose time is over by now: remove them
    rows.expired(now)                           # rows whose time is over, each given once: remove them
    len(rows)

Row numbers are reused. Rows dropped by `apply`, `remove` can be taken until the next `apply`/`remove`: emit first. A
restore gives new numbers (and keeps the order of arrival). `columns.values[i]` are the raw arrays by row number, for
kernels.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from engine.changes import Array, Column
from engine.errors import InternalError, UserError
from engine.memory import MAX_ROWS, Reservation, address
from engine.state import rowstore_kernels as k
from engine.state.columns import RowColumns
from engine.state.hashing import hash_mask
from engine.state.index_kernels import CROWDED, SEGMENT, C
from engine.state.layout import EXTRA, Frame, frame_of
from engine.state.nested import encode_nested
from engine.state.parts import Replay, Stored, pieces, room_of, save
from engine.state.rows import hash_rows
from engine.state.sorted import SortedRows
from engine.state.timers import Heap
from engine.state.ttl import Expiry
from engine.types import DataType


class RowStore:
    """See the module."""

    def __init__(self, types: Sequence[DataType], *, identity: Sequence[int] | None = None,
                 order: int | None = None, ttl: int = 0) -> None:
        self.ttl = ttl
        self.expiry = Expiry(ttl) if ttl else None
        self.columns = RowColumns(types)
        self.types = self.columns.types
        chosen = range(len(self.types)) if identity is None else identity
        self._identity = np.array(list(chosen), np.int64)
        self._order = order
        self._heap = None if order is None else Heap()
        self._space = Reservation([
            (np.int32, 4), (np.int32, 4), (np.int64, 1), (np.uint64, 1), (np.int32, 1),
            (np.uint8, 1), (np.int32, 1), (np.uint8, 1), (np.int32, 1),
            (np.uint64, 4), (np.int32, 1), (np.int32, 1), (np.int32, 1)])
        arrays = self._space.arrays
        self.ctl = np.zeros(k.ROW_SIZE, np.int64)
        places = (k.CHAINS, k.LINKS, k.SEQ, k.HASH, k.PENDING,
                  C.LIVE, C.FREE, C.MARK, C.LIST, C.TABLE, C.DIRECTORY, C.COUNTS, C.DEPTHS)
        for place, array in zip(places, arrays, strict=True):
            self.ctl[place] = address(array)
        self._tally, self.key, self.weight, self.seq = arrays[0][:, 2], arrays[1][:, 0], arrays[1][:, 3], arrays[2]
        self.live, self._marks, self._list = arrays[5], arrays[7], arrays[8]
        self.ctl[C.MASK], self.ctl[C.SEGMENTS] = hash_mask(), 1
        self.ctl[C.ROWS], self.ctl[k.IDENTITY] = min(self._space.rows, MAX_ROWS), identity is None or len(identity) > 0
        for i, arena in enumerate(self.columns.arenas):
            if arena is not None:
                self.columns.desc[i, EXTRA] = arena.at
        self._sorted: list[SortedRows] = []
        self._no_hashes = np.zeros(0, np.uint64)
        self._ones = np.ones(1024, np.int64)

    def __len__(self) -> int:
        return int(self.ctl[k.TOTAL])

    @property
    def finds(self) -> bool:
        """Whether rows are found again by what they hold."""
        return bool(self.ctl[k.IDENTITY])

    @property
    def high(self) -> int:
        """All row numbers ever used are below this."""
        return int(self.ctl[C.HIGH])

    def apply(self, slots: Array, columns: Sequence[Column], deltas: Array | None = None) -> tuple[Array, Array]:
        """Add to the weights of rows under keys (see the module)."""
        self._settle()
        length = len(slots)
        if deltas is None:
            deltas = self._some_ones(length)
        batch, hashes = self._frame(slots, columns)
        out, before = np.empty(length, np.int64), np.empty(length, np.int64)
        done = 0
        while done < length:
            done = k.apply_rows(self.ctl, self.columns.desc, batch.desc, self._identity, slots, hashes, deltas, out,
                                before, done)
            if done < length:
                self._make_room(batch, done)
        if self._heap is not None and self._order is not None:
            made = (before == 0) & (out >= 0)
            made[made] = self.live[out[made]] != 0
            rows = out[made]
            self._heap.push(self.columns.values[self._order][rows], rows)
        self._follow(out)
        self._tidy()
        return out, before

    def sort_by(self, columns: Sequence[int], descending: Sequence[bool] | None = None,
                nulls_last: Sequence[bool] | None = None) -> SortedRows:
        """Keep the rows of each key in this order too (call before the first row comes)."""
        self._sorted.append(SortedRows(self, columns, descending, nulls_last))
        return self._sorted[-1]

    def _follow(self, rows: Array) -> None:
        for order in self._sorted:
            order.sync(rows[rows >= 0])

    def _some_ones(self, length: int) -> Array:
        if length > len(self._ones):
            self._ones = np.ones(2 * length, np.int64)
        return self._ones[:length]

    def _frame(self, slots: Array, columns: Sequence[Column]) -> tuple[Frame, Array]:
        batch = frame_of(self.columns.codes, [encode_nested(c) for c in columns], len(slots))
        if not self.ctl[k.IDENTITY]:
            return batch, self._no_hashes
        hashes = np.empty(len(slots), np.uint64)
        hash_rows(batch.desc, self._identity, slots, hashes)
        return batch, hashes

    def _make_room(self, batch: Frame, row: int) -> None:
        reason = int(self.ctl[C.REASON])
        if reason == k.STRINGS_FULL:
            column = int(self.ctl[k.COLUMN])
            arena = self.columns.arenas[column]
            assert arena is not None
            arena.grow(int(batch.values[column][row, 0] & np.uint64(0xFFFFFFFF)))
        elif reason == CROWDED:
            raise InternalError("a row store holds too many rows of one hash")
        else:
            raise UserError("state_full", f"an operator holds {len(self)} rows, more than one shard can",
                            hint="use more shards, or let state expire ('table.exec.state.ttl')")

    def _settle(self) -> None:
        if self.ctl[k.PENDING_COUNT]:
            k.settle(self.ctl, self.columns.desc)

    def _tidy(self) -> None:
        for arena in self.columns.arenas:
            if arena is not None:
                arena.tidy()
        self.columns.used(self.high)
        self._space.used(self.high)

    def find(self, slots: Array, columns: Sequence[Column]) -> Array:
        """The row under each key that equals the given one in the identity's columns (int64, -1: none)."""
        if not self.ctl[k.IDENTITY]:
            raise InternalError("rows of this store have no identity")
        batch, hashes = self._frame(slots, columns)
        out = np.empty(len(slots), np.int64)
        k.find_rows(self.ctl, self.columns.desc, batch.desc, self._identity, slots, hashes, out)
        return out

    def counts(self, slots: Array) -> Array:
        """How many rows there are under each slot (0 for -1), duplicates counted once (int32)."""
        counts = self._tally[slots]
        counts[slots < 0] = 0
        return counts

    def chains(self, slots: Array) -> tuple[Array, Array]:
        """All rows under these slots (-1 has none): positions in `slots` and row numbers (int64)."""
        ends = np.empty(len(slots), np.int64)
        total = k.chain_ends(self.ctl, slots, ends)
        probe, rows = np.empty(total, np.int64), np.empty(total, np.int64)
        k.fill_chains(self.ctl, slots, probe, rows)
        return probe, rows

    def take(self, rows: Array, which: tuple[int, ...] | None = None) -> list[Column]:
        """The columns of these rows."""
        return self.columns.take(rows, which)

    def remove(self, rows: Array) -> None:
        """Drop these rows, whatever their weight; dead ones are ignored."""
        self._settle()
        k.remove_rows(self.ctl, rows)
        self._follow(rows)

    def touch(self, rows: Array) -> None:
        """Note that fixed-width values outside of the identity were written in place (`columns.values[i][rows]`)."""
        k.touch_stored(self.ctl, rows)

    def access(self, rows: Array, now: int) -> None:
        """Note that rows which were just written are (see the module)."""
        if self.expiry is not None:
            rows = rows[rows >= 0]
            self.expiry.access(rows[self.live[rows] != 0], now)

    def stale(self, rows: Array, now: int) -> Array:
        """Those of live rows whose time is over by now."""
        over = None if self.expiry is None else self.expiry.stale(rows, now)
        return rows[:0] if over is None else rows[over]

    def expired(self, now: int) -> Array:
        """Rows whose time is over and that were not given before (int64): remove them now."""
        if self.expiry is None:
            return np.empty(0, np.int64)
        rows = self.expiry.expired(now)
        return rows[self.live[rows] != 0]

    def due(self, limit: int) -> Array:
        """The rows whose order column is <= limit, by it and then by arrival (int64); given once: remove them."""
        if self._heap is None or self._order is None or not self._heap.due(limit):
            return np.empty(0, np.int64)
        times, rows = self._heap.pop(limit)
        now = (self.live[rows] != 0) & (self.columns.values[self._order][rows] == times)
        times, rows = times[now], rows[now]
        rows = rows[np.lexsort((self.seq[rows], times))]
        if len(rows) < 2:
            return rows
        again = np.concatenate([np.zeros(1, np.bool_), rows[1:] == rows[:-1]])
        return rows[~again]

    def first(self) -> int | None:
        """The least value of the order column."""
        if self._order is None:
            return None
        values = self.columns.values[self._order][:self.high][self.live[:self.high] != 0]
        return int(values.min()) if len(values) else None

    def drop(self, slots: Array) -> None:
        """Remove all rows under these slots."""
        self.remove(self.chains(slots)[1])

    # ---- snapshots ---------------------------------------------------------------------------------------------

    def _stored(self) -> list[Stored]:
        fields = self.columns.stored([f"c{i}" for i in range(len(self.types))])
        times = [] if self.expiry is None else [Stored("access", self.expiry.times)]
        return [Stored("slot", self.key), Stored("weight", self.weight), Stored("seq", self.seq), *fields, *times]

    def save(self, prefix: str, full: bool) -> dict[str, Array]:
        """See `Attached`."""
        changed = self._drain()
        if full:
            return save(prefix, self._stored(), self._living(0, self.high))
        alive = self.live[changed].view(np.bool_)
        return save(prefix, self._stored(), changed[alive], dead=changed[~alive])

    def pieces(self, prefix: str) -> Iterator[dict[str, Array]]:
        """See `Attached`."""
        self._drain()
        return pieces([(prefix, self._stored())], self.high, self._living)

    def _drain(self) -> Array:
        """The rows that changed since the last call, ascending, marked clean."""
        changed = np.sort(self._list[:int(self.ctl[C.DIRTY])])
        self._marks[changed] = 0
        self.ctl[C.DIRTY] = 0
        return changed

    def _living(self, start: int, end: int) -> Array:
        return start + np.flatnonzero(self.live[start:end].view(np.bool_))

    def load(self, prefix: str, parts: Sequence[tuple[bool, Mapping[str, Array]]], remap: Array) -> None:
        """See `Attached`."""
        replay = Replay(self._stored(), room_of(prefix, [arrays for _, arrays in parts]))
        for full, arrays in parts:
            replay.apply(prefix, arrays, full)
        rows = np.flatnonzero(replay.alive)
        rows = rows[remap[replay.arrays[0][rows]] >= 0]
        rows = rows[np.argsort(replay.arrays[2][rows], kind="stable")]
        slots, weights, seq, *values = [a[rows] for a in replay.arrays]
        numbers = self._load_rows(remap[slots], weights, seq, values)
        if self.expiry is not None:
            dated = any(f"{prefix}.access" in arrays for _, arrays in parts)
            self.expiry.load(numbers, values[-1] if dated else None)

    def _load_rows(self, slots: Array, weights: Array, seq: Array, arrays: Sequence[Array]) -> Array:
        """Make rows; their numbers."""
        values, validity = [], []
        parts = iter(arrays)
        for kind in self.types:
            values.append(next(parts))
            validity.append(next(parts) if kind.nullable else None)
        batch = Frame(self.columns.codes, values, validity, len(slots))
        hashes = np.empty(len(slots), np.uint64)
        hash_rows(batch.desc, self._identity, slots, hashes)
        out, before, done = np.empty(len(slots), np.int64), np.empty(len(slots), np.int64), 0
        deltas = weights.astype(np.int64)
        while done < len(slots):
            done = k.apply_rows(self.ctl, self.columns.desc, batch.desc, self._identity, slots, hashes, deltas, out,
                                before, done)
            if done < len(slots):
                self._make_room(batch, done)
        self.seq[out] = seq
        if len(seq):
            self.ctl[k.NEXT_SEQ] = max(int(self.ctl[k.NEXT_SEQ]), int(seq[-1]) + 1)
        if self._heap is not None and self._order is not None:
            self._heap.push(self.columns.values[self._order][out], out)
        self._follow(out)
        self._marks[self._list[:int(self.ctl[C.DIRTY])]] = 0
        self.ctl[C.DIRTY] = 0
        return out

    def nbytes(self) -> int:
        """Memory held, about."""
        held = self.high * 49 + self.columns.nbytes(self.high)
        return held + (int(self.ctl[C.SEGMENTS]) * SEGMENT * 8 if self.ctl[k.IDENTITY] else 0)
