"""How calls are typed: a signature per function, from a few words.

A parameter's word says what may be passed and what it is cast to; `"string?"` is optional, the last word with `...`
repeats.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.errors import UserError
from engine.expressions.functions.base import Arguments, Infer
from engine.expressions.nodes import Literal
from engine.types import (
    APPROXIMATE,
    BIGINT,
    BOOLEAN,
    BYTES,
    BYTES_LIKE,
    CHARACTER,
    DATE,
    DATETIME,
    DOUBLE,
    EXACT,
    INT,
    INTEGERS,
    INTERVALS,
    NUMERIC,
    STRING,
    TIMESTAMPS,
    DataType,
    Kind,
    is_nullable,
)


@dataclass(frozen=True)
class Parameter:
    """What kinds may be passed, and what the argument is cast to (None: it stays)."""

    kinds: frozenset[Kind]
    target: DataType | None = None


ANY = frozenset(Kind) - {Kind.SYMBOL, Kind.DESCRIPTOR}
PARAMETERS: dict[str, Parameter] = {
    "any": Parameter(ANY),
    "plain": Parameter(ANY - {Kind.BITMAP}),
    "string": Parameter(CHARACTER, STRING),
    "text": Parameter(CHARACTER),
    "convertible": Parameter(CHARACTER | NUMERIC | DATETIME | {Kind.BOOLEAN}, STRING),
    "bytes": Parameter(BYTES_LIKE, BYTES),
    "data": Parameter(CHARACTER | BYTES_LIKE),
    "boolean": Parameter(frozenset({Kind.BOOLEAN}), BOOLEAN),
    "int": Parameter(INTEGERS, INT),
    "integer": Parameter(INTEGERS),
    "bigint": Parameter(INTEGERS, BIGINT),
    "exact": Parameter(EXACT),
    "numeric": Parameter(NUMERIC),
    "double": Parameter(NUMERIC, DOUBLE),
    "approximate": Parameter(APPROXIMATE),
    "date": Parameter(frozenset({Kind.DATE}), DATE),
    "datetime": Parameter(DATETIME),
    "timestamp": Parameter(TIMESTAMPS),
    "temporal": Parameter(DATETIME | INTERVALS),
    "array": Parameter(frozenset({Kind.ARRAY})),
    "map": Parameter(frozenset({Kind.MAP})),
    "bitmap": Parameter(frozenset({Kind.BITMAP})),
    "row": Parameter(frozenset({Kind.ROW})),
    "collection": Parameter(frozenset({Kind.ARRAY, Kind.MAP, Kind.MULTISET})),
    "symbol": Parameter(frozenset({Kind.SYMBOL})),
}

Result = DataType | Callable[[Arguments], DataType]


def bad_arguments(arguments: Arguments, why: str = "") -> UserError:
    """The error for arguments that a function does not take."""
    types = ", ".join(str(t) for t in arguments.types)
    return UserError("bad_arguments", f"Invalid function call: {arguments.name}({types})" + (f": {why}" if why else ""))


def signature(result: Result, *words: str, nullable: bool | None = None) -> Infer:
    """Types a call by its parameters; the result is nullable as said, else where an argument is."""
    variadic = bool(words) and words[-1].endswith("...")
    required = [w for w in words if not w.endswith(("?", "..."))]
    rows = [PARAMETERS[w.rstrip("?.")] for w in words]
    most = len(words) if not variadic else 10_000

    def infer(arguments: Arguments) -> DataType:
        values = arguments.values
        if not len(required) <= len(values) <= most:
            expected = str(len(required)) if len(required) == most else f"{len(required)} to {most}"
            expected = f"at least {len(required)}" if variadic else expected
            raise bad_arguments(arguments, f"it takes {expected} arguments")
        for i in range(len(values)):
            accept(arguments, i, rows[min(i, len(rows) - 1)])
        type = result(arguments) if callable(result) else result
        if nullable is not None:
            return type.as_nullable(nullable)
        return type.as_nullable(is_nullable(*(t for t in arguments.types if t.kind is not Kind.SYMBOL)))

    return infer


def accept(arguments: Arguments, position: int, parameter: Parameter) -> None:
    """Checks one argument and asks for its cast."""
    type = arguments.types[position]
    if type.kind is Kind.NULL:
        arguments.coercions[position] = parameter.target or _default(parameter)
        return
    if type.kind not in parameter.kinds:
        raise bad_arguments(arguments, f"argument {position + 1} cannot be {type}")
    target = parameter.target
    if target is not None and type.kind is not target.kind and not (type.is_string and target.is_string):
        if not (type.is_bytes and target.is_bytes):
            arguments.coercions[position] = target


def _default(parameter: Parameter) -> DataType:
    for kind, type in ((Kind.VARCHAR, STRING), (Kind.INT, INT), (Kind.DOUBLE, DOUBLE), (Kind.BOOLEAN, BOOLEAN)):
        if kind in parameter.kinds and parameter.kinds != ANY:
            return type
    return DataType(next(iter(parameter.kinds))) if len(parameter.kinds) == 1 else DataType(Kind.NULL)


def same_as(position: int = 0) -> Callable[[Arguments], DataType]:
    """The result has the type of an argument."""
    return lambda arguments: arguments.types[position]


def constant_of(arguments: Arguments, position: int) -> object:
    """The value of a constant argument; None where it is no constant."""
    value = arguments.values[position] if position < len(arguments.values) else None
    return value.value if isinstance(value, Literal) else None
