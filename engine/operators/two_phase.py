"""Aggregation in two phases: partial results of a batch where its rows are, then, dealt by key, the groups' results."""

from __future__ import annotations

from collections.abc import Sequence

from engine.aggregates.calls import AggregateCalls, BoundCall, Changes
from engine.aggregates.marks import SlotMarks, Touched
from engine.changes import Array, Batch
from engine.expressions.nodes import NO_NODES
from engine.operators.base import Operator, Settings
from engine.operators.group import GroupAggregate
from engine.state.table import StateTable
from engine.types import DataType, Field, Schema


def partial_schema(schema: Schema, keys: Sequence[int], calls: Sequence[BoundCall]) -> Schema:
    """What a local aggregate gives: the key columns, then the accumulators of the calls."""
    types = AggregateCalls(calls).partial_types()
    return Schema((*(schema[i] for i in keys), *(Field(f"${i}", t) for i, t in enumerate(types))))


class LocalAggregate(Operator):
    """For each batch of insertions one row a group, in order of first touch, with the `seq` of its first row: the key
    columns, and what the rows of the batch make of the calls' accumulators. Keeps nothing."""

    def __init__(self, name: str, schema: Schema, settings: Settings, *, keys: Sequence[int],
                 calls: Sequence[BoundCall], input_types: Sequence[DataType],
                 nodes: frozenset[str] = NO_NODES) -> None:
        super().__init__(name, schema, settings, nodes)
        self._keys = tuple(keys)
        self._calls = AggregateCalls(calls)
        self._table = StateTable([input_types[i] for i in keys], self._calls.fields())
        self._calls.bind(self._table)
        self._marks = SlotMarks()

    def process(self, batch: Batch, port: int) -> None:
        keys = [batch.columns[i] for i in self._keys]
        slots = self._table.slots(keys, batch.length)
        touched = self._marks.touch(slots)
        self._calls.accumulate(slots, batch.columns, None)
        partials = self._calls.partials(self._table, touched.slots)
        self._table.release(touched.slots)
        seq = None if batch.seq is None else batch.seq[touched.first]
        columns = [key.take(touched.first) for key in keys] + partials
        self.emit(Batch(tuple(columns), len(touched.slots), None, None, seq))


class GlobalAggregate(GroupAggregate):
    """`GroupAggregate` over the rows of local ones; one change for each group and batch."""

    def __init__(self, name: str, schema: Schema, settings: Settings, *, keys: int, calls: Sequence[BoundCall],
                 input_types: Sequence[DataType], update_before: bool = True,
                 always_one: bool = False, nodes: frozenset[str] = NO_NODES) -> None:
        super().__init__(name, schema, settings, keys=range(keys), calls=calls, input_types=input_types,
                         update_before=update_before, always_one=always_one, nodes=nodes)

    def _change(self, batch: Batch, slots: Array, touched: Touched, signs: Array | None) -> Changes:
        return self._calls.change_merged(touched, slots, batch.columns[len(self._keys):])

