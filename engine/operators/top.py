"""The best N rows of each key of an append-only stream: what Top-N, deduplication and window Top-N share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.aggregates.marks import SlotMarks
from engine.changes import Array, Batch, Column, concat_columns
from engine.memory import Reservation
from engine.operators import top_kernels as k
from engine.state.order import BYTES, SortCodec
from engine.state.rowstore import RowStore
from engine.state.table import StateTable
from engine.types import DataType

MOST = 256  # rows a key; beyond, rows are kept in a tree


@dataclass(frozen=True)
class Order:
    """An ordering column: position, direction, place of NULLs."""

    index: int
    descending: bool = False
    nulls_first: bool = True


def sort_codec(types: Sequence[DataType], order: Sequence[Order]) -> SortCodec:
    """The codec of ORDER BY columns."""
    return SortCodec([types[o.index] for o in order], [o.descending for o in order], [not o.nulls_first for o in order])


@dataclass(frozen=True)
class TopOutput:
    """Changes: row kinds (uint8), rows (columns of the input), ranks (int64)."""

    kinds: Array
    columns: list[Column]
    ranks: Array


class TopRows:
    """The rows ranked 1 to `end` under each slot of a table, by `order` (none: as they come).

    `ranked`: changes name ranks from `start` on; else only rows that enter or leave. `ties_win`: of equal rows the
    later one comes first. `silent`: no changes wanted, rows are read by `standing`.
    """

    def __init__(self, table: StateTable, types: Sequence[DataType], order: Sequence[Order], *, start: int = 1,
                 end: int,
                 ranked: bool = False, update_before: bool = True, ties_win: bool = False,
                 silent: bool = False) -> None:
        self.rows = table.attach("rows", RowStore(types, identity=()))
        self._order = tuple(order)
        self._codec = sort_codec(types, order) if order else None
        self._how = np.array([start, end, ranked or start > 1, update_before, ties_win, silent], np.int64)
        self._silent, self._end = silent, end
        self._space = Reservation([(np.uint64, 2 * end), (np.int64, end), (np.int32, 1)])
        orders, refs, self._sizes = self._space.arrays
        self._orders, self._refs = orders.reshape(len(orders), end, 2), refs.reshape(len(refs), end)
        self._marks = SlotMarks()

    @staticmethod
    def fits(types: Sequence[DataType], order: Sequence[Order], end: int) -> bool:
        """Whether so few rows with such sort keys can be held this way."""
        return end <= MOST and (not order or sort_codec(types, order).form != BYTES)

    def rebuild(self, table: StateTable) -> None:
        """After a restore: what stands follows from the rows."""
        probe, numbers = self.rows.chains(table.live_slots())
        if not len(numbers):
            return
        slots = table.live_slots()[probe]
        orders = self._encode(self.rows.take(numbers), len(numbers))
        seq = self.rows.seq[numbers]
        if self._how[k.TIES_WIN]:
            seq = -seq
        ranked = np.lexsort((seq, orders[:, 1], orders[:, 0], slots))
        slots, numbers, orders = slots[ranked], numbers[ranked], orders[ranked]
        first = np.concatenate([np.ones(1, np.bool_), slots[1:] != slots[:-1]])
        position = np.arange(len(slots)) - np.maximum.accumulate(np.where(first, np.arange(len(slots)), 0))
        self._refs[slots, position] = numbers
        self._orders[slots, position] = orders
        np.maximum.at(self._sizes, slots, (position + 1).astype(np.int32))

    def _encode(self, columns: Sequence[Column], length: int) -> Array:
        if self._codec is None:
            return np.zeros((length, 2), np.uint64)
        return self._codec.encode([columns[o.index] for o in self._order], length)

    def insert(self, slots: Array, batch: Batch, every_change: bool) -> TopOutput | None:
        """Take rows in; their changes, one for each row or (else) one for each key."""
        low = self._encode(batch.columns, batch.length)
        touched = self._marks.touch(slots)
        groups = touched.slots
        consolidate = not self._silent and not every_change
        before, standing = np.empty((0, 0), np.int64), np.empty(0, np.int64)
        if consolidate:
            before, standing = np.empty((len(groups), self._end), np.int64), np.empty(len(groups), np.int64)
            k.copy_standing(groups, self._refs, self._sizes, before, standing)
        out, gone = self._insert(low, slots, batch.length, self._silent or consolidate)
        if consolidate:
            out = np.empty((3, 2 * self._end * len(groups)), np.int64)
            out = out[:, :k.standing_changes(groups, before, standing, self._refs, self._sizes, self._how, out)]
        made = self._made(out, batch) if out.shape[1] else None
        if len(gone):
            self.rows.remove(gone)
        self._store(groups, batch)
        return made

    def _insert(self, low: Array, slots: Array, length: int, silent: bool) -> tuple[Array, Array]:
        how = self._how.copy()
        how[k.SILENT] = silent
        out = np.empty((3, 2 * length + 2 * self._end), np.int64)
        gone, counts = np.empty(length, np.int64), np.zeros(2, np.int64)
        done = k.insert_rows(low, slots, self._orders, self._refs, self._sizes, how, 0, out, gone, counts)
        while done < length:
            more = np.empty((3, 2 * out.shape[1]), np.int64)
            more[:, :counts[0]] = out[:, :counts[0]]
            out = more
            done = k.insert_rows(low, slots, self._orders, self._refs, self._sizes, how, done, out, gone, counts)
        return out[:, :counts[0]], gone[:counts[1]]

    def _made(self, out: Array, batch: Batch) -> TopOutput:
        """Changes with their rows' columns."""
        kinds, refs, ranks = out[0].astype(np.uint8), out[1], out[2]
        old = refs >= 0
        if not old.any():
            rows = ~refs
            return TopOutput(kinds, [c.take(rows) for c in batch.columns], ranks)
        stored = self.rows.take(refs[old])
        places = np.where(old, batch.length + np.cumsum(old) - 1, ~refs)
        columns = [concat_columns([new, kept.with_type(new.type)]).take(places)
                   for new, kept in zip(batch.columns, stored, strict=True)]
        return TopOutput(kinds, columns, ranks)

    def _store(self, groups: Array, batch: Batch) -> None:
        """Keep the rows of the batch that stand."""
        room = min(batch.length, self._end * len(groups))
        rows, places = np.empty(room, np.int64), np.empty(room, np.int64)
        count = k.find_new(groups, self._refs, self._sizes, rows, places)
        if not count:
            return
        order = np.argsort(rows[:count])
        rows, places = rows[order], places[order]
        numbers, _ = self.rows.apply(places // self._end, [c.take(rows) for c in batch.columns])
        self._refs.reshape(-1)[places] = numbers

    def standing(self, slots: Array) -> tuple[Array, Array, Array]:
        """What stands under these slots: position in `slots`, row of the store, rank (int64 each)."""
        sizes = self._sizes[slots].astype(np.int64)
        probe = np.repeat(np.arange(len(slots)), sizes)
        ranks = np.arange(len(probe)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        return probe, self._refs[slots[probe], ranks], ranks + 1

    def forget(self, slots: Array) -> None:
        """These slots are about to be released."""
        self._sizes[slots] = 0
