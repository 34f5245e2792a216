"""SQL for what no component says."""

from __future__ import annotations

from sqlglot import exp

from porsche.components.base import Component, Lowering, Port, PropertyError
from porsche.components.properties import Query
from porsche.components.table import Table


class CustomSql(Component):
    """Write a SELECT over the inputs, by the ids of their nodes."""

    family = "transform"
    inputs = (Port("rows", "tables that the query reads", many=True),)
    example = {"query": "SELECT user_id, UPPER(city) AS city FROM orders WHERE price > 10"}
    query = Query(label="Query", about="SELECT ... FROM the ids of the nodes that are connected")

    def lower(self, rows: tuple[Table, ...]) -> Lowering:
        known = {table.name for table in rows}
        known |= {cte.alias for cte in self.query.find_all(exp.CTE)}
        for table in self.query.find_all(exp.Table):
            if table.this is not None and isinstance(table.this, exp.Identifier) and table.name not in known:
                raise PropertyError("query", "unknown_table", f"'{table.name}' is not an input of this node",
                                    f"connected are {', '.join(sorted(known))}")
        return Lowering(views=((self.site.node, self.query.copy()),))
