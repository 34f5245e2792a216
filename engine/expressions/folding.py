"""Constant folding: deterministic calls of constants become literals."""

from __future__ import annotations

from dataclasses import replace

from engine.errors import UserError
from engine.expressions.functions import function_of
from engine.expressions.functions.base import Context
from engine.expressions.nodes import Call, Expression, Literal, transform
from engine.types import DataType, Kind

ZONE = "table.local-time-zone"
_UNFOLDED = frozenset({Kind.ARRAY, Kind.MAP, Kind.MULTISET, Kind.ROW, Kind.RAW, Kind.VARIANT, Kind.BITMAP})


def folded(expression: Expression, config: dict[str, str]) -> Expression:
    """`fold` of `engine.expressions.binding`."""
    context = Context(now=lambda: 0, zone=config.get(ZONE, "UTC"), config=config)

    def change(e: Expression) -> Expression:
        return _computed(e, context) if isinstance(e, Call) else e

    return transform(expression, change)


def _computed(call: Call, context: Context) -> Expression:
    function = function_of(call)
    if call.type.kind in _UNFOLDED or not (function.deterministic and function.folds):
        return call
    if not all(isinstance(a, Literal) for a in call.args):
        return call
    if call.type.kind is Kind.NULL:
        return Literal(call.type, None, nodes=call.nodes, place=call.place)
    from engine.expressions.evaluate import compile_expression
    from engine.expressions.values import column_to_internal

    try:
        value = column_to_internal(compile_expression(call)((), 1, context))[0]
    except UserError:
        return call
    type: DataType = call.type.as_nullable() if value is None else call.type
    return replace(Literal(type, value), nodes=call.nodes, place=call.place)
