"""SELECT: its clauses bound over FROM, then planned in the order in which SQL evaluates them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations, product
from math import prod
from typing import TYPE_CHECKING

from sqlglot import exp

from engine.errors import NotSupported, UserError
from engine.expressions.nodes import Expression
from engine.plan.nodes import Relation
from engine.sql.binder.aggregation import Grouping, aggregate, distinct
from engine.sql.binder.build import conjunction, conjuncts, project, ref, where, whole
from engine.sql.binder.calls import ordered_term
from engine.sql.binder.expressions import ExpressionBinder
from engine.sql.binder.hints import Name, check_tables, hinted_aggregate, hints
from engine.sql.binder.over import apply_over
from engine.sql.binder.placeholders import (
    AggregateRef,
    GroupWindow,
    GroupWindowProperty,
    OrderBy,
    OverRef,
    SubqueryRef,
    contains,
    find,
    rewrite_top,
)
from engine.sql.binder.queries import described, limit_of, ordinal, sorted_relation
from engine.sql.binder.sources import FromBinder, build, push_terms
from engine.sql.binder.subqueries import SubqueryPlanner
from engine.sql.names import unique
from engine.sql.places import place_of
from engine.sql.scope import Scope, row_fields

if TYPE_CHECKING:
    from engine.sql.binder.queries import QueryBinder

MOST_SETS = 1024
"""Grouping sets of one GROUP BY: CUBE has 2 to the number of its keys, and each costs a copy of the rows."""


@dataclass
class Bound:
    """The bound clauses above FROM and WHERE, all over the same columns; `width` select items come first."""

    items: list[Expression]
    names: list[str]
    having: Expression | None = None
    qualify: Expression | None = None
    order: list[OrderBy] = field(default_factory=list)

    def all(self) -> list[Expression]:
        extra = [e for e in (self.having, self.qualify) if e is not None]
        return [*self.items, *extra, *(o.expression for o in self.order)]

    def replaced(self, expressions: Sequence[Expression]) -> Bound:
        """The same clauses with other expressions, in the order of `all`."""
        rest = list(expressions[len(self.items):])
        having = rest.pop(0) if self.having is not None else None
        qualify = rest.pop(0) if self.qualify is not None else None
        order = [OrderBy(e, o.descending, o.nulls_first) for e, o in zip(rest, self.order)]
        return Bound(list(expressions[:len(self.items)]), self.names, having, qualify, order)


class SelectBinder:
    """Binds one SELECT."""

    def __init__(self, query: QueryBinder, node: exp.Select) -> None:
        self.session = query.session
        self.correlation = query.correlation
        self.node = node
        self.windows = {w.this.name: w for w in node.args.get("windows") or []}
        self.planner = SubqueryPlanner(self.session.facts.windows, self.session.facts.keys, self.session.nodes)
        self.source: Name = ()  # what hints call FROM, where it is one table

    def bind(self) -> Relation:
        """The relation of the SELECT with its ORDER BY and LIMIT."""
        saved = self.session.hints
        clause = self.node.args.get("hint")
        self.session.hints = hints(clause.expressions) if clause is not None else ()
        try:
            return self._bound()
        finally:
            self.session.hints = saved

    def _bound(self) -> Relation:
        source = FromBinder(self.session, self.correlation).bind(self.node)
        self.source = source.tree.name
        relation = self._where(source.tree, source.scope)
        grouping = self._grouping(source.scope)
        bound = self._clauses(source.scope, grouping is None or grouping.is_global)
        grouped = grouping is not None or bound.having is not None or any(
            contains(e, (AggregateRef, GroupWindowProperty)) for e in bound.all())
        self._check_hints(source.scope, grouped or self.node.args.get("distinct") is not None)
        if grouped:
            relation, bound = self._grouped(relation, grouping or Grouping(), bound, source.scope)
        return self._finish(relation, bound)

    def _check_hints(self, scope: Scope, grouped: bool) -> None:
        names = [s.named for s in scope.sources]
        check_tables(self.node.args.get("hint"), self.session.hints, names, len(names) > 1, grouped)

    # ---- clauses -----------------------------------------------------------------------------------------------------

    def _where(self, tree: object, scope: Scope) -> Relation:
        clause = self.node.args.get("where")
        if clause is None:
            return build(tree, self.session)  # type: ignore[arg-type]
        condition = ExpressionBinder(self.session, scope, "WHERE").condition(clause.this)
        tree, rest = push_terms(tree, conjuncts(condition))  # type: ignore[arg-type]
        relation = build(tree, self.session)
        left = conjunction(rest)
        return self.planner.filter(relation, left) if left is not None else relation

    def _clauses(self, scope: Scope, is_global: bool) -> Bound:
        binder = ExpressionBinder(self.session, scope, "SELECT", aggregates=True, over=True, windows=self.windows,
                                  grouped=not is_global)
        items, names = self._items(binder)
        bound = Bound(items, names)
        having, qualify, order = (self.node.args.get(p) for p in ("having", "qualify", "order"))
        if having is not None:
            having_binder = ExpressionBinder(self.session, scope, "HAVING", aggregates=True, grouped=not is_global)
            bound.having = having_binder.condition(having.this)
        if qualify is not None:
            bound.qualify = self._over_alias(binder, qualify.this, bound)
        if order is not None:
            bound.order = [ordered_term(self._order_item(binder, o.this, bound), o) for o in order.expressions]
        return bound

    def _items(self, binder: ExpressionBinder) -> tuple[list[Expression], list[str]]:
        items: list[Expression] = []
        names: list[str] = []
        for node in self.node.expressions:
            starred = self._star(binder, node)
            if starred is not None:
                for name, expression in starred:
                    names.append(unique(name, set(names)))
                    items.append(expression)
            else:
                names.append(self._name(node, len(items)))
                items.append(binder.value(node.this if isinstance(node, exp.Alias) else node))
        return items, names

    def _star(self, binder: ExpressionBinder, node: exp.Expr) -> list[tuple[str, Expression]] | None:
        if isinstance(node, exp.Star):
            if not binder.scope.sources:
                raise UserError("bad_star", "SELECT * requires a FROM clause", place=place_of(node))
            return binder.scope.star((), place_of(node))
        if isinstance(node, exp.Column) and isinstance(node.this, exp.Star):
            return binder.scope.star([p.name for p in node.parts[:-1]], place_of(node))
        if isinstance(node, exp.Dot) and isinstance(node.expression, exp.Star):
            return row_fields(binder.bind(node.this), place_of(node))
        return None

    def _name(self, node: exp.Expr, position: int) -> str:
        if isinstance(node, exp.Alias):
            return node.alias
        if isinstance(node, exp.Column):
            return node.name
        return f"EXPR${position}"

    def _order_item(self, binder: ExpressionBinder, node: exp.Expr, bound: Bound) -> Expression:
        position = ordinal(node, len(bound.items))
        if position is not None:
            return bound.items[position]
        return self._over_alias(binder, node, bound)

    def _over_alias(self, binder: ExpressionBinder, node: exp.Expr, bound: Bound) -> Expression:
        """An expression that may use a name of the select list instead of a column."""
        if isinstance(node, exp.Column) and not node.args.get("table") and bound.names.count(node.name) == 1:
            return bound.items[bound.names.index(node.name)]
        try:
            return binder.bind(node)
        except UserError as error:
            if error.code != "unknown_column":
                raise
            inlined = self._inlined(node)
            if inlined is None:
                raise
            return binder.bind(inlined)

    def _inlined(self, node: exp.Expr) -> exp.Expr | None:
        """The expression with names of the select list written out; None where it has none."""
        aliases = {n.alias: n.this for n in self.node.expressions if isinstance(n, exp.Alias)}
        changed = [c for c in node.find_all(exp.Column) if not c.args.get("table") and c.name in aliases]
        if not changed:
            return None

        def inline(part: exp.Expr) -> exp.Expr:
            if isinstance(part, exp.Column) and not part.args.get("table") and part.name in aliases:
                return exp.Paren(this=aliases[part.name].copy())
            return part

        return node.copy().transform(inline)

    # ---- GROUP BY ----------------------------------------------------------------------------------------------------

    def _grouping(self, scope: Scope) -> Grouping | None:
        group = self.node.args.get("group")
        if group is None:
            return None
        binder = ExpressionBinder(self.session, scope, "GROUP BY")
        result = Grouping()
        sets: list[list[tuple[int, ...]]] = []
        for item in group.expressions:
            sets.append(self._sets(binder, item, result))
        _refuse_many(prod(map(len, sets)))
        crossed = [tuple(dict.fromkeys(i for part in choice for i in part)) for choice in product(*sets)]
        special = any(isinstance(e, exp.GroupingSets | exp.Rollup | exp.Cube) for e in group.expressions)
        if special and len(crossed) >= 1:
            result.sets = crossed
        return result

    def _sets(self, binder: ExpressionBinder, node: exp.Expr, result: Grouping) -> list[tuple[int, ...]]:
        """The sets of keys that one item of GROUP BY stands for."""
        if isinstance(node, exp.GroupingSets):
            return [s for item in node.expressions for s in self._sets(binder, item, result)]
        if isinstance(node, exp.Rollup | exp.Cube):
            if isinstance(node, exp.Cube):
                _refuse_many(2 ** len(node.expressions))
            parts = [self._keys(binder, item, result) for item in node.expressions]
            if isinstance(node, exp.Rollup):
                chosen = [parts[:n] for n in range(len(parts), -1, -1)]
            else:
                chosen = [list(c) for n in range(len(parts), -1, -1) for c in combinations(parts, n)]
            return [tuple(dict.fromkeys(i for part in choice for i in part)) for choice in chosen]
        return [self._keys(binder, node, result)]

    def _keys(self, binder: ExpressionBinder, node: exp.Expr, result: Grouping) -> tuple[int, ...]:
        """The keys of one expression, or of a list in parentheses."""
        if isinstance(node, exp.Tuple):
            return tuple(i for item in node.expressions for i in self._keys(binder, item, result))
        bound = binder.value(node)
        if isinstance(bound, GroupWindow):
            if result.window is not None and result.window != bound:
                raise NotSupported("two group windows in one GROUP BY", place=bound.place)
            result.window = bound
            return ()
        return (result.place(bound, node.name if isinstance(node, exp.Column) else None),)

    def _grouped(self, relation: Relation, grouping: Grouping, bound: Bound, scope: Scope) -> tuple[Relation, Bound]:
        relation, grouping, bound = self._subqueries_below(relation, grouping, bound)
        grouped = aggregate(relation, grouping, bound.all(), self.session.facts.windows, self.session.nodes)
        names = described(scope)
        bound = bound.replaced([grouped.over(e, names) for e in bound.all()])
        result = hinted_aggregate(grouped.relation, self.session.hints, self.source)
        self.source = ()  # a DISTINCT over groups reads no table
        if bound.having is None:
            return result, bound
        return self.planner.filter(result, bound.having), bound

    def _subqueries_below(
        self, relation: Relation, grouping: Grouping, bound: Bound
    ) -> tuple[Relation, Grouping, Bound]:
        """Subqueries inside keys and arguments of aggregates become columns before rows are grouped."""
        calls = tuple(find(tuple(bound.all()), AggregateRef))
        relation, changed = self._attached(
            relation, (*grouping.keys, *(e for c in calls for e in c.children)), [*grouping.keys, *bound.all()])
        keys = len(grouping.keys)
        grouping.keys = changed[:keys]
        return relation, grouping, bound.replaced(changed[keys:])

    def _attached(self, relation: Relation, parts: Sequence[Expression],
                  expressions: Sequence[Expression]) -> tuple[Relation, list[Expression]]:
        """The relation with a column for each subquery in `parts`, and the expressions reading those columns."""
        inside = list(find(tuple(parts), SubqueryRef))
        if not inside:
            return relation, list(expressions)
        relation, columns = self.planner.attach(relation, inside)
        known = dict(zip(inside, columns))
        return relation, [rewrite_top(e, known.get) for e in expressions]

    # ---- what comes last ---------------------------------------------------------------------------------------------

    def _finish(self, relation: Relation, bound: Bound) -> Relation:
        session = self.session
        if bound.having is not None:
            bound = Bound(bound.items, bound.names, None, bound.qualify, bound.order)
        if any(contains(e, OverRef) for e in bound.all()):
            parts = [c for o in find(tuple(bound.all()), OverRef) for c in o.children]
            relation, expressions = self._attached(relation, parts, bound.all())
            relation, expressions = apply_over(relation, expressions, session.nodes)
            bound = bound.replaced(expressions)
        if any(contains(e, SubqueryRef) for e in bound.all()):
            relation, expressions = self.planner.attach(relation, bound.all())
            bound = bound.replaced(expressions)
        if bound.qualify is not None:
            relation = where(relation, bound.qualify, session.nodes)
        relation, order = self._projected(relation, bound)
        offset, limit = limit_of(self.node, "offset") or 0, limit_of(self.node, "limit")
        return sorted_relation(relation, order, offset, limit, len(bound.items), session)

    def _projected(self, relation: Relation, bound: Bound) -> tuple[Relation, list[OrderBy]]:
        """The select list, hidden columns of ORDER BY behind it; DISTINCT; the order over the result's columns."""
        hidden = [o.expression for o in bound.order if o.expression not in bound.items]
        hidden = list(dict.fromkeys(hidden))
        only = self.node.args.get("distinct") is not None
        if hidden and only:
            raise UserError(
                "bad_order", "ORDER BY of SELECT DISTINCT must name selected columns", place=hidden[0].place
            )
        names = [*bound.names, *(f"$o{i}" for i in range(len(hidden)))]
        columns = [*bound.items, *hidden]
        result = project(relation, columns, names, self.session.nodes)
        if only:
            result = distinct(result, self.session.facts.windows, self.session.nodes, whole(bound.items))
            result = hinted_aggregate(result, self.session.hints, self.source)
        order = [OrderBy(ref(result, columns.index(o.expression)), o.descending, o.nulls_first) for o in bound.order]
        return result, order


def _refuse_many(sets: int) -> None:
    if sets > MOST_SETS:
        raise UserError("too_many_grouping_sets", f"this GROUP BY has more than {MOST_SETS:,} grouping sets",
                        hint="name the sets that are wanted by GROUPING SETS")
