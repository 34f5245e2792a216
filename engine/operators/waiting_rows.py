"""Rows that an operator holds at a barrier, as state: batches in, batches out, in order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.changes import Batch, Column, concat
from engine.state.keys import KeyCodec
from engine.state.protocol import StatePart
from engine.state.rowstore import RowStore
from engine.state.table import StateTable
from engine.types import BIGINT, TINYINT, DataType, Schema

_KIND, _KEY = TINYINT.as_nullable(False), BIGINT.as_nullable(False)


class WaitingRows(StateTable):
    """Rows of a schema with their kinds, stamps and source order, all under one key, whatever the number of shards.

    `dealt`: the columns by which rows are dealt to the shards, and the types under which they are hashed for it; a
    restore keeps those of this shard (without `dealt` all go to the first one).
    """

    def __init__(self, schema: Schema, dealt: Sequence[int] = (), types: Sequence[DataType] = ()) -> None:
        super().__init__([_KEY])
        self._by, self._hashed = tuple(dealt), tuple(types)
        self._rows = self.attach("rows", RowStore([*schema.types, _KIND, BIGINT, BIGINT], identity=()))

    def hold(self, batches: Sequence[Batch]) -> None:
        """Hold these rows until `let_go`."""
        if not batches:
            return
        batch = concat(batches)
        kinds = np.zeros(batch.length, np.int8) if batch.kinds is None else batch.kinds.astype(np.int8)
        slots = self.slots([Column(_KEY, np.zeros(batch.length, np.int64))], batch.length)
        self._rows.apply(slots, [*batch.columns, Column(_KIND, kinds), *(
            Column(BIGINT, np.zeros(batch.length, np.int64) if values is None else values,
                   np.zeros(batch.length, np.bool_) if values is None else None)
            for values in (batch.stamps, batch.seq))])

    def let_go(self) -> None:
        """Hold nothing."""
        if len(self):
            self.release(self.live_slots())

    def take_rows(self) -> list[Batch]:
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
        self.let_go()
        return [batch]

    def restore(self, chains: Sequence[Sequence[StatePart]], groups: tuple[int, int] | None) -> None:
        """See `StateObject`."""
        super().restore(chains, None)
        numbers = np.flatnonzero(self._rows.live[:self._rows.high])
        if groups is None or not len(numbers):
            return
        owners = np.zeros(len(numbers), np.int64)
        if self._by:
            columns = self._rows.take(numbers, self._by)
            keys = [c.with_type(t) for c, t in zip(columns, self._hashed, strict=True)]
            owners = KeyCodec(self._hashed).key_groups(keys, len(numbers)).astype(np.int64)
        self._rows.remove(numbers[(owners < groups[0]) | (owners >= groups[1])])
