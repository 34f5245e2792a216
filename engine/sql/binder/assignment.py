"""Which types Flink stores into which without being told: the implicit casts of INSERT."""

from __future__ import annotations

from engine.types import BYTES_LIKE, CHARACTER, DATETIME, NUMERIC, DataType, Kind

_RANK = {Kind.TINYINT: 0, Kind.SMALLINT: 1, Kind.INT: 2, Kind.BIGINT: 3, Kind.DECIMAL: 4, Kind.FLOAT: 5, Kind.DOUBLE: 6}
_INTO_TIMESTAMP = frozenset({Kind.DATE, Kind.TIMESTAMP, Kind.TIMESTAMP_LTZ})


def assignable(source: DataType, target: DataType) -> bool:
    """Whether a value is converted by itself when it is written to a column."""
    if source.kind is Kind.NULL or source.same_as(target):
        return True
    if source.kind in NUMERIC and target.kind in NUMERIC:
        return _RANK[source.kind] <= _RANK[target.kind] or Kind.DECIMAL in (source.kind, target.kind)
    if source.kind in CHARACTER and target.kind in CHARACTER:
        return True
    if source.kind in BYTES_LIKE and target.kind in BYTES_LIKE:
        return True
    if target.kind in (Kind.TIMESTAMP, Kind.TIMESTAMP_LTZ):
        return source.kind in _INTO_TIMESTAMP
    if source.kind is target.kind and target.is_nested:
        return _nested(source, target)
    if source.kind in DATETIME and target.kind is source.kind:
        return True
    return source.kind is target.kind and not target.is_nested


def _nested(source: DataType, target: DataType) -> bool:
    if target.kind is Kind.ROW:
        return len(source.fields) == len(target.fields) and all(
            assignable(a.type, b.type) for a, b in zip(source.fields, target.fields))
    parts = ((source.element, target.element), (source.key, target.key))
    return all(assignable(a, b) for a, b in parts if a is not None and b is not None)
