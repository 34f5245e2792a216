"""BITMAP: bytes as Flink 2.3 writes them, set algebra against Python's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import bitmaps
from engine.errors import RuntimeFault, UserError
from tests.engine.expressions.support import type_of, value

# BITMAP_TO_BYTES(BITMAP_BUILD(ARRAY[...])) as Flink 2.3 gave it.
WRITTEN = [
    ([], "3a30000000000000"),
    ([1, 2], "3a30000001000000000001001000000001000200"),
    ([1, 2, 3], "3a300000010000000000020010000000010002000300"),
    ([1, 2, 3, 4], "3b3000000100000300010001000300"),
    (range(1, 25), "3b3000000100001700010001001700"),
    ([1, 100000], "3a300000020000000000000001000000180000001a0000000100a086"),
    ([1, 2, 3, 4, 5, 100000, 200000, 300000, 400000, 500000],
     ("3b30050001000004000100000003000000040000000600000007000000350000003b0000003d0000003f0000004100000043000000"
      "010001000400a086400de093801a20a1")),
]


@pytest.mark.parametrize(("numbers", "data"), WRITTEN)
def test_the_bytes_are_flinks(numbers: list[int], data: str) -> None:
    assert bitmaps.of_numbers(np.array(list(numbers), np.int32)).hex() == data
    assert bitmaps.members(bytes.fromhex(data)).tolist() == list(numbers)


PARTS = st.sampled_from([0, 1, 5, 0x7FFF, 0xFFFF])
LISTED = st.lists(st.integers(0, 0xFFFF), max_size=50)
RUNS = st.tuples(st.integers(0, 0xF000), st.integers(1, 0xFFF)).map(lambda run: list(range(run[0], run[0] + run[1])))
SPREAD = st.integers(2, 9).map(lambda step: list(range(0, 0xFFFF, step)))
SETS = st.dictionaries(PARTS, st.one_of(LISTED, RUNS, SPREAD), max_size=5).map(
    lambda parts: {high << 16 | low for high, lows in parts.items() for low in lows})


@given(SETS)
def test_what_is_written_is_read_again(numbers: set[int]) -> None:
    data = bitmaps.written(np.array(sorted(numbers), np.uint32))
    assert bitmaps.members(data).tolist() == sorted(numbers)
    assert bitmaps.size_of(data) == len(numbers)


@given(SETS, st.data())
def test_damaged_bytes_are_refused_or_some_other_set(numbers: set[int], data: Any) -> None:
    written = bytearray(bitmaps.written(np.array(sorted(numbers), np.uint32)))
    written[data.draw(st.integers(0, len(written) - 1))] = data.draw(st.integers(0, 255))
    written = written[:data.draw(st.integers(0, len(written)))]
    try:
        found = bitmaps.members(bytes(written)).astype(np.int64)
    except ValueError:
        return
    assert (np.diff(found) > 0).all()


def test_a_part_of_many_members_is_written_as_bits() -> None:
    data = bitmaps.written(np.arange(0, 20_000, 2, dtype=np.uint32))
    assert len(data) == 8 + 4 + 4 + 8192  # head, the part's upper bits and size, where it begins, 65,536 bits


A, B = "BITMAP_BUILD(ARRAY[1, -1, 5, 5])", "BITMAP_BUILD(ARRAY[5, 7, CAST(NULL AS INT)])"


@pytest.mark.parametrize(("sql", "expected"), [
    (f"CAST({A} AS STRING)", "{1,5,4294967295}"),
    (f"BITMAP_TO_STRING({B})", "{5,7}"),
    (f"CAST(ROW({B}, 2) AS STRING)", "({5,7}, 2)"),
    (f"BITMAP_TO_ARRAY({A})", [1, 5, -1]),
    (f"BITMAP_CARDINALITY({A})", 3),
    (f"BITMAP_TO_STRING(BITMAP_AND({A}, {B}))", "{5}"),
    (f"BITMAP_TO_STRING(BITMAP_OR({A}, {B}))", "{1,5,7,4294967295}"),
    (f"BITMAP_TO_STRING(BITMAP_XOR({A}, {B}))", "{1,7,4294967295}"),
    (f"BITMAP_TO_STRING(BITMAP_ANDNOT({A}, {B}))", "{1,4294967295}"),
    (f"BITMAP_OR({A}, CAST(NULL AS BITMAP))", None),
    ("CAST(CAST(NULL AS BITMAP) AS STRING)", None),
    (f"{A} = BITMAP_BUILD(ARRAY[5, -1, 1])", True),
    (f"{A} = {B}", False),
    ("BITMAP_TO_STRING(BITMAP_FROM_BYTES(x'3a30000001000000000001001000000001000200'))", "{1,2}"),
    (f"TYPEOF({A})", "BITMAP NOT NULL"),
    ("BITMAP_BUILD(CAST(NULL AS ARRAY<INT>))", None),
])
def test_functions(sql: str, expected: Any) -> None:
    assert value(sql) == expected


def test_types() -> None:
    assert type_of(f"BITMAP_TO_ARRAY({A})") == "ARRAY<INT> NOT NULL"
    assert type_of("BITMAP_CARDINALITY(CAST(NULL AS BITMAP))") == "BIGINT"


@pytest.mark.parametrize("sql", [
    "BITMAP_BUILD(ARRAY['a'])", "BITMAP_BUILD(ARRAY[CAST(1 AS BIGINT)])", f"BITMAP_OR({A})", f"{A} < {B}",
    "CAST('x' AS BITMAP)", "CAST(x'00' AS BITMAP)", f"CAST({A} AS BYTES)", f"JSON_STRING({A})", "BITMAP_TO_STRING('x')",
])
def test_refused(sql: str) -> None:
    with pytest.raises(UserError) as caught:
        value(sql)
    assert caught.value.code in ("bad_arguments", "bad_cast")


def test_bytes_that_are_no_bitmap_fail_the_row() -> None:
    with pytest.raises(RuntimeFault, match="Failed to deserialize bitmap from bytes"):
        value("BITMAP_FROM_BYTES(x'00')")
