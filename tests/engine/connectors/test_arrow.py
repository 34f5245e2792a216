"""Columns to and from Arrow: every type, slices, views, dictionaries, casts."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from engine.connectors.arrow import arrow_type, column_of, from_arrow, python_values, to_arrow
from engine.errors import UserError
from engine.types import (
    ARRAY,
    BIGINT,
    BOOLEAN,
    BYTES,
    DATE,
    DECIMAL,
    DOUBLE,
    FLOAT,
    INT,
    INTERVAL_MONTHS,
    INTERVAL_TIME,
    MAP,
    MULTISET,
    NULL,
    ROW,
    STRING,
    TIME,
    TIMESTAMP,
    TIMESTAMP_LTZ,
    TINYINT,
)

UTC = dt.UTC
CASES = [
    (BOOLEAN, [True, None, False]), (TINYINT, [1, None, -3]), (BIGINT, [1, 2**62, None]), (FLOAT, [1.5, None]),
    (DOUBLE, [1.5, None, 2.25]), (DATE, [dt.date(2020, 1, 1), None]), (TIME(6), [dt.time(1, 2, 3, 456789), None]),
    (TIMESTAMP(6), [dt.datetime(2020, 1, 1, 2, 3, 4, 567), None]), (NULL, [None, None]), (INTERVAL_MONTHS, [3, None]),
    (TIMESTAMP_LTZ(6), [dt.datetime(2020, 1, 1, 2, 3, 4, 567, tzinfo=UTC), None]),
    (DECIMAL(10, 2), [Decimal("1.25"), None, Decimal("-99.99")]),
    (DECIMAL(38, 10), [Decimal("12345678901234567890.0000000001"), None, Decimal("-1.5000000000")]),
    (STRING, ["a", None, "", "0123456789ab", "0123456789abc", "äöü€𝄞" * 5]), (BYTES, [b"\x00\xff", None, b"x" * 40]),
    (ARRAY(BIGINT), [[1, 2], None, [], [None, 3]]), (ARRAY(ARRAY(STRING)), [[["a"], []], None]),
    (MAP(STRING, DOUBLE), [[("a", 1.0)], None, []]), (MULTISET(STRING), [[("a", 2)], None]),
    (ROW(("a", BIGINT), ("b", ROW(("c", STRING)))), [{"a": 1, "b": {"c": "x"}}, None, {"a": None, "b": None}]),
    (INTERVAL_TIME, [dt.timedelta(seconds=1, microseconds=5), None]),
]


@pytest.mark.parametrize(("type", "values"), CASES, ids=lambda x: str(x) if not isinstance(x, list) else "")
def test_there_and_back(type, values):
    column = column_of(type, values)
    array = to_arrow(column)
    array.validate(full=True)
    assert array.type == arrow_type(type)
    assert python_values(column) == values
    assert python_values(from_arrow(array.slice(1), type)) == values[1:]
    assert python_values(from_arrow(pa.chunked_array([array, array.slice(1)]), type)) == values + values[1:]
    assert python_values(column.take(np.array([1, 0]))) == [values[1], values[0]]
    assert python_values(column_of(type, [])) == []


def test_other_layouts_of_text_are_read():
    values = ["a", "b" * 30, None, ""]
    for array in (pa.array(values, pa.string()), pa.array(values, pa.large_string()),
                  pa.array(values).dictionary_encode(),
                  pl.Series(values).to_arrow(compat_level=pl.CompatLevel.newest())):
        assert python_values(from_arrow(array, STRING)) == values


def test_values_are_cast_where_nothing_is_lost():
    assert python_values(from_arrow(pa.array([1, None], pa.int32()), BIGINT)) == [1, None]
    assert python_values(from_arrow(pa.array([1.5], pa.float64()), DECIMAL(5, 2))) == [Decimal("1.50")]
    nanos = pa.array([1_500_000_000_123_456_789], pa.timestamp("ns"))
    assert python_values(from_arrow(nanos, TIMESTAMP(3))) == [dt.datetime(2017, 7, 14, 2, 40, 0, 123000)]
    for array, type in ((pa.array(["x"]), BIGINT), (pa.array([300]), TINYINT), (pa.array([[1]]), INT)):
        with pytest.raises(UserError) as error:
            from_arrow(array, type)
        assert error.value.code == "type_mismatch"


def test_a_missing_field_of_a_row_is_an_error():
    with pytest.raises(UserError, match="no field 'b'"):
        from_arrow(pa.array([{"a": 1}]), ROW(("a", BIGINT), ("b", BIGINT)))


