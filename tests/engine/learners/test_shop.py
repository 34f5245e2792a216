"""The shop's hidden truth can be learnt from features that SQL can build: within 3 % of the best reachable log loss."""

from __future__ import annotations

import numpy as np
import pytest

from engine.changes import Array, Column
from engine.connectors.shop_model import BLOCK, FATIGUE_SPAN, ShopModel
from engine.learners.features import feature_cross, hash_features
from engine.learners.learner import make_learner
from engine.learners.options import parse_options
from engine.learners.samples import features_of
from engine.types import BIGINT, DOUBLE

SAMPLES, JUDGED = 1_000_000, 100_000
Stream = dict[str, Array]


@pytest.fixture(scope="module")
def stream() -> Stream:
    shop = ShopModel(1)
    blocks = [shop.impressions(b) for b in range(-(-SAMPLES // BLOCK))]
    made = {name: np.concatenate([getattr(b, name) for b in blocks])[:SAMPLES]
            for name in ("user", "item", "category", "device", "price", "hour", "p_true")}
    made["clicked"] = np.concatenate([b.happened[1] for b in blocks])[:SAMPLES]
    at = np.concatenate([b.times[0] for b in blocks])[:SAMPLES]
    order = np.lexsort((at, made["user"]))
    place = made["user"][order] * 10**13 + at[order]
    made["recent"] = np.empty(SAMPLES, np.int64)
    made["recent"][order] = np.arange(SAMPLES) - np.searchsorted(place, place - FATIGUE_SPAN)
    return made


def logloss(p: Array, clicked: Array) -> float:
    return float(-np.mean(np.log(np.where(clicked, p, 1 - p))))


def test_the_base_rate_is_much_worse_than_the_best(stream: Stream) -> None:
    clicked = stream["clicked"][-JUDGED:]
    best = logloss(stream["p_true"][-JUDGED:], clicked)
    assert logloss(np.full(JUDGED, clicked.mean()), clicked) > 1.15 * best
    assert stream["p_true"].mean() == pytest.approx(stream["clicked"].mean(), abs=0.002)


@pytest.mark.parametrize(("kind", "options"), [("ftrl", "alpha=0.2"), ("gaussian", "variance=0.3")])
def test_learners_come_close_to_the_best(stream: Stream, kind: str, options: str) -> None:
    whole = {name: Column(BIGINT, stream[name].astype(np.int64)) for name in stream if stream[name].dtype.kind == "i"}
    part = Column(BIGINT, stream["hour"] // 4)
    features = {
        **{name: whole[name] for name in ("user", "item", "category", "device")}, "part": part,
        "device_category": feature_cross([whole["device"], whole["category"]], SAMPLES),
        "category_part": feature_cross([whole["category"], part], SAMPLES),
        "recent": Column(BIGINT, np.minimum(stream["recent"], 8)), "price": Column(DOUBLE, np.log(stream["price"]) - 3)}
    samples = features_of(hash_features(18, list(features), list(features.values()), SAMPLES))
    learner = make_learner(parse_options(kind, options))
    learnt = learner.accumulate(samples, stream["clicked"].astype(np.int8))
    clicked = stream["clicked"][-JUDGED:]
    best = logloss(stream["p_true"][-JUDGED:], clicked)
    assert best < logloss(learnt.probabilities[-JUDGED:], clicked) < 1.025 * best
