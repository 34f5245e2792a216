"""Numbers to watch."""

from __future__ import annotations

from typing import Any

from porsche.components.base import Component, Lowering, Port, insert
from porsche.components.properties import Duration, Expression, Expressions, TimeColumn
from porsche.components.reading import (
    Reading,
    Readings,
    Said,
    column_like,
    condition,
    expressions,
    items_of,
    source_of,
    windowed,
)
from porsche.components.table import Table, column, create_table, type_tree


class MetricSink(Component):
    """Show numbers while the pipeline runs: the loss of a model, orders a minute.

    Metrics are SQL aggregates, over all rows so far, or over windows of event time. A run's result shows the last
    `auc` and
    `logloss`.
    """

    family = "sinks"
    gives = ""
    inputs = (Port("rows", "rows to measure"),)
    example = {
        "every": "1 hour", "where": "p IS NOT NULL",
        "metrics": {"auc": "AUC(label, p)", "logloss": "LOGLOSS(label, p)"},
    }
    metrics = Expressions(label="Metrics", about="a name and an SQL aggregate each: AUC(label, p)", mode="aggregate")
    where = Expression(label="Only rows where", required=False, mode="condition")
    every = Duration(label="For each", about="a window of event time; none: all rows so far", required=False)
    time = TimeColumn(label="Event time", about="of the windows; found by itself where there is one", required=False)

    def lower(self, rows: Table) -> Lowering:
        query = (self._windows(rows) if self.every else rows.group((), self.metrics, self.where)).tree()
        columns = [(f.name, type_tree(f.type.as_nullable())) for f in self.site.describe(query)]
        table = create_table(self.site.node, columns, self.site.options("metrics", {}))
        return Lowering(tables=(table,), inserts=(insert(self.site.node, query),))

    @classmethod
    def read(cls, said: Said) -> Readings:
        sink = said.sink()
        items = items_of(sink[1]) if sink is not None else None
        if sink is None or not items:
            return
        where = condition(sink[1])
        found: dict[str, Any] = {} if where is None else {"where": where}
        windows, source = windowed(sink[1]), source_of(sink[1])
        if windows is not None:
            found |= {"every": windows[3][-1], "metrics": expressions(items[1:])}
            yield Reading(found, {"rows": (windows[0],)})
            yield Reading({**found, "time": windows[2]}, {"rows": (windows[0],)})
        elif source and not any(column_like(tree) for _, tree in items):
            yield Reading({**found, "metrics": expressions(items)}, {"rows": (source,)})

    def _windows(self, rows: Table) -> Table:
        time = self.time or next(iter(rows.times()), "")
        windows = rows.window("TUMBLE", time, self.every)
        items = [("window_end", column("window_end")), *self.metrics]
        return windows.select(items, self.where).grouped(("window_start", "window_end"))
