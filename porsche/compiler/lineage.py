"""Column lineage: where each column of each node comes from, read off the statements' trees."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sqlglot import exp

from engine.sql.dialect import CreateTable, CreateView, InsertInto
from porsche.compiler.statements import Columns, Source, Statement

Lineage = dict[str, dict[str, tuple[Source, ...]]]


def lineage_of(statements: Iterable[Statement], known: Mapping[str, tuple[str, ...]]) -> Lineage:
    """For each node, the columns of other nodes that each of its columns is made of. `known`: columns by node."""
    walk = _Walk(known)
    for statement in statements:
        walk.statement(statement)
    return walk.found


class _Walk:
    """Goes through statements in order. Columns of helper views are replaced by what those are made of."""

    def __init__(self, known: Mapping[str, tuple[str, ...]]) -> None:
        self._known = dict(known)
        self._helpers: dict[str, Columns] = {}
        self.found: Lineage = {}

    def statement(self, statement: Statement) -> None:
        tree = statement.tree
        if isinstance(tree, CreateTable):
            self._table(statement, tree)
        elif isinstance(tree, CreateView | InsertInto):
            columns = statement.made_of
            if not columns:
                columns.update(self._query(tree.expression))
            if statement.name == statement.node:
                names = self._known[statement.node]
                self.found[statement.node] = dict(zip(names, columns.values(), strict=False))
            else:
                self._helpers[statement.name] = columns

    def _table(self, statement: Statement, tree: CreateTable) -> None:
        if statement.name == statement.node:
            self.found[statement.node] = dict.fromkeys(self._known[statement.node], ())
        else:
            self._helpers[statement.name] = {c.this.name: () for c in tree.args["columns"]}

    def _query(self, query: exp.Expr) -> Columns:
        if isinstance(query, exp.SetOperation):
            left, right = self._query(query.this), self._query(query.expression)
            return {
                name: _joined([sources, more])
                for (name, sources), more in zip(left.items(), right.values(), strict=False)
            }
        if isinstance(query, exp.Subquery):
            return self._query(query.this)
        if not isinstance(query, exp.Select):
            return {}
        saved = dict(self._helpers)
        for cte in query.ctes:
            self._helpers[cte.alias] = self._query(cte.this)
        scope = dict(self._relations(query))
        made: Columns = {}
        for i, item in enumerate(query.expressions):
            for name, sources in self._item(item, scope, i):
                made[name] = sources
        self._helpers = saved
        return made

    def _relations(self, query: exp.Select) -> Iterator[tuple[str, Columns]]:
        parts = [query.args["from_"].this] if query.args.get("from_") else []
        for part in [*parts, *(join.this for join in query.args.get("joins") or ())]:
            yield part.alias_or_name, self._relation(part)

    def _relation(self, part: exp.Expr) -> Columns:
        if isinstance(part, exp.Subquery):
            return self._query(part.this)
        table = part if isinstance(part, exp.Table) and isinstance(part.this, exp.Identifier) else part.find(exp.Table)
        if table is None:
            return {}
        name = table.name
        if name in self._helpers:
            return self._helpers[name]
        return {column: ((name, column),) for column in self._known.get(name, ())}

    def _item(
        self, item: exp.Expr, scope: Mapping[str, Columns], position: int
    ) -> Iterator[tuple[str, tuple[Source, ...]]]:
        if isinstance(item, exp.Star):
            for columns in scope.values():
                yield from columns.items()
        elif isinstance(item, exp.Column) and isinstance(item.this, exp.Star):
            yield from scope.get(item.table, {}).items()
        else:
            tree = item.this if isinstance(item, exp.Alias) else item
            yield (
                item.alias_or_name or f"EXPR${position}",
                _joined(self._column(c, scope) for c in tree.find_all(exp.Column)),
            )

    def _column(self, column: exp.Column, scope: Mapping[str, Columns]) -> tuple[Source, ...]:
        """What a reference reads: `column`, `table.column`, with or without fields of rows behind."""
        parts = [part.name for part in column.parts]
        if len(parts) > 1 and parts[1] in scope.get(parts[0], {}):
            return scope[parts[0]][parts[1]]
        return next((columns[parts[0]] for columns in scope.values() if parts[0] in columns), ())


def _joined(parts: Iterable[tuple[Source, ...]]) -> tuple[Source, ...]:
    return tuple(sorted({source for part in parts for source in part}))
