"""Expressions whose meaning Flink and DuckDB share, over random columns: DuckDB is the independent oracle."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.expressions.evaluate import Projection
from engine.expressions.values import column_to_python
from engine.types import BIGINT, DOUBLE, STRING, TIMESTAMP
from tests.engine.expressions.support import Columns, batch_of, bind, context
from tests.profiles import examples

SAME = [
    "a + b", "a - b * 3", "a = b", "a < b", "a IS DISTINCT FROM b", "a BETWEEN b AND 10", "a IN (1, 2, b)",
    "a > 0 AND b > 0",
    "a > 0 OR b > 0", "NOT (a > b)", "CASE WHEN a > b THEN a WHEN b > 0 THEN b END", "COALESCE(a, b, 7)",
    "NULLIF(a, b)",
    "ABS(a)", "x * 2 + 1", "x < 1.5e0", "FLOOR(x)", "CEIL(x)", "s = r", "s < r", "s || r", "UPPER(s)", "LOWER(s)",
    "CHAR_LENGTH(s)", "REPLACE(s, 'a', 'bb')", "REVERSE(s)", "s LIKE 'a%'", "s LIKE '%b_'", "STARTS_WITH(s, r)",
    "LEFT(s, 2)", "RIGHT(s, 2)", "POSITION(r IN s)", "REPEAT(s, 2)", "MD5(s)", "EXTRACT(YEAR FROM t)",
    "EXTRACT(WEEK FROM t)",
    "EXTRACT(QUARTER FROM t)", "EXTRACT(DOY FROM t)", "EXTRACT(HOUR FROM t)", "t + INTERVAL '1' MONTH",
    "t - INTERVAL '36' HOUR", "CAST(t AS DATE)", "CAST(a AS STRING)", "CAST(a AS DOUBLE)", "CAST(t AS STRING)",
]  # fmt: skip
FLINK = {"STARTS_WITH": "STARTSWITH"}
DUCKDB = {"CHAR_LENGTH": "LENGTH", "EXTRACT(WEEK": "EXTRACT(WEEK",
"CAST(t AS STRING)": "strftime(t, '%Y-%m-%d %H:%M:%S.%f')"}
NUMBERS = st.one_of(st.none(), st.integers(-3, 3), st.integers(-10**12, 10**12))
DOUBLES = st.one_of(st.none(), st.floats(-1e6, 1e6))
TEXTS = st.one_of(st.none(), st.text("ab%_ä€😀 ", max_size=20))
MOMENTS = st.one_of(st.none(), st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)))


def translated(sql: str, names: dict[str, str]) -> str:
    for ours, theirs in names.items():
        sql = sql.replace(ours, theirs)
    return sql


TYPES = {"a": BIGINT, "b": BIGINT, "x": DOUBLE, "s": STRING, "r": STRING, "t": TIMESTAMP(6)}
EXPRESSIONS = bind([translated(sql, FLINK) for sql in SAME], {name: (type, []) for name, type in TYPES.items()})


def alike(ours: Any, theirs: Any) -> bool:
    if isinstance(ours, float) and isinstance(theirs, (int, float)):
        return math.isclose(ours, theirs, rel_tol=1e-12, abs_tol=1e-12)
    return ours == theirs


@pytest.mark.soak
@examples(50)
@given(st.lists(st.tuples(NUMBERS, NUMBERS, DOUBLES, TEXTS, TEXTS, MOMENTS), min_size=1, max_size=20))
def test_agrees(rows: list[tuple[Any, ...]]) -> None:
    columns: Columns = {name: (type, [r[i] for r in rows]) for i, (name, type) in enumerate(TYPES.items())}
    types = [pa.int64(), pa.int64(), pa.float64(), pa.string(), pa.string(), pa.timestamp("us")]
    arrays = [pa.array(values, type) for (_, values), type in zip(columns.values(), types, strict=True)]
    table = pa.table(arrays, names=list(columns))
    with duckdb.connect() as connection:
        connection.register("rows_in", table)
        listed = ", ".join(translated(sql, DUCKDB) for sql in SAME)
        expected = list(zip(*connection.execute(f"SELECT {listed} FROM rows_in").fetchall(), strict=True))
    batch = Projection(EXPRESSIONS)(batch_of(columns), context())
    for sql, column, wanted in zip(SAME, batch.columns, expected, strict=True):
        found = column_to_python(column)
        assert all(alike(a, b) for a, b in zip(found, wanted, strict=True)), (sql, found, wanted)
