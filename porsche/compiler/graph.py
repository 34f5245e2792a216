"""The graph of a document: nodes in an order in which inputs come first, and what is connected to each port."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from typing import Any, Protocol

from porsche.compiler.diagnostics import Path, near
from porsche.compiler.shape import INSIDE, Document, Edge, Node
from porsche.components import catalogue
from porsche.components.base import Component, Port

Components = Mapping[str, type[Component]]


class Says(Protocol):
    """Takes what is wrong, as a collector does."""

    def error(self, path: Sequence[str | int], code: str, message: str, hint: str = "", *, node: str = "") -> None: ...


@dataclass(frozen=True)
class Connected:
    """A node, its component, and the nodes at each of its ports. `whole`: whether nothing was wrong with it so far.

    Of a node inside another: `prefix`: what the names of its helpers begin with, where that is not its id; `names`:
    what queries inside call tables -> what they are called.
    """

    node: Node
    component: type[Component]
    inputs: Mapping[str, tuple[str, ...]]
    whole: bool
    prefix: str = ""
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def inside(self) -> str:
        """Where in its outer node it is; "" for a node of the document itself."""
        return (self.prefix or self.node.id).partition(INSIDE)[2].replace(INSIDE, ".")

    def find(self, property: str = "", inside: tuple[str | int, ...] = ()) -> tuple[Path, dict[str, Any], str]:
        """Where something that is wrong with it, or with a property, is to be reported: the path in the document, node
        and property, and how the message begins."""
        where = f"inside, at '{self.inside}': " if self.inside else ""
        origin = self.node.origins.get(property)
        if origin is not None:
            return origin.path, {"node": self.node.owner, "property": origin.property}, where
        path = (*self.node.path, "properties", property, *inside) if property else self.node.path
        return path, {"node": self.node.owner, "property": "" if where else property}, where


def components_of(document: Document) -> Components:
    """The components that the nodes of a document may have: those there are, and its own."""
    from porsche.compiler.subpipelines import Quiet, local_components

    return {**catalogue(), **local_components(document, Quiet())}


def connect(document: Document, says: Says, components: Components | None = None) -> list[Connected]:
    """The nodes in order; nodes in cycles, of unknown components, or given twice are reported and left out."""
    return wired(document.nodes, document.edges, components or components_of(document), says)


def wired(listed: Sequence[Node], edges: Sequence[Edge], components: Components, says: Says,
          fed: Collection[tuple[str, str]] = ()) -> list[Connected]:
    """`connect` for any nodes and edges. `fed`: node and port of inputs from outside, once for each."""
    nodes = _nodes(listed, components, says)
    followers: dict[str, set[str]] = {name: set() for name in nodes}
    at: dict[str, dict[str, list[str]]] = {name: {} for name in nodes}
    broken: set[str] = set()
    for edge in edges:
        port = _port(edge, nodes, components, says)
        if port is None:
            broken.add(edge.target)
            continue
        at[edge.target].setdefault(port.name, []).append(edge.source)
        followers[edge.source].add(edge.target)
    order = _order(followers, listed, says)
    outside = Counter(fed)
    return [_connected(nodes[name], components[nodes[name].component], at[name], name not in broken, outside, says)
            for name in order]


def _nodes(listed: Sequence[Node], components: Components, says: Says) -> dict[str, Node]:
    found: dict[str, Node] = {}
    for node in listed:
        if node.id in found:
            says.error((*node.path, "id"), "duplicate_id", f"two nodes are called '{node.id}'", node=node.id)
        elif node.component not in components:
            says.error((*node.path, "component"), "unknown_component", f"there is no component '{node.component}'",
                       near(node.component, components, "components"), node=node.id)
        else:
            found[node.id] = node
    return found


def _port(edge: Edge, nodes: Mapping[str, Node], components: Components, says: Says) -> Port | None:
    """The port an edge ends at; None where it has none (which is reported, unless the node itself was)."""
    for end, name in (("from", edge.source), ("to", edge.target)):
        if name not in nodes:
            says.error((*edge.path, end), "unknown_node", f"there is no usable node '{name}'",
                       near(name, nodes, "nodes"))
            return None
    source, target = (components[nodes[name].component] for name in (edge.source, edge.target))
    ports = {port.name: port for port in target.inputs}
    if not ports:
        says.error((*edge.path, "to"), "unknown_port", f"'{edge.target}' has no input", node=edge.target)
        return None
    if edge.port and edge.port not in ports:
        says.error((*edge.path, "to"), "unknown_port", f"'{edge.target}' has no input '{edge.port}'",
                   near(edge.port, ports, "inputs"), node=edge.target)
        return None
    port = ports[edge.port] if edge.port else fitting(target.inputs, source.gives)
    if port.relation != source.gives:
        says.error(
            (*edge.path, "to"),
            "wrong_input",
            f"the input '{port.name}' of '{edge.target}' takes {_kind(port.relation)}; "
            f"'{edge.source}' gives {_kind(source.gives)}",
            node=edge.target,
        )
        return None
    return port


def fitting(ports: Sequence[Port], gives: str) -> Port:
    """The port an edge without one means: the first that takes what the source gives."""
    return next((port for port in ports if port.relation == gives), ports[0])


def _kind(relation: str) -> str:
    return {"rows": "rows", "dimension": "a dimension table", "model": "a model", "": "nothing"}[relation]


def _order(followers: Mapping[str, set[str]], listed: Sequence[Node], says: Says) -> list[str]:
    """Inputs first, then as the document has it. Nodes in circles are reported and left out."""
    position = {node.id: i for i, node in reversed(list(enumerate(listed)))}
    order = _sorted(followers, position)
    if len(order) == len(followers):
        return order
    inside: set[str] = set()
    for cycle in _cycles(followers, position):
        path = listed[position[cycle[0]]].path
        says.error(path, "cycle", f"these nodes feed each other in a circle: {', '.join(cycle)}",
                   "remove an edge between them", node=cycle[0])
        inside |= set(cycle)
    return _sorted({name: after - inside for name, after in followers.items() if name not in inside}, position)


def _sorted(followers: Mapping[str, set[str]], position: Mapping[str, int]) -> list[str]:
    """Nodes in topological order, the first of the document first; without those in circles and behind them."""
    waiting = Counter(after for every in followers.values() for after in every)
    free = [(position[name], name) for name in followers if not waiting[name]]
    heapify(free)
    order = []
    while free:
        name = heappop(free)[1]
        order.append(name)
        for after in followers[name]:
            waiting[after] -= 1
            if not waiting[after]:
                heappush(free, (position[after], after))
    return order


def _cycles(followers: Mapping[str, set[str]], position: Mapping[str, int]) -> list[list[str]]:
    """Groups of nodes that reach each other, in the document's order."""
    import networkx as nx  # here: importing it takes longer than compiling most documents

    graph: nx.DiGraph[str] = nx.DiGraph([(name, after) for name, every in followers.items() for after in every])
    groups = [sorted(group, key=position.__getitem__) for group in nx.strongly_connected_components(graph)
              if len(group) > 1 or any(graph.has_edge(name, name) for name in group)]
    return sorted(groups, key=lambda group: position[group[0]])


def _connected(node: Node, component: type[Component], at: Mapping[str, list[str]], whole: bool,
               outside: Mapping[tuple[str, str], int], says: Says) -> Connected:
    for port in component.inputs:
        count = len(at.get(port.name, ())) + outside.get((node.id, port.name), 0)
        if count == 0 and not port.optional:
            if whole and not node.disabled:
                says.error(node.path, "missing_input", f"the input '{port.name}' is not connected", port.help,
                           node=node.id)
            whole = False
        elif count > 1 and not port.many:
            says.error(node.path, "duplicate_input", f"the input '{port.name}' takes one edge, not {count}",
                       node=node.id)
            whole = False
    return Connected(node, component, {name: tuple(sources) for name, sources in at.items()}, whole)
