"""Aggregates over windows of time."""

from __future__ import annotations

from typing import Any

from porsche.components.base import Component, Port
from porsche.components.properties import Columns, Duration, Expressions, TimeColumn
from porsche.components.reading import Reading, Readings, Said, column_names, expressions, items_of, windowed
from porsche.components.table import Table, column


class WindowAggregate(Component):
    """Aggregate over windows of event time: each minute, or the last hour every five minutes.

    A window's rows come once, when the watermark has passed its end, with `window_start`, `window_end` and the time
    column `window_time`.
    """

    family = "aggregate"
    inputs = (Port("rows", "events to aggregate"),)
    example = {
        "keys": ["shop_id"], "time": "order_time", "size": "1 hour", "every": "5 minutes",
        "aggregates": {"orders": "COUNT(*)", "turnover": "SUM(price)"},
    }
    keys = Columns(label="Key columns", default=())
    time = TimeColumn(label="Event time")
    size = Duration(label="Length of a window")
    every = Duration(label="A window every", about="shorter than the length: windows overlap", required=False)
    aggregates = Expressions(label="Aggregates", about="a name and an SQL aggregate each: COUNT(*)", mode="aggregate")

    def lower(self, rows: Table) -> Table:
        windows = (
            rows.window("HOP", self.time, self.every, self.size)
            if self.every
            else rows.window("TUMBLE", self.time, self.size)
        )
        bounds = ("window_start", "window_end", "window_time")
        items = [*((k, column(k)) for k in self.keys), *self.aggregates, *((b, column(b)) for b in bounds)]
        return windows.select(items).grouped((*self.keys, *bounds))

    @classmethod
    def read(cls, said: Said) -> Readings:
        query = said.select()
        windows = windowed(query) if query is not None else None
        items = items_of(query) if query is not None else None
        group = query.args.get("group") if query is not None else None
        if windows is None or not items or group is None:
            return
        source, function, time, sizes = windows
        keys = column_names(group.expressions)
        if keys is None or function not in ("TUMBLE", "HOP") or len(sizes) != (1 if function == "TUMBLE" else 2):
            return
        bounds = 3  # window_start, window_end, window_time
        found: dict[str, Any] = {"keys": keys[:-bounds], "time": time, "size": sizes[-1]}
        if len(sizes) == 2:
            found["every"] = sizes[0]
        found["aggregates"] = expressions(items[len(keys) - bounds:-bounds])
        yield Reading(found, {"rows": (source,)})
