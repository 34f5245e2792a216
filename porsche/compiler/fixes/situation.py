"""What a fix is found from: the document, how it hangs together, what is known of its tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from porsche.compiler.diagnostics import Diagnostic, Found, Path
from porsche.compiler.document import Document, Edge, Node
from porsche.compiler.graph import Connected
from porsche.compiler.lowering import Lowerer
from porsche.components import catalogue
from porsche.components.base import Component
from porsche.components.properties import Property
from porsche.components.table import Table

Command = dict[str, Any]


@dataclass(frozen=True)
class Situation:
    """A document that was compiled as far as possible; or one of its own components, whose nodes and edges then are the
    document's. `scope`: the component's path; `calls`: what tables are called inside -> what they are called."""

    document: Document
    places: Sequence[Connected]
    lowerer: Lowerer
    scope: Path = ()
    calls: Mapping[str, str] = field(default_factory=dict)
    nodes: Mapping[str, Node] = field(init=False)
    connected: Mapping[str, Connected] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "nodes", {node.id: node for node in reversed(self.document.nodes)})
        object.__setattr__(self, "connected", {place.node.id: place for place in self.places})

    def component(self, node: str) -> type[Component] | None:
        place = self.connected.get(node)
        if place is not None:
            return place.component
        found = self.nodes.get(node)
        return catalogue().get(found.component) if found else None

    def table(self, node: str) -> Table | None:
        """What a node gives, if it could be made."""
        return self.lowerer.table(self.calls.get(node, node))

    @property
    def given(self) -> list[str]:
        """The names of the component's properties, which its nodes may use."""
        return list(self.document.components[str(self.scope[1])].properties) if self.scope else []

    def input(self, node: str, property: Property) -> tuple[str, Table] | None:
        """The node, and its table, at the port that a property refers to."""
        place = self.connected.get(node)
        sources = place.inputs.get(property.port, ()) if place else ()
        table = self.table(sources[0]) if len(sources) == 1 else None
        return (sources[0], table) if table is not None else None

    def ports(self, source: str, target: str) -> Iterator[str]:
        """The ports of a node at which another is connected."""
        place = self.connected.get(target)
        return (port for port, sources in (place.inputs if place else {}).items() if source in sources)

    def after(self, node: str) -> list[str]:
        """The nodes that something of a node comes to, nearer ones first."""
        return _reached(node, [(edge.source, edge.target) for edge in self.document.edges])

    def before(self, node: str) -> list[str]:
        """The nodes that something comes from."""
        return _reached(node, [(edge.target, edge.source) for edge in self.document.edges])

    def edges_to(self, node: str) -> list[Edge]:
        return [edge for edge in self.document.edges if edge.target == node]

    def title(self, node: str) -> str:
        """A node as people call it."""
        found = self.nodes.get(node)
        return f"'{found.label}'" if found and found.label else f"'{node}'"

    def set(self, node: str, property: str, value: Any = None) -> Command:
        """The command that gives a property a value; None: its default again."""
        if self.scope:
            return set_in((*self.nodes[node].path, "properties", property), value)
        command = {"kind": "set_property", "node": node, "property": property}
        return command if value is None else {**command, "value": value}

    def free(self, wanted: str) -> str:
        """An id that no node has."""
        number, made = 1, wanted
        while made in self.nodes:
            number += 1
            made = f"{wanted}_{number}"
        return made


@dataclass(frozen=True)
class Wrong:
    """Something that is wrong, and where."""

    diagnostic: Diagnostic
    found: Found
    at: Situation

    @property
    def node(self) -> str:
        """The id of the node, where it is about one."""
        if not self.at.scope:
            return self.diagnostic.node
        part = self.path[: len(self.at.scope) + 2]
        return next((node.id for node in self.at.document.nodes if node.path == part), "")

    @property
    def name(self) -> str:
        """The property's name, where it is about one."""
        if not self.at.scope:
            return self.diagnostic.property
        rest = self.path[len(self.at.scope) + 2 :]
        return str(rest[1]) if len(rest) > 1 and rest[0] == "properties" else ""

    @property
    def path(self) -> Path:
        return self.found.path

    @property
    def inside(self) -> Path:
        """The path inside the property's value."""
        return self.path[len(self.at.scope) + 4 :]

    @property
    def declared(self) -> Property | None:
        """The property, as its component declares it."""
        component = self.at.component(self.node)
        return component.properties().get(self.name) if component else None

    @property
    def value(self) -> Any:
        """The property's value, as the document has it."""
        found = self.at.nodes.get(self.node)
        return found.properties.get(self.name) if found else None

    def set(self, value: Any) -> Command:
        """The command that gives the property a value."""
        return self.at.set(self.node, self.name, value)


def set_in(path: Sequence[str | int], value: Any = None) -> Command:
    """None removes."""
    command: Command = {"kind": "set_in", "path": list(path)}
    return command if value is None else {**command, "value": value}


def replaced(value: Any, path: Path, new: Any) -> Any:
    """A value with another one at a path inside it."""
    if not path:
        return new
    first, *rest = path
    if isinstance(value, Mapping):
        return {k: replaced(v, tuple(rest), new) if k == first else v for k, v in value.items()}
    if isinstance(value, list):
        return [replaced(v, tuple(rest), new) if i == first else v for i, v in enumerate(value)]
    return new  # one name in place of a list of one


def at_path(value: Any, path: Path) -> Any:
    """What is at a path inside a value; None where there is nothing."""
    for step in path:
        if isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        elif not (isinstance(value, str) and step == 0):
            return None
    return value


def _reached(node: str, steps: Sequence[tuple[str, str]]) -> list[str]:
    found: list[str] = []
    waiting = [node]
    while waiting:
        here = waiting.pop(0)
        for start, end in steps:
            if start == here and end not in found and end != node:
                found.append(end)
                waiting.append(end)
    return found
