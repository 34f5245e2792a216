"""Equal parts of a plan become one relation, computed once for all who read it (Flink's sub-plan and source reuse)."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import fields, replace
from types import MappingProxyType

from engine.expressions.nodes import Call
from engine.optimizer.projects import is_deterministic
from engine.options import boolean
from engine.plan.nodes import Relation, Sink
from engine.plan.tree import expressions_of, walk, with_inputs

ENABLED = "table.optimizer.reuse-sub-plan-enabled"
_NONE: Mapping[str, str] = MappingProxyType({})
_APART = ("input", "left", "right", "relations", "nodes", "place")


def reuse_relations(sinks: tuple[Relation, ...], settings: Mapping[str, str] = _NONE) -> tuple[Relation, ...]:
    """One relation for all that are equal, with the pipeline nodes of them all; sinks stay apart."""
    if not boolean(settings.get(ENABLED, "true"), ENABLED):
        return sinks
    alike = _alike(sinks)
    done: dict[int, Relation] = {}
    for relation in walk(sinks):
        first = alike[id(relation)][0]
        if first is relation:
            nodes = frozenset().union(*(r.nodes for r in alike[id(relation)]))
            rebuilt = with_inputs(relation, tuple(done[id(r)] for r in relation.inputs))
            done[id(relation)] = rebuilt if nodes == relation.nodes else replace(rebuilt, nodes=nodes)
        else:
            done[id(relation)] = done[id(first)]
    return tuple(done[id(sink)] for sink in sinks)


def _alike(sinks: tuple[Relation, ...]) -> dict[int, list[Relation]]:
    """For each relation, by `id`, all that are equal to it, in the order of the plan."""
    groups: dict[Hashable, list[Relation]] = {}
    alike: dict[int, list[Relation]] = {}
    for relation in walk(sinks):
        try:
            group = groups.setdefault(_key(relation, alike), [])
        except RecursionError:  # an expression too deep to be compared
            group = []
        group.append(relation)
        alike[id(relation)] = group
    return alike


def _key(relation: Relation, alike: Mapping[int, list[Relation]]) -> Hashable:
    """Equal for equal relations: what they are, over the same inputs."""
    expressions = list(expressions_of(relation))
    if isinstance(relation, Sink) or not all(map(is_deterministic, expressions)):
        return id(relation)
    own = tuple(getattr(relation, f.name) for f in fields(relation) if f.name not in _APART)
    users = tuple(id(e.implementation) for x in expressions for e in x.walk()
                  if isinstance(e, Call) and e.implementation is not None)
    return type(relation), own, users, tuple(id(alike[id(r)][0]) for r in relation.inputs)
