"""What stands in FROM: tables, joins, table functions, derived tables."""

from __future__ import annotations

from sqlglot import exp
from sqlglot.tokens import TokenType

from engine.sql.dialect.cursor import Node
from engine.sql.dialect.lexer import FlinkToken
from engine.sql.dialect.nodes import HintCall, Option
from engine.sql.dialect.patterns import PatternParser

_JOIN_STARTS = frozenset({"JOIN", "INNER", "LEFT", "RIGHT", "FULL", "CROSS", "NATURAL"})


class RelationParser(PatternParser):
    """The grammar of FROM."""

    def relations(self) -> tuple[Node, list[exp.Join]]:
        """The first relation and what is joined to it; a comma is a join without kind."""
        first = self.relation()
        joins = self._joins()
        while self.word == ",":
            start = self.advance()
            joins.append(self.placed(exp.Join(this=self.relation()), start))
            joins += self._joins()
        return first, joins

    def _joins(self) -> list[exp.Join]:
        joins = []
        while self.word in _JOIN_STARTS:
            joins.append(self.join())
        return joins

    def join_clause(self) -> exp.Join:
        """A join whose condition may be missing: sqlglot's builder adds it later."""
        return self.join(conditional=False)

    def join(self, *, conditional: bool = True) -> exp.Join:
        """A join without comma."""
        start = self.token
        method = "NATURAL" if self.accept("NATURAL") else None
        side = self.accept_any("LEFT", "RIGHT", "FULL")
        if side:
            self.accept("OUTER")
        kind = None if side else self.accept_any("INNER", "CROSS")
        self.expect("JOIN")
        join = exp.Join(this=self.relation(), side=side, kind=kind, method=method)
        if kind == "CROSS" or method:
            return self.placed(join, start)
        nested = self._joins() if self.word in _JOIN_STARTS else []
        if nested:
            join.set("this", exp.Subquery(this=_with_joins(join.this, nested)))
        if self.accept("ON"):
            join.set("on", self.expression())
        elif self.accept("USING"):
            join.set("using", self.parenthesised(self.name))
        elif conditional:
            self.fail("ON", "USING")
        return self.placed(join, start)

    # -- one relation

    def relation(self) -> Node:
        """A table, function, or query with MATCH_RECOGNIZE and alias."""
        start = self.token
        node = self._source()
        if self.word == "MATCH_RECOGNIZE":
            node = self.match_recognize(node)
        alias = self.table_alias()
        if alias is not None:
            node.set("alias", alias)
            if self.word == "MATCH_RECOGNIZE":
                node = self.placed(self.match_recognize(node), start)
                if (outer := self.table_alias()) is not None:
                    node.set("alias", outer)
        return self.placed(node, start)

    def _source(self) -> Node:
        word = self.word
        if word == "LATERAL":
            self.advance()
            return exp.Lateral(this=self._lateral())
        if word == "TABLE" and self.ahead().word == "(":
            return exp.TableFromRows(this=self._table_function())
        if word == "UNNEST":
            return self._unnest()
        if word == "(":
            return self._derived()
        return self._table()

    def _lateral(self) -> Node:
        if self.word == "TABLE":
            return self._table_function()
        if self.word == "UNNEST":
            return self._unnest()
        if self.word == "(":
            return self.closed_query()
        start = self.token
        return self.call(self.path(), start)

    def _table_function(self) -> Node:
        self.expect("TABLE", "(")
        start = self.token
        node = self.call(self.path(), start)
        self.expect(")")
        return node

    def _unnest(self) -> Node:
        self.expect("UNNEST")
        items = self.parenthesised(self.expression)
        ordinality = self.accept("WITH", "ORDINALITY") or None
        return exp.Unnest(expressions=items, offset=ordinality)

    def _derived(self) -> Node:
        """A query in parentheses, or joins in parentheses."""
        if self.is_query:
            return self.closed_query()
        self.expect("(")
        first, joins = self.relations()
        self.expect(")")
        return exp.Subquery(this=_with_joins(first, joins))

    def _table(self) -> Node:
        start = self.token
        names = self.path()
        if self.word == "(":
            return exp.TableFromRows(this=self.call(names, start))
        if len(names) > 3:
            self.fail_at(start, "a name has at most three parts: catalog.database.object")
        parts: dict[str, Node] = dict(zip(("this", "db", "catalog"), names[::-1], strict=False))
        table = exp.Table(**parts)
        if hints := self.hints():
            table.set("hints", hints)
        if self.word == "FOR":
            table.set("version", self._snapshot())
            if hints := self.hints():
                table.set("hints", hints)
        return table

    def _snapshot(self) -> exp.Version:
        start = self.token
        self.expect("FOR", "SYSTEM_TIME", "AS", "OF")
        return self.placed(exp.Version(this="TIMESTAMP", kind="AS OF", expression=self.expression()), start)

    def table_alias(self) -> exp.TableAlias | None:
        """`[AS] name [(columns)]`, if it comes next."""
        return self.alias_of_table() if self.word == "AS" or self.is_name else None

    def alias_of_table(self) -> exp.TableAlias:
        """`[AS] name [(columns)]`."""
        start = self.token
        self.accept("AS")
        name = self.name()
        columns = self.parenthesised(self.name) if self.word == "(" else None
        return self.placed(exp.TableAlias(this=name, columns=columns), start)

    # -- hints and options

    def hints(self) -> list[HintCall]:
        """`/*+ NAME(...), ... */`, if any."""
        if not self.accept("/*+"):
            return []
        hints = [self._hint()]
        while self.word != "*/":
            self.accept(",")
            hints.append(self._hint())
        self.expect("*/")
        return hints

    def _hint(self) -> HintCall:
        start = self.token
        name = self.name().name
        items = self.parenthesised(self._hint_item, empty=True) if self.word == "(" else []
        return self.placed(HintCall(this=name, expressions=items), start)

    def _hint_item(self) -> Node:
        token = self.token
        if self.ahead().word == "=":
            return self._hint_option(token)
        if token.token_type is TokenType.STRING:
            return self.string()
        if token.token_type is TokenType.NUMBER:
            return self.number()
        path = self.path()
        return exp.Dot.build(list(path)) if len(path) > 1 else path[0]

    def _hint_option(self, token: FlinkToken) -> Option:
        key = self.string() if token.token_type is TokenType.STRING else self.name()
        self.expect("=")
        value = self.string() if self.token.token_type is TokenType.STRING else self.expression()
        return self.placed(Option(this=key, expression=value), token)

    def options(self) -> list[Option]:
        """`('key' = 'value', ...)`."""
        return self.parenthesised(self.option, empty=True)

    def option(self) -> Option:
        """`'key' = 'value'`."""
        start = self.token
        key = self.string()
        self.expect("=")
        return self.placed(Option(this=key, expression=self.string()), start)


def _with_joins(node: Node, joins: list[exp.Join]) -> Node:
    """`node` with joins on it; only tables and subqueries can hold them."""
    if joins:
        node.set("joins", [*(node.args.get("joins") or []), *joins])
    return node
