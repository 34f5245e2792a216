"""Operators by precedence."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from engine.sql.dialect.cursor import Node
from engine.sql.dialect.nodes import JsonTest
from engine.sql.dialect.operands import OperandParser, constant

# How strongly operators bind, as in Calcite's operator table.
_NOT, _IS, _RANGE, _SIGN = 26, 28, 32, 80
_BINARY: dict[str, tuple[int, type[Node]]] = {
    "OR": (22, exp.Or), "AND": (24, exp.And),
    "=": (30, exp.EQ), "<>": (30, exp.NEQ), "!=": (30, exp.NEQ), "<": (30, exp.LT), "<=": (30, exp.LTE),
    ">": (30, exp.GT), ">=": (30, exp.GTE), "OVERLAPS": (30, exp.Overlaps),
    "+": (40, exp.Add), "-": (40, exp.Sub),
    "*": (60, exp.Mul), "/": (60, exp.Div), "%": (60, exp.Mod), "||": (60, exp.DPipe),
}
_COMPARISONS: frozenset[type[Node]] = frozenset({exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE})
_RANGES = frozenset({"IN", "BETWEEN", "LIKE", "SIMILAR"})


class ExpressionParser(OperandParser):
    """The grammar of scalar expressions."""

    def expression(self, floor: int = 0) -> Node:
        """An expression of operators that bind more strongly than `floor`."""
        start = self.token
        left = self._prefixed()
        while True:
            word = self.word
            known = _BINARY.get(word)
            if known is not None:
                strength, operator = known
                if strength <= floor:
                    return left
                self.advance()
                left = operator(this=left, expression=self._right(operator, strength))
            elif word == "IS" and floor < _IS:
                left = self.placed(self._is(left), start)
            elif (word in _RANGES or (word == "NOT" and self.ahead().word in _RANGES)) and floor < _RANGE:
                left = self._range(left)
            else:
                return left

    def operand(self) -> Node:
        """An operand of a comparison: no AND, OR, NOT, IS or comparison outside of parentheses."""
        return self.expression(30)

    def _prefixed(self) -> Node:
        word = self.word
        if word == "NOT":
            self.advance()
            return exp.Not(this=self.expression(_NOT))
        if word == "-":
            start = self.advance()
            return self.placed(exp.Neg(this=self.expression(_SIGN)), start)
        if word == "+":
            self.advance()
            return self.expression(_SIGN)
        return self.postfixed(self.primary())

    def _right(self, node: type[Node], strength: int) -> Node:
        if node in _COMPARISONS and self.word in ("ANY", "SOME", "ALL") and self.ahead().word == "(":
            kind = exp.All if self.advance().word == "ALL" else exp.Any
            if self.is_query:
                return kind(this=self.closed_query())
            start = self.token
            return kind(this=self.placed(exp.Tuple(expressions=self.parenthesised(self.expression)), start))
        return self.expression(strength)

    def _is(self, left: Node) -> Node:
        self.expect("IS")
        negated = self.accept("NOT")
        if self.accept("DISTINCT"):
            self.expect("FROM")
            node = exp.NullSafeEQ if negated else exp.NullSafeNEQ
            return node(this=left, expression=self.expression(30))
        test = self._truth_test(left)
        return exp.Not(this=test) if negated else test

    def _truth_test(self, left: Node) -> Node:
        if self.accept("JSON"):
            return JsonTest(this=left, kind=self.accept_any("VALUE", "OBJECT", "ARRAY", "SCALAR") or "VALUE")
        word = self.expect_any("NULL", "TRUE", "FALSE", "UNKNOWN", "DISTINCT", "JSON")
        return exp.Is(this=left, expression=constant(word))

    def _range(self, left: Node) -> Node:
        negated = self.accept("NOT")
        word = self.expect_any(*sorted(_RANGES))
        node = _RANGE_PARSERS[word](self, left)
        return exp.Not(this=node) if negated else node

    def in_operator(self, left: Node) -> Node:
        """What follows IN: a list or a query."""
        if self.is_query:
            return exp.In(this=left, query=self.closed_query())
        return exp.In(this=left, expressions=self.parenthesised(self.expression))

    def between_operator(self, left: Node) -> Node:
        """What follows BETWEEN."""
        symmetric = self.accept("SYMMETRIC")
        if not symmetric:
            self.accept("ASYMMETRIC")
        low = self.expression(_RANGE)
        self.expect("AND")
        return exp.Between(this=left, low=low, high=self.expression(_RANGE), symmetric=symmetric or None)

    def like_operator(self, left: Node) -> Node:
        """What follows LIKE."""
        return self._escaped(exp.Like(this=left, expression=self.expression(_RANGE)))

    def similar_operator(self, left: Node) -> Node:
        """What follows SIMILAR."""
        self.expect("TO")
        return self._escaped(exp.SimilarTo(this=left, expression=self.expression(_RANGE)))

    def _escaped(self, node: Node) -> Node:
        return exp.Escape(this=node, expression=self.expression(_RANGE)) if self.accept("ESCAPE") else node


_RANGE_PARSERS: dict[str, Callable[[ExpressionParser, Node], Node]] = {
    "IN": ExpressionParser.in_operator, "BETWEEN": ExpressionParser.between_operator,
    "LIKE": ExpressionParser.like_operator, "SIMILAR": ExpressionParser.similar_operator,
}
