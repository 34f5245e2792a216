"""What a format is: a decoder of blocks of bytes into columns, an encoder of columns into bytes, their options."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.changes import DTYPES, Array, Batch, Column
from engine.connectors.base import DeadLetter, Term
from engine.errors import UserError
from engine.types import DataType, Kind, Schema

PADDING = 16
"""Zero bytes behind the data of a block, so that kernels may read words."""

MAX_TEXT = 1000
"""Characters of a record that a dead letter keeps."""

MAX_BAD = 1024
"""Bad records a decoder takes before it wants to be emptied."""


class Block:
    """Bytes of a file being decoded: `data` (uint8) holds `size` bytes and then padding; `at` of them are read.

    `line` is the number of the next line (from 1), `place` the name of the file for messages. Strings of the decoded
    columns point into `data` and into `arena`, the unescaped texts of this block.
    """

    __slots__ = ("data", "address", "size", "at", "line", "place", "arena", "arena_address", "arena_at")

    def __init__(self, data: Array, size: int, line: int, place: str) -> None:
        self.data = data
        self.address = addresses(data)[0]
        self.size = size
        self.at = 0
        self.line = line
        self.place = place
        self.arena: Array | None = None
        self.arena_address = 0
        self.arena_at = 0

    @staticmethod
    def of(data: bytes, line: int = 1, place: str = "") -> Block:
        """A block of these bytes, a newline added at the end if there is none."""
        if not data.endswith(b"\n"):
            data += b"\n"
        memory = np.frombuffer(data + bytes(PADDING), np.uint8).copy()
        return Block(memory, len(data), line, place)

    def scratch(self) -> Array:
        """Memory for texts that do not stand in the data as they are; never touched, it costs only addresses."""
        if self.arena is None:
            self.arena = np.empty(self.size + PADDING, np.uint8)
            self.arena_address = addresses(self.arena)[0]
        return self.arena

    def text(self, start: int, stop: int) -> str:
        """The record at these offsets as a dead letter shows it."""
        raw = self.data[start:min(stop, start + 4 * MAX_TEXT)].tobytes()
        return raw.decode("utf-8", "replace").rstrip("\r\n")[:MAX_TEXT]

    @property
    def done(self) -> bool:
        return self.at >= self.size


@dataclass
class Decoded:
    """Rows read, records that could not be read, and how many there were of both and of those left out."""

    batch: Batch | None
    dead: list[DeadLetter] = field(default_factory=list)
    rows: int = 0


class Decoder(ABC):
    """Reads records of one schema. `begin`, then `feed` blocks until it says that it is full, then `finish`.

    Columns are those asked for, in order. A record that does not fit is a dead letter; by option it fails the job.
    """

    def restrict(self, terms: Sequence[Term]) -> bool:
        """Leave out rows that do not meet all terms (on decoded columns, by their positions in the schema); False where
        this decoder leaves out none."""
        return False

    @abstractmethod
    def begin(self, capacity: int) -> None:
        """Start a batch of at most `capacity` rows."""

    @abstractmethod
    def feed(self, block: Block, final: bool) -> bool:
        """Read on in a block, moving its `at` and `line`; whether the batch is full. Where the rest of the block is no
        whole record, and `final` is false, that rest stays unread.
        """

    @abstractmethod
    def finish(self) -> Decoded:
        """The batch."""


class Encoder(ABC):
    """Writes rows of one schema as bytes that can be put one after another."""

    @abstractmethod
    def encode(self, columns: Sequence[Column], length: int) -> bytes:
        """The bytes of these rows."""


@dataclass(frozen=True)
class Options:
    """The options of a format, without its prefix, known names only."""

    format: str
    values: Mapping[str, str]

    def flag(self, name: str, default: bool | None = False) -> bool | None:
        """A boolean option."""
        text = self.values.get(name)
        if text is None:
            return default
        if text.lower() not in ("true", "false"):
            raise self.wrong(name, "must be 'true' or 'false'")
        return text.lower() == "true"

    def choice(self, name: str, *values: str) -> str:
        """One of some values, the first by default."""
        text = self.values.get(name, values[0])
        if text not in values:
            raise self.wrong(name, f"must be one of {', '.join(values)}")
        return text

    def wrong(self, name: str, what: str) -> UserError:
        return UserError("wrong_option", f"option '{self.format}.{name}' = '{self.values.get(name)}' {what}")


def fixed_column(type: DataType, words: Array, valid: Array) -> Column:
    """A column of a fixed-width type from the 64-bit words that kernels write."""
    validity = None if valid.all() else valid
    if validity is not None:
        words = np.where(valid, words, 0)
    if type.kind is Kind.DOUBLE:
        return Column(type, words.view(np.float64), validity)
    if type.kind is Kind.FLOAT:
        return Column(type, words.view(np.float64).astype(np.float32), validity)
    return Column(type, words.astype(DTYPES[type.kind], copy=False), validity)


def view_column(type: DataType, views: Array, valid: Array, owners: tuple[object, ...]) -> Column:
    """A column of string views that kernels wrote."""
    if valid.all():
        return Column(type, views, None, owners)
    views[~valid] = 0
    return Column(type, views, valid, owners)


def wanted_fields(schema: Schema, columns: Sequence[int] | None) -> tuple[int, ...]:
    """Positions of the columns to read; None means all."""
    return tuple(range(len(schema))) if columns is None else tuple(columns)


def unit_of(type: DataType) -> int:
    """Microseconds in the least step of a time type's precision."""
    return int(10 ** max(6 - type.precision, 0))


def addresses(*arrays: Array) -> list[Any]:
    """The addresses of numpy arrays."""
    return [int(a.__array_interface__["data"][0]) for a in arrays]
