"""What requests give, as columns: each value checked, errors by row and column."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any

from engine.changes import Column
from engine.connectors.arrow import column_of
from engine.errors import UserError
from engine.types import DataType, Field, Kind

Row = Mapping[str, Any]
MOST_ROWS = 1000
_WIDTHS = {Kind.TINYINT: 8, Kind.SMALLINT: 16, Kind.INT: 32, Kind.BIGINT: 64}


def check_names(rows: Sequence[Row], known: Sequence[str]) -> None:
    """UserError where there are too many rows, or a name that is not known."""
    if not 0 < len(rows) <= MOST_ROWS:
        raise UserError("bad_request", f"a request has 1 to {MOST_ROWS:,} rows, this one {len(rows):,}")
    for number, row in enumerate(rows):
        for name in row:
            if name not in known:
                near = get_close_matches(name, known, 1)
                raise UserError("unknown_column", f"row {number}: there is no input '{name}'",
                                hint=f"did you mean '{near[0]}'?" if near else f"inputs are {', '.join(known)}")


def column(field: Field, values: Sequence[Any]) -> Column:
    """Values of one input. UserError `bad_value` names row and input."""
    checked = []
    for number, value in enumerate(values):
        try:
            checked.append(None if value is None else python_value(field.type, value))
        except (TypeError, ValueError, InvalidOperation) as error:
            raise UserError("bad_value", f"row {number}, input '{field.name}': {_shown(value)} is not a value of type "
                            f"{field.type}", hint=str(error) or None) from None
    return column_of(field.type, checked)


def python_value(type: DataType, value: Any) -> Any:
    """A JSON value as Python's; ValueError where it is not of the type."""
    kind = type.kind
    if kind in _WIDTHS:
        return _whole(value, _WIDTHS[kind])
    if kind in (Kind.DOUBLE, Kind.FLOAT):
        return _number(value)
    if kind is Kind.BOOLEAN:
        return _checked(value, bool, "write true or false")
    if type.is_string:
        return _checked(value, str, "write a text")
    if type.is_decimal:
        return Decimal(_checked(value, str, "write the digits as a text")) if isinstance(value, str) else Decimal(
            str(_number(value)))
    parse = {Kind.DATE: date.fromisoformat, Kind.TIME: time.fromisoformat, Kind.TIMESTAMP: datetime.fromisoformat,
             Kind.TIMESTAMP_LTZ: datetime.fromisoformat}.get(kind)
    if parse is None:
        raise ValueError(f"values of type {type} cannot be given in a request")
    return parse(_checked(value, str, "write it as ISO 8601 has it"))


def _whole(value: Any, bits: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("write a whole number")
    if not -(2 ** (bits - 1)) <= value < 2 ** (bits - 1):
        raise ValueError("it is out of range")
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("write a number")
    return float(value)


def _checked(value: Any, kind: type[Any], hint: str) -> Any:
    if not isinstance(value, kind):
        raise ValueError(hint)
    return value


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
