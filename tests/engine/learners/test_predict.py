"""PREDICT over columns: each row by its own model and version."""

from __future__ import annotations

import numpy as np

from engine.changes import Array, Column
from engine.learners.features import hash_features
from engine.learners.learner import make_learner, predict
from engine.learners.options import parse_options
from engine.learners.predict import predict_column
from engine.learners.samples import features_of
from engine.learners.store import ModelStore
from engine.types import BIGINT, DOUBLE, ROW, VARCHAR

MODEL = ROW(("model", VARCHAR()), ("version", BIGINT), ("samples", BIGINT))
ROWS = 60
NAMES = ["ctr", "the conversion rate of the shop"]


def model_column(names: list[str], versions: Array, known: Array | None = None) -> Column:
    blocks = {name: np.frombuffer(name.encode(), np.uint8) for name in names}
    views = np.zeros((len(names), 2), np.uint64)
    for view, name in zip(views, names):
        data = name.encode()
        view[0] = len(data) | int.from_bytes(data[:4], "little") << 32
        view[1] = blocks[name].ctypes.data if len(data) > 12 else int.from_bytes(data[4:], "little")
    fields = (Column(VARCHAR(), views, None, tuple(blocks.values())), Column(BIGINT, versions, known),
              Column(BIGINT, versions))
    return Column(MODEL, np.zeros(len(names), np.int8), None, (), fields)


def test_each_row_by_its_model_and_version() -> None:
    random = np.random.default_rng(0)
    features = hash_features(8, ["a", "b"], [Column(BIGINT, random.integers(0, 9, ROWS)) for _ in range(2)], ROWS)
    store, tables = ModelStore(), {}
    for kind, name in zip(("ftrl", "gaussian"), NAMES):
        options = parse_options(kind, "bits=8, publish_every=7")
        publish = store.publisher(name)

        def keep(value, options, table, pages, name=name, publish=publish):  # type: ignore[no-untyped-def]
            tables[name, value.version] = options, table.copy()
            publish(value, options, table, pages)

        make_learner(options, keep).accumulate(features_of(features), random.integers(0, 2, ROWS).astype(np.int8))
    names = [NAMES[i] for i in random.integers(0, 2, ROWS)]
    versions = random.integers(0, 9, ROWS)
    wanted = np.full(ROWS, 0.5)
    for row in np.flatnonzero(versions):
        options, table = tables[names[row], versions[row]]
        predict(options, table, features_of(features), np.array([row]), wanted)
    predicted = predict_column(model_column(names, versions), features, store)
    assert predicted.type == DOUBLE
    assert predicted.validity is None
    assert predicted.values.tolist() == wanted.tolist()
    known = versions % 2 == 0
    some = predict_column(model_column(names, versions, known), features, store)
    assert some.valid().tolist() == known.tolist()
    assert some.values[known].tolist() == wanted[known].tolist()
    assert len(predict_column(model_column([], versions[:0]), features.slice(0, 0), store)) == 0
