"""What depends on the tables before it in FROM: LATERAL table functions and queries, UNNEST."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp

from engine.errors import NotSupported, UserError
from engine.expressions.nodes import Expression, InputRef, Literal
from engine.plan.nodes import Correlate, JoinKind
from engine.sql.binder.build import conjuncts, nullable, project, refs
from engine.sql.binder.decorrelation import pull_up
from engine.sql.binder.expressions import ExpressionBinder
from engine.sql.binder.joins import join
from engine.sql.binder.placeholders import OuterRef, rewrite, rewrite_top, shift
from engine.sql.places import place_of
from engine.sql.scope import Correlation, Scope, Source
from engine.types import INT, DataType, Field, Kind, Schema

if TYPE_CHECKING:
    from engine.sql.binder.sources import From, FromBinder


def correlate(binder: FromBinder, left: From, node: exp.Expr, kind: JoinKind, on: exp.Expr | None) -> From:
    """The tables so far, each row with what a function or query makes of it."""
    if kind not in (JoinKind.INNER, JoinKind.LEFT):
        raise NotSupported(f"a {kind.value} JOIN with LATERAL or UNNEST", place=place_of(node))
    if isinstance(node, exp.Lateral) and isinstance(node.this, exp.Subquery):
        return _lateral_query(binder, left, node, kind, on)
    relation = left.relation(binder.session)
    call = node.this if isinstance(node, exp.Lateral | exp.TableFromRows) else node
    name, args, fields, options = _function(binder, left.scope, call)
    fields = _renamed(node, call, fields)
    ordinality = isinstance(call, exp.Unnest) and bool(call.args.get("offset"))
    given = Schema(fields)
    width = len(relation.schema)
    scope = _extended(left.scope, node, given, width)
    condition = _condition(binder, scope, on)
    outer = kind is JoinKind.LEFT
    schema = Schema(relation.schema.fields + (nullable(given) if outer else given).fields)
    result = Correlate(schema, relation, name, tuple(args), outer, condition, ordinality, options,
                       nodes=binder.session.nodes)
    from engine.sql.binder.sources import From, Leaf

    return From(Leaf(result), _extended(left.scope, node, Schema(schema.fields[width:]), width))


def _extended(scope: Scope, node: exp.Expr, given: Schema, width: int) -> Scope:
    alias = node.args.get("alias")
    source = Source(alias.name if alias is not None else "", given.fields, width)
    return Scope([*scope.sources, source], scope.correlation, scope.merged)


def _condition(binder: FromBinder, scope: Scope, on: exp.Expr | None) -> Expression | None:
    if on is None:
        return None
    bound = ExpressionBinder(binder.session, scope, "ON").condition(on)
    return None if isinstance(bound, Literal) and bound.value is True else bound


TableCall = tuple[str, list[Expression], tuple[Field, ...], tuple[object, ...]]


def _function(binder: FromBinder, scope: Scope, call: exp.Expr) -> TableCall:
    """Name, arguments, columns and definition of a table function or UNNEST."""
    expressions = ExpressionBinder(binder.session, scope, "FROM")
    if isinstance(call, exp.Unnest):
        if len(call.expressions) != 1:
            raise NotSupported("UNNEST of several collections", place=place_of(call))
        argument = expressions.bind(call.expressions[0])
        fields = _element_fields(argument.type, call)
        if call.args.get("offset"):
            fields += (Field("ORDINALITY", INT.as_nullable(False)),)
        return "UNNEST", [argument], fields, ()
    if not isinstance(call, exp.Anonymous):
        raise NotSupported("such a table function", place=place_of(call))
    from engine.sql.binder.user_functions import table_function

    return table_function(binder.session, expressions, call)


def _element_fields(type: DataType, call: exp.Unnest) -> tuple[Field, ...]:
    """One column an element, one a field where elements are rows, key and value of a map."""
    element = type.element
    if type.kind is Kind.MAP and type.key is not None and element is not None:
        return Field("KEY", type.key), Field("VALUE", element)
    if type.kind not in (Kind.ARRAY, Kind.MULTISET) or element is None:
        raise UserError(
            "bad_arguments", f"UNNEST takes an array, a map or a multiset, not {type}", place=place_of(call)
        )
    if element.kind is Kind.ROW:
        return tuple(Field(f.name, f.type.as_nullable(f.type.nullable or element.nullable)) for f in element.fields)
    return (Field("EXPR$0", element),)


def _renamed(node: exp.Expr, call: exp.Expr, fields: tuple[Field, ...]) -> tuple[Field, ...]:
    alias = node.args.get("alias") or call.args.get("alias")
    names = [c.name for c in alias.args.get("columns") or []] if alias is not None else []
    if not names:
        return fields
    if len(names) != len(fields):
        raise UserError("bad_alias", f"List of column aliases must have same degree as table; table has {len(fields)} "
                        f"columns, alias list {len(names)}", place=place_of(alias))
    return tuple(replace(f, name=n) for f, n in zip(fields, names))


def _lateral_query(binder: FromBinder, left: From, node: exp.Lateral, kind: JoinKind, on: exp.Expr | None) -> From:
    """LATERAL (query): pulled apart into a join."""
    from engine.sql.binder.queries import QueryBinder
    from engine.sql.binder.sources import From, Leaf

    session = binder.session
    correlation = Correlation(left.scope)
    query = QueryBinder(session, correlation).query(node.this.this)
    relation = left.relation(session)
    pulled = pull_up(query)
    width = len(relation.schema)
    outside = _Outside(tuple(correlation.outer), width)
    terms = [outside.moved(c) for c in pulled.conditions]
    outputs = [outside.moved(e) for e in pulled.outputs]
    alias = node.args.get("alias") or node.this.args.get("alias")
    names = [c.name for c in alias.args.get("columns") or []] if alias is not None else []
    names = names or list(query.schema.names)
    given = Schema(tuple(Field(n, f.type) for n, f in zip(names, query.schema)))
    source = Source(alias.name if alias is not None else "", given.fields, width)
    scope = Scope([*left.scope.sources, source], left.scope.correlation, left.scope.merged)
    if on is not None:
        for term in conjuncts(_condition(binder, scope, on)):
            terms.append(rewrite_top(term, lambda e: _output(e, outputs, width)))
    joined = join(kind, relation, pulled.relation, terms, session.facts.windows, session.nodes)
    typed = [rewrite(e, lambda x: replace(x, type=joined.schema[x.index].type) if isinstance(x, InputRef) else x)
             for e in outputs]
    kept = [*refs(joined)[:width], *typed]
    result = project(joined, kept, [*relation.schema.names, *names], session.nodes)
    source = Source(source.alias, result.schema.fields[width:], width)
    return From(Leaf(result), Scope([*left.scope.sources, source], left.scope.correlation, left.scope.merged))


def _output(e: Expression, outputs: Sequence[Expression], width: int) -> Expression | None:
    return outputs[e.index - width] if isinstance(e, InputRef) and e.index >= width else None


class _Outside:
    """Moves expressions of a lateral query to the columns of the join."""

    def __init__(self, outer: tuple[Expression, ...], width: int) -> None:
        self.outer = outer
        self.width = width

    def moved(self, expression: Expression) -> Expression:
        shifted = shift(expression, self.width)
        return rewrite_top(shifted, lambda e: self.outer[e.index] if isinstance(e, OuterRef) else None)

