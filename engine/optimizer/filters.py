"""Filters go down as far as they can: past projections, into joins (equalities become keys), to the sides they read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from engine.expressions.nodes import Expression, InputRef, input_refs, substitute
from engine.optimizer.projects import is_deterministic
from engine.plan.nodes import (
    Aggregate,
    Correlate,
    Deduplicate,
    Filter,
    Join,
    JoinKind,
    LookupJoin,
    Over,
    Project,
    Rank,
    Relation,
    SetKind,
    SetOperation,
    TemporalJoin,
    WindowTable,
)
from engine.plan.terms import conjunction, conjuncts, equality, shifted, split_at
from engine.plan.tree import Uses, rewrite_knowing, with_inputs

Terms = Sequence[Expression]
_LEFT_FIRST = (JoinKind.INNER, JoinKind.LEFT, JoinKind.SEMI, JoinKind.ANTI)  # a filter of left columns may go left
_RIGHT_FIRST = (JoinKind.INNER, JoinKind.RIGHT)


def push_filters(sinks: tuple[Relation, ...]) -> tuple[Relation, ...]:
    """Push every filter down; a relation read by several others is left as it is."""
    return rewrite_knowing(sinks, _change)


def _change(relation: Relation, uses: Uses) -> Relation:
    if isinstance(relation, Filter):
        return filtered(relation.input, conjuncts(relation.condition), relation.nodes, uses)
    if isinstance(relation, Join) and relation.condition is not None:
        return _own_condition(relation, uses)
    return relation


def filtered(relation: Relation, terms: Terms, nodes: frozenset[str], uses: Uses) -> Relation:
    """The rows of a relation that meet all terms, which go as deep as they can."""
    if not terms:
        return relation
    rule = None if uses.shared(relation) else next((r for kind, r in _RULES if isinstance(relation, kind)), None)
    if rule is None:
        return above(relation, terms, nodes)
    return rule(relation, list(terms), nodes, uses)


def above(relation: Relation, terms: Terms, nodes: frozenset[str]) -> Relation:
    condition = conjunction(terms)
    return relation if condition is None else Filter(relation.schema, relation, condition, nodes=nodes)


def _parted(terms: Terms, passes: Callable[[Expression], bool]) -> tuple[list[Expression], list[Expression]]:
    down = [t for t in terms if is_deterministic(t) and passes(t)]
    return down, [t for t in terms if not any(t is d for d in down)]


def _filter(relation: Filter, terms: list[Expression], nodes: frozenset[str], uses: Uses) -> Relation:
    return filtered(relation.input, [*conjuncts(relation.condition), *terms], nodes | relation.nodes, uses)


def _project(relation: Project, terms: list[Expression], nodes: frozenset[str], uses: Uses) -> Relation:
    def passes(term: Expression) -> bool:
        return all(is_deterministic(relation.expressions[i]) for i in input_refs(term))

    down, stay = _parted(terms, passes)
    below = filtered(relation.input, [substitute(t, relation.expressions) for t in down], nodes, uses)
    return above(with_inputs(relation, (below,)), stay, nodes)


def _union(relation: SetOperation, terms: list[Expression], nodes: frozenset[str], uses: Uses) -> Relation:
    if relation.kind is not SetKind.UNION_ALL:
        return above(relation, terms, nodes)
    down, stay = _parted(terms, lambda t: True)
    inputs = tuple(filtered(r, [_retyped(t, r) for t in down], nodes, uses) for r in relation.relations)
    return above(with_inputs(relation, inputs), stay, nodes)


def _retyped(term: Expression, relation: Relation) -> Expression:
    types = tuple(InputRef(f.type, index=i) for i, f in enumerate(relation.schema))
    return substitute(term, types)


def _on_columns(columns: Callable[[Relation], tuple[int, ...]]) -> Rule:
    """Terms over these columns, which are the same below, go down (partitions of OVER, Top-N, deduplication)."""

    def rule(relation: Relation, terms: list[Expression], nodes: frozenset[str], uses: Uses) -> Relation:
        kept = set(columns(relation))
        down, stay = _parted(terms, lambda t: bool(input_refs(t)) and input_refs(t) <= kept)
        below = filtered(relation.inputs[0], down, nodes, uses)
        return above(with_inputs(relation, (below,)), stay, nodes)

    return rule


def _aggregate(relation: Aggregate, terms: list[Expression], nodes: frozenset[str], uses: Uses) -> Relation:
    keys = tuple(InputRef(relation.input.schema[k].type, index=k) for k in relation.keys)
    down, stay = _parted(terms, lambda t: bool(input_refs(t)) and max(input_refs(t)) < len(keys))
    below = filtered(relation.input, [substitute(t, keys) for t in down], nodes, uses)
    return above(with_inputs(relation, (below,)), stay, nodes)


def _own_columns(relation: Relation) -> tuple[int, ...]:
    return tuple(range(len(relation.inputs[0].schema)))


# ---- joins -----------------------------------------------------------------------------------------------------------


def _temporal(relation: TemporalJoin, terms: list[Expression], nodes: frozenset[str], uses: Uses) -> Relation:
    """Only the probing side: the versioned one must keep every version."""
    width = len(relation.left.schema)
    down, stay = _parted(terms, lambda t: bool(input_refs(t)) and max(input_refs(t)) < width)
    left = filtered(relation.left, down, nodes, uses)
    return above(with_inputs(relation, (left, relation.right)), stay, nodes)


def _join(relation: Join, terms: list[Expression], nodes: frozenset[str], uses: Uses) -> Relation:
    movable, stay = _parted(terms, lambda t: True)
    left, right, both = split_at(movable, len(relation.left.schema))
    if relation.kind not in _LEFT_FIRST:
        left, stay = [], [*stay, *left]
    if relation.kind not in _RIGHT_FIRST:
        right, stay = [], [*stay, *right]
    if relation.kind is not JoinKind.INNER:
        both, stay = [], [*stay, *both]
    inputs = _sides(relation, left, right, nodes, uses)
    return above(with_terms(relation, inputs, both), stay, nodes)


def _own_condition(relation: Join, uses: Uses) -> Relation:
    """Terms of a join's own condition that read one side go there, where that changes no result."""
    if isinstance(relation, TemporalJoin):
        return relation
    terms = conjuncts(relation.condition)
    left, right, rest = split_at(terms, len(relation.left.schema))
    if relation.kind not in (JoinKind.INNER, JoinKind.RIGHT, JoinKind.SEMI):
        left, rest = [], [*left, *rest]
    if relation.kind not in (JoinKind.INNER, JoinKind.LEFT, JoinKind.SEMI, JoinKind.ANTI):
        right, rest = [], [*right, *rest]
    if not left and not right and not any(equality(t, len(relation.left.schema)) for t in rest):
        return relation
    inputs = _sides(relation, left, right, relation.nodes, uses)
    return with_terms(replace(relation, condition=None), inputs, rest)


def _sides(relation: Join, left: Terms, right: Terms, nodes: frozenset[str], uses: Uses) -> tuple[Relation, Relation]:
    """The inputs with their own terms, typed as they are below (an outer join makes columns nullable above)."""
    width = len(relation.left.schema)
    return (filtered(relation.left, [_retyped(t, relation.left) for t in left], nodes, uses),
            filtered(relation.right, [_retyped(shifted(t, -width), relation.right) for t in right], nodes, uses))


def with_terms(relation: Join, inputs: tuple[Relation, Relation], terms: Terms) -> Relation:
    """The join with more terms: equal columns become keys."""
    width = len(relation.left.schema)
    left_keys, right_keys, safe = list(relation.left_keys), list(relation.right_keys), list(relation.null_safe)
    rest = conjuncts(relation.condition)
    for term in terms:
        found = equality(term, width)
        if found is None:
            rest.append(term)
            continue
        if found[2]:
            safe.append(len(left_keys))
        left_keys.append(found[0].index)
        right_keys.append(found[1].index)
    joined = with_inputs(relation, inputs)
    return replace(joined, left_keys=tuple(left_keys), right_keys=tuple(right_keys),  # type: ignore[call-arg]
                   null_safe=tuple(safe), condition=conjunction(rest))


Rule = Callable[[Relation, list[Expression], frozenset[str], Uses], Relation]
_RULES: tuple[tuple[type[Relation], Callable[..., Relation]], ...] = (  # the first kind that fits
    (Filter, _filter), (Project, _project), (SetOperation, _union), (Aggregate, _aggregate),
    (TemporalJoin, _temporal), (Join, _join),
    (Over, _on_columns(lambda r: r.partition)),  # type: ignore[attr-defined]
    (Rank, _on_columns(lambda r: r.partition)),  # type: ignore[attr-defined]
    (Deduplicate, _on_columns(lambda r: r.partition)),  # type: ignore[attr-defined]
    (WindowTable, _on_columns(_own_columns)), (Correlate, _on_columns(_own_columns)),
    (LookupJoin, _on_columns(_own_columns)),
)
