"""Reading parts of a document that people wrote: what does not fit is said at its place, and left out."""

from __future__ import annotations

from typing import Any

from porsche.compiler.diagnostics import Collector, Path, near
from porsche.compiler.shape import FIELDS, IDENTIFIER, INSIDE, Edge, Node, Rows

KINDS = {str: "a text", bool: "true or false"}
MOST_ROWS = 10_000
"""Rows of a sample, and of a node in a test."""


class Reader:
    """Checks values as it reads them."""

    def __init__(self, collector: Collector) -> None:
        self.say = collector.error
        self.hint = collector.warning

    # ---- values ------------------------------------------------------------------------------------------------------

    def fields(self, value: dict[str, Any], kind: str, path: Path, *required: str, node: str = "") -> bool:
        """Refuse unknown fields; whether the required ones are there."""
        for name in value:
            if name not in FIELDS[kind]:
                self.say((*path, name), "unknown_field", f"a {kind} has no field '{name}'",
                         near(name, FIELDS[kind], "fields"), node=node)
        missing = [name for name in required if value.get(name) is None]
        for name in missing:
            self.say(path, "missing_field", f"a {kind} needs '{name}'", node=node)
        return not missing

    def items(self, value: dict[str, Any], name: str, path: Path = ()) -> list[Any]:
        """A list under a name; empty where there is none."""
        items = value.get(name)
        if items is None:
            items = []
        if not isinstance(items, list):
            self.say((*path, name), "wrong_type", f"'{name}' is a list")
            return []
        return items

    def mapping(self, value: Any, path: Path, what: str, node: str = "") -> dict[str, Any]:
        """A mapping; empty where there is none."""
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.say(path, "wrong_type", f"{what} is a mapping", "write name: value", node=node)
            return {}
        return value

    def scalar(self, value: dict[str, Any], name: str, kind: type, path: Path, default: Any, node: str = "") -> Any:
        """A text or a truth value under a name."""
        given = value.get(name)
        if given is None:
            return default
        if not isinstance(given, kind):
            self.say((*path, name), "wrong_type", f"'{name}' is {KINDS[kind]}", node=node)
            return default
        return given

    def identifier(self, value: Any, path: Path) -> str | None:
        """An id, or a name that may be one."""
        if isinstance(value, str) and IDENTIFIER.fullmatch(value) and INSIDE not in value:
            return value
        self.say(path, "bad_id", f"{value!r} is no id", "letters, digits and _ (not two in a row), a letter first")
        return None

    def rows(self, value: Any, path: Path) -> Rows | None:
        """Rows as {column: value}; None where something is wrong."""
        if not isinstance(value, list):
            self.say(path, "wrong_type", "rows are a list of mappings", "write [{column: value}]")
            return None
        if len(value) > MOST_ROWS:
            self.say(path, "too_large", f"there are {len(value):,} rows", f"a document keeps {MOST_ROWS:,} at most")
            return None
        wrong = next((i for i, row in enumerate(value) if not isinstance(row, dict)), None)
        if wrong is not None:
            self.say((*path, wrong), "wrong_type", "a row is a mapping of columns to values", "write {column: value}")
            return None
        return tuple(value)

    # ---- nodes and edges ---------------------------------------------------------------------------------------------

    def nodes(self, value: dict[str, Any], path: Path = ()) -> tuple[Node, ...]:
        found = (self._node(v, (*path, "nodes", i)) for i, v in enumerate(self.items(value, "nodes", path)))
        return tuple(node for node in found if node)

    def edges(self, value: dict[str, Any], path: Path = ()) -> tuple[Edge, ...]:
        found = (self._edge(v, (*path, "edges", i)) for i, v in enumerate(self.items(value, "edges", path)))
        return tuple(edge for edge in found if edge)

    def _node(self, value: Any, path: Path) -> Node | None:
        if not isinstance(value, dict):
            self.say(path, "wrong_type", "a node is a mapping", "write {id: .., component: ..}")
            return None
        named = value.get("id") if isinstance(value.get("id"), str) and len(path) == 2 else ""
        if not self.fields(value, "node", path, "id", "component", node=named or ""):
            return None
        name = self.identifier(value["id"], (*path, "id"))
        if name is None:
            return None
        node = name if len(path) == 2 else ""  # what is inside a component is no node of the document
        if not isinstance(value["component"], str):
            self.say((*path, "component"), "wrong_type", "a component is named by a text", node=node)
            return None
        properties = self.mapping(value.get("properties"), (*path, "properties"), "properties", node)
        disabled = self.scalar(value, "disabled", bool, path, False, node)
        return Node(name, value["component"], properties, str(value.get("label") or ""), path, disabled)

    def _edge(self, value: Any, path: Path) -> Edge | None:
        if not isinstance(value, dict):
            self.say(path, "wrong_type", "an edge is a mapping", "write {from: .., to: ..}")
            return None
        if not self.fields(value, "edge", path, "from", "to"):
            return None
        for end in ("from", "to"):
            if not isinstance(value[end], str):
                self.say((*path, end), "wrong_type", f"'{end}' names a node, or a node and its port", "write node.port")
                return None
        target, _, port = value["to"].partition(".")
        return Edge(value["from"], target, port, path)


def word(value: Any) -> str:
    """A scalar as the text that is meant: true and false as SQL's options write them."""
    return str(value).lower() if isinstance(value, bool) else str(value)
