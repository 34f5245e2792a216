"""The JSON Schema of pipeline documents, made of the components' declarations: editors complete and check by it."""

from __future__ import annotations

from typing import Any

from porsche.compiler.document import FIELDS, IDENTIFIER, VERSION
from porsche.components import catalogue
from porsche.components.base import Component

_SCALAR: dict[str, Any] = {"type": ["string", "number", "boolean"]}


def document_schema() -> dict[str, Any]:
    """The schema of a whole document."""
    nodes = {"type": "array", "items": {"oneOf": [_node(name, component) for name, component in catalogue().items()]}}
    properties = {
        "version": {"const": VERSION},
        "name": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_. -]*$"},
        "description": {"type": "string"},
        "parameters": {
            "type": "object",
            "additionalProperties": _closed("parameter", {"default": _SCALAR, "description": {"type": "string"}}),
        },
        "settings": {
            "type": "object",
            "additionalProperties": _SCALAR,
            "description": "options of the job, by Flink's names",
        },
        "nodes": nodes,
        "edges": {
            "type": "array",
            "items": _closed(
                "edge",
                {"from": {"type": "string"}, "to": {"type": "string", "description": "node, or node.port"}},
                ["from", "to"],
            ),
        },
        "layout": {"type": "object", "description": "where nodes stand on the canvas: node -> {x, y}"},
    }
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Porsche pipeline",
            **_closed("document", properties, ["version", "name"])}


def _closed(kind: str, properties: dict[str, Any], required: list[str] | None = None) -> dict[str, Any]:
    """An object with these fields and no other."""
    assert tuple(properties) == FIELDS[kind], kind
    made: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**made, "required": required} if required else made


def _node(name: str, component: type[Component]) -> dict[str, Any]:
    declared = component.properties()
    required = [n for n, p in declared.items() if p.required]
    properties: dict[str, Any] = {
        "type": "object",
        "properties": {n: p.schema() for n, p in declared.items()},
        "additionalProperties": False,
    }
    if required:
        properties["required"] = required
    fields = {
        "id": {"type": "string", "pattern": f"^{IDENTIFIER.pattern}$"},
        "component": {"const": name},
        "properties": properties,
        "label": {"type": "string"},
    }
    summary, _, details = component.docs().partition("\n\n")
    return {"title": summary, "description": details.replace("\n", " "),
            **_closed("node", fields, ["id", "component", *(["properties"] if required else [])])}
