"""Values between columns and databases. Postgres takes and gives Python's types; SQLite has numbers, text and bytes:
dates and times are text as ISO 8601 has them there, DECIMAL is text, BOOLEAN 0 or 1.

| type | Postgres | SQLite |
|---|---|---|
| TINYINT, SMALLINT, INT, BIGINT, FLOAT, DOUBLE | the same | INTEGER, REAL |
| DECIMAL(p, s) | numeric | TEXT, or any number |
| BOOLEAN | boolean | 0 or 1 |
| CHAR, VARCHAR | text, character varying; json and uuid are read as text | TEXT |
| BINARY, VARBINARY | bytea | BLOB |
| DATE, TIME, TIMESTAMP, TIMESTAMP_LTZ | date, time, timestamp, timestamptz | TEXT |
| ARRAY of these | arrays | not supported |
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np

from engine.changes import DTYPES, Column
from engine.connectors.arrow import column_of, python_values
from engine.connectors.base import Term
from engine.errors import UserError
from engine.types import DataType, Kind

_NUMBERS = {Kind.TINYINT, Kind.SMALLINT, Kind.INT, Kind.BIGINT}


def check_type(table: str, name: str, type: DataType, dialect: str) -> None:
    """Errors: `not_supported` for types that the database cannot hold."""
    kind = type.kind
    held = type.is_integer or type.has_views or kind in _READ
    if kind is Kind.ARRAY and type.element is not None and dialect == "postgres":
        check_type(table, name, type.element, dialect)
    elif not held or kind in (Kind.RAW, Kind.VARIANT):
        raise UserError("not_supported", f"table {table}: column '{name}' of type {type} cannot be kept in "
                        f"{'SQLite' if dialect == 'sqlite' else 'Postgres'}")


def parameters(columns: Sequence[Column], dialect: str) -> list[tuple[Any, ...]]:
    """Rows as a statement takes them."""
    if not columns:
        return []
    made = []
    for column in columns:
        values = python_values(column)
        if dialect == "sqlite" and column.type.kind in _TO_SQLITE:
            convert = _TO_SQLITE[column.type.kind]
            values = [None if value is None else convert(value) for value in values]
        made.append(values)
    return list(zip(*made, strict=True))


def column_from(type: DataType, values: Sequence[Any]) -> Column:
    """A column of what a database gave. UserError `type_mismatch` where a value is none of the type."""
    return column_of(type, [_read(type, value) for value in values])


def _read(type: DataType, value: Any) -> Any:
    if value is None:
        return None
    try:
        if type.kind is Kind.ARRAY and type.element is not None:
            element = type.element
            return [_read(element, part) for part in value]
        if type.kind in _NUMBERS:
            return _whole(value)
        if type.kind is Kind.DECIMAL:
            return Decimal(str(value)).quantize(Decimal(1).scaleb(-type.scale), ROUND_HALF_UP)
        return _READ[type.kind](value)
    except (ValueError, TypeError, ArithmeticError) as error:
        raise UserError("type_mismatch", f"{value!r} is no {type}") from error


def _whole(value: Any) -> int:
    number = int(value)
    if number != value and not isinstance(value, str):
        raise ValueError("a fraction")
    return number


def _text(value: Any) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return value.decode() if isinstance(value, bytes) else str(value)


def _bytes(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value)


def _moment(value: Any) -> datetime:
    found = value if isinstance(value, datetime) else datetime.fromisoformat(_text(value))
    return found.replace(tzinfo=None)


def _instant(value: Any) -> datetime:
    found = value if isinstance(value, datetime) else datetime.fromisoformat(_text(value))
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _date(value: Any) -> date:
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else datetime.fromisoformat(_text(value)).date()


def _time(value: Any) -> time:
    return (value if isinstance(value, time) else time.fromisoformat(_text(value))).replace(tzinfo=None)


_READ: dict[Kind, Callable[[Any], Any]] = {
    Kind.BOOLEAN: bool, Kind.FLOAT: float, Kind.DOUBLE: float, Kind.DECIMAL: Decimal, Kind.CHAR: _text,
    Kind.VARCHAR: _text, Kind.BINARY: _bytes, Kind.VARBINARY: _bytes, Kind.DATE: _date, Kind.TIME: _time,
    Kind.TIMESTAMP: _moment, Kind.TIMESTAMP_LTZ: _instant,
}  # fmt: skip
_TO_SQLITE: dict[Kind, Callable[[Any], Any]] = {
    Kind.BOOLEAN: int, Kind.DECIMAL: str, Kind.DATE: date.isoformat, Kind.TIME: time.isoformat,
    Kind.TIMESTAMP: lambda value: value.isoformat(" "), Kind.TIMESTAMP_LTZ: lambda value: value.isoformat(" "),
}  # fmt: skip


def is_checked(type: DataType, dialect: str) -> bool:
    """Whether the database may check a term on a column of this type by itself: as it keeps and compares the values,
    not as text that can be written in several ways."""
    return type.is_integer or type.kind is Kind.VARCHAR or (dialect == "postgres" and type.kind in _READ)


def term_parameters(term: Term, type: DataType, dialect: str) -> tuple[Any, ...]:
    """A term's values as a statement takes them."""
    if type.is_string or type.is_integer:
        return term.values
    held = Column(type, np.array(term.values, DTYPES[type.kind]))
    return tuple(row[0] for row in parameters([held], dialect))
