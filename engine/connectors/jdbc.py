"""The `jdbc` connector, with Flink's options: tables of SQLite and Postgres as bounded sources, lookups and sinks.

    CREATE TABLE orders (id BIGINT, amount DECIMAL(10, 2), PRIMARY KEY (id) NOT ENFORCED)
    WITH ('connector' = 'jdbc', 'url' = 'jdbc:postgresql://localhost:5432/shop', 'table-name' = 'public.orders')

Tables have to be there, with columns of the same names, as they are written. A source reads in the order of the primary
key, page by page, and goes on behind the last key it gave; without a key in the order of all columns that it reads,
behind as many rows. With 'scan.partition.*' it reads range after range.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.changes import Array, Batch, Column
from engine.connectors.arrow import python_values
from engine.connectors.base import (
    Connector,
    DeadLetter,
    Environment,
    Json,
    Lookup,
    Poll,
    Sink,
    Source,
    TableOptions,
    Term,
)  # fmt: skip
from engine.connectors.jdbc_database import Database, Row, open_database
from engine.connectors.jdbc_statements import Statements
from engine.connectors.jdbc_values import check_type, column_from, is_checked, parameters, term_parameters
from engine.connectors.options import TableConfig
from engine.connectors.restrict import meeting
from engine.connectors.retries import tried
from engine.errors import UserError
from engine.types import Kind

OPTIONS = frozenset({
    "url", "table-name", "driver", "username", "password", "connection.max-retry-timeout", "compatible-mode",
    "scan.partition.column", "scan.partition.num", "scan.partition.lower-bound", "scan.partition.upper-bound",
    "scan.fetch-size", "scan.auto-commit",
    "lookup.cache", "lookup.cache.max-rows", "lookup.cache.ttl", "lookup.cache.caching-missing-key",
    "lookup.partial-cache.max-rows", "lookup.partial-cache.expire-after-write",
    "lookup.partial-cache.expire-after-access", "lookup.partial-cache.cache-missing-key", "lookup.max-retries",
    "lookup.async",
    "sink.buffer-flush.max-rows", "sink.buffer-flush.interval", "sink.max-retries", "sink.parallelism",
})  # fmt: skip
"""Flink's names. Rows are written at checkpoints, in one transaction: what concerns buffers of sinks is read and has no
effect, nor have `driver`, `compatible-mode` and `scan.auto-commit`."""
PARTITION = ("scan.partition.column", "scan.partition.num", "scan.partition.lower-bound", "scan.partition.upper-bound")
FETCH, CHUNK, RETRIES = 10_000, 500, 3
"""Rows of a page, keys of a lookup's request, times that a lookup is tried again."""


@dataclass(frozen=True)
class Table:
    """A table of a database."""

    options: TableOptions
    database: Database
    statements: Statements
    config: TableConfig

    @staticmethod
    def of(table: TableOptions, environment: Environment) -> Table:
        """Connects nothing. Errors: options that are wrong or missing, what `access` forbids, types."""
        config = TableConfig(table)
        config.check(OPTIONS)
        database = open_database(config.text("url"), config.optional("username"), config.optional("password"),
                                 environment.access)
        for field in table.schema:
            check_type(table.name, field.name, field.type, database.dialect)
        for key in table.metadata.values():
            raise UserError("unknown_metadata", f"table {table.name}: the jdbc connector has no metadata '{key}'")
        return Table(table, database, Statements(config.text("table-name"), database.dialect), config)

    def names(self, columns: Sequence[int]) -> list[str]:
        """The columns' names."""
        return [self.options.schema[i].name for i in columns]

    def columns(self, positions: Sequence[int], rows: Sequence[Row]) -> tuple[Column, ...]:
        """Rows of these columns."""
        values = list(zip(*rows, strict=True)) or [()] * len(positions)
        return tuple(column_from(self.options.schema[i].type, v) for i, v in zip(positions, values, strict=True))


# ---- reading ---------------------------------------------------------------------------------------------------------


class JdbcSource(Source):
    """Reads a table once. A position is the range, and in it the last key (or the number of rows) that was given."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self.blocking = not table.database.local
        self._ranges = _ranges(table)
        self._range = 0
        self._after: list[Any] | None = None  # the last key, as parameters
        self._given = 0  # rows of the range, where there is no key
        self._terms: tuple[Term, ...] = ()
        self._left: int | None = None
        self._rows: Iterator[list[Row]] | None = None
        self._held: list[Row] = []  # of `_rows`, not given yet

    def restrict(self, terms: Sequence[Term], limit: int | None) -> None:
        self._terms, self._left = tuple(terms), limit

    def open(self, columns: Sequence[int]) -> None:
        schema, dialect = self._table.options.schema, self._table.database.dialect
        self._columns = tuple(columns)
        asked = [t for t in self._terms if is_checked(schema[t.column].type, dialect)]
        self._checked = [t for t in self._terms if t not in asked]
        self._keys = self._table.options.primary_key
        self._read = list(dict.fromkeys([*columns, *self._keys, *(t.column for t in self._checked)])) or [0]
        statements, names = self._table.statements, schema.names
        self._conditions = [statements.meets(names[t.column], t) for t in asked]
        self._parameters = [v for t in asked for v in term_parameters(t, schema[t.column].type, dialect)]
        self._fetch = min(self._table.config.integer("scan.fetch-size", 0) or FETCH, FETCH)
        self._rows, self._held = None, []
        self._table.database.open()

    def poll(self, limit: int) -> Poll:
        if self._left == 0 or self._range == len(self._ranges):
            return Poll(None, ended=True)
        size = min(limit, self._fetch)
        rows = self._page(size) if self._keys else self._next(size)
        whole = len(rows) == size if self._keys else bool(rows)
        if self._keys and rows:
            key = [self._read.index(k) for k in self._keys]
            self._after = [rows[-1][i] for i in key]
        self._given += len(rows)
        if not whole:
            self._range, self._after, self._given, self._rows = self._range + 1, None, 0, None
        batch, dead = self._decoded(rows)
        return Poll(batch, dead, len(rows), ended=self._range == len(self._ranges) or self._left == 0)

    def _page(self, size: int) -> list[Row]:
        """The next rows behind the last key."""
        keys = self._table.names(self._keys)
        conditions, values = self._in_range()
        if self._after is not None:
            conditions.append(self._table.statements.after(keys))
            values += self._after
        sql = self._table.statements.select(self._table.names(self._read), conditions, keys, size)
        return self._table.database.rows(sql, values)

    def _next(self, size: int) -> list[Row]:
        """The next rows of a query over the range."""
        if self._rows is None:
            conditions, values = self._in_range()
            names = self._table.names(self._read)
            sql = self._table.statements.select(names, conditions, names, ALL if self._given else None, self._given)
            self._rows = self._table.database.stream(sql, values, self._fetch)
        held = self._held or next(self._rows, [])
        self._held = held[size:]
        return held[:size]

    def _in_range(self) -> tuple[list[Any], list[Any]]:
        """Conditions of the range and the terms, and their parameters."""
        bounds = self._ranges[self._range]
        if bounds is None:
            return [*self._conditions], [*self._parameters]
        between = self._table.statements.between(self._table.config.text(PARTITION[0]))
        return [between, *self._conditions], [*bounds, *self._parameters]

    def _decoded(self, rows: Sequence[Row]) -> tuple[Batch | None, list[DeadLetter]]:
        """The rows that can be read and meet the terms, as far as the limit goes."""
        dead: list[DeadLetter] = []
        try:
            columns = self._table.columns(self._read, rows)
        except UserError:
            rows, dead = self._legible(rows)
            columns = self._table.columns(self._read, rows)
        batch = Batch(columns, len(rows))
        if self._checked:
            batch = batch.take(meeting(self._checked, dict(zip(self._read, columns, strict=True)), len(rows)))
        if self._left is not None:
            batch = batch.slice(0, min(batch.length, self._left))
            self._left -= batch.length
        return batch.with_columns(tuple(batch.columns[self._read.index(c)] for c in self._columns)), dead

    def _legible(self, rows: Sequence[Row]) -> tuple[list[Row], list[DeadLetter]]:
        good, dead = [], []
        for row in rows:
            try:
                self._table.columns(self._read, [row])
                good.append(row)
            except UserError as error:
                key = [row[self._read.index(k)] for k in self._keys]
                place = f"{self._table.options.name}{key or ''}"
                dead.append(DeadLetter(place, repr(row)[:1000], error.message))
        return good, dead

    def position(self) -> Json:
        limited = {} if self._left is None else {"left": self._left}
        after = None if self._after is None else [_plain(value) for value in self._after]
        return {"range": self._range, "after": after, "given": self._given, **limited}

    def restore(self, position: Json) -> None:
        self._range, self._given = position["range"], position["given"]
        self._left = position.get("left", self._left)
        self._after = position["after"]
        if self._after is not None:
            types = [self._table.options.schema[k].type for k in self._table.options.primary_key]
            held = [column_from(type, [value]) for type, value in zip(types, self._after, strict=True)]
            self._after = list(parameters(held, self._table.database.dialect)[0])

    def close(self) -> None:
        self._rows, self._held = None, []
        self._table.database.close()


ALL = 2**63 - 1
"""SQLite wants a limit before an offset."""


def _plain(value: Any) -> Any:
    """A key's value for JSON; `column_from` reads its text again."""
    return value if isinstance(value, bool | int | float | str) else str(value)


def _ranges(table: Table) -> list[tuple[int, int] | None]:
    """The ranges of a table's scan, cut as Flink's connector does; None: everything."""
    config = table.config
    given = [name for name in PARTITION if config.optional(name) is not None]
    if not given:
        return [None]
    if len(given) < len(PARTITION):
        missing = next(name for name in PARTITION if name not in given)
        raise UserError("missing_option", f"table {table.options.name}: '{given[0]}' wants option '{missing}' as well")
    column = config.text(PARTITION[0])
    if column not in table.options.schema.names:
        raise config.wrong(PARTITION[0], "is no column of the table")
    low, high = _bound(config, PARTITION[2]), _bound(config, PARTITION[3])
    if high < low:
        raise config.wrong(PARTITION[3], f"is less than '{PARTITION[2]}'")
    count = min(max(config.integer(PARTITION[1], 1), 1), high - low + 1)
    size = -(-(high - low + 1) // count)
    large = high - low + 1 - (size - 1) * count
    found: list[tuple[int, int] | None] = []
    for number in range(count):
        end = low + size - 1 - (number >= large)
        found.append((low, end))
        low = end + 1
    return found


def _bound(config: TableConfig, name: str) -> int:
    try:
        return int(config.text(name))
    except ValueError:
        raise config.wrong(name, "must be a whole number") from None


# ---- lookups ---------------------------------------------------------------------------------------------------------


class JdbcLookup(Lookup):
    """Rows by any of their columns, many keys a request."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self.local = table.database.local
        self._retries = table.config.integer("lookup.max-retries", RETRIES)

    def open(self, keys: Sequence[int], columns: Sequence[int]) -> None:
        self._keys, self._columns = tuple(keys), tuple(columns)
        self._wanted = [*keys, *columns]

    def get(self, keys: Sequence[Column], length: int) -> tuple[Array, tuple[Column, ...]]:
        dialect = self._table.database.dialect
        schema = self._table.options.schema
        probes = list(zip(*(_comparable(c) for c in keys), strict=True))
        askable = [i for i, probe in enumerate(probes) if None not in probe]
        asked = parameters([c.take(np.array(askable, np.int64)) for c in keys], dialect)
        wanted: dict[Row, Row] = {probes[i]: values for i, values in zip(askable, asked, strict=True)}
        rows = self._rows(list(wanted.values()))
        known: dict[Row, list[Row]] = {}
        if rows:
            held = self._table.columns(self._keys, [row[:len(self._keys)] for row in rows])
            for key, row in zip(zip(*map(_comparable, held), strict=True), rows, strict=True):
                known.setdefault(key, []).append(row[len(self._keys):])
        matches = [(i, row) for i in askable for row in known.get(probes[i], ())]
        values = [row for _, row in matches]
        columns = tuple(column_from(schema[c].type, [row[n] for row in values]) for n, c in enumerate(self._columns))
        return np.array([i for i, _ in matches], np.int64), columns

    def _rows(self, keys: list[Row]) -> list[Row]:
        names, wanted = self._table.names(self._keys), self._table.names(self._wanted)
        found: list[Row] = []
        for start in range(0, len(keys), CHUNK):
            chunk = keys[start:start + CHUNK]
            sql = self._table.statements.select(wanted, [self._table.statements.among(names, len(chunk))])
            values = [value for key in chunk for value in key]
            found += tried(lambda sql=sql, values=values: self._table.database.rows(sql, values),  # type: ignore[misc]
                           self._retries)
        return found

    def close(self) -> None:
        self._table.database.close()


def _comparable(column: Column) -> list[Any]:
    """Values that are equal in Python where they are equal in the database."""
    values = python_values(column)
    return [v if v is None else v.rstrip(" ") for v in values] if column.type.kind is Kind.CHAR else values


class Jdbc(Connector):
    """Tables of databases."""

    def accepts(self, table: TableOptions) -> str:
        return "I,UA,D" if table.primary_key else "I"

    def bounded(self, table: TableOptions) -> bool:
        return True

    def abilities(self, table: TableOptions) -> frozenset[str]:
        return frozenset(("filter", "limit"))

    def source(self, table: TableOptions, environment: Environment) -> Source:
        return JdbcSource(Table.of(table, environment))

    def sink(self, table: TableOptions, environment: Environment) -> Sink:
        from engine.connectors.jdbc_sink import JdbcSink

        return JdbcSink(Table.of(table, environment), environment)

    def lookup(self, table: TableOptions, environment: Environment) -> Lookup:
        return JdbcLookup(Table.of(table, environment))
