"""Where partial results are made: in front of an exchange, nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.changes import Batch
from engine.connectors.memory import TABLES, MemoryTable
from engine.expressions.values import column_from_python
from engine.runtime.job import Job
from engine.session import RunOptions, Session
from engine.types import BIGINT, INT

MINI_BATCH = "SET 'table.exec.mini-batch.enabled' = 'true';"
QUERY = "INSERT INTO made SELECT k, COUNT(*), SUM(v), AVG(v), MIN(v) FROM t GROUP BY k;"


def session(folder: Path, query: str = QUERY) -> Session:
    keys, values = [i % 3 for i in range(30)], [None if i % 7 == 0 else i - 20 for i in range(30)]
    columns = (column_from_python(INT, keys), column_from_python(BIGINT, values))
    TABLES.update(t=MemoryTable([Batch(columns, 30)]), made=MemoryTable())
    made = Session(folder=folder)
    list(made.script(
        MINI_BATCH + "CREATE TABLE t (k INT, v BIGINT) WITH ('connector' = 'memory');"
        "CREATE TABLE made (k INT, n BIGINT, s BIGINT, a BIGINT, low BIGINT) WITH ('connector' = 'memory');" + query))
    return made


def operators(made: Session, shards: int) -> list[str]:
    """The kinds of the aggregating operators of the first shard."""
    graph = made.graph(made.program(made.phases[0]), made.folder, RunOptions(shards=shards, durable=False))
    names = [o.name for o in graph.operators if o.settings.shard == 0 and "Aggregate" in o.name]
    for operator in graph.operators:
        operator.close()
    return names


@pytest.mark.parametrize(("shards", "expected"), [(1, ["Aggregate"]), (2, ["LocalAggregate", "Aggregate"])])
def test_in_front_of_an_exchange_only(tmp_path: Path, shards: int, expected: list[str]) -> None:
    assert operators(session(tmp_path), shards) == expected


def test_rows_that_are_dealt_by_the_key_already_stay_where_they_are(tmp_path: Path) -> None:
    query = """INSERT INTO made SELECT k, COUNT(*), MAX(n), MAX(n), MIN(n) FROM
      (SELECT k, ROW_NUMBER() OVER (PARTITION BY k ORDER BY PROCTIME()) AS n FROM t) GROUP BY k;"""
    assert operators(session(tmp_path, query), 2) == ["Aggregate"]


def test_one_row_a_key_and_batch_crosses_the_exchange(tmp_path: Path) -> None:
    made = session(tmp_path)
    jobs: list[Job] = []
    made.run(RunOptions(batch_rows=10, shards=2, durable=False, on_job=jobs.append))
    local = [o for o in jobs[0].graph.operators if o.name == "LocalAggregate"]
    assert [(o.counters.rows_in, o.counters.rows_out) for o in local] == [(30, 9)]
    last = {values[0]: values for _, values in TABLES["made"].rows}
    # values are i - 20, but NULL where 7 divides i: key 0 has i = 3, 6 ... 18, 24, 27, whose sum is -46; -46 / 8 is -5
    assert last == {0: (0, 10, -46, -5, -17), 1: (1, 10, -50, -6, -19), 2: (2, 10, -39, -4, -18)}
