"""Top-N: `ROW_NUMBER() OVER (PARTITION BY keys ORDER BY ...)` between two bounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.changes import Array, Batch, Column
from engine.expressions.nodes import NO_NODES
from engine.operators.base import Operator, Settings
from engine.operators.top import Order, TopOutput, TopRows
from engine.state.protocol import StateObject
from engine.state.table import StateTable
from engine.types import DataType, Schema


class KeyedOperator(Operator):
    """What operators with one table and state that expires share."""

    _table: StateTable

    def states(self) -> Mapping[str, StateObject]:
        return {"keys": self._table}

    def keeps_for_ever(self) -> bool:
        return not self.settings.ttl

    def forget(self, slots: Array) -> None:
        """These slots are about to be released."""

    def tick(self, now: int) -> None:
        if self.settings.ttl:
            expired = self._table.expired(now)
            if len(expired):
                self.forget(expired)
                self._table.release(expired)


class AppendRank(KeyedOperator):
    """Top-N of an append-only input: the input's columns and, where `with_rank`, the rank as BIGINT.

    `keys`: PARTITION BY positions; `order`: ORDER BY columns, equal rows stand as they came; `start`, `end`: ranks
    wanted (from 1, inclusive). With the rank (or start > 1) every row whose rank changes is emitted anew, else only
    rows that enter (+I; +U where end = 1) and leave (-D; -U). `update_before`: emit -U. Use it where `TopRows.fits`,
    else `RetractRank`.
    """

    def __init__(self, name: str, schema: Schema, settings: Settings, *, keys: Sequence[int], order: Sequence[Order],
                 end: int, start: int = 1, with_rank: bool = False, input_types: Sequence[DataType],
                 update_before: bool = True, nodes: frozenset[str] = NO_NODES) -> None:
        super().__init__(name, schema, settings, nodes)
        self._keys, self._with_rank = tuple(keys), with_rank
        self._table = StateTable([input_types[i] for i in keys], ttl=settings.ttl)
        self._top = TopRows(self._table, input_types, order, start=start, end=end, ranked=with_rank,
                            update_before=update_before)

    def open(self) -> None:
        self._top.rebuild(self._table)

    def process(self, batch: Batch, port: int) -> None:
        keys = [batch.columns[i] for i in self._keys]
        slots = self._table.current(keys, batch.length, self.settings.context.now(), self.forget)
        made = self._top.insert(slots, batch, self.settings.every_change)
        if made is not None:
            self.emit(ranked_batch(self.schema, made, self._with_rank))

    def forget(self, slots: Array) -> None:
        self._top.forget(slots)


def ranked_batch(schema: Schema, made: TopOutput, with_rank: bool) -> Batch:
    """Changes as a batch, with the rank as its last column where wanted."""
    columns = list(made.columns)
    if with_rank:
        columns.append(Column(schema[len(schema) - 1].type, made.ranks))
    return Batch(tuple(columns), len(made.kinds), made.kinds)
