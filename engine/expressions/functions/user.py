"""Functions that users bring: `CREATE FUNCTION f AS 'package.module.name' LANGUAGE PYTHON`. How they are found, what
they are given and what they may return; here the scalar ones, `user_tables` and `engine.aggregates.user` have the
others.

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

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.changes import Column
from engine.errors import RuntimeFault, UserError
from engine.expressions.functions.base import Arguments, Context, Evaluate, Function, Infer
from engine.expressions.functions.signatures import bad_arguments
from engine.expressions.functions.user_values import argument_of, result_column
from engine.expressions.modules import described, import_user_module
from engine.expressions.rules import can_cast
from engine.types import DataType

ParseType = Callable[[str], DataType]
"""A type out of its SQL text."""


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


def load(name: str, target: str, allowed: bool, parse_type: ParseType,
         folders: Sequence[Path] = ()) -> UserFunction:
    """Imports a user's scalar function; errors as `load_object`. `parse_type`: a type out of its SQL text."""
    return scalar(name, load_object(name, target, allowed, folders), parse_type)


def scalar(name: str, called: Any, parse_type: ParseType) -> UserFunction:
    """A loaded object as a scalar function; UserError "bad_function"."""
    with named(name):
        if not callable(called):
            raise UserError("bad_function", f"{called!r} cannot be called")
        types = declared_arguments(called, parse_type)
        return UserFunction(name, called, types, declared_result(called, parse_type),
                            bool(getattr(called, "deterministic", True)))


@contextmanager
def named(name: str) -> Iterator[None]:
    """Errors begin with the function's name."""
    try:
        yield
    except UserError as error:
        error.message = f"function {name}: {error.message}"
        raise


def load_object(name: str, target: str, allowed: bool, folders: Sequence[Path] = ()) -> Any:
    """What a user's function names, a class made an object; UserError "python_not_allowed", "unknown_function",
    "bad_function".

    `allowed`: whether the session lets users bring code; `folders`: where modules are looked for besides the installed
    packages.
    """
    if not allowed:
        raise UserError("python_not_allowed", f"function {name}: this session does not load users' code",
                        hint="it is allowed only where the operator of the engine says so")
    module, _, attribute = target.rpartition(".")
    if not module or not attribute:
        raise UserError("unknown_function", f"function {name}: '{target}' names no object of a module",
                        hint="CREATE FUNCTION ... AS 'module.object' LANGUAGE PYTHON")
    with named(name):
        return _object(import_user_module(module, folders), attribute)


def _object(module: object, attribute: str) -> Any:
    found = getattr(module, attribute, None)
    name = getattr(module, "__name__", "")
    if found is None:
        raise UserError("unknown_function", f"the module {name} has no '{attribute}'")
    try:
        return found() if isinstance(found, type) else found
    except Exception as error:  # as in a module's own code
        raise UserError("bad_function", f"making a {attribute} raised {described(error)}") from error


_HINT = "set .result to a type such as 'DOUBLE', and .arguments to a list of types"


def declared_arguments(called: object, parse_type: ParseType) -> tuple[DataType, ...] | None:
    """The types that a function says it takes; None: any."""
    texts = getattr(called, "arguments", None)
    if texts is None:
        return None
    if isinstance(texts, str) or not all(isinstance(t, str) for t in texts):
        raise UserError("bad_function", "its .arguments are no list of types", hint=_HINT)
    return tuple(parse_type(t) for t in texts)


def declared_result(called: object, parse_type: ParseType) -> Callable[[tuple[DataType, ...]], DataType]:
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
        problem = misfit(arguments.types, wanted)
        if problem is not None:
            raise bad_arguments(arguments, problem)
        arguments.coercions.update(enumerate(wanted))
        return function.result(wanted)

    return infer


def misfit(given: Sequence[DataType], wanted: Sequence[DataType]) -> str | None:
    """What is wrong with the types of a call's arguments, if anything."""
    if len(wanted) != len(given):
        return f"it takes {len(wanted)} arguments"
    wrong = next((i for i, (g, w) in enumerate(zip(given, wanted, strict=True)) if not can_cast(g, w)), None)
    return None if wrong is None else f"argument {wrong + 1} must be {wanted[wrong]}"


def _evaluate(function: UserFunction) -> Evaluate:
    def evaluate(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
        return result_column(function.name, call(function.name, function.target, *map(argument_of, args)), type, length)

    return evaluate


def call(name: str, target: Callable[..., Any], *args: Any) -> Any:
    """Calls a user's code; RuntimeFault "user_function" where it raises."""
    try:
        return target(*args)
    except UserError:
        raise
    except Exception as error:  # whatever a user's code raises is the user's to mend
        raise RuntimeFault(f"function {name} raised {described(error)}", code="user_function") from error
