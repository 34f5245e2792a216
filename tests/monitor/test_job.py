"""A real job's files: what the collector and the readers of models make of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from porsche.compiler import compile_text
from porsche.monitor.points import points
from porsche.monitor.stream.watch import read_json
from porsche.runners.bundled import Options, run
from porsche.runners.models import ModelFacts, node_of
from tests.compiler.pipelines import EXAMPLES

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(tmp_path_factory.mktemp("run"))
    text = (EXAMPLES / "shop.yaml").read_text(encoding="utf-8")
    run(compile_text(text, parameters={"impressions": "20000"}, state=str(folder)), folder, Options())
    return folder


def test_a_jobs_last_snapshot_gives_points_of_the_run_its_nodes_and_tables(state):
    snapshot = read_json(state / "status.json")
    assert snapshot is not None
    found = {(node, name): value for node, name, value in points(None, snapshot)}
    assert found["", "state_bytes"] > 0
    assert found["", "checkpoint_bytes"] > 0
    assert 0 < found["hourly", "auc"] < 1
    before = {**snapshot, "at": snapshot["at"] - 2, "rows_in": 0,
              "nodes": {node: {**facts, "rows_in": 0, "rows_out": 0} for node, facts in snapshot["nodes"].items()}}
    rates = {(node, name): value for node, name, value in points(before, snapshot) if name.endswith("_rate")}
    assert rates["", "rows_in_rate"] == pytest.approx(snapshot["rows_in"] / 2)
    assert rates["impressions", "rows_out_rate"] == pytest.approx(10_000)  # a filter that keeps the 20,000 impressions


def test_new_versions_of_a_model_are_told_once(state):
    facts = ModelFacts(state)
    (told,) = facts.newer().items()
    name, newest = told
    assert node_of(name) == "model"
    assert newest["version"] == newest["samples"] // 1000 == 20
    assert 0.3 < newest["logloss"] < 0.7
    assert 0 < newest["window_auc"] < 1
    assert facts.newer() == {}
    newest_file = max((state / "models").rglob("*.change"))
    newest_file.touch()  # the folder is unchanged: nothing is read
    assert facts.newer() == {}


def test_the_windows_of_all_versions_are_the_whole(state):
    """20 versions of 1,000 samples each: the mean of the windows' log losses is the log loss of all samples."""
    (newest,) = ModelFacts(state).newer().values()
    assert newest["window_logloss"] == pytest.approx(newest["logloss"])
    assert np.isfinite(newest["published_at"])


def test_a_folder_without_models_tells_nothing(tmp_path):
    assert ModelFacts(tmp_path).newer() == {}
