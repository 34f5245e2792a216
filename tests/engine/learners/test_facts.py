"""What can be read of a model's versions while it is trained: metrics of windows, names of weights, the heaviest."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from engine.changes import Array
from engine.errors import UserError
from engine.expressions.values import column_from_python
from engine.learners import names as names_module
from engine.learners.features import hash_features
from engine.learners.learner import make_learner
from engine.learners.names import FeatureNames
from engine.learners.options import parse_options
from engine.learners.reference import reference_features
from engine.learners.samples import Features, features_of
from engine.learners.store import ModelStore
from engine.session import RunOptions, Session
from engine.types import BIGINT, BOOLEAN, DOUBLE, STRING

EVERY = 50


def samples(rows: int, seed: int = 3) -> tuple[Features, Array]:
    """Rows of two slots, of which slot 7 says much about the label."""
    random = np.random.default_rng(seed)
    slots = np.stack([random.choice([7, 8], rows), random.integers(100, 110, rows)], axis=1).astype(np.int32)
    labels = (random.random(rows) < np.where(slots[:, 0] == 7, 0.9, 0.2)).astype(np.int8)
    return Features(np.arange(rows + 1, dtype=np.int64) * 2, slots.ravel(), np.ones(2 * rows, np.float32)), labels


def rank_auc(p: Array, labels: Array) -> float:
    """The share of (positive, negative) pairs in order, ties half."""
    above = p[labels == 1][:, None] - p[labels == 0][None, :]
    return float(((above > 0) + (above == 0) / 2).mean())


@pytest.fixture(params=["folder", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path) if request.param == "folder" else ModelStore()


def test_versions_tell_of_all_samples_and_of_their_window(store: ModelStore) -> None:
    features, labels = samples(4 * EVERY)
    learner = make_learner(parse_options("ftrl", f"bits=9, publish_every={EVERY}"), store.publisher("ctr"))
    p = learner.accumulate(features, labels).probabilities
    listed = store.versions("ctr")
    assert [v["version"] for v in listed] == [1, 2, 3, 4]
    loss = -np.log(np.where(labels == 1, p, 1 - p))
    for version in listed:
        stop = version["version"] * EVERY
        window = slice(stop - EVERY, stop)
        assert (version["samples"], version["positives"]) == (stop, labels[:stop].sum())
        assert (version["window_samples"], version["window_positives"]) == (EVERY, labels[window].sum())
        assert version["logloss"] == pytest.approx(loss[:stop].mean())
        assert version["window_logloss"] == pytest.approx(loss[window].mean())
        assert version["auc"] == pytest.approx(rank_auc(p[:stop], labels[:stop]), abs=0.02)
        assert version["window_auc"] == pytest.approx(rank_auc(p[window], labels[window]), abs=0.02)
        bins = np.minimum((p[:stop] * 20).astype(int), 19)
        expected = [[int((bins == b).sum()), p[:stop][bins == b].sum(), int(labels[:stop][bins == b].sum())]
                    for b in range(20)]
        np.testing.assert_allclose(version["reliability"], expected, atol=1e-5)
    assert [v["version"] for v in store.versions("ctr", since=2)] == [3, 4]


def test_who_watches_forgets_what_was_retired(tmp_path: Path) -> None:
    """A process that lists versions for weeks holds those that are kept, and nothing of the others."""
    features, labels = samples(400 * 4)
    learner = make_learner(parse_options("ftrl", "bits=5, publish_every=4"), ModelStore(tmp_path, 64).publisher("ctr"))
    watching = ModelStore(tmp_path, cached=1 << 10)
    for start in range(0, 1600, 80):
        rows = np.arange(start, start + 80)
        learner.accumulate(features.take(rows), labels[rows])
        listed = [v["version"] for v in watching.versions("ctr")]
        assert listed == list(range(listed[0], start // 4 + 21))
        assert watching.facts("ctr", listed[-1]) == ModelStore(tmp_path).facts("ctr", listed[-1])
        assert len(watching._listed["ctr"]._known) < 2 * 64 + 20
    assert listed[0] > 1


def test_windows_go_on_after_a_restart(tmp_path: Path) -> None:
    features, labels = samples(3 * EVERY)
    options = parse_options("gaussian", f"bits=9, publish_every={EVERY}")
    whole = ModelStore(tmp_path / "whole")
    make_learner(options, whole.publisher("ctr")).accumulate(features, labels)
    parts, half = ModelStore(tmp_path / "parts"), np.arange(EVERY + 20)
    first = make_learner(options, parts.publisher("ctr"))
    first.accumulate(features.take(half), labels[half])
    second = make_learner(options, ModelStore(tmp_path / "parts").publisher("ctr"))
    second.load(first.save(full=True))
    rest = np.arange(len(half), len(labels))
    second.accumulate(features.take(rest), labels[rest])
    expected = [{**v, "published_at": None} for v in whole.versions("ctr")]
    assert [{**v, "published_at": None} for v in ModelStore(tmp_path / "parts").versions("ctr")] == expected


def test_another_process_sees_versions_as_they_come(tmp_path: Path) -> None:
    options = parse_options("ftrl", f"bits=9, publish_every={EVERY}")
    learner = make_learner(options, ModelStore(tmp_path).publisher("ctr"))
    watcher = ModelStore(tmp_path)
    assert watcher.versions("ctr") == []
    before = time.time() - 1
    for count in (1, 2):
        learner.accumulate(*samples(EVERY, seed=count))
        seen = watcher.versions("ctr")
        assert [v["version"] for v in seen] == list(range(1, count + 1))
        assert watcher.newest("ctr") == count
        assert before <= seen[-1]["published_at"] <= time.time() + 1


def test_a_damaged_version_is_left_out_and_the_others_are_listed(tmp_path: Path) -> None:
    options = parse_options("ftrl", f"bits=9, publish_every={EVERY}")
    make_learner(options, ModelStore(tmp_path).publisher("ctr")).accumulate(*samples(3 * EVERY))
    (tmp_path / "ctr" / "000000002.change").write_bytes(b"PMV1\xff\xff")
    assert [v["version"] for v in ModelStore(tmp_path).versions("ctr")] == [1, 3]


def test_thousands_of_versions_are_listed_at_once(tmp_path: Path) -> None:
    options = parse_options("ftrl", "bits=4, publish_every=1")
    make_learner(options, ModelStore(tmp_path).publisher("m")).accumulate(*samples(2000))
    watcher = ModelStore(tmp_path)
    assert len(watcher.versions("m")) == 2000
    started = time.perf_counter()
    assert len(watcher.versions("m", since=1990)) == 10
    assert time.perf_counter() - started < 0.5


def test_the_heaviest_weights_of_ftrl(store: ModelStore) -> None:
    options = parse_options("ftrl", f"bits=9, publish_every={EVERY}, alpha=0.1, l1=0.01, l2=0.2")
    learner = make_learner(options, store.publisher("ctr"))
    learner.accumulate(*samples(4 * EVERY))
    found = store.heaviest("ctr", 4, 3)
    assert found[0]["slot"] == 7 and found[0]["weight"] > 0 and found[0]["deviation"] is None
    # McMahan et al., Ad Click Prediction (2013), algorithm 1: the weight from z and n
    z, n = (float(x) for x in learner.table[14:16])
    assert found[0]["weight"] == pytest.approx(-(z - np.sign(z) * 0.01) / ((1 + np.sqrt(n)) / 0.1 + 0.2))
    assert [abs(f["weight"]) for f in found] == sorted((abs(f["weight"]) for f in found), reverse=True)
    assert {"feature": "(bias)", "slot": 512}.items() <= next(
        f for f in store.heaviest("ctr", 4, 99) if f["slot"] == 512).items()
    with pytest.raises(UserError, match="version 5"):
        store.heaviest("ctr", 5)


def test_the_most_certain_weights_of_a_gaussian(store: ModelStore) -> None:
    learner = make_learner(parse_options("gaussian", f"bits=9, publish_every={EVERY}"), store.publisher("ctr"))
    learner.accumulate(*samples(4 * EVERY))
    found = store.heaviest("ctr", 4, 5, certain=True)
    ratios = [abs(f["weight"]) / f["deviation"] for f in found]
    assert ratios == sorted(ratios, reverse=True)
    assert all(f["deviation"] == pytest.approx(learner.table[2 * f["slot"] + 1] ** 0.5) for f in found)


def test_names_of_slots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names_module, "_PAUSE", 0)
    known = FeatureNames()
    words, numbers = ["a", None, "ä" * 300], [5, -1, None]
    columns = [column_from_python(STRING, words), column_from_python(BIGINT, numbers),
               column_from_python(BOOLEAN, [True, False, None]), column_from_python(DOUBLE, [0.5, None, float("nan")])]
    named = ["word", "number", "flag", "price"]
    known.sample(18, named, columns, 3)
    expected = {}
    for name, value, text in [("word", "a", "a"), ("word", words[2], "ä" * 200), ("number", 5, "5"),
                              ("number", -1, "-1"), ("flag", True, "true"), ("flag", False, "false"),
                              ("price", 0.5, None)]:
        expected[reference_features(18, [(name, value)])[0][0]] = (name, text)
    assert known.of(1 << 18) == expected
    assert set(known.of(1 << 6)) == {slot & 63 for slot in expected}  # a smaller table takes them modulo its size


def test_names_are_bounded_and_the_newest_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names_module, "_PAUSE", 0)
    monkeypatch.setattr(names_module, "MOST", 100)
    known = FeatureNames()
    for first in range(0, 640, 64):
        known.sample(26, ["n"], [column_from_python(BIGINT, list(range(first, first + 64)))], 64)
    found = known.of(1 << 26)
    assert len(found) == 100
    assert {int(v) for _, v in found.values() if v is not None} == set(range(540, 640))


def test_sampling_takes_little_of_the_time() -> None:
    column = column_from_python(BIGINT, list(range(1000)))
    known, calls = FeatureNames(), 20_000
    known.sample(18, ["n"], [column], 1000)
    started = time.perf_counter()
    for _ in range(calls):
        known.sample(18, ["n"], [column], 1000)
    assert (time.perf_counter() - started) / calls < 20e-6  # an evaluation takes some 20 microseconds at least


JOB = """
CREATE TABLE e (shop STRING, y INT, price DOUBLE) WITH ('connector' = 'filesystem', 'format' = 'csv', 'path' = '{in}');
CREATE TABLE o (k INT, m ROW<model STRING, version BIGINT, samples BIGINT, logloss DOUBLE, auc DOUBLE>,
  PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'blackhole');
INSERT INTO o SELECT 1, FTRL(y, FEATURES(16, 'shop', shop, 'price', price), 'name=ctr, bits=16, publish_every=100')
FROM e;
"""


def test_a_job_writes_names_beside_its_versions(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    with (tmp_path / "in.csv").open("w") as file:
        for _ in range(1000):
            good = random.random() < 0.5
            label = int(random.random() < (0.9 if good else 0.1))
            file.write(f"{'good' if good else 'bad'},{label},{random.random()}\n")
    session = Session(folder=tmp_path / "state")
    list(session.script(JOB.replace("{in}", str(tmp_path / "in.csv"))))
    session.run(RunOptions(checkpoint_interval=1e9))
    (name,) = session.models.names()
    heaviest = ModelStore(tmp_path / "state" / "models").heaviest(name, 10, 10)
    by_value = {(f["feature"], f["value"]): f["weight"] for f in heaviest}
    assert set(by_value) == {("shop", "good"), ("shop", "bad"), ("price", None), ("(bias)", None)}
    assert by_value["shop", "good"] > 0 > by_value["shop", "bad"]
    slot = reference_features(16, [("shop", "good")])[0][0]
    written = json.loads((tmp_path / "state" / "models" / name / "names.json").read_text())["names"]
    assert written[str(slot)] == ["shop", "good"]
    price = next(f["slot"] for f in heaviest if f["feature"] == "price")
    assert price == reference_features(16, [("price", 0.5)])[0][0]


def test_names_are_no_part_of_a_model(tmp_path: Path) -> None:
    program = "import sys; from engine.learners.store import ModelStore; print(ModelStore(sys.argv[1]).hash('ctr'))"
    features = features_of(hash_features(9, ["n"], [column_from_python(BIGINT, list(range(100)))], 100))
    labels = (np.arange(100) % 2).astype(np.int8)
    store = ModelStore(tmp_path)
    learner = make_learner(parse_options("ftrl", "bits=9, publish_every=100"), store.publisher("ctr"))
    learner.accumulate(features, labels)
    before = store.hash("ctr")
    store.feature_names.sample(9, ["n"], [column_from_python(BIGINT, list(range(100)))], 100)
    store.sync()
    assert (tmp_path / "ctr" / "names.json").exists()
    shown = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == before
    store.clear()
    assert not (tmp_path / "ctr" / "names.json").exists()
