"""Tables of keyed state: fields, TTL, and that snapshots bring everything back, whatever the number of shards."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.changes import Column
from engine.connectors.arrow import column_of, python_values
from engine.state import parts as parts_of_state
from engine.state import table as tables
from engine.state.hashing import KEY_GROUPS
from engine.state.merge import merge_chain
from engine.state.protocol import StatePart
from engine.state.rowstore import RowStore
from engine.state.sorted import OrderedMultiset, SortedRows
from engine.state.table import StateField, StateTable
from engine.state.timers import Timers
from engine.types import ARRAY, BIGINT, INT, STRING, DataType
from tests.engine.state.values import LONG, columns_of, key_types, rows_from, rows_of, same
from tests.profiles import examples

FIELDS = (StateField("count", LONG), StateField("last", STRING), StateField("list", ARRAY(INT)))


class Everything:
    """A table with all that can hang on it, and the same as a dict."""

    def __init__(self, types: list[DataType]) -> None:
        self.types = types
        self.table = StateTable(types, FIELDS)
        self.rows = self.table.attach("rows", RowStore([BIGINT, STRING]))
        self.order: SortedRows = self.rows.sort_by((0, 1))
        self.values = self.table.attach("values", OrderedMultiset(BIGINT))
        self.timers = self.table.attach("timers", Timers())

    def put(self, keys: list[tuple[Any, ...]], numbers: list[int]) -> None:
        slots = self.table.slots(columns_of(self.types, keys), len(keys))
        np.add.at(self.table.column("count"), slots, numbers)
        self.table.touch(slots)
        self.table.put("last", slots, column_of(STRING, [f"the number {n}" for n in numbers]))
        self.table.put("list", slots, column_of(ARRAY(INT), [[n] * (abs(n) % 3) for n in numbers]))
        column = column_of(BIGINT, numbers)
        self.rows.apply(slots, [column, column_of(STRING, [f"row {n} of a row store" for n in numbers])])
        self.values.apply(slots, column, np.ones(len(slots), np.int64))
        self.timers.set(slots, np.array(numbers, np.int64))

    def drop(self, keys: list[tuple[Any, ...]]) -> None:
        slots = self.table.lookup(columns_of(self.types, keys), len(keys))
        self.table.release(np.unique(slots[slots >= 0]))

    def content(self) -> dict[Any, Any]:
        """Everything, by key."""
        slots = self.table.live_slots()
        found: dict[Any, Any] = {}
        fields = [python_values(self.table.take(f.name, slots)) for f in FIELDS]
        ends = [python_values(c) for c in (self.values.first(slots), self.values.last(slots))]
        for i, key in enumerate(rows_from(self.table.keys(slots))):
            one = slots[i:i + 1]
            chain, order = self.rows.chains(one)[1], self.order.range(one)[1]
            found[same(key)] = (*(f[i] for f in fields), *(e[i] for e in ends), rows_from(self.rows.take(chain)),
                                self.rows.weight[chain].tolist(), rows_from(self.rows.take(order)))
        return found


def _run(data: st.DataObject, one: Everything, turns: int) -> list[StatePart]:
    pool = data.draw(rows_of(one.types))
    parts = []
    for _ in range(turns):
        keys = data.draw(st.lists(st.sampled_from(pool), max_size=8))
        if keys:
            one.put(keys, data.draw(st.lists(st.integers(-5, 5), min_size=len(keys), max_size=len(keys))))
        gone = data.draw(st.lists(st.sampled_from(pool), max_size=3))
        if gone:
            one.drop(gone)
        parts.append(one.table.snapshot(full=data.draw(st.booleans())))
    return parts


@examples(60)
@given(st.data())
def test_a_chain_restores_what_was_there(data: st.DataObject) -> None:
    types = data.draw(key_types(2, nested=True))
    one, other, merged = Everything(types), Everything(types), Everything(types)
    parts = _run(data, one, data.draw(st.integers(1, 4)))
    assert parts[0].full
    other.table.restore([parts], None)
    assert other.content() == one.content()
    merged.table.restore([merge_chain(parts)], None)
    assert merged.content() == one.content()
    assert [t.tolist() for t in merged.timers.fire(10)[1:]] == [t.tolist() for t in one.timers.fire(10)[1:]]
    assert _run(data, other, 1)[0].full


@examples(40)
@given(st.data())
def test_a_base_copied_while_rows_go_on(data: st.DataObject) -> None:
    """Pieces are of different moments; what changed meanwhile is in the snapshot after them."""
    types = data.draw(key_types(2))
    one, other, merged = Everything(types), Everything(types), Everything(types)
    pool = data.draw(rows_of(types))
    one.put(pool, list(range(len(pool))))
    parts = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "AHEAD_FROM", 0)
        patch.setattr(parts_of_state, "PIECE", data.draw(st.sampled_from([1, 100, 300, 5000])))
        while (piece := one.table.ahead()) is not None:
            parts.append(piece)
            _disturb(data, one, pool)
        parts.append(one.table.snapshot(full=False))
        assert one.table.ahead() is None
    assert [part.full for part in parts] == [True] + [False] * (len(parts) - 1)
    other.table.restore([parts], None)
    assert other.content() == one.content()
    merged.table.restore([merge_chain(parts)], None)
    assert merged.content() == one.content()


@examples(30)
@given(st.data())
def test_a_chain_goes_on_after_a_restore(data: st.DataObject) -> None:
    """A table brought back under its slots tells changes against what it was brought back from."""
    types = data.draw(key_types(2))
    one, other, last = Plain(types), Plain(types), Plain(types)
    pool = data.draw(rows_of(types))
    parts = [_changed(data, one, pool) for _ in range(3)]
    other.table.restore([parts], None)
    other.table.go_on()
    assert other.content() == one.content()
    parts += [_changed(data, other, pool) for _ in range(2)]
    assert [part.full for part in parts[1:]] == [False] * 4
    last.table.restore([parts], None)
    assert last.content() == other.content()


@examples(60)
@given(st.data())
def test_changes_copied_while_rows_go_on(data: st.DataObject) -> None:
    types = data.draw(key_types(2))
    one, other, merged = Everything(types), Everything(types), Everything(types)
    pool = data.draw(rows_of(types))
    parts = [one.table.snapshot(full=False)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "MANY", 0)
        patch.setattr(tables, "PORTION", data.draw(st.integers(1, 3)))
        for _ in range(data.draw(st.integers(1, 3))):
            _disturb(data, one, pool)
            while (piece := one.table.ahead()) is not None:
                parts.append(piece)
                if len(parts) < 60:
                    _disturb(data, one, pool)
            parts.append(one.table.snapshot(full=False))
    other.table.restore([parts], None)
    assert other.content() == one.content()
    merged.table.restore([merge_chain(parts)], None)
    assert merged.content() == one.content()
    halves = [Everything(types), Everything(types)]
    for number, half in enumerate(halves):
        half.table.restore([parts], (64 * number, 64 * number + 64))
    assert halves[0].content() | halves[1].content() == one.content()


def _disturb(data: st.DataObject, one: Everything, pool: list[tuple[Any, ...]]) -> None:
    if data.draw(st.booleans()):
        keys = data.draw(st.lists(st.sampled_from(pool), min_size=1, max_size=5))
        one.put(keys, data.draw(st.lists(st.integers(-5, 5), min_size=len(keys), max_size=len(keys))))
    if data.draw(st.booleans()):
        one.drop(data.draw(st.lists(st.sampled_from(pool), min_size=1, max_size=3)))


class Plain:
    """A table with nothing attached."""

    def __init__(self, types: list[DataType]) -> None:
        self.types = types
        self.table = StateTable(types, FIELDS)

    def content(self) -> dict[Any, Any]:
        slots = self.table.live_slots()
        fields = zip(*(python_values(self.table.take(f.name, slots)) for f in FIELDS), strict=True)
        return {same(key): values for key, values in zip(rows_from(self.table.keys(slots)), fields, strict=True)}


def _changed(data: st.DataObject, one: Plain, pool: list[tuple[Any, ...]]) -> StatePart:
    """Some keys counted, some forgotten; what a checkpoint then holds."""
    keys = data.draw(st.lists(st.sampled_from(pool), min_size=1, max_size=8))
    slots = one.table.slots(columns_of(one.types, keys), len(keys))
    np.add.at(one.table.column("count"), slots, 1)
    one.table.touch(slots)
    one.table.put("last", slots, column_of(STRING, [f"the number {n}" for n in range(len(keys))]))
    gone = data.draw(st.lists(st.sampled_from(pool), max_size=3))
    found = one.table.lookup(columns_of(one.types, gone), len(gone)) if gone else np.empty(0, np.int64)
    one.table.release(np.unique(found[found >= 0]))
    return one.table.snapshot(full=False)


@examples(40)
@given(st.data())
def test_one_shard_to_two_and_back(data: st.DataObject) -> None:
    types = data.draw(key_types(2))
    one = Everything(types)
    parts = _run(data, one, 2)
    halves, chains = [], []
    for low in (0, KEY_GROUPS // 2):
        half = Everything(types)
        half.table.restore([parts], (low, low + KEY_GROUPS // 2))
        slots = half.table.live_slots()
        groups = half.table.index.key_groups(half.table.keys(slots), len(slots))
        assert ((groups >= low) & (groups < low + KEY_GROUPS // 2)).all()
        halves.append(half.content())
        chains.append([half.table.snapshot(full=False)])
    assert halves[0] | halves[1] == one.content()
    assert not halves[0].keys() & halves[1].keys()
    again = Everything(types)
    again.table.restore(chains, (0, KEY_GROUPS))
    assert again.content() == one.content()


def test_a_delta_holds_what_changed() -> None:
    table = StateTable([LONG], [StateField("n", LONG)])
    table.slots([Column(LONG, np.arange(100_000))], 100_000)
    full = table.snapshot(full=False)
    assert full.full
    slots = np.array([5, 70_000])
    table.column("n")[slots] = 3
    table.touch(slots)
    delta = table.snapshot(full=False)
    assert not delta.full
    assert delta.arrays["fields.rows"].tolist() == [5, 70_000]
    assert delta.nbytes == 2 * (4 + 8)
    assert table.snapshot(full=False).nbytes == 0


def test_a_slot_used_again_starts_empty() -> None:
    table = StateTable([LONG], FIELDS)
    table.slots([Column(LONG, np.arange(3))], 3)
    table.column("count")[:3] = 9
    table.put("last", np.arange(3), column_of(STRING, ["a text of more than twelve bytes"] * 3))
    parts = [table.snapshot(full=True)]
    table.release(np.array([1]))
    assert table.slots([Column(LONG, np.array([77]))], 1).tolist() == [1]
    assert table.column("count")[1] == 0
    assert python_values(table.take("last", np.array([1, -1]))) == [None, None]
    parts.append(table.snapshot(full=False))
    other = StateTable([LONG], FIELDS)
    other.restore([parts], None)
    slots = other.lookup([Column(LONG, np.array([77, 1, 0]))], 3)
    assert slots[1] == -1
    assert other.column("count")[slots[[0, 2]]].tolist() == [0, 9]


def test_a_new_field_is_empty_after_restore() -> None:
    old = StateTable([LONG], [StateField("n", LONG)])
    old.slots([Column(LONG, np.arange(3))], 3)
    old.column("n")[:3] = 7
    new = StateTable([LONG], [StateField("n", LONG), StateField("note", STRING)])
    new.restore([[old.snapshot(full=True)]], None)
    assert new.column("n")[:3].tolist() == [7, 7, 7]
    assert python_values(new.take("note", np.arange(3))) == [None] * 3


def test_time_to_live() -> None:
    """64 us to live: at 100, what was used last at 36 or before is over."""
    table = StateTable([LONG], [StateField("n", LONG)], ttl=64)
    slots = table.slots([Column(LONG, np.arange(4))], 4)
    table.access(slots, 10)
    table.access(slots[:2], 40)
    assert table.expired(60).tolist() == []
    assert table.stale(slots, 73) is None
    stale = table.stale(slots, 74)
    assert stale is not None
    assert stale.tolist() == [False, False, True, True]
    parts = [table.snapshot(full=True)]
    assert table.expired(100).tolist() == [2, 3]
    table.release(np.array([2, 3]))
    assert table.slots([Column(LONG, np.array([50]))], 1).tolist()[0] in {2, 3}
    assert table.stale(np.arange(4), 100) is None
    assert table.expired(106).tolist() == [0, 1]
    other = StateTable([LONG], [StateField("n", LONG)], ttl=64)
    other.restore([parts], None)
    assert other.expired(100).tolist() == [2, 3]
    assert other.expired(1_000).tolist() == [0, 1]


def test_a_key_that_comes_while_changes_are_copied_brings_its_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its fields may go with a piece, its key with the snapshot: whoever takes the key then takes the slot as empty."""
    monkeypatch.setattr(tables, "MANY", 0)
    monkeypatch.setattr(tables, "PORTION", 1)
    one = Plain([LONG])
    slots = one.table.slots(columns_of([LONG], [(k,) for k in range(6)]), 6)
    parts = [one.table.snapshot(full=True)]
    one.table.release(slots[:1])
    one.table.touch(slots[1:])
    pieces = 0
    while (piece := one.table.ahead()) is not None:
        parts.append(piece)
        pieces += 1
        if pieces == 1:
            again = one.table.slots(columns_of([LONG], [(9,)]), 1)
            one.table.column("count")[again] = 7
    assert "fields.rows" in parts[-1].arrays
    parts.append(one.table.snapshot(full=False))
    other = Plain([LONG])
    other.table.restore([parts], None)
    assert other.content()[same((9,))][0] == 7
    assert other.content() == one.content()
