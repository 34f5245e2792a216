"""Expand: each row through several projections, as GROUPING SETS and unions of parts of one table need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.changes import Batch, Column, concat
from engine.expressions.evaluate import Predicate, Projection
from engine.expressions.nodes import NO_NODES, Expression
from engine.operators.base import Operator, Settings
from engine.types import Schema


@dataclass(frozen=True)
class Branch:
    """What becomes of a row: dropped unless `condition` is TRUE (None: kept), then projected (None: as it is)."""

    condition: Expression | None
    expressions: tuple[Expression, ...] | None


class Expand(Operator):
    """The rows of all branches; what is made of a row comes before what is made of the next one.

    A union of the branches would see one branch's batch before the other's: the watermark of the later branch would
    hold back that of the first, and late rows would pass.
    """

    def __init__(self, name: str, schema: Schema, settings: Settings, branches: Sequence[Branch],
                 nodes: frozenset[str] = NO_NODES) -> None:
        super().__init__(name, schema, settings, nodes)
        self._branches = tuple((None if b.condition is None else Predicate(b.condition),
                                None if b.expressions is None else Projection(b.expressions)) for b in branches)

    def process(self, batch: Batch, port: int) -> None:
        context = self.settings.context
        made, places = [], []
        for condition, projection in self._branches:
            part, rows = batch, np.arange(batch.length)
            if condition is not None:
                rows = np.flatnonzero(condition(batch, context))
                part = batch if len(rows) == batch.length else batch.take(rows)
            if part.length:
                made.append(part if projection is None else projection(part, context))
                places.append(rows)
        if made:
            result = concat([p.with_columns(self._typed(p)) for p in made])
            order = np.argsort(np.concatenate(places), kind="stable")
            self.emit(result if len(made) == 1 else result.take(order))

    def _typed(self, batch: Batch) -> tuple[Column, ...]:
        return tuple(c.with_type(t) for c, t in zip(batch.columns, self.schema.types, strict=True))
