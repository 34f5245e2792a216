"""The Taobao example on the real events: its marks, and the same result however it is cut, sharded, killed and
resumed."""

from __future__ import annotations

import gzip
import itertools
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
EVENTS = Path(os.environ.get("SHARED", ROOT.parent / "shared")) / "data" / "taobao_users.csv.gz"
SEED = 20171202
KILLS, EARLY = 10, 2
"""How often the run is killed; how many of these times at any moment, the others after a checkpoint of the attempt."""

pytestmark = [pytest.mark.conformance, pytest.mark.timeout(580)]
Result = tuple[dict[str, Any], list[str]]


def command(state: Path, *options: str) -> list[str]:
    return [
        sys.executable,
        "-c",
        "from porsche.cli import main; main()",
        "run",
        "examples/taobao.yaml",
        "--set",
        f"events={EVENTS}",
        "--state",
        str(state),
        "--json",
        *options,
    ]


def outcome(state: Path, *options: str) -> Result:
    """The figures and the sorted predictions of a run that is let to end."""
    done = subprocess.run(command(state, *options), cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = [line for path in (state / "predictions").glob("*.json") for line in path.read_text("utf-8").splitlines()]
    return json.loads(done.stdout.splitlines()[-1]), sorted(rows)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Result:
    return outcome(tmp_path_factory.mktemp("undisturbed") / "state")


def assert_same(found: Result, expected: Result) -> None:
    assert found[1] == expected[1]
    for name in ("rows_in", "rows_out", "auc", "logloss", "late", "dead_letters", "model_hash"):
        assert found[0][name] == expected[0][name], name


def test_the_model_reaches_its_marks(undisturbed: Result) -> None:
    figures, rows = undisturbed
    assert figures["auc"] >= 0.670
    assert figures["logloss"] <= 0.484
    assert figures["rows_in"] == 43_982
    assert len(rows) == 39_559
    assert (figures["late"], figures["dead_letters"]) == (0, 0)


@pytest.mark.parametrize(
    "options",
    [
        ("--shards", "2"),
        ("--batch-rows", "1000"),
        ("--batch-rows", "100000"),
        ("--shards", "2", "--batch-rows", "777"),
    ],
    ids=" ".join,
)
def test_it_is_the_same_however_it_is_cut(undisturbed: Result, tmp_path: Path, options: tuple[str, ...]) -> None:
    assert_same(outcome(tmp_path / "state", *options), undisturbed)


def test_in_the_smallest_batches_it_is_the_same(tmp_path: Path) -> None:
    """On the first tenth of the events, as the whole file takes minutes row by row."""
    events = tmp_path / "events.csv"
    with gzip.open(EVENTS, "rt", encoding="utf-8") as lines:
        events.write_text("".join(itertools.islice(lines, 4_400)), encoding="utf-8")
    prefix = ("--set", f"events={events}", "--set", "evaluate_from=0")
    expected = outcome(tmp_path / "all", *prefix)
    assert expected[0]["model_hash"] and expected[0]["auc"]
    for rows in ("1", "7"):
        assert_same(outcome(tmp_path / rows, *prefix, "--batch-rows", rows), expected)


def newest(state: Path) -> str:
    return max((path.name for path in (state / "checkpoints").glob("*.json")), default="")


def attempt(state: Path, wait_for_checkpoint: bool, chance: random.Random, slow: tuple[str, ...]) -> bool:
    """Start the run and kill it at a random moment; whether it was killed after a checkpoint of its own."""
    before = newest(state)
    process = subprocess.Popen(
        command(state, *slow), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    while wait_for_checkpoint and newest(state) == before:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    time.sleep(chance.uniform(0, 1.2) if wait_for_checkpoint else chance.uniform(0, 4))
    process.kill()
    process.communicate()
    return newest(state) != before


@pytest.mark.parametrize("shards", ["1", "2"])
def test_killed_at_ten_moments_it_ends_the_same(undisturbed: Result, tmp_path: Path, shards: str) -> None:
    state, chance = tmp_path / "state", random.Random(SEED)
    slow = ("--rate", "1400", "--batch-rows", "1000", "--checkpoint-interval", "1", "--shards", shards)
    after = [attempt(state, number >= EARLY, chance, slow) for number in range(KILLS)]
    assert sum(after) >= KILLS - EARLY
    assert_same(outcome(state, *slow), undisturbed)
