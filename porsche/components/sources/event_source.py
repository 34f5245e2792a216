"""Rows from outside, with their time."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from porsche.components.base import Component, Lowering, PropertyError
from porsche.components.options import SOURCES
from porsche.components.properties import Column, Duration, Expressions, Fields, Options, Text
from porsche.components.reading import (
    Reading,
    Readings,
    Said,
    computed,
    expressions,
    fields_of,
    lasting,
    options_of,
    physical,
)
from porsche.components.table import call, column, create_table


class EventSource(Component):
    """Read events.

    Events come from files, Kafka, a generator or any other connector. One column says when each happened; the watermark
    follows it by the delay, and events older than the watermark are late: time-dependent steps drop and count them. A
    clock column (processing time) is what dimension joins look up by.
    """

    family = "sources"
    example = {
        "columns": {"user_id": "BIGINT", "item_id": "BIGINT", "price": "DOUBLE", "event_time": "TIMESTAMP(3)"},
        "time": "event_time", "delay": "5 seconds", "clock": "now",
        "options": {"connector": "filesystem", "path": "events.csv", "format": "csv"},
    }
    columns = Fields(label="Columns", about="names and SQL types, in the order of the source")
    computed = Expressions(label="Computed columns", about="further columns made of those above", default={}, port="")
    time = Column(label="Event time", about="the column that says when an event happened", required=False, port="")
    delay = Duration(label="Delay", about="how much later than its time an event may come", default="1 second")
    clock = Text(label="Clock column", about="the name of an added column of processing time", required=False, port="")
    options = Options(
        label="Connector", about="where the rows are, and how they are written", default={}, known=SOURCES
    )

    def lower(self) -> Lowering:
        self._check_time()
        computed = [*self.computed, *([(self.clock, call("PROCTIME"))] if self.clock else [])]
        watermark = (self.time, exp.Sub(this=column(self.time), expression=self.delay)) if self.time else None
        options = self.site.options("events", self.options)
        return Lowering(
            tables=(create_table(self.site.node, self.columns, options, computed=computed, watermark=watermark),)
        )

    @classmethod
    def read(cls, said: Said) -> Readings:
        table = said.tables.get(said.node)
        if table is None or len(said.tables) != 1 or said.loads or said.inserts or said.views:
            return
        made = computed(table)
        found: dict[str, Any] = {"columns": fields_of(physical(table))}
        clocks = [name for name, tree in made if isinstance(tree, exp.Anonymous) and tree.name.upper() == "PROCTIME"]
        if clocks and clocks[-1] == made[-1][0]:
            made, found["clock"] = made[:-1], clocks[-1]
        found["computed"] = expressions(made)
        for mark in table.args.get("watermarks") or ():
            late = mark.expression.expression if isinstance(mark.expression, exp.Sub) else None
            found |= {"time": mark.this.name, "delay": lasting(late) or "0 seconds"}
        for options in said.options("events", options_of(table)):
            yield Reading({**found, "options": options})

    def _check_time(self) -> None:
        names = [name for name, _ in (*self.columns, *self.computed)]
        if self.time and self.time not in names:
            raise PropertyError(
                "time", "unknown_column", f"there is no column '{self.time}'", f"columns are {', '.join(names)}"
            )
