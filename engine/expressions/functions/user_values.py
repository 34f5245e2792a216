"""What users' Python code is given and what it may return: columns as numpy or pyarrow arrays, and back.

    argument_of(column)                     the engine's side: a column as users' code gets it
    returned(name, result, type, length)    the side where users' code ran: what it returned, checked, as an array
    column_of(array, type)                  the engine's side again

The arrays between the two sides are numpy arrays of a plain type's values, else pyarrow arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from engine.changes import DTYPES, Array, Column
from engine.errors import RuntimeFault, UserError
from engine.types import DataType, Kind

if TYPE_CHECKING:
    import pyarrow as pa

    Values: TypeAlias = Array | pa.Array
    """The values of a column as they go from one side to the other."""

WRONG = (TypeError, ValueError, ArithmeticError, AttributeError, LookupError)
"""What making a column of a user's values raises where they are not of its type (Arrow's errors are among them)."""


def is_plain(type: DataType) -> bool:
    """Whether a type's values are one numpy number each, whose meaning is plain."""
    return type.kind in DTYPES and type.kind not in (Kind.DECIMAL, Kind.NULL, Kind.ROW)


# ---- to users --------------------------------------------------------------------------------------------------------


def argument_of(column: Column) -> Values:
    """A column as a user's function gets it."""
    flat = is_plain(column.type)
    if flat and (column.validity is None or column.validity.all()):
        shared = column.values.view()
        shared.flags.writeable = False
        return shared
    import pyarrow as pa

    if flat:
        return pa.array(column.values, mask=~column.valid())
    from engine.connectors.arrow import to_arrow
    from engine.expressions.values import column_to_python

    try:
        array = to_arrow(column).cast(users_type(column.type))
        array.validate(full=True)
        return array
    except pa.ArrowInvalid:  # bytes that are no text were made a STRING
        return pa.array(column_to_python(column), users_type(column.type))


def users_type(type: DataType) -> pa.DataType:
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
        return pa.struct([pa.field(f.name, users_type(f.type)) for f in type.fields])
    if type.kind is Kind.ARRAY and type.element is not None:
        return pa.list_(users_type(type.element))
    if type.kind is Kind.MULTISET and type.element is not None:
        return pa.map_(users_type(type.element), pa.int32())
    if type.kind is Kind.MAP and type.key is not None and type.element is not None:
        return pa.map_(users_type(type.key), users_type(type.element))
    if type.kind not in DTYPES:
        raise UserError("not_supported", f"users' functions cannot be given values of type {type}")
    return pa.from_numpy_dtype(DTYPES[type.kind])


def python_values(array: pa.Array, type: DataType) -> list[Any]:
    """The values of an argument as `column_to_python` gives them: rows as tuples, maps as dictionaries."""
    return [_seen(v, type) for v in array.to_pylist()]


def _seen(value: Any, type: DataType) -> Any:
    if value is None or not type.is_nested:
        return value
    if type.kind is Kind.ROW:
        return tuple(_seen(value[f.name], f.type) for f in type.fields)
    if type.kind is Kind.ARRAY and type.element is not None:
        return [_seen(v, type.element) for v in value]
    return {_seen(k, type.key or type.element or type): _seen(v, type.element or type) if type.key else v
            for k, v in value}


# ---- from users ------------------------------------------------------------------------------------------------------


def returned(name: str, result: Any, type: DataType, length: int) -> Values:
    """What a user's function returned, as an array of its type; RuntimeFault "user_function" where it does not fit."""
    if not hasattr(result, "__len__") or len(result) != length:
        size = len(result) if hasattr(result, "__len__") else result.__class__.__name__
        raise _fault(f"function {name} returned {size} values for {length} rows")
    plain = is_plain(type)
    if plain and isinstance(result, np.ndarray) and result.dtype != object:
        return _safely(name, result, type)
    if (same := _as_it_is(result, type)) is not None:
        return same
    values = result.to_pylist() if hasattr(result, "to_pylist") else list(result)
    try:
        return _plain_values(values, type) if plain else _arrow_values(values, type)
    except WRONG as error:
        raise _fault(f"function {name} returned values that are no {type.as_nullable()}: {error}") from None


def _as_it_is(result: Any, type: DataType) -> pa.Array | None:
    """An Arrow array that has the type already."""
    import pyarrow as pa

    if isinstance(result, pa.ChunkedArray):
        result = result.combine_chunks()
    if not isinstance(result, pa.Array):
        return None
    if type.kind is Kind.VARCHAR and (pa.types.is_string(result.type) or pa.types.is_large_string(result.type)):
        return result
    number = type.is_integer or type.is_approximate or type.kind is Kind.BOOLEAN
    return result if number and result.type == pa.from_numpy_dtype(DTYPES[type.kind]) else None


def _plain_values(values: Sequence[Any], type: DataType) -> Values:
    import pyarrow as pa

    from engine.expressions.values import column_from_python

    column = column_from_python(type, [_checked(v, type) for v in values])
    return column.values if column.validity is None else pa.array(column.values, mask=~column.validity)


def _arrow_values(values: Sequence[Any], type: DataType) -> pa.Array:
    import pyarrow as pa

    return pa.array([_checked(v, type) for v in values], users_type(type))


def _checked(value: Any, type: DataType) -> Any:
    """A value as both `column_from_python` and Arrow take it: rows as tuples, no numpy scalars; raises one of
    `WRONG`."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None:
        return None
    if type.is_nested:
        return _nested(value, type)
    if type.kind is Kind.DECIMAL:
        from engine.expressions.values import scaled, unscaled

        return unscaled(scaled(value, type.scale), type.scale)
    if type.is_integer:
        return _whole(value, type)
    if type.is_string:
        if not isinstance(value, str):
            raise TypeError(f"{value!r}")
        return value.ljust(type.length) if type.kind is Kind.CHAR else value
    return value


def _whole(value: Any, type: DataType) -> int:
    if not isinstance(value, int):
        raise TypeError(f"{value!r} is no whole number")
    bits = 8 * np.dtype(DTYPES[type.kind]).itemsize - 1
    if not -(2**bits) <= value < 2**bits:
        raise ValueError(f"{value} is beyond it")
    return int(value)


def _nested(value: Any, type: DataType) -> Any:
    if type.kind is Kind.ROW:
        parts = [value[f.name] for f in type.fields] if isinstance(value, dict) else list(value)
        if len(parts) != len(type.fields):
            raise ValueError(f"a row of {len(parts)} fields")
        return tuple(_checked(p, f.type) for p, f in zip(parts, type.fields, strict=True))
    element = type.element or type
    if type.kind is Kind.ARRAY:
        return [_checked(v, element) for v in value]
    pairs = value.items() if isinstance(value, dict) else value
    if type.key is None:
        return [(_checked(k, element), int(v)) for k, v in pairs]
    return [(_checked(k, type.key), _checked(v, element)) for k, v in pairs]


def _safely(name: str, values: Array, type: DataType) -> Array:
    dtype = np.dtype(DTYPES[type.kind])
    if values.ndim != 1 or not np.can_cast(values.dtype, dtype, "same_kind"):
        raise _fault(f"function {name} returned {values.dtype} for {type.as_nullable()}")
    converted = np.ascontiguousarray(values, dtype)
    if dtype.kind == "i" and values.dtype != dtype and not np.array_equal(converted, values):
        raise _fault(f"function {name} returned values beyond {type.as_nullable()}")
    return converted


def _fault(message: str) -> RuntimeFault:
    return RuntimeFault(message, code="user_function")


def column_of(array: Values, type: DataType) -> Column:
    """The column of an array that `returned` has checked."""
    if isinstance(array, np.ndarray):
        return Column(type, array)
    from engine.connectors.arrow import from_arrow

    if not is_plain(type):
        return from_arrow(array, type)
    present = array.is_valid().to_numpy(zero_copy_only=False)
    filled = array.fill_null(False if type.kind is Kind.BOOLEAN else 0)
    values = np.ascontiguousarray(filled.to_numpy(zero_copy_only=False), DTYPES[type.kind])
    return Column(type, values, None if present.all() else present)
