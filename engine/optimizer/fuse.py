"""Window aggregates take rows before they are copied into their windows: a slice is aggregated once, not once a
window."""

from __future__ import annotations

from dataclasses import replace

from engine.expressions.nodes import Expression, InputRef, input_refs
from engine.plan.nodes import (
    Aggregate,
    Filter,
    Project,
    Relation,
    WindowAggregate,
    WindowKind,
    WindowProperty,
    WindowTable,
)
from engine.plan.tree import rewrite
from engine.types import Field, Schema


def fuse_windows(sinks: tuple[Relation, ...]) -> tuple[Relation, ...]:
    """An aggregate by window right above its window table-valued function computes the windows itself."""
    return rewrite(sinks, lambda r: _fused(r) if isinstance(r, WindowAggregate) and r.attached is not None else r)


def _fused(relation: WindowAggregate) -> Relation:
    below = relation.input
    result: Relation = relation
    if isinstance(below, WindowTable):
        result = _direct(relation, below)
    elif isinstance(below, Project) and isinstance(below.input, WindowTable):
        result = _through(relation, below, below.input)
    return _grouped(relation) if result is relation and _is_of_sessions(below) else result


def _is_of_sessions(relation: Relation) -> bool:
    """Whether rows come with their sessions, right from the window table-valued function."""
    while isinstance(relation, Project | Filter):
        relation = relation.input
    return isinstance(relation, WindowTable) and relation.spec.kind is WindowKind.SESSION


def _grouped(relation: WindowAggregate) -> Relation:
    """Sessions of other keys than those aggregated by: their bounds are plain columns to group by, as in Flink."""
    places = dict(zip((WindowProperty.START, WindowProperty.END), relation.attached or (), strict=False))
    if any(p not in places for p in relation.properties):
        return relation
    given, keys, calls = relation.input.schema, len(relation.keys), len(relation.calls)
    bounds = tuple(places)
    fields = [*relation.schema.fields[:keys], *(given[places[b]] for b in bounds), *(c.field for c in relation.calls)]
    base = Aggregate(Schema(tuple(fields)), relation.input, (*relation.keys, *(places[b] for b in bounds)),
                     relation.calls, nodes=relation.nodes)
    first = keys + len(bounds)
    order = [*range(keys), *range(first, first + calls), *(keys + bounds.index(p) for p in relation.properties)]
    columns = tuple(InputRef(base.schema[i].type, index=i) for i in order)
    return Project(relation.schema, base, columns, nodes=relation.nodes)


def _read(relation: WindowAggregate) -> set[int]:
    """Columns that keys and calls read."""
    read = set(relation.keys)
    for call in relation.calls:
        read |= {*call.args, *(i for i, _, _ in call.order)} | ({call.filter} if call.filter is not None else set())
    return read


def _same_sessions(table: WindowTable, keys: tuple[int, ...]) -> bool:
    """Sessions are those of the aggregate's keys."""
    return table.spec.kind is not WindowKind.SESSION or set(keys) == set(table.spec.partition)


def _direct(relation: WindowAggregate, table: WindowTable) -> Relation:
    if any(i >= len(table.input.schema) for i in _read(relation)) or not _same_sessions(table, relation.keys):
        return relation
    spec = replace(table.spec, partition=())
    return replace(relation, input=table.input, spec=spec, attached=None, nodes=relation.nodes | table.nodes)


def _through(relation: WindowAggregate, project: Project, table: WindowTable) -> Relation:
    """With a projection between: its other columns are computed below, and the time attribute goes along."""
    width = len(table.input.schema)
    read = sorted(_read(relation))
    expressions: list[Expression] = [project.expressions[i] for i in read]
    keys = tuple(e.index if isinstance(e := project.expressions[k], InputRef) else -1 for k in relation.keys)
    if any(i >= width for e in expressions for i in input_refs(e)) or not _same_sessions(table, keys):
        return relation
    time = table.input.schema[table.spec.time]
    fields = [*(project.schema[i] for i in read), Field("$time", time.type, time.time)]
    base = Project(Schema(tuple(fields)), table.input, (*expressions, InputRef(time.type, index=table.spec.time)),
                   nodes=project.nodes)
    at = {old: new for new, old in enumerate(read)}
    calls = tuple(replace(c, args=tuple(at[a] for a in c.args), filter=None if c.filter is None else at[c.filter],
                          order=tuple((at[i], d, n) for i, d, n in c.order)) for c in relation.calls)
    spec = replace(table.spec, time=len(read), partition=())
    return replace(
        relation,
        input=base,
        spec=spec,
        keys=tuple(at[k] for k in relation.keys),
        calls=calls,
        attached=None,
        nodes=relation.nodes | table.nodes,
    )
