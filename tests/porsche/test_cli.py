"""The command line, as a user meets it: processes, texts, exit statuses."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from porsche.cli import PLACES
from porsche.processes import running
from tests.porsche.commands import porsche

ROOT = Path(__file__).resolve().parents[2]
TRAIN = """\
version: 1
name: clicks
parameters: {rows: {default: 20000}}
nodes:
  - id: shop
    component: event_source
    properties:
      columns: {event: STRING, impression_id: BIGINT, user_id: BIGINT, price: DOUBLE, event_time: TIMESTAMP(3)}
      time: event_time
      options: {connector: shop, number-of-impressions: "${rows}"}
  - {id: seen, component: filter, properties: {condition: event = 'impression'}}
  - {id: clicks, component: filter, properties: {condition: event = 'click'}}
  - {id: vectors, component: feature_vector, properties: {categories: [user_id], keep: [impression_id, event_time]}}
  - {id: labelled, component: label_join,
     properties: {match: impression_id, time: event_time, outcome_time: event_time, within: 10 minutes}}
  - {id: model, component: train_online_model}
  - {id: predicted, component: predict}
  - {id: answers, component: table_sink, properties: {columns: [impression_id, p]}}
  - {id: scores, component: metric_sink, properties: {metrics: {n: COUNT(*), logloss: "LOGLOSS(label, 0.5E0)"}}}
edges:
  - {from: shop, to: seen}
  - {from: shop, to: clicks}
  - {from: seen, to: vectors}
  - {from: vectors, to: labelled.events}
  - {from: clicks, to: labelled.outcomes}
  - {from: labelled, to: model}
  - {from: labelled, to: scores}
  - {from: vectors, to: predicted.rows}
  - {from: model, to: predicted.model}
  - {from: predicted, to: answers}
"""

NUMBERS = """\
version: 1
name: few
nodes:
  - id: rows
    component: event_source
    properties:
      columns: {n: BIGINT}
      options: {connector: datagen, number-of-rows: "5", fields.n.kind: sequence, fields.n.start: "1",
                fields.n.end: "5"}
  - {id: kept, component: filter, properties: {condition: n > 1}}
  - {id: out, component: table_sink}
edges:
  - {from: rows, to: kept}
  - {from: kept, to: out}
"""


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "from porsche.cli import main; main()", *arguments]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "clicks.yaml").write_text(TRAIN, encoding="utf-8")
    return tmp_path


def rows(state: Path) -> list[str]:
    return sorted(line for path in (state / "answers").glob("*.json") for line in path.read_text("utf-8").splitlines())


def test_validate(folder: Path) -> None:
    good = porsche(folder, "validate", "clicks.yaml")
    assert (good.returncode, good.stdout.strip()) == (0, "clicks.yaml is valid")
    (folder / "bad.yaml").write_text(TRAIN.replace("event = 'click'", "evnt = 'click'"), encoding="utf-8")
    bad = porsche(folder, "validate", "bad.yaml")
    assert bad.returncode == 1
    assert "clicks.condition" in bad.stderr
    assert "did you mean 'event'?" in bad.stderr
    told = json.loads(porsche(folder, "validate", "bad.yaml", "--json").stdout)
    assert told["valid"] is False
    assert [
        (d["code"], d["node"], d["property"], d["line"]) for d in told["diagnostics"] if d["severity"] == "error"
    ] == [("unknown_column", "clicks", "condition", 12)]


def test_compile_and_explain(folder: Path) -> None:
    first = porsche(folder, "compile", "clicks.yaml", "--set", "rows=5")
    assert first.returncode == 0
    assert "'number-of-impressions' = '5'" in first.stdout
    assert first.stdout == porsche(folder, "compile", "clicks.yaml", "--set", "rows=5").stdout
    flink = porsche(folder, "compile", "clicks.yaml", "--environment", "flink")
    assert "'connector' = 'upsert-kafka'" in flink.stdout
    told = json.loads(porsche(folder, "compile", "clicks.yaml", "--set", "rows=5", "--json").stdout)
    assert told["sql"] == first.stdout
    assert told["nodes"]["answers"]["columns"] == [{"name": "impression_id", "type": "BIGINT", "time": None},
                                                   {"name": "p", "type": "DOUBLE", "time": None}]
    assert told["lineage"]["answers"]["p"] == [["predicted", "p"]]
    plans = porsche(folder, "explain", "clicks.yaml")
    assert "IntervalJoin" in plans.stdout
    assert not (folder / ".porsche").exists()


@pytest.mark.parametrize(("arguments", "said"), [
    (("run", "nowhere.yaml"), "there is no file nowhere.yaml"),
    (("run", "clicks.yaml", "--set", "rows"), "NAME=VALUE"),
    (("run", "clicks.yaml", "--set", "rowz=1"), "did you mean 'rows'?"),
    (("compile", "clicks.yaml", "--environment", "moon"), "cannot read the environment 'moon'"),
    (("stop", "--state", "nothing"), "nothing runs with the state folder nothing"),
    (("run", "clicks.yaml", "--state", "clicks.yaml/state"), "clicks.yaml/state"),
])
def test_errors_are_one_line(folder: Path, arguments: tuple[str, ...], said: str) -> None:
    result = porsche(folder, *arguments)
    assert result.returncode == 1, result.stderr
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_usage_errors(folder: Path) -> None:
    assert porsche(folder, "run").returncode == 2
    assert porsche(folder, "run", "clicks.yaml", "--shards", "0").returncode == 2


def test_a_run_prints_its_result_as_json(folder: Path) -> None:
    result = porsche(folder, "run", "clicks.yaml", "--json", "--state", "s", "--set", "rows=5000")
    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout.splitlines()[-1])
    assert set(told) == {
        "rows_in",
        "rows_out",
        "seconds",
        "events_per_s",
        "auc",
        "logloss",
        "late",
        "dead_letters",
        "model_hash",
    }
    assert told["rows_in"] > 5000
    assert told["auc"] is None
    assert told["logloss"] == pytest.approx(0.6931, abs=1e-4)
    assert len(told["model_hash"]) == 64
    assert len(rows(folder / "s")) == 5000
    assert not (folder / "s" / "process.json").exists()


def test_a_state_folder_of_the_document_s_own(folder: Path) -> None:
    result = porsche(folder, "run", "clicks.yaml", "--set", "rows=100")
    assert result.returncode == 0, result.stderr
    (state,) = (folder / ".porsche").iterdir()
    assert state.name.startswith("clicks-")
    assert f"state in .porsche/{state.name}" in result.stderr
    assert "finished: " in result.stderr


def begin(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """A slow run that runs, and has taken a checkpoint (or did so before)."""
    process = subprocess.Popen(
        command(
            "run",
            "clicks.yaml",
            "--state",
            "s",
            "--rate",
            "1500",
            "--batch-rows",
            "500",
            "--checkpoint-interval",
            "0.2",
            *arguments,
        ),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    deadline = time.monotonic() + 60
    while running(folder / "s") != process.pid or not list((folder / "s" / "checkpoints").glob("*.json")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return process


@pytest.mark.slow
def test_stopped_killed_and_resumed_it_ends_the_same(folder: Path) -> None:
    undisturbed = porsche(folder, "run", "clicks.yaml", "--json", "--state", "other")
    first = begin(folder)
    second = porsche(folder, "run", "clicks.yaml", "--state", "s")
    assert (second.returncode, "runs with the state folder" in second.stderr) == (1, True)
    stopped = porsche(folder, "stop", "--state", "s")
    assert stopped.returncode == 0, stopped.stderr
    _, err = first.communicate(timeout=30)
    assert first.returncode == 130
    assert "the same command resumes it" in err
    begin(folder).kill()
    interrupted = begin(folder)
    interrupted.send_signal(signal.SIGINT)
    interrupted.communicate(timeout=30)
    assert interrupted.returncode == 130
    last = porsche(folder, "run", "clicks.yaml", "--json", "--state", "s")
    told, expected = (json.loads(r.stdout.splitlines()[-1]) for r in (last, undisturbed))
    for name in ("rows_in", "rows_out", "late", "dead_letters", "model_hash", "logloss"):
        assert told[name] == expected[name], name
    assert rows(folder / "s") == rows(folder / "other")


def test_it_answers_at_once(folder: Path) -> None:
    """`validate` loads no compiler of kernels, no data frames: its time is that of starting Python and reading."""
    program = ("import sys; sys.argv = ['porsche', 'validate', 'clicks.yaml']\n"
               "from porsche.cli import main\n"
               "try:\n    main()\nexcept SystemExit:\n    pass\n"
               "print(*sorted({'numba', 'polars', 'pyarrow', 'duckdb', 'django', 'celery'} & set(sys.modules)))")
    result = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=True,
                            env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert result.stdout == "clicks.yaml is valid\n\n"


def test_a_local_run_is_verified(folder: Path) -> None:
    (folder / "few.yaml").write_text(NUMBERS, encoding="utf-8")
    never = porsche(folder, "verify", "few.yaml", "--json")
    assert never.error["code"] == "no_run"
    assert porsche(folder, "run", "few.yaml", "--json").returncode == 0
    equal = porsche(folder, "verify", "few.yaml", "--json")
    assert (equal.returncode, equal.json["equal"]) == (0, True)
    (table,) = equal.json["report"]["tables"]
    assert (table["rows_stream"], table["rows_batch"], table["duckdb"]["equal"]) == (4, 4, True)
    (answers,) = folder.glob(".porsche/few-*/out/*.json")
    answers.write_text(answers.read_text(encoding="utf-8").replace('"n":3', '"n":33').replace('"n": 3', '"n": 33'),
                       encoding="utf-8")
    different = porsche(folder, "verify", "few.yaml")
    assert different.returncode == 1
    assert "different, 2 rows" in different.stdout
    assert re.search(r'stream +\{"n": 33\}', different.stdout)
    assert re.search(r'batch +\{"n": 3\}', different.stdout)
    (folder / "few.yaml").write_text(NUMBERS.replace("n > 1", "m > 1"), encoding="utf-8")
    invalid = porsche(folder, "verify", "few.yaml")
    assert (invalid.returncode, "kept.condition" in invalid.stderr) == (1, True)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(folder: Path, shell: str) -> None:
    script = porsche(folder, "completion", shell).stdout
    assert "_PORSCHE_COMPLETE" in script
    if found := shutil.which(shell):
        subprocess.run([found, "-n"], input=script, text=True, check=True)


def test_every_command_says_what_it_does(folder: Path) -> None:
    for name in PLACES:
        told = porsche(folder, name, "--help")
        assert told.returncode == 0
        assert told.stdout.startswith(f"Usage: porsche {name}")
    assert all(f"  {name} " in porsche(folder, "--help").stdout for name in PLACES)
    assert porsche(folder, "lst").returncode == 2


def test_what_asks_a_platform_loads_no_compiler() -> None:
    program = ("import sys\nfrom porsche.cli import cli\n[cli.get_command(None, n) for n in ('list', 'logs', 'stop')]\n"
               "import porsche.cli.client\n"
               "print(*sorted({'sqlglot', 'numba', 'polars', 'django'} & set(sys.modules)))")
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True,
                            env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert result.stdout == "\n"
