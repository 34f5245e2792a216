"""Small builders of relations and expressions: names, types, nullability and time attributes of what they make."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from engine.errors import Place
from engine.expressions.nodes import NO_NODES, Call, Expression, InputRef
from engine.plan.nodes import Filter, Project, Relation
from engine.plan.terms import conjunction, conjuncts
from engine.sql.places import spanning
from engine.types import Field, Schema, TimeKind

__all__ = [
    "columns_for", "conjunction", "conjuncts", "field_of", "is_identity", "is_proctime", "joined", "materialized",
    "nullable", "project", "ref", "refs", "select", "tagged", "time_of", "where", "whole", "widen",
]


def ref(relation: Relation, index: int) -> InputRef:
    """A column of a relation."""
    return InputRef(relation.schema[index].type, index=index)


def refs(relation: Relation) -> tuple[InputRef, ...]:
    """All columns of a relation."""
    return tuple(ref(relation, i) for i in range(len(relation.schema)))


def is_proctime(expression: Expression) -> bool:
    return isinstance(expression, Call) and expression.function == "PROCTIME"


def time_of(expression: Expression, schema: Schema) -> TimeKind | None:
    """Which time attribute an expression over `schema` still is: a column of one, or PROCTIME() itself."""
    if isinstance(expression, InputRef):
        return schema[expression.index].time
    return TimeKind.PROCTIME if is_proctime(expression) else None


def whole(expressions: Iterable[Expression]) -> Place | None:
    """The span of the places of some expressions."""
    place = None
    for expression in expressions:
        place = spanning(place, expression.place)
    return place


def field_of(name: str, expression: Expression, schema: Schema) -> Field:
    return Field(name, expression.type, time_of(expression, schema))


def tagged(expression: Expression, nodes: frozenset[str]) -> Expression:
    """The expression as one that came from these pipeline nodes (its root suffices: rules keep roots)."""
    if not nodes or nodes <= expression.nodes:
        return expression
    return replace(expression, nodes=expression.nodes | nodes)


def project(relation: Relation, expressions: Sequence[Expression], names: Sequence[str],
            nodes: frozenset[str] = NO_NODES) -> Relation:
    """A projection; the relation itself where it would change nothing."""
    fields = tuple(field_of(n, e, relation.schema) for n, e in zip(names, expressions))
    if fields == relation.schema.fields and is_identity(expressions, len(relation.schema)):
        return relation
    return Project(Schema(fields), relation, tuple(tagged(e, nodes) for e in expressions), nodes=nodes)


def is_identity(expressions: Sequence[Expression], width: int) -> bool:
    return len(expressions) == width and all(
        isinstance(e, InputRef) and e.index == i for i, e in enumerate(expressions))


def select(relation: Relation, indices: Iterable[int], nodes: frozenset[str] = NO_NODES) -> Relation:
    """Some columns, in an order."""
    indices = tuple(indices)
    return project(relation, [ref(relation, i) for i in indices], [relation.schema[i].name for i in indices], nodes)


def where(relation: Relation, condition: Expression | None, nodes: frozenset[str] = NO_NODES) -> Relation:
    """The rows that meet a condition (None: all)."""
    if condition is None:
        return relation
    return Filter(relation.schema, relation, tagged(condition, nodes), nodes=nodes)


def widen(relation: Relation, expressions: Sequence[Expression],
          nodes: frozenset[str] = NO_NODES) -> tuple[Relation, tuple[int, ...]]:
    """A relation whose first columns are those of `relation`, and the positions of the expressions among its
    columns."""
    extra: list[Expression] = []
    positions = []
    for expression in expressions:
        if isinstance(expression, InputRef):
            positions.append(expression.index)
        elif expression in extra:
            positions.append(len(relation.schema) + extra.index(expression))
        else:
            positions.append(len(relation.schema) + len(extra))
            extra.append(expression)
    if not extra:
        return relation, tuple(positions)
    names = [*relation.schema.names, *(f"${len(relation.schema) + i}" for i in range(len(extra)))]
    return project(relation, [*refs(relation), *extra], names, nodes), tuple(positions)


def columns_for(relation: Relation, expressions: Sequence[Expression], names: Sequence[str],
                nodes: frozenset[str] = NO_NODES) -> tuple[Relation, tuple[int, ...]]:
    """A relation holding the expressions, and their positions; other columns are kept only where all are plain
    columns."""
    if all(isinstance(e, InputRef) for e in expressions):
        return relation, tuple(e.index for e in expressions if isinstance(e, InputRef))
    labels: dict[Expression, str] = {}
    for expression, name in zip(expressions, names, strict=True):
        labels.setdefault(expression, name)
    position = {e: i for i, e in enumerate(labels)}
    return project(relation, list(labels), list(labels.values()), nodes), tuple(position[e] for e in expressions)


def materialized(schema: Schema) -> Schema:
    """The schema without time attributes."""
    if not any(f.time for f in schema):
        return schema
    return Schema(tuple(replace(f, time=None) for f in schema))


def nullable(schema: Schema) -> Schema:
    """The schema with every column nullable: the side of an outer join that may be missing."""
    return Schema(tuple(replace(f, type=f.type.as_nullable()) for f in schema))


def joined(left: Schema, right: Schema) -> Schema:
    return Schema(left.fields + right.fields)
