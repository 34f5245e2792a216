"""BITMAP_...: sets of 32-bit integers as values."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from engine import bitmaps
from engine.changes import Array, Column
from engine.errors import RuntimeFault
from engine.expressions.functions.base import Arguments, Context, Function
from engine.expressions.functions.rows import per_row
from engine.expressions.functions.signatures import bad_arguments, signature
from engine.types import ARRAY, BIGINT, BITMAP, BYTES, INT, STRING, DataType, Kind


def _infer_build(arguments: Arguments) -> DataType:
    if len(arguments.values) != 1:
        raise bad_arguments(arguments, "it takes an array of integers")
    type = arguments.types[0]
    if type.kind is not Kind.NULL and (type.element is None or type.kind is not Kind.ARRAY
                                       or type.element.kind not in (Kind.TINYINT, Kind.SMALLINT, Kind.INT)):
        raise bad_arguments(arguments, "it takes an array of integers of 32 bits at most")
    arguments.coercions[0] = ARRAY(INT)
    return BITMAP.as_nullable(type.nullable)


def _build(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    from engine.expressions.values import column_from_python

    inner, offsets = args[0].children[0], args[0].values.tolist()
    valid = inner.valid()
    made = [bitmaps.of_numbers(inner.values[a:b][valid[a:b]]) for a, b in zip(offsets, offsets[1:], strict=False)]
    return column_from_python(type, made)


def _from_bytes(data: bytes) -> bytes:
    try:
        return bitmaps.written(bitmaps.members(data))
    except ValueError as error:
        raise RuntimeFault("Failed to deserialize bitmap from bytes", code="bad_bitmap",
                           hint=f"the bytes of a Roaring bitmap are wanted: {error}") from None


def _to_array(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    from engine.expressions.values import blobs

    sets = [bitmaps.members(data).view(np.int32) for data in blobs(args[0])]
    offsets = np.zeros(length + 1, np.int64)
    np.cumsum([len(s) for s in sets], out=offsets[1:])
    numbers = np.concatenate(sets) if sets else np.empty(0, np.int32)
    return Column(type, offsets, None, (), (Column(INT, numbers),))


def _combined(combine: Callable[[Array, Array], Array]) -> Function:
    def run(a: bytes, b: bytes) -> bytes:
        return bitmaps.written(combine(bitmaps.members(a), bitmaps.members(b)))

    return per_row(signature(BITMAP, "bitmap", "bitmap"), run)


def _same(data: bytes) -> bytes:
    return data


FUNCTIONS: dict[str, Function] = {
    "BITMAP_BUILD": Function(_infer_build, _build, dense=True),
    "BITMAP_FROM_BYTES": per_row(signature(BITMAP, "bytes"), _from_bytes, fallible=True),
    "BITMAP_TO_BYTES": per_row(signature(BYTES, "bitmap"), _same),
    "BITMAP_TO_ARRAY": Function(signature(ARRAY(INT), "bitmap"), _to_array, dense=True),
    "BITMAP_TO_STRING": per_row(signature(STRING, "bitmap"), bitmaps.text_of),
    "BITMAP_CARDINALITY": per_row(signature(BIGINT, "bitmap"), bitmaps.size_of),
    "BITMAP_AND": _combined(lambda a, b: np.intersect1d(a, b, assume_unique=True)),
    "BITMAP_OR": _combined(np.union1d),
    "BITMAP_XOR": _combined(lambda a, b: np.setxor1d(a, b, assume_unique=True)),
    "BITMAP_ANDNOT": _combined(lambda a, b: np.setdiff1d(a, b, assume_unique=True)),
}
