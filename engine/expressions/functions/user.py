"""Functions that users bring: `CREATE FUNCTION f AS 'package.module.name' LANGUAGE PYTHON`. How they are found, what
they are given and what they may return; here the scalar ones, `user_tables` and `engine.aggregates.user` have the
others. The code itself is at a `Host`: a worker process, or this one.

The target is called once per batch with one array per argument and returns an array of as many values:

- without NULLs, a number, boolean, date or time is a numpy array as `engine.changes` lays it out (dates are days,
times and timestamps microseconds); everything else, and every column with NULLs, is a pyarrow array;
- a result is a numpy array, a pyarrow array or a list of Python values (None is NULL).

Arrays that it gets are read-only. It declares its types by attributes: `arguments` (a sequence of type texts such as
"BIGINT", or None: any), `result` (a type text, or a function from the argument types' texts to one); `deterministic` is
True unless it says otherwise. A class is made an object once a process that it is called in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.errors import UserError
from engine.expressions.functions.base import Arguments, Context, Evaluate, Function, Infer
from engine.expressions.functions.signatures import bad_arguments
from engine.expressions.functions.user_hosts import HINT, Declared, Host
from engine.expressions.rules import can_cast
from engine.types import DataType

if TYPE_CHECKING:
    from engine.changes import Column

ParseType = Callable[[str], DataType]
"""A type out of its SQL text."""
SUSPECTING = "suspecting"
"""Among a context's resources: the calls are made to find out which row makes one fail."""


@dataclass(frozen=True, eq=False)
class UserFunction:
    """A user's function: where and what is called, and the types it takes (None: any) and gives."""

    name: str
    target: str
    host: Host
    arguments: tuple[DataType, ...] | None
    result: Callable[[tuple[DataType, ...]], DataType]
    deterministic: bool = True

    def as_function(self) -> Function:
        """The function as the catalogue has them."""
        return Function(_infer(self), _evaluate(self), strict=False, fallible=True, deterministic=self.deterministic,
                        folds=False, name=self.name, target=self.target)


def scalar(name: str, target: str, host: Host, declared: Declared, parse_type: ParseType) -> UserFunction:
    """A declared object as a scalar function; UserError "bad_function"."""
    with named(name):
        if not declared.callable:
            raise UserError("bad_function", f"{target} cannot be called")
        return UserFunction(name, target, host, declared_arguments(declared, parse_type),
                            declared_result(name, target, host, declared, parse_type), declared.deterministic)


@contextmanager
def named(name: str) -> Iterator[None]:
    """Errors begin with the function's name."""
    try:
        yield
    except UserError as error:
        if not error.message.startswith(f"function {name} "):
            error.message = f"function {name}: {error.message}"
        raise


def declared_arguments(declared: Declared, parse_type: ParseType) -> tuple[DataType, ...] | None:
    """The types that a function says it takes; None: any."""
    return None if declared.arguments is None else tuple(map(parse_type, declared.arguments))


def declared_result(name: str, target: str, host: Host, declared: Declared,
                    parse_type: ParseType) -> Callable[[tuple[DataType, ...]], DataType]:
    """The type of the result, by those of the arguments."""
    if not declared.typed:
        raise UserError("bad_function", "it does not say its types", hint=HINT)
    if declared.result is not None:
        fixed = parse_type(declared.result)
        return lambda types: fixed
    return lambda types: parse_type(host.result_type(name, target, [str(t) for t in types]))


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
        from engine.expressions.functions.user_running import Request
        from engine.expressions.functions.user_values import argument_of, column_of

        request = Request(function.name, function.target, "scalar", length, (type,))
        [[result]] = function.host.run(request, [[argument_of(a) for a in args]], SUSPECTING in context.resources)
        return column_of(result, type)

    return evaluate
