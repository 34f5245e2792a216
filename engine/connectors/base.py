"""What a connector is: sources that give rows in batches and can be wound back, sinks that seal and apply epochs,
lookups.

The sink protocol: a sink *seals* its rows of epoch N into commit data kept in the checkpoint (or
points to a staged file); the manifest's rename is the only decision; then the sink *applies* epoch N, any number of
times with one effect.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.changes import Batch, Column
from engine.errors import InternalError, Place
from engine.types import Schema

Json = dict[str, Any]


@dataclass(frozen=True)
class Access:
    """What SQL may touch: folders, hosts ("name" or "name:port") and connectors. None = no limit (a person at a
    shell)."""

    paths: tuple[str, ...] | None = None
    hosts: tuple[str, ...] | None = None
    connectors: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Environment:
    """Where connectors work: access limits, the job's folder for staged files, its name, and a folder for embedded
    stores."""

    access: Access = field(default_factory=Access)
    folder: str = "."
    job: str = "job"
    resources: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TableOptions:
    """A table as its connector sees it: name, physical schema, primary key positions, WITH options, metadata columns
    (position in the schema -> metadata key), positions of the PARTITIONED BY columns; `places`: where options stand in
    the SQL text."""

    name: str
    schema: Schema
    options: dict[str, str]
    primary_key: tuple[int, ...] = ()
    metadata: dict[int, str] = field(default_factory=dict)
    partitions: tuple[int, ...] = ()
    places: dict[str, Place] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True)
class Term:
    """A condition on one column of a table (its position in the schema), for sources that leave out rows by themselves.

    `op`: IN, NOT IN (`values`), <, <=, >, >= (the one value), IS NULL, IS NOT NULL. Values are as columns hold them:
    whole numbers, or text. A NULL meets IS NULL only.
    """

    column: int
    op: str
    values: tuple[int | str, ...] = ()


@dataclass(frozen=True)
class DeadLetter:
    """A record that could not be read: where it stood, its text (cut to 1,000 characters), why."""

    place: str
    text: str
    reason: str


@dataclass
class Poll:
    """What a source gave: rows of the wanted columns (or None), records that could not be read, whether it has ended.

    `rows` counts the records read, dead letters included. `idle` = nothing to read now, more may come; `waiting` = it
    was asked and has not answered yet.
    """

    batch: Batch | None
    dead: list[DeadLetter] = field(default_factory=list)
    rows: int = 0
    ended: bool = False
    idle: bool = False
    waiting: bool = False


class Source(ABC):
    """Reads a table. Positions are JSON: `restore` of a position gives exactly the rows after it.

    What fails passingly (`retries.is_passing`) is closed, restored at its position, opened and polled again, while the
    job goes on: a failing `open` or `poll` leaves `position` as it was before.

    With several shards of parallel reading a source has `partitions`; the runtime stamps watermarks per partition
    (`Batch` of one poll comes from one partition: `partition` says which).
    """

    bounded: bool = True
    blocking: bool = False
    """`open` and `poll` may wait for another system: a thread of its own reads it (`ahead.Ahead`)."""
    partitions: int = 1
    partition: int = 0
    total: int | None = None  # rows or bytes expected, for progress, in the unit of `position_units`
    again: str = "no"
    """Whether the same rows come in the same order when it is read from the start once more: "yes", "no", or
    "unknown": as far as its system still has them."""

    def restrict(self, terms: Sequence[Term], limit: int | None) -> None:
        """Give only rows that meet all terms, and at most `limit` of them. Called before `restore` and `open`, where
        the connector's `abilities` say so."""
        raise InternalError(f"{type(self).__name__} leaves out no rows")

    def narrow(self, parts: Mapping[int, Sequence[int]]) -> None:
        """Of these ROW columns only these fields need be read, the others may be NULL. Called before `open`, where the
        connector's `abilities` say so."""
        raise InternalError(f"{type(self).__name__} reads whole columns")

    def newest(self, rows: int) -> bool:
        """Begin at the last `rows` rows that there are now, or about so many, and give those that are there at once.
        False where that cannot be told: it begins where it would. For samples; called before `open`, without
        `restore`."""
        return False

    @abstractmethod
    def open(self, columns: Sequence[int]) -> None:
        """Start; `columns` are the positions of the physical columns wanted, in order."""

    @abstractmethod
    def poll(self, limit: int) -> Poll:
        """At most `limit` rows, without waiting long (some 10 ms at most)."""

    @abstractmethod
    def position(self) -> Json:
        """Where the next poll reads from."""

    @abstractmethod
    def restore(self, position: Json) -> None:
        """Go there (before `open`)."""

    def progress(self) -> float | None:
        """Share read, 0 to 1, where known."""
        return None

    def close(self) -> None:
        """Release what was opened."""


class Sink(ABC):
    """Writes a table exactly once. `write` buffers or stages; only `apply` has a visible effect (`print`, `blackhole`
    and in-memory sinks may show rows at once and say so by `transactional = False`)."""

    transactional: bool = True
    slow: bool = False
    """Applying talks to another system: a thread does it while the job goes on, and the next checkpoint waits for it.
    `apply` then runs beside `write`."""

    def open(self) -> None:
        """Start, after recovery called `apply` for the restored epoch."""

    @abstractmethod
    def write(self, batch: Batch) -> None:
        """Take rows of the current epoch. `batch.kinds` may hold updates where the table accepts them."""

    @abstractmethod
    def seal(self, epoch: int) -> Json:
        """End the epoch: everything written is durable (staged, fsynced); returns what `apply` needs."""

    @abstractmethod
    def apply(self, sealed: Json) -> None:
        """Make a sealed epoch visible; called any number of times, has one effect. What fails passingly
        (`retries.is_passing`) is called again, while the job goes on."""

    def discard(self, keep: Json | None) -> None:
        """On recovery: remove whatever was staged and is not in `keep` (the last sealed data that counts)."""

    def adopt(self, sealed: Json | None) -> None:
        """Go on from a savepoint of another run, instead of `discard`: `sealed` is its last epoch, which was applied.
        What that run wrote elsewhere is not this one's to remove."""
        self.discard(None)

    def close(self) -> None:
        """Release what was opened."""


class Lookup(ABC):
    """Answers by key as of now. Keys come as columns (the table's key columns in the order asked for).

    `local`: it answers at once, so the job may ask it in place; else many requests are in flight on threads."""

    local: bool = False

    @abstractmethod
    def open(self, keys: Sequence[int], columns: Sequence[int]) -> None:
        """`keys`: positions of the key columns in the table's schema, `columns`: positions of the wanted ones."""

    @abstractmethod
    def get(self, keys: Sequence[Column], length: int) -> tuple[Any, tuple[Column, ...]]:
        """For n probe rows: int64 probe positions (sorted, one a match) and the matches' columns. May be called from
        several threads at once. A failure after the connector's own retries raises UserError."""

    def close(self) -> None:
        """Release what was opened."""


class Connector:
    """A system. `changelog` says which changes a source of a table gives; `None` from a factory = has no such side."""

    def changelog(self, table: TableOptions) -> str:
        """Kinds of change a source gives: "I", "I,UA,D" (upsert) or "I,UB,UA,D"."""
        return "I"

    def bounded(self, table: TableOptions) -> bool:
        """Whether a source of the table ends."""
        return "source.monitor-interval" not in table.options

    def abilities(self, table: TableOptions) -> frozenset[str]:
        """What a source of the table does by itself where it is asked: "filter" and "limit" (`Source.restrict`),
        "fields" (`Source.narrow`)."""
        return frozenset()

    def rows(self, table: TableOptions, environment: Environment) -> int | None:
        """About how many rows a source of the table gives, where that can be told at a glance."""
        return None

    def accepts(self, table: TableOptions) -> str:
        """Kinds of change its sink takes: "I" (only appends), "I,UA,D" (by primary key) or "I,UB,UA,D" (any)."""
        return "I,UA,D" if table.primary_key else "I,UB,UA,D"

    def shows_before(self, table: TableOptions) -> bool:
        """Whether its sink also gets the row before an update of a table that is written by primary key."""
        return False

    def source(self, table: TableOptions, environment: Environment) -> Source | None:
        return None

    def sink(self, table: TableOptions, environment: Environment) -> Sink | None:
        return None

    def lookup(self, table: TableOptions, environment: Environment) -> Lookup | None:
        return None
