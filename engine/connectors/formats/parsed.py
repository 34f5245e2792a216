"""From text and parsed JSON to Python values of a SQL type: the sound, slow way, for what the kernels leave."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from engine.connectors.formats.scanned import LIMITS
from engine.types import DataType, Kind

Reader = Callable[[Any], Any]


def reader_of(type: DataType, iso: bool, lenient: bool) -> Reader:
    """From a parsed JSON value to a Python value of a type; the function raises ValueError where it is not one.

    `iso`: timestamps have a T. `lenient`: a wrong value inside a nested one becomes NULL.
    """
    inner = _inner_reader(type, iso, lenient)

    def read(value: Any) -> Any:
        if value is None:
            return None
        try:
            return inner(value)
        except (ValueError, ArithmeticError):
            if lenient:
                return None
            raise

    return read


def _inner_reader(type: DataType, iso: bool, lenient: bool) -> Reader:
    if type.kind is Kind.ARRAY and type.element is not None:
        element = reader_of(type.element, iso, lenient)
        return lambda value: [element(item) for item in _expect(value, list)]
    if type.kind is Kind.MAP and type.key is not None and type.element is not None:
        key, item = reader_of(type.key, iso, lenient), reader_of(type.element, iso, lenient)
        return lambda value: [(key(k), item(v)) for k, v in _expect(value, dict).items()]
    if type.kind is Kind.MULTISET and type.element is not None:
        member = reader_of(type.element, iso, lenient)
        return lambda value: [(member(k), int(v)) for k, v in _expect(value, dict).items()]
    if type.kind is Kind.ROW:
        fields = [(f.name, reader_of(f.type, iso, lenient)) for f in type.fields]
        return lambda value: {name: read(_expect(value, dict).get(name)) for name, read in fields}
    if type.is_bytes:
        return lambda value: base64.b64decode(_expect(value, str), validate=True)
    if type.is_decimal:
        return lambda value: to_decimal(value, type.precision, type.scale)
    return _scalar_reader(type, iso)


def _expect(value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        raise ValueError(f"not a {kind.__name__}")
    return value


def to_decimal(value: Any, precision: int, scale: int) -> Decimal | None:
    """A DECIMAL(precision, scale), rounded half up; None where it has too many digits."""
    if isinstance(value, bool) or not isinstance(value, (int, str, Decimal)):
        raise ValueError("not a number")
    number = Decimal(value.strip() if isinstance(value, str) else value)
    if not number.is_finite():
        raise ValueError("not a finite number")
    if number and number.adjusted() >= precision - scale:
        return None
    rounded = number.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP, Context(prec=80))
    return rounded if not rounded or rounded.adjusted() < precision - scale else None


def _scalar_reader(type: DataType, iso: bool) -> Reader:
    if type.is_string:
        return lambda value: value if isinstance(value, str) else json.dumps(value, default=str, separators=(",", ":"))
    if type.kind is Kind.BOOLEAN:
        return lambda value: value if isinstance(value, bool) else str(value).strip().lower() == "true"
    if type.kind in LIMITS:
        limit = LIMITS[type.kind]
        return lambda value: _integer(value, limit)
    if type.is_approximate:
        return lambda value: float(_number(value))
    if type.kind is Kind.DATE:
        return lambda value: dt.date.fromisoformat(_expect(value, str))
    if type.kind is Kind.TIME:
        return lambda value: dt.time.fromisoformat(_expect(value, str))
    return lambda value: _moment(_expect(value, str), type, iso)


def _number(value: Any) -> Any:
    if isinstance(value, (bool, list, dict)):
        raise ValueError("not a number")
    return value


def _integer(value: Any, limit: int) -> int:
    number = int(_number(value))
    if not -limit - 1 <= number <= limit:
        raise ValueError("out of range")
    return number


def _moment(text: str, type: DataType, iso: bool) -> dt.datetime:
    zoned = type.kind is Kind.TIMESTAMP_LTZ
    if text[10:11] != ("T" if iso else " ") or text.endswith("Z") != zoned:
        raise ValueError("not a timestamp of the format")
    moment = dt.datetime.fromisoformat(text.removesuffix("Z"))
    return moment.replace(tzinfo=dt.UTC) if zoned else moment


def delimited_reader(type: DataType, delimiter: str) -> Callable[[bytes], Any]:
    """From the text of a CSV field to a Python value: arrays and rows are parted by a delimiter, an empty text has no
    elements.
    """
    if type.kind is Kind.ARRAY and type.element is not None:
        element = reader_of(type.element, False, False)
        return lambda raw: [element(item) for item in raw.decode().split(delimiter)] if raw else []
    if type.kind is Kind.ROW:
        fields = [(f.name, reader_of(f.type, False, False)) for f in type.fields]
        return lambda raw: _row(raw.decode().split(delimiter), fields)
    whole = reader_of(type, False, False)
    return lambda raw: whole(raw.decode())


def _row(items: list[str], fields: list[tuple[str, Reader]]) -> dict[str, Any]:
    if len(items) != len(fields):
        raise ValueError("not as many fields as the ROW has")
    return {name: read(item) for item, (name, read) in zip(items, fields, strict=True)}
