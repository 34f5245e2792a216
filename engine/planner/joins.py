"""Planning of joins."""

from __future__ import annotations

from collections.abc import Mapping

from engine.errors import NotSupported, UserError
from engine.expressions.nodes import InputRef
from engine.operators.base import Settings
from engine.operators.interval_join import Bounds, IntervalJoin, key_types
from engine.operators.lookup import LookupJoin
from engine.operators.lookup_cache import LookupOptions
from engine.operators.stream_join import JoinShape, StreamJoin
from engine.operators.temporal_join import TemporalJoin
from engine.operators.window_join import WindowJoin
from engine.options import boolean, duration, integer
from engine.plan import nodes
from engine.plan.hints import LookupHint, lookup_hint
from engine.plan.nodes import JoinKind, Relation
from engine.planner.core import Built, NodeFunction, Planner
from engine.planner.delta import delta_join
from engine.types import Kind, Schema, TimeKind

OUTER: dict[JoinKind, tuple[bool, bool]] = {
    JoinKind.INNER: (False, False), JoinKind.LEFT: (True, False), JoinKind.RIGHT: (False, True),
    JoinKind.FULL: (True, True), JoinKind.SEMI: (False, False), JoinKind.ANTI: (False, False),
}  # fmt: skip


def _sides(node: nodes.Join) -> tuple[Schema, Schema]:
    return node.left.schema, node.right.schema


def _inputs(planner: Planner, node: nodes.Join) -> list[Built]:
    """Both inputs, dealt to the shards by the join's keys."""
    types = key_types(_sides(node), (node.left_keys, node.right_keys))
    left = planner.keyed(planner.build(node.left), node.left_keys, node.left.schema, types)
    return [left, planner.keyed(planner.build(node.right), node.right_keys, node.right.schema, types)]


def _dealt(node: nodes.Join) -> tuple[int, ...] | None:
    """The columns of the result by which its rows are dealt: those of a side that is never padded with NULLs."""
    padded_left, padded_right = OUTER[node.kind][1], OUTER[node.kind][0]
    if not padded_left:
        return node.left_keys
    return None if padded_right else tuple(len(node.left.schema) + k for k in node.right_keys)


def plan_join(planner: Planner, node: nodes.Join) -> Built:
    if node.null_aware:
        raise NotSupported("NOT IN with NULLs", hint="use NOT EXISTS")
    delta = delta_join(planner, node)
    if delta is not None:
        return planner.build(delta)
    exists = {JoinKind.SEMI: True, JoinKind.ANTI: False}.get(node.kind)
    left, right = planner.lifetimes(node)
    shape = JoinShape(OUTER[node.kind], exists, node.null_safe, (left, right))
    return planner.add(node, "Join", _inputs(planner, node), lambda name, settings: StreamJoin(
        name, node.schema, settings, _sides(node), (node.left_keys, node.right_keys), shape, node.condition,
        node.nodes), _dealt(node))


def plan_interval_join(planner: Planner, node: nodes.IntervalJoin) -> Built:
    event_time = node.time_kind is TimeKind.ROWTIME
    bounds = Bounds(
        node.lower, node.upper, node.left_time if event_time else None, node.right_time if event_time else None
    )
    return planner.add(node, "IntervalJoin", _inputs(planner, node), lambda name, settings: IntervalJoin(
        name, node.schema, settings, _sides(node), (node.left_keys, node.right_keys), bounds, OUTER[node.kind],
        node.condition, node.nodes), _dealt(node))


def plan_temporal_join(planner: Planner, node: nodes.TemporalJoin) -> Built:
    return planner.add(node, "TemporalJoin", _inputs(planner, node), lambda name, settings: TemporalJoin(
        name, node.schema, settings, _sides(node), (node.left_keys, node.right_keys), (node.left_time, node.right_time),
        node.kind is JoinKind.LEFT, node.condition, node.nodes), _dealt(node))


def plan_window_join(planner: Planner, node: nodes.WindowJoin) -> Built:
    exists = {JoinKind.SEMI: True, JoinKind.ANTI: False}.get(node.kind)
    shape = JoinShape(OUTER[node.kind], exists, node.null_safe)
    times = [f.type.kind for f in node.left.schema if f.time is TimeKind.ROWTIME]
    local = Kind.TIMESTAMP_LTZ in times
    return planner.add(node, "WindowJoin", _inputs(planner, node), lambda name, settings: WindowJoin(
        name, node.schema, settings, _sides(node), (node.left_keys, node.right_keys),
        (node.left_window_end, node.right_window_end), shape, node.condition,
        settings.context.zone if local else None, node.nodes), _dealt(node))


def plan_lookup_join(planner: Planner, node: nodes.LookupJoin) -> Built:
    connector, table = planner.connector(node.table)
    if connector.lookup(table, planner.environment) is None:
        raise UserError("no_lookup", f"table {node.table.name} cannot be looked up: its connector "
                        f"'{node.table.option('connector')}' has no lookup")
    hint = lookup_hint(node, dict(planner.program.settings)) or LookupHint()
    append, schema = planner.properties.append_only(node.input), node.input.schema
    built = planner.build(node.input)
    by = tuple(e.index for _, e in node.keys if isinstance(e, InputRef))
    if hint.shuffle and append and by:
        built = planner.keyed(built, by, schema)

    def make(name: str, settings: Settings) -> LookupJoin:
        lookup = connector.lookup(table, planner.environment)
        assert lookup is not None
        lookup.open([position for position, _ in node.keys], node.columns)
        options = lookup_options(table.options, lookup.local, hint, append)
        dealt = (built.keys, built.types) if built.keys else ((), ())
        return LookupJoin(name, node.schema, settings, lookup, schema, [e for _, e in node.keys], node.condition,
                          node.kind is JoinKind.LEFT, options, dealt, node.nodes)

    return planner.add(node, f"Lookup({node.table.name})", [built], make, built.keys)


def lookup_options(options: Mapping[str, str], local: bool, hint: LookupHint = LookupHint(),  # noqa: B008 (frozen)
                   append: bool = True) -> LookupOptions:
    """What Flink's options of a lookup table mean, and the hint. Without 'lookup.cache' = 'PARTIAL' every row asks.
    Results overtake one another only where rows are only added (`append`): changes of a key keep their order."""

    def read(*names: str) -> str | None:
        return next((options[name] for name in names if name in options), None)

    ttl = read(
        "lookup.partial-cache.expire-after-write", "lookup.partial-cache.expire-after-access", "lookup.cache.ttl"
    )
    rows = read("lookup.partial-cache.max-rows", "lookup.cache.max-rows")
    cached = options.get("lookup.cache", "NONE").upper() == "PARTIAL" or "lookup.cache.max-rows" in options
    return LookupOptions(
        cache_rows=integer(rows or "100000", "lookup.partial-cache.max-rows") if cached else 0,
        cache_ttl=duration(ttl or "0 s", "lookup.partial-cache.expire-after-write"),
        cache_missing=boolean(options.get("lookup.partial-cache.cache-missing-key", "true")),
        local=local if hint.asynchronous is None else not hint.asynchronous,
        unordered=hint.unordered and append, capacity=hint.capacity, timeout=hint.timeout / 1e6,
        attempts=hint.attempts, delay=hint.delay / 1e6)


PLAN: dict[type[Relation], NodeFunction] = {
    nodes.Join: plan_join, nodes.IntervalJoin: plan_interval_join, nodes.TemporalJoin: plan_temporal_join,
    nodes.LookupJoin: plan_lookup_join, nodes.WindowJoin: plan_window_join,
}  # fmt: skip
