"""Nested values as canonical bytes and back."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.connectors.arrow import column_of, python_values
from engine.state.nested import decode_nested, encode_nested
from engine.types import ARRAY, BIGINT, INT, MAP
from tests.engine.state.values import NESTED_VALUES, TEXT
from tests.profiles import examples


@examples(100)
@given(st.data())
def test_round_trip(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(list(NESTED_VALUES)))
    values = data.draw(st.lists(st.one_of(st.none(), NESTED_VALUES[kind]), max_size=6))
    encoded = encode_nested(column_of(kind, values))
    decoded = decode_nested(encoded.with_type(kind))
    got = python_values(decoded)
    if kind.key is not None:
        got, values = ([None if v is None else sorted(v) for v in held] for held in (got, values))
    assert got == values


def test_maps_do_not_depend_on_order() -> None:
    column = column_of(MAP(TEXT, BIGINT), [[("b", 1), ("a", 2)], [("a", 2), ("b", 1)]])
    views = encode_nested(column)
    texts = python_values(views)
    assert texts[0] == texts[1]


def test_bytes_by_hand() -> None:
    """Two elements: 2 as 32 bits, then flag 1 and 7 as 32 bits, then flag 0."""
    encoded = encode_nested(column_of(ARRAY(INT), [[7, None]]))
    assert python_values(encoded) == [b"\x02\0\0\0\x01\x07\0\0\0\0"]


def test_slices_of_lists() -> None:
    column = column_of(ARRAY(INT), [[1], [2, 3], None, []]).slice(1, 4)
    assert python_values(decode_nested(encode_nested(column).with_type(column.type))) == [[2, 3], None, []]
    assert len(encode_nested(column.take(np.zeros(0, np.int64)))) == 0
