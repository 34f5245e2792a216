"""Which row and which expression made a calculation fail: asked once, when the job is about to end for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from engine.changes import Batch
from engine.errors import UserError
from engine.expressions.evaluate import compile_expression
from engine.expressions.functions.base import Context
from engine.expressions.functions.user import SUSPECTING
from engine.expressions.nodes import Call, Expression, InputRef

_TEXT = 200  # characters of a value


def accuse(error: UserError, batch: Batch, parts: Sequence[Expression], context: Context) -> None:
    """Say in the error which of these expressions over a batch failed, and whose it is: of the first row that makes one
    fail, with what it read there. Leaves the error as it is where none fails."""
    context = replace(context, resources={**context.resources, SUSPECTING: True})
    if not _fails(batch, parts, context):
        return
    low, high = 0, batch.length  # the first `high` rows fail, the first `low` do not
    while high - low > 1:
        middle = (low + high) // 2
        if _fails(batch.take(np.arange(middle)), parts, context):
            high = middle
        else:
            low = middle
    row = batch.take(np.array([low]))
    failing = next((e for e in parts if _fails(row, [e], context)), None)
    if failing is None:
        return
    nodes = _descend(failing, row, context)
    if nodes:
        error.node = ", ".join(sorted(nodes))
    error.record = {"values": _values(failing, row)}


def _fails(batch: Batch, parts: Sequence[Expression], context: Context) -> bool:
    try:
        for part in parts:
            compile_expression(part)(batch.columns, batch.length, context)
    except UserError:
        return True
    return False


def _descend(expression: Expression, row: Batch, context: Context) -> frozenset[str]:
    """The nodes of the innermost part that fails by itself and says where it comes from."""
    nodes = expression.nodes
    while isinstance(expression, Call):
        inner = next((e for e in expression.args if isinstance(e, Call) and _fails(row, [e], context)), None)
        if inner is None:
            break
        expression = inner
        nodes = expression.nodes or nodes
    return nodes


def _values(expression: Expression, row: Batch) -> list[str | None]:
    """What the expression reads of the row, as text."""
    from engine.expressions.values import column_to_python

    read = sorted({e.index for e in expression.walk() if isinstance(e, InputRef)})
    values = [column_to_python(row.columns[i])[0] for i in read]
    return [None if v is None else str(v)[:_TEXT] for v in values]
