"""Values as HBase keeps them: the encodings of its `Bytes` class, so that Flink's connector reads the same cells.

Numbers are big-endian; BOOLEAN is one byte, 0xFF or 0; DATE days, TIME milliseconds as four bytes; timestamps and
intervals eight bytes of milliseconds; DECIMAL four bytes of scale and the unscaled number in as few bytes as hold it.
NULL is no byte, for texts a literal.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from engine.changes import DTYPES, Array, Column
from engine.connectors.arrow import column_of, python_values
from engine.errors import UserError
from engine.types import DataType, Kind

_WIDTHS: dict[Kind, tuple[str, int]] = {
    Kind.BOOLEAN: ("i1", 1), Kind.TINYINT: ("i1", 1), Kind.SMALLINT: (">i2", 1), Kind.INT: (">i4", 1),
    Kind.BIGINT: (">i8", 1),
    Kind.FLOAT: (">f4", 1), Kind.DOUBLE: (">f8", 1), Kind.DATE: (">i4", 1), Kind.TIME: (">i4", 1000),
    Kind.TIMESTAMP: (">i8", 1000),
    Kind.TIMESTAMP_LTZ: (">i8", 1000), Kind.INTERVAL_TIME: (">i8", 1000), Kind.INTERVAL_MONTHS: (">i4", 1),
}
"""Stored type, and how many of our units make one of HBase's."""


def check_type(name: str, type: DataType) -> None:
    """Errors: `not_supported` for types that have no encoding."""
    if type.kind not in _WIDTHS and not type.has_views and not type.is_decimal:
        raise UserError("not_supported", f"HBase cannot hold column '{name}' of type {type}")


def encode(column: Column, null_text: bytes) -> list[bytes]:
    """The values as cells."""
    type = column.type
    if type.has_views:
        from engine.connectors.formats.views import flatten_views

        data, offsets = flatten_views(column.values, column.valid())
        whole, ends = data.tobytes(), offsets.tolist()
        cells = [whole[a:b] for a, b in zip(ends[:-1], ends[1:], strict=True)]
    elif type.is_decimal:
        cells = [b"" if v is None else _decimal(v) for v in python_values(column)]
    else:
        stored, unit = _WIDTHS[type.kind]
        values: Array = -column.values.astype(np.int8) if type.kind is Kind.BOOLEAN else column.values
        values = values // unit if unit > 1 else values
        whole, width = values.astype(stored).tobytes(), int(stored[-1])
        cells = [whole[i:i + width] for i in range(0, len(whole), width)]
    if column.validity is None:
        return cells
    null = null_text if type.is_string else b""
    return [cell if valid else null for cell, valid in zip(cells, column.validity.tolist(), strict=True)]


def _decimal(value: Decimal) -> bytes:
    sign, digits, exponent = value.as_tuple()
    unscaled = int("".join(map(str, digits))) * (-1 if sign else 1)
    scale = -exponent if isinstance(exponent, int) else 0
    size = (unscaled + (unscaled < 0)).bit_length() // 8 + 1
    return scale.to_bytes(4, "big", signed=True) + unscaled.to_bytes(size, "big", signed=True)


def decode(type: DataType, cells: Sequence[bytes | None], null_text: bytes) -> Column:
    """The column of some cells; None is a cell that is not there.

    Errors: `bad_cell` where a cell has not the length of its type.
    """
    null = null_text if type.is_string else b""
    valid = np.fromiter((c is not None and (c != null) for c in cells), np.bool_, len(cells))
    if type.has_views:
        return _texts(type, cells, valid)
    validity = None if valid.all() else valid
    if type.is_decimal:
        present = zip(cells, valid.tolist(), strict=True)
        return column_of(type, [_read_decimal(type, cell) if ok and cell else None for cell, ok in present])
    stored, unit = _WIDTHS[type.kind]
    empty = bytes(int(stored[-1]))
    whole = b"".join([c if ok and c else empty for c, ok in zip(cells, valid.tolist(), strict=True)])
    if len(whole) != len(cells) * len(empty):
        raise UserError("bad_cell", f"an HBase cell is no {type}: it has not {len(empty)} bytes")
    values = np.frombuffer(whole, stored)
    if type.kind is Kind.BOOLEAN:
        return Column(type, values != 0, validity)
    return Column(type, values.astype(DTYPES[type.kind]) * unit, validity)


def _texts(type: DataType, cells: Sequence[bytes | None], valid: Array) -> Column:
    from engine.connectors.formats.views import strings_to_views

    kept = [c if ok else None for c, ok in zip(cells, valid.tolist(), strict=True)]
    if type.is_string:
        for cell in kept:
            if cell and not cell.isascii():
                _check_utf8(cell)
    views, data = strings_to_views(kept)
    return Column(type, views, None if valid.all() else valid, (data,))


def _check_utf8(cell: bytes) -> None:
    try:
        cell.decode()
    except UnicodeDecodeError as error:
        raise UserError("bad_cell", f"an HBase cell of a text column is not UTF-8: {cell[:40]!r}") from error


def _read_decimal(type: DataType, cell: bytes) -> Decimal | None:
    from engine.connectors.formats.parsed import to_decimal

    scale = int.from_bytes(cell[:4], "big", signed=True)
    return to_decimal(Decimal(int.from_bytes(cell[4:], "big", signed=True)).scaleb(-scale), type.precision, type.scale)


