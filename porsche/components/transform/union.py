"""Streams put together."""

from __future__ import annotations

from functools import reduce

from sqlglot import exp

from porsche.components.base import Component, Lowering, Port, PropertyError
from porsche.components.reading import Reading, Readings, Said, source_of
from porsche.components.table import Table


class Union(Component):
    """Put the rows of several inputs together.

    The columns are those of the first input; the others must have them too, in any order. Rows that are equal stay
    apart.
    """

    family = "transform"
    inputs = (Port("rows", "two inputs or more", many=True),)

    def lower(self, rows: tuple[Table, ...]) -> Lowering:
        names = rows[0].without_clocks()
        for other in rows[1:]:
            missing = [name for name in names if name not in other.names]
            if missing:
                raise PropertyError("rows", "unknown_column", f"'{other.name}' lacks the columns {', '.join(missing)}",
                                    f"'{rows[0].name}' has them: select the columns that both have")
        queries: list[exp.Query] = [table.keep(names).tree() for table in rows]
        query = reduce(lambda left, right: exp.Union(this=left, expression=right, distinct=False), queries)
        return Lowering(views=((self.site.node, query),))

    @classmethod
    def read(cls, said: Said) -> Readings:
        query = said.views.get(said.node)
        sources: list[str] = []
        while isinstance(query, exp.Union) and not query.args.get("distinct", True):
            sources.insert(0, source_of(query.expression) or "")
            query = query.this
        if sources and query is not None:
            sources.insert(0, source_of(query) or "")
            if all(sources):
                yield Reading({}, {"rows": tuple(sources)})
