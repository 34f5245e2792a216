"""Projections on top of each other become one, unless that would compute an expression twice."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from engine.expressions.functions import function_of
from engine.expressions.nodes import Call, Expression, InputRef, Literal, substitute
from engine.plan.nodes import Project, Relation
from engine.plan.tree import Uses, rewrite_knowing


def merge_projects(sinks: tuple[Relation, ...]) -> tuple[Relation, ...]:
    """Merge a projection with the one below it where no other relation reads that one, or it only picks columns."""
    return rewrite_knowing(sinks, _merge)


def _merge(relation: Relation, uses: Uses) -> Relation:
    if isinstance(relation, Project) and isinstance(relation.input, Project):
        if mergeable(relation, relation.input, uses.shared(relation.input)):
            return merged(relation, relation.input)
    return relation


def mergeable(above: Project, below: Project, shared: bool) -> bool:
    """Whether merging computes nothing twice."""
    if all(isinstance(e, InputRef | Literal) for e in below.expressions):
        return True
    if shared:
        return False
    reads = Counter(e.index for top in above.expressions for e in top.walk() if isinstance(e, InputRef))
    return all(reads[i] <= 1 or isinstance(e, InputRef | Literal) for i, e in enumerate(below.expressions))


def merged(above: Project, below: Project) -> Project:
    """The projection of both."""
    expressions = tuple(_tagged(substitute(e, below.expressions), e) for e in above.expressions)
    return replace(above, input=below.input, expressions=expressions, nodes=above.nodes | below.nodes)


def _tagged(expression: Expression, above: Expression) -> Expression:
    nodes = expression.nodes | above.nodes
    return expression if nodes == expression.nodes else replace(expression, nodes=nodes)


def is_deterministic(expression: Expression) -> bool:
    """Whether an expression may be computed elsewhere, or again, with the same result."""
    return all(function_of(e).deterministic for e in expression.walk() if isinstance(e, Call))
