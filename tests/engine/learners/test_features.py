"""Feature hashing: kernels against the plain Python definition, and the definition against worked values."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.changes import Column
from engine.errors import UserError
from engine.learners.features import check_feature, feature_cross, hash_features
from engine.learners.reference import mix, reference_cross, reference_features, text
from engine.types import BIGINT, BOOLEAN, DATE, DECIMAL, DOUBLE, FLOAT, INT, VARCHAR, DataType, Kind

WHOLE = st.integers(-(2**63), 2**63 - 1)
KINDS: dict[str, tuple[DataType, st.SearchStrategy[Any]]] = {
    "text": (VARCHAR(), st.text(max_size=30)),
    "long": (BIGINT, WHOLE),
    "small": (INT, st.integers(-(2**31), 2**31 - 1)),
    "flag": (BOOLEAN, st.booleans()),
    "double": (DOUBLE, st.floats()),
    "float": (FLOAT, st.floats(width=32)),
    "price": (DECIMAL(10, 2), st.decimals(-99999999, 99999999, places=2)),
    "wide": (DECIMAL(38, 4), st.decimals(-(10**33), 10**33, places=4, allow_nan=False)),
}


def column(type: DataType, values: list[Any]) -> Column:
    valid = np.array([v is not None for v in values], np.bool_)
    validity = None if valid.all() else valid
    if type.is_string:
        raw = [b"" if v is None else v.encode() for v in values]
        blocks = tuple(np.frombuffer(r, np.uint8) for r in raw if len(r) > 12)
        held = iter(blocks)
        views = np.zeros((len(raw), 2), np.uint64)
        for i, r in enumerate(raw):
            views[i, 0] = len(r) | int.from_bytes(r[:4].ljust(4, b"\0"), "little") << 32
            views[i, 1] = next(held).ctypes.data if len(r) > 12 else int.from_bytes(r[4:12].ljust(8, b"\0"), "little")
        return Column(type, views, validity, blocks)
    if type.kind is Kind.DECIMAL:
        scaled = [0 if v is None else int(v.scaleb(type.scale)) for v in values]
        if type.is_wide_decimal:
            limbs = [((s & 2**64 - 1) - (2**64 if s >> 63 & 1 else 0), s >> 64) for s in scaled]
            return Column(type, np.array(limbs, np.int64).reshape(-1, 2), validity)
        return Column(type, np.array(scaled, np.int64), validity)
    dtype = {Kind.BIGINT: np.int64, Kind.INT: np.int32, Kind.BOOLEAN: np.bool_, Kind.DOUBLE: np.float64,
             Kind.FLOAT: np.float32}[type.kind]
    return Column(type, np.array([0 if v is None else v for v in values], dtype), validity)


def test_the_finalizer_is_murmurs() -> None:
    assert mix(0) == 0
    assert mix(1) == 0xB456BCFC34C2CB2C  # from SMHasher's verification of fmix64
    assert text(0, "") == 0
    assert text(0, "a") == mix(mix(1) ^ 0x61)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_features_are_as_defined(data: st.DataObject) -> None:
    names = data.draw(st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=6))
    rows = data.draw(st.integers(0, 5))
    drawn = [data.draw(st.lists(st.none() | KINDS[name][1], min_size=rows, max_size=rows)) for name in names]
    bits = data.draw(st.integers(4, 26))
    made = hash_features(bits, names, [column(KINDS[n][0], v) for n, v in zip(names, drawn)], rows)
    index, value = made.children
    for row in range(rows):
        start, stop = index.values[row], index.values[row + 1]
        wanted = reference_features(bits, [(name, values[row]) for name, values in zip(names, drawn)])
        assert index.children[0].values[start:stop].tolist() == wanted[0]
        assert value.children[0].values[start:stop].tolist() == wanted[1]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_crosses_are_as_defined(data: st.DataObject) -> None:
    names = data.draw(st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=4))
    drawn = [data.draw(st.lists(st.none() | KINDS[name][1], min_size=3, max_size=3)) for name in names]
    made = feature_cross([column(KINDS[n][0], v) for n, v in zip(names, drawn)], 3)
    for row in range(3):
        wanted = reference_cross([values[row] for values in drawn])
        assert (made.values[row] if made.valid()[row] else None) == wanted


def test_order_matters_in_a_cross_and_kinds_of_zero_do_not() -> None:
    assert reference_cross([1, 2]) != reference_cross([2, 1])
    assert reference_cross([0.0]) == reference_cross([-0.0])
    assert reference_features(18, [("x", Decimal("1.5")), ("y", float("nan")), ("z", None)])[1] == [1.5]


def test_what_cannot_be_a_feature_is_refused() -> None:
    with pytest.raises(UserError, match="feature 'when' is DATE"):
        check_feature("when", DATE)
