"""How long state lives: by the job's setting and by STATE_TTL, for each side of a join and each aggregate.

Expected changes are worked out by hand from Flink's meaning: a row lives so long after it was written, and what is over
is as if it had never come."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.runtime.faults import BARRIER, CRASH, Item
from tests.engine.runtime.timed import HALT, SWEEP, TimedScript, run, state_rows

EVENTS = """
CREATE TABLE e (side STRING, id INT, k INT) WITH ('connector' = 'scripted');
CREATE VIEW l AS SELECT id, k FROM e WHERE side = 'l';
CREATE VIEW r AS SELECT id, k FROM e WHERE side = 'r';
"""
INNER: list[Item] = [
    ("l", 1, 7), "TICK 5", ("r", 10, 7),
    "TICK 11", ("r", 11, 7),  # l 1 was over at 10
    ("l", 2, 7), SWEEP, "TICK 60", ("l", 3, 7),
    "TICK 106", ("l", 4, 7)]  # r 10 was over at 105
INNER_RESULT = ["+I 1 10", "+I 2 10", "+I 2 11", "+I 3 10", "+I 3 11", "+I 4 11"]
HINTED = "SELECT /*+ STATE_TTL('l' = '10 s', 'r' = '100 s') */ l.id, r.id FROM l JOIN r ON l.k = r.k"


def faulty(items: list[Item], at: int) -> list[Item]:
    """With a checkpoint and a crash: right behind it, as time does not run back."""
    return [*items[:at], BARRIER, CRASH, *items[at:]]


@pytest.mark.parametrize("shards", [1, 2])
@pytest.mark.parametrize("at", [None, 2, 5, 8])
def test_each_side_of_a_join_lives_as_its_hint_says(tmp_path: Path, shards: int, at: int | None) -> None:
    items = INNER if at is None else faulty(INNER, at)
    assert run(EVENTS + HINTED, TimedScript({"e": items}), tmp_path, shards=shards) == INNER_RESULT


@pytest.mark.parametrize(("sql", "result"), [
    # the setting holds for both sides: l 1 (at 0) is over at 10, r 10 (at 5) and r 11 (at 11) long before 60
    ("SELECT l.id, r.id FROM l JOIN r ON l.k = r.k", ["+I 1 10", "+I 2 10", "+I 2 11"]),
    # 0 = never
    ("SELECT /*+ STATE_TTL('r' = '0 s') */ l.id, r.id FROM l JOIN r ON l.k = r.k",
     ["+I 1 10", "+I 2 10", "+I 2 11", "+I 3 10", "+I 3 11", "+I 4 10", "+I 4 11"]),
])
def test_a_hint_goes_before_the_setting(tmp_path: Path, sql: str, result: list[str]) -> None:
    text = EVENTS + "SET 'table.exec.state.ttl' = '10 s';" + sql
    assert run(text, TimedScript({"e": INNER}), tmp_path) == result


def test_a_row_that_is_counted_anew_lives_on(tmp_path: Path) -> None:
    """In an outer join a row's state is written, too, when the number of its matches changes: l 1 of second 0 is
    matched at 8, so it is over at 18 only."""
    items: list[Item] = [("l", 1, 7), "TICK 8", ("r", 10, 7), "TICK 12", ("r", 11, 7), "TICK 30", ("r", 12, 7)]
    sql = "SELECT /*+ STATE_TTL('l' = '10 s', 'r' = '1 d') */ l.id, r.id FROM l LEFT JOIN r ON l.k = r.k"
    assert run(EVENTS + sql, TimedScript({"e": items}), tmp_path) == ["+I 1 -", "-D 1 -", "+I 1 10", "+I 1 11"]


@pytest.mark.parametrize("shards", [1, 2])
@pytest.mark.parametrize("at", [None, 1, 4])
def test_an_aggregate_lives_as_its_hint_says(tmp_path: Path, shards: int, at: int | None) -> None:
    items: list[Item] = [("l", 1, 7), "TICK 9", ("l", 2, 7), "TICK 18", ("l", 3, 7), "TICK 28", ("l", 4, 7)]
    sql = "SELECT /*+ STATE_TTL('l' = '10 s') */ k, COUNT(*) FROM l GROUP BY k"
    script = TimedScript({"e": items if at is None else faulty(items, at)})
    assert run(EVENTS + sql, script, tmp_path, shards=shards) == [
        "+I 7 1", "-U 7 1", "+U 7 2", "-U 7 2", "+U 7 3", "+I 7 1"]


def test_two_phases_keep_the_hint(tmp_path: Path) -> None:
    """Mini-batches on several shards: the second phase holds the groups."""
    items: list[Item] = [("l", 1, 7), ("l", 2, 8), SWEEP, "TICK 11", ("l", 3, 7)]
    sql = ("SET 'table.exec.mini-batch.enabled' = 'true'; SET 'table.exec.mini-batch.allow-latency' = '1 s';"
           "SET 'table.exec.mini-batch.size' = '100'; SET 'table.optimizer.agg-phase-strategy' = 'TWO_PHASE';"
           "SELECT /*+ STATE_TTL('e' = '10 s') */ k, COUNT(*) FROM e GROUP BY k")
    script = TimedScript({"e": items})
    assert sorted(run(EVENTS + sql, script, tmp_path, shards=2)) == ["+I 7 1", "+I 7 1", "+I 8 1"]
    assert script.job is not None
    assert any("LocalAggregate" in o.name for o in script.job.graph.operators)


def test_what_is_over_is_given_back(tmp_path: Path) -> None:
    """Both sides' rows and the keys that have none left."""
    seen: list[int] = []
    items: list[Item] = [*(("l", i, i) for i in range(100)), *(("r", i, i) for i in range(50)), SWEEP, "TICK 12", SWEEP,
                         "TICK 102", SWEEP]
    script = TimedScript({"e": items}, swept=lambda job: seen.append(state_rows(job)["Join"]))
    run(EVENTS + HINTED, script, tmp_path)
    assert seen == [100, 50, 0]


LATER = {
    "JOIN": ("SELECT l.id, r.id FROM l JOIN r ON l.k = r.k", "STATE_TTL('l' = '1 d', 'r' = '1 d')", ["+I 1 11"], []),
    "COUNT": ("SELECT k, COUNT(*) FROM e GROUP BY k", "STATE_TTL('e' = '1 d')", ["-U 7 2", "+U 7 3"], ["+I 7 1"]),
}


@pytest.mark.parametrize("kind", LATER)
def test_a_time_to_live_may_come_later(tmp_path: Path, kind: str) -> None:
    """State that was kept without one lives from then on, for its time: nothing of it is over at once."""
    sql, hint, soon, late = LATER[kind]
    hinted = sql.replace("SELECT", f"SELECT /*+ {hint} */")
    first: list[Item] = [("l", 1, 7), ("r", 10, 7), BARRIER]
    given = []
    script = TimedScript({"e": first}, clock=3600.0)
    for text, more, clock in ((sql, [], 3600.0), (hinted, [("r", 11, 7)], 3700.0), (hinted, [("r", 12, 7)], 90200.0)):
        script.sources, script.clock = {"e": [*script.sources["e"], *more, BARRIER, HALT]}, clock
        before = len(script.changes)
        run(EVENTS + text, script, tmp_path)
        given.append(script.changes[before:])
    assert given[1:] == [soon, late]
