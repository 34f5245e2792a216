"""Incremental equals batch: the folded changelog of a group aggregate is what DuckDB says of the folded input."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.types import BIGINT, BOOLEAN, DECIMAL, DOUBLE, INT, STRING, Schema
from tests.engine.operators.harness import Make, feed, fold
from tests.engine.operators.test_group import call, group

NOT_NULL = BIGINT.as_nullable(False)
QUERY = """
    SELECT k, g, count(*) n, count(v) c, sum(v) total, sum(d) dec, min(v) low, max(s) high, count(DISTINCT v) dist,
           sum(DISTINCT v) dsum, count(s) FILTER (WHERE v > 1) AS "some",
           (sum(v * v) - sum(v) * sum(v) // count(v)) // count(v) AS "var"
    FROM rows GROUP BY ALL"""
"""VAR_POP of integers is what Flink rewrites it to, in whole numbers."""

value = st.one_of(st.none(), st.integers(-3, 5))
text = st.sampled_from(["x", "yy", "a-string-longer-than-a-view", "a-string-longer-than-a-view-2", None])
change = st.tuples(st.booleans(), st.tuples(st.sampled_from(["a", "b", None]), st.integers(0, 1), value, value, text))


@pytest.fixture(scope="module")
def database() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("CREATE TABLE rows (k VARCHAR, g INT, v INT, d DECIMAL(10, 2), s VARCHAR)")
    return connection


def aggregate(retract: bool) -> tuple[Schema, Make]:
    schema = Schema.of(k=STRING, g=INT, v=INT, d=DECIMAL(10, 2), s=STRING, big=BOOLEAN)
    many = {
        "n": call("COUNT", None, NOT_NULL, schema=schema), "c": call("COUNT", 2, NOT_NULL, schema=schema),
        "total": call("SUM", 2, INT, schema=schema), "dec": call("SUM", 3, DECIMAL(38, 2), schema=schema),
        "low": call("MIN", 2, INT, schema=schema, retract=retract),
        "high": call("MAX", 4, STRING, schema=schema, retract=retract),
        "dist": call("COUNT", 2, NOT_NULL, schema=schema, distinct=True, retract=retract),
        "dsum": call("SUM", 2, INT, schema=schema, distinct=True, retract=retract),
        "some": call("COUNT", 4, NOT_NULL, schema=schema, filter=5), "var": call("VAR_POP", 2, DOUBLE, schema=schema),
    }  # fmt: skip
    return schema, group(many, keys=(0, 1), schema=schema, retract=retract)


def line(sign: str, row: tuple[object, ...]) -> str:
    k, g, v, d, s = ("NULL" if x is None else x for x in row)
    big = "NULL" if v == "NULL" else str(v > 1).lower()  # type: ignore[operator]
    return f"{sign} k={k} g={g} v={v} d={d} s={s} big={big}"


@given(st.lists(change, max_size=30), st.booleans(), st.booleans(), st.integers(1, 9))
def test_against_duckdb(database: duckdb.DuckDBPyConnection, changes: list[tuple[bool, tuple[object, ...]]],
                        retract: bool, every: bool, size: int) -> None:
    live: list[tuple[object, ...]] = []
    lines = []
    for insert, row in changes:
        if retract and not insert and live:
            gone = live.pop(len(live) // 2)
            lines.append(line("-", gone))
        else:
            live.append(row)
            lines.append(line("+", row))
    schema, make = aggregate(retract)
    output = fold(feed(make, schema, lines, size, append=not retract, every_change=every))
    database.execute("DELETE FROM rows")
    if live:
        database.executemany("INSERT INTO rows VALUES (?, ?, ?, ?, ?)", live)
    names = [c[0] for c in database.execute(QUERY).description]
    expected = [" ".join(f"{n}={shown(n, v)}" for n, v in zip(names, row, strict=True))
                for row in database.execute(QUERY).fetchall()]
    assert [rounded(o) for o in output] == sorted(map(rounded, expected))


def shown(name: str, value: object) -> str:
    if value is None:
        return "NULL"
    return f"{value:g}" if name == "var" else str(value)


def rounded(row: str) -> str:
    """Variances to four places: the two engines add up in different orders."""
    head, _, tail = row.rpartition("=")
    return row if tail == "NULL" else f"{head}={abs(round(float(tail), 4)):g}"
