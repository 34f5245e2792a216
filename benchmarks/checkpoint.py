"""`checkpoint`: what a checkpoint costs when 1 % of the keys changed, against one of everything.

A table of BIGINT keys with three numeric columns; dirty keys are drawn uniformly. Milliseconds are from the barrier to
the manifest in place, fsyncs included (freezing, done in the job's thread, is given apart); medians of several turns.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from engine.changes import Column
from engine.state.checkpoints import CheckpointStore
from engine.state.table import StateField, StateTable
from engine.types import BIGINT, DOUBLE

KEYS, QUICK_KEYS = 5_000_000, 1_000_000
LONG, REAL = BIGINT.as_nullable(False), DOUBLE.as_nullable(False)
FIELDS = (StateField("count", LONG), StateField("sum", REAL), StateField("last", LONG))
_BATCH = 100_000
_KEY = "benchmark/state/0"


def run(quick: bool = False, keys: int | None = None) -> dict[str, Any]:
    """Bytes and milliseconds of a full checkpoint and of one with 1 % of the keys dirty."""
    count = keys or (QUICK_KEYS if quick else KEYS)
    generator = np.random.default_rng(7)
    table = _filled(count, generator)
    with tempfile.TemporaryDirectory() as folder:
        store = CheckpointStore(Path(folder) / "checkpoints", max_deltas=100)
        full = _checkpoint(store, table, 1)
        deltas = []
        for epoch in range(2, 5 if quick else 12):
            slots = generator.choice(count, max(count // 100, 1), replace=False)
            for field in FIELDS:
                table.column(field.name)[slots] += 1
            table.touch(slots)
            deltas.append(_checkpoint(store, table, epoch))
        store.close()
        restored = _restore(Path(folder) / "checkpoints", count)
    return {
        "keys": count,
        "full_bytes": full["bytes"],
        "dirty_bytes": round(statistics.median(d["bytes"] for d in deltas)),
        "full_ms": full["ms"],
        "dirty_ms": round(statistics.median(d["ms"] for d in deltas), 2),
        "full_freeze_ms": full["freeze_ms"],
        "dirty_freeze_ms": round(statistics.median(d["freeze_ms"] for d in deltas), 2),
        "restore_ms": restored,
    }


def _filled(count: int, generator: np.random.Generator) -> StateTable:
    table = StateTable([LONG], FIELDS)
    numbers = generator.permutation(count).astype(np.int64) * 3
    for start in range(0, count, _BATCH):
        part = numbers[start:start + _BATCH]
        table.slots([Column(LONG, part)], len(part))
    for field in FIELDS:
        table.column(field.name)[:count] = generator.integers(0, 1 << 30, count)
    return table


def _checkpoint(store: CheckpointStore, table: StateTable, epoch: int) -> dict[str, Any]:
    started = time.perf_counter()
    part = table.snapshot(full=False)
    frozen = time.perf_counter()
    store.write(epoch, {_KEY: part}, {}).result()
    done = time.perf_counter()
    assert store.last is not None
    return {"bytes": store.last.bytes, "ms": round(1e3 * (done - started), 2),
            "freeze_ms": round(1e3 * (frozen - started), 2)}


def _restore(folder: Path, count: int) -> float:
    started = time.perf_counter()
    found = CheckpointStore(folder).latest()
    assert found is not None
    table = StateTable([LONG], FIELDS)
    table.restore([found.chains()[_KEY]], None)
    assert len(table) == count
    return round(1e3 * (time.perf_counter() - started), 1)
