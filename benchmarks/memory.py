"""`memory`: a job whose state is four times its budget ('taskmanager.memory.managed.size'), beside one without any.

Counts, sums and maxima of so many keys; then rows of keys drawn from all of them, at full speed. Memory is what the
process has that no file stands behind, more than before the job began. Each job is a process of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import keyed
from engine.areas import anonymous
from engine.session import RunOptions

KEYS, QUICK_KEYS = 10_000_000, 1_000_000
TIMES = 4
_ALL = 1 << 40


def run(quick: bool = False) -> dict[str, Any]:
    """Megabytes of memory and rows a second, with a budget and without."""
    keys, seconds = (QUICK_KEYS, 3) if quick else (KEYS, 15)
    without = _measured(keys, seconds, 0)
    budget = without["state_mb"] // TIMES
    within = _measured(keys, seconds, budget)
    return {
        "keys": keys, "state_mb": without["state_mb"], "budget_mb": budget, "memory_mb": within["memory_mb"],
        "in_files_mb": within["in_files_mb"], "rows_per_second": within["rows_per_second"],
        "throughput_share": round(within["rows_per_second"] / without["rows_per_second"], 3),
    }  # fmt: skip


def _measured(keys: int, seconds: int, budget: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.memory", folder, *map(str, (keys, seconds, budget))]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True, cwd=Path(__file__).parents[1])
    measured: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return measured


def main() -> None:
    """The job: `python -m benchmarks.memory FOLDER KEYS SECONDS BUDGET`."""
    folder, keys, seconds, budget = Path(sys.argv[1]), *map(int, sys.argv[2:])
    before, told = anonymous(), {"state_mb": 0, "memory_mb": 0, "in_files_mb": 0, "rows_per_second": 0}

    def pace(passed: float) -> int | None:
        if passed < seconds:
            return _ALL
        told["rows_per_second"] = round(traffic.rows / passed)
        return None

    def tell(status: dict[str, Any]) -> None:
        if status["state"] == "RUNNING" and traffic.rows:
            told["memory_mb"] = (anonymous() - before) >> 20
            told["state_mb"] = sum(operator["state_bytes"] for operator in status["operators"]) >> 20
            told["in_files_mb"] = status["state_in_files"] >> 20

    traffic = keyed.Traffic(keys, keys, pace)
    query = f"SET 'taskmanager.memory.managed.size' = '{budget} mb';" + keyed.QUERY
    keyed.run(traffic, folder, RunOptions(checkpoint_interval=3600.0, on_status=tell), query)
    print(json.dumps(told))


if __name__ == "__main__":
    main()
