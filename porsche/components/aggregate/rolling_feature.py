"""Features of what came before each row."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from porsche.components.base import Component, Port, PropertyError
from porsche.components.properties import Columns, Duration, Expressions, Number, TimeColumn
from porsche.components.reading import (
    Reading,
    Readings,
    Said,
    after_star,
    bare,
    column_name,
    column_names,
    expressions,
    lasting,
    numeral,
    source_of,
)
from porsche.components.table import Table, number

WITHOUT_FRAME = frozenset({"LAG", "LEAD", "ROW_NUMBER", "RANK", "DENSE_RANK", "NTILE", "PERCENT_RANK", "CUME_DIST"})
"""Functions that look at the whole partition: Flink refuses a frame with them."""


class RollingFeature(Component):
    """Add to each row what happened up to it: a user's clicks in the last ten minutes, the time of the visit before.

    Every feature is an SQL aggregate over the rows with the same key: those of a length of time before the row, a
    number of rows, or all of them. The row itself is included. LAG(x) is the value one row before; it stands without a
    length.
    """

    family = "aggregate"
    inputs = (Port("rows", "events, in order of their time"),)
    example = {
        "keys": ["user_id"], "time": "click_time", "within": "10 minutes",
        "features": {"clicks": "COUNT(*)", "mean_price": "AVG(price)"},
    }
    keys = Columns(label="Key columns", default=())
    time = TimeColumn(label="Event time")
    within = Duration(label="Within", about="rows of this length of time before the row", required=False)
    preceding = Number(
        label="Rows before", about="this many rows before the row", low=1, high=10**6, whole=True, required=False
    )
    features = Expressions(label="Features", about="a name and an SQL aggregate each: COUNT(*)", mode="over")

    def lower(self, rows: Table) -> Table:
        return rows.over(self.features, self.keys, self.time, self._frame())

    @classmethod
    def read(cls, said: Said) -> Readings:
        query = said.select()
        source = source_of(query) if query is not None else None
        items = after_star(query) if query is not None else None
        uses = [bare(tree) for _, tree in items or ()]
        if not source or not items or not all(isinstance(use, exp.Window) for use in uses):
            return
        keys = column_names(uses[0].args.get("partition_by"))
        order = uses[0].args.get("order")
        time = column_name(order.expressions[0].this) if order is not None else None
        if keys is None or not time:
            return
        found: dict[str, Any] = {"keys": keys, "time": time}
        frame = uses[0].args.get("spec")
        start = frame.args.get("start") if frame is not None else None
        if frame is not None and frame.args["kind"] == "RANGE" and lasting(start):
            found["within"] = lasting(start)
        elif isinstance(start, exp.Literal):
            found["preceding"] = numeral(start)
        features = expressions([(name, use.this) for (name, _), use in zip(items, uses, strict=True)])
        yield Reading({**found, "features": features}, {"rows": (source,)})

    def _frame(self) -> exp.WindowSpec | None:
        if self.within is not None and self.preceding is not None:
            raise PropertyError(
                "preceding", "bad_value", "a length of time and a number of rows are given", "remove one of them"
            )
        bounded = self.within is not None or self.preceding is not None
        framed = [name for name, tree in self.features if not _without_frame(tree)]
        if not framed and not bounded:
            return None
        if len(framed) < len(self.features):
            raise PropertyError(
                "features",
                "bad_value",
                "LAG and the like stand apart from aggregates, without a length",
                "use a second rolling feature for them",
            )
        start: exp.Expr | str = "UNBOUNDED"
        if bounded:
            start = self.within or number(self.preceding)
        return exp.WindowSpec(kind="RANGE" if self.within is not None else "ROWS", start=start, start_side="PRECEDING",
                              end="CURRENT ROW")


def _without_frame(tree: exp.Expr) -> bool:
    return isinstance(tree, exp.Anonymous) and tree.name.upper() in WITHOUT_FRAME
