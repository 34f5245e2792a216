"""Correlate: each row with the rows that a table function makes of it (UNNEST of a collection, a user's function)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from engine.changes import Array, Batch, Column, take_lists
from engine.expressions.evaluate import Predicate, compile_expression
from engine.expressions.functions.base import Context
from engine.expressions.nodes import NO_NODES, Expression
from engine.operators.base import Operator, Settings
from engine.operators.joining import pad_unmatched, satisfied, side_by_side
from engine.types import INT, Kind, Schema

Expand = Callable[[Sequence[Column], int, Context], tuple[Array, tuple[Column, ...]]]
"""A table function: argument columns, number of rows, context -> for each row made the position it stems from
(ascending int64), and the columns of the rows made."""


class Correlate(Operator):
    """The input's columns, then those of the function. `left`: rows of which nothing is made stay, with NULLs."""

    def __init__(self, name: str, schema: Schema, settings: Settings, expand: Expand, args: Sequence[Expression],
                 left: bool, condition: Expression | None, nodes: frozenset[str] = NO_NODES) -> None:
        super().__init__(name, schema, settings, nodes)
        self._expand = expand
        self._args = tuple(compile_expression(a) for a in args)
        self._left = left
        self._condition = None if condition is None else Predicate(condition)

    def process(self, batch: Batch, port: int) -> None:
        context = self.settings.context
        origins, made = self._expand(
            [a(batch.columns, batch.length, context) for a in self._args], batch.length, context
        )
        rows = np.arange(len(origins))
        origins, rows = satisfied(self._condition, batch.columns, made, origins, rows, context)
        if self._left:
            origins, rows = pad_unmatched(origins, rows, batch.length)
        if len(origins):
            result = side_by_side(batch, origins, made, rows, self._left)
            typed = tuple(c.with_type(t) for c, t in zip(result.columns, self.schema.types, strict=True))
            self.emit(result.with_columns(typed))


def unnest(ordinality: bool) -> Expand:
    """UNNEST: a row an element; fields of rows, keys and values of maps are columns; an element of a multiset comes
    as often
    as it is in there. `ordinality` adds the element's place, from 1."""

    def expand(args: Sequence[Column], length: int, context: Context) -> tuple[Array, tuple[Column, ...]]:
        collection = args[0]
        starts, ends = collection.values[:-1], collection.values[1:]
        sizes = ends - starts
        if collection.validity is not None:
            sizes = np.where(collection.validity, sizes, 0)
        origins = np.repeat(np.arange(length), sizes)
        _, inner = take_lists(collection.values, np.flatnonzero(sizes))
        children = collection.children
        if collection.type.kind is Kind.MULTISET:
            counts = children[1].values[inner].astype(np.int64)
            origins, inner, children = np.repeat(origins, counts), np.repeat(inner, counts), children[:1]
        columns = _columns([c.take(inner) for c in children])
        return origins, (*columns, _places(origins)) if ordinality else columns

    return expand


def _columns(elements: Sequence[Column]) -> tuple[Column, ...]:
    """The columns that elements become: the fields of rows (all NULL where the row is), else the elements."""
    if len(elements) > 1 or elements[0].type.kind is not Kind.ROW:
        return tuple(elements)
    rows = elements[0]
    if rows.validity is None:
        return rows.children
    return tuple(c.with_validity(rows.validity if c.validity is None else rows.validity & c.validity)
                 for c in rows.children)


def _places(origins: Array) -> Column:
    """1, 2, 3... within each origin."""
    places = np.arange(len(origins))
    starts = np.append(True, origins[1:] != origins[:-1]) if len(origins) else np.zeros(0, np.bool_)
    first = np.maximum.accumulate(np.where(starts, places, 0)) if len(origins) else places
    return Column(INT.as_nullable(False), (places - first + 1).astype(np.int32))
