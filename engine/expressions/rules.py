"""Flink's type rules: the common type of several, the decimal types of arithmetic, what may be cast to what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from engine.types import (
    APPROXIMATE,
    BYTES_LIKE,
    CHARACTER,
    DECIMAL,
    DOUBLE,
    EXACT,
    INTEGERS,
    MAX_DECIMAL,
    MAX_LENGTH,
    NULL,
    NUMERIC,
    TIMESTAMPS,
    DataType,
    Kind,
    RowField,
    is_nullable,
)

INTEGER_DIGITS = {Kind.TINYINT: 3, Kind.SMALLINT: 5, Kind.INT: 10, Kind.BIGINT: 19}
RANKS = {Kind.TINYINT: 1, Kind.SMALLINT: 2, Kind.INT: 3, Kind.BIGINT: 4, Kind.FLOAT: 5, Kind.DOUBLE: 6}


def as_decimal(type: DataType) -> DataType:
    """The DECIMAL that holds every value of an exact numeric type."""
    if type.kind is Kind.DECIMAL:
        return type
    return DECIMAL(INTEGER_DIGITS[type.kind], 0).as_nullable(type.nullable)


def adjusted(precision: int, scale: int) -> DataType:
    """DECIMAL(precision, scale), above 38 digits with the scale cut (down to 6) so that the whole part keeps its
    digits."""
    if precision <= MAX_DECIMAL:
        return DECIMAL(precision, scale)
    whole = precision - scale
    return DECIMAL(MAX_DECIMAL, max(MAX_DECIMAL - whole, min(scale, 6)))


def sum_type(a: DataType, b: DataType) -> DataType:
    """a + b, a - b."""
    scale = max(a.scale, b.scale)
    return adjusted(max(a.precision - a.scale, b.precision - b.scale) + scale + 1, scale)


def product_type(a: DataType, b: DataType) -> DataType:
    return adjusted(a.precision + b.precision + 1, a.scale + b.scale)


def quotient_type(a: DataType, b: DataType) -> DataType:
    scale = max(6, a.scale + b.precision + 1)
    return adjusted(a.precision - a.scale + b.scale + scale, scale)


def remainder_type(a: DataType, b: DataType) -> DataType:
    scale = max(a.scale, b.scale)
    return adjusted(max(1, min(a.precision - a.scale, b.precision - b.scale) + scale), scale)


def rounded_type(type: DataType, digits: int) -> DataType:
    """ROUND(DECIMAL, digits): one digit more where rounding can carry."""
    if digits >= type.scale:
        return DECIMAL(type.precision, type.scale)
    if digits < 0:
        return DECIMAL(min(MAX_DECIMAL, 1 + type.precision - type.scale), 0)
    return DECIMAL(1 + type.precision - type.scale + digits, digits)


def common_type(types: Iterable[DataType], moments: bool = False) -> DataType | None:
    """The least restrictive type that all values fit; None where there is none.

    `moments`: a DATE or TIME and a timestamp meet as a timestamp, as in Flink's own functions (COALESCE, arrays), while
    its SQL (CASE, comparisons, set operations) knows nothing they have in common.
    """
    listed = list(types)
    present = [t for t in listed if t.kind is not Kind.NULL]
    if not present:
        return NULL if listed else None
    merged: DataType | None = present[0]
    for type in present[1:]:
        merged = merged and _pair(merged, type, moments)
    return None if merged is None else merged.as_nullable(is_nullable(*listed) or len(present) < len(listed))


def _pair(a: DataType, b: DataType, moments: bool) -> DataType | None:
    if a.same_as(b):
        return a.as_nullable(a.nullable or b.nullable)
    for family in (CHARACTER, BYTES_LIKE):
        if a.kind in family and b.kind in family:
            return _text(a, b)
    if a.kind in NUMERIC and b.kind in NUMERIC:
        return _number(a, b)
    if a.kind is b.kind:
        return _same_kind(a, b, moments)
    kinds = {a.kind, b.kind}
    if kinds <= TIMESTAMPS or (moments and kinds & TIMESTAMPS and kinds <= TIMESTAMPS | {Kind.DATE, Kind.TIME}):
        kind = Kind.TIMESTAMP_LTZ if Kind.TIMESTAMP_LTZ in kinds else Kind.TIMESTAMP
        return DataType(kind, precision=max(t.precision for t in (a, b) if t.kind in TIMESTAMPS))
    return None


def _text(a: DataType, b: DataType) -> DataType:
    if a.kind is b.kind and a.length == b.length:
        return a
    varying = Kind.VARCHAR if a.kind in CHARACTER else Kind.VARBINARY
    return DataType(varying, length=min(MAX_LENGTH, max(a.length, b.length)))


def _number(a: DataType, b: DataType) -> DataType:
    if a.kind in EXACT and b.kind in EXACT:
        if a.kind in INTEGERS and b.kind in INTEGERS:
            return a if RANKS[a.kind] >= RANKS[b.kind] else b
        a, b = as_decimal(a), as_decimal(b)
        whole = min(max(a.precision - a.scale, b.precision - b.scale), MAX_DECIMAL)
        scale = min(max(a.scale, b.scale), MAX_DECIMAL - whole)
        return DECIMAL(whole + scale, scale)
    if Kind.DECIMAL in (a.kind, b.kind):
        return DOUBLE
    approximate = [t for t in (a, b) if t.kind in APPROXIMATE]
    return max(approximate, key=lambda t: RANKS[t.kind])


def _same_kind(a: DataType, b: DataType, moments: bool) -> DataType | None:
    match a.kind:
        case Kind.TIME | Kind.TIMESTAMP | Kind.TIMESTAMP_LTZ | Kind.INTERVAL_TIME:
            return replace(a, precision=max(a.precision, b.precision))
        case Kind.ARRAY | Kind.MULTISET | Kind.MAP:
            element = common_type([t for t in (a.element, b.element) if t], moments)
            key = common_type([t for t in (a.key, b.key) if t], moments) if a.key else None
            return None if element is None or (a.key and key is None) else replace(a, element=element, key=key)
        case Kind.ROW if len(a.fields) == len(b.fields) and a.name == b.name:
            merged = [common_type((x.type, y.type), moments) for x, y in zip(a.fields, b.fields, strict=True)]
            if any(t is None for t in merged):
                return None
            fields = tuple(RowField(f.name, t) for f, t in zip(a.fields, merged, strict=True) if t is not None)
            return replace(a, fields=fields)
        case Kind.INTERVAL_MONTHS:
            return a
    return None


def comparison_type(a: DataType, b: DataType) -> DataType | None:
    """The type in which a and b are compared; None where they cannot be: a string is no number, as in Flink."""
    if a.kind in CHARACTER and b.kind in CHARACTER or (a.kind in BYTES_LIKE and b.kind in BYTES_LIKE):
        return _text(a, b)
    for text, other in ((a, b), (b, a)):
        if text.kind in CHARACTER and other.kind not in CHARACTER | {Kind.NULL}:
            return None if other.is_nested or other.kind in BYTES_LIKE | NUMERIC else other
    return common_type((a, b))


_TEMPORAL = frozenset({Kind.DATE, Kind.TIMESTAMP, Kind.TIMESTAMP_LTZ})
_FROM_NUMBER = NUMERIC | {Kind.BOOLEAN} | CHARACTER
CAST_SOURCES: dict[Kind, frozenset[Kind]] = {
    Kind.BOOLEAN: INTEGERS | CHARACTER | {Kind.BOOLEAN},
    Kind.BINARY: CHARACTER | BYTES_LIKE | {Kind.RAW},
    Kind.VARBINARY: CHARACTER | BYTES_LIKE | {Kind.RAW},
    Kind.DECIMAL: _FROM_NUMBER,
    Kind.TINYINT: _FROM_NUMBER,
    Kind.SMALLINT: _FROM_NUMBER,
    Kind.INT: _FROM_NUMBER | {Kind.INTERVAL_MONTHS, Kind.INTERVAL_TIME},
    Kind.BIGINT: _FROM_NUMBER | {Kind.INTERVAL_MONTHS, Kind.INTERVAL_TIME},
    Kind.FLOAT: _FROM_NUMBER,
    Kind.DOUBLE: _FROM_NUMBER,
    Kind.DATE: CHARACTER | _TEMPORAL,
    Kind.TIME: CHARACTER | TIMESTAMPS | {Kind.TIME},
    Kind.TIMESTAMP: CHARACTER | _TEMPORAL | {Kind.TIME},
    Kind.TIMESTAMP_LTZ: CHARACTER | _TEMPORAL | {Kind.TIME},
    Kind.INTERVAL_MONTHS: frozenset({Kind.INTERVAL_MONTHS, *INTEGERS}),
    Kind.INTERVAL_TIME: frozenset({Kind.INTERVAL_TIME, *INTEGERS}),
    Kind.VARIANT: frozenset({Kind.VARIANT}),
    Kind.RAW: frozenset({Kind.RAW}),
}


def can_cast(source: DataType, target: DataType) -> bool:
    """Whether CAST(source AS target) is allowed. It may still fail for a value."""
    if source.kind is Kind.NULL or source.same_as(target):
        return True
    if target.kind in CHARACTER:
        return source.kind not in (Kind.SYMBOL, Kind.DESCRIPTOR, Kind.VARIANT)
    if target.is_nested:
        return _can_cast_nested(source, target)
    return source.kind in CAST_SOURCES.get(target.kind, frozenset())


def _can_cast_nested(source: DataType, target: DataType) -> bool:
    if source.kind is not target.kind:
        return False
    if target.kind is Kind.ROW:
        pairs: Sequence[tuple[DataType, DataType]] = [
            (a.type, b.type) for a, b in zip(source.fields, target.fields, strict=False)]
        return len(source.fields) == len(target.fields) and all(can_cast(a, b) for a, b in pairs)
    parts = [(source.element, target.element), (source.key, target.key)]
    return all(can_cast(a, b) for a, b in parts if a is not None and b is not None)
