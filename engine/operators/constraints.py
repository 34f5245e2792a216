"""What a table's declaration says of its columns, enforced before rows are written."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.changes import Batch
from engine.errors import RuntimeFault
from engine.expressions.nodes import NO_NODES
from engine.operators.base import Operator, Settings
from engine.types import Schema


class NotNull(Operator):
    """Rows whose `columns` are present; others fail the job or (`drop`) are left out. Retractions pass."""

    def __init__(self, name: str, schema: Schema, settings: Settings, columns: Sequence[int], drop: bool,
                 nodes: frozenset[str] = NO_NODES) -> None:
        super().__init__(name, schema, settings, nodes)
        self._columns, self._drop = tuple(columns), drop

    def process(self, batch: Batch, port: int) -> None:
        lacking = np.zeros(batch.length, np.bool_)
        for i in self._columns:
            validity = batch.columns[i].validity
            absent = None if validity is None else ~validity
            if absent is not None and batch.kinds is not None and not self._drop:
                absent &= (batch.kinds & 1) == 0
            if absent is not None and absent.any():
                if not self._drop:
                    raise RuntimeFault(
                        f"Column '{self.schema[i].name}' is NOT NULL, however, a null value is being written into it",
                        code="not_null", hint="SET 'table.exec.sink.not-null-enforcer' = 'DROP' leaves such rows out")
                lacking |= absent
        self.emit(batch.take(~lacking) if lacking.any() else batch)
