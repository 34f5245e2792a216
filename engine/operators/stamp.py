"""The watermark in force before each row, as a column: what CURRENT_WATERMARK reads."""

from __future__ import annotations

import numpy as np

from engine.changes import MIN_WATERMARK, Batch, Column, null_column
from engine.expressions.nodes import NO_NODES
from engine.operators.base import Operator, Settings
from engine.types import Schema


class WatermarkColumn(Operator):
    """The input's columns, then the watermark before each row (NULL where there is none yet)."""

    def __init__(self, name: str, schema: Schema, settings: Settings, nodes: frozenset[str] = NO_NODES) -> None:
        super().__init__(name, schema, settings, nodes)
        self._type = schema[len(schema) - 1].type

    def process(self, batch: Batch, port: int) -> None:
        stamps = batch.stamps
        if stamps is None:
            column = null_column(self._type, batch.length)
        else:
            known = stamps != MIN_WATERMARK
            column = Column(self._type, np.where(known, stamps, 0), known)
        self.emit(batch.with_columns((*batch.columns, column)))
