"""FROM: tables, views, derived tables, table functions and their joins, as a tree whose inner joins may yet take
terms of
WHERE (so that keys and time intervals written there count)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlglot import exp

from engine.errors import NotSupported, Place, UserError
from engine.expressions.binding import resolve_call
from engine.expressions.nodes import Expression, InputRef, input_refs
from engine.plan.nodes import JoinKind, Relation, Values
from engine.sql import dialect as ast
from engine.sql.binder.build import conjunction, conjuncts, nullable, project, refs
from engine.sql.binder.expressions import ExpressionBinder
from engine.sql.binder.hints import Name, hinted_join
from engine.sql.binder.joins import join, join_schema
from engine.sql.binder.placeholders import SubqueryRef, contains, shift
from engine.sql.binder.tables import HintedOptions
from engine.sql.catalog import Table, View
from engine.sql.names import near_or_all
from engine.sql.places import place_of
from engine.sql.scope import Correlation, Scope, Source
from engine.types import Schema

if TYPE_CHECKING:
    from engine.sql.binder.session import Session

KINDS = {None: JoinKind.INNER, "LEFT": JoinKind.LEFT, "RIGHT": JoinKind.RIGHT, "FULL": JoinKind.FULL}
ONE_ROW = Values(Schema(()), ((),))


@dataclass(frozen=True)
class Leaf:
    """A relation that takes no terms, and the name that hints have for it."""

    relation: Relation
    name: Name = ()

    @property
    def schema(self) -> Schema:
        return self.relation.schema


@dataclass(frozen=True)
class JoinTree:
    """A join still open for terms of WHERE where it is inner; `place`: of its right side and condition in the text."""

    kind: JoinKind
    left: Leaf | JoinTree
    right: Leaf | JoinTree
    terms: tuple[Expression, ...]
    place: Place | None = None

    @property
    def name(self) -> Name:
        return ()

    @property
    def schema(self) -> Schema:
        return join_schema(self.kind, self.left.schema, self.right.schema)


Tree = Leaf | JoinTree


@dataclass
class From:
    """What is bound so far: the tree and the names it gives."""

    tree: Tree
    scope: Scope

    def relation(self, session: Session) -> Relation:
        return build(self.tree, session)


def build(tree: Tree, session: Session) -> Relation:
    """The relation of a tree."""
    if isinstance(tree, Leaf):
        return tree.relation
    left, right = build(tree.left, session), build(tree.right, session)
    plain = [t for t in tree.terms if not contains(t, SubqueryRef)]
    result = hinted_join(join(tree.kind, left, right, plain, session.facts.windows, session.nodes, tree.place),
                         session.hints, tree.left.name, tree.right.name)
    if len(plain) == len(tree.terms):
        return result
    if tree.kind is not JoinKind.INNER:
        raise NotSupported("a subquery in the condition of an outer join")
    from engine.sql.binder.subqueries import SubqueryPlanner

    rest = conjunction([t for t in tree.terms if contains(t, SubqueryRef)])
    assert rest is not None
    return SubqueryPlanner(session.facts.windows, session.facts.keys, session.nodes).filter(result, rest)


def push_terms(tree: Tree, terms: Sequence[Expression]) -> tuple[Tree, list[Expression]]:
    """The tree with those terms of WHERE that relate the sides of an inner join in it, and the other terms."""
    if isinstance(tree, Leaf):
        return tree, list(terms)
    width = len(tree.left.schema)
    left_terms, right_terms, both, rest = _sorted_terms(terms, width)
    left, left_rest, right, right_rest = tree.left, left_terms, tree.right, right_terms
    if tree.kind in (JoinKind.INNER, JoinKind.LEFT):
        left, left_rest = push_terms(tree.left, left_terms)
    if tree.kind in (JoinKind.INNER, JoinKind.RIGHT):
        right, moved = push_terms(tree.right, [shift(t, -width) for t in right_terms])
        right_rest = [shift(t, width) for t in moved]
    if tree.kind is JoinKind.INNER:
        return JoinTree(tree.kind, left, right, (*tree.terms, *both), tree.place), [*left_rest, *right_rest, *rest]
    return JoinTree(tree.kind, left, right, tree.terms, tree.place), [*left_rest, *right_rest, *both, *rest]


def _sorted_terms(terms: Sequence[Expression], width: int) -> tuple[list[Expression], ...]:
    left: list[Expression] = []
    right: list[Expression] = []
    both: list[Expression] = []
    rest: list[Expression] = []
    for term in terms:
        read = input_refs(term)
        if contains(term, SubqueryRef) or not read:
            rest.append(term)
        elif max(read) < width:
            left.append(term)
        elif min(read) >= width:
            right.append(term)
        else:
            both.append(term)
    return left, right, both, rest


class FromBinder:
    """Binds the FROM of one query. `correlation`: the query around it."""

    def __init__(self, session: Session, correlation: Correlation | None) -> None:
        self.session = session
        self.correlation = correlation

    def bind(self, node: exp.Select) -> From:
        """The tables of a SELECT; one row without columns where it has none."""
        start = node.args.get("from_")
        if start is None:
            return From(Leaf(ONE_ROW), self._scope([]))
        return self._joined(start.this, node.args.get("joins") or [])

    def _joined(self, first: exp.Expr, joins: Sequence[exp.Join]) -> From:
        joins = [*(first.args.get("joins") or []), *joins]
        current = self.item(first, None)
        for each in joins:
            current = self._join(current, each)
        return current

    def _scope(self, sources: list[Source], merged: Mapping[str, Expression] | None = None) -> Scope:
        return Scope(sources, self.correlation, dict(merged or {}))

    # ---- one item ----------------------------------------------------------------------------------------------------

    def item(self, node: exp.Expr, left: From | None) -> From:
        """A relation of FROM that does not depend on those before it."""
        match node:
            case exp.Table():
                return self._table(node)
            case exp.Subquery():
                return self._subquery(node)
            case exp.TableFromRows() if self._is_window(node):
                from engine.sql.binder.window_tables import window_table

                return self.named(window_table(self, node.this), node)
            case exp.Lateral() | exp.Unnest() | exp.TableFromRows():
                from engine.sql.binder.correlates import correlate

                return correlate(self, left or From(Leaf(ONE_ROW), self._scope([])), node, JoinKind.INNER, None)
            case ast.Match():
                raise NotSupported("MATCH_RECOGNIZE", place=place_of(node.this))
            case _:
                raise NotSupported(f"{type(node).__name__} in FROM", place=place_of(node))

    def _is_window(self, node: exp.TableFromRows) -> bool:
        from engine.sql.binder.window_tables import WINDOWS

        call = node.this
        return isinstance(call, exp.Anonymous) and isinstance(call.this, str) and call.this.upper() in WINDOWS

    def named(self, relation: Relation, node: exp.Expr, default: str = "", path: tuple[str, ...] = ()) -> From:
        """A relation under its alias, with the alias's column names."""
        alias = node.args.get("alias")
        name = alias.name if alias is not None else default
        columns = [c.name for c in alias.args.get("columns") or []] if alias is not None else []
        if columns:
            if len(columns) != len(relation.schema):
                raise UserError("bad_alias", f"List of column aliases must have same degree as table; table has "
                                f"{len(relation.schema)} columns, alias list {len(columns)}", place=place_of(alias))
            twice = next((c for c in columns if columns.count(c) > 1), None)
            if twice is not None:
                raise UserError("bad_alias", f"Duplicate name '{twice}' in column alias list", place=place_of(alias))
            relation = project(relation, refs(relation), columns, self.session.nodes)
        source = Source(name, relation.schema.fields, 0, () if alias is not None else path)
        return From(Leaf(relation, source.named), self._scope([source]))

    def _table(self, node: exp.Table) -> From:
        if node.args.get("version") is not None:
            raise NotSupported("FOR SYSTEM_TIME AS OF on the first table of FROM", place=place_of(node))
        relation, path = self.relation_of(node)
        return self.named(relation, node, node.name, path)

    def relation_of(self, node: exp.Table) -> tuple[Relation, tuple[str, ...]]:
        """The relation a table's name means (a common table expression, a table or a view), and its full path."""
        parts = [p.name for p in node.parts]
        session = self.session
        if len(parts) == 1 and parts[0] in session.ctes:
            return session.ctes[parts[0]], ()
        entry = session.catalog.find(parts, session.home)
        if entry is None:
            known = [*session.ctes, *session.catalog.names(session.home)]
            raise UserError("unknown_table", f"Object '{'.'.join(parts)}' not found", place=place_of(node),
                            hint=near_or_all(parts[-1], known, "tables"))
        if isinstance(entry, View):
            return session.view(entry), entry.path
        return self.session.table(entry, HintedOptions(node.args.get("hints"))), entry.path

    def entry_of(self, node: exp.Table) -> Table | View | None:
        """What a name means in the catalogue."""
        parts = [p.name for p in node.parts]
        if len(parts) == 1 and parts[0] in self.session.ctes:
            return None
        return self.session.catalog.find(parts, self.session.home)

    def _subquery(self, node: exp.Subquery) -> From:
        inner = node.this
        if isinstance(inner, exp.Table | exp.Subquery) and (inner.args.get("joins") or isinstance(inner, exp.Table)):
            return self._joined(inner, [])
        from engine.sql.binder.queries import QueryBinder

        relation = QueryBinder(self.session, self.correlation).query(inner)
        return self.named(relation, node)

    # ---- joins -------------------------------------------------------------------------------------------------------

    def _join(self, left: From, node: exp.Join) -> From:
        kind = KINDS[node.args.get("side") or None]
        item = node.this
        on = node.args.get("on")
        if isinstance(item, exp.Table) and item.args.get("version") is not None:
            from engine.sql.binder.temporal import temporal_join

            return temporal_join(self, left, item, kind, on)
        if isinstance(item, exp.Lateral | exp.Unnest) or (
            isinstance(item, exp.TableFromRows) and not self._is_window(item)
        ):
            from engine.sql.binder.correlates import correlate

            return correlate(self, left, item, kind, on)
        return self._plain_join(left, self._right(item), kind, node)

    def _right(self, item: exp.Expr) -> From:
        if item.args.get("joins"):
            return self._joined(item, [])
        return self.item(item, None)

    def _plain_join(self, left: From, right: From, kind: JoinKind, node: exp.Join) -> From:
        width = len(left.tree.schema)
        scope = combined(left.scope, right.scope, width)
        terms: list[Expression] = []
        if node.args.get("on") is not None:
            terms = conjuncts(ExpressionBinder(self.session, scope, "ON").condition(node.args["on"]))
        tree = JoinTree(kind, left.tree, right.tree, tuple(terms), place=place_of(node))
        result = outer_scope(scope, kind, width, tree.schema)
        using = [c.name for c in node.args.get("using") or []]
        if node.args.get("method") == "NATURAL":
            using = [n for n in dict.fromkeys(f.name for s in left.scope.sources for f in s.fields)
                     if any(n in s.positions for s in right.scope.sources)]
        if using:
            tree, result = self._using(tree, left, right, using, result, node)
        return From(tree, result)

    def _using(self, tree: JoinTree, left: From, right: From, names: Sequence[str], scope: Scope,
               node: exp.Join) -> tuple[JoinTree, Scope]:
        """Equal columns of both sides under one name."""
        width = len(left.tree.schema)
        place = place_of(node)
        terms = []
        hidden: set[int] = set()
        merged = dict(scope.merged)
        for name in names:
            ours = left.scope.resolve([name], place)
            theirs = shift(right.scope.resolve([name], place), width)
            terms.append(resolve_call("=", (ours, theirs), place=place))
            merged[name] = self._merged(tree.kind, _as_in(ours, tree.schema), _as_in(theirs, tree.schema))
            hidden |= input_refs(theirs)
        sources = [_hiding(s, hidden) if s.offset >= width else s for s in scope.sources]
        return replace(tree, terms=(*tree.terms, *terms)), Scope(sources, scope.correlation, merged)

    def _merged(self, kind: JoinKind, left: Expression, right: Expression) -> Expression:
        if kind is JoinKind.RIGHT:
            return right
        return resolve_call("COALESCE", (left, right)) if kind is JoinKind.FULL else left


def _as_in(expression: Expression, schema: Schema) -> Expression:
    if isinstance(expression, InputRef):
        return replace(expression, type=schema[expression.index].type)
    return expression


def _hiding(source: Source, hidden: set[int]) -> Source:
    positions = {i - source.offset for i in hidden if 0 <= i - source.offset < len(source.fields)}
    return replace(source, hidden=source.hidden | positions)


def combined(left: Scope, right: Scope, width: int) -> Scope:
    """The names of both sides of a join, the right side's columns behind the left's."""
    moved = [replace(s, offset=s.offset + width) for s in right.sources]
    names = {s.alias for s in left.sources if s.alias}
    for source in moved:
        if source.alias in names and not source.path:
            raise UserError("duplicate_alias", f"Duplicate relation name '{source.alias}' in FROM clause",
                            hint="give each its own alias")
    merged = {**left.merged, **{n: shift(e, width) for n, e in right.merged.items()}}
    return Scope([*left.sources, *moved], left.correlation, merged)


def outer_scope(scope: Scope, kind: JoinKind, width: int, schema: Schema) -> Scope:
    """The names above a join: columns of a side that may be missing are nullable there."""
    sources = []
    for s in scope.sources:
        optional = kind is JoinKind.FULL or kind is (JoinKind.RIGHT if s.offset < width else JoinKind.LEFT)
        sources.append(replace(s, fields=nullable(Schema(s.fields)).fields) if optional else s)
    merged = {n: _as_in(e, schema) for n, e in scope.merged.items()}
    return Scope(sources, scope.correlation, merged)


