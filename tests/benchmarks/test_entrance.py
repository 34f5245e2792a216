"""The benchmarks run, on tiny inputs, and say what they measured."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pyarrow.compute as pc
import pytest

from benchmarks import checkpoint, learners_sql, nexmark, overhead
from benchmarks.__main__ import NAMES, main
from benchmarks.nexmark_data import folder, tables
from benchmarks.nexmark_queries import QUERIES

ROOT = Path(__file__).resolve().parents[2]
EVENTS = 5_000


def test_every_name_has_its_module() -> None:
    assert all((ROOT / "benchmarks" / f"{name}.py").exists() for name in NAMES)


def test_the_last_line_is_one_json_object() -> None:
    command = [sys.executable, "-m", "benchmarks", "checkpoint", "--keys", "2000", "--quick", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=True)
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["keys"] == 2000
    assert figures["dirty_bytes"] < figures["full_bytes"]


@pytest.mark.parametrize(("option", "value", "owner"), [
    ("--keys", "3", "checkpoint and recovery"), ("--postgres", "postgresql://localhost/x", "chaos")])
def test_what_belongs_to_one_is_refused_elsewhere(capsys: pytest.CaptureFixture[str], option: str, value: str,
                                                  owner: str) -> None:
    with pytest.raises(SystemExit):
        main(["overhead", option, value])
    assert f"{option} belongs to {owner}" in capsys.readouterr().err


def test_checkpoint_counts_bytes() -> None:
    figures = checkpoint.of_table(20_000)
    assert figures["dirty_bytes"] < figures["full_bytes"] / 10


def test_nexmark_events_have_the_proportions_and_order_of_nexmark() -> None:
    made = tables(EVENTS)
    assert {name: len(table) for name, table in made.items()} == {"person": 100, "auction": 300, "bid": 4600}
    assert made["bid"].equals(tables(EVENTS)["bid"])
    assert pc.min(made["bid"]["auction"]).as_py() >= 1000
    times = made["bid"]["dateTime"].to_numpy()
    assert (times[1:] >= times[:-1]).all()


@pytest.mark.parametrize("name", QUERIES)
@pytest.mark.parametrize("form", nexmark.FORMATS)
def test_a_query_gives_the_rows_of_the_batch_query(name: str, form: str) -> None:
    assert nexmark.differing_rows(QUERIES[name], folder(EVENTS), form) == 0


def test_a_query_is_timed_beside_duckdb() -> None:
    figures = nexmark.figures("q2", folder(EVENTS), "parquet")
    assert figures["events_per_s"] is not None and figures["events_per_s"] > 0
    assert figures["duckdb_events_per_s"] is not None and figures["duckdb_events_per_s"] > 0


def test_json_lines_are_decoded_and_timed() -> None:
    assert nexmark.json_decode_lines_per_s(folder(EVENTS)) > 0


def test_rates_beside_flink_have_a_geometric_mean() -> None:
    found = nexmark.compared({"q0": 100, "q1": 800, "q2": None, "q4": 7}, {"q0": 50, "q1": 100, "q2": 3, "q4": None})
    assert found == {"ratio_flink": {"q0": 2.0, "q1": 8.0}, "ratio_flink_geomean": 4.0}
    assert nexmark.compared({"q0": 1}, {})["ratio_flink_geomean"] is None


def test_training_through_sql_learns_every_row() -> None:
    assert learners_sql.samples_per_s(500, 1) > 0


def test_small_batches_are_timed() -> None:
    assert overhead.median("", 10, 20) > 0
