"""What users' Python code is given and what it may return: columns as numpy or pyarrow arrays, and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.changes import DTYPES, Array, Column
from engine.errors import RuntimeFault
from engine.types import DataType, Kind


def is_plain(type: DataType) -> bool:
    """Whether a type's values are one numpy number each, whose meaning is plain."""
    return type.kind in DTYPES and type.kind not in (Kind.DECIMAL, Kind.NULL, Kind.ROW)


def argument_of(column: Column) -> Any:
    """A column as a user's function gets it."""
    flat = is_plain(column.type)
    if flat and (column.validity is None or column.validity.all()):
        shared = column.values.view()
        shared.flags.writeable = False
        return shared
    import pyarrow as pa

    from engine.expressions.values import column_to_python

    if flat:
        return pa.array(column.values, mask=~column.valid())
    return pa.array(column_to_python(column), _arrow_type(column.type))


def _arrow_type(type: DataType) -> Any:
    """The Arrow type of values that users see."""
    import pyarrow as pa

    simple = {
        Kind.CHAR: pa.string(), Kind.VARCHAR: pa.string(), Kind.BINARY: pa.binary(), Kind.VARBINARY: pa.binary(),
        Kind.DATE: pa.date32(), Kind.TIME: pa.time64("us"), Kind.TIMESTAMP: pa.timestamp("us"), Kind.NULL: pa.null(),
        Kind.TIMESTAMP_LTZ: pa.timestamp("us", "UTC"), Kind.INTERVAL_TIME: pa.duration("us"),
    }
    if type.kind in simple:
        return simple[type.kind]
    if type.kind is Kind.DECIMAL:
        return pa.decimal128(type.precision, type.scale)
    if type.kind is Kind.ROW:
        return pa.struct([pa.field(f.name, _arrow_type(f.type)) for f in type.fields])
    if type.kind is Kind.ARRAY and type.element is not None:
        return pa.list_(_arrow_type(type.element))
    if type.kind is Kind.MULTISET and type.element is not None:
        return pa.map_(_arrow_type(type.element), pa.int32())
    if type.kind is Kind.MAP and type.key is not None and type.element is not None:
        return pa.map_(_arrow_type(type.key), _arrow_type(type.element))
    return pa.from_numpy_dtype(DTYPES[type.kind])


def result_column(name: str, result: Any, type: DataType, length: int) -> Column:
    """What a user's function returned, as a column; RuntimeFault "user_function" where it does not fit."""
    if not hasattr(result, "__len__") or len(result) != length:
        size = len(result) if hasattr(result, "__len__") else result.__class__.__name__
        raise RuntimeFault(f"function {name} returned {size} values for {length} rows", code="user_function")
    if isinstance(result, np.ndarray) and result.dtype != object and is_plain(type):
        return Column(type, _safely(name, result, type))
    from engine.expressions.values import column_from_python

    values = result.to_pylist() if hasattr(result, "to_pylist") else list(result)
    try:
        return column_from_python(type, [_value(v, type) for v in values])
    except (TypeError, ValueError, ArithmeticError, AttributeError, LookupError) as error:
        raise RuntimeFault(f"function {name} returned values that are no {type.as_nullable()}: {error}",
                           code="user_function") from None


def _value(value: Any, type: DataType) -> Any:
    """A value as `column_from_python` takes it: rows as tuples, no numpy scalars; raises what that raises."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None:
        return None
    if type.kind is Kind.ROW:
        parts = [value[f.name] for f in type.fields] if isinstance(value, dict) else list(value)
        if len(parts) != len(type.fields):
            raise ValueError(f"a row of {len(parts)} fields")
        return tuple(_value(p, f.type) for p, f in zip(parts, type.fields, strict=True))
    if type.kind is Kind.ARRAY and type.element is not None:
        return [_value(v, type.element) for v in value]
    if type.is_integer and not -(2 ** (bits := 8 * np.dtype(DTYPES[type.kind]).itemsize - 1)) <= value < 2**bits:
        raise ValueError(f"{value} is beyond it")
    if type.kind in (Kind.CHAR, Kind.VARCHAR) and not isinstance(value, str):
        raise TypeError(f"{value!r}")
    return value


def _safely(name: str, values: Array, type: DataType) -> Array:
    dtype = np.dtype(DTYPES[type.kind])
    if values.ndim != 1 or not np.can_cast(values.dtype, dtype, "same_kind"):
        raise RuntimeFault(f"function {name} returned {values.dtype} for {type.as_nullable()}", code="user_function")
    converted = np.ascontiguousarray(values, dtype)
    if dtype.kind == "i" and values.dtype != dtype and not np.array_equal(converted, values):
        raise RuntimeFault(f"function {name} returned values beyond {type.as_nullable()}", code="user_function")
    return converted
