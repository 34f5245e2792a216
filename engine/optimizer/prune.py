"""Columns that nobody uses are not read, kept or carried: from the sinks down it is found which are needed, then every
relation is rebuilt without the others. A shared relation keeps what any of its consumers needs."""

from __future__ import annotations

from engine.optimizer.narrow import NARROW, Narrowed, exactly
from engine.optimizer.needs import needs
from engine.plan.nodes import Relation, Sink
from engine.plan.tree import walk
from engine.types import Kind, Schema

_WIDTHS = {Kind.BOOLEAN: 1, Kind.TINYINT: 1, Kind.SMALLINT: 2, Kind.INT: 4, Kind.FLOAT: 4, Kind.DATE: 4, Kind.BIGINT: 8,
           Kind.DOUBLE: 8}


def prune_columns(sinks: tuple[Relation, ...]) -> tuple[Relation, ...]:
    """Rebuild the plan with only the columns that are used."""
    every = list(walk(sinks))
    required: dict[int, set[int]] = {id(s): set(range(len(s.schema))) for s in sinks}
    for relation in reversed(every):
        wanted = required.setdefault(id(relation), set())
        if not wanted and len(relation.schema):
            wanted.add(cheapest(relation.schema))
        for source, read in zip(relation.inputs, needs(relation, wanted)):
            required.setdefault(id(source), set()).update(read)
    done: dict[int, Narrowed] = {}
    for relation in every:
        inputs = tuple(done[id(r)] for r in relation.inputs)
        done[id(relation)] = _rebuilt(relation, required[id(relation)], inputs)
    return tuple(_whole(s, done[id(s)]) for s in sinks)


def _rebuilt(relation: Relation, required: set[int], inputs: tuple[Narrowed, ...]) -> Narrowed:
    for kind, rule in NARROW:
        if isinstance(relation, kind):
            return rule(relation, required, inputs)
    return Narrowed(relation, {i: i for i in range(len(relation.schema))})


def _whole(sink: Relation, narrowed: Narrowed) -> Relation:
    """A sink as it was; a relation that is no sink (analysis) with exactly its columns."""
    if isinstance(sink, Sink):
        return narrowed.relation
    return exactly(narrowed, range(len(sink.schema)), sink.schema)


def cheapest(schema: Schema) -> int:
    """A column to keep where only the number of rows matters."""
    return min(range(len(schema)), key=lambda i: (_WIDTHS.get(schema[i].type.kind, 16), i))


