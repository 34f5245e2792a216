"""`checkpoint`: what a checkpoint costs when 1 % of the keys changed, against one of everything.

*Table*: BIGINT keys with three numeric columns; dirty keys are drawn uniformly. Milliseconds are from the barrier to
the manifest in place, without fsync (`dirty_fsync_ms`: with it); medians of ten. *Job*: counts, sums and maxima of as
many keys, of which 1 % others change each second, at full speed, with a checkpoint each second and without any: the
longest time between two polls of the source (the first checkpoint, of everything, included), and rows a second once
the first checkpoint is written.
"""

from __future__ import annotations

import gc
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import keyed
from engine.changes import Column
from engine.runtime.job import Job
from engine.session import RunOptions
from engine.state.checkpoints import CheckpointStore
from engine.state.storage import LocalFolder
from engine.state.table import StateField, StateTable
from engine.types import BIGINT, DOUBLE

KEYS, QUICK_KEYS = 10_000_000, 1_000_000
LONG, REAL = BIGINT.as_nullable(False), DOUBLE.as_nullable(False)
FIELDS = (StateField("count", LONG), StateField("sum", REAL), StateField("last", LONG))
TURNS = 10
_BATCH = 100_000
_ALL = 1 << 40
_KEY = "benchmark/state/0"


def run(quick: bool = False, keys: int | None = None) -> dict[str, Any]:
    """Bytes and milliseconds of a full checkpoint and of one with 1 % of the keys dirty; stall and throughput."""
    count = keys or (QUICK_KEYS if quick else KEYS)
    figures = of_table(count)
    gc.collect()
    with tempfile.TemporaryDirectory() as folder:
        without = _Observed(count, 2 if quick else 15, None)
        without.run(Path(folder) / "without")
        with_them = _Observed(count, 2 if quick else 15, 1.0)
        with_them.run(Path(folder) / "with")
    return {
        "keys": count, **figures,
        "longest_stall_ms": round(1e3 * with_them.longest, 1),
        "longest_stall_without_ms": round(1e3 * without.longest, 1),
        "checkpoints": with_them.checkpoints,
        "throughput_share": round(float(with_them.rate / without.rate), 3),
        "rows_per_second": round(with_them.rate),
    }  # fmt: skip


def of_table(count: int) -> dict[str, Any]:
    """Bytes and milliseconds of a table's checkpoints."""
    generator = np.random.default_rng(7)
    table = _filled(count, generator)
    with tempfile.TemporaryDirectory() as folder:
        store = CheckpointStore(LocalFolder(Path(folder) / "quick", durable=False), max_deltas=100)
        full = [_checkpoint(store, table, epoch, full=True) for epoch in (1, 2, 3)]
        dirty = [_dirtied(store, table, epoch, generator) for epoch in range(4, 4 + TURNS)]
        store.close()
        store = CheckpointStore(Path(folder) / "checkpoints", max_deltas=100)
        _checkpoint(store, table, 1, full=True)
        durable = [_dirtied(store, table, epoch, generator) for epoch in range(2, 2 + TURNS)]
        store.close()
        restored = _restore(Path(folder) / "checkpoints", count)
    bytes_share = statistics.median(d["bytes"] for d in dirty) / full[0]["bytes"]
    full_ms = statistics.median(f["ms"] for f in full)
    dirty_ms = statistics.median(d["ms"] for d in dirty)
    return {
        "full_bytes": full[0]["bytes"],
        "dirty_bytes": round(statistics.median(d["bytes"] for d in dirty)),
        "dirty_bytes_share": round(bytes_share, 4),
        "full_ms": full_ms,
        "dirty_ms": dirty_ms,
        "dirty_ms_share": round(dirty_ms / full_ms, 4),
        "dirty_fsync_ms": round(statistics.median(d["ms"] for d in durable), 2),
        "dirty_freeze_ms": round(statistics.median(d["freeze_ms"] for d in dirty), 2),
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


def _dirtied(store: CheckpointStore, table: StateTable, epoch: int, generator: np.random.Generator) -> dict[str, Any]:
    slots = generator.choice(len(table), max(len(table) // 100, 1), replace=False)
    for field in FIELDS:
        table.column(field.name)[slots] += 1
    table.touch(slots)
    return _checkpoint(store, table, epoch, full=False)


def _checkpoint(store: CheckpointStore, table: StateTable, epoch: int, *, full: bool) -> dict[str, Any]:
    started = time.perf_counter()
    part = table.snapshot(full=full)
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


class _Observed:
    """A job watched from its source: `longest` seconds between two polls, and the `rate` of rows for `seconds`, from
    when its first checkpoint was written."""

    def __init__(self, keys: int, seconds: float, interval: float | None) -> None:
        self._seconds = seconds
        self._interval = interval
        self._job: Job | None = None
        self._last = 0.0
        self._begin: tuple[float, int] | None = None
        self.longest = self.rate = 0.0
        self.checkpoints = 0
        self._traffic = keyed.Traffic(keys, keys // 100, self._pace)

    def run(self, folder: Path) -> None:
        """Run it to its end; what was seen is in the fields then."""
        keyed.run(self._traffic, folder, RunOptions(checkpoint_interval=3600.0, on_job=self._know))
        at = self._traffic.at
        self.longest = float(np.diff(np.array(at)).max())
        assert self._begin is not None
        self.rate = (self._traffic.rows - self._begin[1]) / (at[-1] - self._begin[0])

    def _know(self, job: Job) -> None:
        self._job = job

    def _pace(self, seconds: float) -> int | None:
        job = self._job
        assert job is not None
        idle = not job.checkpointing
        if self._begin is None and seconds > 1 and (self._interval is None or (self.checkpoints and idle)):
            self._begin = (self._traffic.at[-1], self._traffic.rows)
        if self._interval is not None and idle and seconds - self._last >= self._interval:
            self._last = seconds
            self.checkpoints += 1
            job.checkpoint()
        over = self._begin is not None and self._traffic.at[-1] - self._begin[0] >= self._seconds
        return None if over else _ALL
