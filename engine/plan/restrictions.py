"""Conditions that a source may check by itself: one column against constants (`engine.connectors.base.Term`)."""

from __future__ import annotations

from engine.expressions.nodes import MIRRORED, Call, Expression, InputRef, Literal
from engine.types import DataType, Kind

Restriction = tuple[int, str, tuple[int | str, ...]]
"""Column, operation (see `Term`), values as columns hold them."""

_COMPARISONS = MIRRORED | {"<>": "<>"}
_SETS = {"=": "IN", "<>": "NOT IN"}
_PRESENCE = ("IS NULL", "IS NOT NULL")
_MOMENTS = (Kind.DATE, Kind.TIME, Kind.TIMESTAMP, Kind.TIMESTAMP_LTZ)


def restriction_of(term: Expression) -> Restriction | None:
    """A term as a restriction of one column; None where it is none."""
    if isinstance(term, InputRef):
        return (term.index, "IN", (1,)) if term.type.kind is Kind.BOOLEAN else None
    if not isinstance(term, Call):
        return None
    column = _column(term.args[0]) if term.args else None
    if term.function in _PRESENCE and isinstance(column, InputRef) and _takes(column.type):
        return column.index, term.function, ()
    if term.function == "NOT" and isinstance(column, InputRef):
        return column.index, "IN", (0,)
    if term.function == "IN":
        return _listed(column, term.args[1:])
    if term.function in _COMPARISONS and len(term.args) == 2:
        return _compared(term.function, term.args[0], term.args[1])
    return None


def _compared(comparison: str, left: Expression, right: Expression) -> Restriction | None:
    if isinstance(left, Literal):
        left, right, comparison = right, left, _COMPARISONS[comparison]
    column, value = _column(left), _value(right, left.type)
    if column is None or value is None or not _takes(column.type):
        return None
    if comparison in _SETS:
        return column.index, _SETS[comparison], (value,)
    return None if column.type.is_string else (column.index, comparison, (value,))


def _listed(column: InputRef | None, items: tuple[Expression, ...]) -> Restriction | None:
    if column is None or not _takes(column.type):
        return None
    values = [_value(item, column.type) for item in items]
    return None if None in values else (column.index, "IN", tuple(v for v in values if v is not None))


def _column(expression: Expression) -> InputRef | None:
    """The column, without the casts that a comparison with a wider integer brings."""
    while (isinstance(expression, Call) and expression.function == "CAST" and expression.type.is_integer
           and _is_word(expression.args[0].type)):
        if not expression.args[0].type.is_integer or _bits(expression.type) < _bits(expression.args[0].type):
            return None
        expression = expression.args[0]
    return expression if isinstance(expression, InputRef) else None


def _bits(type: DataType) -> int:
    return (Kind.TINYINT, Kind.SMALLINT, Kind.INT, Kind.BIGINT).index(type.kind)


def _is_word(type: DataType) -> bool:
    return type.is_integer or type.kind is Kind.BOOLEAN or type.kind in _MOMENTS


def _takes(type: DataType) -> bool:
    return _is_word(type) or type.kind is Kind.VARCHAR


def _value(expression: Expression, compared: DataType) -> int | str | None:
    """The constant as a column of the compared type holds it."""
    if not isinstance(expression, Literal) or expression.value is None:
        return None
    type, value = expression.type, expression.value
    alike = type.kind is compared.kind or (type.is_integer and compared.is_integer)
    if isinstance(value, str):
        return value if type.is_string and compared.kind is Kind.VARCHAR else None
    return int(value) if alike and isinstance(value, int) else None
