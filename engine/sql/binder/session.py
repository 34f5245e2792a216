"""What all parts of binding share: the catalogue, settings, bound tables and views, facts, and the current place in
it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlglot import exp

from engine.errors import Place, UserError
from engine.expressions.nodes import NO_NODES, Expression
from engine.plan.facts import Facts
from engine.plan.nodes import Relation
from engine.sql.binder.build import project, refs
from engine.sql.binder.expressions import ExpressionBinder
from engine.sql.binder.hints import Hints
from engine.sql.binder.placeholders import SubqueryKind, SubqueryRef
from engine.sql.binder.tables import table_relation
from engine.sql.catalog import Catalog, Table, UserFunction, View
from engine.sql.scope import Correlation, Scope
from engine.types import BOOLEAN

if TYPE_CHECKING:
    from engine.sql.binder.user_functions import Loaded


class Session:
    """One binder's state. `node_of`: the pipeline node of a view or table, by its name."""

    def __init__(self, catalog: Catalog, config: Mapping[str, str], node_of: Mapping[str, str]) -> None:
        self.catalog = catalog
        self.config = config
        self.node_of = node_of
        self.facts = Facts()
        self.nodes: frozenset[str] = NO_NODES
        self.home: tuple[str, str] | None = None
        self.hints: Hints = ()
        self.ctes: dict[str, Relation] = {}
        self.loaded: dict[UserFunction, Loaded] = {}
        self._tables: dict[tuple[Table, tuple[tuple[str, str], ...]], Relation] = {}
        self._views: dict[View, Relation] = {}
        self._binding: list[View] = []

    # ---- tables and views --------------------------------------------------------------------------------------------

    def table(self, table: Table, options: Mapping[str, str] | None = None) -> Relation:
        """The rows of a table; one relation however often it is read with the same options."""
        key = table, tuple((options or {}).items())
        if key not in self._tables:
            with self.outside(nodes=self.nodes_of(table.name)):
                self._tables[key] = table_relation(self, table, options)
        return self._tables[key]

    def view(self, view: View) -> Relation:
        """The rows of a view; one relation however often it is read."""
        if view not in self._views:
            for needed in self._unbound(view):
                self._views[needed] = self._bind_view(needed)
        return self._views[view]

    def take(self, entry: Table | View, relation: Relation) -> None:
        """Know the rows of a table or view as another session bound it."""
        if isinstance(entry, View):
            self._views[entry] = relation
        else:
            self._tables[entry, ()] = relation

    def named(self) -> dict[Relation, str]:
        """The relations of tables and views bound so far."""
        tables = {relation: table.name for (table, _), relation in self._tables.items()}
        return tables | {relation: view.name for view, relation in self._views.items()}

    def _bind_view(self, view: View) -> Relation:
        from engine.sql.binder.queries import QueryBinder

        nodes = self.nodes_of(view.name)
        with self.outside(view.home, nodes):
            relation = QueryBinder(self).query(view.query)
            if view.columns:
                if len(view.columns) != len(relation.schema):
                    raise UserError("bad_view", f"view '{view.name}' names {len(view.columns)} columns, its query has "
                                    f"{len(relation.schema)}")
                relation = project(relation, refs(relation), view.columns, nodes)
        return relation

    def nodes_of(self, name: str) -> frozenset[str]:
        """The pipeline node that a view or table was made for, if any."""
        return frozenset({self.node_of[name]}) if name in self.node_of else NO_NODES

    def _unbound(self, view: View) -> Iterator[View]:
        """Views not bound yet that a view needs, itself last: chains of views may be longer than Python's stack."""
        open_views: list[View] = []
        stack: list[tuple[View, bool]] = [(view, False)]
        while stack:
            current, ready = stack.pop()
            if current in self._views:
                continue
            if ready:
                open_views.remove(current)
                yield current
                continue
            if current in open_views:
                raise UserError("recursive_view", f"view '{current.name}' refers to itself")
            open_views.append(current)
            stack.append((current, True))
            stack += [(v, False) for v in self._views_in(current) if v not in self._views]

    def _views_in(self, view: View) -> list[View]:
        found = []
        for node in view.query.find_all(exp.Table):
            entry = self.catalog.find([p.name for p in node.parts], view.home) if node.this else None
            if isinstance(entry, View):
                found.append(entry)
        return found

    @contextmanager
    def outside(self, home: tuple[str, str] | None = None, nodes: frozenset[str] = NO_NODES) -> Iterator[None]:
        """Bind something that knows nothing of the current query: a view, a table's expressions."""
        saved = self.home, self.nodes, self.ctes, self.hints
        self.home, self.nodes, self.ctes, self.hints = home, nodes, {}, ()
        try:
            yield
        finally:
            self.home, self.nodes, self.ctes, self.hints = saved

    # ---- subqueries --------------------------------------------------------------------------------------------------

    def subquery(self, query: exp.Expr, scope: Scope) -> tuple[Relation, tuple[Expression, ...]]:
        """A subquery's relation and the values it takes from the scope around it."""
        from engine.sql.binder.queries import QueryBinder

        correlation = Correlation(scope)
        relation = QueryBinder(self, correlation).query(query)
        return relation, tuple(correlation.outer)

    def scalar_subquery(self, binder: ExpressionBinder, node: exp.Subquery, place: Place | None) -> Expression:
        relation, outer = self.subquery(node, binder.scope)
        if len(relation.schema) != 1:
            raise UserError("bad_subquery", "a subquery used as a value must have one column", place=place,
                            hint=f"it has {len(relation.schema)}")
        return SubqueryRef(relation.schema[0].type.as_nullable(), relation=relation, outer=outer, place=place)

    def in_subquery(self, binder: ExpressionBinder, query: exp.Expr, operands: Sequence[Expression],
                    place: Place | None) -> Expression:
        """operands IN (query), both sides brought to common types."""
        relation, outer = self.subquery(query, binder.scope)
        if len(relation.schema) != len(operands):
            raise UserError("bad_subquery", f"the query of IN must have {len(operands)} column(s), not "
                            f"{len(relation.schema)}", place=place)
        columns, left = [], []
        for operand, column in zip(operands, refs(relation)):
            equal = binder.call("=", [operand, column], place)
            left.append(equal.children[0])
            columns.append(equal.children[1])
        relation = project(relation, columns, relation.schema.names, self.nodes)
        nullable = any(e.type.nullable for e in (*left, *columns))
        return SubqueryRef(BOOLEAN.as_nullable(nullable), relation=relation, kind=SubqueryKind.IN, outer=outer,
                           operands=tuple(left), place=place)

    # ---- functions ---------------------------------------------------------------------------------------------------

    def user_function(self, parts: Sequence[str]) -> UserFunction | None:
        return self.catalog.function(parts, self.home)

    def call_user(self, binder: ExpressionBinder, function: UserFunction, node: exp.Anonymous,
                  place: Place | None) -> Expression:
        from engine.sql.binder.user_functions import call_user

        return call_user(self, binder, function, node, place)
