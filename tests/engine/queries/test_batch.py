"""What batch mode gives that a stream does not: a row of aggregates over nothing, LAG between rows of one time, state
that no time to live ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from engine.session import RunOptions
from tests.engine.queries.support import Change, Query, World, fold, run
from tests.engine.runtime.faults import BARRIER, CRASH

TABLES = """CREATE TABLE t (k STRING, v INT) WITH ('connector' = 'rows');
CREATE TABLE u (k STRING, v INT) WITH ('connector' = 'rows');
"""
TIMED = "CREATE TABLE t (k STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector' = 'rows');\n"
SPLIT = """SET 'table.exec.mini-batch.enabled' = 'true';
SET 'table.optimizer.distinct-agg.split.enabled' = 'true';
"""
Rows = Sequence[Sequence[Any]]
NONE: list[Change] = []


def added(*rows: Sequence[Any]) -> list[Change]:
    return [("+I", list(row)) for row in rows]


def left(folder: Path, sql: str, inputs: dict[str, list[Change]], shards: int, batch: bool = True) -> Counter[str]:
    """The rows that a query leaves."""
    query = Query("batch", sql, inputs, [], True)
    return fold(run(query, folder, RunOptions(batch_rows=2, shards=shards), batch=batch).changes, None)


def wanted(*rows: Sequence[Any]) -> Counter[str]:
    return fold(added(*rows), None)


GONE: list[Change] = [("+I", ["a", 1]), ("-U", ["a", 1]), ("+U", ["a", 2]), ("-D", ["a", 2])]
TWO = added(["a", 1], ["b", 2])
OVER_NOTHING = {
    "an empty table": (NONE, "SELECT COUNT(*), SUM(v), MIN(k), AVG(v), COUNT(DISTINCT v) FROM t",
                       [[0, None, None, None, 0]]),
    "what a filter leaves": (TWO, "SELECT COUNT(v), MAX(v) FROM t WHERE v > 9", [[0, None]]),
    "a filter that nothing passes": (TWO, "SELECT COUNT(*) FROM t WHERE FALSE", [[0]]),
    "rows that were taken back": (GONE, "SELECT COUNT(*), SUM(v), LISTAGG(k) FROM t", [[0, None, None]]),
    "a FILTER of its own": (NONE, "SELECT COUNT(*) FILTER (WHERE v > 0), SUM(v) FILTER (WHERE v > 0) FROM t",
                            [[0, None]]),
    "HAVING that it meets": (NONE, "SELECT COUNT(*) FROM t HAVING COUNT(*) = 0", [[0]]),
    "HAVING that it does not meet": (NONE, "SELECT COUNT(*) FROM t HAVING COUNT(*) > 0", []),
    "a query above": (NONE, "SELECT c + 1 FROM (SELECT COUNT(*) AS c FROM t) WHERE c < 5", [[1]]),
    "an aggregate of it": (NONE, "SELECT COUNT(*), SUM(c) FROM (SELECT COUNT(*) AS c FROM t)", [[1, 0]]),
    "an aggregate of groups": (NONE, "SELECT COUNT(*), MAX(c) FROM (SELECT k, COUNT(*) AS c FROM t GROUP BY k)",
                               [[0, None]]),
    "groups": (NONE, "SELECT k, COUNT(*) FROM t GROUP BY k", []),
    "a group of a constant": (NONE, "SELECT COUNT(*) FROM t GROUP BY 'x'", []),
    "a union": (NONE, "SELECT COUNT(*) FROM t UNION ALL SELECT COUNT(*) FROM u", [[0], [1]]),
    "some rows": (TWO, "SELECT COUNT(*), SUM(v) FROM t", [[2, 3]]),
    "a value": (NONE, "SELECT v, (SELECT COUNT(*) FROM t) AS c, (SELECT MAX(v) FROM t) AS m FROM u", [[7, 0, None]]),
    "a comparison": (NONE, "SELECT v FROM u WHERE v > (SELECT COUNT(*) FROM t)", [[7]]),
    "EXISTS": (NONE, "SELECT v FROM u WHERE EXISTS (SELECT COUNT(*) FROM t)", [[7]]),
    "IN": (NONE, "SELECT v FROM u WHERE v - 7 IN (SELECT COUNT(*) FROM t)", [[7]]),
    "a join": (NONE, "SELECT u.k, c FROM u JOIN (SELECT COUNT(*) AS c FROM t) AS x ON u.v > x.c", [["q", 0]]),
}  # fmt: skip


@pytest.mark.parametrize("shards", [1, 4])
@pytest.mark.parametrize("name", OVER_NOTHING)
def test_a_global_aggregate_always_has_a_row(name: str, shards: int, tmp_path: Path) -> None:
    rows, sql, expected = OVER_NOTHING[name]
    inputs = {"t": rows, "u": added(["q", 7])}
    assert left(tmp_path / "plain", TABLES + sql, inputs, shards) == wanted(*expected)
    assert left(tmp_path / "split", SPLIT + TABLES + sql, inputs, shards) == wanted(*expected)


@pytest.mark.parametrize("shards", [1, 4])
def test_a_stream_has_no_row_before_the_first_one(shards: int, tmp_path: Path) -> None:
    inputs = {"t": NONE, "u": added(["q", 7])}
    assert not left(tmp_path / "a", TABLES + "SELECT COUNT(*) FROM t", inputs, shards, batch=False)
    found = left(tmp_path / "b", TABLES + "SELECT v, (SELECT COUNT(*) FROM t) FROM u", inputs, shards, batch=False)
    assert found == wanted([7, None])


@pytest.mark.parametrize("shards", [1, 4])
def test_the_row_comes_once_through_a_crash(shards: int, tmp_path: Path) -> None:
    """`t` has ended, and the row been said, when the barrier comes."""
    sql = TABLES + "SELECT u.v, c FROM u, (SELECT COUNT(*) AS c FROM t) AS x"
    query = Query("crash", sql, {"t": NONE, "u": added(["q", 7], ["q", 8], ["r", 9])}, [], True)
    world = World(query, {("u", 1): BARRIER, ("u", 2): CRASH})
    changes = run(query, tmp_path, RunOptions(batch_rows=1, shards=shards), world, batch=True).changes
    assert len(world.happened) == 2
    assert sorted(changes) == added([7, 0], [8, 0], [9, 0])


PEERS = added(["a", 1, "2024-01-01 00:00:01"], ["a", 3, "2024-01-01 00:00:02"], ["b", 5, "2024-01-01 00:00:02"],
              ["a", 7, "2024-01-01 00:00:02"], ["a", 9, "2024-01-01 00:00:04"])
BY_ROW = {
    "LAG(v) OVER w": [[1, None], [3, 1], [5, None], [7, 3], [9, 7]],
    "LAG(v, 2, -1) OVER w": [[1, -1], [3, -1], [5, -1], [7, 1], [9, 3]],
    "LEAD(v) OVER w": [[1, 3], [3, 7], [5, None], [7, 9], [9, None]],
    "LAG(v) OVER w, LEAD(v) OVER w": [[1, None, 3], [3, 1, 7], [5, None, None], [7, 3, 9], [9, 7, None]],
    "LAG(v) OVER w, SUM(v) OVER w": [[1, None, 1], [3, 1, 11], [5, None, 5], [7, 3, 11], [9, 7, 20]],
    "LAG(v) OVER (PARTITION BY k ORDER BY ts DESC)": [[1, 7], [3, 9], [5, None], [7, 3], [9, None]],
}  # fmt: skip


@pytest.mark.parametrize("shards", [1, 4])
@pytest.mark.parametrize("calls", BY_ROW)
def test_lag_and_lead_tell_rows_of_one_time_apart(calls: str, shards: int, tmp_path: Path) -> None:
    """In Flink's batches they go by rows whatever the frame; SUM has one result for all rows of a time."""
    sql = f"{TIMED}SELECT v, {calls} FROM t WINDOW w AS (PARTITION BY k ORDER BY ts)"
    assert left(tmp_path, sql, {"t": PEERS}, shards) == wanted(*BY_ROW[calls])


def test_no_time_to_live_ends_state(tmp_path: Path) -> None:
    """A microsecond is over between any two rows."""
    lives = "SET 'table.exec.state.ttl' = '1 us';\n"
    inputs = {"t": added(["a", 1], ["a", 2], ["a", 3]), "u": added(["a", 7], ["a", 8])}
    grouped = "SELECT k, SUM(v) FROM t GROUP BY k"
    assert left(tmp_path / "a", lives + TABLES + grouped, inputs, 1) == wanted(["a", 6])
    hinted = "SELECT /*+ STATE_TTL('t' = '1 us') */ k, SUM(v) FROM t GROUP BY k"
    assert left(tmp_path / "b", TABLES + hinted, inputs, 1) == wanted(["a", 6])
    joined = "SELECT /*+ STATE_TTL('t' = '1 us', 'u' = '1 us') */ t.v, u.v FROM t JOIN u ON t.k = u.k WHERE t.v > 1"
    assert left(tmp_path / "c", lives + TABLES + joined, inputs, 1) == wanted([2, 7], [2, 8], [3, 7], [3, 8])
    assert left(tmp_path / "d", lives + TABLES + "SELECT COUNT(*) FROM t", inputs, 1) == wanted([3])
