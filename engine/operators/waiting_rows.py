"""Rows that an operator holds at a barrier, as state: batches in, batches out, in order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.changes import Batch, Column, concat
from engine.state.rowstore import RowStore
from engine.state.table import StateTable
from engine.types import BIGINT, TINYINT, Schema

_KIND, _KEY = TINYINT.as_nullable(False), BIGINT.as_nullable(False)


class WaitingRows:
    """Rows of a schema with their kinds, stamps and source order. `dealt`: the columns by which they were dealt to the
    shards; without them they may be restored in any shard. `table` is the state."""

    def __init__(self, schema: Schema, dealt: Sequence[int] = ()) -> None:
        self._dealt = tuple(dealt)
        self.table = StateTable([schema[i].type for i in dealt] or [_KEY])
        self._rows = self.table.attach("rows", RowStore([*schema.types, _KIND, BIGINT, BIGINT], identity=()))

    def put(self, batches: Sequence[Batch]) -> None:
        """Hold these rows until `clear`."""
        if not batches:
            return
        batch = concat(batches)
        kinds = np.zeros(batch.length, np.int8) if batch.kinds is None else batch.kinds.astype(np.int8)
        keys = [batch.columns[i] for i in self._dealt] or [Column(_KEY, np.zeros(batch.length, np.int64))]
        slots = self.table.slots(keys, batch.length)
        self._rows.apply(slots, [*batch.columns, Column(_KIND, kinds), *(
            Column(BIGINT, np.zeros(batch.length, np.int64) if values is None else values,
                   np.zeros(batch.length, np.bool_) if values is None else None)
            for values in (batch.stamps, batch.seq))])

    def clear(self) -> None:
        """Hold nothing."""
        if len(self.table):
            self.table.release(self.table.live_slots())

    def take(self) -> list[Batch]:
        """What a restore brought, in order; it is held no longer."""
        if not len(self._rows):
            return []
        numbers = np.flatnonzero(self._rows.live[:self._rows.high])
        numbers = numbers[np.argsort(self._rows.seq[numbers], kind="stable")]
        *columns, kinds, stamps, seq = self._rows.take(numbers)
        numbered = bool(seq.valid().all())
        batch = Batch(tuple(columns), len(numbers), kinds.values.astype(np.uint8) if kinds.values.any() else None,
                      stamps.values if stamps.valid().all() else None, seq.values if numbered else None)
        if numbered:  # those of several former shards are put in order again
            batch = batch.take(np.argsort(seq.values, kind="stable"))
        self.clear()
        return [batch]
