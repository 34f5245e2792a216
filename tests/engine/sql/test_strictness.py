"""What Flink 2.3's planner refuses, each told by asking it: no implicit casts where it has none, literals in range."""

from __future__ import annotations

import pytest

from engine.errors import UserError
from engine.types import BIGINT, INT, STRING, TIMESTAMP, Schema
from tests.engine.properties.support import Input, run

TABLE = Schema.of(k=BIGINT, n=INT, s=STRING, ts=TIMESTAMP(3))


def code(select: str) -> str:
    with pytest.raises(UserError) as caught:
        run({"t": Input(TABLE, [])}, f"SELECT {select} FROM t")
    return caught.value.code


@pytest.mark.parametrize("expression", [
    "NOT s", "s AND k > 1", "s OR k > 1", "s IS TRUE", "IF(s, 1, 2)", "CASE WHEN s THEN 1 END", "NOT k", "k AND TRUE",
    "k || s", "CONCAT(k, s)", "CONCAT('a', 1, TRUE)", "s + 1", "-s", "FLOOR(s)", "CEIL(s)", "SIN(s)", "SUBSTRING(s, s)",
    "REPEAT(s, s)", "ROUND(k, s)", "CHR(s)", "LEFT(s, s)",
    "1 - s", "s * 2", "s / 2", "MOD(s, 2)", "SUM(s)",
    "AVG(s)", "SUM(TRUE)", "MAX(x'0F')", "MAX(INTERVAL '1' DAY)", "MAX(ARRAY[1])", "MAX(NULL)", "COUNT(NULL)",
    "CASE WHEN k > 1 THEN 1 ELSE 'a' END", "CASE WHEN k > 1 THEN CAST(ts AS DATE) ELSE ts END", "CAST(ts AS DATE) = ts",
    "CAST(ts AS DATE) < ts", "CAST(ts AS DATE) BETWEEN ts AND ts", "CAST(ts AS TIME) = ts", "IF(k > 1, s, 1)",
    "ARRAY[CAST(ts AS DATE), ts]", "GREATEST(CAST(ts AS DATE), ts)", "NULLIF(CAST(ts AS DATE), ts)",
    "MOD(1e0, 2)", "2 % 1e0", "SUBSTRING(x'0102', 1)", "HEX(x'01')", "CONCAT_WS(',', 1)",
    "DATE_FORMAT(CAST(ts AS DATE), 'yyyy')", "EXTRACT(YEAR FROM CAST(ts AS TIME))",
    "EXTRACT(YEAR FROM INTERVAL '1' DAY)", "EXTRACT(NANOSECOND FROM CAST(ts AS DATE))",
    "ARRAY_CONTAINS(ARRAY[n], k)", "ARRAY_APPEND(ARRAY[n], k)",
    "ARRAY_SLICE(ARRAY[n], k)", "TO_TIMESTAMP_LTZ(k, k)", "s IN (1, 'a')", "ts IN (CAST(ts AS DATE))",
])
def test_types_that_do_not_fit(expression: str) -> None:
    assert code(expression) == "bad_arguments"


@pytest.mark.parametrize("number", ["1e400", "-1e400", "9223372036854775808", "99999999999999999999.5",
                                    "0.99999999999999999999"])
def test_numbers_out_of_range(number: str) -> None:
    assert code(number) == "bad_literal"


@pytest.mark.parametrize("expression", [
    "CASE WHEN k > 1 THEN 1 ELSE 1.5 END", "COALESCE(CAST(ts AS DATE), ts)", "ts = CAST(ts AS TIMESTAMP_LTZ(3))",
    "TIMESTAMPDIFF(DAY, CAST(ts AS DATE), ts)", "k % 1.5", "k > '1'", "k IN ('1')",
    "EXTRACT(DAY FROM INTERVAL '1' DAY)", "EXTRACT(CENTURY FROM INTERVAL '1' MONTH)", "ARRAY_CONTAINS(ARRAY[k], n)",
    "ARRAY_CONTAINS(ARRAY[1.5], 1)", "ARRAY[ts, CAST(ts AS TIMESTAMP_LTZ(3))]",
])
def test_types_that_fit(expression: str) -> None:
    assert run({"t": Input(TABLE, [])}, f"SELECT {expression} FROM t") == []


@pytest.mark.parametrize("number", ["9223372036854775807", "-9223372036854775808", "1e308", "1e-400", "0.123456789"])
def test_numbers_in_range(number: str) -> None:
    assert run({"t": Input(TABLE, [])}, f"SELECT {number} FROM t") == []


def test_maps_have_no_order() -> None:
    assert code("k, ROW_NUMBER() OVER (ORDER BY MAP[k, 1])") == "bad_order"


def test_order_by_in_aggregates() -> None:
    """Only where Flink takes one."""
    assert code("LISTAGG(s) WITHIN GROUP (ORDER BY k)") == "bad_order"
    assert run({"t": Input(TABLE, [])}, "SELECT ARRAY_AGG(s ORDER BY k), VARIANCE(k), STDDEV(k) FROM t") == []


def test_functions_of_other_databases() -> None:
    for call in ("NTH_VALUE(k, 2) OVER (ORDER BY ts)", "MEDIAN(k)", "BOOL_AND(TRUE)"):
        assert code(call) == "unknown_function"


@pytest.mark.parametrize(("query", "wanted"), [
    ("SELECT COUNT() FROM t", "bad_arguments"), ("SELECT FIRST_VALUE(k, 1) FROM t", "bad_arguments"),
    ("SELECT * FROM t AS x(a, a, s, ts)", "bad_alias"), ("SELECT * FROM (SELECT k, n, k FROM t)", "ambiguous_column"),
    ("SELECT x.* FROM (SELECT k, n, k FROM t) AS x", "ambiguous_column"),
    ("SELECT k AS 'x' FROM t", "syntax"), ("SELECT k FROM t LIMIT 1 OFFSET 99999999999999999999", "bad_limit"),
    ("SELECT t.UPPER(s) FROM t", "unknown_function"), ("SELECT t.SUM(k) FROM t", "unknown_function"),
    ("SELECT k FROM t LIMIT 1 OFFSET 1 OFFSET 1", "syntax"), ("SELECT k FROM t OFFSET 1 LIMIT 1", "syntax"),
    ("SELECT * FROM (VALUES (1, (SELECT MAX(k) FROM t))) AS v(a, b)", "not_supported"),
    ("SELECT * FROM (VALUES (1 IN (SELECT n FROM t))) AS v(a)", "not_supported"),
    ("SELECT LAG(k, CAST(NULL AS INT)) OVER (ORDER BY ts) FROM t", "bad_arguments"),
])
def test_queries(query: str, wanted: str) -> None:
    with pytest.raises(UserError) as caught:
        run({"t": Input(TABLE, [])}, query)
    assert caught.value.code == wanted and caught.value.place is not None


def test_a_column_named_twice_is_one_as_long_as_nobody_asks_for_it() -> None:
    assert run({"t": Input(TABLE, [])}, "SELECT n FROM (SELECT k, n, k FROM t) LIMIT 1") == []


def test_grouping_beside_a_group_window_is_zero() -> None:
    rows = "(SELECT k, PROCTIME() AS p FROM t)"
    query = f"SELECT GROUPING(k), COUNT(*) FROM {rows} GROUP BY TUMBLE(p, INTERVAL '1' DAY), k"
    assert run({"t": Input(TABLE, [])}, query) == []
