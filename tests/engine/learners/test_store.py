"""The model store: versions in any order, again after a replay, damaged, retired."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.changes import Array
from engine.errors import UserError
from engine.learners.learner import make_learner, predict, table_hash
from engine.learners.options import parse_options
from engine.learners.samples import Features
from engine.learners.store import STRIDE, ModelStore, Predictor

OPTIONS = parse_options("gaussian", "bits=9, publish_every=3, variance=0.5")
ROWS = 600


def samples(rows: int = ROWS) -> tuple[Features, Array]:
    random = np.random.default_rng(1)
    offsets = np.arange(rows + 1, dtype=np.int64) * 4
    return (Features(offsets, random.integers(0, 512, 4 * rows).astype(np.int32), np.ones(4 * rows, np.float32)),
            random.integers(0, 2, rows).astype(np.int8))


def fill(store: ModelStore, rows: int = ROWS, name: str = "shop/ctr") -> dict[int, Array]:
    """Train, publishing all versions; returns their tables."""
    tables: dict[int, Array] = {}
    publish = store.publisher(name)

    def keep(value, options, table, pages):  # type: ignore[no-untyped-def]
        tables[value.version] = table.copy()
        publish(value, options, table, pages)

    make_learner(OPTIONS, keep).accumulate(*samples(rows))
    return tables


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[int, Array]]:
    folder = tmp_path_factory.mktemp("models")
    return folder, fill(ModelStore(folder))


@pytest.mark.parametrize("durable", [True, False])
@settings(max_examples=15, deadline=None)
@given(wanted=st.lists(st.integers(1, ROWS // 3), min_size=1, max_size=12))
def test_any_version_can_be_reached_from_any(
        filled: tuple[Path, dict[int, Array]], durable: bool, wanted: list[int]) -> None:
    folder, tables = filled
    if durable:
        store = ModelStore(folder)
    else:
        store = ModelStore()
        fill(store)
    weights = store.open("shop/ctr", wanted[0])
    assert weights is not None
    for version in wanted:
        assert weights.move(version)
        assert weights.table.tobytes() == tables[version].tobytes()
    assert store.newest("shop/ctr") == ROWS // 3
    assert store.hash("shop/ctr") == table_hash(tables[ROWS // 3])
    assert store.names() == ["shop/ctr"]


def test_rows_are_predicted_by_their_own_versions(filled: tuple[Path, dict[int, Array]]) -> None:
    folder, tables = filled
    features, _ = samples()
    random = np.random.default_rng(0)
    versions = random.integers(0, ROWS // 3 + 1, ROWS)
    out, wanted = np.full(ROWS, np.nan), np.full(ROWS, 0.5)
    for row in np.flatnonzero(versions):
        predict(OPTIONS, tables[versions[row]], features, np.array([row]), wanted)
    predictor = Predictor(ModelStore(folder))
    predictor.predict("shop/ctr", versions[:300], features, np.arange(300), out)
    predictor.predict("shop/ctr", np.sort(versions[300:]), features, 300 + np.argsort(versions[300:]), out)
    assert out.tobytes() == wanted.tobytes()


def content(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_replay_changes_no_byte(tmp_path: Path) -> None:
    fill(ModelStore(tmp_path))
    before = content(tmp_path)
    learner = make_learner(OPTIONS)
    features, labels = samples()
    learner.accumulate(Features(features.offsets[:401], features.index, features.value), labels[:400])
    restored = make_learner(OPTIONS, ModelStore(tmp_path).publisher("shop/ctr"))
    restored.load(learner.save(full=True))
    restored.accumulate(Features(features.offsets[400:], features.index, features.value), labels[400:])
    assert content(tmp_path) == before
    assert len(before) == ROWS // 3 + ROWS // 3 // STRIDE


def test_another_history_replaces_the_old_one(tmp_path: Path) -> None:
    fill(ModelStore(tmp_path))
    features, labels = samples(300)
    store = ModelStore(tmp_path)
    learner = make_learner(OPTIONS, store.publisher("shop/ctr"))
    learner.accumulate(features, 1 - labels)
    again = ModelStore(tmp_path)
    assert again.newest("shop/ctr") == 100
    assert again.hash("shop/ctr") == store.hash("shop/ctr")


def test_facts_of_a_version(filled: tuple[Path, dict[int, Array]]) -> None:
    facts = ModelStore(filled[0]).facts("shop/ctr", 10)
    assert facts is not None
    assert facts["samples"] == 30
    assert facts["options"]["kind"] == "gaussian"
    assert 0 < facts["logloss"] < 2


def test_damage_is_found(tmp_path: Path) -> None:
    fill(ModelStore(tmp_path), 30)
    path = next(tmp_path.rglob("000000005.change"))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    store = ModelStore(tmp_path)
    assert store.open("shop/ctr", 4) is not None
    with pytest.raises(UserError, match=r"000000005\.change is damaged"):
        store.open("shop/ctr", 6)


@pytest.mark.parametrize("durable", [True, False])
def test_old_versions_are_retired(tmp_path: Path, durable: bool) -> None:
    store = ModelStore(tmp_path if durable else None, keep=20)
    tables = fill(store)
    assert store.open("shop/ctr", 10) is None
    for version in (STRIDE * 2, 190, 200):
        weights = store.open("shop/ctr", version)
        assert weights is not None
        assert weights.table.tobytes() == tables[version].tobytes()
    with pytest.raises(UserError, match="no version 10 of model"):
        Predictor(store).predict("shop/ctr", np.array([10]), samples()[0], np.array([0]), np.zeros(1))


@pytest.mark.parametrize("durable", [True, False])
def test_a_run_can_begin_anew(tmp_path: Path, durable: bool) -> None:
    store = ModelStore(tmp_path if durable else None)
    fill(store)
    store.clear()
    assert store.names() == []
    assert store.open("shop/ctr", 5) is None
    tables = fill(store, 30)
    assert store.newest("shop/ctr") == 10
    assert store.hash("shop/ctr") == table_hash(tables[10])


def test_what_was_never_published_is_unknown(tmp_path: Path) -> None:
    for store in (ModelStore(), ModelStore(tmp_path / "none")):
        assert store.names() == []
        assert store.newest("x") == 0
        assert store.open("x", 1) is None
        store.sync()
        with pytest.raises(UserError, match="there is no model 'x'"):
            store.hash("x")
