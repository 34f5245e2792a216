"""Constant folding: what can be computed now is, and filters that let everything through go away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType

from engine.expressions.binding import fold
from engine.expressions.nodes import Call, Expression, Literal
from engine.plan.nodes import Filter, Relation
from engine.plan.terms import conjunction, conjuncts
from engine.plan.tree import map_expressions, rewrite

_NONE: Mapping[str, str] = MappingProxyType({})


def fold_constants(sinks: tuple[Relation, ...], settings: Mapping[str, str] = _NONE) -> tuple[Relation, ...]:
    """Fold every expression of the plan; what it means may depend on the job's settings (the time zone)."""
    return rewrite(sinks, partial(_folded, settings))


def _folded(settings: Mapping[str, str], relation: Relation) -> Relation:
    relation = map_expressions(relation, partial(_fold, settings))
    if isinstance(relation, Filter):
        condition = conjunction(conjuncts(relation.condition))
        return relation.input if condition is None else replace(relation, condition=condition)
    return relation


def _fold(settings: Mapping[str, str], expression: Expression) -> Expression:
    if not any(isinstance(e, Call) and all(isinstance(a, Literal) for a in e.args) for e in expression.walk()):
        return expression
    folded = fold(expression, settings)
    return folded if folded.type == expression.type else expression
