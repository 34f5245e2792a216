"""OVER functions: one Over node for each distinct window, below the expressions that use their results."""

from __future__ import annotations

from collections.abc import Sequence

from engine.expressions.nodes import NO_NODES, Expression, InputRef
from engine.plan.nodes import AggregateCall, Over, Relation, SortKey
from engine.sql.binder.build import ref, whole, widen
from engine.sql.binder.placeholders import OverRef, OverWindow, find, rewrite_top
from engine.sql.names import unique
from engine.types import Field, Schema


def apply_over(relation: Relation, expressions: Sequence[Expression],
               nodes: frozenset[str] = NO_NODES) -> tuple[Relation, list[Expression]]:
    """The relation with a column for each OVER call, and the expressions reading those columns."""
    found = list(dict.fromkeys(o for o in find(tuple(expressions), OverRef) if isinstance(o, OverRef)))
    if not found:
        return relation, list(expressions)
    columns: dict[Expression, InputRef] = {}
    by_window: dict[OverWindow, list[OverRef]] = {}
    for o in found:
        by_window.setdefault(o.window, []).append(o)
    for window, group in by_window.items():
        relation = _over(relation, window, group, columns, nodes)
    return relation, [rewrite_top(e, columns.get) for e in expressions]


def _over(relation: Relation, window: OverWindow, group: Sequence[OverRef], columns: dict[Expression, InputRef],
          nodes: frozenset[str]) -> Relation:
    needed = list(dict.fromkeys([*window.children, *(e for o in group if o.call for e in o.call.children)]))
    base, positions = widen(relation, needed, nodes)
    at = dict(zip(needed, positions))
    taken = set(base.schema.names)
    calls = []
    for o in group:
        assert o.call is not None
        name = unique(f"${o.call.function.lower()}", taken)
        taken.add(name)
        filtered = at[o.call.filter] if o.call.filter is not None else None
        order = tuple((at[t.expression], t.descending, t.nulls_first) for t in o.call.order)
        calls.append(AggregateCall(o.call.function, tuple(at[a] for a in o.call.args), Field(name, o.type),
                                   o.call.distinct, filtered, order, o.call.options, nodes))
    order_keys = tuple(SortKey(at[t.expression], t.descending, t.nulls_first) for t in window.order)
    schema = Schema(base.schema.fields + tuple(c.field for c in calls))
    partition = tuple(at[p] for p in window.partition)
    result = Over(schema, base, partition, order_keys, window.frame, tuple(calls), nodes=nodes, place=whole(group))
    for i, o in enumerate(group):
        columns[o] = ref(result, len(base.schema) + i)
    return result
