"""`overhead`: microseconds that a small batch costs in a job of six operators.

source -> watermark -> filter -> project -> group aggregate -> sink, as a session plans them; rows come from memory and
go to `blackhole`, so what is left is the engine's own work for each batch. Median over many batches, from the poll of
the source until the sink has the changes; with one change a group and batch, and with Flink's default, each change.
"""

from __future__ import annotations

import statistics
import time
from typing import Any

import numpy as np

from engine.changes import Batch, Column
from engine.connectors.memory import TABLES, MemoryTable
from engine.runtime.rounds import Rounds
from engine.session import Session
from engine.types import BIGINT, TIMESTAMP

SIZES = (10, 100, 1000)
BATCHES, QUICK_BATCHES, WARM = 3_000, 500, 50
KEYS = 100
_KEY = "benchmark.overhead"

SCRIPT = """
CREATE TABLE rows_in (k BIGINT, v BIGINT, t TIMESTAMP(3), WATERMARK FOR t AS t - INTERVAL '1' SECOND)
  WITH ('connector' = 'memory', 'key' = 'benchmark.overhead');
CREATE TABLE sums (k BIGINT, w BIGINT, n BIGINT) WITH ('connector' = 'blackhole');
INSERT INTO sums SELECT k, SUM(w), COUNT(*) FROM (SELECT k, v * 2 + 1 AS w FROM rows_in WHERE v > 100) GROUP BY k;
"""
MINI_BATCH = """
SET 'table.exec.mini-batch.enabled' = 'true';
SET 'table.exec.mini-batch.allow-latency' = '100 ms';
SET 'table.exec.mini-batch.size' = '20000';
"""


def run(quick: bool = False) -> dict[str, Any]:
    """Microseconds a batch by its rows."""
    batches = QUICK_BATCHES if quick else BATCHES
    return {"us_per_batch": {str(rows): median(MINI_BATCH, rows, batches) for rows in SIZES},
            "us_per_batch_every_change": {str(rows): median("", rows, batches) for rows in SIZES}}


def median(settings: str, rows: int, batches: int) -> float:
    TABLES[_KEY] = MemoryTable([_rows(rows * (batches + WARM))])
    session = Session()
    for _ in session.script(settings + SCRIPT):
        pass
    graph = session.plan(session.phases[-1])
    for writer in graph.sinks:
        writer.sink.open()
    for operator in graph.operators:
        operator.open()
    source, rounds = graph.sources[0], Rounds(graph.exchanges, graph.shards)
    taken = []
    for _ in range(batches + WARM):
        started = time.perf_counter_ns()
        batch = source.poll(rows)
        assert batch is not None
        rounds.push(source.consumers, batch)
        taken.append(time.perf_counter_ns() - started)
    del TABLES[_KEY]
    return round(statistics.median(taken[WARM:]) / 1e3, 1)


def _rows(count: int) -> Batch:
    random = np.random.default_rng(5)
    times = np.arange(count, dtype=np.int64) * 1000
    columns = (Column(BIGINT, random.integers(0, KEYS, count)), Column(BIGINT, random.integers(0, 1000, count)),
               Column(TIMESTAMP(3), times))
    return Batch(columns, count)
