"""What the `jdbc` connector must do on every database. A test module subclasses `JdbcSuite` and gives the fixture
`base`: the database, as options and as a function that runs SQL on it by another way."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.changes import Batch
from engine.connectors import connector
from engine.connectors.arrow import column_of, python_values
from engine.connectors.base import Environment, Poll, Sink, Source, TableOptions, Term
from engine.errors import UserError
from engine.session import RunOptions, Session
from engine.types import (
    BIGINT,
    BOOLEAN,
    BYTES,
    DATE,
    DECIMAL,
    DOUBLE,
    FLOAT,
    INT,
    SMALLINT,
    STRING,
    TIME,
    TIMESTAMP,
    TIMESTAMP_LTZ,
    TINYINT,
    DataType,
    Schema,
)  # fmt: skip

INSERT, BEFORE, AFTER, DELETE = range(4)
"""Kinds of change, as `engine.changes` numbers them: +I, -U, +U, -D."""
NUMBERS = Schema.of(id=BIGINT, name=STRING, amount=DECIMAL(10, 2))
VALUES: dict[str, tuple[DataType, str, str, list[Any]]] = {
    "boolean": (BOOLEAN, "BOOLEAN", "BOOLEAN", [True, False, None]),
    "tinyint": (TINYINT, "SMALLINT", "INTEGER", [-128, 127, None]),
    "smallint": (SMALLINT, "SMALLINT", "INTEGER", [-(2**15), 2**15 - 1, None]),
    "int": (INT, "INTEGER", "INTEGER", [-(2**31), 2**31 - 1, None]),
    "bigint": (BIGINT, "BIGINT", "INTEGER", [-(2**63), 2**63 - 1, None]),
    "float": (FLOAT, "REAL", "REAL", [1.5, -0.25, None]),
    "double": (DOUBLE, "DOUBLE PRECISION", "REAL", [1e300, -2.5, None]),
    "decimal": (DECIMAL(20, 4), "NUMERIC(20, 4)", "TEXT", [Decimal("1234567890123456.7891"), Decimal("-0.0001"), None]),
    "text": (STRING, "TEXT", "TEXT", ["", "it's; a \"wörd\" %s ? \\", None]),
    "bytes": (BYTES, "BYTEA", "BLOB", [b"", b"\x00\xff", None]),
    "date": (DATE, "DATE", "TEXT", [date(1970, 1, 1), date(2024, 2, 29), None]),
    "time": (TIME(6), "TIME", "TEXT", [time(0, 0), time(23, 59, 59, 123456), None]),
    "timestamp": (TIMESTAMP(6), "TIMESTAMP", "TEXT",
                  [datetime(1970, 1, 1), datetime(2024, 2, 29, 12, 30, 15, 123456), None]),
    "instant": (TIMESTAMP_LTZ(6), "TIMESTAMPTZ", "TEXT",
                [datetime(1970, 1, 1, tzinfo=UTC), datetime(2024, 2, 29, 12, 30, 15, 5, tzinfo=UTC), None]),
}
"""By name: the type, what holds it in Postgres and in SQLite, values."""


@dataclass(frozen=True)
class Base:
    """A database: `run` runs one statement and gives its rows."""

    options: dict[str, str]
    dialect: str
    run: Callable[[str], list[tuple[Any, ...]]]

    def make(self, columns: str, rows: Sequence[tuple[Any, ...]] = ()) -> str:
        """A table of its own, with these rows of numbers and texts."""
        name = f"t{uuid.uuid4().hex[:12]}"
        self.run(f"CREATE TABLE {name} ({columns})")
        for row in rows:
            cells = ", ".join("NULL" if v is None else f"'{v}'" if isinstance(v, str) else str(v) for v in row)
            self.run(f"INSERT INTO {name} VALUES ({cells})")
        return name

    def table(self, name: str, schema: Schema, key: tuple[int, ...] = (), **more: str) -> TableOptions:
        options = {"connector": "jdbc", **self.options, "table-name": name}
        return TableOptions("t", schema, options | {k.replace("__", ".").replace("_", "-"): v for k, v in more.items()},
                            key)

    def rows(self, name: str) -> list[tuple[Any, ...]]:
        return sorted(self.run(f"SELECT * FROM {name}"))


def opened(table: TableOptions, columns: Sequence[int], position: Any = None, terms: Sequence[Term] = (),
           limit: int | None = None) -> Source:
    source = connector("jdbc").source(table, Environment())
    assert source is not None
    if terms or limit is not None:
        source.restrict(terms, limit)
    if position is not None:
        source.restore(position)
    source.open(columns)
    return source


def polled(source: Source, limit: int) -> Poll:
    return source.poll(limit)


def all_of(source: Source, limit: int = 3) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    while True:
        poll = source.poll(limit)
        assert poll.rows <= limit
        if poll.batch is not None:
            found += zip(*map(python_values, poll.batch.columns), strict=True)
        if poll.ended:
            source.close()
            return found


def batch(schema: Schema, rows: Sequence[tuple[Any, ...]], kinds: Sequence[int] | None = None) -> Batch:
    columns = tuple(column_of(f.type, [row[i] for row in rows]) for i, f in enumerate(schema))
    return Batch(columns, len(rows), None if kinds is None else np.array(kinds, np.int8))


def sink_of(table: TableOptions, folder: Path) -> Sink:
    sink = connector("jdbc").sink(table, Environment(folder=str(folder)))
    assert sink is not None
    return sink


class JdbcSuite:
    """Types, scans, positions, what a source leaves out; lookups; rows written by key and in order."""

    @pytest.mark.parametrize("kind", VALUES)
    def test_a_value_of_each_type_comes_back(self, base: Base, tmp_path: Path, kind: str) -> None:
        type, postgres, sqlite, values = VALUES[kind]
        schema = Schema.of(id=INT, v=type)
        name = base.make(f"id INTEGER PRIMARY KEY, v {postgres if base.dialect == 'postgres' else sqlite}")
        rows = list(enumerate(values))
        sink = sink_of(base.table(name, schema, (0,)), tmp_path)
        sink.write(batch(schema, rows))
        sink.apply(sink.seal(1))
        assert all_of(opened(base.table(name, schema, (0,)), (0, 1))) == rows
        assert all_of(opened(base.table(name, schema), (1, 0))) != []
        lookup = connector("jdbc").lookup(base.table(name, schema, (0,)), Environment())
        assert lookup is not None
        lookup.open((0,), (1,))
        at, (column,) = lookup.get([column_of(INT, [2, 0, 7, None, 1])], 5)
        assert at.tolist() == [0, 1, 4]
        assert python_values(column) == [values[2], values[0], values[1]]
        if values[1] is not None and kind not in ("bytes",):
            lookup.open((1,), (0,))
            at, (column,) = lookup.get([column_of(type, [values[1], None])], 2)
            assert (at.tolist(), python_values(column)) == ([0], [1])
        lookup.close()

    @pytest.mark.parametrize("limit", [1, 3, 1000])
    @pytest.mark.parametrize("key", [(), (0,), (0, 1)], ids=["no key", "one column", "two columns"])
    def test_a_position_gives_exactly_what_follows(self, base: Base, limit: int, key: tuple[int, ...]) -> None:
        given = [(i // 2 if len(key) == 2 else i, f"n{i % 2}", i) for i in range(7)]
        name = base.make("a BIGINT, b VARCHAR(9), c INTEGER", given)
        table = base.table(name, Schema.of(a=BIGINT, b=STRING, c=INT), key, scan__fetch_size="4")
        assert sorted(all_of(opened(table, (0, 1, 2)), limit)) == sorted(given)
        source, seen = opened(table, (2,)), []
        for _ in range(20):
            poll = polled(source, limit)
            seen += python_values(poll.batch.columns[0]) if poll.batch is not None else []
            position = source.position()
            source.close()
            if poll.ended:
                break
            source = opened(table, (2,), position)
        assert sorted(seen) == [row[2] for row in given]

    def test_it_is_opened_again_in_place(self, base: Base) -> None:
        name = base.make("a BIGINT PRIMARY KEY", [(i,) for i in range(6)])
        for key in ((), (0,)):
            source = opened(base.table(name, Schema.of(a=BIGINT), key), (0,))
            first = polled(source, 2).batch
            assert first is not None and python_values(first.columns[0]) == [0, 1]
            position = source.position()
            source.close()
            source.restore(position)
            source.open((0,))
            assert all_of(source) == [(2,), (3,), (4,), (5,)]

    def test_ranges_of_a_column(self, base: Base) -> None:
        """Eight numbers in three ranges; what lies outside the bounds is not read, as in Flink."""
        name = base.make("a BIGINT", [(i,) for i in range(-1, 12)])
        for key in ((), (0,)):
            table = base.table(name, Schema.of(a=BIGINT), key, scan__partition__column="a", scan__partition__num="3",
                               scan__partition__lower_bound="1", scan__partition__upper_bound="8")
            assert all_of(opened(table, (0,)), 2) == [(i,) for i in range(1, 9)]
            source = opened(table, (0,))
            polled(source, 2)
            polled(source, 2)
            rest = all_of(opened(table, (0,), source.position()), 2)
            assert rest == [(i,) for i in range(9 - len(rest), 9)] and 4 <= len(rest) <= 6
            source.close()

    @pytest.mark.parametrize(("term", "kept"), [
        (Term(0, "IN", (2, 4)), [2, 4]),
        (Term(0, "NOT IN", (2, 4)), [1, 3]),
        (Term(0, "<", (3,)), [1, 2]),
        (Term(0, "<=", (3,)), [1, 2, 3]),
        (Term(0, ">", (3,)), [4]),
        (Term(0, ">=", (3,)), [3, 4]),
        (Term(1, "IN", ("a", "x'y")), [1, 4]),
        (Term(1, "NOT IN", ("a",)), [2, 4]),
        (Term(1, "IS NULL"), [3]),
        (Term(1, "IS NOT NULL"), [1, 2, 4]),
        (Term(2, ">", (18_262,)), [3, 4]),
        (Term(2, "IN", (18_262,)), [1, 2]),
    ], ids=str)
    def test_it_leaves_out_rows(self, base: Base, term: Term, kept: list[int]) -> None:
        day = "DATE" if base.dialect == "postgres" else "TEXT"
        name = base.make(f"a BIGINT, b VARCHAR(9), d {day}", [
            (1, "a", "2020-01-01"), (2, "b", "2020-01-01"), (3, None, "2020-01-02"), (4, "x''y", "2020-01-03")])
        table = base.table(name, Schema.of(a=BIGINT, b=STRING, d=DATE), (0,))
        assert all_of(opened(table, (0,), terms=[term])) == [(n,) for n in kept]
        assert all_of(opened(table, (0,), terms=[term], limit=1), 100) == [(n,) for n in kept[:1]]

    def test_what_cannot_be_read_is_a_dead_letter(self, base: Base) -> None:
        name = base.make("a BIGINT PRIMARY KEY, b VARCHAR(20)", [(1, "2024-01-01"), (2, "tomorrow"), (3, "2024-01-03")])
        source = opened(base.table(name, Schema.of(a=BIGINT, b=DATE), (0,)), (0, 1))
        poll = polled(source, 10)
        assert poll.batch is not None and poll.batch.length == 2
        assert [(d.place, "'tomorrow' is no DATE" in d.reason) for d in poll.dead] == [("t[2]", True)]
        source.close()

    def test_written_by_key(self, base: Base, tmp_path: Path) -> None:
        name = base.make("id BIGINT PRIMARY KEY, name VARCHAR(9), amount VARCHAR(20)", [(9, "old", "1")])
        schema = Schema.of(id=BIGINT, name=STRING, amount=STRING)
        sink = sink_of(base.table(name, schema, (0,)), tmp_path)
        sink.write(batch(schema, [(1, "a", "1"), (2, "b", "2"), (1, "a", "1"), (1, "c", "3"), (2, "b", "2"),
                                  (9, "old", "1")], [INSERT, INSERT, BEFORE, AFTER, DELETE, DELETE]))
        assert base.rows(name) == [(9, "old", "1")], "nothing is seen before it counts"
        sink.apply(sink.seal(1))
        assert base.rows(name) == [(1, "c", "3")]
        sink.write(batch(schema, [(2, "again", None)]))
        sink.apply(sink.seal(2))
        assert base.rows(name) == [(1, "c", "3"), (2, "again", None)]
        sink.close()

    def test_what_the_database_refuses_is_told_and_nothing_is_written(self, base: Base, tmp_path: Path) -> None:
        name = base.make("id BIGINT PRIMARY KEY, name VARCHAR(9) NOT NULL")
        schema = Schema.of(id=BIGINT, name=STRING)
        sink = sink_of(base.table(name, schema, (0,)), tmp_path)
        sink.write(batch(schema, [(1, "a"), (2, None)]))
        sealed = sink.seal(1)
        with pytest.raises(UserError) as caught:
            sink.apply(sealed)
        assert caught.value.code == "database_refused"
        assert base.rows(name) == []
        assert base.run(f"SELECT COUNT(*) FROM porsche_epochs WHERE run LIKE '{sealed['run']}%'") == [(0,)]

    @pytest.mark.parametrize("missing", ["table", "column"])
    def test_what_is_not_there(self, base: Base, missing: str) -> None:
        name = base.make("b BIGINT") if missing == "column" else "nowhere"
        with pytest.raises(UserError) as caught:
            all_of(opened(base.table(name, Schema.of(a=BIGINT)), (0,)))
        assert caught.value.code == "database_refused"

    def test_names_are_names(self, base: Base, tmp_path: Path) -> None:
        """Whatever stands in them: quotes, spaces, signs of parameters."""
        odd = 'o"dd %s ?; DROP TABLE x'
        name = f"odd {uuid.uuid4().hex[:6]} %"
        quoted = name.replace('"', '""')
        base.run(f'CREATE TABLE "{quoted}" ("{odd.replace(chr(34), chr(34) * 2)}" BIGINT PRIMARY KEY)')
        schema = Schema.of(**{odd: BIGINT})
        sink = sink_of(base.table(name, schema, (0,)), tmp_path)
        sink.write(batch(schema, [(1,)]))
        sink.apply(sink.seal(1))
        assert all_of(opened(base.table(name, schema, (0,)), (0,), terms=[Term(0, ">", (0,))])) == [(1,)]

    def test_a_job_reads_joins_and_writes(self, base: Base, tmp_path: Path) -> None:
        items = base.make("id BIGINT PRIMARY KEY, name VARCHAR(9)", [(i, f"n{i}") for i in range(5)])
        orders = base.make("id BIGINT PRIMARY KEY, item BIGINT, price BIGINT", [(i, i % 7, i) for i in range(50)])
        sums = base.make("name VARCHAR(9) PRIMARY KEY, orders BIGINT, total BIGINT")
        given = ", ".join(f"'{k}' = '{v}'" for k, v in {"connector": "jdbc", **base.options}.items())
        session = Session(folder=tmp_path / "state")
        list(session.script(f"""
            CREATE TABLE items (id BIGINT, name STRING, PRIMARY KEY (id) NOT ENFORCED)
                WITH ({given}, 'table-name' = '{items}', 'lookup.cache' = 'PARTIAL');
            CREATE TABLE orders (id BIGINT, item BIGINT, price BIGINT, moment AS PROCTIME(),
                PRIMARY KEY (id) NOT ENFORCED) WITH ({given}, 'table-name' = '{orders}');
            CREATE TABLE sums (name STRING, orders BIGINT, total BIGINT, PRIMARY KEY (name) NOT ENFORCED)
                WITH ({given}, 'table-name' = '{sums}');
            INSERT INTO sums SELECT i.name, COUNT(*), SUM(o.price) FROM orders AS o
                JOIN items FOR SYSTEM_TIME AS OF o.moment AS i ON o.item = i.id WHERE o.price >= 10 GROUP BY i.name;
        """))
        assert session.run(RunOptions(batch_rows=7, checkpoint_interval=0.01)).rows_in == 40, "others are left out"
        expected: dict[str, list[int]] = {}
        for i in range(10, 50):
            if i % 7 < 5:
                expected.setdefault(f"n{i % 7}", []).append(i)
        assert base.rows(sums) == sorted((name, len(prices), sum(prices)) for name, prices in expected.items())
