"""Filters go below watermarks that nobody waits for: fewer rows are stamped, and sources can leave them out.

A watermark comes from all rows, also from those that a filter drops. Where everything above, up to the sinks, does the
same whatever the watermark, it may as well come from the rows that are left, as in Flink when a source filters.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from engine.expressions.nodes import Call, Expression
from engine.optimizer.projects import is_deterministic
from engine.plan.changes import APPEND
from engine.plan.facts import Facts
from engine.plan.nodes import (
    Aggregate,
    AssignWatermark,
    Correlate,
    Filter,
    Join,
    LookupJoin,
    Project,
    Rank,
    Relation,
    SetOperation,
    Sink,
)
from engine.plan.terms import conjunction, conjuncts
from engine.plan.tree import consumers, expressions_of, walk, with_inputs

_TIMELESS: frozenset[type[Relation]] = frozenset({Filter, Project, Join, SetOperation, LookupJoin, Correlate})
"""Their subclasses wait for time."""
_FUNCTIONS = frozenset({"COUNT", "SUM", "SUM0", "$SUM0", "AVG", "MIN", "MAX"})


def pass_watermarks(sinks: tuple[Relation, ...]) -> tuple[Relation, ...]:
    """Filters right above a watermark that nobody waits for go below it."""
    passing = set(_passing(sinks))
    done: dict[int, Relation] = {}
    for relation in walk(sinks):
        rebuilt = with_inputs(relation, tuple(done[id(r)] for r in relation.inputs))
        done[id(relation)] = _passed(rebuilt) if id(relation) in passing else rebuilt
    return tuple(done[id(sink)] for sink in sinks)


def _passing(sinks: tuple[Relation, ...]) -> Iterable[int]:
    """The filters that can pass, by `id`."""
    every, uses, facts = list(walk(sinks)), consumers(sinks), Facts()
    awaited: set[int] = set()
    for relation in reversed(every):
        if id(relation) in awaited or not _timeless(relation):
            awaited |= {id(below) for below in relation.inputs}
    for relation in every:
        if isinstance(relation, Filter) and isinstance(below := relation.input, AssignWatermark):
            if uses[id(below)] == 1 and id(below) not in awaited and facts.kinds(below) == APPEND:
                yield id(relation)


def _timeless(relation: Relation) -> bool:
    """Whether a relation gives the same rows whatever the watermarks in between."""
    if any(_asks(e) for e in expressions_of(relation)):
        return False
    if isinstance(relation, Sink):
        return relation.table.option("connector") != "pipe"
    if isinstance(relation, Aggregate):
        return all(c.function in _FUNCTIONS for c in relation.calls)
    if type(relation) is Rank:  # but the first row by time is only known when nothing earlier can come
        return all(relation.input.schema[k.index].time is None for k in relation.order)
    return type(relation) in _TIMELESS


def _asks(expression: Expression) -> bool:
    return any(isinstance(e, Call) and e.function == "CURRENT_WATERMARK" for e in expression.walk())


def _passed(relation: Relation) -> Relation:
    assert isinstance(relation, Filter)
    assert isinstance(relation.input, AssignWatermark)
    marked = relation.input
    terms = conjuncts(relation.condition)
    down = [t for t in terms if is_deterministic(t)]
    condition = conjunction(down)
    if condition is None:
        return relation
    below = Filter(marked.input.schema, marked.input, condition, nodes=relation.nodes)
    rest = conjunction([t for t in terms if not is_deterministic(t)])
    result = replace(marked, input=below)
    return result if rest is None else replace(relation, input=result, condition=rest)
