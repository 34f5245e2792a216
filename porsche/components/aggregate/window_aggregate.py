"""Aggregates over windows of time."""

from __future__ import annotations

from porsche.components.base import Component, Port
from porsche.components.properties import Columns, Duration, Expressions, TimeColumn
from porsche.components.table import Table, column


class WindowAggregate(Component):
    """Aggregate over windows of event time: each minute, or the last hour every five minutes.

    A window's rows come once, when the watermark has passed its end, with `window_start`, `window_end` and the time
    column `window_time`.
    """

    family = "aggregate"
    inputs = (Port("rows", "events to aggregate"),)
    keys = Columns(label="Key columns", default=())
    time = TimeColumn(label="Event time")
    size = Duration(label="Length of a window")
    every = Duration(label="A window every", about="shorter than the length: windows overlap", required=False)
    aggregates = Expressions(label="Aggregates", about="a name and an SQL aggregate each: {orders: COUNT(*)}")

    def lower(self, rows: Table) -> Table:
        windows = (
            rows.window("HOP", self.time, self.every, self.size)
            if self.every
            else rows.window("TUMBLE", self.time, self.size)
        )
        bounds = ("window_start", "window_end", "window_time")
        items = [*((k, column(k)) for k in self.keys), *self.aggregates, *((b, column(b)) for b in bounds)]
        return windows.select(items).grouped((*self.keys, *bounds))
