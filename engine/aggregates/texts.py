"""Columns from and to Python values, where a result is text made in Python (names of models, JSON)."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from engine.changes import Array, Column
from engine.state.arena import scatter
from engine.types import STRING, DataType, Kind


def strings_of(texts: Sequence[str], type: DataType = STRING) -> Column:
    """A column of these strings."""
    encoded = [t.encode() for t in texts]
    data = np.frombuffer(b"".join(encoded) + bytes(8), np.uint8).copy()
    ends = np.cumsum([len(t) for t in encoded]).astype(np.int64)
    return Column(type, scatter(ends, data), None, (data,))


def text_of(view: Array) -> str:
    """The string of one view."""
    length = int(view[0]) & 0xFFFFFFFF
    if length <= 12:
        return view.tobytes()[4:4 + length].decode()
    return ctypes.string_at(int(view[1]), length).decode()


def values_of(column: Column) -> list[Any]:
    """A column's values as JSON has them; what JSON does not know as text."""
    kind = column.type
    if kind.has_views:
        found: list[Any] = [text_of(v) for v in column.values]
    elif kind.is_decimal:
        whole = column.values.tolist() if column.values.ndim == 1 else [
            (high << 64) | (low & (2**64 - 1)) for low, high in column.values.tolist()]
        found = [_number(Decimal(w).scaleb(-kind.scale)) for w in whole]
    elif kind.kind is Kind.ARRAY:
        inner = values_of(column.children[0])
        found = [inner[a:b] for a, b in zip(column.values, column.values[1:], strict=False)]
    elif kind.kind is Kind.ROW:
        parts = [values_of(c) for c in column.children]
        found = [dict(zip((f.name for f in kind.fields), row, strict=True)) for row in zip(*parts, strict=True)]
    elif kind.is_numeric or kind.kind is Kind.BOOLEAN:
        found = column.values.tolist()
    else:
        found = [_moment(kind, v) for v in column.values.tolist()]
    return [v if ok else None for v, ok in zip(found, column.valid(), strict=True)]


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _moment(kind: DataType, value: int) -> str:
    moment = np.datetime64(value, "D") if kind.kind is Kind.DATE else np.datetime64(value, "us")
    text = str(moment).replace("T", " ")
    return text.split(" ")[-1] if kind.kind is Kind.TIME else text
