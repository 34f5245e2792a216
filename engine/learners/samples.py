"""Samples as the learners' kernels take them, made from columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.changes import Array, Column, take_lists
from engine.errors import RuntimeFault
from engine.learners.layout import MOST_FEATURES
from engine.types import Kind

UNKNOWN = -1  # the label of a sample that is predicted, but not learnt


@dataclass(frozen=True)
class Features:
    """Sparse rows: row i has `index` (int32) and `value` (float32) from `offsets[i]` to `offsets[i + 1]` (int64)."""

    offsets: Array
    index: Array
    value: Array

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def take(self, rows: Array) -> Features:
        """The rows at these positions."""
        offsets, at = take_lists(self.offsets, rows)
        return Features(offsets, self.index[at], self.value[at])


def features_of(column: Column) -> Features:
    """From ROW<index ARRAY<INT>, value ARRAY<FLOAT>>. A NULL row has no features; a NULL index or value is absent.

    RuntimeFault `features` where a row's two lists differ in length or hold more than 4,000 features.
    """
    index, value = column.children
    lengths = np.diff(index.values)
    if not np.array_equal(lengths, np.diff(value.values)):
        raise RuntimeFault("the lists `index` and `value` of a feature vector differ in length", code="features")
    if lengths.size and lengths.max() > MOST_FEATURES:
        raise RuntimeFault(f"a feature vector has {lengths.max():,} features, at most {MOST_FEATURES:,} are possible",
                           code="features")
    present = column.valid() & index.valid() & value.valid()
    if not present.all():
        return _drop_rows(index, value, present)
    if not np.array_equal(index.values, value.values):
        value = value.take(np.arange(len(value)))
        index = index.take(np.arange(len(index)))
    return Features(index.values, _index_of(index), _value_of(value))


def _drop_rows(index: Column, value: Column, present: Array) -> Features:
    rows = np.flatnonzero(present)
    _, index_at = take_lists(index.values, rows)
    _, value_at = take_lists(value.values, rows)
    offsets = np.zeros(len(present) + 1, np.int64)
    np.cumsum(np.where(present, np.diff(index.values), 0), out=offsets[1:])
    return Features(offsets, _index_of(index)[index_at], _value_of(value)[value_at])


def _index_of(lists: Column) -> Array:
    elements = lists.children[0]
    if elements.validity is None:
        return np.ascontiguousarray(elements.values, np.int32)
    return np.where(elements.validity, elements.values, -1).astype(np.int32)


def _value_of(lists: Column) -> Array:
    elements = lists.children[0]
    if elements.validity is None:
        return np.ascontiguousarray(elements.values, np.float32)
    return np.where(elements.validity, elements.values, 0).astype(np.float32)


def labels_of(column: Column, features: Column) -> Array:
    """int8: 1, 0, or UNKNOWN where the label or the whole feature vector is NULL. RuntimeFault `label` for others."""
    values = column.values
    if column.type.kind is Kind.DECIMAL:
        values = (values if values.ndim == 1 else values[:, 0]) / 10 ** column.type.scale
    known = column.valid() & features.valid()
    wrong = known & (values != 0) & (values != 1)
    if wrong.any():
        raise RuntimeFault(f"a label must be 0, 1, TRUE, FALSE or NULL, not {values[wrong][0]}", code="label")
    return np.where(known, values != 0, UNKNOWN).astype(np.int8)
