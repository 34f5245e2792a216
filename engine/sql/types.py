"""Types written in SQL to the engine's types, and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sqlglot import exp

from engine import types as t
from engine.errors import NotSupported, UserError
from engine.sql.dialect import Field, UnitPrecision, place_of
from engine.sql.dialect.datatypes import TYPE_NAMES
from engine.sql.names import near
from engine.types import DataType, Kind, RowField

D = exp.DType
_MAX_DIGITS = 9

_PLAIN = {
    D.BOOLEAN: t.BOOLEAN, D.TINYINT: t.TINYINT, D.SMALLINT: t.SMALLINT, D.INT: t.INT, D.BIGINT: t.BIGINT,
    D.FLOAT: t.FLOAT, D.DOUBLE: t.DOUBLE, D.DATE: t.DATE, D.TEXT: t.STRING, D.BLOB: t.BYTES, D.NULL: t.NULL,
    D.VARIANT: DataType(Kind.VARIANT),
}
# A length or precision: type without one, and the range it may have.
_SIZED: dict[exp.DType, tuple[Callable[[int], DataType], int, int, int]] = {
    D.CHAR: (t.CHAR, 1, 1, t.MAX_LENGTH), D.VARCHAR: (t.VARCHAR, t.MAX_LENGTH, 1, t.MAX_LENGTH),
    D.BINARY: (t.BINARY, 1, 1, t.MAX_LENGTH), D.VARBINARY: (t.VARBINARY, t.MAX_LENGTH, 1, t.MAX_LENGTH),
    D.TIME: (t.TIME, 0, 0, _MAX_DIGITS), D.TIMESTAMP: (t.TIMESTAMP, 6, 0, _MAX_DIGITS),
    D.TIMESTAMPLTZ: (t.TIMESTAMP_LTZ, 6, 0, _MAX_DIGITS),
}
_WORDS = {"DESCRIPTOR": t.DESCRIPTOR, "BITMAP": t.BITMAP}
_MONTH_UNITS = frozenset({"YEAR", "QUARTER", "MONTH"})


def to_data_type(node: exp.DataType) -> DataType:
    """The type a tree names; what says nothing of NULL is nullable.

    Raises `UserError` for a number out of range ("bad_type"), `NotSupported` for types the engine has not.
    """
    return _kind(node).as_nullable(node.args.get("nullable") is not False)


def _kind(node: exp.DataType) -> DataType:
    kind = node.this
    if kind in _PLAIN:
        return _PLAIN[kind]
    if kind in _SIZED:
        return _sized(node)
    if kind is D.DECIMAL:
        return _decimal(node)
    if isinstance(kind, exp.Interval):
        return t.INTERVAL_MONTHS if _first_unit(kind.args["unit"]) in _MONTH_UNITS else t.INTERVAL_TIME
    if kind is D.ARRAY:
        return t.ARRAY(to_data_type(node.expressions[0]))
    if kind is D.MAP:
        key, value = node.expressions
        return t.MAP(to_data_type(key), to_data_type(value))
    if kind is D.STRUCT:
        return DataType(Kind.ROW, fields=_fields(node, node.expressions))
    if kind is D.USERDEFINED:
        return _named(node)
    raise NotSupported(f"The type {node.sql('flink')}", place=place_of(node))


def _numbers(node: exp.DataType) -> list[int]:
    return [int(each.this.this) for each in node.expressions]


def _sized(node: exp.DataType) -> DataType:
    make, size, least, most = _SIZED[node.this]
    for number in _numbers(node):
        if not least <= number <= most:
            raise _bad(node, f"takes a number from {least} to {most}")
        size = number
    return make(size)


def _decimal(node: exp.DataType) -> DataType:
    given = _numbers(node)
    precision, scale = (*given, *(10, 0)[len(given):])
    if not (1 <= precision <= t.MAX_DECIMAL and 0 <= scale <= precision):
        raise _bad(node, f"takes a precision from 1 to {t.MAX_DECIMAL} and a scale from 0 to the precision")
    return t.DECIMAL(precision, scale)


def _first_unit(unit: exp.Expression) -> str:
    while isinstance(unit, (exp.IntervalSpan, UnitPrecision)):
        unit = unit.this
    return unit.name


def _fields(node: exp.DataType, fields: list[Field]) -> tuple[RowField, ...]:
    made = []
    seen: set[str] = set()
    for field in fields:
        name = field.this.name
        if name in seen:
            raise _bad(node, f"has two fields '{name}'")
        seen.add(name)
        comment = field.args.get("comment")
        made.append(RowField(name, to_data_type(field.args["kind"]), None if comment is None else comment.this))
    return tuple(made)


def _named(node: exp.DataType) -> DataType:
    kind = node.args["kind"]
    if kind == "MULTISET":
        return t.MULTISET(to_data_type(node.expressions[0]))
    if kind in _WORDS:
        return _WORDS[kind]
    if kind == "RAW":
        return DataType(Kind.RAW, name=node.expressions[0].this)
    if kind == "STRUCTURED":
        name, *fields = node.expressions
        return DataType(Kind.ROW, name=name.this, fields=_fields(node, fields))
    raise UserError("unknown_type", f"there is no type {node.sql('flink')}", place=place_of(node),
                    hint=near(node.sql("flink"), TYPE_NAMES))


def _bad(node: exp.DataType, what: str) -> UserError:
    return UserError("bad_type", f"{node.sql('flink')} {what}", place=place_of(node))


# -- back

_AST_PLAIN = {of.kind: name for name, of in _PLAIN.items() if not of.has_views or of.kind is Kind.VARIANT}
_AST_SIZED = {make(1).kind: name for name, (make, *_) in _SIZED.items()}


def to_ast(data_type: DataType) -> exp.DataType:
    """The tree of a type; NOT NULL is said, NULL is not."""
    node = _ast(data_type)
    if not data_type.nullable:
        node.set("nullable", False)
    return node


def _ast(of: DataType) -> exp.DataType:
    kind = of.kind
    if kind in _AST_PLAIN:
        return exp.DataType(this=_AST_PLAIN[kind])
    if kind in (Kind.VARCHAR, Kind.VARBINARY) and of.length == t.MAX_LENGTH:
        return exp.DataType(this=D.TEXT if kind is Kind.VARCHAR else D.BLOB)
    if kind in _AST_SIZED:
        return _parameterised(_AST_SIZED[kind], of.length if of.has_views else of.precision)
    if kind is Kind.DECIMAL:
        return _parameterised(D.DECIMAL, of.precision, of.scale)
    if kind in (Kind.INTERVAL_MONTHS, Kind.INTERVAL_TIME):
        first, last = ("YEAR", "MONTH") if kind is Kind.INTERVAL_MONTHS else ("DAY", "SECOND")
        span = exp.IntervalSpan(this=exp.Var(this=first), expression=exp.Var(this=last))
        return exp.DataType(this=exp.Interval(unit=span))
    return _nested(of)


def _nested(of: DataType) -> exp.DataType:
    parts = [to_ast(part) for part in (of.key, of.element) if part is not None]
    if of.kind in (Kind.ARRAY, Kind.MAP):
        return exp.DataType(this=D.ARRAY if of.kind is Kind.ARRAY else D.MAP, expressions=parts, nested=True)
    if of.kind is Kind.MULTISET:
        return exp.DataType(this=D.USERDEFINED, kind="MULTISET", expressions=parts, nested=True)
    if of.kind is Kind.ROW:
        fields = [_field(field) for field in of.fields]
        if of.name:
            named = [exp.Literal.string(of.name), *fields]
            return exp.DataType(this=D.USERDEFINED, kind="STRUCTURED", expressions=named)
        return exp.DataType(this=D.STRUCT, expressions=fields, nested=True)
    if of.kind.value in _WORDS:
        return exp.DataType(this=D.USERDEFINED, kind=of.kind.value)
    raise NotSupported(f"Writing the type {replace(of, nullable=True)}")


def _field(field: RowField) -> Field:
    comment = None if field.description is None else exp.Literal.string(field.description)
    return Field(this=exp.to_identifier(field.name), kind=to_ast(field.type), comment=comment)


def _parameterised(kind: exp.DType, *numbers: int) -> exp.DataType:
    parameters = [exp.DataTypeParam(this=exp.Literal.number(number)) for number in numbers]
    return exp.DataType(this=kind, expressions=parameters)
