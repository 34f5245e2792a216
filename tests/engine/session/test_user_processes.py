"""Jobs whose functions run in worker processes: what a crash in one means for the job, its state and its status."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from engine.connectors.base import Connector
from engine.connectors.memory import MemoryTable
from engine.errors import UserError
from engine.plan.nodes import TableSpec
from engine.runtime.job import Job
from engine.session import SELECTED, RunOptions, Session
from engine.types import BIGINT, INT, TIMESTAMP, Schema
from tests.engine.properties.support import Change, Input, connectors_of, fold
from tests.engine.runtime.faults import BARRIER, CRASH, Crash, Script, ScriptedSource
from tests.engine.workers import user_code
from tests.engine.workers.test_workers import is_gone

ROWS = Schema.of(k=INT, v=BIGINT)
VALUES = [(1, 3), (2, 5), (1, 7), (1, 9), (2, 7), (3, 1)]
SPREAD = {(1, "19 139.5 [3, 7, 9] 3"), (2, "12 74.5 [5, 7] 2"), (3, "1 1.5 [1] 1")}
"""By hand: sums, 0.5 and the sums of squares, the values, how many there were."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(user_code.__file__, tmp_path / "worker_code.py")
    return tmp_path


def declared(*names: str) -> str:
    return "".join(f"CREATE TEMPORARY FUNCTION {n} AS 'worker_code.{n}' LANGUAGE PYTHON;" for n in names)


def run(folder: Path, names: str, query: str, changes: Sequence[Change] | None = None, settings: str = "",
        schema: Schema = ROWS, clauses: str = "", **options: Any) -> list[Change]:
    """A SELECT's changes over table t."""
    result = MemoryTable()
    source = Input(schema, changes or [("+I", row) for row in VALUES], "I" if changes is None else "I,UB,UA,D", clauses)
    session = Session(folder=folder / "job", modules=[folder], nodes={"t": "rows", "c": "called"},
                      connectors=connectors_of({"t": source.table(), SELECTED: result}))
    for _ in session.script(f"{settings}{declared(*names.split())}{source.ddl('t')}{query};"):
        pass
    session.run(RunOptions(durable=False, **options))
    return result.rows


def refused(folder: Path, names: str, query: str, settings: str = "", **options: Any) -> UserError:
    with pytest.raises(UserError) as caught:
        run(folder, names, query, settings=settings, **options)
    return caught.value


CALLED = "CREATE VIEW c AS SELECT k, {}(v) AS w FROM t; SELECT * FROM c"


@pytest.mark.parametrize(("name", "code", "limit"), [
    ("aborts_at_7", "function_crashed", ""),
    pytest.param("sleeps_at_7", "function_timeout", "SET 'python.fn-execution.timeout' = '1500 ms';",
                 marks=pytest.mark.slow),
])
def test_the_row_that_ends_a_process_is_found(folder: Path, name: str, code: str, limit: str) -> None:
    error = refused(folder, name, CALLED.format(name), limit)
    assert (error.code, error.node) == (code, "called")
    assert error.message.startswith(f"function {name} ")
    assert error.record == {"source": "Source[rows]", "first": 1, "last": 6, "values": ["7"]}


def test_a_table_function_that_crashes(folder: Path) -> None:
    (folder / "made.py").write_text("import os\ndef two(rows):\n    os.abort()\ntwo.columns = {'x': 'INT'}\n",
                                    encoding="utf-8")
    query = "CREATE TEMPORARY FUNCTION two AS 'made.two' LANGUAGE PYTHON; SELECT x FROM t, LATERAL TABLE(two(v))"
    error = refused(folder, "twice", query)
    assert error.message == "function two ended its worker process (signal SIGABRT) at made.py:3"


def test_memory_has_a_limit(folder: Path) -> None:
    error = refused(folder, "devours", CALLED.format("devours"), "SET 'python.fn-execution.memory.limit' = '200 mb';",
                    changes=[("+I", (1, 3))])
    assert (error.code, error.node) == ("function_memory", "called")


@pytest.mark.parametrize("shards", [1, 2])
def test_groups_lose_nothing_when_a_process_is_lost(folder: Path, shards: int) -> None:
    """The first call of `accumulate` ends its process."""
    changes = run(folder, "Spread", "SELECT k, Spread(v) FROM t GROUP BY k", shards=shards, batch_rows=4)
    assert (folder / "place").exists()
    assert fold(changes) == dict.fromkeys(SPREAD, 1)


def test_rows_that_are_taken_back(folder: Path) -> None:
    """By hand: without (1, 7), with (2, 5) twice less once; counts stay."""
    changes = [*[("+I", row) for row in VALUES], ("-D", (1, 7)), ("+I", (2, 5)), ("-D", (2, 5))]
    found = fold(run(folder, "Spread", "SELECT k, Spread(v) FROM t GROUP BY k", changes))
    assert found == dict.fromkeys([(1, "12 90.5 [3, 9] 3"), (2, "12 74.5 [7] 3"), (3, "1 1.5 [1] 1")], 1)


def test_windows_merge(folder: Path) -> None:
    from datetime import datetime

    times = Schema.of(v=BIGINT, ts=TIMESTAMP(3))
    rows: list[Change] = [("+I", (v, datetime(2024, 1, 1, 0, 0, s))) for v, s in [(3, 1), (5, 7), (7, 12)]]
    table = "TABLE(HOP(TABLE t, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '10' SECOND))"
    query = f"SELECT SECOND(window_end), Spread(v) FROM {table} GROUP BY window_start, window_end"
    found = run(folder, "Spread", query, rows, schema=times, clauses=", WATERMARK FOR ts AS ts")
    assert [v for _, v in found] == [(5, "3 9.5 [3] None"), (10, "8 34.5 [3, 5] None"), (15, "12 74.5 [5, 7] None"),
                                     (20, "7 49.5 [7] None")]


@pytest.mark.parametrize("shards", [(1, 1), (2, 1), (1, 2)])
def test_state_goes_on_from_a_checkpoint(folder: Path, shards: tuple[int, int]) -> None:
    """The job dies after a checkpoint, and is built anew with other shards."""
    script = Script({"t": [*VALUES[:3], BARRIER, VALUES[3], CRASH, *VALUES[4:]]})
    text = (declared("Spread") + "CREATE TABLE t (k INT, v BIGINT) WITH ('connector' = 'scripted');"
            "CREATE TABLE o (k INT, s STRING, PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'made');"
            "INSERT INTO o SELECT k, Spread(v) FROM t GROUP BY k;")
    made = connectors_of({"o": (result := MemoryTable(changelog="I,UA,D"))})

    def choose(table: TableSpec) -> Connector:
        return ScriptedSource("t", script) if table.name == "t" else made(table)

    def keep(job: Job) -> None:
        script.job = job

    def attempt(number: int) -> None:
        session = Session(folder=folder / "job", modules=[folder], connectors=choose)
        for _ in session.script(text):
            pass
        session.run(RunOptions(shards=number, batch_rows=1, checkpoint_interval=1e9, on_job=keep))

    with pytest.raises(Crash):
        attempt(shards[0])
    result.rows.clear()
    attempt(shards[1])
    last = {values[0]: values for kind, values in result.rows if kind in ("+I", "+U")}
    assert set(last.values()) == SPREAD


def test_the_status_counts_calls_and_restarts(folder: Path) -> None:
    statuses: list[dict[str, Any]] = []
    run(folder, "aborts_once twice", "SELECT aborts_once(v), twice(v) FROM t", batch_rows=3,
        on_status=statuses.append)
    once, twice = statuses[-1]["functions"]
    assert {n: once[n] for n in ("name", "calls", "rows", "restarts")} == {
        "name": "aborts_once", "calls": 2, "rows": 6, "restarts": 1}
    assert once["last"].startswith("ended its worker process (signal SIGABRT) at worker_code.py:")
    assert (twice["calls"], twice["rows"], twice["restarts"], twice["last"]) == (2, 6, 0, None)
    assert once["seconds"] > twice["seconds"] > 0


@pytest.mark.parametrize(("mode", "apart"), [("process", True), ("thread", False)])
def test_where_functions_run(folder: Path, mode: str, apart: bool) -> None:
    [pid] = {v[0] for _, v in run(folder, "process_of", "SELECT process_of(v) FROM t",
                                  settings=f"SET 'python.execution-mode' = '{mode}';")}
    assert (pid != os.getpid()) is apart
    assert is_gone(pid) is apart  # when the job has ended


@pytest.mark.parametrize(("name", "value"), [
    ("python.execution-mode", "fast"), ("python.fn-execution.timeout", "soon"),
    ("python.fn-execution.memory.limit", "much"),
])
def test_settings_are_checked(folder: Path, name: str, value: str) -> None:
    error = refused(folder, "twice", "SELECT twice(v) FROM t", f"SET '{name}' = '{value}';")
    assert error.code == "bad_option"
    assert name in error.message
