"""Models over HTTP, of a real run of the shop."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from engine.workers import Pool
from porsche.ide.models import Run, Status
from porsche.runners import asking
from porsche.runners.folder import RunFolder
from porsche.runners.registry import thinned
from tests.ide.platform import World

ASKED = {"user_id": 7, "item_id": 12, "device": "ios", "hour_of_day": 12, "category_id": 3, "price": 20.0, "seen": 1}


def test_the_list_has_each_model_with_its_newest_version(world: World, shop: Run) -> None:
    found = world.api("viewer").get("models").json()
    assert found["count"] == 1
    model = found["results"][0]
    assert {k: model[k] for k in ("name", "project", "node", "run", "learner")} == {
        "name": "shop.model", "project": "shop", "node": "model", "run": shop.pk, "learner": "gaussian"}
    assert model["version"]["version"] == 6 and model["version"]["samples"] == 6000
    assert world.api("outsider").get("models").json()["count"] == 0
    assert world.api("outsider").get("models/shop.model").status_code == 404


def test_versions_follow_each_other_and_windows_add_up(world: World, shop: Run) -> None:
    found = world.api("viewer").get("models/shop.model/versions").json()["versions"]
    assert [v["version"] for v in found] == [1, 2, 3, 4, 5, 6]
    assert all(v["window_samples"] == 1000 for v in found)
    loss = sum(v["window_logloss"] * v["window_samples"] for v in found) / 6000
    assert loss == pytest.approx(found[-1]["logloss"], rel=1e-6)
    since = world.api("viewer").get("models/shop.model/versions?since=4").json()["versions"]
    assert [v["version"] for v in since] == [5, 6]
    thin = world.api("viewer").get("models/shop.model/versions?limit=2").json()["versions"]
    assert [(v["version"], v["window_samples"]) for v in thin] == [(3, 3000), (6, 3000)]
    assert thin[0]["window_logloss"] == pytest.approx(sum(v["window_logloss"] for v in found[:3]) / 3)


def test_thinning_loses_no_sample() -> None:
    versions = [{"version": v, "window_samples": v, "window_positives": 1, "window_logloss": 1 / v, "window_auc": None}
                for v in range(1, 101)]
    for most in (1, 7, 99, 100, 500):
        made = thinned(versions, most)
        assert len(made) == min(most, 100) and made[-1]["version"] == 100
        assert sum(v["window_samples"] for v in made) == 5050
        assert sum(v["window_logloss"] * v["window_samples"] for v in made) == pytest.approx(100)
        assert all(v["window_auc"] is None for v in made)


def test_a_version_has_its_calibration_curve(world: World, shop: Run) -> None:
    one = world.api("viewer").get("models/shop.model/versions/6").json()
    assert sum(n for n, _, _ in one["reliability"]) == 6000
    assert sum(k for _, _, k in one["reliability"]) == one["positives"]
    assert sum(p for _, p, _ in one["reliability"]) / one["positives"] == pytest.approx(one["calibration"], rel=1e-4)
    assert one["options"]["kind"] == "gaussian"
    for version in (0, 7, 10**15):
        assert world.api("viewer").get(f"models/shop.model/versions/{version}").status_code == 404


def test_the_heaviest_weights_come_first(world: World, shop: Run) -> None:
    found = world.api("viewer").get("models/shop.model/versions/6/weights?limit=12").json()["weights"]
    sizes = [abs(w["weight"]) for w in found]
    assert len(found) == 12 and sizes == sorted(sizes, reverse=True)
    assert all(w["deviation"] > 0 for w in found)
    assert {w["feature"] for w in found} & {"user", "item", "category", "device", "price"}


def test_a_prediction_says_by_which_version_and_how_fresh_its_features_are(world: World, shop: Run) -> None:
    api = world.api("viewer")
    inputs = {i["name"]: i for i in api.get("models/shop.model").json()["inputs"]}
    assert inputs.keys() == ASKED.keys()
    assert (inputs["seen"]["kept_by"], inputs["seen"]["entity"]) == ("user_features", "user_id")
    raw = api.post("models/shop.model/predict", {"rows": [ASKED]}).json()
    assert raw["version"] == 6 and raw["features_at"] is None and raw["predictions"][0]["missing"] == []
    body = {"keys": [{"user_id": 7, "item_id": 12}], "rows": [{"device": "ios", "hour_of_day": 12}]}
    keyed = api.post("models/shop.model/predict", body).json()
    one = keyed["predictions"][0]
    assert one["looked_up"] == {"seen": "user_features", "category_id": "item_features", "price": "item_features"}
    assert 0 < one["p"] < 1 and one["freshness_seconds"] >= 0 and keyed["features_at"] < keyed["stream_at"]
    old = api.post("models/shop.model/predict", {"rows": [ASKED], "version": 1}).json()
    assert old["version"] == 1 and old["predictions"][0]["p"] != raw["predictions"][0]["p"]


@pytest.mark.parametrize(("body", "status", "code"), [
    ({}, 400, "invalid"),
    ({"rows": []}, 400, "invalid"),
    ({"rows": [{}], "keys": [{}, {}]}, 400, "invalid"),
    ({"rows": [{"user": 1}]}, 400, "unknown_column"),
    ({"rows": [{"user_id": "seven"}]}, 400, "bad_value"),
    ({"rows": [{"user_id": 7}], "version": 99}, 404, "not_found"),
    ({"rows": [{"user_id": {"a": [1]}}]}, 400, "bad_value"),
    ({"rows": [{"<script>": 1}]}, 400, "unknown_column"),
])
def test_requests_that_cannot_be_answered(world: World, shop: Run, body: Any, status: int, code: str) -> None:
    answer = world.api("viewer").post("models/shop.model/predict", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.json()


def test_too_many_at_a_time_are_asked_to_come_again(world: World, shop: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "PATIENCE", 0.01)
    monkeypatch.setattr(asking, "_pool", Pool("porsche.runners.asking", size=0))
    answer = world.api("viewer").post("models/shop.model/predict", {"rows": [ASKED]})
    assert (answer.status_code, answer.json()["code"], answer.headers["Retry-After"]) == (503, "busy", "1")


def test_names_that_are_none(world: World, shop: Run) -> None:
    for name in ("shop", "shop.", ".model", "shop.nothing", "..", "shop.model[model]", "a%2F..%2Fb"):
        assert world.api("viewer").get(f"models/{name}").status_code == 404


def test_a_newer_run_takes_over_once_it_has_a_version(world: World, shop: Run, trained: Path) -> None:
    newer = world.run(Status.RUNNING)
    assert world.api("viewer").get("models/shop.model").json()["run"] == shop.pk
    assert world.api("viewer").get(f"models/shop.model?run={newer.pk}").status_code == 404
    state = RunFolder(settings.HOME.run(newer.pk)).state
    shutil.copytree(trained / "models", state / "models")
    assert world.api("viewer").get("models/shop.model").json()["run"] == newer.pk
    shutil.rmtree(settings.HOME.run(newer.pk))
