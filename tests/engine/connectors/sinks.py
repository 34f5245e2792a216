"""Every sink there is, with a table of its own and a way to see what is in it: for the suite of the sink protocol.

A new connector with a sink gets a `Home` here; without one the suite fails.
"""

from __future__ import annotations

import json
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from engine.changes import Batch
from engine.connectors import connector
from engine.connectors.arrow import column_of, python_values
from engine.connectors.base import Environment, Sink, TableOptions
from engine.connectors.memory import TABLES, MemoryTable
from engine.types import BIGINT, ROW, STRING, Schema

Rows = list[tuple[Any, ...]]
INSERT, BEFORE, AFTER, DELETE = range(4)
"""Kinds of change, as `engine.changes` numbers them: +I, -U, +U, -D."""
PAIRS = Schema.of(n=BIGINT, s=STRING)
APPENDED: list[Rows] = [
    [(1, "a"), (2, "b")], [(3, "c")], [(4, "d"), (5, "longer than what a view holds")], [], [(6, "f")],
]  # fmt: skip
"""Rows of epochs, none of them twice."""


class Home(ABC):
    """A table of one kind of sink. `keyed`: it is written by key; `durable`: it outlives its process; `ahead`: it can
    be taken back to an epoch before the last."""

    connector = ""
    schema = PAIRS
    keyed = False
    durable = True
    ahead = True

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @abstractmethod
    def options(self) -> dict[str, str]:
        """WITH options besides the connector."""

    def make(self) -> None:
        """Make the table, where the sink does not."""

    @abstractmethod
    def rows(self) -> Rows:
        """What anybody who reads the table sees, sorted."""

    def sink(self) -> Sink:
        """A sink, as a new attempt of the job has it."""
        options = {"connector": self.connector, **self.options()}
        table = TableOptions("t", self.schema, options, (0,) if self.keyed else ())
        made = connector(self.connector).sink(table, Environment(folder=str(self.folder / "state"), job="job"))
        assert made is not None
        return made

    def batch(self, rows: Rows, kinds: Sequence[int] | None = None) -> Batch:
        columns = tuple(column_of(f.type, [row[i] for row in rows]) for i, f in enumerate(self.schema))
        return Batch(columns, len(rows), None if kinds is None else np.array(kinds, np.int8))

    def epochs(self) -> list[list[Batch]]:
        """What is written, by epochs, in two batches each."""
        return [[self.batch(rows[:1]), self.batch(rows[1:])] if rows else [] for rows in APPENDED]

    def expected(self) -> Rows:
        """What is there in the end."""
        return sorted(row for rows in APPENDED for row in rows)


class Keyed(Home):
    """Upserts and deletions by the first column."""

    keyed = True

    def epochs(self) -> list[list[Batch]]:
        return [
            [self.batch([(1, "a"), (2, "b"), (3, "c")])],
            [self.batch([(1, "a"), (1, "A"), (4, "d")], [BEFORE, AFTER, INSERT]), self.batch([(3, "c")], [DELETE])],
            [self.batch([(3, "again"), (2, "b")], [INSERT, DELETE])],
            [],
            [self.batch([(4, "d"), (4, "D")], [BEFORE, AFTER])],
        ]

    def expected(self) -> Rows:
        return [(1, "A"), (3, "again"), (4, "D")]


class Json(Home):
    connector = "filesystem"

    def options(self) -> dict[str, str]:
        return {"path": str(self.folder / "table"), "format": "json"}

    def rows(self) -> Rows:
        lines = [json.loads(line) for path in (self.folder / "table").glob("part-*.json")
                 for line in path.read_text("utf-8").splitlines()]
        return sorted((line["n"], line["s"]) for line in lines)


class Parquet(Json):
    def options(self) -> dict[str, str]:
        return {"path": str(self.folder / "table"), "format": "parquet"}

    def rows(self) -> Rows:
        import pyarrow.parquet as pq

        tables = [pq.read_table(path).to_pydict() for path in (self.folder / "table").glob("part-*.parquet")]
        return sorted(pair for table in tables for pair in zip(table["n"], table["s"], strict=True))


class Metrics(Home):
    connector = "metrics"

    def options(self) -> dict[str, str]:
        return {}

    def rows(self) -> Rows:
        lines = [json.loads(line) for path in (self.folder / "state" / "metrics" / "t").glob("part-*.jsonl")
                 for line in path.read_text("utf-8").splitlines()]
        return sorted((line["n"], line["s"]) for line in lines)


class Embedded(Keyed):
    connector = "hbase-2.2"
    schema = Schema.of(n=BIGINT, cf=ROW(("s", STRING)))

    def batch(self, rows: Rows, kinds: Sequence[int] | None = None) -> Batch:
        return super().batch([(n, {"s": s}) for n, s in rows], kinds)

    def options(self) -> dict[str, str]:
        return {"table-name": "t", "zookeeper.quorum": f"embedded:{self.folder / 'store'}"}

    def rows(self) -> Rows:
        table = TableOptions("t", self.schema, {"connector": self.connector, **self.options()}, (0,))
        source = connector(self.connector).source(table, Environment())
        assert source is not None
        source.open((0, 1))
        batch = source.poll(1000).batch
        source.close()
        if batch is None:
            return []
        return sorted((n, cell["s"]) for n, cell in zip(*map(python_values, batch.columns), strict=True))


class Database(Home):
    connector = "jdbc"
    columns = "n INTEGER, s TEXT"
    ahead = False

    def make(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self.folder / "base.db")) as connection, connection:
            connection.execute(f"CREATE TABLE t ({self.columns})")

    def options(self) -> dict[str, str]:
        return {"url": f"jdbc:sqlite:{self.folder / 'base.db'}", "table-name": "t"}

    def rows(self) -> Rows:
        with closing(sqlite3.connect(self.folder / "base.db")) as connection:
            return sorted(connection.execute("SELECT n, s FROM t").fetchall())


class KeyedDatabase(Keyed, Database):
    columns = "n INTEGER PRIMARY KEY, s TEXT"
    ahead = True


class Memory(Home):
    connector = "memory"
    durable = False
    ahead = False

    def make(self) -> None:
        TABLES["sinks"] = MemoryTable()

    def options(self) -> dict[str, str]:
        return {"key": "sinks"}

    def rows(self) -> Rows:
        return sorted(values for _, values in TABLES["sinks"].rows)


HOMES: dict[str, type[Home]] = {
    "json": Json, "parquet": Parquet, "metrics": Metrics, "embedded": Embedded, "database": Database,
    "keyed database": KeyedDatabase, "memory": Memory,
}  # fmt: skip
AT_ONCE = ("print", "blackhole")
"""Connectors whose sinks say that they show rows at once, or never."""
