"""The `jdbc` connector on SQLite, and what is refused before any database is asked."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from engine.connectors import connector
from engine.connectors.base import Access, Environment, TableOptions
from engine.connectors.retries import is_passing
from engine.errors import UserError
from engine.types import ARRAY, BIGINT, INT, MAP, STRING, Schema
from tests.engine.connectors.jdbc_suite import Base, JdbcSuite, all_of, batch, opened, sink_of

SCHEMA = Schema.of(id=BIGINT, name=STRING)
POSTGRES = "jdbc:postgresql://"


@pytest.fixture
def base(tmp_path: Path) -> Base:
    path = tmp_path / "shop.db"

    def run(sql: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(path)) as connection, connection:
            return connection.execute(sql).fetchall()

    run("CREATE TABLE other (a INTEGER)")
    return Base({"url": f"jdbc:sqlite:{path}"}, "sqlite", run)


class TestSqlite(JdbcSuite):
    """All of the suite."""

    def test_a_locked_file_may_pass(self, base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("engine.connectors.jdbc_database.WAIT_FOR_LOCK", 0.05)
        name = base.make("id BIGINT, name TEXT")
        sink = sink_of(base.table(name, SCHEMA), tmp_path)
        sink.write(batch(SCHEMA, [(1, "a")]))
        sealed = sink.seal(1)
        with closing(sqlite3.connect(tmp_path / "shop.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(UserError) as caught:
                sink.apply(sealed)
            assert is_passing(caught.value) and caught.value.code == "database_unavailable"
        sink.apply(sealed)
        assert base.rows(name) == [(1, "a")]

    def test_a_file_that_is_not_there_is_not_made(self, tmp_path: Path) -> None:
        table = TableOptions("t", SCHEMA, {"connector": "jdbc", "url": f"jdbc:sqlite:{tmp_path}/none.db",
                                           "table-name": "t"})
        with pytest.raises(UserError) as caught:
            all_of(opened(table, (0,)))
        assert (caught.value.code, (tmp_path / "none.db").exists()) == ("missing_file", False)

    def test_a_file_that_is_no_database(self, base: Base, tmp_path: Path) -> None:
        (tmp_path / "text.db").write_text("no database" * 100, encoding="utf-8")
        table = TableOptions("t", SCHEMA, {"connector": "jdbc", "url": f"jdbc:sqlite:{tmp_path}/text.db",
                                           "table-name": "t"})
        with pytest.raises(UserError) as caught:
            all_of(opened(table, (0,)))
        assert caught.value.code == "database_refused" and not is_passing(caught.value)

    def test_an_older_checkpoint_doubles_nothing(self, base: Base, tmp_path: Path) -> None:
        """A table without a key cannot take rows again that came after the checkpoint that a job goes back to."""
        name = base.make("id BIGINT, name TEXT")
        sink = sink_of(base.table(name, SCHEMA), tmp_path)
        sealed = []
        for epoch in (1, 2, 3):
            sink.write(batch(SCHEMA, [(epoch, "a")]))
            sealed.append(sink.seal(epoch))
            sink.apply(sealed[-1])
        again = sink_of(base.table(name, SCHEMA), tmp_path)
        again.discard(sealed[1])
        again.apply(sealed[1])
        again.write(batch(SCHEMA, [(3, "a")]))
        repeated = again.seal(3)
        with pytest.raises(UserError) as caught:
            again.apply(repeated)
        assert caught.value.code == "sink_is_ahead"
        assert base.rows(name) == [(1, "a"), (2, "a"), (3, "a")]


@pytest.mark.parametrize(("schema", "options", "code"), [
    (SCHEMA, {}, "missing_option"),
    (SCHEMA, {"url": "jdbc:mysql://h/db"}, "wrong_option"),
    (SCHEMA, {"url": "jdbc:sqlite:"}, "wrong_option"),
    (SCHEMA, {"url": "jdbc:sqlite::memory:"}, "wrong_option"),
    (SCHEMA, {"url": "jdbc:sqlite:file:/tmp/x?mode=rw"}, "wrong_option"),
    (SCHEMA, {"url": "jdbc:sqlite:/etc/x.db"}, "path_not_allowed"),
    (SCHEMA, {"url": "jdbc:sqlite:{allowed}/../x.db"}, "path_not_allowed"),
    (SCHEMA, {"url": POSTGRES + "db.host:5433/shop"}, "host_not_allowed"),
    (SCHEMA, {"url": POSTGRES + "evil/shop"}, "host_not_allowed"),
    (SCHEMA, {"url": POSTGRES + "db.host:5432,evil:5432/shop"}, "wrong_option"),
    (SCHEMA, {"url": POSTGRES + "me:secret@db.host:5432/shop"}, "wrong_option"),
    (SCHEMA, {"url": POSTGRES + "/shop"}, "wrong_option"),
    (SCHEMA, {"url": POSTGRES + "db.host:5432/shop?host=evil"}, "wrong_option"),
    (SCHEMA, {"url": POSTGRES + "db.host:5432/shop", "tabel-name": "t"}, "unknown_option"),
    (Schema.of(a=ARRAY(INT)), {"url": "jdbc:sqlite:{allowed}/x.db"}, "not_supported"),
    (Schema.of(a=MAP(INT, INT)), {"url": POSTGRES + "db.host:5432/shop"}, "not_supported"),
    (SCHEMA, {"url": "jdbc:sqlite:{allowed}/x.db", "scan.partition.column": "id"}, "missing_option"),
    (SCHEMA, {"url": "jdbc:sqlite:{allowed}/x.db", "scan.partition.column": "x", "scan.partition.num": "2",
              "scan.partition.lower-bound": "1", "scan.partition.upper-bound": "9"}, "wrong_option"),
    (SCHEMA, {"url": "jdbc:sqlite:{allowed}/x.db", "scan.partition.column": "id", "scan.partition.num": "2",
              "scan.partition.lower-bound": "10", "scan.partition.upper-bound": "9"}, "wrong_option"),
], ids=str)
def test_what_is_refused(tmp_path: Path, schema: Schema, options: dict[str, str], code: str) -> None:
    given = {"connector": "jdbc", "table-name": "t"}
    given |= {name: value.format(allowed=tmp_path) for name, value in options.items()}
    environment = Environment(Access((str(tmp_path),), ("db.host:5432",), ("jdbc",)))
    with pytest.raises(UserError) as caught:
        connector("jdbc").source(TableOptions("t", schema, given), environment)
    assert caught.value.code == code
    assert "secret" not in str(caught.value)


def test_postgres_that_is_not_there_may_come() -> None:
    """Nothing listens on port 1."""
    table = TableOptions("t", SCHEMA, {"connector": "jdbc", "url": POSTGRES + "127.0.0.1:1/shop", "table-name": "t",
                                       "username": "me", "password": "secret"})
    with pytest.raises(UserError) as caught:
        all_of(opened(table, (0,)))
    assert is_passing(caught.value) and caught.value.code == "database_unavailable"
    assert "secret" not in str(caught.value)
