"""Ordered state against sorted lists."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.connectors.arrow import column_of, python_values
from engine.state.paged import PAGE, PagedArray
from engine.state.rowstore import RowStore
from engine.state.sorted import OrderedMultiset
from engine.state.table import StateTable
from engine.state.timers import Timers
from engine.types import BIGINT, DECIMAL, STRING, DataType
from tests.engine.state.values import LONG, VALUES, columns_of
from tests.profiles import examples

_DEEDS = ["set", "set", "set", "cancel", "fire", "drop"]
_STEP = st.tuples(st.integers(0, 1), st.integers(0, 6), st.sampled_from([-1, 1, 1, 2]))
_STEPS = st.lists(_STEP, min_size=1, max_size=30)


@examples(120)
@given(st.lists(_STEPS, max_size=4))
def test_rows_in_order(turns: list[list[tuple[int, int, int]]]) -> None:
    """By a descending number; ties by arrival; a weight counts that many times, a negative one not at all."""
    store = RowStore([BIGINT, BIGINT])
    order = store.sort_by((0,), descending=(True,))
    model: dict[int, dict[tuple[int, int], int]] = {0: {}, 1: {}}
    for steps in turns:
        rows = [(value % 3, value) for _, value, _ in steps]
        slots = np.array([slot for slot, _, _ in steps])
        store.apply(slots, columns_of([BIGINT, BIGINT], rows), np.array([delta for *_, delta in steps]))
        for (slot, _, delta), row in zip(steps, rows, strict=True):
            weight = model[slot].pop(row, 0) if model[slot].get(row, 0) + delta == 0 else model[slot].get(row, 0)
            if weight + delta:
                model[slot][row] = weight + delta
    for slot in (0, 1):
        one = np.array([slot])
        expected = sorted(((r, w) for r, w in model[slot].items() if w > 0), key=lambda item: -item[0][0])
        numbers = order.range(one)[1]
        assert list(zip(*(python_values(c) for c in store.take(numbers)), strict=True)) == [r for r, _ in expected]
        before = np.cumsum([0] + [w for _, w in expected])
        assert order.rank(numbers).tolist() == before[:-1].tolist()
        assert order.sizes(one).tolist() == [before[-1]]
        at = order.at(np.full(before[-1] + 1, slot), np.arange(before[-1] + 1))
        assert at.tolist() == np.repeat(numbers, [w for _, w in expected]).tolist() + [-1]
        ends = [order.first(one)[0], order.last(one)[0]]
        assert ends == ([numbers[0], numbers[-1]] if expected else [-1, -1])
        assert order.range(one, 2)[1].tolist() == numbers[:2].tolist()
        low, high = column_of(BIGINT, [1]), column_of(BIGINT, [0])  # descending: from 1 down to 0
        middle = order.between(one, [low], [high])[1]
        assert middle.tolist() == [n for n, (r, _) in zip(numbers.tolist(), expected, strict=True) if r[0] <= 1]


@examples(120)
@given(st.data(), st.sampled_from([BIGINT, STRING, DECIMAL(38, 3)]))
def test_first_and_last_after_each_row(data: st.DataObject, kind: DataType) -> None:
    pool = data.draw(st.lists(VALUES[kind], min_size=1, max_size=5, unique=True))
    values, model = OrderedMultiset(kind), [list[Any](), list[Any]()]
    for _ in range(data.draw(st.integers(1, 3))):
        steps = data.draw(st.lists(st.tuples(st.integers(0, 1), st.sampled_from(pool), st.sampled_from([-1, 1])),
                                   min_size=1, max_size=20))
        slots = np.array([slot for slot, *_ in steps])
        found = values.apply(slots, column_of(kind, [v for _, v, _ in steps]), np.array([d for *_, d in steps]))
        first, last = python_values(values.after(last=False)), python_values(values.after(last=True))
        for i, (slot, value, delta) in enumerate(steps):
            held = model[slot]
            assert found[i] == (delta > 0 or value in held)
            if delta > 0:
                held.append(value)
            elif value in held:
                held.remove(value)
            held.sort(key=lambda v: v.encode() if isinstance(v, str) else v)
            assert (first[i], last[i]) == ((held[0], held[-1]) if held else (None, None))
    ends = python_values(values.last(np.array([0, 1])))
    assert ends == [held[-1] if held else None for held in model]
    values.drop(np.array([0]))
    assert python_values(values.first(np.array([0]))) == [None]


@examples(100)
@given(st.lists(st.tuples(st.sampled_from(_DEEDS), st.integers(0, 3), st.integers(0, 9)), max_size=40))
def test_timers(steps: list[tuple[str, int, int]]) -> None:
    timers, model = Timers(), set[tuple[int, int]]()
    for what, slot, time in steps:
        one = np.array([slot]), np.array([time])
        if what == "set":
            timers.set(*one)
            model.add((time, slot))
        elif what == "cancel":
            timers.cancel(*one)
            model.discard((time, slot))
        elif what == "drop":
            timers.drop(one[0])
            model = {t for t in model if t[1] != slot}
        else:
            slots, times = timers.fire(time)
            assert list(zip(times.tolist(), slots.tolist(), strict=True)) == sorted(t for t in model if t[0] <= time)
            model = {t for t in model if t[0] > time}
    assert len(timers) == len(model)


def _weights() -> tuple[StateTable, PagedArray]:
    table = StateTable([LONG])
    return table, table.attach("weights", PagedArray(np.float32, 3 * PAGE - 7))


def test_pages() -> None:
    table, weights = _weights()
    slots = table.slots(columns_of([LONG], [(5,), (6,)]), 2)
    assert weights.stride == 3 * PAGE
    weights.of(1)[2_100] = 2.5
    weights.pages[(weights.stride + 2_100) // PAGE] = 1
    weights.written(slots)
    parts = [table.snapshot(full=False)]
    weights.of(0)[3] = 1.5
    weights.pages[0] = 1
    weights.written(slots[:1])
    parts.append(table.snapshot(full=False))
    assert parts[1].arrays["weights.values"].shape == (1, PAGE)
    other, restored = _weights()
    other.restore([parts], None)
    six = int(other.lookup(columns_of([LONG], [(6,)]), 1)[0])
    assert (restored.of(six) == weights.of(1)).all()
    assert (restored.of(1 - six) == weights.of(0)).all()
    table.release(slots[:1])
    again, rest = _weights()
    again.restore([[*parts, table.snapshot(full=False)]], None)
    six = int(again.lookup(columns_of([LONG], [(6,)]), 1)[0])
    assert rest.of(six)[2_100] == 2.5
