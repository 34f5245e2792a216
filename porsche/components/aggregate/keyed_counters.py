"""Running aggregates by key."""

from __future__ import annotations

from porsche.components.base import Component, Port
from porsche.components.properties import Columns, Expressions
from porsche.components.reading import Reading, Readings, Said, column_names, expressions, items_of, source_of
from porsche.components.table import Table


class KeyedCounters(Component):
    """Count, sum and average for each key, up to now.

    The result is a table with a row for each key, which changes with every event. Without a key it has one row.
    """

    family = "aggregate"
    inputs = (Port("rows", "rows to aggregate"),)
    example = {"keys": ["user_id"], "aggregates": {"orders": "COUNT(*)", "spent": "SUM(price)"}}
    keys = Columns(label="Key columns", default=())
    aggregates = Expressions(label="Aggregates", about="a name and an SQL aggregate each: COUNT(*)", mode="aggregate")

    def lower(self, rows: Table) -> Table:
        return rows.group(self.keys, self.aggregates)

    @classmethod
    def read(cls, said: Said) -> Readings:
        query = said.select()
        source = source_of(query) if query is not None else None
        items = items_of(query) if query is not None else None
        if query is None or not source or not items:
            return
        group = query.args.get("group")
        keys = column_names(group.expressions) if group is not None else [] if said.aggregates(query, source) else None
        if keys is not None:
            aggregates = expressions(items[len(keys):])
            yield Reading({"keys": keys, "aggregates": aggregates}, {"rows": (source,)})
