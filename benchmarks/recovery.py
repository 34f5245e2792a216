"""`recovery`: seconds from SIGKILL of a job to its first new output.

The job holds a count, a sum and a maximum of each of so many keys, written in checkpoints each second; its rows print a
line each. It is killed, started again at once, and the clock stops at the first line. The files are in the page cache.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import keyed
from engine.runtime.job import Job
from engine.session import RunOptions

KEYS, QUICK_KEYS = 10_000_000, 300_000
TURNS = 3
APART = 0.02
"""Seconds between two rows."""
QUERY = """
CREATE TABLE totals (k BIGINT NOT NULL, c BIGINT NOT NULL, s DOUBLE, m BIGINT, PRIMARY KEY (k) NOT ENFORCED)
  WITH ('connector' = 'print');
INSERT INTO totals SELECT * FROM (SELECT k, COUNT(*) AS c, SUM(v) AS s, MAX(t) AS m FROM rows_of_keys GROUP BY k)
  WHERE c > 1;
"""


def run(quick: bool = False, keys: int | None = None) -> dict[str, Any]:
    """Seconds of several turns, their median and worst."""
    count = keys or (QUICK_KEYS if quick else KEYS)
    with tempfile.TemporaryDirectory() as folder:
        process = _started(folder, count)
        turns = []
        try:
            for _ in range(1 if quick else TURNS):
                time.sleep(3)  # some checkpoints of changes
                killed = time.perf_counter()
                os.kill(process.pid, signal.SIGKILL)
                following = _started(folder, count)
                turns.append(time.perf_counter() - killed)
                process.wait()
                _close(process)
                process = following
        finally:
            process.kill()
            process.wait()
            _close(process)
    return {"keys": count, "seconds": round(statistics.median(turns), 3), "worst_seconds": round(max(turns), 3)}


def _started(folder: str, keys: int) -> subprocess.Popen[str]:
    """The job's process, which has put out a row."""
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.recovery", folder, str(keys)],
                               stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1])
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"the job ended with exit code {process.wait()}")
    return process


def _close(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    process.stdout.close()


class _Watched:
    """Rows come once a checkpoint holds all keys, and few: nobody reads what they print."""

    def __init__(self) -> None:
        self._job: Job | None = None
        self._ready = False
        self._asked = False
        self._last = 0.0

    def know(self, job: Job) -> None:
        self._job = job

    def pace(self, seconds: float) -> int:
        """How many rows the source gives now."""
        job = self._job
        assert job is not None
        if not self._asked:
            self._asked = True
            self._ready = job.result().attempts > 1
            job.checkpoint()
        self._ready = self._ready or not job.checkpointing
        if not self._ready or seconds - self._last < APART:
            return 0
        self._last = seconds
        return 1


def main() -> None:
    """The job: `python -m benchmarks.recovery FOLDER KEYS`."""
    folder, keys = Path(sys.argv[1]), int(sys.argv[2])
    watched = _Watched()
    traffic = keyed.Traffic(keys, keys // 100, watched.pace)
    keyed.run(traffic, folder, RunOptions(checkpoint_interval=1.0, on_job=watched.know), QUERY)


if __name__ == "__main__":
    main()
