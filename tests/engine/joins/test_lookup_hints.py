"""LOOKUP hints: retries of keys that are not there, results that may overtake, capacity, timeouts, shuffling; what a
barrier keeps of rows that wait; tables that do not answer for now."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.changes import MAX_WATERMARK, Array, Barrier, Column, Watermark
from engine.connectors import connector
from engine.connectors.base import Connector, Environment, Lookup, TableOptions
from engine.errors import Unavailable, UserError
from engine.expressions.values import column_from_python, column_to_python
from engine.operators.base import Operator
from engine.operators.lookup_cache import LookupOptions
from engine.plan.hints import LookupHint
from engine.plan.nodes import TableSpec
from engine.planner.joins import lookup_options
from engine.session import RunOptions, Session
from engine.state.protocol import StatePart
from engine.types import STRING
from tests.engine.joins.test_lookup import Join, Table
from tests.engine.runtime.faults import Script, ScriptedSource
from tests.engine.runtime.timed import HALT, TimedScript
from tests.engine.runtime.timed import session as timed_session

LIMIT = 60.0


def until(join: Join, done: Callable[[], bool]) -> None:
    """Let processing time pass until something is so."""
    end = time.monotonic() + LIMIT
    while not done():
        assert time.monotonic() < end
        join.operator.tick(0)
        time.sleep(0.001)


def asked(table: Table) -> list[Any]:
    return [key for keys in table.asked for key in keys]


@pytest.mark.parametrize("local", [True, False])
def test_a_key_that_is_not_there_yet_is_asked_for_again(local: bool) -> None:
    table = Table()
    join = Join(table, LookupOptions(local=local, attempts=1000, delay=0.01))
    join.feed("1", "7", "2")
    until(join, lambda: asked(table).count(7) > 2)
    assert join.given == [], "in order, so the rows behind it wait, too"
    table.rows[7] = "late"
    until(join, lambda: len(join.given) == 3)
    assert join.given == ["k=1 name=a", "k=7 name=late", "k=2 name=b"]
    assert asked(table).count(1) == 1, "what was found is not asked for again"
    join.operator.close()


@pytest.mark.parametrize("local", [True, False])
def test_where_results_may_overtake_only_the_missing_key_waits(local: bool) -> None:
    table = Table()
    join = Join(table, LookupOptions(local=local, attempts=10_000, delay=0.005, unordered=True))
    join.feed("1", "7", "2")
    join.feed("3", "7")
    join.operator.receive(Watermark(5))
    join.feed("1")
    until(join, lambda: len(join.given) == 3)
    assert sorted(join.given) == ["k=1 name=a", "k=2 name=b", "k=3 name=c"]
    assert join.end.watermarks == [], "nothing passes a watermark"
    table.rows[7] = "late"
    until(join, lambda: len(join.given) == 6)
    assert join.given[3:] == ["k=7 name=late", "k=7 name=late", "k=1 name=a"]
    assert join.end.watermarks == [5]
    join.operator.close()


@pytest.mark.parametrize("local", [True, False])
def test_attempts_come_to_an_end(local: bool) -> None:
    table = Table()
    join = Join(table, LookupOptions(local=local, attempts=3, delay=0.001, cache_rows=100))
    join.feed("7", "1")
    join.operator.receive(Watermark(MAX_WATERMARK))
    assert asked(table).count(7) == 4, "once, and three times more"
    assert join.given == ["k=7 name=NULL", "k=1 name=a"]
    assert join.operator.counters.extra["retried"] == 3
    join.feed("7")
    assert asked(table).count(7) == 4, "that it is not there is remembered at the end"
    join.operator.close()


def test_retries_end_with_the_timeout() -> None:
    """A table that says in time that a key is not there is right in the end."""
    join = Join(Table(), LookupOptions(local=False, attempts=10**9, delay=0.01, timeout=0.05))
    join.feed("7")
    join.operator.receive(Watermark(MAX_WATERMARK))
    assert join.given == ["k=7 name=NULL"]
    join.operator.close()


def test_no_answer_in_time_is_an_error_and_keeps_nothing_from_ending() -> None:
    never = threading.Event()

    def hang(keys: list[Any]) -> None:
        never.wait(LIMIT)

    join = Join(Table(hang), LookupOptions(local=False, timeout=0.02))
    join.operator.nodes = frozenset({"dimension"})
    join.feed("1")
    with pytest.raises(UserError, match=r"dimension: lookup: no answer within 0\.02 s") as error:
        join.operator.receive(Watermark(MAX_WATERMARK))
    assert (error.value.code, "async-lookup.timeout" in (error.value.hint or "")) == ("lookup_timeout", True)
    join.operator.close()
    never.set()


def test_no_more_rows_wait_than_there_is_room_for() -> None:
    lock, most, flying = threading.Lock(), [0], [0]

    def wait(keys: list[Any]) -> None:
        with lock:
            flying[0] += len(keys)
            most[0] = max(most[0], flying[0])
        time.sleep(0.002)
        with lock:
            flying[0] -= len(keys)

    join = Join(Table(wait), LookupOptions(local=False, capacity=3))
    for start in range(0, 40, 8):
        join.feed(*map(str, range(start, start + 8)))
    join.operator.receive(Watermark(MAX_WATERMARK))
    assert len(join.given) == 40
    assert 0 < most[0] <= 3
    join.operator.close()


def restored(join: Join, parts: dict[str, StatePart], table: Table) -> Join:
    again = Join(table, LookupOptions(local=True))
    for name, state in again.operator.states().items():
        state.restore([[parts[name]]], None)
    again.operator.open()
    return again


def test_a_barrier_does_not_wait_for_what_takes_long() -> None:
    """Rows without an answer, and those behind them, are state: they are asked for again after a restore."""
    parts: dict[str, StatePart] = {}

    def snapshot(operator: Operator, epoch: int) -> None:
        parts.update((name, state.snapshot(False)) for name, state in operator.states().items())

    table = Table()
    join = Join(table, LookupOptions(local=False, attempts=10**6, delay=0.02))
    join.operator.on_snapshot = snapshot
    join.feed("1")
    until(join, lambda: join.given == ["k=1 name=a"])
    join.feed("7", "2", "7")
    join.operator.receive(Barrier(1))
    assert join.given == ["k=1 name=a"]
    assert sum(s.rows() for s in join.operator.states().values()) == 0, "held for the barrier only"
    again = restored(join, parts, Table())
    again.feed("3")
    assert again.given == ["k=7 name=NULL", "k=2 name=b", "k=7 name=NULL", "k=3 name=c"]
    table.rows[7] = "late"
    until(join, lambda: len(join.given) == 4)
    assert join.given[1:] == ["k=7 name=late", "k=2 name=b", "k=7 name=late"]
    join.operator.receive(Barrier(2))
    assert restored(join, parts, Table()).given == [], "what went out before a barrier is not held at it"
    join.operator.close()


@pytest.mark.parametrize("local", [True, False])
def test_a_table_that_does_not_answer_for_now_is_asked_again(local: bool) -> None:
    failures = [ConnectionResetError("gone"), Unavailable("unavailable", "restarting")]

    def fail(keys: list[Any]) -> None:
        if failures:
            raise failures.pop()

    join = Join(Table(fail), LookupOptions(local=local))
    join.feed("1")
    join.operator.receive(Watermark(MAX_WATERMARK))
    assert join.given == ["k=1 name=a"]
    join.operator.close()


def test_changes_of_a_key_never_overtake() -> None:
    hint = LookupHint(unordered=True)
    assert lookup_options({}, False, hint).unordered
    assert not lookup_options({}, False, hint, append=False).unordered


# ---- in a job --------------------------------------------------------------------------------------------------------


class Dimension(Connector, Lookup):
    """Names by id, of which the first requests know nothing; each lookup of the table notes what it is asked."""

    def __init__(self, seen: list[tuple[int, list[int]]], missing: int, local: bool) -> None:
        self._seen, self._missing, self.local = seen, missing, local

    def lookup(self, table: TableOptions, environment: Environment) -> Lookup:
        return Dimension(self._seen, self._missing, self.local)

    def open(self, keys: Sequence[int], columns: Sequence[int]) -> None:
        self._columns = tuple(columns)

    def get(self, keys: Sequence[Column], length: int) -> tuple[Array, tuple[Column, ...]]:
        wanted = column_to_python(keys[0])
        self._seen.append((id(self), wanted))
        before = sum(len(asked) for _, asked in self._seen)
        found = [i for i, k in enumerate(wanted) if before > self._missing]
        columns = {0: column_from_python(keys[0].type, [wanted[i] for i in found]),
                   1: column_from_python(STRING, [f"n{wanted[i]}" for i in found])}
        return np.array(found, np.int64), tuple(columns[c] for c in self._columns)

    def close(self) -> None:
        pass


TEXT = """
CREATE TABLE e (n INT, p AS PROCTIME()) WITH ('connector' = 'scripted');
CREATE TABLE d (id INT, name STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'dimension'{cache});
CREATE TABLE o (n INT, name STRING) WITH ('connector' = 'filesystem', 'format' = 'csv', 'path' = '{folder}/out');
INSERT INTO o SELECT /*+ LOOKUP('table' = 'd'{hint}) */ e.n, d.name
  FROM e LEFT JOIN d FOR SYSTEM_TIME AS OF e.p ON e.n = d.id;
"""


def run(folder: Path, hint: str, rows: int = 200, missing: int = 0, shards: int = 1,
        cache: str = "") -> tuple[list[str], list[tuple[int, list[int]]], dict[str, Any]]:
    """Lines written, requests, and the last status of a job that looks up the numbers modulo 20."""
    seen: list[tuple[int, list[int]]] = []
    script = Script({"e": [(i % 20,) for i in range(rows)]})
    statuses: list[dict[str, Any]] = []

    def choose(table: TableSpec) -> Connector:
        if table.name == "e":
            return ScriptedSource("e", script)
        return Dimension(seen, missing, False) if table.name == "d" else connector(table.option("connector"), None)

    session = Session(folder=folder / "state", connectors=choose, nodes={"d": "d", "o": "joined"})
    text = TEXT.replace("{folder}", str(folder)).replace("{hint}", hint).replace("{cache}", cache)
    for _ in session.script(text):
        pass
    session.run(RunOptions(batch_rows=50, shards=shards, checkpoint_interval=1e9, on_status=statuses.append))
    lines = [line for path in sorted((folder / "out").iterdir()) for line in path.read_text().split()]
    return lines, seen, statuses[-1]


RETRY = (", 'retry-predicate' = 'lookup_miss', 'retry-strategy' = 'fixed_delay', 'fixed-delay' = '1 ms', "
         "'max-attempts' = '9'")


def test_hints_in_a_query(tmp_path: Path) -> None:
    lines, seen, status = run(tmp_path, RETRY + ", 'output-mode' = 'allow_unordered', 'capacity' = '10'", missing=30)
    assert sorted(lines) == sorted(f"{i % 20},n{i % 20}" for i in range(200))
    assert max(len(keys) for _, keys in seen) <= 10
    (lookup,) = [node["lookup"] for node in status["nodes"].values() if "lookup" in node]
    assert lookup["retried"] > 0
    assert 0 <= lookup["p50_ms"] <= lookup["p99_ms"]


def test_without_a_hint_a_key_that_is_missed_is_missed(tmp_path: Path) -> None:
    lines, seen, _ = run(tmp_path, ", 'async' = 'false'", missing=30)
    assert lines[0] == "0,"
    assert lines[-1] == "19,n19"
    assert [len(keys) for _, keys in seen] == [20] * 4


@pytest.mark.parametrize(("hint", "shared"), [(", 'shuffle' = 'true'", False), ("", True)])
def test_shuffling_gives_each_shard_its_own_keys(tmp_path: Path, hint: str, shared: bool) -> None:
    """Each key is asked for once, by one of two lookups."""
    lines, seen, _ = run(tmp_path, hint, shards=2, cache=", 'lookup.cache' = 'PARTIAL'")
    assert sorted(lines) == sorted(f"{i % 20},n{i % 20}" for i in range(200))
    assert sorted(k for _, keys in seen for k in keys) == list(range(20))
    assert (len({who for who, _ in seen}) == 1) is shared


@pytest.mark.parametrize(("before", "after"), [(1, 2), (2, 1), (2, 3)])
def test_rows_that_wait_go_on_with_another_number_of_shards(tmp_path: Path, before: int, after: int) -> None:
    """Each where the rows of its key are: the counts behind the lookup are whole."""
    seen: list[tuple[int, list[int]]] = []
    script = TimedScript({"e": [*((i % 20,) for i in range(60)), HALT, *((i,) for i in range(20))]})
    text = """
      CREATE TABLE e (n INT, p AS PROCTIME()) WITH ('connector' = 'scripted');
      CREATE TABLE d (id INT, name STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'dimension');
      CREATE VIEW found AS SELECT /*+ LOOKUP('table' = 'd', 'shuffle' = 'true', 'retry-predicate' = 'lookup_miss',
        'retry-strategy' = 'fixed_delay', 'fixed-delay' = '10 min', 'max-attempts' = '2', 'timeout' = '1 d') */
        e.n, d.name FROM e LEFT JOIN d FOR SYSTEM_TIME AS OF e.p ON e.n = d.id;
      SELECT n, MAX(name), COUNT(*) FROM found GROUP BY n;"""

    def attempt(shards: int, missing: int) -> None:
        made = timed_session(text, script, tmp_path, {"d": Dimension(seen, missing, False)})
        made.run(RunOptions(batch_rows=7, checkpoint_interval=1e9, shards=shards,
                            on_job=lambda job: setattr(script, "job", job)))

    attempt(before, 10**9)
    assert script.changes == []
    attempt(after, 0)
    last = {line.split()[1]: line for line in script.changes}
    assert sorted(last.values()) == sorted(f"+U {i} n{i} 4" for i in range(20))
