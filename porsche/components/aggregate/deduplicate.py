"""One row for each key."""

from __future__ import annotations

from sqlglot import exp

from porsche.components.base import Component, Port
from porsche.components.properties import Choice, Columns, TimeColumn
from porsche.components.reading import Reading, Readings, Said, ranks
from porsche.components.table import Table, column, number


class Deduplicate(Component):
    """Keep one row for each key: the first, or the last."""

    family = "aggregate"
    inputs = (Port("rows", "rows with repetitions"),)
    example = {"keys": ["order_id"], "time": "order_time", "keep": "first"}
    keys = Columns(label="Key columns")
    time = TimeColumn(label="By time")
    keep = Choice("first", "last", label="Which row", about="the last one changes with each new row")

    def lower(self, rows: Table) -> Table:
        ranked = rows.rank(self.keys, [(self.time, self.keep == "last")], "row_num")
        return ranked.where(exp.EQ(this=column("row_num"), expression=number(1))).only(rows.names)

    @classmethod
    def read(cls, said: Said) -> Readings:
        ranked = ranks(said)
        if ranked is not None:
            keep = "last" if ranked.descending else "first"
            yield Reading({"keys": ranked.by, "time": ranked.order, "keep": keep}, {"rows": (ranked.source,)})
