"""Numbers to watch."""

from __future__ import annotations

from porsche.components.base import Component, Lowering, Port, insert
from porsche.components.properties import Duration, Expression, Expressions, TimeColumn
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
    metrics = Expressions(label="Metrics", about="a name and an SQL aggregate each: {auc: 'AUC(label, p)'}")
    where = Expression(label="Only rows where", required=False)
    every = Duration(label="For each", about="a window of event time; none: all rows so far", required=False)
    time = TimeColumn(label="Event time", about="of the windows; found by itself where there is one", required=False)

    def lower(self, rows: Table) -> Lowering:
        query = (self._windows(rows) if self.every else rows.group((), self.metrics, self.where)).tree()
        columns = [(f.name, type_tree(f.type.as_nullable())) for f in self.site.describe(query)]
        table = create_table(self.site.node, columns, self.site.options("metrics", {}))
        return Lowering(tables=(table,), inserts=(insert(self.site.node, query),))

    def _windows(self, rows: Table) -> Table:
        time = self.time or next(iter(rows.times()), "")
        windows = rows.window("TUMBLE", time, self.every)
        items = [("window_end", column("window_end")), *self.metrics]
        return windows.select(items, self.where).grouped(("window_start", "window_end"))
