"""PREDICT(model, features): the probability by the version of a model that each row was joined with."""

from __future__ import annotations

import ctypes
import threading

import numpy as np

from engine.changes import Array, Column
from engine.learners.samples import features_of
from engine.learners.store import ModelStore, Predictor
from engine.types import DOUBLE

_local = threading.local()


def predict_column(model: Column, features: Column, store: ModelStore) -> Column:
    """DOUBLE for each row: `model` is ROW<model STRING, version BIGINT, ...>, as FTRL and GAUSSIAN give it, `features`
    as FEATURES gives it. NULL where either, or the model's name or version, is NULL; 0.5 by version 0.

    UserError `unknown_model` where a version is not in the store.
    """
    name, version = model.children[:2]
    known = model.valid() & features.valid() & name.valid() & version.valid()
    out = np.zeros(len(known))
    vectors = features_of(features)
    predictor = _predictor(store)
    for word, rows in _by_name(name.values, np.flatnonzero(known)):
        predictor.predict(word, version.values[rows], vectors, rows, out)
    return Column(DOUBLE, out, None if known.all() else known)


def _predictor(store: ModelStore) -> Predictor:
    """This thread's predictor: its weights stay where the last batch left them."""
    held: Predictor | None = getattr(_local, "predictor", None)
    if held is None or held.store is not store:
        held = _local.predictor = Predictor(store)
    return held


def _by_name(views: Array, rows: Array) -> list[tuple[str, Array]]:
    """Rows by the model they name; seldom more than one."""
    if not len(rows):
        return []
    named = views[rows]
    if (named == named[0]).all():
        return [(_word(named[0]), rows)]
    distinct, which = np.unique(named, axis=0, return_inverse=True)
    return [(_word(view), rows[which.ravel() == i]) for i, view in enumerate(distinct)]


def _word(view: Array) -> str:
    length = int(view[0]) & 0xFFFFFFFF
    data = view.tobytes()[4:4 + length] if length <= 12 else ctypes.string_at(int(view[1]), length)
    return data.decode()
