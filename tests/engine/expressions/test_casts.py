"""CAST and TRY_CAST: text forms and conversions, by hand from Flink's documentation and Java's conversions."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from engine.errors import RuntimeFault
from engine.types import BIGINT, DECIMAL, DOUBLE, FLOAT, INTERVAL_TIME, TIMESTAMP, TIMESTAMP_LTZ
from tests.engine.expressions.support import ZONE, Columns, evaluate, value

D = Decimal


@pytest.mark.parametrize(("sql", "expected"), [
    ("CAST(TRUE AS STRING)", "TRUE"),
    ("CAST(-12 AS STRING)", "-12"),
    ("CAST(1.50 AS STRING)", "1.50"),
    ("CAST(CAST(-0.05 AS DECIMAL(30, 2)) AS STRING)", "-0.05"),
    ("CAST(1e0 AS STRING)", "1.0"),
    ("CAST(1.0E10 AS STRING)", "1.0E10"),
    ("CAST(1.5E-5 AS STRING)", "1.5E-5"),
    ("CAST(123456.789E0 AS STRING)", "123456.789"),
    ("CAST(DATE '2020-02-29' AS STRING)", "2020-02-29"),
    ("CAST(TIME '01:02:03' AS STRING)", "01:02:03"),
    ("CAST(TIMESTAMP '2020-01-02 03:04:05.67' AS STRING)", "2020-01-02 03:04:05.67"),
    ("CAST(TIMESTAMP '1960-01-02 03:04:05' AS STRING)", "1960-01-02 03:04:05"),
    ("CAST(INTERVAL '1 02:03:04.5' DAY TO SECOND AS STRING)", "+1 02:03:04.500"),
    ("CAST(INTERVAL -'14' MONTH AS STRING)", "-1-02"),
    ("CAST(ARRAY[1, NULL] AS STRING)", "[1, NULL]"),
    ("CAST(MAP['a', 1] AS STRING)", "{a=1}"),
    ("CAST(ROW(1, 'a', NULLIF(1, 1)) AS STRING)", "(1, a, NULL)"),
    ("CAST('abc' AS CHAR(5))", "abc  "),
    ("CAST('äöüß' AS VARCHAR(2))", "äö"),
    ("CAST(' 42 ' AS INT)", 42),
    ("CAST('4.99' AS INT)", 4),
    ("CAST('1e3' AS DOUBLE)", 1000.0),
    ("CAST('1.005' AS DECIMAL(5, 2))", D("1.01")),
    ("CAST('12345' AS DECIMAL(4, 0))", None),
    ("CAST('123456789012345678901234.5' AS DECIMAL(30, 1))", D("123456789012345678901234.5")),
    ("CAST('t' AS BOOLEAN)", True),
    ("CAST('2020-1-2' AS DATE)", date(2020, 1, 2)),
    ("TRY_CAST('2020-01-02 03:04' AS TIMESTAMP(3))", None),  # as Flink 2.3: hours, minutes and seconds, or none
    ("TRY_CAST(' 2020-01-02' AS TIMESTAMP(3))", None),
    ("TRY_CAST('2020-01' AS TIMESTAMP(3))", None),
    ("TRY_CAST('2020-01-02T03:04:05' AS TIMESTAMP(3))", None),
    ("TRY_CAST('20-01-02' AS TIMESTAMP(3))", None),
    ("CAST(CAST('2020-2-30' AS TIMESTAMP(3)) AS STRING)", "2020-02-29 00:00:00.000"),
    ("TRY_CAST('2020-02-32' AS TIMESTAMP(3))", None),
    ("CAST('1:2:3.4567' AS TIME(3))", time(1, 2, 3, 456000)),
    ("CAST(3.99 AS INT)", 3),
    ("CAST(-3.99 AS INT)", -3),
    ("CAST(300 AS TINYINT)", 44),
    ("CAST(1e300 AS INT)", 2**31 - 1),
    ("CAST(CAST('NaN' AS DOUBLE) AS BIGINT)", 0),
    ("CAST(2.345 AS DECIMAL(3, 2))", D("2.35")),
    ("CAST(-2.345 AS DECIMAL(3, 2))", D("-2.35")),
    ("CAST(1e0 / 3 AS DECIMAL(5, 4))", D("0.3333")),
    ("CAST(x'616263' AS STRING)", "abc"),
    ("CAST('abc' AS BINARY(4))", b"abc\0"),
    ("CAST(0 AS BOOLEAN)", False),
    ("CAST(TIMESTAMP '2020-01-02 03:04:05.678' AS DATE)", date(2020, 1, 2)),
    ("CAST(TIMESTAMP '2020-01-02 03:04:05.678' AS TIME)", time(3, 4, 5)),
    ("CAST(DATE '2020-01-02' AS TIMESTAMP(0))", datetime(2020, 1, 2)),
    ("CAST(ARRAY['1', '2'] AS ARRAY<INT>)", [1, 2]),
    ("TRY_CAST('x' AS INT)", None),
    ("TRY_CAST(ARRAY['1', 'x'] AS ARRAY<INT>)", None),
    ("TRY_CAST('2021-02-30' AS DATE)", None),
])
def test_casts(sql: str, expected: Any) -> None:
    assert value(sql) == expected


@pytest.mark.parametrize("sql", [
    "CAST('x' AS INT)", "CAST('' AS INT)", "CAST('128' AS TINYINT)", "CAST('2021-02-30' AS DATE)",
    "CAST('maybe' AS BOOLEAN)",
    "CAST('1.2.3' AS DOUBLE)", "CAST('25:00' AS TIME)", "CAST('12x' AS DECIMAL(30, 1))",
])
def test_bad_values(sql: str) -> None:
    with pytest.raises(RuntimeFault):
        evaluate(sql)


def test_zone() -> None:
    columns: Columns = {
        "z": (TIMESTAMP_LTZ(3), [datetime(2021, 7, 1, 12, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC)]),
        "t": (TIMESTAMP(3), [datetime(2021, 3, 28, 2, 30), datetime(2021, 10, 31, 2, 30)]),
    }
    berlin = {ZONE: "Europe/Berlin"}
    assert evaluate("CAST(z AS STRING)", columns, **berlin) == ["2021-07-01 14:00:00.000", "2021-01-01 01:00:00.000"]
    # The first local time does not exist (it is an hour later), the second exists twice (the earlier counts).
    assert evaluate("CAST(t AS TIMESTAMP_LTZ(3))", columns, **berlin) == [
        datetime(2021, 3, 28, 1, 30, tzinfo=UTC), datetime(2021, 10, 31, 0, 30, tzinfo=UTC)]
    assert evaluate("CAST(z AS DATE)", columns, **{ZONE: "GMT-13:00"}) == [date(2021, 6, 30), date(2020, 12, 31)]


def test_columns() -> None:
    columns: Columns = {
        "b": (BIGINT, [2**63 - 1, -(2**63), None]),
        "f": (FLOAT, [1.1, None, 1e10]),
        "x": (DOUBLE, [0.1, 1e-7, float("-inf")]),
        "w": (DECIMAL(30, 3), [D("12345678901234567890.123"), D("-0.001"), None]),
        "p": (INTERVAL_TIME, [timedelta(seconds=1), timedelta(days=-1), None]),
    }
    assert evaluate("CAST(b AS STRING)", columns) == ["9223372036854775807", "-9223372036854775808", None]
    assert evaluate("CAST(b AS INT)", columns) == [-1, 0, None]
    assert evaluate("CAST(b AS DECIMAL(19, 0))", columns) == [D(2**63 - 1), D(-(2**63)), None]
    assert evaluate("CAST(f AS STRING)", columns) == ["1.1", None, "1.0E10"]
    assert evaluate("CAST(x AS STRING)", columns) == ["0.1", "1.0E-7", "-Infinity"]
    assert evaluate("CAST(w AS DECIMAL(22, 1))", columns) == [D("12345678901234567890.1"), D("0.0"), None]
    assert evaluate("CAST(w AS BIGINT)", columns) == [12345678901234567890 - 2**64, 0, None]
    assert evaluate("CAST(w AS DOUBLE)", columns) == [12345678901234567890.123, -0.001, None]
    assert evaluate("CAST(p AS STRING)", columns) == ["+0 00:00:01.000", "-1 00:00:00.000", None]
