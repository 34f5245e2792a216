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
])
def test_types_that_do_not_fit(expression: str) -> None:
    assert code(expression) == "bad_arguments"


@pytest.mark.parametrize("number", ["1e400", "-1e400", "9223372036854775808", "99999999999999999999.5",
                                    "0.99999999999999999999"])
def test_numbers_out_of_range(number: str) -> None:
    assert code(number) == "bad_literal"


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
