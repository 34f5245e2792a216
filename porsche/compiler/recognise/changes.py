"""What was recognised as a whole document, or as the few commands that make it of the one before.

Commands are values as `frontend/src/document/commands.ts` describes them. What they do not name stays to the letter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from porsche.compiler.bypass import Bypass
from porsche.compiler.diagnostics import Path
from porsche.compiler.document import VERSION
from porsche.compiler.recognise.matching import Found
from porsche.compiler.recognise.previous import Previous
from porsche.compiler.subpipelines import Composite

Command = dict[str, Any]


@dataclass(frozen=True)
class Edge:
    """As documents write it: `port` "" where the target has one input."""

    source: str
    target: str
    port: str = ""

    def value(self) -> dict[str, str]:
        return {"from": self.source, "to": f"{self.target}.{self.port}" if self.port else self.target}

    def command(self, kind: str) -> Command:
        return {"kind": kind, "from": self.source, "to": self.target, **({"port": self.port} if self.port else {})}


@dataclass
class Changes:
    """`document`: the whole of it as plain values; `commands`: from the one before; `nodes`: what becomes of which."""

    document: dict[str, Any]
    commands: list[Command] = field(default_factory=list)
    nodes: list[dict[str, Any]] = field(default_factory=list)


def edges_of(found: Found) -> Iterator[Edge]:
    """The edges to a node, in the order of its ports."""
    ports = found.kind.inputs
    for port in ports:
        for source in found.inputs.get(port.name, ()):
            yield Edge(source, found.id, port.name if len(ports) > 1 else "")


def node_value(found: Found) -> dict[str, Any]:
    return {"id": found.id, "component": found.component,
            **({"properties": dict(found.properties)} if found.properties else {})}


def whole(name: str, settings: Mapping[str, str], found: list[Found]) -> Changes:
    """A document of its own."""
    document = {"version": VERSION, "name": name, **({"settings": dict(settings)} if settings else {}),
                "nodes": [node_value(each) for each in found],
                "edges": [edge.value() for each in found for edge in edges_of(each)]}
    return Changes(document, nodes=[_told(each, "added") for each in found])


def _told(found: Found, what: str, **more: Any) -> dict[str, Any]:
    return {"node": found.id, "change": what, "component": found.component, "properties": [], **more}


# ---- from the document before ----------------------------------------------------------------------------------------


class Differ:
    """Changes a copy of the document before, and notes the commands that do the same."""

    def __init__(self, before: Previous, name: str, settings: Mapping[str, str], found: list[Found]) -> None:
        self._before = before
        self._name, self._settings = name, settings
        self._found = {each.id: each for each in found}
        self.changes = Changes(_copied(before.value))

    def run(self) -> Changes:
        self._rename()
        self._head()
        for found in self._found.values():
            self._change(found)
            self._define(found)
        self._edges_that_go()
        self._remove()
        self._add()
        return self.changes

    def _do(self, command: Command) -> None:
        self.changes.commands.append(command)

    def _nodes(self) -> list[dict[str, Any]]:
        nodes = self.changes.document.setdefault("nodes", [])
        return nodes if isinstance(nodes, list) else []

    def _old(self, node: str) -> str:
        return next((old for old, new in self._before.renamed.items() if new == node), node)

    def _now(self, node: str) -> str:
        return self._before.renamed.get(node, node)

    def _rename(self) -> None:
        for old, new in self._before.renamed.items():
            self._do({"kind": "rename_node", "node": old, "to": new})
            self.changes.nodes.append(_told(self._found[new], "renamed", before=old))
        if self._before.renamed:
            _rename_in(self.changes.document, self._before.renamed)
            queries = {self._now(node.id): node.properties for node in self._before.nodes.values()}
            for value in self._nodes():
                if value.get("id") in queries and value.get("properties"):
                    value["properties"] = dict(queries[value["id"]])

    def _head(self) -> None:
        """The name and the settings: values that still mean what they did keep their text."""
        value = self.changes.document
        if self._name and self._name != value.get("name"):
            value["name"] = self._name
            self._do({"kind": "set_in", "path": ["name"], "value": self._name})
        written = value.get("settings") or {}
        for key in [key for key in written if key not in self._settings]:
            written.pop(key)
            self._do({"kind": "set_in", "path": ["settings", key]})
        for key, text in self._settings.items():
            if self._before.settings.get(key) != text or key not in written:
                value.setdefault("settings", written)
                written[key] = text
                self._do({"kind": "set_in", "path": ["settings", key], "value": text})

    # ---- nodes -------------------------------------------------------------------------------------------------------

    def _change(self, found: Found) -> None:
        was = self._before.nodes.get(self._old(found.id))
        if was is None:
            return
        index, value = next((i, each) for i, each in enumerate(self._nodes()) if each.get("id") == found.id)
        if was.disabled:
            if found.kind is Bypass:
                return
            self._do({"kind": "set_disabled", "nodes": [found.id], "disabled": False})
            value.pop("disabled", None)
        if was.component != found.component:
            self._do({"kind": "set_in", "path": ["nodes", index, "component"], "value": found.component})
            self._do({"kind": "set_in", "path": ["nodes", index, "properties"], "value": dict(found.properties)})
            value |= {"component": found.component, "properties": dict(found.properties)}
            apart = issubclass(self._before.components[was.component], Composite)
            self.changes.nodes.append(_told(found, "dissolved" if apart else "replaced", before=was.component))
            return
        changed = list(self._properties(("nodes", index), was.properties, found.properties, found.id))
        if changed:
            value["properties"] = dict(found.properties)
        if changed or self._rewired(found):
            self.changes.nodes.append(_told(found, "changed", properties=changed))

    def _define(self, found: Found) -> None:
        """Change the definitions that say what a node is inside."""
        changed = []
        for edit in found.edits:
            changed += [f"{edit.node}.{name}" for name in self._properties(edit.path, edit.old, edit.properties)]
            value: Any = self.changes.document
            for step in edit.path:
                value = value[step]
            value["properties"] = dict(edit.properties)
        if changed:
            self.changes.nodes.append(_told(found, "redefined", properties=changed))

    def _properties(self, path: Path, old: Mapping[str, Any], new: Mapping[str, Any], node: str = "") -> Iterator[str]:
        """Note what changes in the node at a path, one of the document if it is named; the names of the properties that
        do."""
        for name in dict.fromkeys((*old, *new)):
            was, now = old.get(name), new.get(name)
            if was == now and (not isinstance(now, dict) or list(was or ()) == list(now)):
                continue
            yield name
            keys = _entries(was, now)
            at = [*path, "properties", name]
            if keys is None:
                command = {"kind": "set_property", "node": node, "property": name} if node else {
                    "kind": "set_in", "path": at}
                self._do({**command, **({} if now is None else {"value": now})})
            for key in keys or ():
                value = {"value": now[key]} if now and key in now else {}
                self._do({"kind": "set_in", "path": [*at, key], **value})

    def _remove(self) -> None:
        stay = {self._old(node) for node in self._found}
        gone = [node for node in self._before.nodes if node not in stay]
        if not gone:
            return
        self._do({"kind": "remove_nodes", "nodes": gone})
        self.changes.nodes += [{"node": node, "change": "removed", "component": self._before.nodes[node].component,
                                "properties": []} for node in gone]
        value = self.changes.document
        value["nodes"] = [node for node in self._nodes() if node.get("id") not in gone]
        value["edges"] = [edge for edge in value.get("edges") or () if not _ends(edge) & set(gone)]
        for path, now in _without(value, set(gone)):
            value[path] = now
            self._do({"kind": "set_in", "path": [path], **({} if now is None else {"value": now})})
            if now is None:
                value.pop(path)

    def _add(self) -> None:
        known = {self._old(node) for node in self._before.nodes} | set(self._before.nodes)
        for found in self._found.values():
            if self._old(found.id) in known:
                continue
            self._nodes().append(node_value(found))
            properties = {"properties": dict(found.properties)} if found.properties else {}
            self._do({"kind": "add_node", "id": found.id, "component": found.component, **properties})
            self.changes.nodes.append(_told(found, "added"))
        edges = self.changes.document.setdefault("edges", [])
        for found in self._found.values():
            for edge in self._rewired(found):
                edges.append(edge.value())
                self._do(edge.command("connect"))

    # ---- edges -------------------------------------------------------------------------------------------------------

    def _rewired(self, found: Found) -> list[Edge]:
        """The edges that a node needs anew: all those of each port that reads something else than before."""
        was = self._before.inputs_of(self._old(found.id))
        before = self._before.nodes.get(self._old(found.id))
        other = before is None or before.component != found.component
        ports = {name for name, sources in found.inputs.items() if other or sources != was.get(name, ())}
        several = len(found.kind.inputs) > 1
        only = next(iter(found.kind.inputs), None)
        return [edge for edge in edges_of(found) if (edge.port if several else only and only.name) in ports]

    def _edges_that_go(self) -> None:
        edges = self.changes.document.get("edges") or []
        for value in list(edges):
            source, target, port = _edge(value)
            found = self._found.get(target)
            if found is None:
                continue
            was = self._before.inputs_of(self._old(target))
            at = port or self._port(source, self._before.nodes.get(self._old(target)))
            before = self._before.nodes.get(self._old(target))
            replaced = before is not None and before.component != found.component
            if replaced or (at in was and was[at] != tuple(found.inputs.get(at, ()))):
                edges.remove(value)
                self._do(Edge(source, target, port).command("disconnect"))

    def _port(self, source: str, target: Any) -> str:
        """The port that an edge without one ends at: the first that takes what the source gives."""
        components = self._before.components
        ports = components[target.component].inputs if target is not None else ()
        given, was = self._found.get(source), self._before.nodes.get(self._old(source))
        gives = given.kind.gives if given is not None else components[was.component].gives if was is not None else ""
        first = next(iter(ports), None)
        return next((port.name for port in ports if port.relation == gives), first.name if first else "")


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(inner) for key, inner in value.items()}
    return [_copied(inner) for inner in value] if isinstance(value, list) else value


def _entries(was: Any, now: Any) -> list[str] | None:
    """The keys by which two mappings differ, where the rest keeps its order; None where a whole value is plainer."""
    if not isinstance(was, dict) or not isinstance(now, dict) or not was:
        return None
    stay = [key for key in was if key in now]
    if [*stay, *(key for key in now if key not in was)] != list(now) or not stay:
        return None
    return [key for key in (*was, *(k for k in now if k not in was)) if was.get(key) != now.get(key)]


def _edge(value: Any) -> tuple[str, str, str]:
    if not isinstance(value, dict):
        return "", "", ""
    target, _, port = str(value.get("to")).partition(".")
    return str(value.get("from")), target, port


def _ends(value: Any) -> set[str]:
    return set(_edge(value)[:2])


def _without(value: dict[str, Any], gone: set[str]) -> Iterator[tuple[str, Any]]:
    """Parts of a document that speak of nodes that went, as they are without them (None: not there any more)."""
    groups = value.get("groups")
    if isinstance(groups, list):
        left = [{**g, "nodes": [n for n in g.get("nodes") or () if n not in gone]} for g in groups]
        left = [g for g in left if g["nodes"]]
        if left != groups:
            yield "groups", left or None
    samples = value.get("samples")
    if isinstance(samples, dict) and samples.keys() & gone:
        yield "samples", {node: rows for node, rows in samples.items() if node not in gone} or None
    tests = value.get("tests")
    if isinstance(tests, list):
        kept = [{key: {n: rows for n, rows in part.items() if n not in gone} if key in ("given", "expect") else part
                 for key, part in test.items()} for test in tests]
        if kept != tests:
            yield "tests", kept


def _rename_in(value: dict[str, Any], names: Mapping[str, str]) -> None:
    """What `rename_node` does, in a document of plain values."""
    def called(name: Any) -> Any:
        return names.get(name, name) if isinstance(name, str) else name

    for node in value.get("nodes") or ():
        node["id"] = called(node.get("id"))
    for edge in value.get("edges") or ():
        source, target, port = _edge(edge)
        edge |= Edge(called(source), called(target), port).value()
    for group in value.get("groups") or ():
        group["nodes"] = [called(name) for name in group.get("nodes") or ()]
    for part in ("layout", "samples"):
        if isinstance(value.get(part), dict):
            value[part] = {called(name): inner for name, inner in value[part].items()}
    for test in value.get("tests") or ():
        for part in ("given", "expect"):
            if isinstance(test.get(part), dict):
                test[part] = {called(name): inner for name, inner in test[part].items()}
