"""The pipeline document: what it holds, and reading it with every error at its place.

Version 1: `version`, `name`, `description`, `parameters`, `settings`, `nodes`, `edges`, `layout`. A layout says where
nodes stand on the canvas; nothing here reads it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from porsche.compiler.diagnostics import Collector, Path, near
from porsche.compiler.places import read

VERSION = 1
IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
REFERENCE = re.compile(r"\$\{([^{}]*)\}")
STATE = "state"
"""The built-in parameter: the folder of the run's state."""

FIELDS = {
    "document": ("version", "name", "description", "parameters", "settings", "nodes", "edges", "layout"),
    "parameter": ("default", "description"),
    "node": ("id", "component", "properties", "label"),
    "edge": ("from", "to"),
}


@dataclass(frozen=True)
class Parameter:
    """A value that a run may set; without a default it must."""

    name: str
    default: str | None = None
    description: str = ""


@dataclass(frozen=True)
class Node:
    """A component with its properties. `path`: where it is in the document."""

    id: str
    component: str
    properties: Mapping[str, Any]
    label: str = ""
    path: Path = ()


@dataclass(frozen=True)
class Edge:
    """From a node's output to a node's input; `port` "" = its only one."""

    source: str
    target: str
    port: str = ""
    path: Path = ()


@dataclass(frozen=True)
class Document:
    """A pipeline."""

    name: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    description: str = ""


def load(text: str) -> tuple[Document, Collector]:
    """Read a document; what is wrong is in the collector. DocumentError where the text is not even YAML."""
    value, places = read(text)
    collector = Collector(places)
    return _Reader(collector).document(value), collector


class _Reader:
    def __init__(self, collector: Collector) -> None:
        self._say = collector.error

    def document(self, value: Any) -> Document:
        if not isinstance(value, dict):
            self._say((), "wrong_type", "a pipeline document is a mapping", "start with 'version: 1'")
            return Document("pipeline", (), ())
        self._fields(value, "document", ())
        if value.get("version", None) != VERSION:
            self._say(
                ("version",),
                "unknown_version",
                f"the version is {value.get('version')!r}",
                f"this program reads version {VERSION}",
            )
        nodes = [self._node(v, ("nodes", i)) for i, v in enumerate(self._list(value, "nodes"))]
        edges = [self._edge(v, ("edges", i)) for i, v in enumerate(self._list(value, "edges"))]
        return Document(
            self._name(value),
            tuple(n for n in nodes if n),
            tuple(e for e in edges if e),
            self._parameters(value),
            self._settings(value),
            str(value.get("description") or ""),
        )

    def _fields(self, value: dict[str, Any], kind: str, path: Path, *required: str, node: str = "") -> bool:
        """Refuse unknown fields; whether the required ones are there."""
        for name in value:
            if name not in FIELDS[kind]:
                self._say(
                    (*path, name),
                    "unknown_field",
                    f"a {kind} has no field '{name}'",
                    near(name, FIELDS[kind], "fields"),
                    node=node,
                )
        missing = [name for name in required if value.get(name) is None]
        for name in missing:
            self._say(path, "missing_field", f"a {kind} needs '{name}'", node=node)
        return not missing

    def _list(self, value: dict[str, Any], name: str) -> list[Any]:
        items = value.get(name)
        if items is None:
            items = []
        if not isinstance(items, list):
            self._say((name,), "wrong_type", f"'{name}' is a list")
            return []
        return items

    def _mapping(self, value: Any, path: Path, what: str, node: str = "") -> dict[str, Any]:
        if value is None:
            return {}
        if not isinstance(value, dict):
            self._say(path, "wrong_type", f"{what} is a mapping", "write name: value", node=node)
            return {}
        return value

    def _name(self, value: dict[str, Any]) -> str:
        name = value.get("name")
        if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_. -]*", name):
            self._say(
                ("name",),
                "bad_name",
                "a pipeline has a name of letters, digits, spaces and ._-",
                "write name: my-pipeline",
            )
            return "pipeline"
        return name

    def _parameters(self, value: dict[str, Any]) -> dict[str, Parameter]:
        found = {}
        for name, given in self._mapping(value.get("parameters"), ("parameters",), "parameters").items():
            path = ("parameters", name)
            if name == STATE or not IDENTIFIER.fullmatch(name):
                self._say(
                    path,
                    "bad_name",
                    f"'{name}' is no name for a parameter",
                    "letters, digits and _; 'state' is built in",
                )
            made = self._mapping(given, path, "a parameter")
            self._fields(made, "parameter", path)
            default = made.get("default")
            found[name] = Parameter(
                name, None if default is None else _word(default), str(made.get("description") or "")
            )
        return found

    def _settings(self, value: dict[str, Any]) -> dict[str, str]:
        found = {}
        for name, given in self._mapping(value.get("settings"), ("settings",), "settings").items():
            if isinstance(given, dict | list) or given is None:
                self._say(("settings", name), "wrong_type", f"the setting '{name}' is a text")
            else:
                found[name] = _word(given)
        return found

    def _node(self, value: Any, path: Path) -> Node | None:
        if not isinstance(value, dict):
            self._say(path, "wrong_type", "a node is a mapping", "write {id: .., component: ..}")
            return None
        name = value.get("id") if isinstance(value.get("id"), str) else ""
        if not self._fields(value, "node", path, "id", "component", node=name or ""):
            return None
        if not isinstance(name, str) or not IDENTIFIER.fullmatch(name) or "__" in name:
            self._say(
                (*path, "id"),
                "bad_id",
                f"{value['id']!r} is no id",
                "letters, digits and _ (not two in a row), a letter first",
            )
            return None
        if not isinstance(value["component"], str):
            self._say((*path, "component"), "wrong_type", "a component is named by a text", node=name)
            return None
        properties = self._mapping(value.get("properties"), (*path, "properties"), "properties", name)
        return Node(name, value["component"], properties, str(value.get("label") or ""), path)

    def _edge(self, value: Any, path: Path) -> Edge | None:
        if not isinstance(value, dict):
            self._say(path, "wrong_type", "an edge is a mapping", "write {from: .., to: ..}")
            return None
        if not self._fields(value, "edge", path, "from", "to"):
            return None
        for end in ("from", "to"):
            if not isinstance(value[end], str):
                self._say(
                    (*path, end), "wrong_type", f"'{end}' names a node, or a node and its port", "write node.port"
                )
                return None
        target, _, port = value["to"].partition(".")
        return Edge(value["from"], target, port, path)


def _word(value: Any) -> str:
    """A scalar as the text that is meant: true and false as SQL's options write them."""
    return str(value).lower() if isinstance(value, bool) else str(value)
