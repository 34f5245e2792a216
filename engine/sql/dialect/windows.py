"""ORDER BY and OVER."""

from __future__ import annotations

from sqlglot import exp

from engine.sql.dialect.cursor import Node
from engine.sql.dialect.expressions import ExpressionParser


class WindowParser(ExpressionParser):
    """The grammar of orders and windows."""

    def order_by(self) -> exp.Order:
        """ORDER BY with its items."""
        self.expect("ORDER", "BY")
        return exp.Order(expressions=self.listed(self.ordered))

    def ordered(self) -> exp.Ordered:
        """`expression [ASC | DESC] [NULLS FIRST | LAST]`; what is not said is not set."""
        value = self.expression()
        direction = self.accept_any("ASC", "DESC")
        nulls = None
        if self.accept("NULLS"):
            nulls = self.expect_any("FIRST", "LAST") == "FIRST"
        return exp.Ordered(this=value, desc=True if direction == "DESC" else None, nulls_first=nulls)

    def over(self, node: Node) -> Node:
        """What follows OVER: a window or the name of one."""
        if self.word != "(":
            return exp.Window(this=node, alias=self.name(), over="OVER")
        self.expect("(")
        window = self.window_specification(node)
        window.set("over", "OVER")
        self.expect(")")
        return window

    def window_specification(self, node: Node) -> exp.Window:
        """What stands in the parentheses of a window."""
        window = exp.Window(this=node)
        if self.is_name and self.ahead().word in (")", "PARTITION", "ORDER", "ROWS", "RANGE"):
            window.set("alias", self.name())
            window.set("first", True)
        if self.accept("PARTITION", "BY"):
            window.set("partition_by", self.listed(self.expression))
        if self.word == "ORDER":
            window.set("order", self.order_by())
        if self.word in ("ROWS", "RANGE"):
            window.set("spec", self._frame())
        return window

    def _frame(self) -> exp.WindowSpec:
        start = self.advance()
        between = self.accept("BETWEEN")
        bound, side = self._bound()
        spec = exp.WindowSpec(kind=start.word, start=bound, start_side=side)
        if between:
            self.expect("AND")
            bound, side = self._bound()
            spec.set("end", bound)
            spec.set("end_side", side)
        return self.placed(spec, start)

    def _bound(self) -> tuple[str | Node, str | None]:
        if self.accept("CURRENT"):
            self.expect("ROW")
            return "CURRENT ROW", None
        value: str | Node = "UNBOUNDED" if self.accept("UNBOUNDED") else self.expression()
        return value, self.expect_any("PRECEDING", "FOLLOWING")
