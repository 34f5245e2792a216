"""What the canvas's commands do to a document, over plain values (`frontend/src/document/commands.ts` does it to its
text)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import Any

from porsche.compiler.places import read
from porsche.compiler.recognise.script import with_table

Document = dict[str, Any]


def applied(text: str, commands: Iterable[Mapping[str, Any]]) -> Document:
    """The document that commands make of one."""
    document: Document = json.loads(json.dumps(read(text)[0]))
    for command in commands:
        DO[command["kind"]](document, command)
    return document


def _node(document: Document, name: str) -> Document:
    return next(node for node in document["nodes"] if node["id"] == name)


def _set_property(document: Document, command: Mapping[str, Any]) -> None:
    properties = _node(document, command["node"]).setdefault("properties", {})
    if "value" in command:
        properties[command["property"]] = command["value"]
    else:
        properties.pop(command["property"])


def _set_in(document: Document, command: Mapping[str, Any]) -> None:
    *path, last = command["path"]
    at: Any = document
    for step, after in pairwise([*path, last]):
        if isinstance(at, dict) and step not in at:
            at[step] = [] if isinstance(after, int) else {}
        at = at[step]
    if "value" not in command:
        del at[last]
    elif isinstance(at, list) and last == len(at):
        at.append(command["value"])
    else:
        at[last] = command["value"]


def _rename(document: Document, command: Mapping[str, Any]) -> None:
    old, new = command["node"], command["to"]
    _node(document, old)["id"] = new
    for edge in document["edges"]:
        target, dot, port = edge["to"].partition(".")
        edge["from"] = new if edge["from"] == old else edge["from"]
        edge["to"] = (new if target == old else target) + dot + port
    for node in document["nodes"]:
        if "query" in node.get("properties", {}):
            node["properties"]["query"] = with_table(node["properties"]["query"], old, new)


def _edge(command: Mapping[str, Any]) -> dict[str, str]:
    return {"from": command["from"], "to": command["to"] + (f".{command['port']}" if command.get("port") else "")}


def _remove(document: Document, command: Mapping[str, Any]) -> None:
    gone = set(command["nodes"])
    document["nodes"] = [node for node in document["nodes"] if node["id"] not in gone]
    document["edges"] = [edge for edge in document["edges"]
                         if edge["from"] not in gone and edge["to"].partition(".")[0] not in gone]


def _disable(document: Document, command: Mapping[str, Any]) -> None:
    for name in command["nodes"]:
        _node(document, name).pop("disabled", None)
        if command["disabled"]:
            _node(document, name)["disabled"] = True


def _add(document: Document, command: Mapping[str, Any]) -> None:
    document["nodes"].append({key: value for key, value in command.items() if key != "kind"})


DO: dict[str, Callable[[Document, Mapping[str, Any]], None]] = {
    "set_property": _set_property, "set_in": _set_in, "rename_node": _rename, "remove_nodes": _remove,
    "set_disabled": _disable, "add_node": _add,
    "connect": lambda document, command: document["edges"].append(_edge(command)),
    "disconnect": lambda document, command: document["edges"].remove(_edge(command)),
}
