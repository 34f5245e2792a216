"""A pipeline's graph and what its job told of it, as the rules ask for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from porsche.components import catalogue

INNER = "__"
"""Between a node and the inner one that stands for a part of it."""
MAY_BE_EMPTY = frozenset({"outcomes"})
"""Inputs of which no row is needed for there to be results. Models and dimensions are none either."""


@dataclass(frozen=True)
class Node:
    """A node of the document."""

    id: str
    component: str
    properties: Mapping[str, Any]
    disabled: bool


@dataclass(frozen=True)
class Plan:
    """The document's nodes, each with the nodes at its inputs: (node, port)."""

    nodes: Mapping[str, Node]
    inputs: Mapping[str, Sequence[tuple[str, str]]]

    @classmethod
    def of(cls, graph: Mapping[str, Any]) -> Plan:
        """From a graph as the compiler tells it."""
        nodes = {
            n["id"]: Node(n["id"], n["component"], n.get("properties") or {}, bool(n.get("disabled")))
            for n in graph["nodes"]
        }
        inputs: dict[str, list[tuple[str, str]]] = {name: [] for name in nodes}
        for edge in graph["edges"]:
            if edge["from"] in nodes and edge["to"] in nodes:
                inputs[edge["to"]].append((edge["from"], edge.get("target_port") or ""))
        return cls(nodes, inputs)

    @property
    def sinks(self) -> list[str]:
        """Nodes that write: by their component, or, where that is the document's own, by having no reader."""
        read = {source for sources in self.inputs.values() for source, _ in sources}
        return [name for name, node in self.nodes.items() if self.gives(node) == "" and name not in read]

    @staticmethod
    def gives(node: Node) -> str:
        known = catalogue().get(node.component)
        return "rows" if known is None else known.gives

    def behind(self, name: str, needed: bool = False) -> list[str]:
        """A node and all that it reads, directly or not: inputs first. `needed`: without inputs that may be empty."""
        found: dict[str, None] = {}

        def visit(node: str, way: frozenset[str]) -> None:
            if node in found or node in way:
                return
            for source, port in self.inputs.get(node, ()):
                if not needed or (port not in MAY_BE_EMPTY and self.gives(self.nodes[source]) == "rows"):
                    visit(source, way | {node})
            found[node] = None

        visit(name, frozenset())
        return list(found)

    def owner(self, name: str) -> str:
        """The document's node that a node of the job is, or is a part of."""
        return name if name in self.nodes else name.split(INNER)[0]


@dataclass
class Work:
    """What an operator did, over its shards."""

    kind: str
    nodes: frozenset[str]
    rows_in: int = 0
    rows_out: int = 0
    late: int = 0
    watermark: int | None = None


@dataclass(frozen=True)
class Figures:
    """What a job told: operators from sources to sinks, facts by node, sources and sinks by node; `at`: unix seconds;
    `over`: all input was read."""

    work: Sequence[Work]
    nodes: Mapping[str, Mapping[str, Any]]
    sources: Mapping[str, Mapping[str, Any]]
    sinks: Mapping[str, Mapping[str, Any]]
    at: float
    over: bool
    committed: bool
    counts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, plan: Plan, snapshot: Mapping[str, Any], counts: Mapping[str, Mapping[str, Any]] | None) -> Figures:
        nodes = {plan.owner(name): facts for name, facts in (snapshot.get("nodes") or {}).items()}
        sources = {
            plan.owner(node): source for source in snapshot.get("sources") or () for node in _origins(plan, source)
        }
        sinks = {plan.owner(node): sink for sink in snapshot.get("sinks") or () for node in sink.get("nodes") or ()}
        return cls(
            _work(plan, snapshot.get("operators") or ()),
            nodes,
            sources,
            sinks,
            snapshot.get("at") or 0.0,
            snapshot.get("state") == "FINISHED",
            bool((snapshot.get("checkpoint") or {}).get("epoch")),
            counts or {},
        )

    def fact(self, node: str, name: str) -> Any:
        return (self.nodes.get(node) or {}).get(name)


def _origins(plan: Plan, source: Mapping[str, Any]) -> list[str]:
    """The node that a source is, of those whose filters it has taken over."""
    names = [name for name in source.get("nodes") or () if not plan.inputs.get(plan.owner(name))]
    return names or list(source.get("nodes") or ())


def _work(plan: Plan, operators: Iterable[Mapping[str, Any]]) -> list[Work]:
    found: dict[str, Work] = {}
    for one in operators:
        kind = one["name"].partition("[")[0].partition("(")[0]
        nodes = frozenset(plan.owner(name) for name in one.get("nodes") or ())
        work = found.setdefault(one.get("uid") or one["name"], Work(kind, nodes))
        work.rows_in += one.get("rows_in") or 0
        work.rows_out += one.get("rows_out") or 0
        work.late += one.get("late") or 0
        marks = [m for m in (work.watermark, one.get("watermark")) if m is not None]
        work.watermark = min(marks, default=None)
    return list(found.values())
