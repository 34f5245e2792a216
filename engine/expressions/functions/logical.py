"""AND, OR, NOT, IS [NOT] TRUE, IS [NOT] FALSE, IS [NOT] UNKNOWN: three-valued, each side evaluated only where it
matters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.changes import Column, Mask
from engine.expressions.functions.base import Context, EvaluateLazily, Function, Node
from engine.expressions.functions.comparison import from_truths
from engine.expressions.functions.signatures import signature
from engine.types import BOOLEAN, DataType


def truths(column: Column) -> tuple[Mask, Mask]:
    """Where a BOOLEAN column is TRUE, and where it is FALSE."""
    if column.validity is None:
        return column.values, ~column.values
    return column.values & column.validity, ~column.values & column.validity


def _junction(conjunction: bool) -> EvaluateLazily:
    """AND (OR): evaluates a fallible side only for rows that no side before has decided as FALSE (TRUE)."""

    def evaluate(args: Sequence[Node], type: DataType, columns: Sequence[Column], length: int,
                 context: Context) -> Column:
        from engine.expressions.evaluate import evaluated_on

        true, false = truths(args[0](columns, length, context))
        for node in args[1:]:
            open_rows = ~false if conjunction else ~true
            if node.fallible and not open_rows.all():
                rows = np.flatnonzero(open_rows)
                some = truths(evaluated_on(node, columns, rows, context))
                yes, no = np.ones(length, np.bool_), np.ones(length, np.bool_)
                yes[rows], no[rows] = some
            else:
                yes, no = truths(node(columns, length, context))
            true, false = (true & yes, false | no) if conjunction else (true | yes, false & no)
        return from_truths(type, true, false)

    return evaluate


def _not(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    return Column(type, ~args[0].values)


def _is(of_true: bool, negated: bool) -> Function:
    def evaluate(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
        found = truths(args[0])[0 if of_true else 1]
        return Column(type, ~found if negated else found)

    return Function(signature(BOOLEAN, "boolean", nullable=False), evaluate, strict=False)


def _unknown(negated: bool) -> Function:
    def evaluate(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
        valid = args[0].valid()
        return Column(type, valid if negated else ~valid)

    return Function(signature(BOOLEAN, "boolean", nullable=False), evaluate, strict=False)


FUNCTIONS: dict[str, Function] = {
    "AND": Function(signature(BOOLEAN, "boolean", "boolean", "boolean..."), lazily=_junction(True)),
    "OR": Function(signature(BOOLEAN, "boolean", "boolean", "boolean..."), lazily=_junction(False)),
    "NOT": Function(signature(BOOLEAN, "boolean"), _not),
    "IS TRUE": _is(True, False),
    "IS NOT TRUE": _is(True, True),
    "IS FALSE": _is(False, False),
    "IS NOT FALSE": _is(False, True),
    "IS UNKNOWN": _unknown(False),
    "IS NOT UNKNOWN": _unknown(True),
}
