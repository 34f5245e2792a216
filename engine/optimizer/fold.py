"""Constant folding: what can be computed now is, and filters that let everything through go away."""

from __future__ import annotations

from dataclasses import replace

from engine.expressions.binding import fold
from engine.expressions.nodes import Call, Expression, Literal
from engine.plan.nodes import Filter, Relation
from engine.plan.terms import conjunction, conjuncts
from engine.plan.tree import map_expressions, rewrite


def fold_constants(sinks: tuple[Relation, ...]) -> tuple[Relation, ...]:
    """Fold every expression of the plan."""
    return rewrite(sinks, _folded)


def _folded(relation: Relation) -> Relation:
    relation = map_expressions(relation, _fold)
    if isinstance(relation, Filter):
        condition = conjunction(conjuncts(relation.condition))
        return relation.input if condition is None else replace(relation, condition=condition)
    return relation


def _fold(expression: Expression) -> Expression:
    if not any(isinstance(e, Call) and all(isinstance(a, Literal) for a in e.args) for e in expression.walk()):
        return expression
    folded = fold(expression)
    return folded if folded.type == expression.type else expression
