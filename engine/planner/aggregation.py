"""Planning of group and window aggregation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from engine.aggregates.base import AggregateSpec
from engine.aggregates.calls import BoundCall
from engine.aggregates.user import user_aggregate
from engine.errors import NotSupported
from engine.expressions.binding import resolve_call
from engine.expressions.nodes import InputRef
from engine.operators.base import Operator, Settings
from engine.operators.group import GroupAggregate
from engine.operators.session import SessionAggregate
from engine.operators.two_phase import GlobalAggregate, LocalAggregate, partial_schema
from engine.operators.window import WindowAggregate
from engine.operators.window_table import WindowAssign
from engine.operators.windows import Windows
from engine.plan import nodes
from engine.plan.nodes import AggregateCall, Relation, WindowKind, WindowProperty
from engine.planner.core import Built, NodeFunction, Planner
from engine.types import DataType, Field, Kind, Schema, TimeKind


def bound_calls(calls: Sequence[AggregateCall], schema: Schema, retract: bool, label: str) -> tuple[BoundCall, ...]:
    """The calls as operators take them. A call's label (model and state are named by it) is the operator's and its
    column's."""
    return tuple(BoundCall(AggregateSpec(
        c.function, tuple(schema[a].type for a in c.args), c.field.type, c.options, c.distinct, retract,
        f"{label}.{c.field.name}"), c.args, c.filter) for c in calls)


def check_merging(calls: Sequence[AggregateCall]) -> None:
    """Windows that share rows merge parts, which a user's function may not be able to do."""
    for call in calls:
        function = user_aggregate(call.options)
        if function is not None and not function.can("merge"):
            raise NotSupported(f"{function.name} in windows that share rows, or in sessions,",
                               hint="give the class a method merge(self, state, groups, other)")


def plan_aggregate(planner: Planner, node: nodes.Aggregate) -> Built:
    schema = node.input.schema
    retract = not planner.properties.append_only(node.input)
    below = planner.build(node.input)
    if node.two_phase and not retract and planner.moves(below, node.keys, schema):
        return _two_phase(planner, node, below)
    built = planner.keyed(below, node.keys, schema)

    def make(name: str, settings: Settings) -> Operator:
        return GroupAggregate(name, node.schema, settings, keys=node.keys,
                              calls=bound_calls(node.calls, schema, retract, name), input_types=schema.types,
                              retract=retract, update_before=planner.properties.before_needed(node),
                              always_one=_always_one(planner, node), nodes=node.nodes)

    return planner.add(node, "Aggregate", [built], make, tuple(range(len(node.keys))))


def _always_one(planner: Planner, node: nodes.Aggregate) -> bool:
    """Whether no rows make a row: of a global aggregate in batch mode, as in Flink."""
    return planner.program.batch and not node.keys


def _two_phase(planner: Planner, node: nodes.Aggregate, below: Built) -> Built:
    """Partial results where the rows are, then those of a key together."""
    given = node.input.schema
    calls = bound_calls(node.calls, given, False, "")
    partial, keys = partial_schema(given, node.keys, calls), tuple(range(len(node.keys)))
    local = planner.add(node, "LocalAggregate", [below], lambda name, settings: LocalAggregate(
        name, partial, settings, keys=node.keys, calls=calls, input_types=given.types, nodes=node.nodes))
    before, always_one = planner.properties.before_needed(node), _always_one(planner, node)
    return planner.add(node, "Aggregate", [planner.keyed(local, keys, partial)], lambda name, settings: GlobalAggregate(
        name, node.schema, settings, keys=len(keys), calls=calls, input_types=partial.types, update_before=before,
        always_one=always_one, nodes=node.nodes), keys)


def plan_window_aggregate(planner: Planner, node: nodes.WindowAggregate) -> Built:
    if node.spec.rows:
        raise NotSupported("a window counted in rows")
    if node.attached is None and node.spec.kind is not WindowKind.TUMBLE:
        check_merging(node.calls)
    built = planner.keyed(planner.build(node.input), node.keys, node.input.schema)
    sessions = node.spec.kind is WindowKind.SESSION and node.attached is None
    make = _sessions(planner, node) if sessions else _windows(planner, node)
    return planner.add(node, "WindowAggregate", [built], make, tuple(range(len(node.keys))))


def _windows(planner: Planner, node: nodes.WindowAggregate) -> Callable[[str, Settings], Operator]:
    schema, spec = node.input.schema, node.spec
    retract = not planner.properties.append_only(node.input)
    windows = None if node.attached else windows_of(spec)
    return lambda name, settings: WindowAggregate(
        name, node.schema, settings, windows=windows, time=spec.time, keys=node.keys,
        calls=bound_calls(node.calls, schema, retract, name), properties=[p.value for p in node.properties],
        input_types=schema.types, attached=node.attached, event_time=spec.time_kind is TimeKind.ROWTIME,
        retract=retract, zone=settings.context.zone if spec.zone else None, nodes=node.nodes)


def _sessions(planner: Planner, node: nodes.WindowAggregate) -> Callable[[str, Settings], Operator]:
    schema, spec = node.input.schema, node.spec
    retract = not planner.properties.append_only(node.input)
    return lambda name, settings: SessionAggregate(
        name, node.schema, settings, gap=spec.size, time=spec.time, keys=node.keys,
        calls=bound_calls(node.calls, schema, retract, name), properties=[p.value for p in node.properties],
        input_types=schema.types, event_time=spec.time_kind is TimeKind.ROWTIME, retract=retract,
        zone=settings.context.zone if spec.zone else None, nodes=node.nodes)


def plan_window_table(planner: Planner, node: nodes.WindowTable) -> Built:
    spec = node.spec
    if spec.kind is WindowKind.SESSION:
        return planner.build(gathered(node))
    time = spec.time if spec.time_kind is TimeKind.ROWTIME else None
    built = planner.build(node.input)
    return planner.add(node, "Windows", [built], lambda name, settings: WindowAssign(
        name, node.schema, settings, windows=windows_of(spec), time=time,
        zone=settings.context.zone if spec.zone else None, nodes=node.nodes), built.keys)


def gathered(node: nodes.WindowTable) -> Relation:
    """The rows of sessions: gathered into an array until their session ends, then taken apart again."""
    schema, spec = node.input.schema, node.spec
    columns = [InputRef(f.type, index=i) for i, f in enumerate(schema)]
    row = resolve_call("ROW", columns)
    array = DataType(Kind.ARRAY, element=row.type)
    keys = tuple(range(len(spec.partition)))
    time = len(keys)
    below = nodes.Project(
        Schema((*(schema[i] for i in spec.partition), schema[spec.time], Field("$row", row.type))), node.input,
        (*(columns[i] for i in spec.partition), columns[spec.time], row), nodes=node.nodes)
    own = node.schema.fields[len(schema):]
    call = AggregateCall("ARRAY_AGG", (time + 1,), Field("$rows", array))
    properties = (WindowProperty.START, WindowProperty.END, WindowProperty.ROWTIME)
    if spec.time_kind is TimeKind.PROCTIME:
        properties = (*properties[:2], WindowProperty.PROCTIME)
    windows = nodes.WindowAggregate(
        Schema((*below.schema.fields[:time], call.field, *own)), below, replace(spec, time=time, partition=()), keys,
        (call,), properties, nodes=node.nodes)
    made = tuple(replace(f, time=None) for f in schema)
    apart = nodes.Correlate(Schema((*windows.schema.fields, *made)), windows, "UNNEST",
                            (InputRef(array, index=time),), nodes=node.nodes)
    order = [*range(time + 4, time + 4 + len(made)), time + 1, time + 2, time + 3]
    return nodes.Project(node.schema, apart, tuple(InputRef(apart.schema[i].type, index=i) for i in order),
                         nodes=node.nodes)


def windows_of(spec: nodes.WindowSpec) -> Windows:
    """The windows that a specification describes."""
    return Windows(spec.kind.value, spec.size, spec.step or spec.size, spec.offset)


PLAN: dict[type[Relation], NodeFunction] = {
    nodes.Aggregate: plan_aggregate, nodes.WindowAggregate: plan_window_aggregate, nodes.WindowTable: plan_window_table,
}  # fmt: skip
