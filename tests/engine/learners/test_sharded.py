"""A Gaussian learner in shards: against shards merged by hand; cut, saved and run on any number of processors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.changes import Array
from engine.errors import UserError
from engine.learners import sharded
from engine.learners.delta import NaturalDelta
from engine.learners.learner import Gaussian, Learner, make_learner
from engine.learners.metrics import Progress
from engine.learners.options import LearnerOptions, parse_options
from engine.learners.samples import Features
from engine.learners.shard_kernels import exchange
from tests.engine.learners.test_learner import part, stream


def options(shards: int, text: str = "bits=8, publish_every=100") -> LearnerOptions:
    return parse_options("gaussian", f"{text}, shards={shards}")


def clicks(rows: int, seed: int = 5, fields: int = 12, bits: int = 14) -> tuple[Features, Array]:
    """Categories of log-uniform popularity, each with a weight of its own."""
    random = np.random.default_rng(seed)
    sizes = np.exp(random.uniform(1, 9, fields)).astype(np.int64) + 1
    category = np.exp(random.random((rows, fields)) * np.log(sizes + 1)).astype(np.int64) - 1
    index = np.stack([random.integers(0, 1 << bits, n)[category[:, j]] for j, n in enumerate(sizes)], axis=1)
    logit = -1.0 + sum(random.normal(0, 0.4, n)[category[:, j]] for j, n in enumerate(sizes))
    labels = (random.random(rows) < 1 / (1 + np.exp(-logit))).astype(np.int8)
    offsets = np.arange(rows + 1, dtype=np.int64) * fields
    return Features(offsets, index.ravel().astype(np.int32), np.ones(rows * fields, np.float32)), labels


def by_hand(features: Features, labels: Array, shards: int, cuts: list[int]) -> tuple[Array, Array]:
    """Runs of 64 rows dealt to ordinary learners, which begin anew from the merged one at each cut (a row number)."""
    alone = parse_options("gaussian", "bits=8, publish_every=1000000")
    merged, out = Gaussian(alone), np.empty(len(labels))
    for start, stop in zip([0, *cuts], [*cuts, len(labels)]):
        parts = [Gaussian(alone) for _ in range(shards)]
        for learner in parts:
            learner.table[:] = merged.table
        for row in range(start, stop):
            learner = parts[row // 64 % shards]
            out[row] = learner.accumulate(part(features, row, row + 1), labels[row:row + 1]).probabilities[0]
        total = NaturalDelta(np.empty(0, np.int64), np.empty(0), np.empty(0), Progress.empty())
        for learner in parts:
            total = total + NaturalDelta.between(merged.table, learner.table, learner.progress)
        merged.add(total)
    return out, merged.table


@pytest.mark.parametrize("shards", [2, 3])
def test_shards_do_what_merging_by_hand_does(shards: int) -> None:
    features, labels = clicks(1000, bits=8)
    learner = make_learner(options(shards, "bits=8, publish_every=500"))
    found = learner.accumulate(features, labels)
    wanted, table = by_hand(features, labels, shards, [128, 256, 384, 500, 512, 640, 768, 896])
    assert np.allclose(found.probabilities, wanted, atol=1e-5)
    assert found.cuts == [499, 999]
    assert np.allclose(learner.table, table, atol=1e-4)
    assert learner.progress.samples == 1000


def assert_same(a: Learner, b: Learner) -> None:
    for name, array in a.save(True).items():
        assert array.tobytes() == b.save(True)[name].tobytes(), name


@settings(max_examples=25, deadline=None)
@given(cuts=st.lists(st.integers(0, 700), max_size=8), saves=st.sets(st.integers(0, 8)), shards=st.integers(2, 5),
       seed=st.integers(0, 50))
def test_nothing_depends_on_batches_or_restarts(cuts: list[int], saves: set[int], shards: int, seed: int) -> None:
    features, labels = stream(700, seed)
    versions: dict[int, bytes] = {}
    again: dict[int, bytes] = {}
    whole = make_learner(options(shards), lambda value, _, table, __: versions.update({value.version: table.tobytes()}))
    wanted = whole.accumulate(features, labels).probabilities
    learner = make_learner(whole.options, lambda value, _, table, __: again.update({value.version: table.tobytes()}))
    found, chain = [], []
    edges = [0, *sorted(cuts), 700]
    for step, (start, stop) in enumerate(zip(edges, edges[1:])):
        found.append(learner.accumulate(part(features, start, stop), labels[start:stop]).probabilities)
        if step in saves:
            chain.append(learner.save(not chain))
            learner = make_learner(learner.options, learner._publish)
            for saved in chain:
                learner.load(saved)
    assert np.concatenate(found).tobytes() == wanted.tobytes()
    assert again == versions and len(versions) == whole.progress.samples // 100
    assert_same(whole, learner)


def test_processors_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    features, labels = clicks(20_000)
    models = []
    for processors in (1, 2, 3):
        monkeypatch.setattr(sharded, "_processors", lambda count=processors: count)
        monkeypatch.setattr(sharded, "_ALONE", 1)
        models.append(make_learner(options(3, "bits=14, publish_every=5000")))
        models[-1].accumulate(features, labels)
    assert_same(models[0], models[1])
    assert_same(models[0], models[2])


def test_shards_lose_next_to_nothing() -> None:
    """The progressive logloss of S shards is that of one learner, to .0005."""
    features, labels = clicks(60_000)
    losses = {}
    for shards in (1, 2, 4):
        learner = make_learner(options(shards, "bits=14, publish_every=100000"))
        learner.accumulate(features, labels)
        losses[shards] = learner.progress.logloss or 0.0
    assert 0.4 < losses[1] < 0.6
    assert max(losses.values()) - min(losses.values()) < 0.0005


def test_shards_that_forget_stay_sane() -> None:
    features, labels = stream(3000, 3)
    learner = make_learner(options(4, "bits=8, variance=0.5, drift=0.3, publish_every=1000"))
    found = learner.accumulate(features, labels).probabilities
    alone = make_learner(options(1, "bits=8, variance=0.5, drift=0.3, publish_every=1000"))
    assert np.allclose(found, alone.accumulate(features, labels).probabilities, atol=1e-4)
    merged = np.array([1.0, 0.01], np.float32)  # all shards forgot half of it: a sum would leave less than nothing
    tables = np.array([[1.0, 0.02], [1.5, 0.02], [2.0, 0.02], [1.5, 0.02]], np.float32)
    marks = np.ones((4, 1), np.uint8)
    exchange(merged, tables, merged.view(np.uint64), tables.view(np.uint64), marks, 0, 1, np.float32(0.5),
             np.zeros(1, np.uint8))
    assert np.allclose(merged, [1.5, 0.02]) and np.allclose(tables, [1.5, 0.02]) and not marks.any()


def test_a_save_is_small() -> None:
    features, labels = clicks(5000)
    learner = make_learner(options(2, "bits=20, publish_every=1000000"))
    learner.accumulate(part(features, 0, 4000), labels[:4000])
    learner.save(True)
    learner.accumulate(part(features, 4000, 4100), labels[4000:4100])
    assert sum(a.nbytes for a in learner.save(False).values()) < 0.1 * learner.table.nbytes


def test_other_learners_and_other_shards_are_refused() -> None:
    with pytest.raises(UserError, match="FTRL has one owner"):
        parse_options("ftrl", "shards=2")
    assert parse_options("ftrl", "shards=1").shards == 1
    two, three = make_learner(options(2)), make_learner(options(3))
    for saved, other in ((two, three), (make_learner(options(1)), two)):
        with pytest.raises(UserError) as error:
            other.load(saved.save(True))
        assert error.value.code == "state_changed"


def test_a_merge_into_shards_is_kept() -> None:
    features, labels = clicks(3000, bits=8)
    first, second = make_learner(options(2)), make_learner(options(2))
    first.accumulate(part(features, 0, 1500), labels[:1500])
    second.accumulate(part(features, 1500, 3000), labels[1500:])
    first.merge(second)
    assert first.progress.samples == 3000
    table = first.table.copy()
    first.accumulate(part(features, 0, 0), labels[:0])
    assert first.table.tobytes() == table.tobytes()
    learnt = first.accumulate(part(features, 0, 1000), labels[:1000])
    assert first.progress.samples == 4000 and learnt.cuts[0] == 99
