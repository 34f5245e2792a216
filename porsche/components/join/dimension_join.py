"""Rows completed from a dimension."""

from __future__ import annotations

from sqlglot import exp

from engine.types import Kind
from porsche.components.base import Component, Port, PropertyError
from porsche.components.properties import Choice, Column, Columns
from porsche.components.reading import Reading, Readings, Said, as_of, column_like
from porsche.components.table import Table, column, identifier, star


class DimensionJoin(Component):
    """Add columns of a dimension to each row, by key, as the dimension is when the row is processed.

    Lookups are batched and run while other rows go on; order is kept. A row whose key is not there keeps NULLs, or is
    left out.
    """

    family = "join"
    inputs = (Port("rows", "rows to complete"), Port("dimension", "the dimension table", relation="dimension"))
    example = {"key": "item_id", "columns": ["category", "brand"], "unknown": "keep"}
    key = Column(label="Key", about="the column of the rows that holds the dimension's key")
    columns = Columns(label="Columns to add", port="dimension")
    clock = Column(label="Clock column", about="processing time; found by itself where there is one", required=False)
    unknown = Choice("keep", "drop", label="Rows whose key is not there")

    def lower(self, rows: Table, dimension: Table) -> Table:
        clock = self.clock or next(iter(rows.clocks()), None)
        if clock is None or clock not in rows.clocks():
            raise PropertyError("clock", "no_clock", "a lookup needs a column of processing time",
                                "give the event source a clock column")
        taken = [name for name in self.columns if name in rows.names]
        if taken:
            raise PropertyError("columns", "duplicate_column", f"the rows have a column '{taken[0]}' already",
                                "select other columns before, or rename it there")
        on = exp.EQ(this=column(self.key, "r"), expression=column(dimension.schema[0].name, "d"))
        items = [("*", star("r")), *((name, _stored(dimension, name)) for name in self.columns)]
        joined = rows.join(
            dimension, on, items, aliases=("r", "d"), left=self.unknown == "keep", as_of=column(clock, "r")
        )
        return joined.named((*rows.names, *self.columns))

    @classmethod
    def read(cls, said: Said) -> Readings:
        joined = as_of(said)
        items = joined.query.expressions[1:] if joined is not None else []
        columns = [item.name for item in items if column_like(item)]
        if joined is None or not columns or len(columns) < len(items):
            return
        found = {"key": joined.left, "columns": columns, "unknown": "keep" if joined.outer else "drop"}
        inputs = {"rows": (joined.rows,), "dimension": (joined.table,)}
        yield Reading(found, inputs)
        yield Reading({**found, "clock": joined.time}, inputs)


def _stored(dimension: Table, name: str) -> exp.Expr:
    """A column of the dimension: its key, or a field of a column family."""
    for field in dimension.schema:
        if field.name == name:
            return column(name, "d")
        if field.type.kind is Kind.ROW and any(f.name == name for f in field.type.fields):
            return exp.Column(this=identifier(name), table=identifier(field.name), db=identifier("d"))
    raise PropertyError("columns", "unknown_column", f"the dimension has no column '{name}'")
