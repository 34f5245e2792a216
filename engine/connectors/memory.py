"""The `memory` connector: tables in the process's memory, for tests and for seeing results at once.

Option 'key' names an entry of `TABLES` (by default the table's name). A source gives the entry's batches, cut to the
size asked for; a sink collects rows as Python values with their kinds, those of sealed and applied epochs only.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.changes import KIND_NAMES, Batch, concat
from engine.connectors.arrow import python_values
from engine.connectors.base import Connector, Environment, Json, Poll, Sink, Source, TableOptions
from engine.connectors.options import TableConfig
from engine.errors import UserError

Row = tuple[str, tuple[Any, ...]]
"""Kind of change and values."""


@dataclass
class MemoryTable:
    """A table in memory: batches to read (columns as declared), rows written, and what changes it gives and takes;
    `sealed`: rows of epochs that were sealed and not applied, by run and epoch."""

    batches: list[Batch] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    changelog: str = "I"
    accepts: str = ""  # as its key says
    sealed: dict[tuple[str, int], list[Row]] = field(default_factory=dict)


TABLES: dict[str, MemoryTable] = {}


class MemorySource(Source):
    """Gives a table's batches."""

    again = "yes"

    def __init__(self, table: MemoryTable) -> None:
        self._rows = concat(table.batches) if table.batches else None
        self._at = 0
        self._columns: Sequence[int] = ()
        self.total = self._rows.length if self._rows is not None else 0

    def open(self, columns: Sequence[int]) -> None:
        self._columns = columns

    def poll(self, limit: int) -> Poll:
        rows, start = self._rows, self._at
        if rows is None or start == rows.length:
            return Poll(None, ended=True)
        self._at = min(start + limit, rows.length)
        part = rows.slice(start, self._at)
        part = part.with_columns(tuple(part.columns[c] for c in self._columns))
        return Poll(part, rows=part.length, ended=self._at == rows.length)

    def position(self) -> Json:
        return {"row": self._at}

    def restore(self, position: Json) -> None:
        self._at = position["row"]

    def progress(self) -> float | None:
        return self._at / self.total if self.total else None


class MemorySink(Sink):
    """Collects rows. A job that ends loses none that was sealed; a process that ends loses its tables."""

    def __init__(self, table: MemoryTable) -> None:
        self._table = table
        self._run = uuid.uuid4().hex
        self._open: list[Row] = []

    def write(self, batch: Batch) -> None:
        kinds = [KIND_NAMES[0]] * batch.length if batch.kinds is None else [KIND_NAMES[k] for k in batch.kinds.tolist()]
        values = zip(*map(python_values, batch.columns), strict=True) if batch.columns else [()] * batch.length
        self._open += zip(kinds, values, strict=True)

    def seal(self, epoch: int) -> Json:
        self._table.sealed[self._run, epoch], self._open = self._open, []
        return {"run": self._run, "epoch": epoch}

    def apply(self, sealed: Json) -> None:
        self._table.rows += self._table.sealed.pop((sealed["run"], sealed["epoch"]), [])

    def discard(self, keep: Json | None) -> None:
        self._run = (keep or {}).get("run", self._run)
        for run, epoch in list(self._table.sealed):
            if run == self._run and epoch != (keep or {}).get("epoch"):
                del self._table.sealed[run, epoch]


class Memory(Connector):
    """Tables of this process."""

    def changelog(self, table: TableOptions) -> str:
        return _table(table).changelog

    def accepts(self, table: TableOptions) -> str:
        return _table(table).accepts or super().accepts(table)

    def rows(self, table: TableOptions, environment: Environment) -> int | None:
        return sum(batch.length for batch in _table(table).batches)

    def source(self, table: TableOptions, environment: Environment) -> Source:
        return MemorySource(_table(table))

    def sink(self, table: TableOptions, environment: Environment) -> Sink:
        return MemorySink(_table(table))


def _table(table: TableOptions) -> MemoryTable:
    config = TableConfig(table)
    config.check(("key",))
    key = config.text("key", table.name)
    if key not in TABLES:
        raise UserError("missing_table", f"table {table.name}: there is no table '{key}' in memory")
    return TABLES[key]
