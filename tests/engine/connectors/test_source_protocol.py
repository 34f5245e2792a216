"""The protocol of sources, as every bounded source keeps it: a position gives exactly the rows after it, to another
source of the table and to the same one, opened again after a failure."""

from __future__ import annotations

import errno
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.changes import Batch
from engine.connectors import CONNECTORS, connector
from engine.connectors.ahead import Ahead
from engine.connectors.arrow import column_of, python_values
from engine.connectors.base import Connector, Environment, Source, TableOptions
from engine.connectors.memory import TABLES, MemoryTable
from engine.connectors.readers import ParquetReader, TextReader
from engine.connectors.retries import is_passing
from engine.errors import UserError
from engine.types import BIGINT, ROW, STRING, Schema

PAIRS = Schema.of(n=BIGINT, s=STRING)
ROWS = [(n, f"text number {n}") for n in range(12)]


class Origin(ABC):
    """A table of one kind of source."""

    connector = ""
    schema = PAIRS
    key: tuple[int, ...] = ()

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @abstractmethod
    def options(self) -> dict[str, str]:
        """WITH options; makes the table."""

    def sources(self) -> Callable[[], Source]:
        """Sources of one table."""
        table = TableOptions("t", self.schema, {"connector": self.connector, **self.options()}, self.key)

        def made() -> Source:
            source = connector(self.connector).source(table, Environment(folder=str(self.folder)))
            assert source is not None
            return source

        return made

    def rows(self) -> list[tuple[Any, ...]]:
        return list(ROWS)


class Json(Origin):
    connector = "filesystem"

    def options(self) -> dict[str, str]:
        for number in range(3):
            part = "".join(f'{{"n": {n}, "s": "{s}"}}\n' for n, s in ROWS[4 * number:4 * number + 4])
            (self.folder / f"part-{number}.json").write_text(part, encoding="utf-8")
        return {"path": str(self.folder), "format": "json"}


class Parquet(Origin):
    connector = "filesystem"

    def options(self) -> dict[str, str]:
        table = pa.table({"n": [n for n, _ in ROWS], "s": [s for _, s in ROWS]})
        pq.write_table(table, self.folder / "rows.parquet", row_group_size=5)
        return {"path": str(self.folder), "format": "parquet"}


class Datagen(Origin):
    connector = "datagen"

    def options(self) -> dict[str, str]:
        return {"number-of-rows": "12", "fields.n.kind": "sequence", "fields.n.start": "0", "fields.n.end": "11",
                "fields.s.length": "3"}

    def rows(self) -> list[tuple[Any, ...]]:
        return rest_of(self.sources()(), 100)


class Shop(Origin):
    connector = "shop"
    schema = Schema.of(impression_id=BIGINT, event=STRING)

    def options(self) -> dict[str, str]:
        return {"number-of-rows": "12"}

    def rows(self) -> list[tuple[Any, ...]]:
        return rest_of(self.sources()(), 100)


class Memory(Origin):
    connector = "memory"

    def options(self) -> dict[str, str]:
        columns = tuple(column_of(f.type, [row[i] for row in ROWS]) for i, f in enumerate(PAIRS))
        TABLES["sources"] = MemoryTable([Batch(columns, len(ROWS))])
        return {"key": "sources"}


class Embedded(Origin):
    connector = "hbase-2.2"
    schema = Schema.of(n=BIGINT, cf=ROW(("s", STRING)))
    key = (0,)

    def options(self) -> dict[str, str]:
        options = {"table-name": "t", "zookeeper.quorum": f"embedded:{self.folder / 'store'}"}
        table = TableOptions("t", self.schema, {"connector": self.connector, **options}, (0,))
        sink = connector(self.connector).sink(table, Environment(folder=str(self.folder / "state")))
        assert sink is not None
        columns = (column_of(BIGINT, [n for n, _ in ROWS]), column_of(self.schema[1].type, [{"s": s} for _, s in ROWS]))
        sink.write(Batch(columns, len(ROWS)))
        sink.apply(sink.seal(1))
        sink.close()
        return options

    def rows(self) -> list[tuple[Any, ...]]:
        return [(n, {"s": s}) for n, s in ROWS]


class Database(Origin):
    connector = "jdbc"

    def options(self) -> dict[str, str]:
        with closing(sqlite3.connect(self.folder / "base.db")) as base, base:
            base.execute("CREATE TABLE IF NOT EXISTS t (n INTEGER, s TEXT)")
            base.executemany("INSERT INTO t VALUES (?, ?)", ROWS)
        return {"url": f"jdbc:sqlite:{self.folder / 'base.db'}", "table-name": "t"}


class KeyedDatabase(Database):
    key = (0,)


ORIGINS: dict[str, type[Origin]] = {
    "json": Json, "parquet": Parquet, "datagen": Datagen, "shop": Shop, "memory": Memory, "embedded": Embedded,
    "database": Database, "keyed database": KeyedDatabase,
}  # fmt: skip


def test_every_source_is_here() -> None:
    with_sources = {name for name in CONNECTORS if type(connector(name)).source is not Connector.source}
    assert with_sources == {origin.connector for origin in ORIGINS.values()}


@pytest.fixture(params=ORIGINS)
def origin(request: pytest.FixtureRequest, tmp_path: Path) -> Origin:
    return ORIGINS[request.param](tmp_path)


def poll_of(source: Source, limit: int) -> tuple[list[tuple[Any, ...]], bool]:
    """The rows of a poll that is answered, and whether it was the last."""
    while (poll := source.poll(limit)).waiting:
        continue
    assert poll.rows <= limit
    rows = [] if poll.batch is None else list(zip(*map(python_values, poll.batch.columns), strict=True))
    return rows, poll.ended


def rest_of(source: Source, limit: int, opened: bool = False) -> list[tuple[Any, ...]]:
    if not opened:
        source.open((0, 1))
    found, ended = [], False
    while not ended:
        rows, ended = poll_of(source, limit)
        found += rows
    source.close()
    return found


@pytest.mark.parametrize("limit", [1, 5, 100])
def test_a_position_gives_what_follows(origin: Origin, limit: int) -> None:
    made, rows = origin.sources(), origin.rows()
    source, seen, ended = made(), [], False
    source.open((0, 1))
    while not ended:
        given, ended = poll_of(source, limit)
        seen += given
        other = made()
        other.restore(source.position())
        assert rest_of(other, limit) == rows[len(seen):]
    assert seen == rows


@pytest.mark.parametrize("ahead", [False, True])
def test_it_is_opened_again_where_it_was(origin: Origin, ahead: bool) -> None:
    rows, source = origin.rows(), origin.sources()()
    source = Ahead(source) if ahead else source
    source.open((0, 1))
    seen = poll_of(source, 3)[0]
    position = source.position()
    if not ahead:  # else the thread still reads
        source.close()
        source.restore(position)
        source.open((0, 1))
    assert seen + rest_of(source, 4, opened=True) == rows


@pytest.mark.parametrize(("kind", "reader"), [("json", TextReader), ("parquet", ParquetReader)])
def test_a_disk_that_fails_in_the_middle_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str,
                                                   reader: Any) -> None:
    """The error says that it may pass; the position is that before the poll, though the reader had gone on."""
    source = ORIGINS[kind](tmp_path).sources()()
    source.open((0, 1))
    seen = poll_of(source, 2)[0]
    inner, calls = ("_fill", []) if reader is TextReader else ("_batch", [])
    real = getattr(reader, inner)

    def failing(self: Any, *given: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            raise OSError(errno.EIO, "Input/output error")
        return real(self, *given)

    monkeypatch.setattr(reader, inner, failing)
    caught: list[UserError] = []
    ended = False
    while not ended:
        try:
            rows, ended = poll_of(source, 3)
            seen += rows
        except UserError as error:
            caught.append(error)
            position = source.position()
            source.close()
            source.restore(position)
            source.open((0, 1))
    assert [(error.code, is_passing(error)) for error in caught] == [("unreadable_file", True)]
    assert seen == ROWS
