"""Scalar functions that users bring: `CREATE FUNCTION f AS 'package.module.name' LANGUAGE PYTHON`.

The target is called once per batch with one array per argument and returns an array of as many values:

- without NULLs, a number, boolean, date or time is a numpy array as `engine.changes` lays it out (dates are days,
times and timestamps microseconds); everything else, and every column with NULLs, is a pyarrow array;
- a result is a numpy array, a pyarrow array or a list of Python values (None is NULL).

It declares its types by attributes: `arguments` (a sequence of type texts such as "BIGINT", or None: any), `result`
(a type text, or a function from the argument types' texts to one); `deterministic` is True unless it says otherwise.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.changes import DTYPES, Array, Column
from engine.errors import RuntimeFault, UserError
from engine.expressions.functions.base import Arguments, Context, Evaluate, Function, Infer
from engine.expressions.functions.signatures import bad_arguments
from engine.expressions.rules import can_cast
from engine.types import DataType, Kind


@dataclass(frozen=True)
class UserFunction:
    """A user's function: what is called, and the types it takes (None: any) and gives."""

    name: str
    target: Callable[..., Any]
    arguments: tuple[DataType, ...] | None
    result: DataType
    deterministic: bool = True

    def as_function(self) -> Function:
        """The function as the catalogue has them."""
        return Function(_infer(self), _evaluate(self), strict=False, fallible=True, deterministic=self.deterministic,
                        folds=False, name=self.name)


def load(name: str, target: str, allowed: bool, parse_type: Callable[[str], DataType]) -> UserFunction:
    """Imports a user's function; UserError "not_allowed", "unknown_function", "bad_function".

    `allowed`: whether the session lets users bring code; `parse_type`: a type out of its SQL text.
    """
    if not allowed:
        raise UserError("not_allowed", f"function {name}: this session does not load users' code",
                        hint="it is allowed only where the operator of the engine says so")
    module, _, attribute = target.rpartition(".")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise UserError("unknown_function", f"function {name}: cannot load {target}: {error}") from None
    called = found() if isinstance(found, type) else found
    if not callable(called):
        raise UserError("bad_function", f"function {name}: {target} cannot be called")
    result, arguments = getattr(called, "result", None), getattr(called, "arguments", None)
    if not isinstance(result, str) or (arguments is not None and not all(isinstance(a, str) for a in arguments)):
        raise UserError("bad_function", f"function {name}: {target} does not say its types",
                        hint="set .result to a type such as 'DOUBLE', and .arguments to a list of types")
    types = None if arguments is None else tuple(parse_type(a) for a in arguments)
    return UserFunction(name, called, types, parse_type(result), bool(getattr(called, "deterministic", True)))


def _infer(function: UserFunction) -> Infer:
    def infer(arguments: Arguments) -> DataType:
        wanted = function.arguments
        if wanted is None:
            return function.result
        if len(wanted) != len(arguments.values):
            raise bad_arguments(arguments, f"it takes {len(wanted)} arguments")
        for i, (given, type) in enumerate(zip(arguments.types, wanted, strict=True)):
            if not can_cast(given, type):
                raise bad_arguments(arguments, f"argument {i + 1} must be {type}")
            arguments.coercions[i] = type
        return function.result

    return infer


def _is_plain(type: DataType) -> bool:
    """Whether a type's values are one numpy number each, whose meaning is plain."""
    return type.kind in DTYPES and type.kind not in (Kind.DECIMAL, Kind.NULL, Kind.ROW)


def argument_of(column: Column) -> Any:
    """A column as a user's function gets it."""
    flat = _is_plain(column.type)
    if flat and (column.validity is None or column.validity.all()):
        return column.values
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
            raise RuntimeFault(f"function {function.name} raised {error.__class__.__name__}: {error}",
                               code="user_function") from error
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
        return column_from_python(type, [v.item() if isinstance(v, np.generic) else v for v in values])
    except (TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise RuntimeFault(f"function {function.name} returned values that are no {type.as_nullable()}: {error}",
                           code="user_function") from None


def _safely(function: UserFunction, values: Array, type: DataType) -> Array:
    dtype = np.dtype(DTYPES[type.kind])
    if values.ndim != 1 or not np.can_cast(values.dtype, dtype, "same_kind"):
        raise RuntimeFault(f"function {function.name} returned {values.dtype} for {type.as_nullable()}",
                           code="user_function")
    return np.ascontiguousarray(values, dtype)
