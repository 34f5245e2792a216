"""Feature vectors from columns: FEATURES(bits, 'name', value, ...) and FEATURE_CROSS(a, b, ...).

Text, integers and booleans are hashed with the feature's name to an index of value 1; FLOAT, DOUBLE and DECIMAL keep
their value at the index of their name; NULL and NaN are absent. `engine.learners.reference` defines the hash.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

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


def keeps_number(type: DataType) -> bool:
    """Whether a feature of this type keeps its value, at the one index of its name."""
    return type.kind in _NUMBERS


def hash_features(bits: int, names: Sequence[str], columns: Sequence[Column], rows: int) -> Column:
    """ROW<index ARRAY<INT>, value ARRAY<FLOAT>> of the rows, features in the order given, absent ones left out."""
    from engine.learners import feature_kernels as k
    from engine.memory import address

    described = np.zeros((len(names), 4), np.int64)
    held: list[Array | None] = []
    for row, name, column in zip(described, names, columns):
        kind, values = _argument(column)
        valid = None if column.validity is None else np.ascontiguousarray(column.validity)
        held += [values, valid]
        row[:] = kind, address(values), 0 if valid is None else address(valid), _seed(name)
    offsets = np.empty(rows + 1, np.int64)
    index, value = np.empty(rows * len(names) + 1, np.int32), np.empty(rows * len(names) + 1, np.float32)
    count = k.vectors(described, rows, np.uint64((1 << bits) - 1), offsets, index, value)
    return _vectors(offsets, index[:count], value[:count])


@cache
def _seed(name: str) -> int:
    """The seed of a name as a signed word."""
    word = text(0, name)
    return word - (1 << 64) if word >> 63 else word


def _vectors(offsets: Array, index: Array, value: Array) -> Column:
    lists = tuple(Column(field.type, offsets, None, (), (Column(element, values),)) for field, element, values in zip(
        FEATURES_TYPE.fields, (INT, FLOAT), (index, value)))
    return Column(FEATURES_TYPE, np.zeros(len(offsets) - 1, np.int8), None, (), lists)


def _argument(column: Column) -> tuple[int, Array]:
    """How the kernel reads a column, and the values that it reads."""
    from engine.learners import feature_kernels as k

    if column.type.kind in _NUMBERS:
        return k.NUMBER, as_double(column)
    if column.type.is_string:
        return k.TEXT, np.ascontiguousarray(column.values)
    return k.WHOLE, np.ascontiguousarray(column.values.astype(np.int64, copy=False))


def feature_cross(columns: Sequence[Column], rows: int) -> Column:
    """BIGINT: a hash of several values, NULL where one of them is."""
    from engine.learners import feature_kernels
    from engine.memory import address

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
