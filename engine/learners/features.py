"""Feature vectors from columns: FEATURES(bits, 'name', value, ...) and FEATURE_CROSS(a, b, ...).

Text, integers and booleans are hashed with the feature's name to an index of value 1; FLOAT, DOUBLE and DECIMAL keep
their value at the index of their name; NULL and NaN are absent. `engine.learners.reference` defines the hash.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.changes import Array, Column
from engine.errors import UserError
from engine.learners.reference import WORD, text
from engine.types import ARRAY, BIGINT, FLOAT, INT, ROW, DataType, Kind

FEATURES_TYPE = ROW(("index", ARRAY(INT)), ("value", ARRAY(FLOAT)))
MOST_BITS = 26
_CATEGORIES = frozenset({Kind.BOOLEAN, Kind.TINYINT, Kind.SMALLINT, Kind.INT, Kind.BIGINT, Kind.CHAR, Kind.VARCHAR})
_NUMBERS = frozenset({Kind.FLOAT, Kind.DOUBLE, Kind.DECIMAL})


def check_feature(name: str, type: DataType) -> None:
    """UserError `feature_type` where values of this type cannot be a feature, or a part of one."""
    if type.kind not in _CATEGORIES | _NUMBERS:
        raise UserError("feature_type", f"feature '{name}' is {type}: a feature is text, a number or a boolean",
                        hint="cast it, or take its parts")


def hash_features(bits: int, names: Sequence[str], columns: Sequence[Column], rows: int) -> Column:
    """ROW<index ARRAY<INT>, value ARRAY<FLOAT>> of the rows, features in the order given, absent ones left out."""
    from engine.learners import feature_kernels

    index, value = np.empty((rows, len(names)), np.int32), np.ones((rows, len(names)), np.float32)
    present: Array | None = None
    for feature, (name, column) in enumerate(zip(names, columns)):
        _fill(feature, text(0, name), (1 << bits) - 1, column, index, value)
        floating = column.type.is_approximate
        if column.validity is None and not (floating and np.isnan(value[:, feature]).any()):
            continue
        if present is None:
            present = np.ones(index.shape, np.bool_)
        if column.validity is not None:
            present[:, feature] = column.validity
        if floating:
            feature_kernels.absent_numbers(value, feature, present)
    if present is None:
        return _vectors(np.arange(rows + 1, dtype=np.int64) * len(names), index.ravel(), value.ravel())
    offsets = np.empty(rows + 1, np.int64)
    kept_index, kept_value = np.empty(index.size + 1, np.int32), np.empty(index.size + 1, np.float32)
    count = feature_kernels.compact(index, value, present, offsets, kept_index, kept_value)
    return _vectors(offsets, kept_index[:count], kept_value[:count])


def _vectors(offsets: Array, index: Array, value: Array) -> Column:
    lists = tuple(Column(field.type, offsets, None, (), (Column(element, values),)) for field, element, values in zip(
        FEATURES_TYPE.fields, (INT, FLOAT), (index, value)))
    return Column(FEATURES_TYPE, np.zeros(len(offsets) - 1, np.int8), None, (), lists)


def _fill(feature: int, seed: int, mask: int, column: Column, index: Array, value: Array) -> None:
    from engine.learners import feature_kernels

    if column.type.kind in _NUMBERS:
        index[:, feature] = seed & mask
        with np.errstate(over="ignore"):
            value[:, feature] = as_double(column)
    elif column.type.is_string:
        from engine.state.memory import address

        views = np.ascontiguousarray(column.values)
        feature_kernels.index_text(address(views), len(index), np.uint64(seed), np.uint64(mask), index, feature)
    else:
        feature_kernels.index_whole(_as_whole(column), np.uint64(seed), np.uint64(mask), index, feature)


def feature_cross(columns: Sequence[Column], rows: int) -> Column:
    """BIGINT: a hash of several values, NULL where one of them is."""
    from engine.learners import feature_kernels
    from engine.state.memory import address

    h = np.zeros(rows, np.uint64)
    validity: Array | None = None
    for column in columns:
        if column.type.kind in _NUMBERS:
            values = as_double(column)
            feature_kernels.cross_bits(values, values.view(np.uint64), h)
        elif column.type.is_string:
            views = np.ascontiguousarray(column.values)
            feature_kernels.cross_text(address(views), h)
        else:
            feature_kernels.cross_whole(_as_whole(column), h)
        if column.validity is not None:
            validity = column.validity if validity is None else validity & column.validity
    return Column(BIGINT, h.view(np.int64), validity)


def _as_whole(column: Column) -> Array:
    return np.require(column.values.astype(np.int64, copy=False), requirements=["C", "W"])


def as_double(column: Column) -> Array:
    """Numbers as float64, correctly rounded; what NULL stands on is arbitrary."""
    values, scale = column.values, column.type.scale
    if column.type.kind is not Kind.DECIMAL:
        return np.require(values.astype(np.float64), requirements=["C", "W"])
    if values.ndim == 1 and len(values) and np.abs(values).max() <= 2**53 and scale <= 22:
        return np.asarray(values / 10.0**scale)
    whole = values.tolist() if values.ndim == 1 else [
        (high << 64) | (low & WORD) for low, high in values.tolist()]
    return np.array([number / 10**scale for number in whole], np.float64)
