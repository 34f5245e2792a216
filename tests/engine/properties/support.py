"""Queries run on tables in memory, their changelogs folded, and DuckDB beside them as an independent oracle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from engine.changes import Batch
from engine.connectors import connector
from engine.connectors.arrow import arrow_type, column_of
from engine.connectors.base import Connector, Environment, Sink, Source, TableOptions
from engine.connectors.memory import MemorySink, MemorySource, MemoryTable
from engine.plan.nodes import TableSpec
from engine.session import SELECTED, RunOptions, Session
from engine.types import Schema
from tests.engine.properties.invariants import watch

KINDS = {"+I": 0, "-U": 1, "+U": 2, "-D": 3}
UPSERT = "I,UA,D"
Change = tuple[str, tuple[Any, ...]]
"""Kind of change and values."""


@dataclass(frozen=True)
class Input:
    """A table under test: columns, its changes in order of arrival, the kinds of change it declares, and what its DDL
    says after the columns (watermark, key). `history`: the oracle gets all changes, with columns `arrival` and
    `gone`."""

    schema: Schema
    changes: Sequence[Change]
    changelog: str = "I"
    clauses: str = ""
    history: bool = False

    def ddl(self, name: str) -> str:
        columns = ", ".join(f"`{f.name}` {f.type}" for f in self.schema)
        return f"CREATE TABLE {name} ({columns}{self.clauses}) WITH ('connector' = 'memory');\n"

    def table(self) -> MemoryTable:
        """The changes as the memory connector reads them."""
        values = list(zip(*(v for _, v in self.changes), strict=True)) or [()] * len(self.schema)
        columns = tuple(column_of(f.type, list(v)) for f, v in zip(self.schema, values, strict=True))
        kinds = np.array([KINDS[k] for k, _ in self.changes], np.uint8)
        batches = [Batch(columns, len(self.changes), kinds if kinds.any() else None)] if self.changes else []
        return MemoryTable(batches, changelog=self.changelog)

    def folded(self) -> pa.Table:
        """The rows that are left, as Arrow."""
        if self.history:
            return self._history()
        return _arrow(self.schema, list(fold(self.changes).elements()))

    def _history(self) -> pa.Table:
        table = _arrow(self.schema, [values for _, values in self.changes])
        table = table.append_column("arrival", pa.array(range(len(self.changes)), pa.int64()))
        return table.append_column("gone", pa.array([kind == "-D" for kind, _ in self.changes], pa.bool_()))


def _arrow(schema: Schema, rows: Sequence[tuple[Any, ...]]) -> pa.Table:
    fields = [pa.field(f.name, arrow_type(f.type)) for f in schema]
    arrays = [pa.array([row[i] for row in rows], f.type) for i, f in enumerate(fields)]
    return pa.table(arrays, pa.schema(fields))


def fold(changes: Sequence[Change]) -> Counter[tuple[Any, ...]]:
    """The rows that a changelog leaves; every retraction must hit a row that is there."""
    rows: Counter[tuple[Any, ...]] = Counter()
    for kind, values in changes:
        if kind in ("+I", "+U"):
            rows[values] += 1
        else:
            assert rows[values] > 0, f"{kind}{values} takes back a row that is not there"
            rows[values] -= 1
    return +rows


@dataclass(frozen=True)
class Config:
    """How a stream runs: rows a batch, shards, whether changes may be consolidated, whether every edge is watched."""

    batch_rows: int = 1000
    shards: int = 1
    mini_batch: bool = False
    watched: bool = False


class Given(Connector):
    """One table in memory, read or written."""

    def __init__(self, table: MemoryTable) -> None:
        self._table = table

    def changelog(self, table: TableOptions) -> str:
        return self._table.changelog

    def source(self, table: TableOptions, environment: Environment) -> Source:
        return MemorySource(self._table)

    def sink(self, table: TableOptions, environment: Environment) -> Sink:
        return MemorySink(self._table)


def connectors_of(tables: Mapping[str, MemoryTable]) -> Callable[[TableSpec], Connector]:
    """Tables of these names are in memory, what a SELECT gives too; the others are what their options say."""

    def choose(table: TableSpec) -> Connector:
        if table.name in tables:
            return Given(tables[table.name])
        return connector(table.option("connector"), None)

    return choose


def run(inputs: Mapping[str, Input], query: str, config: Config = Config(), *, setup: str = "") -> list[Change]:
    """The changes that a SELECT gives over these tables, in the order in which they came."""
    result = MemoryTable()
    tables = {name: given.table() for name, given in inputs.items()}
    session = Session(folder=Path("never-written"), connectors=connectors_of({**tables, SELECTED: result}))
    text = "".join(given.ddl(name) for name, given in inputs.items()) + setup
    if config.mini_batch:
        text += "SET 'table.exec.mini-batch.enabled' = 'true';"
    for _ in session.script(f"{text}\n{query};"):
        pass
    exact = all(given.changelog != UPSERT for given in inputs.values())
    session.run(RunOptions(batch_rows=config.batch_rows, shards=config.shards, durable=False,
                           on_job=partial(watch, exact=exact) if config.watched else None))
    return result.rows


def oracle(inputs: Mapping[str, Input], query: str) -> Counter[tuple[Any, ...]]:
    """The rows that DuckDB gives for a query over the folded tables."""
    database = _duckdb().begin()
    try:
        for name, given in inputs.items():
            database.register(name, given.folded())
        return Counter(database.execute(query).fetchall())
    finally:
        database.rollback()
        for name in inputs:
            database.unregister(name)


@cache
def _duckdb() -> duckdb.DuckDBPyConnection:
    """One for all tests: making it takes longer than most of what it is asked."""
    database = duckdb.connect()
    database.execute("SET TimeZone = 'UTC'")
    return database
