"""Operators: results by hand, from the rules of Flink's documentation and Java's arithmetic."""

from __future__ import annotations

from decimal import Context, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import RuntimeFault, UserError
from engine.types import BIGINT, BOOLEAN, DECIMAL, DOUBLE, INT, STRING
from tests.engine.expressions.support import Columns, evaluate, type_of, value

D = Decimal
WIDE = Context(prec=60)
COLUMNS: Columns = {
    "i": (INT, [7, -7, None, 0]),
    "b": (BIGINT, [2**63 - 1, -(2**63), 5, None]),
    "d": (DECIMAL(10, 2), [D("1.25"), None, D("-3.10"), D("0.00")]),
    "w": (DECIMAL(38, 0), [10**37, -(10**37), 1, None]),
    "f": (DOUBLE, [1.5, None, float("nan"), -0.0]),
    "s": (STRING, ["a", "12", "a longer string than twelve bytes", None]),
    "t": (BOOLEAN, [True, False, None, True]),
}


@pytest.mark.parametrize(("sql", "expected"), [
    ("i / 2", [3, -3, None, 0]),
    ("i % 4", [3, -3, None, 0]),
    ("MOD(i, -4)", [3, -3, None, 0]),
    ("b + 1", [-(2**63), -(2**63) + 1, 6, None]),
    ("-b", [-(2**63) + 1, -(2**63), -5, None]),
    ("d + 1", [D("2.25"), None, D("-2.10"), D("1.00")]),
    ("d * d", [D("1.5625"), None, D("9.6100"), D("0.0000")]),
    ("d / 3", [D("0.4166666666667"), None, D("-1.0333333333333"), D(0)]),
    ("w * 100", [None, None, D(100), None]),
    ("w + w", [D(2 * 10**37), D(-2 * 10**37), D(2), None]),
    ("f > 1", [True, None, False, False]),
    ("f = f", [True, None, False, True]),
    ("i > 0 AND t", [True, False, None, False]),
    ("i > 0 OR t", [True, False, None, True]),
    ("NOT t", [False, True, None, False]),
    ("t IS NOT TRUE", [False, True, True, False]),
    ("i IS DISTINCT FROM 7", [False, True, True, True]),
    ("i IN (7, NULL)", [True, None, None, None]),
    ("i NOT IN (7, 0)", [False, True, None, False]),
    ("i IN ('7', '0')", [True, False, None, True]),  # texts in a list are cast to what they are compared with
    ("s IN (12, 5)", [False, True, False, None]),
    ("i > '-1'", [True, False, None, True]),  # as Flink orders a text beside a number; it refuses i = '7'
    ("i BETWEEN '0' AND 7", [True, False, None, True]),
    ("i BETWEEN 0 AND 7", [True, False, None, True]),
    ("i BETWEEN SYMMETRIC 7 AND 0", [True, False, None, True]),
    ("d > 1", [True, None, False, False]),
    ("d = 1.250", [True, None, False, False]),
    ("s = 'a'", [True, False, False, None]),
    ("s < 'a longer'", [True, True, False, None]),
    ("s = 'a longer string than twelve bytes'", [False, False, True, None]),
    ("CASE WHEN i > 0 THEN 10 / i ELSE -1 END", [1, -1, -1, -1]),
    ("CASE WHEN t THEN s WHEN i < 0 THEN 'neg' END", ["a", "neg", None, None]),
    ("COALESCE(s, 'none')", ["a", "12", "a longer string than twelve bytes", "none"]),
    ("COALESCE(i, 10 / 2)", [7, -7, 5, 0]),
    ("NULLIF(i, 0)", [7, -7, None, None]),
    ("IF(t, i, 0)", [7, 0, 0, 0]),
    ("GREATEST(i, 3)", [7, 3, None, 3]),
    ("LEAST(d, i)", [D("1.25"), None, None, D("0.00")]),
    ("s || '!'", ["a!", "12!", "a longer string than twelve bytes!", None]),
    ("ROW(i, t)", [(7, True), (-7, False), (None, None), (0, True)]),
])
def test_rows(sql: str, expected: list[Any]) -> None:
    assert evaluate(sql, COLUMNS) == expected


@pytest.mark.parametrize(("sql", "type"), [
    ("i + 1", "INT"), ("i + b", "BIGINT"), ("i / d", "DECIMAL(23, 11)"), ("d * d", "DECIMAL(21, 4)"),
    ("d + i", "DECIMAL(13, 2)"), ("w * w", "DECIMAL(38, 0)"), ("w + d", "DECIMAL(38, 2)"), ("d % d", "DECIMAL(10, 2)"),
    ("f + d", "DOUBLE"), ("1", "INT NOT NULL"), ("3000000000", "BIGINT NOT NULL"), ("1.5", "DECIMAL(2, 1) NOT NULL"),
    ("1e0", "DOUBLE NOT NULL"), ("'abc'", "CHAR(3) NOT NULL"),
    ("CASE WHEN t THEN 'a' ELSE 'bcd' END", "VARCHAR(3) NOT NULL"),
    ("COALESCE(i, 1)", "INT NOT NULL"), ("CAST(s AS INT)", "INT"), ("TRY_CAST('1' AS INT)", "INT"),
    ("ARRAY[1, 2.5]", "ARRAY<DECIMAL(11, 1) NOT NULL> NOT NULL"), ("i IS NULL", "BOOLEAN NOT NULL"),
])
def test_types(sql: str, type: str) -> None:
    assert type_of(sql, COLUMNS) == type


@pytest.mark.parametrize("sql", ["1 / 0", "i / 0", "d / 0", "i % 0", "1 / (i - i)", "CAST(s AS INT)"])
def test_faults(sql: str) -> None:
    with pytest.raises(RuntimeFault):
        evaluate(sql, COLUMNS)


@pytest.mark.parametrize("sql", [
    "i = s", "NO_SUCH(i)", "UPPER()", "CAST(t AS DATE)", "i + t", "ARRAY['a', 1]", "IF(t, 1, s)", "ROW(NULL)",
    "EXTRACT(FORTNIGHT FROM CURRENT_DATE)",
])
def test_refused(sql: str) -> None:
    with pytest.raises(UserError):
        evaluate(sql, COLUMNS)


def test_only_rows_that_reach_a_fault_count() -> None:
    assert evaluate("i <> 0 AND 10 / i > 0", COLUMNS) == [True, False, None, False]
    assert evaluate("i = 0 OR 10 / i > 0", COLUMNS) == [True, False, None, True]
    assert evaluate("CASE WHEN i = 0 THEN 0 ELSE 100 / i END", COLUMNS) == [14, -14, None, 0]
    assert evaluate("COALESCE(i, 1 / 0)", {"i": (INT, [1, 2])}) == [1, 2]


def test_near_names_are_suggested() -> None:
    with pytest.raises(UserError) as caught:
        evaluate("SUBSTRNG('a', 1)")
    assert caught.value.code == "unknown_function"
    assert "SUBSTRING" in str(caught.value)


def test_no_rows() -> None:
    empty: Columns = {name: (type, []) for name, (type, _) in COLUMNS.items()}
    for sql in ("i / 0", "d * w", "s || s", "CASE WHEN t THEN s END", "CAST(s AS DECIMAL(30, 2))", "s LIKE 'a%'"):
        assert evaluate(sql, empty) == []


def test_constants() -> None:
    assert value("2 + 3 * 4") == 14
    assert value("1.0 / 3") == D("0.333333333333")
    assert value("CAST(1 AS DECIMAL(3, 2)) = 1") is True
    assert value("NULL IS NULL") is True


@given(st.lists(st.tuples(st.integers(-10**30, 10**30), st.integers(-10**30, 10**30)), min_size=1, max_size=5))
def test_wide_decimals_against_python(pairs: list[tuple[int, int]]) -> None:
    columns: Columns = {"x": (DECIMAL(38, 4), [D(a).scaleb(-4, WIDE) for a, _ in pairs]),
                        "y": (DECIMAL(38, 4), [D(b).scaleb(-4, WIDE) for _, b in pairs])}
    assert evaluate("x + y", columns) == [D(a + b).scaleb(-4, WIDE) for a, b in pairs]
    assert evaluate("x - y", columns) == [D(a - b).scaleb(-4, WIDE) for a, b in pairs]
    assert evaluate("x < y", columns) == [a < b for a, b in pairs]
    assert evaluate("x = x", columns) == [True] * len(pairs)
    assert evaluate("CAST(x AS DECIMAL(38, 6))", columns) == [D(a).scaleb(-4, WIDE) for a, _ in pairs]
    small: Columns = {"x": (DECIMAL(20, 3), [D(a % 10**20).scaleb(-3, WIDE) for a, _ in pairs]),
                      "n": (BIGINT, [b % 10**18 - 10**17 for _, b in pairs])}
    products = [(a % 10**20) * (b % 10**18 - 10**17) for a, b in pairs]
    expected = [D(p).scaleb(-3, WIDE) if abs(p) < 10**38 else None for p in products]
    assert evaluate("x * n", small) == expected
