"""A row store is a multiset of rows for each key."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.changes import Column
from engine.connectors.arrow import column_of, python_values
from engine.state.hashing import weaken
from engine.state.rowstore import RowStore
from engine.types import BIGINT, DOUBLE, STRING, TIMESTAMP
from tests.engine.state.values import LONG, columns_of, key_types, rows_from, rows_of, same
from tests.profiles import examples


@examples(120)
@given(st.data(), st.sampled_from([-1, 0, 0x3 << 32]))
def test_weights_and_arrival(data: st.DataObject, bits: int) -> None:
    types = data.draw(key_types(3, nested=True))
    with weaken(bits):
        store = RowStore(types)
    model: dict[int, dict[Any, int]] = {}
    for _ in range(data.draw(st.integers(1, 4))):
        rows = data.draw(rows_of(types))
        slots = data.draw(st.lists(st.integers(0, 2), min_size=len(rows), max_size=len(rows)))
        deltas = data.draw(st.lists(st.sampled_from([-1, 1, 2]), min_size=len(rows), max_size=len(rows)))
        numbers, before = store.apply(np.array(slots), columns_of(types, rows), np.array(deltas))
        for slot, row, delta, weight in zip(slots, rows, deltas, before.tolist(), strict=True):
            held = model.setdefault(slot, {})
            assert held.get(same(row), 0) == weight
            held[same(row)] = weight + delta
            if weight + delta == 0:
                del held[same(row)]
        assert [same(r) for r in rows_from(store.take(numbers))] == [same(r) for r in rows]
        found = store.find(np.array(slots), columns_of(types, rows))
        assert [n >= 0 for n in found.tolist()] == [same(r) in model[s] for s, r in zip(slots, rows, strict=True)]
    assert len(store) == sum(map(len, model.values()))
    probe, numbers = store.chains(np.array([2, -1, 0, 1]))
    for i, slot in ((0, 2), (2, 0), (3, 1)):
        chain = numbers[probe == i]
        found_rows = [same(r) for r in rows_from(store.take(chain))]
        assert list(zip(found_rows, store.weight[chain].tolist(), strict=True)) == list(model.get(slot, {}).items())
        assert (store.key[chain] == slot).all()


def test_rows_without_identity() -> None:
    store = RowStore([BIGINT], identity=())
    numbers, before = store.apply(np.array([0, 0, 1]), [column_of(BIGINT, [4, 4, 5])])
    assert numbers.tolist() == [0, 1, 2]
    assert before.tolist() == [0, 0, 0]
    store.remove(numbers[:1])
    assert store.chains(np.array([0]))[1].tolist() == [1]
    assert store.counts(np.array([0, 1, -1])).tolist() == [1, 1, 0]


def test_identity_by_a_unique_key() -> None:
    store = RowStore([BIGINT, STRING], identity=(0,))
    store.apply(np.array([0]), [column_of(BIGINT, [4]), column_of(STRING, ["old"])])
    found = store.find(np.array([0, 1]), columns_of([BIGINT, STRING], [(4, "whatever"), (4, "old")]))
    assert found.tolist() == [0, -1]


def test_zero_nan_and_null_find_their_row() -> None:
    store = RowStore([DOUBLE])
    store.apply(np.zeros(3, np.int64), [column_of(DOUBLE, [-0.0, float("nan"), None])])
    again = column_of(DOUBLE, [0.0, float("nan"), None])
    numbers, before = store.apply(np.zeros(3, np.int64), [again], -np.ones(3, np.int64))
    assert before.tolist() == [1, 1, 1]
    assert len(store) == 0
    assert np.signbit(store.take(numbers[:1])[0].values[0])


def test_dropped_rows_can_be_taken_until_the_next_change() -> None:
    text = "a text of more than twelve bytes"
    store = RowStore([STRING])
    slots = np.zeros(1, np.int64)
    numbers, _ = store.apply(slots, [column_of(STRING, [text])])
    store.apply(slots, [column_of(STRING, [text])], np.array([-1]))
    assert python_values(store.take(numbers)[0]) == [text]
    assert store.apply(slots, [column_of(STRING, ["another"])])[0].tolist() == numbers.tolist()


@examples(60)
@given(st.lists(st.tuples(st.integers(0, 20), st.booleans()), max_size=40))
def test_due_rows_come_once_in_order(steps: list[tuple[int, bool]]) -> None:
    """Against a sorted list: rows (time, arrival); every third step takes what is due."""
    store = RowStore([TIMESTAMP(), BIGINT], order=0)
    model: list[tuple[int, int]] = []
    for i, (time, fire) in enumerate(steps):
        if fire:
            numbers = store.due(time)
            got = [(t, n) for t, n in zip(store.columns.values[0][numbers].tolist(),
                                          store.columns.values[1][numbers].tolist(), strict=True)]
            assert got == sorted(r for r in model if r[0] <= time)
            store.remove(numbers)
            model = [r for r in model if r[0] > time]
        else:
            column = Column(TIMESTAMP(), np.array([time]))
            store.apply(np.zeros(1, np.int64), [column, column_of(BIGINT, [i])])
            model.append((time, i))
    assert len(store) == len(model)


def test_many_rows_and_strings() -> None:
    store, model = RowStore([LONG, STRING]), Counter[tuple[int, int, str]]()
    rng = np.random.default_rng(3)
    for _ in range(20):
        keys, numbers = rng.integers(0, 50, 2_000), rng.integers(0, 200, 2_000)
        texts = [f"text {n} {'of some length' * (n % 5)}" for n in numbers.tolist()]
        deltas = rng.choice([-1, 1], 2_000)
        store.apply(keys, [Column(LONG, numbers), column_of(STRING, texts)], deltas)
        for key, number, text, delta in zip(keys.tolist(), numbers.tolist(), texts, deltas.tolist(), strict=True):
            model[key, number, text] += delta
    probe, chain = store.chains(np.arange(50))
    held = zip(probe.tolist(), *(python_values(c) for c in store.take(chain)), strict=True)
    assert dict(zip(held, store.weight[chain].tolist(), strict=True)) == {k: v for k, v in model.items() if v}
