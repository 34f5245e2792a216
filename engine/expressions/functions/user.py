"""Scalar functions that users bring: `CREATE FUNCTION f AS 'package.module.name' LANGUAGE PYTHON`.

The target is called once per batch with one array per argument and returns an array of as many values:

- without NULLs, a number, boolean, date or time is a numpy array as `engine.changes` lays it out (dates are days,
times and timestamps microseconds); everything else, and every column with NULLs, is a pyarrow array;
- a result is a numpy array, a pyarrow array or a list of Python values (None is NULL).

Arrays that it gets are read-only. It declares its types by attributes: `arguments` (a sequence of type texts such as
"BIGINT", or None: any), `result` (a type text, or a function from the argument types' texts to one); `deterministic` is
True unless it says otherwise. A class is made an object once a session, a generator of random numbers in it, say, is
shared by the job's shards, which call it from several threads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.changes import DTYPES, Array, Column
from engine.errors import RuntimeFault, UserError
from engine.expressions.functions.base import Arguments, Context, Evaluate, Function, Infer
from engine.expressions.functions.signatures import bad_arguments
from engine.expressions.modules import described, import_user_module
from engine.expressions.rules import can_cast
from engine.types import DataType, Kind


@dataclass(frozen=True)
class UserFunction:
    """A user's function: what is called, and the types it takes (None: any) and gives."""

    name: str
    target: Callable[..., Any]
    arguments: tuple[DataType, ...] | None
    result: Callable[[tuple[DataType, ...]], DataType]
    deterministic: bool = True

    def as_function(self) -> Function:
        """The function as the catalogue has them."""
        return Function(_infer(self), _evaluate(self), strict=False, fallible=True, deterministic=self.deterministic,
                        folds=False, name=self.name)


def load(name: str, target: str, allowed: bool, parse_type: Callable[[str], DataType],
         folders: Sequence[Path] = ()) -> UserFunction:
    """Imports a user's function; UserError "python_not_allowed", "unknown_function", "bad_function".

    `allowed`: whether the session lets users bring code; `parse_type`: a type out of its SQL text; `folders`: where
    modules are looked for besides the installed packages.
    """
    if not allowed:
        raise UserError("python_not_allowed", f"function {name}: this session does not load users' code",
                        hint="it is allowed only where the operator of the engine says so")
    module, _, attribute = target.rpartition(".")
    if not module or not attribute:
        raise UserError("unknown_function", f"function {name}: '{target}' names no object of a module",
                        hint="CREATE FUNCTION ... AS 'module.object' LANGUAGE PYTHON")
    try:
        called = _object(import_user_module(module, folders), attribute)
        types = _declared_arguments(called, parse_type)
        result = _declared_result(called, parse_type)
    except UserError as error:
        error.message = f"function {name}: {error.message}"
        raise
    return UserFunction(name, called, types, result, bool(getattr(called, "deterministic", True)))


def _object(module: object, attribute: str) -> Callable[..., Any]:
    found = getattr(module, attribute, None)
    name = getattr(module, "__name__", "")
    if found is None:
        raise UserError("unknown_function", f"the module {name} has no '{attribute}'")
    try:
        called = found() if isinstance(found, type) else found
    except Exception as error:  # as in a module's own code
        raise UserError("bad_function", f"making a {attribute} raised {described(error)}") from error
    if not callable(called):
        raise UserError("bad_function", f"{name}.{attribute} cannot be called")
    return called


_HINT = "set .result to a type such as 'DOUBLE', and .arguments to a list of types"


def _declared_arguments(called: object, parse_type: Callable[[str], DataType]) -> tuple[DataType, ...] | None:
    texts = getattr(called, "arguments", None)
    if texts is None:
        return None
    if isinstance(texts, str) or not all(isinstance(t, str) for t in texts):
        raise UserError("bad_function", "its .arguments are no list of types", hint=_HINT)
    return tuple(parse_type(t) for t in texts)


def _declared_result(called: object, parse_type: Callable[[str], DataType]
                     ) -> Callable[[tuple[DataType, ...]], DataType]:
    declared = getattr(called, "result", None)
    if isinstance(declared, str):
        fixed = parse_type(declared)
        return lambda types: fixed
    if not callable(declared):
        raise UserError("bad_function", "it does not say its types", hint=_HINT)

    def result(types: tuple[DataType, ...]) -> DataType:
        try:
            text = declared([str(t) for t in types])
        except Exception as error:  # a user's code, once more
            raise UserError("bad_function", f"the result's type of {called!r} raised {described(error)}") from error
        if not isinstance(text, str):
            raise UserError("bad_function", f"the result's type of {called!r} is {text!r}", hint=_HINT)
        return parse_type(text)

    return result


def _infer(function: UserFunction) -> Infer:
    def infer(arguments: Arguments) -> DataType:
        wanted = function.arguments
        if wanted is None:
            return function.result(arguments.types)
        if len(wanted) != len(arguments.values):
            raise bad_arguments(arguments, f"it takes {len(wanted)} arguments")
        for i, (given, type) in enumerate(zip(arguments.types, wanted, strict=True)):
            if not can_cast(given, type):
                raise bad_arguments(arguments, f"argument {i + 1} must be {type}")
            arguments.coercions[i] = type
        return function.result(wanted)

    return infer


def _is_plain(type: DataType) -> bool:
    """Whether a type's values are one numpy number each, whose meaning is plain."""
    return type.kind in DTYPES and type.kind not in (Kind.DECIMAL, Kind.NULL, Kind.ROW)


def argument_of(column: Column) -> Any:
    """A column as a user's function gets it."""
    flat = _is_plain(column.type)
    if flat and (column.validity is None or column.validity.all()):
        shared = column.values.view()
        shared.flags.writeable = False
        return shared
    import pyarrow as pa

    from engine.expressions.values import column_to_python

    if flat:
        return pa.array(column.values, mask=~column.valid())
    return pa.array(column_to_python(column))


def _evaluate(function: UserFunction) -> Evaluate:
    def evaluate(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
        try:
            result = function.target(*(argument_of(a) for a in args))
        except UserError:
            raise
        except Exception as error:  # whatever a user's code raises is the user's to mend
            raise RuntimeFault(f"function {function.name} raised {described(error)}", code="user_function") from error
        return result_column(function, result, type, length)

    return evaluate


def result_column(function: UserFunction, result: Any, type: DataType, length: int) -> Column:
    """What a user's function returned, as a column; RuntimeFault "user_function" where it does not fit."""
    if not hasattr(result, "__len__") or len(result) != length:
        size = len(result) if hasattr(result, "__len__") else result.__class__.__name__
        raise RuntimeFault(f"function {function.name} returned {size} values for {length} rows", code="user_function")
    if isinstance(result, np.ndarray) and result.dtype != object and _is_plain(type):
        return Column(type, _safely(function, result, type))
    from engine.expressions.values import column_from_python

    values = result.to_pylist() if hasattr(result, "to_pylist") else list(result)
    try:
        return column_from_python(type, [_value(v, type) for v in values])
    except (TypeError, ValueError, ArithmeticError, AttributeError, LookupError) as error:
        raise RuntimeFault(f"function {function.name} returned values that are no {type.as_nullable()}: {error}",
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


def _safely(function: UserFunction, values: Array, type: DataType) -> Array:
    dtype = np.dtype(DTYPES[type.kind])
    if values.ndim != 1 or not np.can_cast(values.dtype, dtype, "same_kind"):
        raise RuntimeFault(f"function {function.name} returned {values.dtype} for {type.as_nullable()}",
                           code="user_function")
    converted = np.ascontiguousarray(values, dtype)
    if dtype.kind == "i" and values.dtype != dtype and not np.array_equal(converted, values):
        raise RuntimeFault(f"function {function.name} returned values beyond {type.as_nullable()}",
                           code="user_function")
    return converted
