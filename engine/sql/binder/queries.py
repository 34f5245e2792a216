"""Queries: WITH, set operations, VALUES, ORDER BY and LIMIT; a SELECT is bound by `selects`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlglot import exp

from engine.errors import NotSupported, UserError
from engine.expressions.binding import cast, common_type, implicit_cast
from engine.expressions.nodes import Expression, InputRef, Literal
from engine.plan.nodes import Relation, SetKind, SetOperation, Sort, SortKey, Values
from engine.sql.binder.aggregation import distinct
from engine.sql.binder.build import project, refs, widen
from engine.sql.binder.calls import ordered_term
from engine.sql.binder.expressions import ExpressionBinder
from engine.sql.binder.placeholders import OrderBy, OuterRef, SubqueryRef, contains
from engine.sql.binder.session import Session
from engine.sql.places import place_of
from engine.sql.scope import Correlation, Scope, Source
from engine.types import DataType, Field, Schema

_SET_KINDS = {
    (exp.Union, False): SetKind.UNION_ALL, (exp.Intersect, True): SetKind.INTERSECT,
    (exp.Intersect, False): SetKind.INTERSECT_ALL, (exp.Except, True): SetKind.EXCEPT,
    (exp.Except, False): SetKind.EXCEPT_ALL,
}


class QueryBinder:
    """Binds one query; `correlation` is the query around it, where it is a subquery."""

    def __init__(self, session: Session, correlation: Correlation | None = None) -> None:
        self.session = session
        self.correlation = correlation

    def query(self, node: exp.Expr) -> Relation:
        """The relation of a query."""
        with_ = node.args.get("with_")
        if with_ is None:
            return self._body(node)
        saved = self.session.ctes
        try:
            self._bind_ctes(with_)
            return self._body(node)
        finally:
            self.session.ctes = saved

    def _bind_ctes(self, with_: exp.With) -> None:
        if with_.args.get("recursive"):
            raise NotSupported("WITH RECURSIVE", place=place_of(with_))
        for cte in with_.expressions:
            relation = QueryBinder(self.session, self.correlation).query(cte.this)
            names = [c.name for c in cte.args["alias"].args.get("columns") or []]
            if names and len(names) != len(relation.schema):
                raise UserError(
                    "bad_alias", "Number of columns must match number of query columns", place=place_of(cte)
                )
            if names:
                relation = project(relation, refs(relation), names, self.session.nodes)
            self.session.ctes = {**self.session.ctes, cte.alias: relation}

    def _body(self, node: exp.Expr) -> Relation:
        match node:
            case exp.Select():
                from engine.sql.binder.selects import SelectBinder

                return SelectBinder(self, node).bind()
            case exp.SetOperation():
                return self._ordered(self._set_operation(node), node)
            case exp.Values():
                return self._ordered(self._values(node), node)
            case exp.Subquery():
                return self._ordered(self.query(node.this), node)
            case exp.Table():
                from engine.sql.binder.sources import FromBinder

                return self._ordered(FromBinder(self.session, self.correlation).relation_of(node)[0], node)
            case _:
                raise NotSupported(f"{type(node).__name__} as a query", place=place_of(node))

    # ---- VALUES ------------------------------------------------------------------------------------------------------

    def _values(self, node: exp.Values) -> Relation:
        binder = ExpressionBinder(self.session, Scope([], self.correlation), "VALUES")
        rows = [[binder.value(item) for item in row.expressions] for row in node.expressions]
        for expression in (e for row in rows for e in row):
            if contains(expression, SubqueryRef):
                raise NotSupported("a subquery in VALUES", place=expression.place or place_of(node),
                                   hint="SELECT it instead")
        width = len(rows[0])
        if any(len(r) != width for r in rows):
            raise UserError("bad_values", "Values passed to VALUES operator must have compatible types: rows differ in "
                            "length", place=place_of(node))
        types = [self._common([r[i] for r in rows], node) for i in range(width)]
        fields = tuple(Field(f"EXPR${i}", t) for i, t in enumerate(types))
        typed = tuple(tuple(self._typed(e, t) for e, t in zip(row, types)) for row in rows)
        if any(contains(e, OuterRef) for row in typed for e in row):
            raise NotSupported("a correlated VALUES", place=place_of(node))
        return Values(Schema(fields), typed, nodes=self.session.nodes)

    def _common(self, expressions: Sequence[Expression], node: exp.Expr) -> DataType:
        type = common_type([e.type for e in expressions])
        if type is None:
            listed = ", ".join(str(e.type) for e in expressions)
            raise UserError("bad_types", f"the columns have no common type: {listed}", place=place_of(node))
        return type.as_nullable(any(e.type.nullable for e in expressions))

    def _typed(self, expression: Expression, type: DataType) -> Expression:
        return implicit_cast(expression, type.as_nullable(expression.type.nullable))

    # ---- set operations ----------------------------------------------------------------------------------------------

    def _set_operation(self, node: exp.SetOperation) -> Relation:
        branches = self._branches(node)
        distinct_rows = bool(node.args.get("distinct"))
        relations = [self.query(b) for b in branches]
        width = len(relations[0].schema)
        if any(len(r.schema) != width for r in relations):
            raise UserError("bad_set_operation", f"Column count mismatch in {type(node).__name__.upper()}",
                            place=place_of(node), hint=", ".join(str(len(r.schema)) for r in relations) + " columns")
        types = [self._common([refs(r)[i] for r in relations], node) for i in range(width)]
        aligned = tuple(self._aligned(r, types, relations[0].schema.names) for r in relations)
        fields = tuple(self._set_field(node, i, types[i], aligned) for i in range(width))
        union = isinstance(node, exp.Union)
        kind = SetKind.UNION_ALL if union else _SET_KINDS[type(node), distinct_rows]
        result = SetOperation(Schema(fields), kind, aligned, nodes=self.session.nodes, place=place_of(node))
        if union and distinct_rows:
            return distinct(result, self.session.facts.windows, self.session.nodes, result.place)
        return result

    def _branches(self, node: exp.SetOperation) -> list[exp.Expr]:
        """A chain of the same UNION is one operation of many inputs."""
        branches: list[exp.Expr] = []
        current: exp.Expr = node
        plain = ("with_", "order", "limit", "offset")
        while (type(current) is type(node) and isinstance(node, exp.Union)
               and current.args.get("distinct") == node.args.get("distinct")
               and (current is node or not any(current.args.get(p) for p in plain))):
            branches.append(current.expression)
            current = current.this
        if current is node:
            return [node.this, node.expression]
        return [current, *reversed(branches)]

    def _aligned(self, relation: Relation, types: Sequence[DataType], names: Sequence[str]) -> Relation:
        if all(f.type.same_as(t) for f, t in zip(relation.schema, types)):
            return relation
        columns = [cast(e, t.as_nullable(e.type.nullable)) for e, t in zip(refs(relation), types)]
        return project(relation, columns, names, self.session.nodes)

    def _set_field(self, node: exp.SetOperation, i: int, type: DataType, relations: Sequence[Relation]) -> Field:
        times = {r.schema[i].time for r in relations}
        nullable = type.nullable
        if isinstance(node, exp.Except):
            nullable = relations[0].schema[i].type.nullable
        elif isinstance(node, exp.Intersect):
            nullable = all(r.schema[i].type.nullable for r in relations)
        time = times.pop() if len(times) == 1 and isinstance(node, exp.Union) else None
        return Field(relations[0].schema[i].name, type.as_nullable(nullable), time)

    # ---- ORDER BY and LIMIT ------------------------------------------------------------------------------------------

    def _ordered(self, relation: Relation, node: exp.Expr) -> Relation:
        """ORDER BY over the columns of a query that is no SELECT."""
        order = node.args.get("order")
        width = len(relation.schema)
        terms: list[OrderBy] = []
        if order is not None:
            scope = Scope([Source("", relation.schema.fields, 0)], self.correlation)
            binder = ExpressionBinder(self.session, scope, "ORDER BY")
            for item in order.expressions:
                position = ordinal(item.this, width)
                bound = refs(relation)[position] if position is not None else binder.bind(item.this)
                terms.append(ordered_term(bound, item))
        return sorted_relation(
            relation, terms, limit_of(node, "offset") or 0, limit_of(node, "limit"), width, self.session
        )


def ordinal(node: exp.Expr, width: int) -> int | None:
    """ORDER BY 2: the position of a column of the result."""
    if not isinstance(node, exp.Literal) or node.is_string or not node.this.isdigit():
        return None
    if not 1 <= int(node.this) <= width:
        raise UserError("bad_order", "Ordinal out of range", place=place_of(node), hint=f"1 to {width}")
    return int(node.this) - 1


def limit_of(node: exp.Expr, part: str) -> int | None:
    """The number of LIMIT or OFFSET."""
    clause = node.args.get(part)
    if clause is None:
        return None
    value = clause.expression
    if not isinstance(value, exp.Literal) or value.is_string or not value.this.isdigit():
        raise UserError("bad_limit", f"{part.upper()} must be a constant whole number", place=place_of(value))
    if int(value.this) >= 2**63:
        raise UserError("bad_limit", f"{part.upper()} {value.this} is out of range", place=place_of(value))
    return int(value.this)


def sorted_relation(relation: Relation, terms: Sequence[OrderBy], offset: int, limit: int | None, width: int,
                    session: Session) -> Relation:
    """ORDER BY, OFFSET and LIMIT; the first `width` columns are kept."""
    terms = [t for t in terms if not isinstance(t.expression, Literal)]
    if not terms and limit is None and not offset:
        return _cut(relation, width, session)
    base, positions = widen(relation, [t.expression for t in terms], session.nodes)
    keys = tuple(SortKey(p, t.descending, t.nulls_first) for p, t in zip(positions, terms))
    return _cut(Sort(base.schema, base, keys, offset, limit, nodes=session.nodes), width, session)


def _cut(relation: Relation, width: int, session: Session) -> Relation:
    if len(relation.schema) == width:
        return relation
    return project(relation, refs(relation)[:width], relation.schema.names[:width], session.nodes)


def described(scope: Scope) -> Callable[[Expression], str]:
    """Names for the columns of FROM, for errors."""
    names = {
        s.offset + i: f"{s.alias}.{f.name}" if s.alias else f.name
        for s in scope.sources
        for i, f in enumerate(s.fields)
    }
    return lambda e: names.get(e.index, str(e)) if isinstance(e, InputRef) else str(e)


