"""What a job says of itself: sources, operators, nodes (fused, pushed, looked up), checkpoints, states."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.errors import UserError
from engine.runtime.job import Job, JobResult
from engine.session import RunOptions, Session
from tests.engine.runtime.faults import BARRIER, CRASH, Crash, Script, build

OPTIONS = RunOptions(batch_rows=10, checkpoint_interval=1e9)
EVENTS = "CREATE TABLE e (n INT, t TIMESTAMP(3), WATERMARK FOR t AS t) WITH ('connector' = 'scripted');"
UNTIMED = "CREATE TABLE e (n INT) WITH ('connector' = 'scripted');"
SINK = "CREATE TABLE o (n INT) WITH ('connector' = 'filesystem', 'format' = 'json', 'path' = '{folder}/out');"


def run(folder: Path, text: str, nodes: str, count: int = 20, **options: Any) -> list[dict[str, Any]]:
    """The statuses of a job whose source `e` gives the numbers below `count`; views and tables are nodes."""
    start = datetime(2026, 1, 1)
    rows = [(i, start + timedelta(seconds=i)) for i in range(count)]
    script = Script({"e": rows})
    session = build((EVENTS + SINK + text).replace("{folder}", str(folder)), script, folder / "state")
    session._nodes.update((name, name) for name in nodes.split())
    statuses: list[dict[str, Any]] = []
    session.run(replace(OPTIONS, on_status=statuses.append, **options))
    return statuses


def rows_of(status: dict[str, Any]) -> dict[str, tuple[int | None, int | None]]:
    return {name: (node["rows_in"], node["rows_out"]) for name, node in status["nodes"].items()}


CHAIN = """
CREATE VIEW big AS SELECT * FROM e WHERE n >= 5;
CREATE VIEW doubled AS SELECT n * 2 AS n FROM big;
CREATE VIEW small AS SELECT n FROM doubled WHERE n < 30;
INSERT INTO o SELECT n FROM small;
"""


@pytest.mark.parametrize("shards", [1, 2])
def test_rows_of_nodes_that_are_one_operator(tmp_path: Path, shards: int) -> None:
    last = run(tmp_path, CHAIN, "e big doubled small o", shards=shards)[-1]
    # 0..19; 5..19 are 15; doubled 10, 12, .. 38, of which 10 .. 28 are 10. Both filters run in one place, before the
    # doubling: between them nobody can count.
    rows = rows_of(last)
    assert rows["e"] == (20, 20)
    assert rows["big"][0] == 20
    assert rows["o"] == (10, 10)
    assert rows["small"][1] == 10
    fused = {name: node["fused_into"] for name, node in last["nodes"].items()}
    assert fused["e"] is None and fused["o"] is None
    operators = {o["name"] for o in last["operators"]}
    assert {f for f in fused.values() if f} <= operators
    assert any(fused[n] for n in ("big", "doubled", "small"))


def test_a_filter_alone_and_a_projection_are_counted_exactly(tmp_path: Path) -> None:
    text = """
    CREATE VIEW big AS SELECT * FROM e WHERE n >= 5;
    CREATE VIEW doubled AS SELECT n * 2 AS n FROM big;
    INSERT INTO o SELECT n FROM doubled;
    """
    last = run(tmp_path, text, "e big doubled o")[-1]
    assert rows_of(last) == {"e": (20, 20), "big": (20, 15), "doubled": (15, 15), "o": (15, 15)}


def test_rows_that_several_nodes_take_are_counted_once(tmp_path: Path) -> None:
    """What `counted` computes behind its OVER is done twice: once with `twice`, once for `p`."""
    text = """
    CREATE TABLE p (n INT, c BIGINT) WITH ('connector' = 'blackhole');
    CREATE VIEW counted AS SELECT n, t, COUNT(*) OVER (ORDER BY t) AS c FROM e;
    CREATE VIEW twice AS SELECT n * 2 + CAST(c AS INT) AS n FROM counted;
    INSERT INTO o SELECT n FROM twice;
    INSERT INTO p SELECT n, c FROM counted;
    """
    last = run(tmp_path, text, "e counted twice o p")[-1]
    assert sum("counted" in o["nodes"] and o["name"].startswith("Calc") for o in last["operators"]) == 2
    rows = rows_of(last)
    assert (rows["counted"], rows["twice"], rows["o"], rows["p"]) == ((20, 20),) * 4


def test_a_filter_that_is_pushed_below_a_join_says_what_comes_out_of_it(tmp_path: Path) -> None:
    text = """
    CREATE VIEW pairs AS SELECT a.n AS n, b.n AS m FROM e AS a JOIN e AS b ON a.n = b.n;
    CREATE VIEW few AS SELECT n FROM pairs WHERE n < 4;
    INSERT INTO o SELECT n FROM few;
    """
    rows = rows_of(run(tmp_path, text, "e pairs few o")[-1])
    assert rows["few"][1] == rows["o"][0] == rows["o"][1] == 4


def test_a_table_that_is_looked_up(tmp_path: Path) -> None:
    text = """
    CREATE TABLE d (k INT, f ROW<v INT>, PRIMARY KEY (k) NOT ENFORCED)
      WITH ('connector' = 'hbase-2.2', 'table-name' = 'd', 'zookeeper.quorum' = 'embedded:{folder}/store');
    CREATE VIEW timed AS SELECT n, PROCTIME() AS pt FROM e;
    CREATE VIEW found AS SELECT n FROM timed LEFT JOIN d FOR SYSTEM_TIME AS OF timed.pt ON timed.n = d.k;
    INSERT INTO o SELECT n FROM found;
    """
    nodes = run(tmp_path, text, "e timed d found o")[-1]["nodes"]
    lookup = nodes["found"]["lookup"]
    assert (lookup["hits"], lookup["misses"], lookup["retried"]) == (0, 20, 0)
    assert 0 < lookup["p50_ms"] <= lookup["p99_ms"]
    assert "lookup" not in nodes["timed"]
    assert nodes["d"]["fused_into"] == "Lookup(d)[found]"
    assert (nodes["d"]["rows_in"], nodes["d"]["rows_out"]) == (None, None)


def test_sources_operators_and_times(tmp_path: Path) -> None:
    before = time.time()
    text = "INSERT INTO o SELECT CAST(COUNT(*) AS INT) FROM e GROUP BY n, TUMBLE(t, INTERVAL '5' SECOND);"
    statuses = run(tmp_path, text, "e o", rate_limit=1e6)
    last = statuses[-1]
    assert [s["state"] for s in statuses[:2]] == ["STARTING", "RUNNING"]
    assert last["state"] == "FINISHED"
    assert last == json.loads((tmp_path / "state" / "status.json").read_text())
    assert before <= last["started"] <= last["at"] <= time.time()
    (source,) = last["sources"]
    assert (source["rows"], source["rate_limit"], source["nodes"]) == (20, 1e6, ["e"])
    assert source["watermark"] == 1_767_225_619_000_000  # 2026-01-01 00:00:19
    assert source["behind_seconds"] == pytest.approx(last["at"] - 1_767_225_619, abs=1)
    assert source["progress"] == last["progress"] == 1.0
    aggregate = next(o for o in last["operators"] if "Aggregate" in o["name"])
    assert aggregate["uid"] == aggregate["name"]
    assert 0 < aggregate["busy_seconds"] < last["seconds"]
    assert aggregate["state_bytes"] > 0
    assert sum(o["busy_seconds"] for o in last["operators"]) <= last["seconds"]


def test_latency_of_a_sink_and_who_waits_for_whom(tmp_path: Path) -> None:
    view = "CREATE VIEW big AS SELECT n, COUNT(*) OVER (ORDER BY t) c FROM e;"
    last = run(tmp_path, view + "INSERT INTO o SELECT n FROM big WHERE c > 0;", "e big o")[-1]
    nodes = last["nodes"]
    taken = nodes["o"]["latency"]
    assert 0 < taken["p50_ms"] <= taken["p95_ms"] <= taken["p99_ms"] < 60_000
    assert "latency" not in nodes["e"] and "latency" not in nodes["big"]
    assert nodes["o"]["backpressured_seconds"] == 0  # nobody is behind a sink
    behind_source = sum(o["busy_seconds"] for o in last["operators"] if o["nodes"] != ["e"])
    assert nodes["e"]["backpressured_seconds"] == pytest.approx(behind_source, abs=1e-5)


def test_the_rows_that_state_holds(tmp_path: Path) -> None:
    text = "INSERT INTO o SELECT n FROM (SELECT n, COUNT(*) FROM e GROUP BY n) AS g (n, c);"
    text += "INSERT INTO o SELECT a.n FROM e AS a JOIN e AS b ON a.n = b.n + 1000;"
    last = run(tmp_path, text, "e o")[-1]
    held = {o["name"]: o["state_rows"] for o in last["operators"]}
    assert next(rows for name, rows in held.items() if name.startswith("Aggregate")) == 20
    assert next(rows for name, rows in held.items() if "Join" in name) == 40


def test_the_last_checkpoint(tmp_path: Path) -> None:
    script = Script({"e": [(1,), BARRIER, (2,), BARRIER, (3,)]})
    text = (UNTIMED + SINK + "INSERT INTO o SELECT DISTINCT n FROM e;").replace("{folder}", str(tmp_path))
    session = build(text, script, tmp_path / "state")
    statuses: list[dict[str, Any]] = []

    def keep(job: Job) -> None:
        script.job = job

    started = time.time()
    session.run(replace(OPTIONS, on_status=statuses.append, on_job=keep))
    assert statuses[0]["checkpoint"] is None
    last = statuses[-1]["checkpoint"]
    folder = tmp_path / "state" / "checkpoints"
    files = {p.name: p.stat().st_size for p in folder.glob("*.data")}
    assert last["epoch"] == statuses[-1]["epoch"] == 3
    assert last["bytes"] == next(size for name, size in files.items() if "0003-" in name)
    assert last["full"] is False
    assert started <= last["at"] <= time.time()
    assert 0 < last["stall_seconds"] <= last["seconds"] < 60
    assert statuses[-1]["checkpoints_failed"] == 0


def test_a_job_that_cannot_go_on_does_not_say_that_it_runs(tmp_path: Path) -> None:
    with pytest.raises(UserError):
        run(tmp_path, "INSERT INTO o SELECT 1 / (n - 7) FROM e;", "e o")
    assert json.loads((tmp_path / "state" / "status.json").read_text())["state"] == "FAILED"


def test_a_silent_source_does_not_keep_a_job_from_stopping(tmp_path: Path) -> None:
    statuses: list[dict[str, Any]] = []
    jobs: list[Job] = []
    session = Session(folder=tmp_path)
    list(session.script("""
        CREATE TABLE e (n INT) WITH ('connector' = 'datagen', 'rows-per-second' = '1');
        CREATE TABLE o (n INT) WITH ('connector' = 'blackhole');
        INSERT INTO o SELECT n FROM e;
    """))
    runs = threading.Thread(target=session.run, args=(replace(OPTIONS, on_status=statuses.append, on_job=jobs.append),))
    runs.start()
    while not any(s["state"] == "RUNNING" for s in statuses):
        time.sleep(0.01)
    assert statuses[-1]["progress"] is None  # it has no end
    asked = time.monotonic()
    jobs[0].stop()
    runs.join(10)
    assert time.monotonic() - asked < 2
    assert [s["state"] for s in statuses][-2:] == ["STOPPING", "STOPPED"]


def test_a_job_that_is_stopped_before_it_was_restored_keeps_its_state(tmp_path: Path) -> None:
    text = (UNTIMED + SINK + "INSERT INTO o SELECT DISTINCT n FROM e;").replace("{folder}", str(tmp_path))
    script = Script({"e": [(1,), BARRIER, (2,), CRASH, (3,)]})

    def attempt(stop: bool) -> JobResult:
        def keep(job: Job) -> None:
            script.job = job
            if stop:
                job.stop()

        session = build(text, script, tmp_path / "state")
        return session.run(replace(OPTIONS, on_job=keep))

    with pytest.raises(Crash):
        attempt(stop=False)
    checkpoints = sorted(p.name for p in (tmp_path / "state" / "checkpoints").iterdir())
    assert attempt(stop=True).stopped
    assert json.loads((tmp_path / "state" / "status.json").read_text())["state"] == "STOPPED"
    assert sorted(p.name for p in (tmp_path / "state" / "checkpoints").iterdir()) == checkpoints
    assert not attempt(stop=False).stopped
    lines = [json.loads(line)["n"] for p in (tmp_path / "out").glob("part-*") for line in p.read_text().splitlines()]
    assert sorted(lines) == [1, 2, 3]
