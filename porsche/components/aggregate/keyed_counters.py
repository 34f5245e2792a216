"""Running aggregates by key."""

from __future__ import annotations

from porsche.components.base import Component, Port
from porsche.components.properties import Columns, Expressions
from porsche.components.table import Table


class KeyedCounters(Component):
    """Count, sum and average for each key, up to now.

    The result is a table with a row for each key, which changes with every event. Without a key it has one row.
    """

    family = "aggregate"
    inputs = (Port("rows", "rows to aggregate"),)
    keys = Columns(label="Key columns", default=())
    aggregates = Expressions(label="Aggregates", about="a name and an SQL aggregate each: {orders: COUNT(*)}")

    def lower(self, rows: Table) -> Table:
        return rows.group(self.keys, self.aggregates)
