"""Columns from and to Arrow arrays, of all types; without copying where the layouts agree.

| type | Arrow |
|---|---|
| numbers, BOOLEAN, DATE | the same, bool_, date32 |
| TIME, TIMESTAMP, TIMESTAMP_LTZ, INTERVAL DAY TO SECOND | time64, timestamp, timestamp in UTC, duration, all in us |
| INTERVAL YEAR TO MONTH | int32 (months) |
| DECIMAL(p, s) | decimal128(p, s) |
| CHAR, VARCHAR / BINARY, VARBINARY | large_string / large_binary; string views and dictionaries are read, too |
| ARRAY / MAP, MULTISET / ROW | large_list / map / struct |
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa

from engine.changes import DTYPES, Array, Column, Mask, concat_columns, empty_values
from engine.errors import InternalError, UserError
from engine.types import INT, DataType, Kind

_SIMPLE: dict[Kind, pa.DataType] = {
    Kind.BOOLEAN: pa.bool_(), Kind.TINYINT: pa.int8(), Kind.SMALLINT: pa.int16(), Kind.INT: pa.int32(),
    Kind.BIGINT: pa.int64(), Kind.FLOAT: pa.float32(), Kind.DOUBLE: pa.float64(), Kind.DATE: pa.date32(),
    Kind.INTERVAL_MONTHS: pa.int32(), Kind.TIME: pa.time64("us"), Kind.TIMESTAMP: pa.timestamp("us"),
    Kind.TIMESTAMP_LTZ: pa.timestamp("us", "UTC"), Kind.INTERVAL_TIME: pa.duration("us"), Kind.NULL: pa.null(),
    Kind.CHAR: pa.large_string(), Kind.VARCHAR: pa.large_string(), Kind.BINARY: pa.large_binary(),
    Kind.VARBINARY: pa.large_binary(),
}
_MOMENTS = frozenset({Kind.TIME, Kind.TIMESTAMP, Kind.TIMESTAMP_LTZ})


@cache
def arrow_type(type: DataType) -> pa.DataType:
    """The Arrow type of a SQL type."""
    if type.kind is Kind.DECIMAL:
        return pa.decimal128(type.precision, type.scale)
    if type.kind is Kind.ARRAY:
        return pa.large_list(arrow_type(parts(type)[0]))
    if type.kind in (Kind.MAP, Kind.MULTISET):
        return pa.map_(*(arrow_type(part) for part in parts(type)))
    if type.kind is Kind.ROW:
        return pa.struct([pa.field(f.name, arrow_type(f.type)) for f in type.fields])
    if type.kind not in _SIMPLE:
        raise UserError("not_supported", f"values of type {type} cannot leave the engine")
    return _SIMPLE[type.kind]


def parts(type: DataType) -> tuple[DataType, ...]:
    """The types of a column's children."""
    if type.kind is Kind.ROW:
        return tuple(f.type for f in type.fields)
    found = {Kind.ARRAY: (type.element,), Kind.MULTISET: (type.element, INT.as_nullable(False)),
             Kind.MAP: (type.key, type.element)}.get(type.kind, ())
    return tuple(part for part in found if part is not None)


def to_arrow(column: Column) -> pa.Array:
    """The column as an Arrow array of `arrow_type`."""
    type, length = column.type, len(column)
    target = arrow_type(type)
    if type.kind is Kind.NULL:
        return pa.nulls(length)
    bitmap = _bitmap(column.validity)
    if type.has_views:
        from engine.connectors.formats.views import flatten_views

        data, offsets = flatten_views(column.values, column.valid())
        return pa.Array.from_buffers(target, length, [bitmap, pa.py_buffer(offsets), pa.py_buffer(data)])
    if type.kind is Kind.ROW:
        children = [to_arrow(child) for child in column.children]
        return pa.Array.from_buffers(target, length, [bitmap], children=children)
    if column.is_list:
        return _lists_to_arrow(column, target, bitmap)
    values = np.ascontiguousarray(column.values)
    if type.kind is Kind.BOOLEAN:
        values = np.packbits(values, bitorder="little")
    elif type.kind is Kind.DECIMAL and not type.is_wide_decimal:
        values = np.stack([values, values >> 63], axis=1)
    return pa.Array.from_buffers(target, length, [bitmap, pa.py_buffer(values)])


def _bitmap(validity: Mask | None) -> pa.Buffer | None:
    return None if validity is None else pa.py_buffer(np.packbits(validity, bitorder="little"))


def _lists_to_arrow(column: Column, target: pa.DataType, bitmap: pa.Buffer | None) -> pa.Array:
    offsets = np.ascontiguousarray(column.values)
    if column.type.kind is Kind.ARRAY:
        child = to_arrow(column.children[0])
        return pa.Array.from_buffers(target, len(column), [bitmap, pa.py_buffer(offsets)], children=[child])
    entry = target.field(0).type
    entries = pa.Array.from_buffers(entry, len(column.children[0]), [None],
                                    children=[to_arrow(c) for c in column.children])
    small = pa.py_buffer(offsets.astype(np.int32))
    return pa.Array.from_buffers(target, len(column), [bitmap, small], children=[entries])


def from_arrow(array: pa.Array | pa.ChunkedArray, type: DataType) -> Column:
    """An Arrow array as a column of `type`, cast where it is of another one.

    Errors: `type_mismatch` where the array cannot be cast.
    """
    if isinstance(array, pa.ChunkedArray):
        if array.num_chunks != 1:
            if array.num_chunks == 0:
                return from_arrow(pa.array([], array.type), type)
            return concat_columns([from_arrow(chunk, type) for chunk in array.chunks])
        array = array.chunk(0)
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if type.has_views:
        return _strings(array, type)
    validity = _validity(array)
    if type.kind is Kind.ROW and pa.types.is_struct(array.type):
        return _row(array, type, validity)
    if type.kind in (Kind.ARRAY, Kind.MAP, Kind.MULTISET):
        return _lists(array, type, validity)
    if type.kind is Kind.NULL:
        return Column(type, np.zeros(len(array), np.int8), np.zeros(len(array), np.bool_))
    return Column(type, _plain(_cast(array, arrow_type(type)), type, validity), validity)


def _cast(array: pa.Array, target: pa.DataType) -> pa.Array:
    if array.type == target:
        return array
    if pa.types.is_timestamp(array.type) and pa.types.is_timestamp(target):
        return array.cast(target, safe=False)  # the unit and the zone's name; never the instant
    try:
        return array.cast(target)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise UserError("type_mismatch", f"values of type {array.type} are not {target}: {error}") from error


def _validity(array: pa.Array) -> Mask | None:
    if array.null_count == 0:
        return None
    bitmap = array.buffers()[0]
    if bitmap is None:  # a null array
        return np.zeros(len(array), np.bool_)
    bits = np.unpackbits(np.frombuffer(bitmap, np.uint8), bitorder="little")
    return bits[array.offset:array.offset + len(array)].astype(np.bool_)


def _plain(array: pa.Array, type: DataType, validity: Mask | None) -> Array:
    """Values of a type of fixed width, 0 under NULL."""
    start, stop = array.offset, array.offset + len(array)
    data = array.buffers()[1]
    if data is None:
        return empty_values(type, len(array))
    if type.kind is Kind.BOOLEAN:
        values: Array = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")[start:stop].astype(np.bool_)
    elif type.kind is Kind.DECIMAL:
        limbs = np.frombuffer(data, np.int64)[2 * start:2 * stop].reshape(-1, 2)
        values = limbs if type.is_wide_decimal else limbs[:, 0].copy()
    else:
        values = np.frombuffer(data, DTYPES[type.kind])[start:stop]
    if validity is not None:
        values = np.where(validity[:, None] if values.ndim == 2 else validity, values, np.zeros(1, values.dtype))
    unit = 10 ** max(6 - type.precision, 0)
    if type.kind in _MOMENTS and unit > 1:
        values = values - values % unit
    return values


def _strings(array: pa.Array, type: DataType) -> Column:
    from engine.connectors.formats.views import resolve_views, views_of

    text = pa.types.is_string(array.type) or pa.types.is_large_string(array.type) or pa.types.is_string_view(array.type)
    raw = pa.types.is_binary(array.type) or pa.types.is_large_binary(array.type) or pa.types.is_binary_view(array.type)
    if not (text if type.is_string else text or raw):
        array = _cast(array, arrow_type(type))
    validity = _validity(array)
    buffers = array.buffers()
    start, stop = array.offset, array.offset + len(array)
    if pa.types.is_string_view(array.type) or pa.types.is_binary_view(array.type):
        blocks = [np.frombuffer(b, np.uint8) for b in buffers[2:]]
        stored = np.frombuffer(buffers[1], np.uint64).reshape(-1, 2)[start:stop]
        owners: tuple[object, ...] = tuple(blocks)
        views = resolve_views(stored, blocks)
    else:
        width = np.int64 if pa.types.is_large_string(array.type) or pa.types.is_large_binary(array.type) else np.int32
        data = np.frombuffer(buffers[2], np.uint8) if buffers[2] is not None else np.zeros(1, np.uint8)
        offsets = np.frombuffer(buffers[1], width)[start:stop + 1] if len(array) else np.zeros(1, np.int64)
        owners = (data,)
        views = views_of(data, offsets)
    if validity is not None:
        views[~validity] = 0
    return Column(type, views, validity, owners)


def _row(array: pa.StructArray, type: DataType, validity: Mask | None) -> Column:
    children = []
    for field in type.fields:
        i = array.type.get_field_index(field.name)
        if i < 0:
            raise UserError("type_mismatch", f"the data has no field '{field.name}' in {array.type}")
        children.append(from_arrow(array.field(i), field.type))
    return Column(type, np.zeros(len(array), np.int8), validity, (), tuple(children))


def _lists(array: pa.Array, type: DataType, validity: Mask | None) -> Column:
    if type.kind is Kind.ARRAY:
        if not (pa.types.is_list(array.type) or pa.types.is_large_list(array.type)):
            array = _cast(array, arrow_type(type))
        inner = [array.values]
    else:
        if not pa.types.is_map(array.type):
            array = _cast(array, arrow_type(type))
        inner = [array.keys, array.items]
    offsets = array.offsets.to_numpy().astype(np.int64) if len(array) else np.zeros(1, np.int64)
    first, last = int(offsets[0]), int(offsets[-1])
    if validity is not None and (np.diff(offsets)[~validity] != 0).any():
        raise InternalError("an Arrow list that is NULL has elements")
    children = tuple(from_arrow(v.slice(first, last - first), t) for v, t in zip(inner, parts(type), strict=True))
    return Column(type, offsets - first, validity, (), children)


def column_of(type: DataType, values: list[Any]) -> Column:
    """A column of Python values: None, bool, int, float, str, bytes, Decimal, date, time, datetime, timedelta, list,
    dict of a ROW's fields, list of pairs for a MAP or MULTISET.

    Errors: `type_mismatch` where a value is not of the type.
    """
    try:
        return from_arrow(pa.array(values, arrow_type(type)), type)
    except (pa.ArrowInvalid, pa.ArrowTypeError, TypeError, ValueError, OverflowError) as error:
        raise UserError("type_mismatch", f"not values of type {type}: {error}") from error


def python_values(column: Column) -> list[Any]:
    """The values as Python objects, the reverse of `column_of`."""
    values: list[Any] = to_arrow(column).to_pylist()
    return values
