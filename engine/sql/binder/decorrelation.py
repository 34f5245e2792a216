"""Pulling what a subquery takes from its enclosing query out of it, so that it becomes a join.

A correlated subquery holds `OuterRef`s. `pull_up` gives a relation without any, the subquery's columns as expressions
over that relation (and OuterRefs), and conditions over both that must hold. Equalities pass through aggregates and
Top-N as keys.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from engine.errors import NotSupported
from engine.expressions.binding import literal, resolve_call
from engine.expressions.nodes import Call, Expression, InputRef, Literal
from engine.plan.nodes import (
    Aggregate,
    AggregateCall,
    Filter,
    Frame,
    Join,
    JoinKind,
    Over,
    Project,
    Relation,
    SetOperation,
    Sort,
    SortKey,
)
from engine.plan.tree import expressions_of, walk
from engine.sql.binder.build import columns_for, conjunction, conjuncts, project, ref, refs, where, widen
from engine.sql.binder.placeholders import OuterRef, contains, rewrite, shift, substitute
from engine.types import BIGINT, Field, Schema

HINT = "correlate by equalities in its WHERE clause"


@dataclass(frozen=True)
class Pulled:
    """A relation without correlation; its original columns; conditions over its columns and OuterRefs."""

    relation: Relation
    outputs: tuple[Expression, ...]
    conditions: tuple[Expression, ...] = ()


def is_correlated(relation: Relation) -> bool:
    """Whether anything in a subquery refers to the enclosing query."""
    return any(contains(e, OuterRef) for r in walk((relation,)) for e in expressions_of(r))


def pull_up(relation: Relation) -> Pulled:
    """See the module. NotSupported for shapes that cannot be pulled up."""
    if not is_correlated(relation):
        return Pulled(relation, refs(relation))
    for kind, rule in _RULES.items():
        if isinstance(relation, kind):
            return rule(relation)
    raise NotSupported(f"a correlated subquery with {type(relation).__name__.upper()}", hint=HINT)


def _filter(relation: Filter) -> Pulled:
    below = pull_up(relation.input)
    terms = [substitute(t, below.outputs) for t in conjuncts(relation.condition)]
    outer = [t for t in terms if contains(t, OuterRef)]
    kept = where(below.relation, conjunction([t for t in terms if not contains(t, OuterRef)]), relation.nodes)
    return Pulled(kept, below.outputs, (*below.conditions, *outer))


def _project(relation: Project) -> Pulled:
    below = pull_up(relation.input)
    return replace(below, outputs=tuple(substitute(e, below.outputs) for e in relation.expressions))


def _join(relation: Join) -> Pulled:
    if type(relation) is not Join:
        raise NotSupported("a correlated subquery with a join on time", hint=HINT)
    left, right = pull_up(relation.left), pull_up(relation.right)
    inner = relation.kind is JoinKind.INNER
    lifts_left = relation.kind not in (JoinKind.RIGHT, JoinKind.FULL)
    if (right.conditions and not inner and relation.kind is not JoinKind.RIGHT) or (left.conditions and not lifts_left):
        raise NotSupported("a correlated subquery below the optional side of a join", hint=HINT)
    width = len(left.relation.schema)
    right_outputs = tuple(shift(e, width) for e in right.outputs)
    outputs = left.outputs + right_outputs
    terms = [substitute(t, outputs) for t in conjuncts(relation.condition)]
    for i, (a, b) in enumerate(zip(relation.left_keys, relation.right_keys)):
        name = "IS NOT DISTINCT FROM" if i in relation.null_safe else "="
        terms.append(resolve_call(name, (left.outputs[a], right_outputs[b])))
    outer = [t for t in terms if contains(t, OuterRef)]
    if outer and not inner:
        raise NotSupported("a correlated condition of an outer join", hint=HINT)
    from engine.sql.binder.joins import join

    joined = join(relation.kind, left.relation, right.relation, [t for t in terms if t not in outer], lambda _: None,
                  relation.nodes)
    if relation.kind in (JoinKind.SEMI, JoinKind.ANTI):
        return Pulled(joined, left.outputs, (*left.conditions, *outer))
    outputs = tuple(_retyped(e, joined) for e in outputs)
    lifted = tuple(shift(c, width) for c in right.conditions)
    return Pulled(joined, outputs, (*left.conditions, *lifted, *outer))


def _retyped(expression: Expression, relation: Relation) -> Expression:
    """Columns take the nullability they have in `relation`."""
    return rewrite(
        expression, lambda e: replace(e, type=relation.schema[e.index].type) if isinstance(e, InputRef) else e
    )


@dataclass(frozen=True)
class _Keyed:
    """Conditions that are equalities between a column inside and a value outside: the inner sides, the outer sides."""

    inner: tuple[Expression, ...]
    outer: tuple[Expression, ...]


def _keyed(conditions: Sequence[Expression], what: str) -> _Keyed:
    inner: list[Expression] = []
    outer: list[Expression] = []
    for condition in conditions:
        if not isinstance(condition, Call) or condition.function != "=":
            raise NotSupported(f"a correlated {what} with a condition other than an equality", hint=HINT)
        a, b = condition.args
        if contains(a, OuterRef):
            a, b = b, a
        if contains(a, OuterRef) or contains(b, InputRef):
            raise NotSupported(f"a correlated {what} with such a condition", hint=HINT)
        inner.append(a)
        outer.append(b)
    return _Keyed(tuple(inner), tuple(outer))


def _aggregate(relation: Aggregate) -> Pulled:
    below = pull_up(relation.input)
    if any(contains(e, OuterRef) for e in below.outputs):
        raise NotSupported("an outer column inside an aggregate of a subquery", hint=HINT)
    keyed = _keyed(below.conditions, "aggregate")
    names = [*(f"$k{i}" for i in range(len(keyed.inner))), *relation.input.schema.names]
    base, positions = columns_for(below.relation, [*keyed.inner, *below.outputs], names, relation.nodes)
    n = len(keyed.inner)
    moved = positions[n:]
    calls = tuple(_moved_call(c, moved) for c in relation.calls)
    extra = tuple(Field(f"$k{i}", e.type) for i, e in enumerate(keyed.inner))
    schema = Schema(extra + relation.schema.fields)
    result = Aggregate(
        schema, base, positions[:n] + tuple(moved[k] for k in relation.keys), calls, nodes=relation.nodes,
        place=relation.place,
    )
    columns = refs(result)
    conditions = tuple(resolve_call("=", (columns[i], o)) for i, o in enumerate(keyed.outer))
    outputs = columns[n:] if relation.keys else tuple(
        _or_zero(c, relation.calls[i].function) for i, c in enumerate(columns[n:]))
    return Pulled(result, outputs, conditions)


def _moved_call(call: AggregateCall, moved: Sequence[int]) -> AggregateCall:
    return replace(call, args=tuple(moved[a] for a in call.args),
                   filter=None if call.filter is None else moved[call.filter],
                   order=tuple((moved[i], d, f) for i, d, f in call.order))


def _or_zero(column: InputRef, function: str) -> Expression:
    """COUNT over no rows is 0, where the outer join of the groups would give NULL."""
    if function not in ("COUNT", "$SUM0", "APPROX_COUNT_DISTINCT"):
        return column
    return resolve_call("COALESCE", (replace(column, type=column.type.as_nullable()), Literal(column.type, 0)))


def _sort(relation: Sort) -> Pulled:
    below = pull_up(relation.input)
    if relation.limit is None and not relation.offset:
        return below
    keyed = _keyed(below.conditions, "LIMIT")
    base, positions = widen(below.relation, [*keyed.inner, *(below.outputs[k.index] for k in relation.order)])
    n = len(keyed.inner)
    order = tuple(SortKey(p, k.descending, k.nulls_first) for p, k in zip(positions[n:], relation.order))
    number = Field("$rank", BIGINT.as_nullable(False))
    call = AggregateCall("ROW_NUMBER", (), number)
    over = Over(Schema((*base.schema.fields, number)), base, positions[:n], order, Frame(True, None), (call,),
                nodes=relation.nodes)
    rank = ref(over, len(base.schema))
    terms = [resolve_call(">", (rank, literal(relation.offset)))] if relation.offset else []
    if relation.limit is not None:
        terms.append(resolve_call("<=", (rank, literal(relation.offset + relation.limit))))
    return Pulled(where(over, conjunction(terms), relation.nodes), below.outputs, below.conditions)


def _over(relation: Over) -> Pulled:
    """Correlated equalities part the rows that the function sees, just like PARTITION BY."""
    below = pull_up(relation.input)
    keyed = _keyed(below.conditions, "OVER")
    base, positions = widen(below.relation, [*below.outputs, *keyed.inner])
    n = len(below.outputs)
    partition = tuple(positions[p] for p in relation.partition) + positions[n:]
    order = tuple(replace(k, index=positions[k.index]) for k in relation.order)
    calls = tuple(_moved_call(c, positions) for c in relation.calls)
    schema = Schema(base.schema.fields + tuple(c.field for c in calls))
    result = Over(schema, base, partition, order, relation.frame, calls, nodes=relation.nodes, place=relation.place)
    return Pulled(result, (*below.outputs, *refs(result)[len(base.schema):]), below.conditions)


def rows_only(relation: Relation) -> Relation:
    """What decides whether a query has rows, its columns apart."""
    while isinstance(relation, Project | Over) or (isinstance(relation, Sort) and relation.limit is None
                                                   and not relation.offset):
        relation = relation.input
    return relation


def _union(relation: SetOperation) -> Pulled:
    raise NotSupported("a correlated subquery with a set operation", hint=HINT)


def plain(pulled: Pulled, names: Sequence[str]) -> Pulled:
    """Outputs that read only inner columns become columns of the relation (in order, first)."""
    if any(contains(e, OuterRef) for e in pulled.outputs):
        return pulled
    needed = list(pulled.outputs)
    inner = list(dict.fromkeys(e for c in pulled.conditions for e in c.walk() if isinstance(e, InputRef)))
    extra = [e for e in inner if e not in needed]
    labels = [*names, *(f"$c{i}" for i in range(len(extra)))]
    relation = project(pulled.relation, [*needed, *extra], labels)
    at = {e: i for i, e in reversed(list(enumerate([*needed, *extra])))}
    conditions = tuple(
        rewrite(c, lambda e: replace(e, index=at[e]) if isinstance(e, InputRef) else e) for c in pulled.conditions)
    return Pulled(relation, refs(relation)[:len(needed)], conditions)


_RULES: dict[type[Relation], Callable[..., Pulled]] = {
    Filter: _filter,
    Project: _project,
    Aggregate: _aggregate,
    Sort: _sort,
    Join: _join,
    SetOperation: _union,
    Over: _over,
}
