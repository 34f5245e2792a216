"""Planning of what orders rows: OVER, Top-N, deduplication, sorting."""

from __future__ import annotations

from engine.errors import NotSupported
from engine.operators.base import Operator, Settings
from engine.operators.over import OverAggregate
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


PLAN: dict[type[Relation], NodeFunction] = {nodes.Over: plan_over}
