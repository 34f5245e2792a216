"""What must hold after every rule: the same schemas above, and every column read with the type it has."""

from __future__ import annotations

from collections.abc import Iterable

from engine.errors import InternalError
from engine.expressions.nodes import Expression, InputRef
from engine.plan.nodes import (
    BinaryRelation,
    Join,
    Project,
    Relation,
    SetOperation,
    Sink,
    UnaryRelation,
)
from engine.plan.tree import expressions_of, walk
from engine.types import Schema


def verify(before: Iterable[Relation], after: tuple[Relation, ...], rule: str) -> None:
    """InternalError naming `rule` where it broke a plan."""
    for old, new in zip(before, after, strict=True):
        if old.schema != new.schema:
            raise InternalError(f"{rule} changed a schema from {old.schema} to {new.schema}")
    for relation in walk(after):
        problem = problem_of(relation)
        if problem:
            raise InternalError(f"{rule} made an ill-formed {type(relation).__name__}: {problem}")


def problem_of(relation: Relation) -> str | None:
    """What is wrong with a relation, if anything."""
    schema = _input_schema(relation)
    if schema is not None:
        for expression in expressions_of(relation):
            problem = _misread(expression, schema)
            if problem:
                return problem
    match relation:
        case Project():
            wrong = [f.name for f, e in zip(relation.schema, relation.expressions)
                     if not f.type.same_as(e.type) or (e.type.nullable and not f.type.nullable)]
            return f"columns {wrong} are not of their expressions' types" if wrong else None
        case Join():
            return _bad_keys(relation)
        case SetOperation() | Sink():
            return _bad_inputs(relation)
        case _:
            return None


def _input_schema(relation: Relation) -> Schema | None:
    if isinstance(relation, UnaryRelation):
        return _with_own(relation)
    if isinstance(relation, BinaryRelation):
        return Schema(relation.left.schema.fields + relation.right.schema.fields)
    return None


def _with_own(relation: UnaryRelation) -> Schema:
    """Conditions of lookups and table functions read the columns they add, too."""
    width = len(relation.input.schema)
    return Schema(relation.input.schema.fields + relation.schema.fields[width:])


def _misread(expression: Expression, schema: Schema) -> str | None:
    for part in expression.walk():
        if isinstance(part, InputRef):
            if part.index >= len(schema):
                return f"{expression} reads column {part.index} of {len(schema)}"
            if not part.type.same_as(schema[part.index].type):
                return f"{expression} reads column {part.index} as {part.type}, it is {schema[part.index].type}"
    return None


def _bad_keys(relation: Join) -> str | None:
    for a, b in zip(relation.left_keys, relation.right_keys):
        left, right = relation.left.schema[a].type, relation.right.schema[b].type
        if not left.same_as(right):
            return f"keys {a} and {b} are {left} and {right}"
    return None


def _bad_inputs(relation: Relation) -> str | None:
    for source in relation.inputs:
        for mine, given in zip(relation.schema, source.schema):
            if not mine.type.same_as(given.type):
                return f"column {mine.name} is {mine.type}, its input gives {given.type}"
    return None
