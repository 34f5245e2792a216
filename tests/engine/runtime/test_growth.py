"""State that grows while a job runs is told, with its node and how fast, and no longer once it stops."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.connectors.base import Environment, Source, TableOptions
from engine.runtime.growth import STEPS
from engine.runtime.job import Job
from tests.engine.runtime import timed
from tests.engine.runtime.faults import BARRIER, Item
from tests.engine.runtime.timed import SWEEP, TimedScript, TimedSource, run

EVENTS = "CREATE TABLE e (k INT, v INT, ts AS TO_TIMESTAMP_LTZ(v, 0), WATERMARK FOR ts AS ts) WITH ('connector' = 'x');"
COUNTS = "CREATE VIEW counts AS SELECT k, COUNT(*) AS n FROM e GROUP BY k; SELECT k, n FROM counts;"
LONG = ("SELECT k, COUNT(*) FROM TABLE(TUMBLE(TABLE e, DESCRIPTOR(ts), INTERVAL '1' DAY)) "
        "GROUP BY k, window_start, window_end;")


class Endless(TimedSource):
    """Says that it has no end."""

    def source(self, table: TableOptions, environment: Environment) -> Source:
        made = super().source(table, environment)
        made.bounded = False
        return made


def told(folder: Path, sql: str, new: list[int], shards: int = 1) -> list[list[dict[str, Any]]]:
    """The warnings after each checkpoint, ten seconds after the one before, where so many new keys came."""
    items: list[Item] = []
    key = 0
    for number, count in enumerate(new, 1):
        items += [*((k, number) for k in range(key, key + count)), (0, number), BARRIER, f"TICK {10 * number}", SWEEP]
        key += count
    found: list[list[dict[str, Any]]] = []

    def look(job: Job) -> None:
        completed = job._checkpoints.completed
        assert completed is not None
        found.append(job._status.describe(completed.epoch)["warnings"])

    run(EVENTS + sql, TimedScript({"e": items}, swept=look), folder, shards=shards)
    return found


@pytest.fixture(autouse=True)
def endless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timed, "TimedSource", Endless)


@pytest.mark.parametrize("shards", [1, 2])
def test_growth_is_told_while_it_lasts(tmp_path: Path, shards: int) -> None:
    found = told(tmp_path, COUNTS, [50] * (STEPS + 3) + [0, 0], shards)
    assert [len(w) for w in found] == [0] * STEPS + [1, 1, 1, 0, 0]
    (warning,) = found[STEPS]
    assert warning["code"] == "growing_state"
    assert warning["operator"].startswith("Aggregate")
    assert warning["rows_per_hour"] == 50 * 360, "50 keys in ten seconds"
    assert "550 rows" in warning["message"]
    assert "18,000 an hour" in warning["message"]
    assert "table.exec.state.ttl" in warning["hint"]


@pytest.mark.parametrize(("sql", "new"), [
    ("SET 'table.exec.state.ttl' = '1 d';" + COUNTS, [50] * (STEPS + 3)),
    (LONG, [50] * (STEPS + 3)),  # the watermark bounds it
    (COUNTS, [1000, 700, 500, 300, 200, 100, 50, 20, 10, 5, 3, 2, 1]),  # fills up
    ("SELECT COUNT(*) FROM e", [50] * (STEPS + 3)),
])
def test_what_does_not_grow_for_ever_is_not_told(tmp_path: Path, sql: str, new: list[int]) -> None:
    assert not any(told(tmp_path, sql, new))


def test_an_input_that_ends_is_not_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timed, "TimedSource", TimedSource)
    assert not any(told(tmp_path, COUNTS, [50] * (STEPS + 3)))


def test_the_node_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = timed.session

    def named(*arguments: Any) -> Any:
        made = whole(*arguments)
        made._nodes.update(e="events", counts="by-key")
        return made

    monkeypatch.setattr(timed, "session", named)
    (warning,) = told(tmp_path, COUNTS, [50] * (STEPS + 1))[-1]
    assert warning["node"] == "by-key"
