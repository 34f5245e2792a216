"""Learners and progressive metrics as aggregates."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.aggregates import AGGREGATES
from engine.aggregates.base import AggregateArguments, AggregateSpec
from engine.aggregates.calls import BoundCall
from engine.aggregates.inference import MODEL_ROW, SAMPLE_FEATURES
from engine.changes import Batch
from engine.errors import Place, UserError
from engine.expressions.functions.base import Context
from engine.learners.learner import make_learner
from engine.learners.options import parse_options
from engine.learners.samples import Features
from engine.operators.base import Settings
from engine.operators.group import GroupAggregate
from engine.state.merge import merge_chain
from engine.types import BIGINT, BOOLEAN, DOUBLE, INT, STRING, DataType, Schema
from tests.engine.operators.harness import Collector, column, every_cut, python_values
from tests.engine.operators.test_group import call, group

OPTIONS = "bits=8, publish_every=10"


class Store:
    """Keeps what is published."""

    def __init__(self) -> None:
        self.published: list[tuple[str, int, int]] = []

    def publisher(self, name: str) -> Any:
        return lambda value, options, table, pages: self.published.append((name, value.version, len(pages)))


def samples(n: int) -> tuple[list[int], list[tuple[list[int], list[float]]]]:
    rng = np.random.default_rng(3)
    features = [(rng.integers(0, 200, 5).tolist(), [1.0] * 5) for _ in range(n)]
    return [int(sum(f[0]) % 3 == 0) for f in features], features


def learn(sizes: list[int], keys: list[str], function: str = "FTRL", options: str = OPTIONS, *, crash: bool = False,
          merge: bool = False) -> tuple[list[Any], Store]:
    """The changelog of the model row of each key, in batches of these sizes; `merge`: checkpoints are."""
    spec = AggregateSpec(function, (INT, SAMPLE_FEATURES), MODEL_ROW, (options,), label="ctr")
    schema, store = Schema.of(k=STRING, m=MODEL_ROW), Store()
    settings = Settings(Context(now=lambda: 0, resources={"models": store}))

    def make() -> tuple[GroupAggregate, Collector]:
        operator = GroupAggregate("learn", schema, settings, keys=(0,), calls=[BoundCall(spec, (1, 2))],
                                  input_types=[STRING, INT, SAMPLE_FEATURES])
        collector = Collector(schema, settings)
        operator.connect(collector, 0)
        return operator, collector

    operator, collector = make()
    operator.open()
    labels, features = samples(len(keys))
    start, chain, result = 0, [], []
    for size in sizes:
        stop = start + size
        columns = (column(STRING, keys[start:stop]), column(INT, labels[start:stop]), column(SAMPLE_FEATURES,
                                                                                             features[start:stop]))
        operator.process(Batch(columns, size), 0)
        start = stop
        for batch in collector.batches:
            result += list(zip(*(python_values(c) for c in batch.columns), strict=True))
        collector.batches = []
        if crash:
            chain.append(operator.states()["groups"].snapshot(not chain))
            operator, collector = make()
            operator.states()["groups"].restore([merge_chain(chain) if merge else chain], None)
            operator.open()
    return result, store


@pytest.mark.parametrize("function", ["FTRL", "GAUSSIAN"])
def test_the_row_moves_when_a_version_is_cut(function: str) -> None:
    rows, store = learn([35], ["a"] * 35, function)
    assert [(r[1][:3]) for r in rows] == [("ctr[a]", 0, 0), ("ctr[a]", 0, 0), ("ctr[a]", 1, 10), ("ctr[a]", 1, 10),
                                          ("ctr[a]", 2, 20), ("ctr[a]", 2, 20), ("ctr[a]", 3, 30)]
    assert [p[:2] for p in store.published] == [("ctr[a]", 1), ("ctr[a]", 2), ("ctr[a]", 3)]
    labels, features = samples(35)
    learner = make_learner(parse_options(function.lower(), OPTIONS))
    offsets = np.arange(36, dtype=np.int64) * 5
    flat = np.array([i for f in features for i in f[0]], np.int32)
    learner.accumulate(Features(offsets, flat, np.ones(175, np.float32)), np.array(labels, np.int8))
    assert rows[-1][1][3:] == (learner.value().progress.logloss, learner.value().progress.auc)


def test_batches_groups_and_crashes_change_nothing() -> None:
    keys = [("a", "b")[i % 3 == 0] for i in range(60)]
    straight, store = learn([60], keys)
    for sizes, crash in (([1] * 60, False), ([7] * 8 + [4], False), ([13, 13, 34], True)):
        again, published = learn(sizes, keys, crash=crash)
        assert sorted(again, key=str) == sorted(straight, key=str)
        assert sorted(p[:2] for p in published.published) == sorted(p[:2] for p in store.published)


@pytest.mark.parametrize(("function", "options"), [
    ("FTRL", "bits=12, publish_every=10"), ("GAUSSIAN", "bits=12, publish_every=10"),
    ("GAUSSIAN", "bits=12, publish_every=10, shards=2"), ("GAUSSIAN", OPTIONS),
])
def test_merged_checkpoints_bring_back_the_models(function: str, options: str) -> None:
    """Models of several pages, of which a checkpoint has those that changed, the last one short; one is born late."""
    keys = ["a"] * 20 + [("a", "b")[i % 3 == 0] for i in range(60)]
    straight, store = learn([80], keys, function, options)
    again, published = learn([7, 20, 9, 30, 14], keys, function, options, crash=True, merge=True)
    assert sorted(again, key=str) == sorted(straight, key=str)
    assert sorted(p[:2] for p in published.published) == sorted(p[:2] for p in store.published)


def test_wrong_calls() -> None:
    def infer(*types: DataType, literals: dict[int, Any] | None = None) -> DataType:
        return AGGREGATES["FTRL"].infer(AggregateArguments("FTRL", types, literals or {}), {})

    assert infer(BOOLEAN, SAMPLE_FEATURES).same_as(MODEL_ROW)
    for types in ((BOOLEAN,), (STRING, SAMPLE_FEATURES), (BOOLEAN, STRING), (BOOLEAN, SAMPLE_FEATURES, STRING)):
        with pytest.raises(UserError, match="is not possible"):
            infer(*types)


def test_wrong_options_are_seen_when_the_query_is_bound() -> None:
    place = Place(3, 14, 60, 70)
    for name, text, code in (("GAUSSIAN", "shrads=2", "learner_option"), ("FTRL", "shards=2", "not_mergeable")):
        with pytest.raises(UserError) as error:
            AGGREGATES[name].infer(AggregateArguments(name, (BOOLEAN, SAMPLE_FEATURES, STRING), {2: text},
                                                      places={2: place}), {})
        assert (error.value.code, error.value.place) == (code, place)


METRIC = Schema.of(k=STRING, y=INT, p=DOUBLE)


def test_auc_and_logloss() -> None:
    """By hand: of the pairs (positive, negative) .9>.1 .9>.4 .35>.1 are in order, .35<.4 is not; equal ones count a
    half."""
    calls = {"auc": BoundCall(AggregateSpec("AUC", (INT, DOUBLE), DOUBLE), (1, 2)),
             "ll": BoundCall(AggregateSpec("LOGLOSS", (INT, DOUBLE), DOUBLE), (1, 2)),
             "n": call("COUNT", None, BIGINT.as_nullable(False))}
    rows = ["+ k=a y=1 p=0.9", "+ k=a y=0 p=0.1", "+ k=a y=0 p=0.4", "+ k=a y=1 p=0.35", "+ k=a p=0.5",
            "+ k=a y=0 p=0.35"]
    output = every_cut(group(calls, schema=METRIC), METRIC, rows, append=True)
    assert [x.split()[2] for x in output if not x.startswith("-U")] == [
        "auc=NULL", "auc=1", "auc=1", "auc=0.75", "auc=0.75", "auc=0.75"]
    assert "ll=0.442842" in output[6]  # -(2 log .9 + log .6 + log .35) / 4
    back = every_cut(group(calls, schema=METRIC, retract=True), METRIC, [*rows, "- k=a y=0 p=0.4"])
    assert back[-1].split()[2] == "auc=0.875"
