"""Between a query and a table whose primary key is not the query's own: several rows may share a key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from engine.aggregates.marks import SlotMarks, occurrences
from engine.changes import DELETE, INSERT, UPDATE_AFTER, Array, Batch, concat, concat_columns
from engine.errors import RuntimeFault
from engine.expressions.nodes import NO_NODES
from engine.operators.base import Operator, Settings
from engine.state.rowstore import RowStore
from engine.state.table import StateTable
from engine.types import Schema


class UpsertMaterialize(Operator):
    """One row a key, of all that the query has for it: as +I, +U (never -U) and -D.

    `strategy`: "DEDUPLICATE" shows the row that came last, "NOTHING" the one that came first; "ERROR" fails where a key
    has several rows when the watermark has passed (or the input has ended): a move of a row between keys is none.
    """

    def __init__(self, name: str, schema: Schema, settings: Settings, *, keys: Sequence[int], strategy: str,
                 nodes: frozenset[str] = NO_NODES) -> None:
        super().__init__(name, schema, settings, nodes)
        self._keys, self._strategy = tuple(keys), strategy
        self._table = StateTable([schema[k].type for k in keys], ttl=settings.ttl)
        self._rows = self._table.attach("rows", RowStore(schema.types))
        self._marks = SlotMarks()

    def states(self) -> dict[str, StateTable]:
        return {"rows": self._table}

    def keeps_for_ever(self) -> bool:
        return not self.settings.ttl

    def tick(self, now: int) -> None:
        expired = self._table.expired(now)
        if len(expired):
            self._table.release(expired)

    def advance(self, watermark: int) -> None:
        if self._strategy != "ERROR":
            return
        slots = self._table.live_slots()
        if (self._rows.counts(slots) > 1).any():
            names = ", ".join(self.schema[k].name for k in self._keys)
            raise RuntimeFault(f"several rows have one primary key ({names})", code="primary_key_violation",
                               hint="say ON CONFLICT DO DEDUPLICATE or NOTHING, or make the key unique")

    def process(self, batch: Batch, port: int) -> None:
        keys = [batch.columns[k] for k in self._keys]
        slots = self._table.current(keys, batch.length, self.settings.context.now())
        made = []
        for rows in self._layers(slots):
            whole = len(rows) == batch.length
            made.append(self._change(batch if whole else batch.take(rows), slots[rows], rows))
        changes, places = concat([b for b, _ in made]), np.concatenate([p for _, p in made])
        self.emit(changes if len(made) == 1 else changes.take(np.argsort(places, kind="stable")))
        groups = np.unique(slots)
        empty = groups[self._rows.counts(groups) == 0]
        if len(empty):
            self._table.release(empty)

    def _layers(self, slots: Array) -> Iterator[Array]:
        """Rows that are taken in together: one of each key."""
        touched = self._marks.touch(slots)
        layer = np.empty(len(slots), np.int64)
        occurrences(touched.position, len(touched.slots), layer)
        order = np.argsort(layer, kind="stable")
        yield from np.split(order, np.cumsum(np.bincount(layer))[:-1])

    def _change(self, batch: Batch, slots: Array, places: Array) -> tuple[Batch, Array]:
        """Take in rows of different keys: the changes, and the places of the rows that make them."""
        removed = np.zeros(batch.length, np.bool_) if batch.kinds is None else (batch.kinds & 1).astype(np.bool_)
        found = self._rows.find(slots, batch.columns)
        if (removed & (found < 0)).any():
            present = ~removed | (found >= 0)  # what is not there cannot be removed
            batch, slots, removed, found = batch.take(present), slots[present], removed[present], found[present]
            places = places[present]
        before = self._shown(slots)
        again = ~removed & (found >= 0)
        if again.any() and self._strategy == "DEDUPLICATE":
            self._renew(found[again], slots[again], batch.take(again))
        deltas = np.where(removed, -1, 1).astype(np.int64)
        deltas[again & (self._strategy == "DEDUPLICATE")] = 0
        changed = np.flatnonzero(deltas)
        self._rows.apply(slots[changed], [c.take(changed) for c in batch.columns], deltas[changed])
        rows, made = self._made(batch, before, self._shown(slots), removed)
        return made, places[rows]

    def _renew(self, numbers: Array, slots: Array, batch: Batch) -> None:
        """Rows that are there already and come once more become the last ones of their keys."""
        weights = self._rows.weight[numbers].astype(np.int64)
        self._rows.remove(numbers)
        self._rows.apply(slots, batch.columns, weights + 1)

    def _shown(self, slots: Array) -> Array:
        """The number of the row that each key shows (-1: none)."""
        probe, numbers = self._rows.chains(slots)
        shown = np.full(len(slots), -1, np.int64)
        if self._strategy == "NOTHING":
            probe, numbers = probe[::-1], numbers[::-1]
        shown[probe] = numbers
        return shown

    def _made(self, batch: Batch, before: Array, after: Array, removed: Array) -> tuple[Array, Batch]:
        last = self._strategy != "NOTHING"
        moved = (before != after) | (~removed & last)
        rows = np.flatnonzero(moved & ((before >= 0) | (after >= 0)))
        gone = after[rows] < 0
        kinds = np.where(gone, DELETE, np.where(before[rows] < 0, INSERT, UPDATE_AFTER)).astype(np.uint8)
        stored = self._rows.take(after[rows[~gone]])
        place = np.empty(len(rows), np.int64)  # what is gone is what the batch removes
        place[gone], place[~gone] = rows[gone], batch.length + np.arange(len(rows) - int(gone.sum()))
        columns = tuple(concat_columns([c.with_type(t), s]).take(place)
                        for c, s, t in zip(batch.columns, stored, self.schema.types, strict=True))
        return rows, Batch(columns, len(rows), kinds, None if batch.stamps is None else batch.stamps[rows],
                           None if batch.seq is None else batch.seq[rows])
