"""Groups of arrays as buffers, and back: two of each group, the schema of an Arrow batch and the batch.

What is a numpy array on one side is one on the other; the schema's fields say which are. Schemas are few: both sides
keep those that they have seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from engine.expressions.functions.user_running import Group
    from engine.workers.channel import Buffer

_NUMPY = b"numpy"


def pack(groups: Sequence[Group]) -> list[Buffer]:
    """The groups' buffers."""
    buffers: list[Buffer] = []
    for group in groups:
        arrays = [_arrow(values) for values in group]
        schema, text = _schema(tuple((a.type, v.dtype.str if isinstance(v, np.ndarray) else "")
                                     for a, v in zip(arrays, group, strict=True)))
        buffers.append(text)
        buffers.append(memoryview(pa.RecordBatch.from_arrays(arrays, schema=schema).serialize()) if arrays else b"")
    return buffers


def _arrow(values: Any) -> pa.Array:
    if not isinstance(values, np.ndarray):
        return values
    return pa.array(values.view(np.uint8) if values.dtype == np.bool_ else values)


@lru_cache(maxsize=512)
def _schema(fields: tuple[tuple[pa.DataType, str], ...]) -> tuple[pa.Schema, bytes]:
    made = pa.schema([pa.field(str(i), type, metadata={_NUMPY: dtype}) for i, (type, dtype) in enumerate(fields)])
    return made, made.serialize().to_pybytes()


def unpack(buffers: Sequence[bytearray]) -> list[Group]:
    """The groups again; their numpy arrays cannot be written. Raises pyarrow's errors where the bytes are none."""
    return [_unpacked(*_known(bytes(schema)), batch) for schema, batch in zip(buffers[::2], buffers[1::2], strict=True)]


@lru_cache(maxsize=512)
def _known(text: bytes) -> tuple[pa.Schema, tuple[str, ...]]:
    schema = pa.ipc.read_schema(pa.py_buffer(text))
    return schema, tuple(field.metadata[_NUMPY].decode() for field in schema)


def _unpacked(schema: pa.Schema, dtypes: Sequence[str], batch: bytearray) -> Group:
    if not dtypes:
        return []
    columns = pa.ipc.read_record_batch(pa.py_buffer(batch), schema).columns
    return [_numpy(c, dtype) if dtype else c for c, dtype in zip(columns, dtypes, strict=True)]


def _numpy(array: pa.Array, dtype: str) -> Any:
    values = array.to_numpy(zero_copy_only=True).view(dtype)
    values.flags.writeable = False
    return values
