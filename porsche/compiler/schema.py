"""The JSON Schema of pipeline documents, made of the components' declarations: editors complete and check by it."""

from __future__ import annotations

from typing import Any

from porsche.compiler.document import FIELDS, IDENTIFIER, VERSION
from porsche.compiler.extras import FORMATS
from porsche.compiler.kinds import KINDS
from porsche.components import catalogue
from porsche.components.base import Component

_SCALAR: dict[str, Any] = {"type": ["string", "number", "boolean"]}
_ID: dict[str, Any] = {"type": "string", "pattern": f"^{IDENTIFIER.pattern}$"}
_ROWS: dict[str, Any] = {"type": "array", "items": {"type": "object"}}


def document_schema() -> dict[str, Any]:
    """The schema of a whole document."""
    known = [_node(name, component) for name, component in catalogue().items()]
    nodes = {"type": "array", "items": {"oneOf": [*known, _inner_node({"not": {"enum": [*catalogue()]}})]}}
    edges = {"type": "array", "items": _closed(
        "edge", {"from": {"type": "string"}, "to": {"type": "string", "description": "node, or node.port"}},
        ["from", "to"])}
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
        "edges": edges,
        "groups": {"type": "array", "items": _group()},
        "notes": {"type": "array", "items": _closed("note", {"id": _ID, "text": {"type": "string"}}, ["id"])},
        "components": {"type": "object", "additionalProperties": _component(edges)},
        "samples": {"type": "object", "additionalProperties": _sample()},
        "tests": {"type": "array", "items": _test()},
        "layout": {"type": "object", "description": "where nodes stand on the canvas: node -> [x, y]"},
    }
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Porsche pipeline",
            **_closed("document", properties, ["version", "name"])}


def _group() -> dict[str, Any]:
    return _closed("group", {"id": _ID, "label": {"type": "string"},
                             "nodes": {"type": "array", "items": {"type": "string"}},
                             "collapsed": {"type": "boolean"}}, ["id"])


def _sample() -> dict[str, Any]:
    file = _closed("file", {"path": {"type": "string"}, "format": {"enum": [*FORMATS]}}, ["path"])
    return _closed("sample", {"rows": _ROWS, "file": file})


def _test() -> dict[str, Any]:
    by_node = {"type": "object", "additionalProperties": _ROWS}
    fields = {"name": {"type": "string"}, "given": by_node, "expect": by_node, "ordered": {"type": "boolean"},
              "parameters": {"type": "object", "additionalProperties": _SCALAR}}
    return _closed("test", fields, ["name", "expect"])


def _component(edges: dict[str, Any]) -> dict[str, Any]:
    """A component that the document defines; what is inside may have its properties as ${name}."""
    number, flag, words = {"type": "number"}, {"type": "boolean"}, {"type": "string"}
    property = _closed("property", {
        "label": words, "kind": {"enum": [*KINDS]}, "help": words, "default": {}, "required": flag,
        "options": {"type": "array"}, "low": number, "high": number, "whole": flag, "port": words})
    return _closed("component", {
        "title": words, "doc": words,
        "version": {"type": "integer", "minimum": 1, "description": "of the project's library"},
        "inputs": {"type": "object", "additionalProperties": {"type": "string", "description": "node, or node.port"}},
        "output": {"type": "string"}, "properties": {"type": "object", "additionalProperties": property},
        "nodes": {"type": "array", "items": _inner_node({})}, "edges": edges})


def _inner_node(component: dict[str, Any]) -> dict[str, Any]:
    fields = {"id": _ID, "component": {"type": "string", **component}, "properties": {"type": "object"},
              "label": {"type": "string"}, "disabled": {"type": "boolean"}}
    return _closed("node", fields, ["id", "component"])


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
        "id": _ID,
        "component": {"const": name},
        "properties": properties,
        "label": {"type": "string"},
        "disabled": {"type": "boolean"},
    }
    summary, _, details = component.docs().partition("\n\n")
    return {"title": summary, "description": details.replace("\n", " "),
            **_closed("node", fields, ["id", "component", *(["properties"] if required else [])])}
