"""Clean-up costs what expires: of every operator whose state has a time to live, the slots that it looks at."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.runtime.job import Job
from engine.state.rowstore import RowStore
from engine.state.table import StateTable
from engine.state.ttl import Expiry
from tests.engine.runtime.faults import Item
from tests.engine.runtime.timed import SWEEP, TimedScript, run

TABLES = """
SET 'table.exec.state.ttl' = '10 s';
CREATE TABLE e (k INT, v INT, ts AS TO_TIMESTAMP_LTZ(v, 0), p AS PROCTIME(), WATERMARK FOR ts AS ts)
  WITH ('connector' = 'scripted');
CREATE VIEW ones AS SELECT * FROM e WHERE v = 0;
CREATE VIEW versions AS SELECT k, v, ts FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts DESC) AS r FROM ones) WHERE r = 1;
CREATE VIEW latest AS SELECT k, v FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY p DESC) AS r FROM e)
  WHERE r = 1;
CREATE TABLE keyed (v INT, k INT, PRIMARY KEY (v) NOT ENFORCED) WITH ('connector' = 'shown');
"""
ROWS, LATER = 600, 40
TOP = "SELECT k, v FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY {}) AS r FROM {}) WHERE r {}"
QUERIES = {  # and for how many operators or sides each key has state
    "aggregate": ("SELECT k, COUNT(*) FROM e GROUP BY k", 1),
    "distinct aggregate": ("SELECT k, COUNT(DISTINCT v) FROM e GROUP BY k", 1),
    "retracted maximum": ("SELECT k, MAX(v) FROM latest GROUP BY k", 2),
    "learner": ("SELECT k, AUC(CAST(v > 3 AS INT), CAST(v AS DOUBLE)) FROM e GROUP BY k", 1),
    "distinct": ("SELECT DISTINCT k FROM e", 1),
    "join": ("SELECT a.v FROM e a JOIN e b ON a.k = b.k", 2),
    "outer join": ("SELECT a.v FROM e a FULL JOIN e b ON a.k = b.k", 2),
    "exists": ("SELECT a.v FROM e a WHERE EXISTS (SELECT 1 FROM e b WHERE a.k = b.k)", 2),
    "set operation": ("SELECT k FROM e INTERSECT SELECT k FROM e", 1),
    "first row": (TOP.format("p", "e", "= 1"), 1),
    "last row": (TOP.format("p DESC", "e", "= 1"), 1),
    "last row by time": (TOP.format("ts DESC", "e", "= 1"), 1),
    "top-n": (TOP.format("v", "e", "<= 3"), 1),
    "top-n of updates": (TOP.format("v", "latest", "<= 3"), 2),
    "over": ("SELECT k, SUM(v) OVER (PARTITION BY k ORDER BY p) FROM e", 1),
    "over, sorted": ("SELECT k, ROW_NUMBER() OVER (PARTITION BY k ORDER BY v) FROM e", 1),
    "materialized for a key": ("INSERT INTO keyed SELECT v, k FROM latest", 1),
    "versions": ("SELECT a.v FROM e a JOIN versions FOR SYSTEM_TIME AS OF a.ts AS b ON a.k = b.k", 2),
}


def expiries(job: Job) -> list[Expiry]:
    found = []
    for operator in job.graph.operators:
        for state in operator.states().values():
            if isinstance(state, StateTable):
                found += [state.expiry, *(t.expiry for t in state.attached.values() if isinstance(t, RowStore))]
    return [e for e in found if e is not None]


def held(job: Job) -> int:
    """Rows of keyed state."""
    return sum(s.rows() for o in job.graph.operators for s in o.states().values() if isinstance(s, StateTable))


@pytest.mark.parametrize("name", QUERIES)
def test_only_what_expires_is_looked_at(tmp_path: Path, name: str) -> None:
    sql, each = QUERIES[name]
    seen: list[tuple[int, int]] = []
    items: list[Item] = [*((k, 0) for k in range(ROWS)), "TICK 8", *((k, 1) for k in range(ROWS, ROWS + LATER)),
                         "TICK 11", SWEEP, "TICK 12", SWEEP, "TICK 17", SWEEP, "TICK 19", SWEEP, "TICK 40", SWEEP]

    def look(job: Job) -> None:
        seen.append((sum(e.walked for e in expiries(job)), held(job)))

    run(TABLES + sql, TimedScript({"e": items}, swept=look), tmp_path)
    walked, left = zip(*seen, strict=True)
    later = LATER if name == "versions" else each * LATER  # keys without a version go with their rows
    assert walked == (each * ROWS,) * 3 + (each * ROWS + later,) * 2
    assert left[0] <= each * LATER
    assert left[3:] == (0, 0)
