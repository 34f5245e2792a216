"""Planning of what makes rows of rows: table functions."""

from __future__ import annotations

from engine.errors import NotSupported
from engine.operators.correlate import Correlate, unnest
from engine.plan import nodes
from engine.plan.nodes import Relation
from engine.planner.core import Built, NodeFunction, Planner


def plan_correlate(planner: Planner, node: nodes.Correlate) -> Built:
    if node.function != "UNNEST":
        raise NotSupported(f"the table function {node.function}")
    built = planner.build(node.input)
    return planner.add(
        node,
        "Correlate",
        [built],
        lambda name, settings: Correlate(
            name, node.schema, settings, unnest(node.ordinality), node.args, node.left, node.condition, node.nodes
        ),
        built.keys,
    )


PLAN: dict[type[Relation], NodeFunction] = {nodes.Correlate: plan_correlate}
