"""Strings in state's own blocks."""

from __future__ import annotations

import numpy as np

from engine.changes import Array, Column
from engine.connectors.arrow import column_of, python_values
from engine.memory import Reservation
from engine.state.arena import FIRST_BLOCK, LAST_BLOCK, StringArena, gather, scatter
from tests.engine.state.values import TEXT


def _arena() -> tuple[Array, StringArena]:
    views = Reservation([(np.uint64, 2)]).arrays[0]
    return views, StringArena(views)


def _put(arena: StringArena, slots: Array, texts: list[str]) -> None:
    column = column_of(TEXT, texts)
    arena.put(slots, column.values)


def _texts(views: Array, slots: Array, arena: StringArena) -> list[str]:
    return python_values(Column(TEXT, views[slots], None, arena.owners()))


def test_strings_of_all_lengths() -> None:
    views, arena = _arena()
    texts = ["x" * n for n in range(60)] + ["y" * (3 * FIRST_BLOCK), "z" * (2 * LAST_BLOCK)]
    slots = np.arange(len(texts))
    _put(arena, slots, texts)
    assert _texts(views, slots, arena) == texts


def test_what_was_taken_outlives_compaction() -> None:
    views, arena = _arena()
    texts = [f"text number {i:05} {'.' * 50}" for i in range(40_000)]
    slots = np.arange(len(texts))
    _put(arena, slots, texts)
    taken = Column(TEXT, views[slots], None, arena.owners())
    dropped = slots[slots % 4 != 0]
    size = arena.nbytes()
    arena.clear(dropped)
    _put(arena, slots[:8], ["a new text, longer than twelve"] * 8)
    assert arena.nbytes() < size
    assert python_values(taken) == texts
    kept = slots[slots % 4 == 0][2:]
    assert _texts(views, kept, arena) == [texts[i] for i in kept]


def test_overwriting_for_ever_needs_bounded_memory() -> None:
    views, arena = _arena()
    slots = np.arange(1_000)
    for turn in range(300):
        _put(arena, slots, [f"turn {turn} of text {i}, some forty bytes long" for i in range(1_000)])
    assert arena.nbytes() < 40 * FIRST_BLOCK
    assert _texts(views, slots[:1], arena) == ["turn 299 of text 0, some forty bytes long"]


def test_written_form() -> None:
    views, arena = _arena()
    texts = ["", "short", "one that is longer than twelve"]
    _put(arena, np.arange(3), texts)
    ends, data = gather(views, np.array([2, 0, 1]))
    assert ends.tolist() == [30, 30, 35]
    assert bytes(data) == b"one that is longer than twelveshort"
    assert python_values(Column(TEXT, scatter(ends, data), None, (data,))) == [texts[2], "", "short"]
