"""Planning of group and window aggregation."""

from __future__ import annotations

from collections.abc import Sequence

from engine.aggregates.base import AggregateSpec
from engine.aggregates.calls import BoundCall
from engine.errors import NotSupported
from engine.operators.base import Operator, Settings
from engine.operators.group import GroupAggregate
from engine.operators.window import WindowAggregate
from engine.operators.window_table import WindowAssign
from engine.operators.windows import Windows
from engine.plan import nodes
from engine.plan.nodes import AggregateCall, Relation, WindowKind
from engine.planner.core import Built, NodeFunction, Planner
from engine.types import Kind, Schema, TimeKind


def bound_calls(calls: Sequence[AggregateCall], schema: Schema, retract: bool, label: str) -> tuple[BoundCall, ...]:
    """The calls as operators take them. A call's label (model and state are named by it) is the operator's and its
    column's."""
    return tuple(BoundCall(AggregateSpec(
        c.function, tuple(schema[a].type for a in c.args), c.field.type, c.options, c.distinct, retract,
        f"{label}.{c.field.name}"), c.args, c.filter) for c in calls)


def plan_aggregate(planner: Planner, node: nodes.Aggregate) -> Built:
    if node.grouping_sets:
        raise NotSupported("GROUPING SETS, ROLLUP and CUBE")
    schema = node.input.schema
    retract = not planner.properties.append_only(node.input)
    built = planner.keyed(planner.build(node.input), node.keys, schema)

    def make(name: str, settings: Settings) -> Operator:
        return GroupAggregate(name, node.schema, settings, keys=node.keys,
                              calls=bound_calls(node.calls, schema, retract, name), input_types=schema.types,
                              retract=retract, update_before=planner.properties.before_needed(node), nodes=node.nodes)

    return planner.add(node, "Aggregate", [built], make, tuple(range(len(node.keys))))


def plan_window_aggregate(planner: Planner, node: nodes.WindowAggregate) -> Built:
    schema, spec = node.input.schema, node.spec
    if spec.rows:
        raise NotSupported("a window counted in rows")
    if spec.kind is WindowKind.SESSION:
        raise NotSupported("a session window")
    retract = not planner.properties.append_only(node.input)
    built = planner.keyed(planner.build(node.input), node.keys, schema)
    windows = None if node.attached else windows_of(spec)
    local = spec.zone or (windows is not None and schema[spec.time].type.kind is Kind.TIMESTAMP_LTZ)

    def make(name: str, settings: Settings) -> Operator:
        return WindowAggregate(
            name,
            node.schema,
            settings,
            windows=windows,
            time=spec.time,
            keys=node.keys,
            calls=bound_calls(node.calls, schema, retract, name),
            properties=[p.value for p in node.properties],
            input_types=schema.types,
            attached=node.attached,
            event_time=spec.time_kind is TimeKind.ROWTIME,
            retract=retract,
            zone=settings.context.zone if local else None,
            nodes=node.nodes,
        )

    return planner.add(node, "WindowAggregate", [built], make, tuple(range(len(node.keys))))


def plan_window_table(planner: Planner, node: nodes.WindowTable) -> Built:
    spec = node.spec
    if spec.kind is WindowKind.SESSION:
        raise NotSupported("a session window whose rows are not aggregated by window")
    local = node.input.schema[spec.time].type.kind is Kind.TIMESTAMP_LTZ
    time = spec.time if spec.time_kind is TimeKind.ROWTIME else None
    built = planner.build(node.input)
    return planner.add(node, "Windows", [built], lambda name, settings: WindowAssign(
        name, node.schema, settings, windows=windows_of(spec), time=time, zone=settings.context.zone if local else None,
        nodes=node.nodes), built.keys)


def windows_of(spec: nodes.WindowSpec) -> Windows:
    """The windows that a specification describes."""
    return Windows(spec.kind.value, spec.size, spec.step or spec.size, spec.offset)


PLAN: dict[type[Relation], NodeFunction] = {
    nodes.Aggregate: plan_aggregate, nodes.WindowAggregate: plan_window_aggregate, nodes.WindowTable: plan_window_table,
}  # fmt: skip
