"""GROUPING SETS, ROLLUP and CUBE: each row once for each set, with what the set leaves out as NULL."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.changes import Batch, Column, concat
from engine.expressions.nodes import NO_NODES
from engine.operators.base import Operator, Settings
from engine.types import Schema


class Expand(Operator):
    """For each input row one row a grouping set: the input's columns, then the set's id (BIGINT).

    `sets`: for each set the positions to be NULL in it,
    and its id (as GROUPING_ID counts: a bit for each grouping column
    that is left out). Rows come set by set for each input row,
    so that a retraction follows what it retracts. Group by the
    nulled columns and the id; aggregates read copies of the columns that are not nulled.
    """

    def __init__(self, name: str, schema: Schema, settings: Settings, *, sets: Sequence[tuple[Sequence[int], int]],
                 nodes: frozenset[str] = NO_NODES) -> None:
        super().__init__(name, schema, settings, nodes)
        self._sets = [(frozenset(nulled), number) for nulled, number in sets]

    def process(self, batch: Batch, port: int) -> None:
        parts = [self._part(batch, nulled, number) for nulled, number in self._sets]
        order = np.arange(len(parts) * batch.length).reshape(len(parts), batch.length).T.reshape(-1)
        self.emit(concat(parts).take(order))

    def _part(self, batch: Batch, nulled: frozenset[int], number: int) -> Batch:
        none = np.zeros(batch.length, np.bool_)
        types = self.schema.types
        columns = [c.with_type(t) for c, t in zip(batch.columns, types, strict=False)]
        columns = [c.with_validity(none) if i in nulled else c for i, c in enumerate(columns)]
        label = Column(types[len(types) - 1], np.full(batch.length, number, np.int64))
        return batch.with_columns((*columns, label))
