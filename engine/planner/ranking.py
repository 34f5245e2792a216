"""Planning of what orders rows: OVER, Top-N, deduplication, sorting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.errors import NotSupported
from engine.expressions.binding import resolve_call
from engine.expressions.nodes import InputRef, Literal
from engine.operators.base import Operator, Settings
from engine.operators.calc import Calc
from engine.operators.deduplicate import Deduplicate, DeduplicateFirst
from engine.operators.deduplicate_earliest import DeduplicateEarliest
from engine.operators.over import OverAggregate
from engine.operators.over_sorted import SortedOver
from engine.operators.rank import AppendRank
from engine.operators.rank_retract import RetractRank
from engine.operators.sort import Limit, Sort
from engine.operators.top import Order, TopRows
from engine.operators.window_rank import WindowRank
from engine.operators.window_rank_sorted import SortedWindowRank
from engine.plan import nodes
from engine.plan.changes import timely
from engine.plan.facts import Facts
from engine.plan.nodes import Relation
from engine.planner.aggregation import bound_calls
from engine.planner.core import Built, NodeFunction, Planner
from engine.types import BIGINT, Field, Schema, TimeKind

COMPACTED = "table.exec.deduplicate.mini-batch.compact-changes-enabled"


def plan_over(planner: Planner, node: nodes.Over) -> Built:
    schema = node.input.schema
    if not timely(node):
        return _sorted_over(planner, node)
    order = node.order[0].index
    kind = schema[order].time
    if node.frame.following not in (0, None):
        raise NotSupported("an OVER frame that ends after the current row")
    built = planner.keyed(planner.build(node.input), node.partition, schema)
    calls = [_ranked(c, order, kind) for c in node.calls]

    def make(name: str, settings: Settings) -> Operator:
        return OverAggregate(name, node.schema, settings, keys=node.partition,
                             time=order if kind is TimeKind.ROWTIME else None,
                             calls=bound_calls(calls, schema, False, name), input_types=schema.types,
                             rows=node.frame.rows, preceding=node.frame.preceding, lag_by_row=planner.program.batch,
                             nodes=node.nodes)

    return planner.add(node, "Over", [built], make, node.partition)


def _ranked(call: nodes.AggregateCall, order: int, kind: TimeKind | None) -> nodes.AggregateCall:
    """Ranks in the order of time: no two rows come at one processing time; DENSE_RANK is how many times there were."""
    if kind is TimeKind.PROCTIME and call.function in ("RANK", "DENSE_RANK"):
        return replace(call, function="ROW_NUMBER")
    if call.function == "DENSE_RANK":
        return replace(call, function="COUNT", args=(order,), distinct=True)
    return call


def _sorted_over(planner: Planner, node: nodes.Over) -> Built:
    schema = node.input.schema
    if node.frame.preceding is not None or node.frame.following not in (0, None):
        raise NotSupported("a bounded OVER frame that is not ordered by time")
    built = planner.keyed(planner.build(node.input), node.partition, schema)
    before = planner.properties.before_needed(node)
    return planner.add(node, "SortedOver", [built], lambda name, settings: SortedOver(
        name, node.schema, settings, keys=node.partition, order=orders(node.order),
        calls=bound_calls(node.calls, schema, False, name), input_types=schema.types, rows=node.frame.rows,
        update_before=before, lag_by_row=planner.program.batch, nodes=node.nodes), node.partition)


def plan_rank(planner: Planner, node: nodes.Rank) -> Built:
    if node.function != "ROW_NUMBER" or node.end_column is not None:
        return _ranked_by_all(planner, node)
    return _top(planner, node, planner.properties.before_needed(node))


def _ranked_by_all(planner: Planner, node: nodes.Rank) -> Built:
    """Top-N by RANK or DENSE_RANK, or of a variable N: all rows are ranked, those wanted pass."""
    schema, type = node.input.schema, BIGINT.as_nullable(False)
    ranked = Schema((*schema.fields, Field("$rank", type)))
    call = nodes.AggregateCall(node.function, (), ranked.fields[-1])
    built = planner.keyed(planner.build(node.input), node.partition, schema)
    over = planner.add(node, "SortedOver", [built], lambda name, settings: SortedOver(
        name, ranked, settings, keys=node.partition, order=orders(node.order),
        calls=bound_calls([call], schema, False, name), input_types=schema.types, rows=True, nodes=node.nodes),
        node.partition)
    columns = [InputRef(f.type, index=i) for i, f in enumerate(ranked)]
    end = Literal(type, node.end) if node.end_column is None else columns[node.end_column]
    wanted = resolve_call("AND", [resolve_call(">=", [columns[-1], Literal(type, node.start)]),
                                  resolve_call("<=", [columns[-1], end])])
    return planner.add(node, "Calc", [over], lambda name, settings: Calc(
        name, node.schema, settings, wanted, columns[:len(node.schema)], node.nodes), node.partition)


def _top(planner: Planner, node: nodes.Rank, update_before: bool) -> Built:
    """Top-N of few rows with short sort keys stands in arrays; of anything else in trees."""
    types, order = node.input.schema.types, orders(node.order)
    append = planner.properties.append_only(node.input) and TopRows.fits(types, order, node.end)
    kind = AppendRank if append else RetractRank
    built = planner.keyed(planner.build(node.input), node.partition, node.input.schema)

    def make(name: str, settings: Settings) -> Operator:
        return kind(name, node.schema, settings, keys=node.partition, order=order, start=node.start, end=node.end,
                    with_rank=node.with_rank, input_types=types, update_before=update_before, nodes=node.nodes)

    return planner.add(node, "Rank", [built], make, node.partition)


def _check_rank(node: nodes.Rank) -> None:
    if node.function != "ROW_NUMBER":
        raise NotSupported(f"Top-N by {node.function}", hint="use ROW_NUMBER")
    if node.end_column is not None:
        raise NotSupported("Top-N with a variable N")


def plan_window_rank(planner: Planner, node: nodes.WindowRank) -> Built:
    _check_rank(node)
    types, order = node.input.schema.types, orders(node.order)
    window = Facts().windows(node.input)
    keys = tuple(p for p in node.partition if p != node.window_end)
    kind = WindowRank if TopRows.fits(types, order, node.end) else SortedWindowRank
    built = planner.keyed(planner.build(node.input), keys, node.input.schema)
    first = node.order[0]
    keep_last = first.descending and node.input.schema[first.index].time is not None and node.end == 1

    def make(name: str, settings: Settings) -> Operator:
        zone = settings.context.zone if window is not None and window.spec.zone else None
        return kind(name, node.schema, settings, keys=keys, window_end=node.window_end, order=order, end=node.end,
                    start=node.start, with_rank=node.with_rank, keep_last=keep_last, input_types=types, zone=zone,
                    nodes=node.nodes)

    return planner.add(node, "WindowRank", [built], make, keys)


def plan_sort(planner: Planner, node: nodes.Sort) -> Built:
    """A limit is a Top-N over all rows; order alone: as time passes, or when the input has ended."""
    if node.limit is not None and node.order and not planner.program.batch:
        top = nodes.Rank(node.schema, node.input, (), node.order, node.offset + 1, node.offset + node.limit,
                         nodes=node.nodes)
        return _top(planner, top, planner.properties.before_needed(node))
    built = planner.single(planner.build(node.input), node.schema)
    if not node.order and planner.properties.append_only(node.input):
        return planner.add(node, "Limit", [built], lambda name, settings: Limit(
            name, node.schema, settings, offset=node.offset, limit=node.limit, nodes=node.nodes))
    order, first = orders(node.order), node.order[0] if node.order else None
    timely = (first is not None and not planner.program.batch and not first.descending
              and node.schema[first.index].time is TimeKind.ROWTIME)
    return planner.add(node, "Sort", [built], lambda name, settings: Sort(
        name, node.schema, settings, order=order, time=order[0].index if timely else None, offset=node.offset,
        limit=node.limit, input_types=node.schema.types, nodes=node.nodes))


def plan_deduplicate(planner: Planner, node: nodes.Deduplicate) -> Built:
    types, (position, kind) = node.input.schema.types, node.order
    built = planner.keyed(planner.build(node.input), node.partition, node.input.schema)
    by_arrival = kind is TimeKind.PROCTIME

    def make(name: str, settings: Settings) -> Operator:
        if by_arrival and not node.keep_last:
            return DeduplicateFirst(
                name, node.schema, settings, keys=node.partition, input_types=types, nodes=node.nodes
            )
        if node.once:
            return DeduplicateEarliest(name, node.schema, settings, keys=node.partition, time=position,
                                       input_types=types, nodes=node.nodes)
        if not by_arrival and settings.context.config.get(COMPACTED, "false").lower() != "true":
            settings = replace(settings, every_change=True)  # a temporal join needs each version, as Flink knows
        return Deduplicate(name, node.schema, settings, keys=node.partition, time=None if by_arrival else position,
                           keep_last=node.keep_last, input_types=types,
                           update_before=planner.properties.before_needed(node), nodes=node.nodes)

    return planner.add(node, "Deduplicate", [built], make, node.partition)


def orders(keys: Sequence[nodes.SortKey]) -> tuple[Order, ...]:
    """Ordering columns as operators take them."""
    return tuple(Order(k.index, k.descending, k.nulls_first) for k in keys)


PLAN: dict[type[Relation], NodeFunction] = {
    nodes.Over: plan_over, nodes.Rank: plan_rank, nodes.Deduplicate: plan_deduplicate,
    nodes.WindowRank: plan_window_rank, nodes.Sort: plan_sort,
}  # fmt: skip
