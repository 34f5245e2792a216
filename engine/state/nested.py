"""Lists, maps, multisets and rows as canonical bytes, and back.

The bytes of a list are its length (32 bits) and the encodings (`engine.state.rows`) of its elements one after
another; of a map and a multiset the same with pairs, ordered by the pairs' bytes; of a row the encodings of its
fields. What is nested deeper is bytes within bytes. Equal values have equal bytes, so nested values compare, hash and
are kept as strings are.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.changes import Array, Column
from engine.memory import (
    Word,
    copy_bytes,
    kernel,
    load_u32,
    make_view,
    plain,
    store_u32,
    view_bytes,
    view_compare,
    view_length,
)
from engine.state import rows
from engine.state.layout import Frame, code_of, empty_array, frame_of
from engine.types import BYTES, DataType, Kind

_COUNT = DataType(Kind.INT, nullable=False)


def parts_of(type: DataType) -> tuple[DataType, ...]:
    """The types of the columns that hold what is in a nested value."""
    if type.kind is Kind.ROW:
        return tuple(f.type for f in type.fields)
    element = type.element
    assert element is not None
    if type.kind is Kind.MAP:
        assert type.key is not None
        return (type.key, element)
    return (element, _COUNT) if type.kind is Kind.MULTISET else (element,)


def encode_nested(column: Column) -> Column:
    """A column of the same rows whose values are views of canonical bytes (itself where its type is not nested)."""
    if not column.type.is_nested:
        return column
    parts = parts_of(column.type)
    inner = [encode_nested(child) for child in column.children]
    views, buffer = _encode_rows(parts, inner, len(inner[0]) if inner else len(column))
    if column.is_list:
        offsets = plain(column.values)
        order = np.arange(len(views), dtype=np.int64)
        if column.type.kind is not Kind.ARRAY:
            sort_runs(offsets, views, order)
        keep = buffer
        buffer = np.empty(list_bytes(offsets, views) + 1, np.uint8)
        lists = np.empty((len(column), 2), np.uint64)
        encode_lists(offsets, views, order, buffer, lists)
        del keep
        views = lists
    return Column(BYTES.as_nullable(column.type.nullable), views, column.validity, (buffer,))


def _encode_rows(types: Sequence[DataType], columns: Sequence[Column], length: int) -> tuple[Array, Array]:
    frame = frame_of([code_of(t) for t in types], columns, length)
    nullable = np.array([t.nullable for t in types], np.bool_)
    ends = np.empty(length + 1, np.int64)
    buffer = np.empty(rows.encoded_sizes(frame.desc, nullable, ends) + 1, np.uint8)
    views = np.empty((length, 2), np.uint64)
    encode_into(frame.desc, nullable, ends, buffer, views)
    return views, buffer


def decode_nested(column: Column) -> Column:
    """The inverse of `encode_nested`: `column` has the nested type, its values are views of canonical bytes."""
    kind = column.type
    views, length = plain(column.values), len(column.values)
    validity = np.ones(length, np.bool_) if column.validity is None else plain(column.validity)
    parts = parts_of(kind)
    lists = kind.kind is not Kind.ROW
    offsets = np.zeros(length + 1, np.int64)
    if lists:
        list_offsets(views, validity, offsets)
    count = int(offsets[-1]) if lists else length
    values = [empty_array(t, count) for t in parts]
    flags = [np.ones(count, np.bool_) if t.nullable else None for t in parts]
    frame = Frame([code_of(t) for t in parts], values, flags, count)
    nullable = np.array([t.nullable for t in parts], np.bool_)
    decode_lists(views, validity, offsets, lists, nullable, frame.desc)
    children = []
    for t, v, f in zip(parts, values, flags, strict=True):
        child = Column(t, v, f, column.owners if t.has_views or t.is_nested else ())
        children.append(decode_nested(child) if t.is_nested else child)
    top = offsets if lists else np.zeros(length, np.int8)
    return Column(kind, top, column.validity, (), tuple(children))


@kernel
def encode_into(desc: Array, nullable: Array, ends: Array, buffer: Array, views: Array) -> None:
    """Encode rows into an array."""
    rows.encode_rows(desc, nullable, ends, buffer.ctypes.data, views)


@kernel
def sort_runs(offsets: Array, views: Array, order: Array) -> None:
    """Within each list, order elements by their bytes (a shell sort: lists are short, and it needs no space)."""
    base = views.ctypes.data
    for r in range(len(offsets) - 1):
        first, count = offsets[r], offsets[r + 1] - offsets[r]
        gap = count // 2
        while gap > 0:
            for i in range(gap, count):
                item = order[first + i]
                j = i
                while j >= gap and view_compare(base + 16 * order[first + j - gap], base + 16 * item) > 0:
                    order[first + j] = order[first + j - gap]
                    j -= gap
                order[first + j] = item
            gap //= 2


@kernel
def list_bytes(offsets: Array, views: Array) -> Word:
    """The bytes that the encodings of all lists take."""
    base = views.ctypes.data
    total = 4 * (len(offsets) - 1)
    for i in range(offsets[0], offsets[-1]):
        total += view_length(base + 16 * i)
    return total


@kernel
def encode_lists(offsets: Array, views: Array, order: Array, buffer: Array, out: Array) -> None:
    """out[i] = view of list i's encoding in `buffer`: its length, then its elements' encodings."""
    base, at, target = views.ctypes.data, buffer.ctypes.data, out.ctypes.data
    for r in range(len(out)):
        first = at
        store_u32(at, np.uint32(offsets[r + 1] - offsets[r]))
        at += 4
        for i in range(offsets[r], offsets[r + 1]):
            element = base + 16 * order[i]
            length = view_length(element)
            copy_bytes(at, view_bytes(element), length)
            at += length
        make_view(target + 16 * r, first, at - first)


@kernel
def list_offsets(views: Array, validity: Array, offsets: Array) -> None:
    """offsets[1:] = running number of elements; a NULL list has none."""
    base = views.ctypes.data
    total = 0
    for i in range(len(views)):
        if validity[i]:
            total += np.int64(load_u32(view_bytes(base + 16 * i)))
        offsets[i + 1] = total


@kernel
def decode_lists(views: Array, validity: Array, offsets: Array, lists: bool, nullable: Array, desc: Array) -> None:
    """Decode the elements of all lists (or the fields of all rows, zeroed where the row is NULL)."""
    base = views.ctypes.data
    for i in range(len(views)):
        if not validity[i]:
            if not lists:
                rows.clear_row(desc, i)
            continue
        at = view_bytes(base + 16 * i)
        if not lists:
            rows.decode_row(at, nullable, desc, i)
            continue
        at += 4
        for j in range(offsets[i], offsets[i + 1]):
            at = rows.decode_row(at, nullable, desc, j)
