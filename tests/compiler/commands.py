"""The editor's commands on a document's values, as far as fixes use them."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import yaml


def applied(text: str, commands: Sequence[Mapping[str, Any]]) -> str:
    """The document after the commands."""
    document = yaml.safe_load(text)
    for command in commands:
        _DO[command["kind"]](document, copy.deepcopy(dict(command)))
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True)


def _node(document: Any, name: str) -> Any:
    return next(node for node in document["nodes"] if node["id"] == name)


def _set_property(document: Any, command: Any) -> None:
    properties = _node(document, command["node"]).setdefault("properties", {})
    if "value" in command:
        properties[command["property"]] = command["value"]
    else:
        properties.pop(command["property"])


def _set_in(document: Any, command: Any) -> None:
    *path, last = command["path"]
    for step in path:
        document = document[step] if isinstance(document, list) else document.setdefault(step, {})
    if "value" not in command:
        del document[last]
    elif isinstance(document, list) and last == len(document):
        document.append(command["value"])
    else:
        document[last] = command["value"]


def _add_node(document: Any, command: Any) -> None:
    del command["kind"]
    document["nodes"].append(command)


def _connect(document: Any, command: Any) -> None:
    port = f".{command['port']}" if command.get("port") else ""
    document.setdefault("edges", []).append({"from": command["from"], "to": command["to"] + port})


def _remove_nodes(document: Any, command: Any) -> None:
    gone = set(command["nodes"])
    document["nodes"] = [node for node in document["nodes"] if node["id"] not in gone]
    document["edges"] = [edge for edge in document.get("edges", ())
                         if edge["from"] not in gone and edge["to"].partition(".")[0] not in gone]


_DO = {"set_property": _set_property, "set_in": _set_in, "add_node": _add_node, "connect": _connect,
       "remove_nodes": _remove_nodes}
