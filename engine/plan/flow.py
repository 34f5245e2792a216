"""How rows flow between the nodes of a pipeline, as its plan was bound: before rules push, merge and fuse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.plan.nodes import AssignWatermark, LookupJoin, Program, Project, Relation
from engine.plan.tree import walk


@dataclass(frozen=True)
class NodeFlow:
    """A node of the pipeline: those whose rows it takes, and whether it gives exactly as many rows as it takes."""

    inputs: tuple[str, ...]
    keeps: bool


def flow(program: Program, node_of: Mapping[str, str]) -> dict[str, NodeFlow]:
    """Every node of a bound program, inputs first. `node_of`: the node of a view or table, by its name."""
    inputs: dict[str, dict[str, None]] = {}
    keeps: dict[str, bool] = {}
    nearest: dict[int, list[str]] = {}  # of each relation: its nodes, or the nearest ones below
    for relation in walk(program.sinks):
        looked_up = _looked_up(relation, node_of)
        below = [*(n for r in relation.inputs for n in nearest[id(r)]), *looked_up]
        nearest[id(relation)] = sorted(relation.nodes) or list(dict.fromkeys(below))
        for node in looked_up:
            inputs.setdefault(node, {})
        for node in sorted(relation.nodes):
            inputs.setdefault(node, {}).update((n, None) for n in below if n != node)
            keeps[node] = keeps.get(node, True) and isinstance(relation, Project | AssignWatermark)
    return {node: NodeFlow(tuple(found), keeps.get(node, False)) for node, found in inputs.items()}


def _looked_up(relation: Relation, node_of: Mapping[str, str]) -> list[str]:
    """The node of the table that a relation asks by key."""
    if isinstance(relation, LookupJoin) and relation.table.name in node_of:
        return [node_of[relation.table.name]]
    return []
