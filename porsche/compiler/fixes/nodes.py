"""Fixes for nodes and edges: connect what is missing, take away what does not fit."""

from __future__ import annotations

from collections.abc import Iterator

from porsche.compiler.diagnostics import Fix
from porsche.compiler.document import Edge
from porsche.compiler.fixes.situation import Command, Situation, Wrong, set_in
from porsche.components.hints import meant

MOST = 4
SINK = "table_sink"


def other_node(wrong: Wrong) -> Iterator[Fix]:
    """The node that was meant at an end of an edge, or no edge."""
    edge = _edge(wrong)
    known = meant(wrong.diagnostic.hint)
    if edge is None:
        yield from _other_end(wrong, known)
        return
    if known:
        port = f".{edge.port}" if edge.port and wrong.path[-1] == "to" else ""
        yield Fix(f"Connect '{known}'", (set_in(wrong.path, f"{known}{port}"),))
    yield from _cut(wrong, edge)


def _other_end(wrong: Wrong, known: str | None) -> Iterator[Fix]:
    """The node inside a component that an input or the output of it means."""
    if known and wrong.path == (*wrong.at.scope, "output"):
        yield Fix(f"Use '{known}'", (set_in(wrong.path, known),))
    elif known and wrong.path[: -1] == (*wrong.at.scope, "inputs"):
        port = wrong.at.document.components[str(wrong.at.scope[1])].inputs[str(wrong.path[-1])][1]
        yield Fix(f"Connect '{known}'", (set_in(wrong.path, f"{known}.{port}" if port else known),))


def other_port(wrong: Wrong) -> Iterator[Fix]:
    """The input that was meant, or another one that takes what comes, or no edge."""
    edge = _edge(wrong)
    if edge is None:
        return
    known = meant(wrong.diagnostic.hint)
    free = [known] if known else [port for port in _takers(wrong.at, edge) if port != edge.port]
    for port in free:
        yield Fix(f"Connect it to '{port}'", (set_in((*edge.path, "to"), f"{edge.target}.{port}"),))
    yield from _cut(wrong, edge)


def _takers(at: Situation, edge: Edge) -> list[str]:
    """Inputs of an edge's target that take what its source gives, and have nothing yet."""
    source, target = at.component(edge.source), at.component(edge.target)
    place = at.connected.get(edge.target)
    if source is None or target is None:
        return []
    taken = {port for port, sources in (place.inputs if place else {}).items() if sources}
    return [p.name for p in target.inputs if p.relation == source.gives and (p.many or p.name not in taken)]


def _edge(wrong: Wrong) -> Edge | None:
    return next((e for e in wrong.at.document.edges if e.path == wrong.path[: len(wrong.at.scope) + 2]), None)


def _cut(wrong: Wrong, edge: Edge) -> Iterator[Fix]:
    yield Fix(f"Remove the edge from '{edge.source}' to '{edge.target}'", (set_in(edge.path),))


def connect(wrong: Wrong) -> Iterator[Fix]:
    """The one node that can be connected to an input that has nothing."""
    at, node = wrong.at, wrong.node
    component, place = at.component(node), at.connected.get(node)
    if component is None or place is None:
        return
    for port in component.inputs:
        if port.optional or place.inputs.get(port.name):
            continue
        behind = {node, *at.after(node)}
        able = [n for n in at.nodes if n not in behind and (c := at.component(n)) and c.gives == port.relation]
        able = [n for n in able if not any(n == e.source for e in at.edges_to(node))]
        idle = [n for n in able if not any(n == e.source for e in at.document.edges)]
        for source in idle if len(idle) == 1 else able if len(able) == 1 else ():
            ends = {"kind": "connect", "from": source, "to": node}
            named = ends if len(component.inputs) == 1 else {**ends, "port": port.name}
            yield Fix(f"Connect {at.title(source)}", (named,))


def fewer(wrong: Wrong) -> Iterator[Fix]:
    """One edge instead of several at an input."""
    place = wrong.at.connected.get(wrong.node)
    component = wrong.at.component(wrong.node)
    if place is None or component is None:
        return
    for port in component.inputs:
        sources = place.inputs.get(port.name, ())
        if len(sources) > 1 and not port.many:
            for kept in dict.fromkeys(sources[:MOST]):
                edges = [e for e in wrong.at.edges_to(wrong.node) if e.source in sources and e.source != kept]
                gone = sorted((e.path for e in edges), reverse=True)
                yield Fix(f"Keep the edge from {wrong.at.title(kept)} only", tuple(set_in(path) for path in gone))


def break_cycle(wrong: Wrong) -> Iterator[Fix]:
    """An edge of the circle less."""
    inside = {wrong.node, *(set(wrong.at.after(wrong.node)) & set(wrong.at.before(wrong.node)))}
    edges = [e for e in wrong.at.document.edges if e.source in inside and e.target in inside]
    for edge in edges[:MOST]:
        yield from _cut(wrong, edge)


def other_id(wrong: Wrong) -> Iterator[Fix]:
    """Another id for the second of two nodes."""
    name = wrong.at.free(wrong.node)
    yield Fix(f"Call the second one '{name}'", (set_in(wrong.path, name),))


def write(wrong: Wrong) -> Iterator[Fix]:
    """A sink behind a node that nothing reads, or behind every one at the end of the pipeline."""
    at = wrong.at
    read = {edge.source for edge in at.document.edges}
    ends = [wrong.node] if wrong.node else [n for n in at.nodes if n not in read]
    for node in ends[:MOST]:
        component = at.component(node)
        if component is not None and component.gives == "rows":
            yield Fix(f"Write {at.title(node)} to a table", _sink(at, node))


def _sink(at: Situation, node: str) -> tuple[Command, ...]:
    name = at.free(f"{node}_table")
    table = at.table(node)
    key = {"key": list(table.key)} if table is not None and table.changelog != "I" and table.key else {}
    return {"kind": "add_node", "id": name, "component": SINK, **({"properties": key} if key else {})}, {
        "kind": "connect", "from": node, "to": name}


def remove(wrong: Wrong) -> Iterator[Fix]:
    yield Fix(f"Remove {wrong.at.title(wrong.node)}", ({"kind": "remove_nodes", "nodes": [wrong.node]},))
