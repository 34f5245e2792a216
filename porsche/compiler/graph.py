"""The graph of a document: nodes in an order in which inputs come first, and what is connected to each port."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from porsche.compiler.diagnostics import Collector, near
from porsche.compiler.document import Document, Edge, Node
from porsche.components import catalogue
from porsche.components.base import Component, Port


@dataclass(frozen=True)
class Connected:
    """A node, its component, and the nodes at each of its ports. `whole`: whether nothing was wrong with it so far."""

    node: Node
    component: type[Component]
    inputs: Mapping[str, tuple[str, ...]]
    whole: bool


def connect(document: Document, collector: Collector) -> list[Connected]:
    """The nodes in order; nodes in cycles, of unknown components, or given twice are reported and left out."""
    nodes = _nodes(document, collector)
    followers: dict[str, set[str]] = {name: set() for name in nodes}
    at: dict[str, dict[str, list[str]]] = {name: {} for name in nodes}
    broken: set[str] = set()
    for edge in document.edges:
        port = _port(edge, nodes, collector)
        if port is None:
            broken.add(edge.target)
            continue
        at[edge.target].setdefault(port.name, []).append(edge.source)
        followers[edge.source].add(edge.target)
    order = _order(followers, document, collector)
    return [_connected(nodes[name], at[name], name not in broken, collector) for name in order]


def _nodes(document: Document, collector: Collector) -> dict[str, Node]:
    found: dict[str, Node] = {}
    for node in document.nodes:
        if node.id in found:
            collector.error((*node.path, "id"), "duplicate_id", f"two nodes are called '{node.id}'", node=node.id)
        elif node.component not in catalogue():
            collector.error((*node.path, "component"), "unknown_component", f"there is no component '{node.component}'",
                            near(node.component, catalogue(), "components"), node=node.id)
        else:
            found[node.id] = node
    return found


def _port(edge: Edge, nodes: Mapping[str, Node], collector: Collector) -> Port | None:
    """The port an edge ends at; None where it has none (which is reported, unless the node itself was)."""
    for end, name in (("from", edge.source), ("to", edge.target)):
        if name not in nodes:
            collector.error(
                (*edge.path, end), "unknown_node", f"there is no usable node '{name}'", near(name, nodes, "nodes")
            )
            return None
    source, target = (catalogue()[nodes[name].component] for name in (edge.source, edge.target))
    ports = {port.name: port for port in target.inputs}
    if not ports:
        collector.error((*edge.path, "to"), "unknown_port", f"'{edge.target}' has no input", node=edge.target)
        return None
    if edge.port and edge.port not in ports:
        collector.error((*edge.path, "to"), "unknown_port", f"'{edge.target}' has no input '{edge.port}'",
                        near(edge.port, ports, "inputs"), node=edge.target)
        return None
    port = ports[edge.port] if edge.port else _fitting(ports, source)
    if port.relation != source.gives:
        collector.error(
            (*edge.path, "to"),
            "wrong_input",
            f"the input '{port.name}' of '{edge.target}' takes {_kind(port.relation)}; "
            f"'{edge.source}' gives {_kind(source.gives)}",
            node=edge.target,
        )
        return None
    return port


def _fitting(ports: Mapping[str, Port], source: type[Component]) -> Port:
    """The port an edge without one means: the first that takes what the source gives."""
    return next((port for port in ports.values() if port.relation == source.gives), next(iter(ports.values())))


def _kind(relation: str) -> str:
    return {"rows": "rows", "dimension": "a dimension table", "model": "a model", "": "nothing"}[relation]


def _order(followers: Mapping[str, set[str]], document: Document, collector: Collector) -> list[str]:
    """Inputs first, then as the document has it. Nodes in circles are reported and left out."""
    position = {node.id: i for i, node in reversed(list(enumerate(document.nodes)))}
    order = _sorted(followers, position)
    if len(order) == len(followers):
        return order
    inside: set[str] = set()
    for cycle in _cycles(followers, position):
        path = document.nodes[position[cycle[0]]].path
        collector.error(path, "cycle", f"these nodes feed each other in a circle: {', '.join(cycle)}",
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


def _connected(node: Node, at: Mapping[str, list[str]], whole: bool, collector: Collector) -> Connected:
    component = catalogue()[node.component]
    for port in component.inputs:
        count = len(at.get(port.name, ()))
        if count == 0 and not port.optional:
            if whole:
                collector.error(
                    node.path, "missing_input", f"the input '{port.name}' is not connected", port.help, node=node.id
                )
            whole = False
        elif count > 1 and not port.many:
            collector.error(
                node.path, "duplicate_input", f"the input '{port.name}' takes one edge, not {count}", node=node.id
            )
            whole = False
    return Connected(node, component, {name: tuple(sources) for name, sources in at.items()}, whole)
