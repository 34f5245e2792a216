"""Columns as texts, as Flink writes them into JSON, CSV and its print sink."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import numpy as np

from engine.bitmaps import text_of
from engine.changes import Column
from engine.connectors.arrow import python_values
from engine.types import BYTES, STRING, TIMESTAMPS, DataType, Kind


def timestamp_texts(column: Column, parting: str = " ", zone: str = "") -> list[str]:
    """yyyy-MM-dd HH:mm:ss and as many digits of fraction as there are; NULL gives any text."""
    texts = np.datetime_as_string(column.values.view("datetime64[us]")).tolist()
    return [f"{text[:10]}{parting}{_short_time(text[11:])}{zone}" for text in texts]


def _short_time(text: str) -> str:
    """HH:mm:ss.ffffff without the zeros at its end."""
    return text[:8] if text.endswith("000000") else text.rstrip("0")


def time_texts(column: Column) -> list[str]:
    """HH:mm:ss and as many digits of fraction as there are."""
    day = Column(column.type, np.ascontiguousarray(column.values))
    return [text[11:] for text in timestamp_texts(day)]


def date_texts(column: Column) -> list[str]:
    """yyyy-MM-dd."""
    texts: list[str] = np.datetime_as_string(column.values.astype("datetime64[D]")).tolist()
    return texts


def decimal_texts(column: Column) -> list[str]:
    """All digits of the scale, no exponent."""
    return ["" if v is None else format(v, "f") for v in python_values(column)]


def java_double(value: float) -> str:
    """A double as Java's Double.toString writes it: 1.0E10, 1.0E-4, Infinity."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        text = np.format_float_positional(value, unique=True, trim="0")
        return str(text)
    text = np.format_float_scientific(value, unique=True, trim="0", exp_digits=1)
    return str(text).replace("e+", "E").replace("e", "E")


def _floats(column: Column, show: Callable[[Any], str]) -> list[str]:
    return [show(v) for v in (column.values.tolist() if column.type.kind is Kind.DOUBLE else column.values)]


def plain_texts(column: Column, number: Callable[[Any], str]) -> list[str]:
    """Texts of a column that is not nested; `number` shows a double. NULL gives any text."""
    type = column.type
    if type.is_integer or type.is_interval:
        return list(map(str, column.values.tolist()))
    if type.kind is Kind.BOOLEAN:
        return ["true" if v else "false" for v in column.values.tolist()]
    if type.is_approximate:
        return _floats(column, number)
    if type.is_string:
        return [v or "" for v in python_values(column)]
    if type.kind in TIMESTAMPS:
        return timestamp_texts(column, " ", "Z" if type.kind is Kind.TIMESTAMP_LTZ else "")
    by_kind = {Kind.DATE: date_texts, Kind.TIME: time_texts, Kind.DECIMAL: decimal_texts}
    if type.kind in by_kind:
        return by_kind[type.kind](column)
    if type.is_bytes:
        return [base64.b64encode(v or b"").decode() for v in python_values(column)]
    if type.kind is Kind.BITMAP:
        return [text_of(v) if v else "" for v in python_values(column.with_type(BYTES))]
    if type.kind is Kind.VARIANT:
        return [v or "" for v in python_values(column.with_type(STRING))]
    return ["null"] * len(column)


def _json_number(value: Any) -> str:
    text = str(float(value)) if isinstance(value, float) else str(value)
    return text if text[-1].isdigit() else {"nan": '"NaN"', "inf": '"Infinity"', "-inf": '"-Infinity"'}[text]


def json_texts(column: Column, iso: bool) -> list[str]:
    """The values as JSON."""
    type = column.type
    if type.kind in TIMESTAMPS:
        zone = "Z" if type.kind is Kind.TIMESTAMP_LTZ else ""
        texts = [f'"{t}"' for t in timestamp_texts(column, "T" if iso else " ", zone)]
    elif type.is_nested:
        texts = _nested(column, lambda child: json_texts(child, iso), _json_row, _json_list, _json_map)
    elif type.is_string:
        texts = [json.dumps(t, ensure_ascii=False) for t in plain_texts(column, _json_number)]
    elif type.kind in (Kind.DATE, Kind.TIME) or type.is_bytes:
        texts = [f'"{t}"' for t in plain_texts(column, _json_number)]
    else:
        texts = plain_texts(column, _json_number)
    return with_null(column, texts, "null")


def with_null(column: Column, texts: list[str], null: str) -> list[str]:
    """The texts, `null` in the place of NULL."""
    if column.validity is None:
        return texts
    return [text if valid else null for text, valid in zip(texts, column.validity.tolist(), strict=True)]


def _json_row(type: DataType, fields: tuple[str, ...]) -> str:
    names = (json.dumps(f.name, ensure_ascii=False) for f in type.fields)
    return "{" + ",".join(f"{name}:{text}" for name, text in zip(names, fields, strict=True)) + "}"


def _json_list(items: list[str]) -> str:
    return "[" + ",".join(items) + "]"


def _json_map(keys: list[str], values: list[str]) -> str:
    names = (key if key.startswith('"') else f'"{key}"' for key in keys)
    return "{" + ",".join(f"{name}:{text}" for name, text in zip(names, values, strict=True)) + "}"


def _nested(column: Column, inner: Callable[[Column], list[str]], row: Callable[[DataType, tuple[str, ...]], str],
            items: Callable[[list[str]], str], entries: Callable[[list[str], list[str]], str]) -> list[str]:
    children = [inner(child) for child in column.children]
    if column.type.kind is Kind.ROW:
        return [row(column.type, fields) for fields in zip(*children, strict=True)]
    ends = column.values.tolist()
    spans = list(zip(ends[:-1], ends[1:], strict=True))
    if column.type.kind is Kind.ARRAY:
        return [items(children[0][a:b]) for a, b in spans]
    return [entries(children[0][a:b], children[1][a:b]) for a, b in spans]


def printed_texts(column: Column) -> list[str]:
    """The values as Flink's print sink shows them: NULL as null, lists as [a, b], maps as {k=v}, rows as +I[a, b]."""
    type = column.type
    if type.is_nested:
        texts = _nested(column, printed_texts, lambda _, fields: f"+I[{', '.join(fields)}]",
                        lambda items: f"[{', '.join(items)}]",
                        lambda keys, values: "{" + ", ".join(map("=".join, zip(keys, values, strict=True))) + "}")
    elif type.kind in TIMESTAMPS:
        texts = [t if t[-3:] != ":00" else t[:-3] for t in timestamp_texts(column, "T")]
        texts = [f"{t}Z" for t in texts] if type.kind is Kind.TIMESTAMP_LTZ else texts
    elif type.is_bytes:
        texts = [str([b - 256 if b > 127 else b for b in v or b""]) for v in python_values(column)]
    else:
        texts = plain_texts(column, java_double)
    return with_null(column, texts, "null")
