"""A process killed by SIGKILL at random moments and started again ends with the files and models of one that was
not."""

from __future__ import annotations

import csv
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.engine.runtime.test_resume import JOB, events, outcome

ROOT = Path(__file__).resolve().parents[3]
ROWS, RATE, KILLS = 900, 500, 3
CHILD = """
import sys
from pathlib import Path
from engine.session import RunOptions, Session
session = Session(folder=Path(sys.argv[2]))
list(session.script(Path(sys.argv[1]).read_text(encoding="utf-8")))
session.run(RunOptions(batch_rows=50, shards=int(sys.argv[3]), rate_limit=float(sys.argv[4]), checkpoint_interval=0.2))
"""


def prepared(folder: Path) -> Path:
    """The job over files of its sources' rows."""
    text = JOB.replace("{folder}", str(folder))
    for name, rows in events(ROWS).items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(["" if value is None else value for value in row] for row in rows)
        options = ("'connector' = 'filesystem', 'format' = 'csv', 'csv.null-literal' = '', "
                   f"'path' = '{folder}/{name}.csv'")
        head, found, tail = text.partition(f"CREATE TABLE {name} (")
        text = head + found + tail.replace("'connector' = 'scripted'", options, 1)
    (folder / "job.sql").write_text(text, encoding="utf-8")
    return folder / "job.sql"


def start(job: Path, shards: int, rate: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CHILD, str(job), str(job.parent / "state"), str(shards), str(rate)]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)


def finished(process: subprocess.Popen[str]) -> None:
    _, errors = process.communicate(timeout=100)
    assert process.returncode == 0, errors


def newest(job: Path) -> str:
    return max((p.name for p in (job.parent / "state" / "checkpoints").glob("epoch-*.json")), default="")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    job = prepared(tmp_path_factory.mktemp("undisturbed"))
    finished(start(job, 1, 1e9))
    return outcome(job.parent, job.parent / "state")


@pytest.mark.soak
@pytest.mark.parametrize("shards", [[1], [1, 2]], ids=["one shard", "one and two"])
def test_killed_and_resumed(tmp_path: Path, undisturbed: dict[str, Any], shards: list[int]) -> None:
    job, dice = prepared(tmp_path), random.Random(len(shards))
    for number in range(KILLS):
        before = newest(job)
        process = start(job, shards[number % len(shards)], RATE)
        while newest(job) == before and process.poll() is None:
            time.sleep(0.01)
        time.sleep(dice.uniform(0, 0.25))
        process.kill()
        assert process.wait() == -signal.SIGKILL, "it was to be killed on its way"
        process.communicate()
    finished(start(job, 1, 1e9))
    assert outcome(tmp_path, tmp_path / "state") == undisturbed
