"""Rebuilding a relation over inputs that have lost columns, without its own unwanted ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from engine.expressions.nodes import Expression, InputRef, remap
from engine.optimizer.needs import of_expressions
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
    Scan,
    SetKind,
    SetOperation,
    Sink,
    Sort,
    TemporalJoin,
    UnaryRelation,
    Values,
    WindowAggregate,
    WindowJoin,
    WindowRank,
    WindowTable,
)
from engine.types import Schema

Positions = dict[int, int]


@dataclass(frozen=True)
class Narrowed:
    """A rebuilt relation, and where the columns it has kept now are."""

    relation: Relation
    positions: Positions

    def __getitem__(self, i: int) -> int:
        return self.positions[i]

    @property
    def schema(self) -> Schema:
        return self.relation.schema


Inputs = tuple[Narrowed, ...]


def exactly(narrowed: Narrowed, columns: Iterable[int], schema: Schema) -> Relation:
    """A relation of exactly these columns, in this order, with the fields of `schema`."""
    columns = tuple(columns)
    wanted = tuple(narrowed[c] for c in columns)
    fields = tuple(schema[c] for c in columns)
    if wanted == tuple(range(len(narrowed.schema))):
        return narrowed.relation
    refs = tuple(InputRef(narrowed.schema[w].type, index=w) for w in wanted)
    kept = Schema(tuple(replace(f, type=r.type, time=narrowed.schema[w].time) for f, r, w in zip(fields, refs, wanted)))
    return Project(kept, narrowed.relation, refs, nodes=narrowed.relation.nodes)


def _calls(calls: Iterable[AggregateCall], source: Narrowed) -> tuple[AggregateCall, ...]:
    return tuple(
        replace(
            c,
            args=tuple(source[a] for a in c.args),
            filter=None if c.filter is None else source[c.filter],
            order=tuple((source[i], d, n) for i, d, n in c.order),
        )
        for c in calls
    )


def _kept_calls(calls: Sequence[AggregateCall], first: int, required: set[int]) -> list[int]:
    return [i for i in range(len(calls)) if first + i in required]


def _moved(expressions: Iterable[Expression], positions: Positions) -> tuple[Expression, ...]:
    return tuple(remap(e, positions) for e in expressions)


def _scan(r: Scan, required: set[int], inputs: Inputs) -> Narrowed:
    """A source of updates keeps its key: rows are told apart by it."""
    kept = set(required)
    if r.table.changelog != "I":
        kept |= {i for i, c in enumerate(r.columns) if c in r.table.primary_key}
    order = sorted(kept)
    if len(order) == len(r.schema):
        return Narrowed(r, {i: i for i in order})
    result = replace(r, schema=r.schema.select(tuple(order)), columns=tuple(r.columns[i] for i in order))
    return Narrowed(result, {old: new for new, old in enumerate(order)})


def _values(r: Values, required: set[int], inputs: Inputs) -> Narrowed:
    order = sorted(required)
    rows = tuple(tuple(row[i] for i in order) for row in r.rows)
    result = replace(r, schema=r.schema.select(tuple(order)), rows=rows)
    return Narrowed(result, {old: new for new, old in enumerate(order)})


def _project(r: Project, required: set[int], inputs: Inputs) -> Narrowed:
    source = inputs[0]
    order = sorted(required)
    expressions = _moved((r.expressions[i] for i in order), source.positions)
    result = replace(r, schema=r.schema.select(tuple(order)), input=source.relation, expressions=expressions)
    return Narrowed(result, {old: new for new, old in enumerate(order)})


def _passing(r: UnaryRelation, source: Narrowed, width: int, **changes: object) -> Narrowed:
    """A relation with the columns of its input, and then its own (all kept)."""
    own = r.schema.fields[width:]
    # Fields of kept columns are the relation's own: it may have made one a time attribute, or nullable.
    kept = {new: r.schema[old] for old, new in source.positions.items()}
    schema = Schema(tuple(kept.get(i, f) for i, f in enumerate(source.schema)) + own)
    result = replace(r, schema=schema, input=source.relation, **changes)  # type: ignore[arg-type]
    first = len(source.schema)
    return Narrowed(result, {**source.positions, **{width + i: first + i for i in range(len(own))}})


def _filter(r: Filter, required: set[int], inputs: Inputs) -> Narrowed:
    return _passing(r, inputs[0], len(r.schema), condition=remap(r.condition, inputs[0].positions))


def _watermark(r: AssignWatermark, required: set[int], inputs: Inputs) -> Narrowed:
    source = inputs[0]
    return _passing(r, source, len(r.schema), column=source[r.column], expression=remap(r.expression, source.positions))


def _aggregate(r: Aggregate, required: set[int], inputs: Inputs) -> Narrowed:
    source, n = inputs[0], len(r.keys)
    chosen = _kept_calls(r.calls, n, required) or ([0] if r.calls and not r.keys else [])
    order = [*range(n), *(n + i for i in chosen)]
    result = replace(
        r,
        schema=r.schema.select(tuple(order)),
        input=source.relation,
        keys=tuple(source[k] for k in r.keys),
        calls=_calls((r.calls[i] for i in chosen), source),
    )
    return Narrowed(result, {old: new for new, old in enumerate(order)})


def _window_aggregate(r: WindowAggregate, required: set[int], inputs: Inputs) -> Narrowed:
    source, n = inputs[0], len(r.keys)
    first = n + len(r.calls)
    chosen = _kept_calls(r.calls, n, required)
    marks = [i for i in range(len(r.properties)) if first + i in required]
    order = [*range(n), *(n + i for i in chosen), *(first + i for i in marks)]
    spec = r.spec
    if r.attached is None:
        spec = replace(spec, time=source[spec.time], partition=tuple(source[p] for p in spec.partition))
    attached = None if r.attached is None else (source[r.attached[0]], source[r.attached[1]])
    result = replace(r, schema=r.schema.select(tuple(order)), input=source.relation, spec=spec, attached=attached,
                     keys=tuple(source[k] for k in r.keys), calls=_calls((r.calls[i] for i in chosen), source),
                     properties=tuple(r.properties[i] for i in marks))
    return Narrowed(result, {old: new for new, old in enumerate(order)})


def _window_table(r: WindowTable, required: set[int], inputs: Inputs) -> Narrowed:
    source = inputs[0]
    spec = replace(r.spec, time=source[r.spec.time], partition=tuple(source[p] for p in r.spec.partition))
    return _passing(r, source, len(r.input.schema), spec=spec)


def _join(r: Join, required: set[int], inputs: Inputs) -> Narrowed:
    left, right = inputs
    width, narrow = len(r.left.schema), len(left.schema)
    both = {**left.positions, **{width + old: narrow + new for old, new in right.positions.items()}}
    positions = left.positions if r.kind in (JoinKind.SEMI, JoinKind.ANTI) else both
    own = {new: r.schema[old] for old, new in positions.items()}
    given = left.schema.fields if positions is left.positions else left.schema.fields + right.schema.fields
    changes: dict[str, object] = {
        "schema": Schema(tuple(own.get(i, f) for i, f in enumerate(given))),
        "left": left.relation,
        "right": right.relation,
        "left_keys": tuple(left[k] for k in r.left_keys),
        "right_keys": tuple(right[k] for k in r.right_keys),
        "condition": None if r.condition is None else remap(r.condition, both),
    }
    match r:
        case IntervalJoin() | TemporalJoin():
            changes |= {"left_time": left[r.left_time], "right_time": right[r.right_time]}
        case WindowJoin():
            changes |= {"left_window_end": left[r.left_window_end], "right_window_end": right[r.right_window_end]}
    return Narrowed(replace(r, **changes), positions)  # type: ignore[arg-type]


def _lookup(r: LookupJoin, required: set[int], inputs: Inputs) -> Narrowed:
    source, width = inputs[0], len(r.input.schema)
    read = of_expressions([r.condition])
    kept = sorted(i - width for i in required | read if i >= width) or [0]
    first = len(source.schema)
    positions = {**source.positions, **{width + old: first + new for new, old in enumerate(kept)}}
    schema = Schema(tuple(source.schema.fields) + tuple(r.schema[width + i] for i in kept))
    keys = tuple((position, remap(e, source.positions)) for position, e in r.keys)
    condition = None if r.condition is None else remap(r.condition, positions)
    result = replace(r, schema=schema, input=source.relation, columns=tuple(r.columns[i] for i in kept), keys=keys,
                     condition=condition)
    return Narrowed(result, positions)


def _over(r: Over, required: set[int], inputs: Inputs) -> Narrowed:
    source, width = inputs[0], len(r.input.schema)
    chosen = _kept_calls(r.calls, width, required)
    if not chosen:
        return source
    first = len(source.schema)
    schema = Schema(source.schema.fields + tuple(r.schema[width + i] for i in chosen))
    result = replace(r, schema=schema, input=source.relation, partition=tuple(source[p] for p in r.partition),
                     order=tuple(replace(k, index=source[k.index]) for k in r.order),
                     calls=_calls((r.calls[i] for i in chosen), source))
    return Narrowed(result, {**source.positions, **{width + old: first + new for new, old in enumerate(chosen)}})


def _rank(r: Rank, required: set[int], inputs: Inputs) -> Narrowed:
    source, width = inputs[0], len(r.input.schema)
    shown = r.with_rank and width in required
    first = len(source.schema)
    schema = Schema(source.schema.fields + (r.schema.fields[width:] if shown else ()))
    changes: dict[str, object] = {
        "schema": schema, "input": source.relation, "partition": tuple(source[p] for p in r.partition),
        "order": tuple(replace(k, index=source[k.index]) for k in r.order), "with_rank": shown,
        "end_column": None if r.end_column is None else source[r.end_column]}
    if isinstance(r, WindowRank):
        changes["window_end"] = source[r.window_end]
    positions = {**source.positions, **({width: first} if shown else {})}
    return Narrowed(replace(r, **changes), positions)  # type: ignore[arg-type]


def _deduplicate(r: Deduplicate, required: set[int], inputs: Inputs) -> Narrowed:
    source = inputs[0]
    return _passing(r, source, len(r.schema), partition=tuple(source[p] for p in r.partition),
                    order=(source[r.order[0]], r.order[1]))


def _sort(r: Sort, required: set[int], inputs: Inputs) -> Narrowed:
    source = inputs[0]
    return _passing(r, source, len(r.schema), order=tuple(replace(k, index=source[k.index]) for k in r.order))


def _correlate(r: Correlate, required: set[int], inputs: Inputs) -> Narrowed:
    source, width = inputs[0], len(r.input.schema)
    first = len(source.schema)
    positions = {**source.positions, **{i: first + i - width for i in range(width, len(r.schema))}}
    condition = None if r.condition is None else remap(r.condition, positions)
    return _passing(r, source, width, args=_moved(r.args, source.positions), condition=condition)


def _set(r: SetOperation, required: set[int], inputs: Inputs) -> Narrowed:
    order = sorted(required) if r.kind is SetKind.UNION_ALL else list(range(len(r.schema)))
    relations = tuple(exactly(i, order, r.schema) for i in inputs)
    result = replace(r, schema=r.schema.select(tuple(order)), relations=relations)
    return Narrowed(result, {old: new for new, old in enumerate(order)})


def _sink(r: Sink, required: set[int], inputs: Inputs) -> Narrowed:
    source = exactly(inputs[0], range(len(r.schema)), r.schema)
    return Narrowed(replace(r, input=source), {i: i for i in range(len(r.schema))})


NARROW: tuple[tuple[type[Relation], Callable[..., Narrowed]], ...] = (
    (Scan, _scan), (Values, _values), (Project, _project), (Filter, _filter), (AssignWatermark, _watermark),
    (Aggregate, _aggregate), (WindowAggregate, _window_aggregate), (WindowTable, _window_table), (Join, _join),
    (LookupJoin, _lookup), (Over, _over), (Rank, _rank), (Deduplicate, _deduplicate), (Sort, _sort),
    (Correlate, _correlate), (SetOperation, _set), (Sink, _sink),
)
