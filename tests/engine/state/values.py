"""Types and values for property tests of state, and how keys compare: NULL = NULL, -0.0 = 0.0, NaN = NaN."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from engine.changes import Column
from engine.connectors.arrow import column_of, python_values
from engine.types import (
    ARRAY,
    BIGINT,
    BOOLEAN,
    BYTES,
    DECIMAL,
    DOUBLE,
    FLOAT,
    INT,
    MAP,
    ROW,
    SMALLINT,
    STRING,
    TINYINT,
    DataType,
)

LONG = BIGINT.as_nullable(False)
TEXT = STRING.as_nullable(False)


def _integers(bits: int) -> st.SearchStrategy[int]:
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    return st.one_of(st.sampled_from([0, 1, -1, low, high]), st.integers(low, high))


_ODD_TEXTS = ["", "a", "\0", "a\0", "twelve bytes", "thirteen byte", "é" * 7]
_TEXTS = st.one_of(st.sampled_from(_ODD_TEXTS), st.text(max_size=40))
_SMALL_TEXTS = st.sampled_from(["", "x", "some longer text", "some longer texts"])
VALUES: dict[DataType, st.SearchStrategy[Any]] = {
    BOOLEAN: st.booleans(),
    TINYINT: _integers(8),
    SMALLINT: _integers(16),
    INT: _integers(32),
    BIGINT: _integers(64),
    FLOAT: st.one_of(st.sampled_from([0.0, -0.0, math.nan, math.inf, -math.inf]), st.floats(width=32)),
    DOUBLE: st.one_of(st.sampled_from([0.0, -0.0, math.nan, math.inf, -math.inf]), st.floats()),
    DECIMAL(10, 2): st.decimals(-99999999, 99999999, places=2),
    DECIMAL(38, 3): st.integers(-(10**38) + 1, 10**38 - 1).map(lambda i: Decimal(f"{i}E-3")),
    STRING: _TEXTS,
    BYTES: st.binary(max_size=40),
}
NESTED_VALUES: dict[DataType, st.SearchStrategy[Any]] = {
    ARRAY(STRING): st.lists(st.one_of(st.none(), _SMALL_TEXTS), max_size=3),
    ARRAY(ARRAY(INT)): st.lists(st.one_of(st.none(), st.lists(_integers(32), max_size=2)), max_size=3),
    MAP(TEXT, BIGINT): st.dictionaries(_SMALL_TEXTS, _integers(64), max_size=3).map(lambda d: list(d.items())),
    ROW(("a", INT), ("b", STRING), ("c", ARRAY(INT))): st.fixed_dictionaries(
        {"a": _integers(32), "b": st.one_of(st.none(), _SMALL_TEXTS), "c": st.lists(_integers(32), max_size=2)}),
}


@st.composite
def rows_of(draw: st.DrawFn, types: list[DataType], most: int = 20) -> list[tuple[Any, ...]]:
    """Some rows of these types; values repeat, NULL where the type allows."""
    pools = []
    for kind in types:
        values = (VALUES | NESTED_VALUES)[kind.as_nullable()]
        pool = draw(st.lists(values, min_size=1, max_size=4))
        pools.append(st.sampled_from(pool + ([None] if kind.nullable else [])))
    return draw(st.lists(st.tuples(*pools), min_size=1, max_size=most))


def key_types(most: int = 3, *, nested: bool = False) -> st.SearchStrategy[list[DataType]]:
    """Some key types, nullable or not."""
    table = VALUES | NESTED_VALUES if nested else VALUES
    one = st.sampled_from(list(table)).flatmap(lambda t: st.sampled_from([t, t.as_nullable(False)]))
    return st.lists(one, min_size=1, max_size=most)


def columns_of(types: list[DataType], rows: list[tuple[Any, ...]]) -> list[Column]:
    return [column_of(t, [row[i] for row in rows]) for i, t in enumerate(types)]


def rows_from(columns: list[Column]) -> list[tuple[Any, ...]]:
    return list(zip(*(python_values(c) for c in columns), strict=True))


def same(value: Any) -> Any:
    """A value that is equal, in Python's sense, iff the keys are."""
    if isinstance(value, float):
        return "NaN" if math.isnan(value) else value + 0.0
    if isinstance(value, tuple):
        return tuple(same(v) for v in value)
    if isinstance(value, list):
        items = [same(v) for v in value]
        pairs = items and all(isinstance(v, tuple) for v in items)
        return ("map", tuple(sorted(items, key=repr))) if pairs else ("list", tuple(items))
    if isinstance(value, dict):
        return tuple((k, same(v)) for k, v in sorted(value.items()))
    return (type(value).__name__, value) if isinstance(value, bool) else value
