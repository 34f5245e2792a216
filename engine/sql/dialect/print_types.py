"""Printing data types."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlglot import exp

from engine.sql.dialect import nodes

if TYPE_CHECKING:
    from engine.sql.dialect.generator import FlinkGenerator

D = exp.DType
_NAMES = {
    D.BOOLEAN: "BOOLEAN", D.TINYINT: "TINYINT", D.SMALLINT: "SMALLINT", D.INT: "INT", D.BIGINT: "BIGINT",
    D.FLOAT: "FLOAT", D.DOUBLE: "DOUBLE", D.DECIMAL: "DECIMAL", D.CHAR: "CHAR", D.VARCHAR: "VARCHAR", D.TEXT: "STRING",
    D.BINARY: "BINARY", D.VARBINARY: "VARBINARY", D.BLOB: "BYTES", D.DATE: "DATE", D.TIME: "TIME",
    D.TIMESTAMP: "TIMESTAMP", D.TIMESTAMPLTZ: "TIMESTAMP_LTZ", D.VARIANT: "VARIANT", D.NULL: "NULL",
}


def data_type(g: FlinkGenerator, e: exp.Expr) -> str:
    """The text of a DataType."""
    nullable = e.args.get("nullable")
    return _name(g, e) + ("" if nullable is None else " NULL" if nullable else " NOT NULL")


def _name(g: FlinkGenerator, e: exp.Expr) -> str:
    kind = e.this
    inner = g.commas(e.expressions)
    if isinstance(kind, exp.Interval):
        return g.sql(kind)
    if kind is D.ARRAY or kind is D.MAP:
        return f"{kind.name}<{inner}>"
    if kind is D.STRUCT:
        return f"ROW<{inner}>"
    if kind is D.TIMESTAMPTZ:
        return f"TIMESTAMP{f'({inner})' if inner else ''} WITH TIME ZONE"
    if kind is D.USERDEFINED:
        return _user_defined(g, e, inner)
    name = _NAMES.get(kind)
    if name is None:
        g.unsupported(f"Flink has no type {kind.name}")
        return str(kind.name)
    return f"{name}({inner})" if inner else name


def _user_defined(g: FlinkGenerator, e: exp.Expr, inner: str) -> str:
    kind = e.args["kind"]
    name = kind if isinstance(kind, str) else g.sql(kind)
    if not inner:
        return name
    return f"RAW({inner})" if kind == "RAW" else f"{name}<{inner}>"


def field(g: FlinkGenerator, e: exp.Expr) -> str:
    """The text of a Field."""
    return f"{g.sql(e.this)} {g.sql(e.args['kind'])}{g.part(e, 'comment', ' ')}"


PRINTERS: dict[type[exp.Expr], Callable[..., str]] = {
    exp.DataType: data_type, nodes.Field: field, exp.DataTypeParam: lambda g, e: g.sql(e.this),
}
