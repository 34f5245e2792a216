"""Connectors around a verification's tables: what is written is collected, what is read ends where the stream stood."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from engine.changes import Batch
from engine.connectors import connector
from engine.connectors.arrow import arrow_type, to_arrow
from engine.connectors.base import Access, Connector, Environment, Json, Poll, Sink, Source, TableOptions
from engine.plan.nodes import TableSpec

KIND = "__kind"
"""The column of collected rows that holds the kind of change: 0 +I, 1 -U, 2 +U, 3 -D."""
COLLECT = "collect"
"""The connector of tables that exist for the verification only."""


class CollectedTable(Sink):
    """Writes changes to an Arrow stream file in the order they come."""

    transactional = False

    def __init__(self, path: Path, table: TableOptions) -> None:
        fields = [pa.field(f.name, arrow_type(f.type)) for f in table.schema]
        self._schema = pa.schema([*fields, pa.field(KIND, pa.uint8())])
        self._path = path
        self._writer: Any = None

    def open(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._writer = pa.ipc.new_stream(str(self._path), self._schema)

    def write(self, batch: Batch) -> None:
        kinds = np.zeros(batch.length, np.uint8) if batch.kinds is None else batch.kinds
        arrays = [*map(to_arrow, batch.columns), pa.array(kinds)]
        self._writer.write_batch(pa.record_batch(arrays, schema=self._schema))

    def seal(self, epoch: int) -> Json:
        return {}

    def apply(self, sealed: Json) -> None:
        pass

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None


class Collecting(Connector):
    """Takes what the table's own connector would take, and collects it. A table of its own (no connector behind it)
    takes every change."""

    def __init__(self, behind: Connector | None, folder: Path) -> None:
        self._behind = behind
        self._folder = folder

    def accepts(self, table: TableOptions) -> str:
        return super().accepts(table) if self._behind is None else self._behind.accepts(table)

    def shows_before(self, table: TableOptions) -> bool:
        return self._behind is not None and self._behind.shows_before(table)

    def sink(self, table: TableOptions, environment: Environment) -> Sink | None:
        return CollectedTable(place(self._folder, table.name), table)


class Budget:
    """How many rows each reader may still give; tells when all have given theirs."""

    def __init__(self, rows: Mapping[str, Sequence[int]]) -> None:
        self._rows = {table: list(counts) for table, counts in rows.items()}
        self._left: dict[int, int] = {}
        self.on_spent: Callable[[], None] = lambda: None

    def reader(self, table: str) -> int:
        """A new reader of a table: where a job reads a table several times, each has the count of its own."""
        counts = self._rows[table]
        number = len(self._left)
        self._left[number] = counts.pop(0) if len(counts) > 1 else counts[0]
        return number

    def left(self, reader: int) -> int:
        return self._left[reader]

    def spend(self, reader: int, rows: int) -> None:
        self._left[reader] -= rows
        if not any(self._left.values()):
            self.on_spent()


class LimitedSource(Source):
    """A source that falls silent, without ending, after a number of rows: where the stream was stopped."""

    def __init__(self, source: Source, table: str, budget: Budget) -> None:
        self._source, self._budget, self._reader = source, budget, budget.reader(table)
        self.bounded, self.partitions, self.total = source.bounded, source.partitions, source.total

    def open(self, columns: Any) -> None:
        self._source.open(columns)

    def poll(self, limit: int) -> Poll:
        left = self._budget.left(self._reader)
        if left <= 0:
            return Poll(None, idle=True)
        poll = self._source.poll(min(limit, left))
        self.partition = self._source.partition
        self._budget.spend(self._reader, poll.rows)
        return poll

    def position(self) -> Json:
        return self._source.position()

    def restore(self, position: Json) -> None:
        self._source.restore(position)

    def close(self) -> None:
        self._source.close()


class Limited(Connector):
    """A table that is read only as far as the stream had read it. Conditions stay outside: rows are counted as read."""

    def __init__(self, behind: Connector, budget: Budget) -> None:
        self._behind, self._budget = behind, budget

    def changelog(self, table: TableOptions) -> str:
        return self._behind.changelog(table)

    def bounded(self, table: TableOptions) -> bool:
        return self._behind.bounded(table)

    def source(self, table: TableOptions, environment: Environment) -> Source | None:
        source = self._behind.source(table, environment)
        return None if source is None else LimitedSource(source, table.name, self._budget)


def connectors(folder: Path, collected: frozenset[str], budget: Budget | None, limited: frozenset[str],
               access: Access | None) -> Callable[[TableSpec], Connector]:
    """What a session asks for the connector of a table."""

    def choose(table: TableSpec) -> Connector:
        name = table.option("connector")
        if name == COLLECT:
            return Collecting(None, folder)
        behind = connector(name, access)
        if table.name in collected:
            return Collecting(behind, folder)
        return Limited(behind, budget) if budget is not None and table.name in limited else behind

    return choose


def place(folder: Path, table: str) -> Path:
    """The file of a collected table."""
    return folder / f"{table}.arrows"


def collected(folder: Path, table: str) -> pa.Table | None:
    """What was collected for a table; None where it was never opened."""
    path = place(folder, table)
    if not path.exists():
        return None
    with pa.memory_map(str(path)) as file:
        return pa.ipc.open_stream(file).read_all()
