"""A key index is a dict from keys to slots, whatever the types, also when hashes collide."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.changes import Column
from engine.state.hashing import KEY_GROUPS, weaken
from engine.state.index import KeyIndex
from engine.types import BIGINT, DOUBLE, INT, STRING, DataType
from tests.engine.state.values import LONG, TEXT, columns_of, key_types, rows_from, rows_of, same
from tests.profiles import examples

LONG_GROUPS = [26, 53, 1, 9, 35, 119]
TEXT_GROUPS = [122, 59, 30, 2, 1]
PAIR_GROUPS = [81, 36, 97]


class Model:
    """The same as a dict."""

    def __init__(self) -> None:
        self.slots: dict[Any, int] = {}

    def upsert(self, index: KeyIndex, types: list[DataType], rows: list[tuple[Any, ...]]) -> None:
        slots = index.upsert(columns_of(types, rows), len(rows)).tolist()
        fresh = index.fresh[:len(rows)].tolist()
        for row, slot, new in zip(rows, slots, fresh, strict=True):
            key = same(row)
            assert bool(new) == (key not in self.slots)
            if new:
                assert slot not in self.slots.values()
                self.slots[key] = slot
            assert self.slots[key] == slot

    def check(self, index: KeyIndex, types: list[DataType], rows: list[tuple[Any, ...]]) -> None:
        assert len(index) == len(self.slots)
        assert index.live_slots().tolist() == sorted(self.slots.values())
        found = index.lookup(columns_of(types, rows), len(rows)).tolist()
        assert found == [self.slots.get(same(row), -1) for row in rows]
        keys = rows_from(index.decode(index.live_slots()))
        assert {same(k): s for k, s in zip(keys, index.live_slots().tolist(), strict=True)} == self.slots


@examples(150)
@given(st.data(), st.sampled_from([-1, 0, 0x3 << 32, -(1 << 61)]))
def test_is_a_dict(data: st.DataObject, bits: int) -> None:
    types = data.draw(key_types(nested=True))
    with weaken(bits):
        index, model = KeyIndex(types), Model()
    for _ in range(data.draw(st.integers(1, 3))):
        rows = data.draw(rows_of(types))
        model.upsert(index, types, rows)
        gone = data.draw(st.sets(st.sampled_from(sorted(model.slots.values())))) if model.slots else set()
        index.release(np.array(sorted(gone), np.int64))
        model.slots = {k: s for k, s in model.slots.items() if s not in gone}
        model.check(index, types, rows)


def test_freed_slots_are_used_again() -> None:
    index = KeyIndex([LONG])
    index.upsert([Column(LONG, np.arange(10))], 10)
    index.release(np.array([3, 7]))
    assert sorted(index.upsert([Column(LONG, np.array([20, 21, 22]))], 3).tolist()) == [3, 7, 10]
    assert index.high == 11


def test_grows_through_many_splits_and_shrinks() -> None:
    keys = np.random.default_rng(1).permutation(60_000).astype(np.int64) * 977 - 5_000_000
    index = KeyIndex([LONG])
    for start in range(0, len(keys), 7_000):
        part = keys[start:start + 7_000]
        index.upsert([Column(LONG, part)], len(part))
    assert index.lookup([Column(LONG, keys)], len(keys)).tolist() == list(range(60_000))
    assert (index.lookup([Column(LONG, keys + 1)], len(keys)) == -1).all()
    index.release(np.arange(0, 60_000, 2))
    found = index.lookup([Column(LONG, keys)], len(keys))
    assert (found[::2] == -1).all()
    assert (found[1::2] == np.arange(1, 60_000, 2)).all()


def test_long_strings_survive_release_and_compaction() -> None:
    index = KeyIndex([TEXT])
    names = [f"a key of some {'length' * (i % 9)} {i}" for i in range(30_000)]
    index.upsert(columns_of([TEXT], [(n,) for n in names]), len(names))
    before = index.nbytes()
    index.release(np.flatnonzero(np.arange(30_000) % 10))
    assert index.nbytes() < before
    kept = names[::10]
    assert (index.lookup(columns_of([TEXT], [(n,) for n in kept]), 3_000) == np.arange(0, 30_000, 10)).all()
    assert rows_from(index.decode(index.live_slots())) == [(n,) for n in kept]


def test_key_groups_are_fixed_for_ever() -> None:
    """Checkpoints depend on these numbers: a change needs a new HASH_VERSION."""
    longs = KeyIndex([LONG]).key_groups([Column(LONG, np.arange(6))], 6)
    texts = columns_of([TEXT], [("",), ("a",), ("twelve bytes",), ("thirteen byte",), ("a text of more than sixteen",)])
    pair = columns_of([INT, STRING], [(1, "x"), (None, "x"), (1, None)])
    assert longs.tolist() == LONG_GROUPS
    assert KeyIndex([TEXT]).key_groups(texts, 5).tolist() == TEXT_GROUPS
    assert KeyIndex([INT, STRING]).key_groups(pair, 3).tolist() == PAIR_GROUPS


def test_key_groups_are_balanced() -> None:
    for step in (1, 128, 4096, 2**32):
        groups = KeyIndex([LONG]).key_groups([Column(LONG, np.arange(64_000) * step)], 64_000)
        counts = np.bincount(groups, minlength=KEY_GROUPS)
        assert counts.min() > 350
        assert counts.max() < 650


def test_zero_and_nan_are_one_key_each() -> None:
    index = KeyIndex([DOUBLE])
    odd_nan = np.array([0x7FF8000000000001], np.uint64).view(np.float64)
    values = np.concatenate([np.array([0.0, -0.0, np.nan]), odd_nan])
    assert index.upsert([Column(DOUBLE, values)], 4).tolist() == [0, 0, 1, 1]


def test_read_only_and_strided_input() -> None:
    values = np.arange(20)
    values.flags.writeable = False
    index = KeyIndex([BIGINT])
    assert index.upsert([Column(BIGINT, values)], 20).tolist() == list(range(20))
    assert index.upsert([Column(BIGINT, values[::2])], 10).tolist() == list(range(0, 20, 2))
