"""Function calls: arguments, aggregate and OVER clauses, and the functions with syntax of their own."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from engine.sql.dialect.cursor import Node, T
from engine.sql.dialect.keywords import TIME_UNITS
from engine.sql.dialect.lexer import FlinkToken
from engine.sql.dialect.nodes import (
    Default,
    Descriptor,
    Final,
    ModelArgument,
    RoundToUnit,
    Running,
    TableArgument,
    WithinDistinct,
)
from engine.sql.dialect.windows import WindowParser

_UNIT_FIRST = frozenset({"TIMESTAMPADD", "TIMESTAMPDIFF"})


class CallParser(WindowParser):
    """The grammar of calls."""

    # -- any function

    def call(self, names: list[exp.Identifier], start: FlinkToken) -> Node:
        """`name(arguments)` with the clauses that may follow."""
        self.expect("(")
        arguments, order = self._arguments(names[-1].name.upper())
        self.expect(")")
        node: Node = exp.Anonymous(this=_function_name(names), expressions=arguments)
        return self.call_clauses(self.placed(node, start), start, order)

    def call_clauses(self, node: Node, start: FlinkToken, order: exp.Order | None = None) -> Node:
        """`node` with RESPECT NULLS, WITHIN GROUP, FILTER and OVER around it."""
        if order is not None:
            node = exp.WithinGroup(this=node, expression=order)
        word = self.word
        if word not in _CLAUSE_STARTS:
            return node
        if self.accept("IGNORE", "NULLS"):
            node = exp.IgnoreNulls(this=node)
        elif self.accept("RESPECT", "NULLS"):
            node = exp.RespectNulls(this=node)
        if self.accept("WITHIN", "DISTINCT"):
            node = WithinDistinct(this=node, expressions=self.parenthesised(self.expression))
        if self.accept("WITHIN", "GROUP"):
            self.expect("(")
            node = exp.WithinGroup(this=node, expression=self.order_by())
            self.expect(")")
        if self.follows("FILTER", "("):
            self.expect("FILTER", "(", "WHERE")
            node = exp.Filter(this=node, expression=exp.Where(this=self.expression()))
            self.expect(")")
        if self.accept("OVER"):
            node = self.over(node)
        return self.placed(node, start)

    def _arguments(self, name: str) -> tuple[list[Node], exp.Order | None]:
        if self.word == ")":
            return [], None
        if self.word == "*" and self.ahead().word == ")":
            return [self.placed(exp.Star(), self.advance())], None
        if name in _UNIT_FIRST and self.word in TIME_UNITS:
            unit = self.time_unit()
            self.expect(",")
            return [unit, *self.listed(self.expression)], None
        distinct = self.accept("DISTINCT")
        if not distinct:
            self.accept("ALL")
        arguments = self.listed(self.argument)
        if distinct:
            arguments = [exp.Distinct(expressions=arguments)]
        return arguments, self.order_by() if self.word == "ORDER" else None

    def argument(self) -> Node:
        """One argument, named or not; tables and models among them."""
        if self.is_name and self.ahead().word == "=>":
            name = self.name()
            self.advance()
            return exp.Kwarg(this=name, expression=self._argument_value())
        return self._argument_value()

    def _argument_value(self) -> Node:
        word = self.word
        if word == "TABLE" or self.is_query:
            return self._table_argument()
        if word == "DEFAULT":
            return self.placed(Default(), self.advance())
        if word == "MODEL" and self.ahead().word not in (",", ")", ".", "(", "["):
            start = self.advance()
            return self.placed(ModelArgument(this=self.table_name()), start)
        if word in ("SELECT", "WITH"):
            start = self.token
            return self.placed(exp.Subquery(this=self.query()), start)
        return self.expression()

    def _table_argument(self) -> Node:
        """`TABLE t` or a query, with PARTITION BY and ORDER BY; a bare query in parentheses stays an expression."""
        start = self.token
        table: Node
        if not self.accept("TABLE"):
            table = self.expression()
            if not isinstance(table, exp.Subquery) or self.word not in ("PARTITION", "ORDER"):
                return table
        elif self.is_query:
            table = self.closed_query()
        elif self.accept("("):
            table = self.table_name()
            self.expect(")")
        else:
            table = self.table_name()
        node = TableArgument(this=table)
        if self.accept("PARTITION", "BY"):
            node.set("partition_by", self._one_or_more(self.expression))
        if self.accept("ORDER", "BY"):
            node.set("order", exp.Order(expressions=self._one_or_more(self.ordered)))
        return self.placed(node, start)

    def _one_or_more(self, item: Callable[[], T]) -> list[T]:
        """Several in parentheses, or one without."""
        return self.parenthesised(item) if self.word == "(" else [item()]

    # -- functions with syntax of their own

    def special_call(self, word: str) -> Node | None:
        """The call if `word` begins one of these, else None."""
        handler = _SPECIAL.get(word)
        if handler is None:
            return None
        opening = self.ahead(2 if word in _PREFIXES else 1)
        return handler(self) if opening.word == "(" and self.ahead().word else None

    def time_unit(self) -> exp.Var:
        """A unit of EXTRACT, FLOOR, TIMESTAMPADD, ..."""
        if self.word not in TIME_UNITS:
            self.fail("a unit of time")
        token = self.advance()
        return self.placed(exp.Var(this=token.word), token)

    def extract(self) -> Node:
        """EXTRACT(unit FROM value)."""
        self.expect("EXTRACT", "(")
        unit = self.time_unit()
        self.expect("FROM")
        value = self.expression()
        self.expect(")")
        return exp.Extract(this=unit, expression=value)

    def rounded(self) -> Node:
        """FLOOR and CEIL, of a number or to a unit of time."""
        start = self.advance()
        self.expect("(")
        value = self.argument()
        if self.accept("TO"):
            kind = "FLOOR" if start.word == "FLOOR" else "CEIL"
            node: Node = RoundToUnit(this=value, unit=self.time_unit(), kind=kind)
        else:
            arguments = [value]
            while self.accept(","):
                arguments.append(self.argument())
            node = exp.Anonymous(this=start.text, expressions=arguments)
        self.expect(")")
        return node

    def position(self) -> Node:
        """POSITION(a IN b [FROM c])."""
        self.expect("POSITION", "(")
        needle = self.expression(32)
        self.expect("IN")
        text = self.expression()
        start = self.expression() if self.accept("FROM") else None
        self.expect(")")
        return exp.StrPosition(this=text, substr=needle, position=start)

    def overlay(self) -> Node:
        """OVERLAY(a PLACING b FROM c [FOR d])."""
        self.expect("OVERLAY", "(")
        text = self.expression()
        self.expect("PLACING")
        replacement = self.expression()
        self.expect("FROM")
        start = self.expression()
        length = self.expression() if self.accept("FOR") else None
        self.expect(")")
        return exp.Overlay(this=text, expression=replacement, from_=start, for_=length)

    def substring(self) -> Node:
        """SUBSTRING(a FROM b [FOR c]) or with commas: the same node."""
        start = self.advance()
        self.expect("(")
        arguments = [self.argument()]
        if self.accept("FROM"):
            arguments.append(self.expression())
            if self.accept("FOR"):
                arguments.append(self.expression())
        else:
            while self.accept(","):
                arguments.append(self.argument())
        self.expect(")")
        return exp.Anonymous(this=start.text, expressions=arguments)

    def trim(self) -> Node:
        """TRIM([BOTH | LEADING | TRAILING] [characters] FROM text), TRIM(text)."""
        self.expect("TRIM", "(")
        side = self.accept_any("BOTH", "LEADING", "TRAILING")
        if side and self.accept("FROM"):
            node = exp.Trim(this=self.expression(), position=side)
        else:
            first = self.expression()
            if self.accept("FROM"):
                node = exp.Trim(this=self.expression(), expression=first, position=side)
            else:
                node = exp.Trim(this=first, position=side)
        self.expect(")")
        return node

    def descriptor(self) -> Node:
        """DESCRIPTOR(a, b)."""
        self.expect("DESCRIPTOR")
        return Descriptor(expressions=self.parenthesised(self.name, empty=True))

    def match_prefix(self) -> Node:
        """RUNNING or FINAL before a call."""
        start = self.advance()
        return (Running if start.word == "RUNNING" else Final)(this=self.primary())


def _function_name(names: list[exp.Identifier]) -> str | Node:
    """A plain name as text, as written; a compound or odd one as nodes."""
    if len(names) > 1:
        return exp.Dot.build(list(names))
    return names[0] if names[0].args["quoted"] else names[0].name


_CLAUSE_STARTS = frozenset({"IGNORE", "RESPECT", "WITHIN", "FILTER", "OVER"})
_PREFIXES = frozenset({"RUNNING", "FINAL"})
_SPECIAL: dict[str, Callable[[CallParser], Node]] = {
    "EXTRACT": CallParser.extract, "FLOOR": CallParser.rounded, "CEIL": CallParser.rounded,
    "CEILING": CallParser.rounded, "POSITION": CallParser.position, "OVERLAY": CallParser.overlay,
    "SUBSTRING": CallParser.substring, "TRIM": CallParser.trim, "DESCRIPTOR": CallParser.descriptor,
    "RUNNING": CallParser.match_prefix, "FINAL": CallParser.match_prefix,
}
