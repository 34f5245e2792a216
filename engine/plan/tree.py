"""Walking and rebuilding plans. A plan is a directed acyclic graph: a shared relation is one object."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

from engine.errors import InternalError
from engine.expressions.nodes import Expression
from engine.plan.nodes import AggregateCall, BinaryRelation, Relation, SetOperation, UnaryRelation


def walk(roots: Iterable[Relation]) -> Iterator[Relation]:
    """Every relation once, inputs before consumers."""
    done: set[int] = set()
    for root in roots:
        stack: list[tuple[Relation, bool]] = [(root, False)]
        while stack:
            relation, expanded = stack.pop()
            if id(relation) in done:
                continue
            if expanded:
                done.add(id(relation))
                yield relation
            else:
                stack.append((relation, True))
                stack.extend((r, False) for r in reversed(relation.inputs) if id(r) not in done)


def consumers(roots: Iterable[Relation]) -> dict[int, int]:
    """How many relations read each one, by `id`; a root counts as read once more."""
    counts: dict[int, int] = {}
    roots = tuple(roots)
    for root in roots:
        counts[id(root)] = counts.get(id(root), 0) + 1
    for relation in walk(roots):
        for source in relation.inputs:
            counts[id(source)] = counts.get(id(source), 0) + 1
    return counts


def with_inputs(relation: Relation, inputs: tuple[Relation, ...]) -> Relation:
    """The relation over other inputs (of the same schemas); itself where they are the same objects."""
    if len(inputs) == len(relation.inputs) and all(a is b for a, b in zip(inputs, relation.inputs)):
        return relation
    match relation:
        case UnaryRelation():
            return replace(relation, input=inputs[0])
        case BinaryRelation():
            return replace(relation, left=inputs[0], right=inputs[1])
        case SetOperation():
            return replace(relation, relations=inputs)
        case _:
            raise InternalError(f"{type(relation).__name__} takes no inputs")


def rewrite(roots: Iterable[Relation], change: Callable[[Relation], Relation]) -> tuple[Relation, ...]:
    """The plan with `change` applied to every relation once, inputs first; sharing is kept."""
    return rewrite_knowing(roots, lambda relation, uses: change(relation))


def rewrite_knowing(roots: Iterable[Relation], change: Callable[[Relation, Uses], Relation]) -> tuple[Relation, ...]:
    """As `rewrite`; `change` also learns how often the relations below are read in the plan as it was."""
    roots = tuple(roots)
    uses = Uses(consumers(roots))
    done: dict[int, Relation] = {}
    for relation in walk(roots):
        result = change(with_inputs(relation, tuple(done[id(r)] for r in relation.inputs)), uses)
        done[id(relation)] = uses.stands_for(result, relation)
    return tuple(done[id(root)] for root in roots)


class Uses:
    """How often relations are read, for a plan that is being rewritten: a new relation counts as what it replaces."""

    def __init__(self, counts: dict[int, int]) -> None:
        self._counts = counts
        self._new: dict[int, tuple[Relation, int]] = {}  # keeps the relations: an id must not be given again

    def stands_for(self, relation: Relation, original: Relation) -> Relation:
        if relation is not original:
            count = max(self._counts.get(id(original), 1), self.of(relation))
            self._new[id(relation)] = relation, count
        return relation

    def of(self, relation: Relation) -> int:
        known = self._new.get(id(relation))
        return known[1] if known else self._counts.get(id(relation), 1)

    def shared(self, relation: Relation) -> bool:
        """Whether several relations read it."""
        return self.of(relation) > 1


def of_call(call: AggregateCall) -> set[int]:
    """The input columns that one aggregate call reads."""
    return {*call.args, *(i for i, _, _ in call.order), *(() if call.filter is None else (call.filter,))}


def expressions_of(relation: Relation) -> Iterator[Expression]:
    """The expressions held directly by a relation."""
    for part in fields(relation):
        if part.name not in ("schema", "input", "left", "right", "relations"):
            yield from _expressions_in(getattr(relation, part.name))


def _expressions_in(value: Any) -> Iterator[Expression]:
    if isinstance(value, Expression):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _expressions_in(item)


def map_expressions(relation: Relation, change: Callable[[Expression], Expression]) -> Relation:
    """The relation with `change` applied to each expression it holds directly."""
    changed = {}
    for part in fields(relation):
        if part.name not in ("schema", "input", "left", "right", "relations", "nodes", "hints"):
            old = getattr(relation, part.name)
            new = _map_value(old, change)
            if new is not old:
                changed[part.name] = new
    return replace(relation, **changed) if changed else relation


def _map_value(value: Any, change: Callable[[Expression], Expression]) -> Any:
    if isinstance(value, Expression):
        return change(value)
    if isinstance(value, tuple) and value and not is_dataclass(value):
        items = tuple(_map_value(v, change) for v in value)
        return items if any(a is not b for a, b in zip(items, value)) else value
    return value
