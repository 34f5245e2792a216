"""Features of what came before each row."""

from __future__ import annotations

from sqlglot import exp

from porsche.components.base import Component, Port, PropertyError
from porsche.components.properties import Columns, Duration, Expressions, Number, TimeColumn
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
    keys = Columns(label="Key columns", default=())
    time = TimeColumn(label="Event time")
    within = Duration(label="Within", about="rows of this length of time before the row", required=False)
    preceding = Number(
        label="Rows before", about="this many rows before the row", low=1, high=10**6, whole=True, required=False
    )
    features = Expressions(label="Features", about="a name and an SQL aggregate each: {clicks: COUNT(*)}")

    def lower(self, rows: Table) -> Table:
        return rows.over(self.features, self.keys, self.time, self._frame())

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
