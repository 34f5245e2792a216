"""What a lookup join knows of keys: the rows of each, or that there are none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.changes import Array, Column, concat_columns
from engine.state.index import KeyIndex
from engine.types import DataType

Answer = tuple[Array, tuple[Column, ...]]
"""Positions of the keys that were asked for (ascending, one a match), and the matches' columns."""

UNKNOWN, MISSING = -2, -1
KEPT = {True: 1_000, False: 100_000}  # answers that are not cached are thrown away by so many, `local` or not


@dataclass(frozen=True)
class LookupOptions:
    """`cache_rows` 0 = no cache, else about how many keys it holds; `cache_ttl` microseconds, 0 = for ever;
    `cache_missing`: that a key is not there is cached, too; `local`: ask in place instead of on threads.

    `unordered`: results may overtake one another between watermarks; `capacity`: rows that wait for answers at most
    (None: as is best); `timeout`: seconds until a row must be answered; `attempts`: how often a key that is not there
    is asked for again, after `delay` seconds each time."""

    cache_rows: int = 0
    cache_ttl: int = 0
    cache_missing: bool = True
    local: bool = True
    threads: int = 4
    unordered: bool = False
    capacity: int | None = None
    timeout: float = 180.0
    attempts: int = 0
    delay: float = 0.0


class LookupCache:
    """Answers by key: the rows of a key (`counts` from `rows` on), or none (a negative entry)."""

    def __init__(self, types: Sequence[DataType], options: LookupOptions) -> None:
        self._options = options
        self._index = KeyIndex(types)
        self.rows = np.full(1024, UNKNOWN, np.int64)
        self.counts = np.zeros(1024, np.int64)
        self.until = np.zeros(1024, np.int64)
        self.flying = np.zeros(1024, np.bool_)  # asked for, not answered yet
        self.chunks: list[tuple[Column, ...]] = []
        self.size = 0

    def slots(self, keys: Sequence[Column], length: int) -> Array:
        """The keys' slots."""
        slots = self._index.upsert(keys, length)
        high = self._index.high
        if high > len(self.rows):
            more = 2 * high - len(self.rows)
            self.rows = np.concatenate([self.rows, np.full(more, UNKNOWN, np.int64)])
            self.counts = np.concatenate([self.counts, np.zeros(more, np.int64)])
            self.until = np.concatenate([self.until, np.zeros(more, np.int64)])
            self.flying = np.concatenate([self.flying, np.zeros(more, np.bool_)])
        return slots

    def unknown(self, slots: Array, now: int) -> Array:
        """Which of these have no answer, or one that is too old (still used by rows that came before)."""
        options = self._options
        if not options.cache_rows:
            return np.ones(len(slots), np.bool_)
        unknown: Array = self.rows[slots] == UNKNOWN
        if not options.cache_missing:
            unknown |= self.rows[slots] == MISSING
        if options.cache_ttl:
            unknown |= self.until[slots] <= now
        return unknown

    def put(self, slots: Array, answer: Answer, now: int) -> None:
        """Store the answer to a request for these slots."""
        positions, columns = answer
        answered, starts, counts = np.unique(positions, return_index=True, return_counts=True)
        self.rows[slots], self.counts[slots] = MISSING, 0
        self.rows[slots[answered]], self.counts[slots[answered]] = self.size + starts, counts
        self.until[slots] = now + self._options.cache_ttl
        if len(positions):
            self.chunks.append(columns)
            self.size += len(positions)
            if len(self.chunks) > 16:
                self.chunks = [tuple(concat_columns(parts) for parts in zip(*self.chunks, strict=True))]

    def matches(self, slots: Array) -> tuple[Array, Array]:
        """For each of the keys' rows its position in `slots`, and its number among all cached rows."""
        counts = np.where(self.rows[slots] >= 0, self.counts[slots], 0)
        found = np.repeat(np.arange(len(slots)), counts)
        within = np.arange(len(found)) - np.repeat(np.cumsum(counts) - counts, counts)
        return found, self.rows[slots][found] + within

    def columns(self) -> tuple[Column, ...]:
        """All cached rows as one set of columns."""
        if len(self.chunks) > 1:
            self.chunks = [tuple(concat_columns(parts) for parts in zip(*self.chunks, strict=True))]
        return self.chunks[0] if self.chunks else ()

    @property
    def full(self) -> bool:
        """Whether it is time to begin anew: too many rows, or keys (of rows that are not there)."""
        options = self._options
        return max(self.size, self._index.high) > (options.cache_rows or KEPT[options.local])
