"""What a document was before its SQL was edited: which of its nodes may stay, and in which words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

from porsche.compiler import Examined, examine
from porsche.compiler.bypass import Bypass
from porsche.compiler.diagnostics import Collector
from porsche.compiler.document import Document, Node
from porsche.compiler.environment import Environment
from porsche.compiler.parameters import Parameters
from porsche.compiler.places import read
from porsche.compiler.recognise.composites import World, composite
from porsche.compiler.recognise.matching import Found, Matcher, Prints, prints_of_statements
from porsche.compiler.recognise.merging import Fill, reworded
from porsche.compiler.recognise.script import Unit, with_table
from porsche.compiler.shape import INSIDE
from porsche.compiler.statements import Statement
from porsche.compiler.subpipelines import Composite
from porsche.components import catalogue
from porsche.components.base import Component
from porsche.components.properties import Query


@dataclass
class Previous:
    """The document before: its plain values, the nodes that became statements, how many nodes have a component (those
    in definitions, too), and old ids with their new ones."""

    value: dict[str, Any] = field(default_factory=dict)
    nodes: dict[str, Node] = field(default_factory=dict)
    inputs: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    components: Mapping[str, type[Component]] = field(default_factory=catalogue)
    uses: Mapping[str, int] = field(default_factory=dict)
    fill: Fill = lambda value: value
    renamed: dict[str, str] = field(default_factory=dict)
    examined: Examined | None = None

    @classmethod
    def of(cls, text: str, parameters: Mapping[str, str], state: str, environment: Environment) -> Previous:
        """The document of a text; DocumentError where it cannot be read at all."""
        value, _ = read(text)
        examined: Examined = examine(text, parameters=parameters, state=state, environment=environment)
        parts = examined.parts
        if parts is None or not isinstance(value, dict):
            return cls(value if isinstance(value, dict) else {})
        said = {statement.node.partition(INSIDE)[0] for statement in parts.statements}
        nodes = {node.id: node for node in parts.document.nodes if node.id in said}
        definitions = parts.document.components.values()
        every = chain(parts.document.nodes, *(definition.nodes for definition in definitions))
        uses = Counter(node.component for node in every)
        fill = _filling(parts.document, parameters, state)
        return cls(value, nodes, parts.inputs, parts.settings, parts.components, uses, fill, examined=examined)

    def inputs_of(self, node: str) -> dict[str, tuple[str, ...]]:
        """The nodes at the ports of a node, by the names they have now."""
        return {port: tuple(self.renamed.get(source, source) for source in sources)
                for port, sources in self.inputs.get(node, {}).items()}

    def rename(self, old: str, new: str) -> None:
        """A node is called otherwise now; queries that name it follow, as the command that renames it does it."""
        self.renamed[old] = new
        for node in self.nodes.values():
            kinds = self.components[node.component].properties()
            queries = {name: with_table(text, old, new) for name, text in node.properties.items()
                       if isinstance(kinds.get(name), Query) and isinstance(text, str)}
            if queries:
                self.nodes[node.id] = replace(node, properties={**node.properties, **queries})

    def same(self, unit: Unit, matcher: Matcher, prints: Prints, old: str = "") -> Found | None:
        """The node as it was (under the name `old`), if it still says this."""
        node = unit.name
        was = self.nodes.get(old or node)
        if was is None:
            return None
        component = Bypass if was.disabled else self.components[was.component]
        inputs = self.inputs_of(was.id)
        if issubclass(component, Composite):
            return composite(self._world(matcher), was, component, inputs, unit, strict=True)
        properties = {} if was.disabled else self.fill(dict(was.properties))
        found = matcher.tried(node, was.component, properties, inputs, prints, component)
        return found and replace(found, properties=was.properties)

    def inside(self, unit: Unit, matcher: Matcher) -> Found | None:
        """A node of one of the document's own components, which may be another inside."""
        was = self.nodes[unit.name]
        component = self.components[was.component]
        if was.disabled or not issubclass(component, Composite):
            return None
        return composite(self._world(matcher), was, component, self.inputs_of(was.id), unit, strict=False)

    def _world(self, matcher: Matcher) -> World:
        return World(matcher, self.fill, self.uses)

    def nearest(self, found: Found, matcher: Matcher, prints: Prints) -> Found:
        """A reading of the same component in as many of the old words as still fit."""
        was = self.nodes.get(found.id)
        if was is None or was.component != found.component:
            return found
        for properties in reworded(found.kind.properties(), was.properties, found.properties, self.fill):
            again = matcher.tried(found.id, was.component, self.fill(properties), found.inputs, prints)
            if again is not None:
                return replace(again, properties=properties)
        return found


def prints_by_node(statements: Iterable[Statement]) -> dict[str, Prints]:
    """The prints of each node of a document, with those of what is inside it."""
    found: dict[str, list[Statement]] = {}
    for statement in statements:
        found.setdefault(statement.node.partition(INSIDE)[0], []).append(statement)
    return {node: prints_of_statements(every) for node, every in found.items()}


def _filling(document: Document, parameters: Mapping[str, str], state: str) -> Fill:
    known = Parameters(document, parameters, state, Collector({}))

    def fill(value: Any) -> Any:
        return known.fill(value, ())

    return fill
