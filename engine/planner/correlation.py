"""Planning of what makes rows of rows: table functions."""

from __future__ import annotations

from engine.errors import InternalError
from engine.expressions.functions.user_tables import UserTable
from engine.operators.correlate import Correlate, Expand, unnest
from engine.plan import nodes
from engine.plan.nodes import Relation
from engine.planner.core import Built, NodeFunction, Planner


def plan_correlate(planner: Planner, node: nodes.Correlate) -> Built:
    built = planner.build(node.input)
    expand = _expand(node)
    return planner.add(
        node,
        "Correlate",
        [built],
        lambda name, settings: Correlate(
            name, node.schema, settings, expand, node.args, node.left, node.condition, node.nodes
        ),
        built.keys,
    )


def _expand(node: nodes.Correlate) -> Expand:
    if node.function == "UNNEST" and not node.options:
        return unnest(node.ordinality)
    [function] = node.options
    if not isinstance(function, UserTable):
        raise InternalError(f"{node.function} is no table function")
    return function.expand


PLAN: dict[type[Relation], NodeFunction] = {nodes.Correlate: plan_correlate}
