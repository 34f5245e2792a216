"""Signed columnar batches and their algebra; the messages that travel on an edge: Batch | Watermark | Barrier.

Physical layout of a `Column` of n rows, by type:

| type | values | children |
|---|---|---|
| BOOLEAN, TINYINT, SMALLINT, INT, BIGINT, FLOAT, DOUBLE | numpy bool_, int8, int16, int32, int64, float32, float64 | |
| DATE, INTERVAL YEAR TO MONTH | int32: days since 1970-01-01, months | |
| TIME, TIMESTAMP, TIMESTAMP_LTZ, INTERVAL DAY TO SECOND | int64 microseconds | |
| DECIMAL(p <= 18, s) / DECIMAL(p > 18, s) | int64 scaled by 10^s / int64 (n, 2): low and high limb of 128 bits | |
| CHAR, VARCHAR, BINARY, VARBINARY | uint64 (n, 2): string views, see below | |
| ARRAY, MULTISET, MAP | int64 (n + 1) offsets into the children | (elements,), (elements, counts), (keys, values) |
| ROW | int8 (n), unused | one column per field |
| NULL | int8 (n), all invalid | |

A string view is two words. Word 0: length (low 32 bits) and the first four bytes (high 32 bits). Word 1: up to 12
bytes, the bytes 5 to 12; longer, the absolute address of the first byte. Unused inline bytes are zero, so two strings
of at most 12 bytes are equal iff both words are. `owners` keeps the memory alive that the addresses point into.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.types import DataType, Kind

Array = NDArray[Any]
Mask = NDArray[np.bool_]

INSERT, UPDATE_BEFORE, UPDATE_AFTER, DELETE = 0, 1, 2, 3
KIND_NAMES = ("+I", "-U", "+U", "-D")
MIN_WATERMARK = -(2**63)
MAX_WATERMARK = 2**63 - 1

DTYPES: dict[Kind, type[np.generic]] = {
    Kind.BOOLEAN: np.bool_, Kind.TINYINT: np.int8, Kind.SMALLINT: np.int16, Kind.INT: np.int32, Kind.BIGINT: np.int64,
    Kind.FLOAT: np.float32, Kind.DOUBLE: np.float64, Kind.DATE: np.int32, Kind.INTERVAL_MONTHS: np.int32,
    Kind.TIME: np.int64, Kind.TIMESTAMP: np.int64, Kind.TIMESTAMP_LTZ: np.int64, Kind.INTERVAL_TIME: np.int64,
    Kind.DECIMAL: np.int64, Kind.NULL: np.int8, Kind.ROW: np.int8,
}  # fmt: skip


class Column:
    """Values of one type for the rows of a batch. Immutable by convention: operators share columns."""

    __slots__ = ("type", "values", "validity", "owners", "children")

    def __init__(self, type: DataType, values: Array, validity: Mask | None = None,
                 owners: tuple[object, ...] = (), children: tuple[Column, ...] = ()) -> None:
        self.type = type
        self.values = values
        self.validity = validity
        self.owners = owners
        self.children = children

    def __len__(self) -> int:
        return len(self.values) - 1 if self.is_list else len(self.values)

    @property
    def is_list(self) -> bool:
        """Whether `values` are offsets."""
        return self.type.kind in (Kind.ARRAY, Kind.MAP, Kind.MULTISET)

    def with_type(self, type: DataType) -> Column:
        """The same values under another type of the same layout."""
        return Column(type, self.values, self.validity, self.owners, self.children)

    def with_validity(self, validity: Mask | None) -> Column:
        return Column(self.type, self.values, validity, self.owners, self.children)

    def valid(self) -> Mask:
        """The validity as an array, made where all values are present."""
        return np.ones(len(self), np.bool_) if self.validity is None else self.validity

    def take(self, rows: Array) -> Column:
        """The values at these positions (int array), or where a boolean mask is true."""
        if rows.dtype == np.bool_:
            rows = np.flatnonzero(rows)
        validity = None if self.validity is None else self.validity[rows]
        if not self.children:  # numpy indexes pairs of words by `take` thirty times as fast as by []
            values = self.values[rows] if self.values.ndim == 1 else self.values.take(rows, 0)
            return Column(self.type, values, validity, self.owners)
        if self.is_list:
            offsets, inner = take_lists(self.values, rows)
            return Column(self.type, offsets, validity, self.owners, tuple(c.take(inner) for c in self.children))
        children = tuple(c.take(rows) for c in self.children)
        return Column(self.type, self.values[rows], validity, self.owners, children)

    def slice(self, start: int, stop: int) -> Column:
        """Rows start to stop, sharing memory but for offsets of lists."""
        validity = None if self.validity is None else self.validity[start:stop]
        if self.is_list:
            offsets = self.values[start:stop + 1]
            first, last = int(offsets[0]), int(offsets[-1])
            children = tuple(c.slice(first, last) for c in self.children)
            return Column(self.type, offsets - first, validity, self.owners, children)
        children = tuple(c.slice(start, stop) for c in self.children)
        return Column(self.type, self.values[start:stop], validity, self.owners, children)


def take_lists(offsets: Array, rows: Array) -> tuple[Array, Array]:
    """New offsets and positions of the elements for the lists at `rows`."""
    starts = offsets[rows]
    lengths = offsets[rows + 1] - starts
    result = np.zeros(len(rows) + 1, np.int64)
    np.cumsum(lengths, out=result[1:])
    inner = np.arange(result[-1], dtype=np.int64) + np.repeat(starts - result[:-1], lengths)
    return result, inner


def null_column(type: DataType, length: int) -> Column:
    """`length` NULLs."""
    validity = np.zeros(length, np.bool_)
    if type.kind in (Kind.ARRAY, Kind.MULTISET, Kind.MAP):
        parts = [type.element] if type.kind is Kind.ARRAY else (
            [type.key, type.element] if type.kind is Kind.MAP else [type.element, DataType(Kind.INT, nullable=False)])
        children = tuple(null_column(t, 0) for t in parts if t is not None)
        return Column(type, np.zeros(length + 1, np.int64), validity, (), children)
    children = tuple(null_column(f.type, length) for f in type.fields)
    return Column(type, empty_values(type, length), validity, (), children)


def empty_values(type: DataType, length: int) -> Array:
    """Zeroed values of `length` rows for a type that is not a list."""
    if type.has_views:
        return np.zeros((length, 2), np.uint64)
    if type.is_wide_decimal:
        return np.zeros((length, 2), np.int64)
    return np.zeros(length, DTYPES.get(type.kind, np.int8))


def concat_columns(columns: Sequence[Column]) -> Column:
    """Columns of one type one after another."""
    if len(columns) == 1:
        return columns[0]
    first = columns[0]
    validity = None
    if any(c.validity is not None for c in columns):
        validity = np.concatenate([c.valid() for c in columns])
    children = tuple(concat_columns(parts) for parts in zip(*(c.children for c in columns), strict=True))
    owners = merge_owners(c.owners for c in columns)
    if first.is_list:
        ends = np.cumsum([0] + [int(c.values[-1]) for c in columns])
        pieces = [c.values[1:] + end for c, end in zip(columns, ends[:-1], strict=True)]
        return Column(first.type, np.concatenate([np.zeros(1, np.int64), *pieces]), validity, owners, children)
    return Column(first.type, np.concatenate([c.values for c in columns]), validity, owners, children)


def merge_owners(groups: Iterable[tuple[object, ...]]) -> tuple[object, ...]:
    """The owners of all groups, each once."""
    merged: dict[int, object] = {}
    for group in groups:
        for owner in group:
            merged[id(owner)] = owner
    return tuple(merged.values())


class Batch:
    """Rows in order: columns, and a row kind each unless the stream only appends.

    `kinds` is a uint8 array of Flink's RowKind (0 +I, 1 -U, 2 +U, 3 -D; odd = retraction) or None where all are +I.
    `stamps` holds for each row the watermark in force before it (int64 microseconds), `seq` its source order (int64);
    both travel with the rows as far as the plan needs them, else None.
    """

    __slots__ = ("columns", "length", "kinds", "stamps", "seq")

    def __init__(self, columns: tuple[Column, ...], length: int, kinds: Array | None = None,
                 stamps: Array | None = None, seq: Array | None = None) -> None:
        self.columns = columns
        self.length = length
        self.kinds = kinds
        self.stamps = stamps
        self.seq = seq

    def __len__(self) -> int:
        return self.length

    def with_columns(self, columns: tuple[Column, ...]) -> Batch:
        """The same rows with other columns."""
        return Batch(columns, self.length, self.kinds, self.stamps, self.seq)

    def with_kinds(self, kinds: Array | None) -> Batch:
        return Batch(self.columns, self.length, kinds, self.stamps, self.seq)

    def take(self, rows: Array) -> Batch:
        """The rows at these positions, or where a boolean mask is true."""
        if rows.dtype == np.bool_:
            rows = np.flatnonzero(rows)
        return self._map(lambda c: c.take(rows), lambda a: a[rows], len(rows))

    def slice(self, start: int, stop: int) -> Batch:
        return self._map(lambda c: c.slice(start, stop), lambda a: a[start:stop], stop - start)

    def _map(self, column: Callable[[Column], Column], vector: Callable[[Array], Array], length: int) -> Batch:
        kinds, stamps, seq = (None if a is None else vector(a) for a in (self.kinds, self.stamps, self.seq))
        return Batch(tuple([column(c) for c in self.columns]), length, kinds, stamps, seq)


def concat(batches: Sequence[Batch]) -> Batch:
    """Batches of one schema one after another."""
    if len(batches) == 1:
        return batches[0]
    length = sum(b.length for b in batches)
    columns = tuple(concat_columns(parts) for parts in zip(*(b.columns for b in batches), strict=True))
    kinds = None
    if any(b.kinds is not None for b in batches):
        kinds = np.concatenate([np.zeros(b.length, np.uint8) if b.kinds is None else b.kinds for b in batches])
    return Batch(columns, length, kinds, _concat_vectors([b.stamps for b in batches]),
                 _concat_vectors([b.seq for b in batches]))


def _concat_vectors(vectors: Sequence[Array | None]) -> Array | None:
    present = [v for v in vectors if v is not None]
    return np.concatenate(present) if len(present) == len(vectors) else None


@dataclass(frozen=True, slots=True)
class Watermark:
    """No row with a time at or before `time` (int64 microseconds) will come; MAX_WATERMARK ends the input.

    `idle`: the input has nothing to say for now and does not hold back others (`table.exec.source.idle-timeout`).
    """

    time: int
    idle: bool = False


@dataclass(frozen=True, slots=True)
class Barrier:
    """The cut of a checkpoint: everything before it belongs to epoch `epoch`."""

    epoch: int


Message = Batch | Watermark | Barrier
