"""Lookup joins: what is asked how often, what is remembered how long, and that answers which come late change no
order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from engine.changes import Array, Barrier, Column, Watermark
from engine.connectors.base import Lookup
from engine.errors import UserError
from engine.expressions.nodes import InputRef
from engine.expressions.values import column_from_python, column_to_python
from engine.operators.lookup import LookupJoin
from engine.operators.lookup_cache import LookupOptions
from engine.planner.joins import lookup_options
from engine.types import INT, STRING, Schema
from tests.engine.operators.harness import Clock, Collector, batch_of, lines, settings, split

INPUT, OUTPUT = Schema.of(k=INT), Schema.of(k=INT, name=STRING)
SECOND = 1_000_000
CACHED = {"lookup.cache": "PARTIAL"}


class Table(Lookup):
    """Rows by key; `wait` is called with the keys of each request before it is answered."""

    def __init__(self, wait: Callable[[list[Any]], None] = lambda keys: None) -> None:
        self.rows = {1: "a", 2: "b", 3: "c"}
        self.asked: list[list[Any]] = []
        self._wait = wait

    def open(self, keys: Sequence[int], columns: Sequence[int]) -> None:
        pass

    def get(self, keys: Sequence[Column], length: int) -> tuple[Array, tuple[Column, ...]]:
        wanted = column_to_python(keys[0])
        assert len(wanted) == length
        self.asked.append(wanted)
        self._wait(wanted)
        found = [i for i, key in enumerate(wanted) if key in self.rows]
        return np.array(found, np.int64), (column_from_python(STRING, [self.rows[wanted[i]] for i in found]),)

    def close(self) -> None:
        self.asked.append(["closed"])


class Join:
    """A lookup join, what it gave, and its clock."""

    def __init__(self, table: Lookup, options: LookupOptions, left: bool = True) -> None:
        self.clock = Clock()
        key = InputRef(INT, index=0)
        self.operator = LookupJoin("lookup", OUTPUT, settings(self.clock), table, INPUT, [key], None,
                                   left, options)
        self.end = Collector(OUTPUT, settings(self.clock))
        self.operator.connect(self.end, 0)

    def feed(self, *keys: str) -> None:
        self.operator.receive(batch_of(INPUT, [split(f"+ k={key}") for key in keys], append=True))

    @property
    def given(self) -> list[str]:
        return [line.removeprefix("+I ") for batch in self.end.batches for line in lines(OUTPUT, batch)]


def test_without_a_cache_each_batch_asks_each_key_once() -> None:
    table = Table()
    join = Join(table, lookup_options({}, local=True))
    join.feed("1", "2", "1")
    table.rows[1] = "new"
    join.feed("1", "NULL")
    assert table.asked == [[1, 2], [1]]
    assert join.given == ["k=1 name=a", "k=2 name=b", "k=1 name=a", "k=1 name=new", "k=NULL name=NULL"]


def test_a_cache_is_asked_first_and_remembers_what_is_missing() -> None:
    table = Table()
    join = Join(table, lookup_options(CACHED, local=True), left=False)
    for _ in range(3):
        join.feed("1", "7")
    assert table.asked == [[1, 7]]
    assert join.given == ["k=1 name=a"] * 3
    assert join.operator.counters.extra == {"misses": 2, "hits": 4, "answered": 6, "found": 3, "left_rows": 6}


def test_missing_keys_need_not_be_remembered() -> None:
    table = Table()
    join = Join(table, lookup_options({**CACHED, "lookup.partial-cache.cache-missing-key": "false"}, local=True))
    join.feed("1", "7")
    table.rows[7] = "late"
    join.feed("1", "7")
    assert table.asked == [[1, 7], [7]]
    assert join.given[2:] == ["k=1 name=a", "k=7 name=late"]


def test_answers_expire() -> None:
    table = Table()
    join = Join(table, lookup_options({**CACHED, "lookup.partial-cache.expire-after-write": "10 s"}, local=True))
    join.feed("1")
    table.rows[1] = "new"
    join.clock.time = 9 * SECOND
    join.feed("1")
    join.clock.time = 10 * SECOND
    join.feed("1")
    assert join.given == ["k=1 name=a", "k=1 name=a", "k=1 name=new"]


def test_a_full_cache_begins_anew() -> None:
    """Also where it is full of keys that are not there."""
    table = Table()
    join = Join(table, lookup_options({**CACHED, "lookup.partial-cache.max-rows": "3"}, local=True))
    join.feed("11", "12", "13", "14")
    join.feed("11")
    assert table.asked == [[11, 12, 13, 14], [11]]


def test_answers_that_come_late_keep_the_order_of_rows_and_watermarks() -> None:
    """The first request is answered last: nothing overtakes it, and both are in flight at once."""
    first, second = threading.Event(), threading.Event()

    def wait(keys: list[Any]) -> None:
        if 1 in keys:
            assert first.wait(20)
        else:
            second.set()

    join = Join(Table(wait), lookup_options(CACHED, local=False))
    join.feed("1")
    join.operator.receive(Watermark(5 * SECOND))
    join.feed("2")
    assert second.wait(20), "the second request does not wait for the first"
    join.operator.tick(0)
    assert (join.given, join.end.watermarks) == ([], [])
    first.set()
    join.operator.receive(Barrier(1))  # waits for all answers
    assert (join.given, join.end.watermarks) == (["k=1 name=a", "k=2 name=b"], [5 * SECOND])
    join.operator.close()


def test_a_key_in_flight_is_not_asked_twice() -> None:
    go = threading.Event()

    def wait(keys: list[Any]) -> None:
        go.wait(20)

    table = Table(wait)
    join = Join(table, lookup_options(CACHED, local=False))
    join.feed("1")
    join.feed("1", "2")
    go.set()
    join.operator.receive(Watermark(2**63 - 1))
    assert sorted(table.asked) == [[1], [2]]
    assert join.given == ["k=1 name=a", "k=1 name=a", "k=2 name=b"]


def ask(join: Join) -> None:
    join.feed("1")
    join.operator.receive(Barrier(1))


@pytest.mark.parametrize("local", [True, False])
def test_a_failure_ends_the_job_and_names_the_node(local: bool) -> None:
    def fail(keys: list[Any]) -> None:
        raise UserError("store_unavailable", "no answer")

    join = Join(Table(fail), LookupOptions(local=local))
    join.operator.nodes = frozenset({"dimension"})
    with pytest.raises(UserError, match="dimension: no answer"):
        ask(join)
    join.operator.close()
