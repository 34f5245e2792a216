"""Rows chosen by a condition."""

from __future__ import annotations

from porsche.components.base import Component, Port
from porsche.components.properties import Expression
from porsche.components.reading import Reading, Readings, Said, condition, source_of
from porsche.components.table import Table


class Filter(Component):
    """Keep the rows for which a condition is true."""

    family = "transform"
    inputs = (Port("rows", "rows to choose from"),)
    example = {"condition": "event = 'click' AND price > 10"}
    condition = Expression(label="Condition", about="an SQL condition over the columns of the input", mode="condition")

    def lower(self, rows: Table) -> Table:
        return rows.where(self.condition)

    @classmethod
    def read(cls, said: Said) -> Readings:
        query = said.select()
        source = source_of(query) if query is not None else None
        if query is not None and source and condition(query) and len(query.expressions) == 1:
            yield Reading({"condition": condition(query)}, {"rows": (source,)})
