"""Orders compare as SQL's ORDER BY does."""

from __future__ import annotations

import functools
import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine.changes import Column
from engine.connectors.arrow import python_values
from engine.state.order import BYTES as BYTES_FORM
from engine.state.order import WORD, WORDS, SortCodec
from engine.types import BIGINT, BYTES, DECIMAL, DOUBLE, INT, STRING, TIMESTAMP
from tests.engine.state.values import LONG, TEXT, columns_of, key_types, rows_of, same
from tests.profiles import examples


def _rank(value: Any) -> Any:
    if isinstance(value, float):
        return (1, 0.0) if math.isnan(value) else (0, value)
    return value.encode() if isinstance(value, str) else value


def _compare(a: tuple[Any, ...], b: tuple[Any, ...], descending: list[bool], last: list[bool]) -> int:
    for x, y, down, nulls_last in zip(a, b, descending, last, strict=True):
        if x is None or y is None:
            if x is y:
                continue
            return 1 if (x is None) == nulls_last else -1
        p, q = _rank(x), _rank(y)
        if p != q:
            return -1 if (p < q) != down else 1
    return 0


def _orders(codec: SortCodec, columns: list[Column], count: int) -> list[Any]:
    orders: Any = codec.encode(columns, count)
    if codec.form == BYTES_FORM:
        return python_values(Column(BYTES, orders.copy(), None, (codec,)))
    return [tuple(o) for o in orders.tolist()]


@examples(150)
@given(st.data())
def test_orders_as_sql_does(data: st.DataObject) -> None:
    types = data.draw(key_types())
    flags = st.lists(st.booleans(), min_size=len(types), max_size=len(types))
    descending, last = data.draw(flags), data.draw(flags)
    rows = data.draw(rows_of(types))
    codec = SortCodec(types, descending, last)
    orders = _orders(codec, columns_of(types, rows), len(rows))

    def compare(i: int, j: int) -> int:
        return _compare(rows[i], rows[j], descending, last)

    by_sql = sorted(range(len(rows)), key=functools.cmp_to_key(compare))
    assert sorted(range(len(rows)), key=lambda i: orders[i]) == by_sql
    for i, j in zip(by_sql, by_sql[1:], strict=False):
        assert (orders[i] == orders[j]) == (_compare(rows[i], rows[j], descending, last) == 0)


@examples(60)
@given(st.data())
def test_one_column_comes_back(data: st.DataObject) -> None:
    types = data.draw(key_types(1))
    codec = SortCodec(types, [data.draw(st.booleans())], [data.draw(st.booleans())])
    if codec.form == BYTES_FORM:
        codec = SortCodec(types := [TEXT])
    rows = data.draw(rows_of(types))
    column = codec.decode(codec.encode(columns_of(types, rows), len(rows)).copy())
    assert [same(v) for v in python_values(column)] == [same(row[0]) for row in rows]


def test_forms() -> None:
    assert SortCodec([LONG]).form == WORD
    assert SortCodec([DOUBLE]).form == SortCodec([TIMESTAMP()]).form == SortCodec([INT]).form == WORD
    assert SortCodec([BIGINT]).form == SortCodec([DECIMAL(38, 2).as_nullable(False)]).form == WORDS
    assert SortCodec([STRING]).form == BYTES_FORM
