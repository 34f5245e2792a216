"""What all joins share: putting matched rows side by side, padding with NULLs, and applying a residual condition."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.changes import Array, Batch, Column, null_column
from engine.expressions.evaluate import Predicate
from engine.expressions.functions.base import Context
from engine.operators.base import Counters


def take_or_null(column: Column, rows: Array, padded: bool) -> Column:
    """The values at these positions, NULL at -1 (only where `padded`; the column's type is then nullable)."""
    if not padded:
        return column.take(rows)
    present = rows >= 0
    if len(column) == 0:
        return null_column(column.type.as_nullable(), len(rows))
    taken = column.take(np.where(present, rows, 0))
    validity = present if taken.validity is None else taken.validity & present
    return Column(column.type.as_nullable(), taken.values, validity, taken.owners, taken.children)


def any_null(columns: Sequence[Column]) -> Array | None:
    """Where any of the columns is NULL; None where none is."""
    nulls = [~c.validity for c in columns if c.validity is not None]
    return np.logical_or.reduce(nulls) if nulls else None


SIDES = ("left", "right")


def note_side(counters: Counters, port: int, rows: int, nulls: Array | None) -> None:
    """Count the rows of a side, and those that can meet no other because a key of theirs is NULL."""
    side = f"{SIDES[port]}_rows"
    counters.extra[side] = counters.extra.get(side, 0) + rows
    if nulls is not None:
        counters.extra["null_keys"] = counters.extra.get("null_keys", 0) + int(nulls.sum())


def note_pairs(counters: Counters, pairs: int) -> None:
    """Count pairs of rows with equal keys."""
    counters.extra["met"] = counters.extra.get("met", 0) + pairs


def satisfied(condition: Predicate | None, left: Sequence[Column], right: Sequence[Column], left_rows: Array,
              right_rows: Array, context: Context) -> tuple[Array, Array]:
    """The pairs of positions for which the condition over left + right columns is TRUE."""
    if condition is None or len(left_rows) == 0:
        return left_rows, right_rows
    columns = tuple(c.take(left_rows) for c in left) + tuple(c.take(right_rows) for c in right)
    kept = condition(Batch(columns, len(left_rows)), context)
    return left_rows[kept], right_rows[kept]


def pad_unmatched(left_rows: Array, right_rows: Array, length: int) -> tuple[Array, Array]:
    """The pairs with (row, -1) added for each left row of `length` without a pair, in left order (pairs come
    sorted)."""
    matched = np.zeros(length, np.bool_)
    matched[left_rows] = True
    lonely = np.flatnonzero(~matched)
    if len(lonely) == 0:
        return left_rows, right_rows
    all_left = np.concatenate([left_rows, lonely])
    all_right = np.concatenate([right_rows, np.full(len(lonely), -1, np.int64)])
    order = np.argsort(all_left, kind="stable")
    return all_left[order], all_right[order]


def side_by_side(left: Batch, left_rows: Array, right: Sequence[Column], right_rows: Array, padded: bool) -> Batch:
    """Left rows with the right values beside them; kinds, stamps and source order are the left rows'."""
    identity = len(left_rows) == left.length and bool((left_rows == np.arange(left.length)).all())
    base = left if identity else left.take(left_rows)
    columns = base.columns + tuple(take_or_null(c, right_rows, padded) for c in right)
    return base.with_columns(columns)
