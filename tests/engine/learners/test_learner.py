"""Learners: against plain NumPy, cut anywhere, saved and loaded, merged; their options and their metrics."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.changes import Array, Column
from engine.errors import InternalError, RuntimeFault, UserError
from engine.learners.learner import Gaussian, Learner, make_learner, predict, prior_table
from engine.learners.metrics import Progress
from engine.learners.options import MERGEABLE, LearnerOptions, parse_options
from engine.learners.samples import Features, features_of, labels_of
from engine.types import ARRAY, BOOLEAN, DOUBLE, FLOAT, INT, ROW

KINDS = ["ftrl", "gaussian"]
OPTIONS = {"ftrl": "alpha=0.2, l1=0.01, l2=0.1, bits=8, publish_every=10",
           "gaussian": "variance=0.5, drift=0.001, bits=8, publish_every=10"}


def stream(rows: int, seed: int = 0, slots: int = 256) -> tuple[Features, Array]:
    random = np.random.default_rng(seed)
    lengths = random.integers(0, 12, rows)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    index = random.integers(-2, slots, offsets[-1]).astype(np.int32)
    value = random.normal(0, 1, offsets[-1]).astype(np.float32)
    value[random.random(len(value)) < 0.1] = 0
    truth = random.normal(0, 1, slots)
    logit = np.array([sum(truth[index[j]] * value[j] for j in range(a, b) if index[j] >= 0)
                      for a, b in zip(offsets, offsets[1:])])
    labels = (random.random(rows) < 1 / (1 + np.exp(-logit))).astype(np.int8)
    labels[random.random(rows) < 0.1] = -1
    return Features(offsets, index, value), labels


def part(features: Features, start: int, stop: int) -> Features:
    return Features(features.offsets[start:stop + 1], features.index, features.value)


def present(features: Features, row: int, slots: int) -> dict[int, float]:
    """A row as a plain dict, the bias at slot `slots`; empty where a slot is named twice (not for plain learners)."""
    at = range(features.offsets[row], features.offsets[row + 1])
    named = [(int(features.index[j]), float(features.value[j])) for j in at if features.index[j] >= 0]
    return {**dict(named), slots: 1.0} if len({i for i, _ in named}) == len(named) else {}


def plain_ftrl(features: Features, labels: Array, options: LearnerOptions) -> list[float]:
    """McMahan et al. 2013, algorithm 1, in double precision."""
    alpha, beta, l1, l2 = options.values.values()
    z, n, out = np.zeros(options.slots + 1), np.zeros(options.slots + 1), []
    for row, y in enumerate(labels):
        x = present(features, row, options.slots)
        w = {i: 0.0 if abs(z[i]) <= l1 else
             -(z[i] - math.copysign(l1, z[i])) / ((beta + math.sqrt(n[i])) / alpha + l2) for i in x}
        p = 1 / (1 + math.exp(-sum(w[i] * x[i] for i in x)))
        out.append(p)
        for i in x if y >= 0 else ():
            g = (p - y) * x[i]
            sigma = (math.sqrt(n[i] + g * g) - math.sqrt(n[i])) / alpha
            z[i] += g - sigma * w[i]
            n[i] += g * g
    return out


def plain_gaussian(features: Features, labels: Array, options: LearnerOptions) -> list[float]:
    """Steps of the extended Kalman filter for y ~ sigmoid(x w), the covariance kept diagonal, in double precision."""
    prior, drift = options.values.values()
    m, v, out = np.zeros(options.slots + 1), np.full(options.slots + 1, prior), []
    for row, y in enumerate(labels):
        x = present(features, row, options.slots)
        mean, variance = sum(m[i] * x[i] for i in x), sum(v[i] * x[i] ** 2 for i in x)
        out.append(1 / (1 + math.exp(-mean / math.sqrt(1 + math.pi / 8 * variance))))
        p = 1 / (1 + math.exp(-mean))
        noise = 1 / (p * (1 - p))  # the observation's variance, as seen in the margin
        for i in x if y >= 0 else ():
            gain = v[i] * x[i] / (noise + variance)
            m[i] += gain * noise * (y - p)
            v[i] = min(v[i] - gain * v[i] * x[i] + (drift if x[i] else 0), prior)
    return out


@pytest.mark.parametrize(("kind", "plain"), [("ftrl", plain_ftrl), ("gaussian", plain_gaussian)])
def test_kernels_do_what_the_papers_say(kind: str, plain: object) -> None:
    features, labels = stream(600)
    rows = [r for r in range(600) if present(features, r, 256)]
    lists = [range(features.offsets[r], features.offsets[r + 1]) for r in rows]
    positions = np.array([j for at in lists for j in at])
    offsets = np.concatenate([[0], np.cumsum([len(at) for at in lists])]).astype(np.int64)
    features, labels = Features(offsets, features.index[positions], features.value[positions]), labels[rows]
    options = parse_options(kind, OPTIONS[kind])
    learnt = make_learner(options).accumulate(features, labels)
    wanted = plain(features, labels, options)  # type: ignore[operator]
    assert learnt.probabilities == pytest.approx(wanted, abs=2e-5)


def assert_same(a: Learner, b: Learner) -> None:
    assert a.hash() == b.hash()
    assert a.newest.version == b.newest.version
    for x, y in ((a.progress, b.progress), (a.newest.progress, b.newest.progress)):
        assert x.sums.tobytes() == y.sums.tobytes()
        assert x.counts.tobytes() == y.counts.tobytes()


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=20, deadline=None)
@given(cuts=st.lists(st.integers(0, 300), max_size=8), saves=st.sets(st.integers(0, 8)), seed=st.integers(0, 99))
def test_nothing_depends_on_batches_or_restarts(kind: str, cuts: list[int], saves: set[int], seed: int) -> None:
    features, labels = stream(300, seed)
    options = parse_options(kind, OPTIONS[kind])
    versions: dict[int, bytes] = {}
    whole = make_learner(options, lambda value, _, table, __: versions.update({value.version: table.tobytes()}))
    learnt = whole.accumulate(features, labels)
    assert learnt.cuts == np.flatnonzero(labels >= 0)[9::10].tolist()
    assert [v.version for v in learnt.versions] == list(range(1, len(learnt.cuts) + 1))

    again: dict[int, bytes] = {}
    learner = make_learner(options, lambda value, _, table, __: again.update({value.version: table.tobytes()}))
    probabilities, parts = [], []
    bounds = sorted({0, *cuts, 300})
    for number, (start, stop) in enumerate(zip(bounds, bounds[1:])):
        probabilities.append(learner.accumulate(part(features, start, stop), labels[start:stop]).probabilities)
        if number in saves:
            parts.append(learner.save(not parts))
            learner = make_learner(options, learner._publish)
            for saved in parts:
                learner.load(saved)
    assert np.concatenate(probabilities).tobytes() == learnt.probabilities.tobytes()
    assert again == versions
    assert_same(learner, whole)


@pytest.mark.parametrize("kind", KINDS)
def test_a_save_holds_only_the_pages_written(kind: str) -> None:
    learner = make_learner(parse_options(kind, "bits=16"))
    whole = learner.save(full=True)
    one = Features(np.array([0, 1]), np.array([5000], np.int32), np.ones(1, np.float32))
    learner.accumulate(one, np.ones(1, np.int8))
    saved = learner.save(full=False)
    assert saved["pages"].tolist() == [5000 * 2 // 1024, 2 * 65536 // 1024]  # the feature's page and the bias'
    assert saved["values"].nbytes < 0.02 * whole["values"].nbytes
    assert len(learner.save(full=False)["pages"]) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_predicting_by_a_table_is_what_the_learner_would_say(kind: str) -> None:
    features, labels = stream(200)
    options = parse_options(kind, OPTIONS[kind])
    learner = make_learner(options)
    learner.accumulate(part(features, 0, 100), labels[:100])
    out = np.zeros(200)
    predict(options, learner.table, features, np.arange(100, 200), out)
    unknown = np.full(100, -1, np.int8)
    assert out[100:].tobytes() == learner.accumulate(part(features, 100, 200), unknown).probabilities.tobytes()
    assert not out[:100].any()


@pytest.mark.parametrize("kind", KINDS)
def test_values_that_cannot_be_used_harm_nothing(kind: str) -> None:
    value = np.array([np.nan, np.inf, -np.inf, 3e38, -1e20, 1], np.float32)
    features = Features(np.array([0, 6]), np.arange(6, dtype=np.int32), value)
    learner = make_learner(parse_options(kind, OPTIONS[kind]))
    for _ in range(20):
        learner.accumulate(features, np.ones(1, np.int8))
        learner.accumulate(features, np.zeros(1, np.int8))
    assert np.isfinite(learner.table).all()
    assert (learner.table.reshape(-1, 2)[:3] == prior_table(learner.options).reshape(-1, 2)[:3]).all()
    assert (learner.table[1::2] >= 0).all()


def test_gaussians_merge_as_an_abelian_group() -> None:
    options = parse_options("gaussian", "variance=0.5, bits=8")
    streams = [stream(300, seed) for seed in range(3)]
    learners = [Gaussian(options) for _ in streams]
    for learner, (features, labels) in zip(learners, streams):
        learner.accumulate(features, labels)
    a, b, c = (learner.delta() for learner in learners)
    one, other = Gaussian(options), Gaussian(options)
    for delta in (a, b, c):
        one.add(delta)
    other.add(c + (b + a))
    assert one.table == pytest.approx(other.table, rel=1e-5, abs=1e-6)
    assert one.progress.samples == sum(learner.progress.samples for learner in learners)
    for delta in (-b, -a):
        one.add(delta)
    assert one.table == pytest.approx(learners[2].table, rel=1e-4, abs=1e-5)
    assert (one.progress.counts == learners[2].progress.counts).all()
    assert (a + -a).precision == pytest.approx(0)


def test_merged_gaussians_know_more_than_each() -> None:
    options = parse_options("gaussian", "variance=0.5, bits=8")
    features, labels = stream(4000)
    halves = [Gaussian(options), Gaussian(options)]
    for learner, start in zip(halves, (0, 1500)):
        learner.accumulate(part(features, start, start + 1500), labels[start:start + 1500])
    both = Gaussian(options)
    for learner in halves:
        both.merge(learner)
    unseen, truth = part(features, 3000, 4000), labels[3000:]
    losses = []
    for learner in (*halves, both):
        p = learner.accumulate(unseen, np.full(1000, -1, np.int8)).probabilities
        losses.append(-np.log(np.where(truth == 1, p, 1 - p))[truth >= 0].mean())
    assert losses[2] < min(losses[:2])


def test_an_ftrl_learner_has_one_owner() -> None:
    assert "ftrl" not in MERGEABLE
    learner = make_learner(parse_options("ftrl"))
    with pytest.raises(InternalError):
        learner.merge(make_learner(parse_options("ftrl")))


def test_metrics_are_those_of_the_predictions() -> None:
    features, labels = stream(5000)
    learner = make_learner(parse_options("gaussian", "variance=0.5, bits=8"))
    p = learner.accumulate(features, labels).probabilities
    p, y = p[labels >= 0], labels[labels >= 0]
    progress = learner.progress
    assert (progress.samples, progress.positives) == (len(y), y.sum())
    assert progress.logloss == pytest.approx(-np.log(np.where(y == 1, p, 1 - p)).mean())
    pairs = p[y == 1][:, None] - p[y == 0][None, :]
    assert progress.auc == pytest.approx((pairs > 0).mean() + (pairs == 0).mean() / 2, abs=1e-3)
    assert progress.calibration == pytest.approx(p.sum() / y.sum())
    bins = np.minimum(p * 20, 19).astype(int)
    error = sum(abs(p[bins == b].sum() - y[bins == b].sum()) for b in range(20)) / len(y)
    assert progress.calibration_error == pytest.approx(error)


def test_metrics_of_nothing_are_unknown() -> None:
    empty = Progress.empty()
    assert (empty.logloss, empty.auc, empty.calibration, empty.calibration_error) == (None, None, None, None)


@pytest.mark.parametrize(("text", "message"), [
    ("alhpa=1", "did you mean 'alpha'"), ("alpha", "expected name=value"), ("alpha=x", "must be a number"),
    ("bits=3", "from 4 to 26"), ("bits=9.5", "a whole number"), ("alpha=1, alpha=2", "twice"),
    ("variance=1", "options:")])
def test_wrong_options_are_refused(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        parse_options("ftrl", text)


def test_options_survive_json() -> None:
    options = parse_options("gaussian", " VARIANCE = 0.5 , publish_every=7,")
    assert (options.values["variance"], options.publish_every, options.bits) == (0.5, 7, 18)
    assert LearnerOptions.from_json(options.as_json()) == options


def test_another_size_than_the_saved_one_is_refused() -> None:
    saved = make_learner(parse_options("ftrl", "bits=10")).save(full=True)
    for bits in (8, 12):
        with pytest.raises(UserError, match="bits"):
            make_learner(parse_options("ftrl", f"bits={bits}")).load(saved)


def vector(offsets: list[int], index: list[int], value: list[float], **nulls: Array) -> Column:
    lists = (Column(ARRAY(INT), np.array(offsets), None, (), (Column(INT, np.array(index, np.int32), nulls.get("i")),)),
             Column(ARRAY(FLOAT), np.array(offsets), None, (), (Column(FLOAT, np.array(value, np.float32)),)))
    return Column(ROW(("index", ARRAY(INT)), ("value", ARRAY(FLOAT))), np.zeros(len(offsets) - 1, np.int8),
                  nulls.get("row"), (), lists)


def test_columns_become_samples() -> None:
    column = vector([0, 2, 3, 3], [5, 6, 7], [1, 2, 3], i=np.array([True, False, True]),
                    row=np.array([True, False, True]))
    features = features_of(column)
    assert features.offsets.tolist() == [0, 2, 2, 2]
    assert (features.index.tolist(), features.value.tolist()) == ([5, -1], [1, 2])
    labels = Column(BOOLEAN, np.array([True, True, False]))
    assert labels_of(labels, column).tolist() == [1, -1, 0]
    with pytest.raises(RuntimeFault, match=r"0, 1, TRUE.*not 0\.5"):
        labels_of(Column(DOUBLE, np.array([0.5, 1, 1])), vector([0, 0, 0, 0], [], []))


def test_lists_of_different_lengths_are_refused() -> None:
    column = vector([0, 1], [5], [1])
    longer = Column(ARRAY(FLOAT), np.array([0, 2]), None, (), (Column(FLOAT, np.ones(2, np.float32)),))
    with pytest.raises(RuntimeFault, match="differ in length"):
        features_of(Column(column.type, column.values, None, (), (column.children[0], longer)))
