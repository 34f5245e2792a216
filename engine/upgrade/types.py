"""Types as descriptions write them, and which changes of a type keep all values."""

from __future__ import annotations

import re

import numpy as np

from engine.changes import DTYPES, Array
from engine.types import MAX_LENGTH, DataType, Kind

_SIMPLE = re.compile(r"([A-Z_]+)(?:\((\d+)(?:, (\d+))?\))?( NOT NULL)?")
_NAMES = {"STRING": Kind.VARCHAR, "BYTES": Kind.VARBINARY}
_LENGTHS = frozenset({Kind.CHAR, Kind.VARCHAR, Kind.BINARY, Kind.VARBINARY})
_INTEGERS = (Kind.TINYINT, Kind.SMALLINT, Kind.INT, Kind.BIGINT)
_LONGER = frozenset({Kind.VARCHAR, Kind.VARBINARY})
_TIMES = frozenset({Kind.TIMESTAMP, Kind.TIMESTAMP_LTZ, Kind.TIME})


def parse(text: str) -> DataType | None:
    """A type from its text; None for types made of others."""
    match = _SIMPLE.fullmatch(text)
    kinds = {k.value: k for k in Kind} | _NAMES
    if match is None or match[1] not in kinds:
        return None
    kind, nullable = kinds[match[1]], match[4] is None
    first, second = (int(g) if g else 0 for g in (match[2], match[3]))
    if kind in _LENGTHS:
        return DataType(kind, nullable, length=first or MAX_LENGTH)
    return DataType(kind, nullable, precision=first, scale=second)


def holds(old: str, new: str) -> bool:
    """Whether a column of the new type can hold every value of the old one, unchanged."""
    if old in (new, f"{new} NOT NULL"):
        return True
    before, after = parse(old), parse(new)
    if before is None or after is None or (before.nullable and not after.nullable):
        return False
    if before.kind is not after.kind:
        wider = before.kind in _INTEGERS and after.kind in _INTEGERS
        if wider:
            return _INTEGERS.index(before.kind) <= _INTEGERS.index(after.kind)
        return (before.kind, after.kind) == (Kind.FLOAT, Kind.DOUBLE)
    if before.kind is Kind.DECIMAL:
        return before.scale == after.scale and before.precision <= after.precision
    if before.kind in _LONGER:
        return before.length <= after.length
    if before.kind in _TIMES:
        return before.precision <= after.precision
    return before.same_as(after)


def widen(values: Array, old: str, new: str) -> Array:
    """Fixed-width values in the layout of a type that `holds` them."""
    before, after = parse(old), parse(new)
    if before is None or after is None:
        return values
    if after.is_wide_decimal and not before.is_wide_decimal:
        return np.stack([values, values >> 63], axis=1)
    wanted = DTYPES.get(after.kind)
    return values if wanted is None or values.ndim > 1 or values.dtype == wanted else values.astype(wanted)
