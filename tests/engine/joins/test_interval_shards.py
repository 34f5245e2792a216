"""Rows that an outer interval join gives up waiting for are not late behind it, whatever the shards and batches."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from engine.connectors.memory import TABLES, MemoryTable
from engine.session import RunOptions
from tests.engine.runtime.faults import Script, build

SQL = """
CREATE TABLE e (kind STRING, k INT, n INT, t TIMESTAMP(3), WATERMARK FOR t AS t) WITH ('connector' = 'scripted');
CREATE TABLE out_rows (n INT, matched BIGINT) WITH ('connector' = 'memory');
CREATE VIEW asked AS SELECT k, n, t FROM e WHERE kind = 'a';
CREATE VIEW answered AS SELECT k, n, t FROM e WHERE kind = 'b';
CREATE VIEW joined AS SELECT a.n, a.t, b.n AS other FROM asked AS a LEFT JOIN answered AS b
    ON a.k = b.k AND b.t > a.t AND b.t <= a.t + INTERVAL '10' SECOND;
INSERT INTO out_rows SELECT n, COUNT(other) FROM TABLE(TUMBLE(TABLE joined, DESCRIPTOR(t), INTERVAL '1' SECOND))
    GROUP BY window_start, window_end, n;
"""
START = datetime(2026, 1, 1)


def rows() -> list[tuple[str, int, int, datetime]]:
    """Five times a second something; each seventh is an answer to what its key asked in the last ten seconds."""
    return [("b" if i % 7 == 6 else "a", i % 20, i, START + timedelta(milliseconds=200 * i)) for i in range(400)]


def expected() -> list[tuple[int, int]]:
    answers = [(k, t) for kind, k, _, t in rows() if kind == "b"]
    return [(n, sum(1 for key, at in answers if key == k and t < at <= t + timedelta(seconds=10)))
            for kind, k, n, t in rows() if kind == "a"]


@pytest.mark.parametrize("shards", [1, 2, 4])
@pytest.mark.parametrize("batch", [1, 7, 40, 1000])
def test_nothing_is_late(tmp_path: Path, shards: int, batch: int) -> None:
    TABLES["out_rows"] = MemoryTable()
    result = build(SQL, Script({"e": rows()}), tmp_path / "state").run(
        RunOptions(batch_rows=batch, shards=shards, checkpoint_interval=1e9))
    assert result.late == 0
    assert sorted(values for _, values in TABLES["out_rows"].rows) == expected()
