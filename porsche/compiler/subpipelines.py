"""Components that a document defines itself: pipelines with named inputs, properties and one output.

`local_components` makes a component of each definition, with the same declaration as any other. Where one is used,
`inside` says which nodes stand for it: `outer__inner`, the output under the outer node's own id.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from sqlglot import exp

from porsche.compiler.diagnostics import near
from porsche.compiler.graph import Components, Connected, Says, fitting, wired
from porsche.compiler.kinds import property_of
from porsche.compiler.shape import INSIDE, REFERENCE, Document, LocalComponent, Node, Origin
from porsche.components import catalogue
from porsche.components.base import Component, Port
from porsche.components.properties import Property
from porsche.components.table import Table, identifier

DEEPEST = 8
"""Components in each other."""
MOST = 5_000
"""Nodes that one may stand for."""
FAMILY = "own"


class Composite(Component):
    """What local components share. `places`: the graph inside, inputs first; `ends`: input -> inner node and port;
    `face`: the inner node that has its name outside, the output, else a sink; `size`: how many nodes it stands for,
    `depth`: how deep they lie; `usable`: nothing is wrong with the definition; `writes`: there is a sink inside."""

    family = FAMILY
    definition: ClassVar[LocalComponent]
    declared: ClassVar[Mapping[str, Property]] = {}
    places: ClassVar[Sequence[Connected]] = ()
    ends: ClassVar[Mapping[str, tuple[str, str]]] = {}
    face: ClassVar[str] = ""
    size: ClassVar[int] = 0
    depth: ClassVar[int] = 1
    usable: ClassVar[bool] = True
    writes: ClassVar[bool] = False

    @classmethod
    def name(cls) -> str:
        return cls.definition.name

    @classmethod
    def title(cls) -> str:
        return cls.definition.title or super().title()

    @classmethod
    def properties(cls) -> dict[str, Property]:
        return dict(cls.declared)

    @classmethod
    def docs(cls) -> str:
        return cls.definition.doc

    def lower(self, **inputs: Table) -> Table:
        raise AssertionError("the nodes inside are lowered")


class Quiet:
    """Takes what is wrong, and keeps nothing."""

    def error(self, *said: Any, **more: Any) -> None:
        pass


@dataclass
class _Inside:
    """Says what is wrong with a definition, at no node of the document."""

    says: Says
    name: str
    failed: bool = False

    def error(self, path: Sequence[str | int], code: str, message: str, hint: str = "", *, node: str = "") -> None:
        self.failed = True
        self.says.error(path, code, f"in the component '{self.name}': {message}", hint)


def local_components(document: Document, says: Says) -> dict[str, type[Composite]]:
    """The components that a document defines, by name."""
    builder = _Builder(document.components, says)
    return {name: builder.component(name) for name in document.components}


class _Builder:
    def __init__(self, definitions: Mapping[str, LocalComponent], says: Says) -> None:
        self._definitions, self._says = definitions, says
        self._made: dict[str, type[Composite]] = {}
        self._open: list[str] = []

    def component(self, name: str) -> type[Composite]:
        if name not in self._made:
            self._open.append(name)
            self._made[name] = self._build(self._definitions[name])
            self._open.pop()
        return self._made[name]

    def _build(self, definition: LocalComponent) -> type[Composite]:
        """A definition as a component; what is wrong with it is said."""
        says = _Inside(self._says, definition.name)
        components = {**catalogue(), **self._used(definition, says)}
        nodes = [node for node in definition.nodes if node.component not in self._open]
        of = {node.id: components[node.component] for node in nodes if node.component in components}
        ports = {name: self._port(definition, name, of, says) for name in definition.inputs}
        ends = {name: (definition.inputs[name][0], port.name) for name, port in ports.items() if port}
        places = wired(nodes, definition.edges, components, says, list(ends.values()))
        inner = [c for c in of.values() if issubclass(c, Composite)]
        size = len(nodes) + sum(c.size for c in inner)
        depth = 1 + max((c.depth for c in inner), default=0)
        if size > MOST or depth > DEEPEST:
            says.error(definition.path, "too_large", "it is too large",
                       f"at most {MOST:,} nodes, and {DEEPEST} components in each other, may be")
        gives = self._gives(definition, of, says)
        declared = {name: property_of(declaration, list(ports), says)
                    for name, declaration in definition.properties.items()}
        for name, made in declared.items():
            made.name = name
        sinks = [node for node, component in of.items() if not component.gives]
        whole = all(place.whole or place.node.disabled for place in places) and all(c.usable for c in inner)
        return type(definition.name, (Composite,), {
            "definition": definition, "declared": declared, "ends": ends, "gives": gives,
            "face": definition.output or next(iter(sinks), ""), "size": size, "depth": depth,
            "inputs": tuple(replace(port, name=name) for name, port in ports.items() if port), "places": tuple(places),
            "usable": whole and not says.failed,
            "writes": any(not c.gives or c.gives == "model" or (issubclass(c, Composite) and c.writes)
                          for c in of.values())})

    def _used(self, definition: LocalComponent, says: Says) -> Components:
        """The local components that are used inside one."""
        found: dict[str, type[Component]] = {}
        for node in definition.nodes:
            if node.component in self._open:
                says.error((*node.path, "component"), "recursive_component",
                           f"'{node.component}' would be inside itself", "remove this node")
            elif node.component in self._definitions:
                found[node.component] = self.component(node.component)
        return found

    def _port(self, definition: LocalComponent, name: str, of: Components, says: Says) -> Port | None:
        """The port that an input feeds; None where it has none, which is said."""
        node, wanted = definition.inputs[name]
        path = (*definition.path, "inputs", name)
        if node not in of and any(each.id == node for each in definition.nodes):
            return None  # what is wrong with it is said there
        if node not in of:
            says.error(path, "unknown_node", f"there is no usable node '{node}'", near(node, of, "nodes"))
            return None
        ports = {port.name: port for port in of[node].inputs}
        if not ports or (wanted and wanted not in ports):
            says.error(path, "unknown_port", f"'{node}' has no input '{wanted}'" if ports else f"'{node}' has no input",
                       near(wanted, ports, "inputs"))
            return None
        return ports[wanted] if wanted else fitting(of[node].inputs, "rows")

    def _gives(self, definition: LocalComponent, of: Components, says: Says) -> str:
        if not definition.output:
            return ""
        if definition.output not in of and any(each.id == definition.output for each in definition.nodes):
            return "rows"
        if definition.output not in of or not of[definition.output].gives:
            giving = [node for node, component in of.items() if component.gives]
            says.error((*definition.path, "output"), "unknown_node",
                       f"there is no usable node '{definition.output}' that gives anything",
                       near(definition.output, giving, "nodes"))
            return "rows"
        return of[definition.output].gives


# ---- where one is used -----------------------------------------------------------------------------------------------


def inside(place: Connected, values: Mapping[str, Any]) -> Iterator[Connected]:
    """The nodes that a node of a local component stands for, inputs first. `values`: its properties as the document
    writes them, parameters replaced."""
    component = place.component
    assert issubclass(component, Composite)
    names = {inner.node.id: _names(place, inner.node.id) for inner in component.places}
    called = {node: name for node, (name, _) in names.items()}
    outside = {name: place.inputs.get(name, ()) for name in component.ends}
    called |= {name: sources[0] for name, sources in outside.items() if len(sources) == 1 and name not in called}
    for inner in component.places:
        named, prefix = names[inner.node.id]
        inputs = {port: tuple(called[source] for source in sources) for port, sources in inner.inputs.items()}
        for name, (node, port) in component.ends.items():
            if node == inner.node.id and outside[name]:
                inputs[port] = (*inputs.get(port, ()), *outside[name])
        filled = _filled(inner.node, named, place, values)
        yield Connected(filled, inner.component, inputs, inner.whole and place.whole, prefix, called)


def _names(place: Connected, inner: str) -> tuple[str, str]:
    """An inner node's id, and what the names of its helpers begin with where that is another."""
    assert issubclass(place.component, Composite)
    name = f"{place.prefix or place.node.id}{INSIDE}{inner}"
    return (place.node.id, name) if inner == place.component.face else (name, "")


def _filled(node: Node, named: str, place: Connected, values: Mapping[str, Any]) -> Node:
    """An inner node with the values of the outer one's properties in its own."""
    origins: dict[str, Origin] = {}
    properties: dict[str, Any] = {}
    for name, given in node.properties.items():
        used = [each for each in _references(given) if each in values]
        if used and given in (f"${{{used[0]}}}", [f"${{{used[0]}}}"]):  # what is wrong with it comes from outside
            origins |= _origin(place.node, name, used[0])
        properties[name] = replaced(given, {each: values[each] for each in used}) if used else given
    filled = {name: value for name, value in properties.items() if value is not None}
    return replace(node, id=named, properties=filled, origins=origins)


def renamed(values: Mapping[str, Any], place: Connected) -> Mapping[str, Any]:
    """Values whose queries call the tables inside a node by the names that they have there."""
    return {name: _called(value, place.names) if place.names and isinstance(value, exp.Query) else value
            for name, value in values.items()}


def _called(query: exp.Query, names: Mapping[str, str]) -> exp.Query:
    made = query.copy()
    own = {cte.alias for cte in made.find_all(exp.CTE)}
    for table in list(made.find_all(exp.Table)):
        name = table.name if isinstance(table.this, exp.Identifier) and not table.args.get("db") else ""
        if name in names and name not in own:
            table.set("this", identifier(names[name]))
            if not table.alias and names[name] != name:
                table.set("alias", exp.TableAlias(this=identifier(name)))
    return made


def _origin(outer: Node, name: str, property: str) -> dict[str, Origin]:
    """Where the value of an inner property that is one of the outer node's comes from, if that has one."""
    if property in outer.origins:
        return {name: outer.origins[property]}
    return {name: Origin((*outer.path, "properties", property), property)} if property in outer.properties else {}


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from REFERENCE.findall(value)
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from REFERENCE.findall(name)
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def replaced(value: Any, values: Mapping[str, Any]) -> Any:
    """A value with `${name}` replaced: by the value itself where there is nothing else, else by its text."""
    if isinstance(value, dict):
        return {_text(name, values): replaced(inner, values) for name, inner in value.items()}
    if isinstance(value, list):
        return [each for inner in value for each in _items(inner, values)]
    if not isinstance(value, str):
        return value
    whole = REFERENCE.fullmatch(value)
    return values[whole[1]] if whole and whole[1] in values else _text(value, values)


def _items(value: Any, values: Mapping[str, Any]) -> list[Any]:
    """What stands for an item of a list: of a list, its items."""
    made = replaced(value, values)
    return made if isinstance(made, list) and isinstance(value, str) else [made]


def _text(text: str, values: Mapping[str, Any]) -> str:
    return REFERENCE.sub(lambda match: _word(values[match[1]]) if match[1] in values else match[0], text)


def _word(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_word, value))
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
