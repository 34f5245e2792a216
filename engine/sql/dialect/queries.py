"""Queries: SELECT, VALUES, set operations, WITH, ORDER BY and LIMIT."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp
from sqlglot.tokens import TokenType

from engine.sql.dialect.cursor import Node
from engine.sql.dialect.nodes import RowValue
from engine.sql.dialect.relations import RelationParser

_SET_OPERATIONS: dict[str, tuple[int, type[exp.SetOperation]]] = {
    "UNION": (1, exp.Union), "EXCEPT": (1, exp.Except), "MINUS": (1, exp.Except), "INTERSECT": (2, exp.Intersect),
}


class QueryParser(RelationParser):
    """The grammar of queries."""

    def query(self) -> Node:
        """A query with its WITH, ORDER BY and LIMIT."""
        start = self.token
        with_ = self.with_clause() if self.word == "WITH" else None
        node = self._combined(0)
        if with_ is not None:
            node.set("with_", with_)
        self._ordering(node)
        return self.placed(node, start)

    def with_clause(self) -> exp.With:
        """WITH."""
        self.expect("WITH")
        recursive = self.accept("RECURSIVE") or None
        return exp.With(expressions=self.listed(self._common_table), recursive=recursive)

    def _common_table(self) -> exp.CTE:
        start = self.token
        name = self.name()
        columns = self.parenthesised(self.name) if self.word == "(" else None
        self.expect("AS")
        query = self.closed_query().this
        return self.placed(exp.CTE(this=query, alias=exp.TableAlias(this=name, columns=columns)), start)

    def _combined(self, floor: int) -> Node:
        start = self.token
        left = self._simple_query()
        while (known := _SET_OPERATIONS.get(self.word)) is not None and known[0] > floor:
            strength, node = known
            self.advance()
            distinct = not self.accept("ALL")
            if distinct:
                self.accept("DISTINCT")
            left = self.placed(node(this=left, expression=self._combined(strength), distinct=distinct), start)
        return left

    def _simple_query(self) -> Node:
        start = self.token
        word = start.word
        if word == "SELECT":
            return self._select()
        if word == "VALUES":
            self.advance()
            return self.placed(exp.Values(expressions=self.listed(self._row)), start)
        if word == "TABLE":
            self.advance()
            return self.placed(exp.select("*").from_(self.table_name(), copy=False), start)
        if word == "(":
            return self.closed_query()
        return self.fail("SELECT", "VALUES", "WITH", "(")

    def _row(self) -> exp.Tuple:
        """A row of VALUES: always a Tuple, however it is written."""
        start = self.token
        value = self.expression()
        if isinstance(value, exp.Tuple):
            return value
        if isinstance(value, RowValue):
            return self.placed(exp.Tuple(expressions=value.expressions), start)
        return self.placed(exp.Tuple(expressions=[value.unnest()]), start)

    def _ordering(self, node: Node) -> None:
        if self.word == "ORDER":
            node.set("order", self.order_by())
        if self.word == "LIMIT":
            self._limit(node)
        if self.word == "OFFSET":
            node.set("offset", self.offset_clause())
        if self.word == "FETCH":
            node.set("limit", self._fetch())

    def _limit(self, node: Node) -> None:
        if self.accept("LIMIT", "ALL"):
            return
        limit = self.limit_clause()
        if self.accept(","):
            node.set("offset", exp.Offset(expression=limit.expression))
            limit = exp.Limit(expression=self._count())
        node.set("limit", limit)

    def limit_clause(self) -> exp.Limit:
        """LIMIT n."""
        self.expect("LIMIT")
        return exp.Limit(expression=self._count())

    def offset_clause(self) -> exp.Offset:
        """OFFSET n [ROWS]."""
        self.expect("OFFSET")
        node = exp.Offset(expression=self._count())
        self.accept_any("ROW", "ROWS")
        return node

    def _fetch(self) -> exp.Limit:
        """FETCH FIRST n ROWS ONLY: the same as LIMIT n."""
        self.expect("FETCH")
        self.expect_any("FIRST", "NEXT")
        node = exp.Limit(expression=self._count())
        self.expect_any("ROW", "ROWS")
        self.expect("ONLY")
        return node

    def _count(self) -> Node:
        if self.word == "?":
            return self.placed(exp.Placeholder(), self.advance())
        if self.token.token_type is not TokenType.NUMBER:
            self.fail("an unsigned number")
        return self.number()

    # -- SELECT

    def _select(self) -> exp.Select:
        start = self.advance()
        hints = self.hints()
        self.accept("STREAM")
        distinct = exp.Distinct() if self.accept("DISTINCT") else None
        if distinct is None:
            self.accept("ALL")
        node = exp.Select(expressions=self.listed(self.aliased), distinct=distinct)
        if hints:
            node.set("hint", exp.Hint(expressions=hints))
        if self.accept("FROM"):
            relation, joins = self.relations()
            node.set("from_", exp.From(this=relation))
            node.set("joins", joins or None)
        self._clauses(node)
        return self.placed(node, start)

    def aliased(self) -> Node:
        """An item of SELECT."""
        start = self.token
        if start.word == "*":
            return self.placed(exp.Star(), self.advance())
        value = self.expression()
        if self.accept("AS"):
            alias = self.name()
        elif self.is_name:
            alias = self.any_name()
        else:
            return value
        return self.placed(exp.Alias(this=value, alias=alias), start)

    def _clauses(self, node: exp.Select) -> None:
        for word, clause, rule in _CLAUSES:
            if self.word == word:
                node.set(clause, rule(self))

    def from_clause(self) -> exp.From:
        """FROM with one relation."""
        self.expect("FROM")
        return exp.From(this=self.relation())

    def joined_template(self) -> exp.Select:
        """`FROM _ LEFT JOIN _`, which sqlglot's builder reads to learn the kind of a join."""
        source = self.from_clause()
        return exp.Select(from_=source, joins=[self.join_clause()])

    def where_clause(self) -> exp.Where:
        """WHERE."""
        self.expect("WHERE")
        return exp.Where(this=self.expression())

    def having_clause(self) -> exp.Having:
        """HAVING."""
        self.expect("HAVING")
        return exp.Having(this=self.expression())

    def qualify_clause(self) -> exp.Qualify:
        """QUALIFY."""
        self.expect("QUALIFY")
        return exp.Qualify(this=self.expression())

    def window_clause(self) -> list[exp.Window]:
        """WINDOW w AS (...), ...."""
        self.expect("WINDOW")
        return self.listed(self._named_window)

    def group_clause(self) -> exp.Group:
        """GROUP BY."""
        self.expect("GROUP", "BY")
        if not self.accept("ALL"):
            self.accept("DISTINCT")
        return exp.Group(expressions=self.listed(self._group_item))

    def _group_item(self) -> Node:
        start = self.token
        if self.accept("GROUPING", "SETS"):
            return self.placed(exp.GroupingSets(expressions=self.parenthesised(self._group_item)), start)
        if start.word in ("ROLLUP", "CUBE") and self.ahead().word == "(":
            node = exp.Rollup if self.advance().word == "ROLLUP" else exp.Cube
            return self.placed(node(expressions=self.parenthesised(self._group_item)), start)
        if self.follows("(", ")"):
            self.expect("(", ")")
            return self.placed(exp.Tuple(expressions=[]), start)
        return self.expression()

    def _named_window(self) -> exp.Window:
        start = self.token
        name = self.name()
        self.expect("AS", "(")
        window = self.window_specification(name)
        self.expect(")")
        return self.placed(window, start)


_CLAUSES: tuple[tuple[str, str, Callable[[QueryParser], Node | list[exp.Window]]], ...] = (
    ("WHERE", "where", QueryParser.where_clause),
    ("GROUP", "group", QueryParser.group_clause),
    ("HAVING", "having", QueryParser.having_clause),
    ("WINDOW", "windows", QueryParser.window_clause),
    ("QUALIFY", "qualify", QueryParser.qualify_clause),
)
