"""Rows chosen by a condition."""

from __future__ import annotations

from porsche.components.base import Component, Port
from porsche.components.properties import Expression
from porsche.components.table import Table


class Filter(Component):
    """Keep the rows for which a condition is true."""

    family = "transform"
    inputs = (Port("rows", "rows to choose from"),)
    condition = Expression(label="Condition", about="an SQL condition over the columns of the input")

    def lower(self, rows: Table) -> Table:
        return rows.where(self.condition)
