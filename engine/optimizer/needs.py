"""Which columns of its inputs a relation reads, given which of its own are wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from engine.expressions.nodes import Expression, input_refs
from engine.plan.nodes import (
    Aggregate,
    AggregateCall,
    AssignWatermark,
    Correlate,
    Deduplicate,
    Filter,
    IntervalJoin,
    Join,
    JoinKind,
    LookupJoin,
    Over,
    Project,
    Rank,
    Relation,
    SetKind,
    SetOperation,
    Sort,
    TemporalJoin,
    WindowAggregate,
    WindowJoin,
    WindowRank,
    WindowTable,
)
from engine.plan.tree import of_call

Columns = set[int]


def needs(relation: Relation, wanted: Columns) -> list[Columns]:
    """For each input, the columns read. A node kind without a rule reads everything."""
    for kind, rule in _RULES:
        if isinstance(relation, kind):
            return rule(relation, wanted)
    return [set(range(len(r.schema))) for r in relation.inputs]


def of_expressions(expressions: Iterable[Expression | None]) -> Columns:
    read: Columns = set()
    for e in expressions:
        if e is not None:
            read |= input_refs(e)
    return read


def of_calls(calls: Iterable[AggregateCall]) -> Columns:
    read: Columns = set()
    for call in calls:
        read |= of_call(call)
    return read


def wanted_calls(calls: tuple[AggregateCall, ...], first: int, wanted: Columns) -> list[AggregateCall]:
    """The calls whose columns (from `first` on) are wanted."""
    return [c for i, c in enumerate(calls) if first + i in wanted]


def _project(r: Project, wanted: Columns) -> list[Columns]:
    return [of_expressions(r.expressions[i] for i in wanted)]


def _filter(r: Filter, wanted: Columns) -> list[Columns]:
    return [wanted | input_refs(r.condition)]


def _watermark(r: AssignWatermark, wanted: Columns) -> list[Columns]:
    return [wanted | {r.column} | input_refs(r.expression)]


def _aggregate(r: Aggregate, wanted: Columns) -> list[Columns]:
    return [set(r.keys) | of_calls(wanted_calls(r.calls, len(r.keys), wanted))]


def _window_aggregate(r: WindowAggregate, wanted: Columns) -> list[Columns]:
    marks = set(r.attached) if r.attached is not None else {r.spec.time, *r.spec.partition}
    return [set(r.keys) | of_calls(wanted_calls(r.calls, len(r.keys), wanted)) | marks]


def _window_table(r: WindowTable, wanted: Columns) -> list[Columns]:
    width = len(r.input.schema)
    return [{i for i in wanted if i < width} | {r.spec.time, *r.spec.partition}]


def _join(r: Join, wanted: Columns) -> list[Columns]:
    width = len(r.left.schema)
    left, right = {i for i in wanted if i < width}, {i - width for i in wanted if i >= width}
    if r.kind in (JoinKind.SEMI, JoinKind.ANTI):
        left, right = set(wanted), set()
    read = input_refs(r.condition) if r.condition is not None else frozenset()
    left |= {i for i in read if i < width} | set(r.left_keys)
    right |= {i - width for i in read if i >= width} | set(r.right_keys)
    match r:
        case IntervalJoin():
            left.add(r.left_time)
            right.add(r.right_time)
        case TemporalJoin():
            left.add(r.left_time)
            right.add(r.right_time)
        case WindowJoin():
            left.add(r.left_window_end)
            right.add(r.right_window_end)
    return [left, right]


def _lookup(r: LookupJoin, wanted: Columns) -> list[Columns]:
    width = len(r.input.schema)
    read = of_expressions([r.condition, *(e for _, e in r.keys)])
    return [{i for i in wanted | read if i < width}]


def _over(r: Over, wanted: Columns) -> list[Columns]:
    width = len(r.input.schema)
    calls = wanted_calls(r.calls, width, wanted)
    kept = {i for i in wanted if i < width}
    if not calls:
        return [kept]
    return [kept | set(r.partition) | {k.index for k in r.order} | of_calls(calls)]


def _rank(r: Rank, wanted: Columns) -> list[Columns]:
    width = len(r.input.schema)
    read = {i for i in wanted if i < width} | set(r.partition) | {k.index for k in r.order}
    if r.end_column is not None:
        read.add(r.end_column)
    if isinstance(r, WindowRank):
        read.add(r.window_end)
    return [read]


def _deduplicate(r: Deduplicate, wanted: Columns) -> list[Columns]:
    return [wanted | set(r.partition) | {r.order[0]}]


def _sort(r: Sort, wanted: Columns) -> list[Columns]:
    return [wanted | {k.index for k in r.order}]


def _correlate(r: Correlate, wanted: Columns) -> list[Columns]:
    width = len(r.input.schema)
    read = of_expressions([*r.args, r.condition])
    return [{i for i in wanted | read if i < width}]


def _set(r: SetOperation, wanted: Columns) -> list[Columns]:
    if r.kind is SetKind.UNION_ALL:
        return [set(wanted) for _ in r.relations]
    return [set(range(len(r.schema))) for _ in r.relations]


_RULES: tuple[tuple[type[Relation], Callable[..., list[Columns]]], ...] = (
    (Project, _project),
    (Filter, _filter),
    (AssignWatermark, _watermark),
    (Aggregate, _aggregate),
    (WindowAggregate, _window_aggregate),
    (WindowTable, _window_table),
    (Join, _join),
    (LookupJoin, _lookup),
    (Over, _over),
    (Rank, _rank),
    (Deduplicate, _deduplicate),
    (Sort, _sort),
    (Correlate, _correlate),
    (SetOperation, _set),
)
