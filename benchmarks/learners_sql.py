"""Samples a second that a SQL job trains on: raw columns -> FEATURES -> FTRL, on the rows of `benchmarks.learners`.

13 DOUBLE columns with NULLs and 26 STRING columns of ids come from memory, in batches of 20,000 rows; the model has
2^20 weights and publishes a version every 100,000 samples. From the first poll to the end, best of several runs.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.learners import CARDINALITIES, NUMBERS
from engine.changes import Array, Batch, Column
from engine.connectors.arrow import from_arrow
from engine.connectors.memory import TABLES, MemoryTable
from engine.runtime.job import Job
from engine.session import RunOptions, Session
from engine.types import DOUBLE, INT, STRING, TIMESTAMP

_KEY = "benchmark.learners"
_NUMBERS = tuple(f"n{i}" for i in range(NUMBERS))
_CATEGORIES = tuple(f"c{i}" for i in range(len(CARDINALITIES)))


def script() -> str:
    """The job as SQL."""
    columns = [*(f"{name} DOUBLE" for name in _NUMBERS), *(f"{name} STRING" for name in _CATEGORIES)]
    features = ", ".join(f"'{name}', {name}" for name in (*_NUMBERS, *_CATEGORIES))
    return f"""
        SET 'table.exec.mini-batch.enabled' = 'true';
        SET 'table.exec.mini-batch.allow-latency' = '100 ms';
        SET 'table.exec.mini-batch.size' = '20000';
        CREATE TABLE samples (label INT, t TIMESTAMP(3), {', '.join(columns)})
          WITH ('connector' = 'memory', 'key' = '{_KEY}');
        CREATE TABLE model (known_at TIMESTAMP(3),
            m ROW<model STRING, version BIGINT, samples BIGINT, logloss DOUBLE, auc DOUBLE>)
          WITH ('connector' = 'blackhole');
        INSERT INTO model
          SELECT MAX(t), FTRL(label, FEATURES(20, {features}), 'bits=20, publish_every=100000') FROM samples;
    """  # noqa: S608 (names of our own)


def samples_per_s(rows: int, times: int) -> float:
    """The best of `times` runs over this many rows."""
    TABLES[_KEY] = MemoryTable([samples(rows)])
    best = min(_seconds() for _ in range(times + 1))  # the first one loads the kernels
    del TABLES[_KEY]
    return rows / best


def _seconds() -> float:
    begun: list[float] = []

    def starts(job: Job) -> None:
        begun.append(time.perf_counter())

    with tempfile.TemporaryDirectory() as state:
        session = Session(folder=Path(state))
        for _ in session.script(script()):
            pass
        session.run(RunOptions(on_job=starts))
        return time.perf_counter() - begun[0]


def samples(rows: int, seed: int = 1) -> Batch:
    """Seeded rows: label, time, numbers with one in five missing, ids as text."""
    random = np.random.default_rng(seed)
    label = Column(INT, random.integers(0, 2, rows).astype(np.int32))
    columns = [label, Column(TIMESTAMP(3), np.arange(rows, dtype=np.int64) * 1000)]
    columns += [Column(DOUBLE, random.normal(0, 1, rows), random.random(rows) < 0.8) for _ in _NUMBERS]
    columns += [_ids(np.exp(random.random(rows) * np.log(n + 1)).astype(np.int64)) for n in CARDINALITIES]
    return Batch(tuple(columns), rows)


def _ids(numbers: Array) -> Column:
    return from_arrow(pa.array(numbers).cast(pa.string()), STRING)
