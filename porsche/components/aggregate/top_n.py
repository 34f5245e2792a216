"""The first rows of each group."""

from __future__ import annotations

from sqlglot import exp

from porsche.components.base import Component, Port
from porsche.components.properties import Choice, Column, Columns, Flag, Number
from porsche.components.reading import Reading, Readings, Said, numeral, ranks
from porsche.components.table import Table, column, number


class TopN(Component):
    """Keep the N rows with the largest (or smallest) value, for each group.

    The result changes as rows come: one that is no longer among the first is withdrawn.
    """

    family = "aggregate"
    inputs = (Port("rows", "rows to rank"),)
    example = {"groups": ["category"], "order": "sales", "limit": 10}
    groups = Columns(label="Groups", about="columns; none: one group of all rows", default=())
    order = Column(label="By value")
    direction = Choice("largest", "smallest", label="Which first")
    limit = Number(label="How many", low=1, high=10_000, whole=True, default=10)
    with_rank = Flag(label="Add the rank", about="a column `rank_number`, 1 for the first", default=False, port="")

    def lower(self, rows: Table) -> Table:
        ranked = rows.rank(self.groups, [(self.order, self.direction == "largest")], "rank_number")
        chosen = ranked.where(exp.LTE(this=column("rank_number"), expression=number(self.limit)))
        return chosen.only((*rows.names, "rank_number") if self.with_rank else rows.names)

    @classmethod
    def read(cls, said: Said) -> Readings:
        ranked = ranks(said)
        limit = numeral(ranked.limit.expression) if ranked is not None else None
        if ranked is None or limit is None:
            return
        direction = "largest" if ranked.descending else "smallest"
        for with_rank in (False, True):
            found = {"groups": ranked.by, "order": ranked.order, "direction": direction, "limit": limit}
            yield Reading({**found, "with_rank": with_rank}, {"rows": (ranked.source,)})
