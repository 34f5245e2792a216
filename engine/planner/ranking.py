"""Planning of what orders rows: OVER, Top-N, deduplication, sorting."""

from __future__ import annotations

from collections.abc import Sequence

from engine.errors import NotSupported
from engine.operators.base import Operator, Settings
from engine.operators.deduplicate import Deduplicate, DeduplicateFirst
from engine.operators.over import OverAggregate
from engine.operators.rank import AppendRank
from engine.operators.top import Order, TopRows
from engine.plan import nodes
from engine.plan.nodes import Relation
from engine.planner.aggregation import bound_calls
from engine.planner.core import Built, NodeFunction, Planner
from engine.types import TimeKind


def plan_over(planner: Planner, node: nodes.Over) -> Built:
    schema = node.input.schema
    if not node.order:
        raise NotSupported("OVER without ORDER BY")
    order = node.order[0].index
    kind = schema[order].time
    if kind is None or node.order[0].descending or len(node.order) > 1:
        raise NotSupported("OVER that is not ordered by an ascending time attribute alone")
    if node.frame.following not in (0, None):
        raise NotSupported("an OVER frame that ends after the current row")
    built = planner.keyed(planner.build(node.input), node.partition, schema)

    def make(name: str, settings: Settings) -> Operator:
        return OverAggregate(name, node.schema, settings, keys=node.partition,
                             time=order if kind is TimeKind.ROWTIME else None,
                             calls=bound_calls(node.calls, schema, False, name), input_types=schema.types,
                             rows=node.frame.rows, preceding=node.frame.preceding, nodes=node.nodes)

    return planner.add(node, "Over", [built], make, node.partition)


def plan_rank(planner: Planner, node: nodes.Rank) -> Built:
    if node.function != "ROW_NUMBER":
        raise NotSupported(f"Top-N by {node.function}", hint="use ROW_NUMBER")
    if node.end_column is not None:
        raise NotSupported("Top-N with a variable N")
    types, order = node.input.schema.types, orders(node.order)
    retract = not planner.properties.append_only(node.input)
    append = not retract and TopRows.fits(types, order, node.end)
    if not append:
        raise NotSupported("Top-N over a changing table")
    kind = AppendRank
    built = planner.keyed(planner.build(node.input), node.partition, node.input.schema)

    def make(name: str, settings: Settings) -> Operator:
        return kind(name, node.schema, settings, keys=node.partition, order=order, start=node.start, end=node.end,
                    with_rank=node.with_rank, input_types=types, update_before=planner.properties.before_needed(node),
                    nodes=node.nodes)

    return planner.add(node, "Rank", [built], make, node.partition)


def plan_deduplicate(planner: Planner, node: nodes.Deduplicate) -> Built:
    types, (position, kind) = node.input.schema.types, node.order
    built = planner.keyed(planner.build(node.input), node.partition, node.input.schema)
    by_arrival = kind is TimeKind.PROCTIME

    def make(name: str, settings: Settings) -> Operator:
        if by_arrival and not node.keep_last:
            return DeduplicateFirst(
                name, node.schema, settings, keys=node.partition, input_types=types, nodes=node.nodes
            )
        return Deduplicate(name, node.schema, settings, keys=node.partition, time=None if by_arrival else position,
                           keep_last=node.keep_last, input_types=types,
                           update_before=planner.properties.before_needed(node), nodes=node.nodes)

    return planner.add(node, "Deduplicate", [built], make, node.partition)


def orders(keys: Sequence[nodes.SortKey]) -> tuple[Order, ...]:
    """Ordering columns as operators take them."""
    return tuple(Order(k.index, k.descending, k.nulls_first) for k in keys)


PLAN: dict[type[Relation], NodeFunction] = {
    nodes.Over: plan_over, nodes.Rank: plan_rank, nodes.Deduplicate: plan_deduplicate,
}  # fmt: skip
