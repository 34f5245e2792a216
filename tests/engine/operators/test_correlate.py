"""UNNEST: rows made of collections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.changes import Batch
from engine.expressions.binding import resolve_call
from engine.expressions.functions.base import Context
from engine.expressions.nodes import Expression, InputRef, Literal
from engine.expressions.values import column_from_python, column_to_python
from engine.operators.base import Settings
from engine.operators.correlate import Correlate, unnest
from engine.types import INT, STRING, DataType, Kind, Schema
from tests.engine.operators.harness import Collector

ARRAY = DataType(Kind.ARRAY, element=INT)


def rows_of(type: DataType, values: Sequence[Any], made: dict[str, DataType], *, left: bool = False,
            ordinality: bool = False, condition: Expression | None = None) -> list[tuple[Any, ...]]:
    """(position of the input row, columns made) of each row that comes out."""
    settings = Settings(Context(now=lambda: 0))
    schema = Schema.of(n=INT, list=type, **made)
    operator = Correlate("unnest", schema, settings, unnest(ordinality), [InputRef(type, index=1)], left, condition)
    collector = Collector(schema, settings)
    operator.connect(collector, 0)
    columns = (column_from_python(INT, range(len(values))), column_from_python(type, values))
    operator.receive(Batch(columns, len(values)))
    return [row for b in collector.batches
            for row in zip(*(column_to_python(c) for c in (b.columns[0], *b.columns[2:])), strict=True)]


def test_arrays() -> None:
    values = [[5, None], [], None, [7]]
    assert rows_of(ARRAY, values, {"x": INT}) == [(0, 5), (0, None), (3, 7)]
    assert rows_of(ARRAY, values, {"x": INT}, left=True) == [(0, 5), (0, None), (1, None), (2, None), (3, 7)]


def test_ordinality_begins_anew_for_each_row() -> None:
    assert rows_of(ARRAY, [[5, 6], [7]], {"x": INT, "i": INT}, ordinality=True) == [(0, 5, 1), (0, 6, 2), (1, 7, 1)]
    assert rows_of(ARRAY, [[]], {"x": INT, "i": INT}, ordinality=True, left=True) == [(0, None, None)]


def test_maps_and_multisets() -> None:
    by_key = DataType(Kind.MAP, key=STRING.as_nullable(False), element=INT)
    assert rows_of(by_key, [{"a": 1, "b": None}, {}], {"k": STRING, "v": INT}) == [(0, "a", 1), (0, "b", None)]
    counted = DataType(Kind.MULTISET, element=STRING)
    assert sorted(rows_of(counted, [{"a": 2, "b": 1}], {"x": STRING})) == [(0, "a"), (0, "a"), (0, "b")]


def test_fields_of_rows() -> None:
    row = DataType(Kind.ROW, fields=Schema.of(p=INT, q=STRING).fields)
    values = [[(1, "x"), None], [(2, None)]]
    assert rows_of(DataType(Kind.ARRAY, element=row), values, {"p": INT, "q": STRING}) == [
        (0, 1, "x"), (0, None, None), (1, 2, None)]


def test_condition() -> None:
    above = resolve_call(">", [InputRef(INT, index=2), Literal(INT, 5)])
    values = [[5, 6, 7], [1]]
    assert rows_of(ARRAY, values, {"x": INT}, condition=above) == [(0, 6), (0, 7)]
    assert rows_of(ARRAY, values, {"x": INT}, condition=above, left=True) == [(0, 6), (0, 7), (1, None)]
