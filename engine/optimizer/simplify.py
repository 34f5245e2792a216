"""Simpler conditions: negations go into comparisons, what is known goes away, and a filter that lets nothing through is
a table without rows."""

from __future__ import annotations

from dataclasses import replace

from engine.expressions.binding import resolve_call
from engine.expressions.nodes import Call, Expression, InputRef, Literal, transform
from engine.optimizer.projects import is_deterministic
from engine.plan.nodes import Filter, Join, Relation, Values
from engine.plan.terms import conjunction, conjuncts
from engine.plan.tree import map_expressions, rewrite, walk
from engine.types import BOOLEAN, DataType

_NEGATED = {"=": "<>", "<>": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">", "IS NULL": "IS NOT NULL",
            "IS NOT NULL": "IS NULL"}
_FALSE = Literal(BOOLEAN.as_nullable(False), False)


def simplify_conditions(sinks: tuple[Relation, ...]) -> tuple[Relation, ...]:
    """Simplify every expression of the plan; filters and joins lose terms that are TRUE."""
    return rewrite(sinks, _simplified)


def _simplified(relation: Relation) -> Relation:
    relation = map_expressions(relation, lambda e: transform(e, simpler))
    if isinstance(relation, Filter):
        condition = conjunction(_distinct(conjuncts(relation.condition)))
        if condition is None:
            return relation.input
        if _never(condition):
            return Values(relation.schema, (), nodes=frozenset().union(*(r.nodes for r in walk((relation,)))))
        return replace(relation, condition=condition)
    if isinstance(relation, Join) and relation.condition is not None:
        return replace(relation, condition=conjunction(_distinct(conjuncts(relation.condition))))
    return relation


def simpler(expression: Expression) -> Expression:
    """The expression, whose parts are simple already."""
    if not isinstance(expression, Call):
        return expression
    match expression.function:
        case "NOT":
            return _negation(expression)
        case "IN" if len(expression.args) == 2 and not _approximate(expression):
            return _kept(expression, resolve_call("=", expression.args, place=expression.place))
        case "IS NULL" | "IS NOT NULL" if not expression.args[0].type.nullable and is_deterministic(expression):
            return Literal(expression.type, expression.function == "IS NOT NULL", nodes=expression.nodes)
        case "AND" | "OR":
            return _chain(expression)
    return expression


def _kept(expression: Call, simple: Expression) -> Expression:
    """The simpler form, where it is of the same type, with the nodes of both."""
    if not simple.type.same_as(expression.type) or simple.type.nullable != expression.type.nullable:
        return expression
    return replace(simple, nodes=simple.nodes | expression.nodes)


def _approximate(call: Call) -> bool:
    """Whether NaN may come, which is not greater, equal or less."""
    return any(a.type.is_approximate or a.type.is_nested for a in call.args)


def _negation(expression: Call) -> Expression:
    inner = expression.args[0]
    if not isinstance(inner, Call):
        return expression
    if inner.function == "NOT":
        return _kept(expression, inner.args[0])
    if inner.function not in _NEGATED or _approximate(inner):
        return expression
    return _kept(expression, resolve_call(_NEGATED[inner.function], inner.args, place=expression.place))


def _chain(expression: Call) -> Expression:
    """AND without what is TRUE, OR without what is FALSE; either is the other constant where a part is."""
    decisive = expression.function == "OR"
    constants = [a.value for a in expression.args if isinstance(a, Literal)]
    if decisive in constants:
        return Literal(expression.type, decisive, nodes=expression.nodes)
    rest = [a for a in expression.args if not (isinstance(a, Literal) and a.value is (not decisive))]
    if len(rest) == len(expression.args):
        return expression
    if not rest:
        return Literal(expression.type, not decisive, nodes=expression.nodes)
    return replace(expression, args=tuple(rest)) if len(rest) > 1 else rest[0]


def _distinct(terms: list[Expression]) -> list[Expression]:
    """The terms, equal ones once; FALSE alone where a column equals two constants."""
    kept: list[Expression] = []
    fixed: dict[tuple[int, DataType], object] = {}
    for term in terms:
        column = _fixed(term)
        if column is not None and fixed.setdefault(column[0], column[1]) != column[1]:
            return [replace(_FALSE, nodes=frozenset().union(*(t.nodes for t in terms)))]
        if not (is_deterministic(term) and any(term == k for k in kept)):
            kept.append(term)
    return kept


def _fixed(term: Expression) -> tuple[tuple[int, DataType], object] | None:
    """The column and the constant of column = constant, where equal constants are equal values."""
    if not isinstance(term, Call) or term.function != "=":
        return None
    a, b = term.args
    if isinstance(a, Literal):
        a, b = b, a
    if not (isinstance(a, InputRef) and isinstance(b, Literal) and b.value is not None):
        return None
    exact = b.type.is_integer or b.type.is_string or b.type.is_timestamp
    return ((a.index, b.type.as_nullable()), b.value) if exact else None


def _never(condition: Expression) -> bool:
    return isinstance(condition, Literal) and condition.value is not True
