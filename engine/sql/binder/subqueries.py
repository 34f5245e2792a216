"""Subqueries in expressions become joins: EXISTS and IN semi and anti joins, scalar ones left joins with one row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from engine.errors import NotSupported
from engine.expressions.binding import resolve_call
from engine.expressions.nodes import NO_NODES, Call, Expression, InputRef, Literal
from engine.plan.keys import Keys
from engine.plan.nodes import Aggregate, AggregateCall, JoinKind, Relation
from engine.plan.windows import WindowColumns
from engine.sql.binder.aggregation import distinct
from engine.sql.binder.build import conjunction, conjuncts, project, ref, refs, where
from engine.sql.binder.decorrelation import Pulled, plain, pull_up, rows_only
from engine.sql.binder.joins import join
from engine.sql.binder.placeholders import (
    OuterRef,
    SubqueryKind,
    SubqueryRef,
    contains,
    find,
    rewrite,
    rewrite_top,
    shift,
)
from engine.types import BIGINT, BOOLEAN, Field, Schema

WindowsOf = Callable[[Relation], WindowColumns | None]
KeysOf = Callable[[Relation], Keys]


class SubqueryPlanner:
    """Joins the subqueries of expressions to the relation whose columns the expressions read."""

    def __init__(self, windows: WindowsOf, keys: KeysOf, nodes: frozenset[str] = NO_NODES) -> None:
        self.windows = windows
        self.keys = keys
        self.nodes = nodes

    def filter(self, relation: Relation, condition: Expression) -> Relation:
        """The rows that meet a condition with subqueries in it."""
        if not contains(condition, SubqueryRef):
            return where(relation, condition, self.nodes)
        width = len(relation.schema)
        names = relation.schema.names
        rest = []
        for term in conjuncts(condition):
            semi = _semi_term(term)
            if semi is None:
                rest.append(term)
            else:
                relation = self._semi(relation, *semi)
        relation, terms = self.attach(relation, rest)
        relation = where(relation, conjunction(terms), self.nodes)
        if len(relation.schema) == width:
            return relation
        return project(relation, refs(relation)[:width], names, self.nodes)

    def attach(self, relation: Relation, expressions: Sequence[Expression]) -> tuple[Relation, list[Expression]]:
        """The relation with a column for each subquery, and the expressions reading those columns."""
        found = list(dict.fromkeys(s for s in find(tuple(expressions), SubqueryRef) if isinstance(s, SubqueryRef)))
        columns: dict[Expression, Expression] = {}
        for subquery in found:
            if any(contains(c, SubqueryRef) for c in subquery.children):
                relation, children = self.attach(relation, subquery.children)
                inner = subquery.with_children(tuple(children))
            else:
                inner = subquery
            relation, columns[subquery] = self._column(relation, inner)
        return relation, [rewrite_top(e, columns.get) for e in expressions]

    # ---- semi and anti joins -----------------------------------------------------------------------------------------

    def _semi(self, relation: Relation, subquery: SubqueryRef, negated: bool) -> Relation:
        width = len(relation.schema)
        names = relation.schema.names
        if any(contains(c, SubqueryRef) for c in subquery.children):
            relation, children = self.attach(relation, subquery.children)
            subquery = subquery.with_children(tuple(children))
        assert subquery.relation is not None
        pulled = pull_up(subquery.relation if subquery.operands else rows_only(subquery.relation))
        offset = len(relation.schema)
        terms = [_outside(c, subquery.outer, offset) for c in pulled.conditions]
        for operand, output in zip(subquery.operands, pulled.outputs):
            equal = resolve_call("=", (operand, _outside(output, subquery.outer, offset)))
            terms.append(_null_aware(equal) if negated else equal)
        kind = JoinKind.ANTI if negated else JoinKind.SEMI
        result = join(kind, relation, pulled.relation, terms, self.windows, self.nodes, subquery.place)
        if len(result.schema) > width:
            result = project(result, refs(result)[:width], names, self.nodes)
        return result

    # ---- columns -----------------------------------------------------------------------------------------------------

    def _column(self, relation: Relation, subquery: SubqueryRef) -> tuple[Relation, Expression]:
        if subquery.kind is SubqueryKind.SCALAR:
            return self._scalar(relation, subquery)
        return self._mark(relation, subquery)

    def _scalar(self, relation: Relation, subquery: SubqueryRef) -> tuple[Relation, Expression]:
        assert subquery.relation is not None
        pulled = pull_up(subquery.relation)
        if not self._one_row(pulled):
            pulled = self._single_value(plain(pulled, subquery.relation.schema.names))
        return self._left_join(relation, pulled, subquery)

    def _one_row(self, pulled: Pulled) -> bool:
        """At most one row for each set of correlated values."""
        fixed = set()
        for condition in pulled.conditions:
            if isinstance(condition, Call) and condition.function == "=":
                fixed |= {a.index for a in condition.args if isinstance(a, InputRef)}
        return any(key <= fixed for key in self.keys(pulled.relation))

    def _single_value(self, pulled: Pulled) -> Pulled:
        """One row for each set of correlated values, an error where there are more."""
        inner = list(dict.fromkeys(e for c in pulled.conditions for e in c.walk() if isinstance(e, InputRef)))
        value = pulled.outputs[0]
        assert isinstance(value, InputRef)
        keys = tuple(e.index for e in inner)
        single = Field("$single", value.type.as_nullable())
        schema = Schema((*(pulled.relation.schema[k] for k in keys), single))
        call = AggregateCall("SINGLE_VALUE", (value.index,), single)
        grouped = Aggregate(Schema(tuple(replace(f, time=None) for f in schema)), pulled.relation, keys, (call,),
                            nodes=self.nodes)
        at = {e: i for i, e in enumerate(inner)}
        conditions = tuple(rewrite(c, lambda e: replace(e, index=at[e]) if isinstance(e, InputRef) else e)
                           for c in pulled.conditions)
        return Pulled(grouped, (ref(grouped, len(keys)),), conditions)

    def _left_join(self, relation: Relation, pulled: Pulled, subquery: SubqueryRef) -> tuple[Relation, Expression]:
        offset = len(relation.schema)
        terms = [_outside(c, subquery.outer, offset) for c in pulled.conditions]
        result = join(JoinKind.LEFT, relation, pulled.relation, terms, self.windows, self.nodes, subquery.place)
        value = _outside(pulled.outputs[0], subquery.outer, offset)
        value = rewrite(value, lambda e: replace(e, type=result.schema[e.index].type) if isinstance(e, InputRef) else e)
        return result, replace(value, type=value.type.as_nullable())

    def _mark(self, relation: Relation, subquery: SubqueryRef) -> tuple[Relation, Expression]:
        """EXISTS or IN as a value: a left join with the distinct rows, and whether one was found."""
        assert subquery.relation is not None
        query = subquery.relation if subquery.operands else rows_only(subquery.relation)
        pulled = pull_up(query)
        if any(contains(output, OuterRef) for output in pulled.outputs):
            raise NotSupported("IN with a query that selects columns of the enclosing one, inside of an expression",
                               place=subquery.place, hint="compare them in the query's WHERE clause")
        pulled = plain(pulled, query.schema.names)
        width = len(relation.schema)
        operands = subquery.operands
        inner = list(pulled.outputs[: len(operands)])
        keys = list(
            dict.fromkeys([*inner, *(e for c in pulled.conditions for e in c.walk() if isinstance(e, InputRef))])
        )
        mark = Literal(BOOLEAN.as_nullable(False), True)
        marked = project(pulled.relation, [*keys, mark], [f"$m{i}" for i in range(len(keys) + 1)], self.nodes)
        marked = distinct(marked, lambda _: None, self.nodes)
        at = {e: i for i, e in reversed(list(enumerate(keys)))}

        def moved(e: Expression) -> Expression:
            return rewrite(e, lambda x: replace(x, index=at[x] + width) if isinstance(x, InputRef) else x)

        terms = [_replace_outer(moved(c), subquery.outer) for c in pulled.conditions]
        terms += [resolve_call("=", (o, moved(i))) for o, i in zip(operands, inner)]
        result = join(JoinKind.LEFT, relation, marked, terms, self.windows, self.nodes, subquery.place)
        found = resolve_call("IS NOT NULL", (ref(result, width + len(keys)),))
        if not operands or not any(e.type.nullable for e in (*operands, *inner)):
            return result, found
        return self._three_valued(result, found, pulled, subquery)

    def _three_valued(self, relation: Relation, found: Expression, pulled: Pulled,
                      subquery: SubqueryRef) -> tuple[Relation, Expression]:
        """IN over NULLs: unknown where nothing equal was found, but an operand or a row of the query is NULL."""
        if pulled.conditions:
            return relation, found
        width = len(relation.schema)
        rows = AggregateCall("COUNT", (), Field("$rows", BIGINT.as_nullable(False)))
        known = tuple(o.index for o in pulled.outputs if isinstance(o, InputRef))
        present = AggregateCall("COUNT", known, Field("$present", BIGINT.as_nullable(False)))
        counts = Aggregate(Schema((rows.field, present.field)), pulled.relation, (), (rows, present), nodes=self.nodes)
        result = join(JoinKind.LEFT, relation, counts, [], self.windows, self.nodes, subquery.place)
        total, full = ref(result, width), ref(result, width + 1)
        zero = Literal(BIGINT.as_nullable(False), 0)
        none = resolve_call("NOT", (resolve_call("IS TRUE", (resolve_call(">", (total, zero)),)),))
        missing = resolve_call("<", (full, total))
        for operand in subquery.operands:
            missing = resolve_call("OR", (missing, resolve_call("IS NULL", (operand,))))
        true, false = Literal(BOOLEAN.as_nullable(False), True), Literal(BOOLEAN.as_nullable(False), False)
        return result, resolve_call("CASE", (found, true, none, false, missing, Literal(BOOLEAN, None), false))


def _semi_term(term: Expression) -> tuple[SubqueryRef, bool] | None:
    """A term that is [NOT] EXISTS or [NOT] IN: its subquery, and whether negated."""
    negated = False
    while isinstance(term, Call) and term.function == "NOT":
        term, negated = term.args[0], not negated
    if isinstance(term, SubqueryRef) and term.kind is not SubqueryKind.SCALAR:
        return term, negated
    return None


def _null_aware(equal: Expression) -> Expression:
    """A row is not outside a list in which, or against which, anything is unknown."""
    result = equal
    for arg in equal.children:
        if arg.type.nullable:
            result = resolve_call("OR", (result, resolve_call("IS NULL", (arg,))))
    return result


def _outside(expression: Expression, outer: Sequence[Expression], offset: int) -> Expression:
    """Inner columns behind the enclosing query's, outer values as the enclosing query's columns."""
    return _replace_outer(shift(expression, offset), outer)


def _replace_outer(expression: Expression, outer: Sequence[Expression]) -> Expression:
    return rewrite_top(expression, lambda e: outer[e.index] if isinstance(e, OuterRef) else None)
