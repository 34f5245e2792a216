"""From names and bound arguments to typed calls: function look-up, casts, literals, constant folding."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from difflib import get_close_matches

from engine.errors import Place, UserError
from engine.expressions.functions.base import Arguments, Function
from engine.expressions.nodes import NO_NODES, Call, Expression, Literal, Value
from engine.expressions.rules import can_cast, common_type
from engine.types import (
    BIGINT,
    BOOLEAN,
    CHAR,
    DECIMAL,
    DOUBLE,
    INT,
    MAX_DECIMAL,
    NULL,
    VARBINARY,
    DataType,
    Kind,
)

__all__ = ["cast", "common_type", "fold", "implicit_cast", "literal", "number_literal", "resolve_call"]


def resolve_call(name: str, args: Sequence[Expression], config: Mapping[str, str] | None = None,
                 place: Place | None = None, functions: Mapping[str, Function] | None = None) -> Expression:
    """A typed call of a scalar function or operator; UserError "unknown_function", "bad_arguments".

    `functions`: the users' own by upper-case name; they hide built-in ones of the same name.
    """
    from engine.expressions.functions import catalogue, known

    upper = name.upper()
    if upper in _CHAINS and args and isinstance(args[0], Call) and args[0].function == upper:
        holder = Literal(args[0].type, None)
        return _longer(args[0], resolve_call(name, (holder, *args[1:]), config, place, functions))
    own = (functions or {}).get(upper)
    function = own or known(upper)
    if function is None:
        near = get_close_matches(upper, [*catalogue(), *(functions or {})], 3)
        raise UserError("unknown_function", f"there is no function {name}", place=place,
                        hint=f"did you mean {', '.join(near)}?" if near else None)
    arguments = Arguments(upper, tuple(args), {}, dict(config or {}))
    try:
        if function.expand is not None:
            return function.expand(arguments)
        type = function.infer(arguments)
    except UserError as error:
        error.place = error.place or place
        raise
    values = tuple(implicit_cast(a, arguments.coercions[i], i in arguments.lenient) if i in arguments.coercions else a
                   for i, a in enumerate(arguments.values))
    nodes = NO_NODES.union(*(a.nodes for a in args))
    return Call(type, function=function.name or upper, args=values, implementation=own, nodes=nodes, place=place)


_CHAINS = frozenset({"AND", "OR", "||"})


def _longer(chain: Call, tail: Expression) -> Expression:
    """(a AND b) AND c as one call of three arguments, so that long chains stay flat. `tail` is typed, with something of
    the chain's type as its first argument."""
    assert isinstance(tail, Call)
    return replace(tail, args=(*chain.args, *tail.args[1:]), nodes=chain.nodes | tail.nodes)


def cast(expression: Expression, type: DataType, try_: bool = False, place: Place | None = None) -> Expression:
    """CAST or TRY_CAST, with `type` made nullable where the operand is; UserError "bad_cast" where there is no such
    cast."""
    source = expression.type
    place = place or expression.place
    if not can_cast(source, type):
        raise UserError("bad_cast", f"Cast function cannot convert value of type {source} to type {type}", place=place)
    if source.kind is Kind.NULL:
        return Literal(type.as_nullable(), None, nodes=expression.nodes, place=place)
    target = type.as_nullable(source.nullable or try_)
    if source.same_as(target) and source.nullable == target.nullable:
        return expression
    name = "TRY_CAST" if try_ else "CAST"
    return Call(target, function=name, args=(expression,), nodes=expression.nodes, place=place)


def implicit_cast(expression: Expression, type: DataType, lenient: bool = False) -> Expression:
    """The expression as `type`, its own nullability kept; a constant is converted at once. `lenient`: TRY_CAST."""
    if expression.type.same_as(type) or expression.type.kind is Kind.SYMBOL:
        return expression
    if isinstance(expression, Literal) and expression.value is None:
        return replace(expression, type=type.as_nullable())
    wanted = cast(expression, type, lenient)
    return fold(wanted) if isinstance(expression, Literal) and type.kind is not Kind.TIMESTAMP_LTZ else wanted


def literal(value: Value, place: Place | None = None) -> Literal:
    """A literal of a Python value with the type Flink gives it."""
    return Literal(_type_of(value), value, place=place)


def _type_of(value: Value) -> DataType:
    match value:
        case None:
            return NULL
        case bool():
            type = BOOLEAN
        case int():
            type = _integer_type(value)
        case float():
            type = DOUBLE
        case str():
            type = CHAR(len(value))
        case bytes():
            type = replace(VARBINARY(len(value)), kind=Kind.BINARY)
        case Decimal():
            type = _decimal_type(value)
    return type.as_nullable(False)


def _integer_type(value: int) -> DataType:
    if -(2**31) <= value < 2**31:
        return INT
    return BIGINT if -(2**63) <= value < 2**63 else _decimal_type(Decimal(value))


def _decimal_type(value: Decimal) -> DataType:
    _, digits, exponent = value.as_tuple()
    scale = max(0, -int(exponent))
    precision = max(len(digits) + max(0, int(exponent)), scale, 1)
    if precision > MAX_DECIMAL:
        raise UserError("bad_literal", f"Numeric literal {value} out of range")
    return DECIMAL(precision, scale)


def number_literal(text: str, place: Place | None = None) -> Literal:
    """A numeric literal as SQL writes it: 1 is INT (BIGINT, DECIMAL where too large), 1.5 DECIMAL, 1e0 DOUBLE.

    The precision counts the digits written: 0.12 is DECIMAL(3, 2). As in Flink a DOUBLE must be finite, and the digits
    of any other number must fit into a BIGINT: larger ones are cast from text.
    """
    if "e" in text.lower():
        number = float(text)
        if math.isinf(number):
            raise _out_of_range(text, place)
        return Literal(DOUBLE.as_nullable(False), number, place=place)
    whole, point, fraction = text.lstrip("+-").partition(".")
    digits = int(f"{'-' * text.startswith('-')}{whole}{fraction}" if whole or fraction else "0")
    if not -(2**63) <= digits < 2**63:
        raise _out_of_range(text, place)
    if point and fraction and len(whole) + len(fraction) <= MAX_DECIMAL:
        kind = DECIMAL(len(whole) + len(fraction), len(fraction)).as_nullable(False)
        return Literal(kind, Decimal(text), place=place)
    try:
        return literal(int(text) if "." not in text else Decimal(text), place)
    except UserError as error:
        error.place = place
        raise


def _out_of_range(text: str, place: Place | None) -> UserError:
    return UserError("bad_literal", f"Numeric literal '{text}' out of range", place=place,
                     hint="write it as text: CAST('...' AS DECIMAL(38, 0))")


def fold(expression: Expression, config: Mapping[str, str] | None = None) -> Expression:
    """The expression with its constant parts computed. A part that fails stays: only a row that reaches it may
    raise."""
    from engine.expressions.folding import folded

    return folded(expression, dict(config or {}))
