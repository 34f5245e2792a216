"""The pipeline document: reading it with every error at its place.

Version 1: `version`, `name`, `description`, `parameters`, `settings`, `nodes`, `edges`; `groups` and `notes` of the
canvas, `components` of its own, `samples`, `tests`, `layout`. A layout says where nodes stand on the canvas; nothing
here reads it.
"""

from __future__ import annotations

import re
from typing import Any

from porsche.compiler.diagnostics import Collector
from porsche.compiler.extras import Extras
from porsche.compiler.places import read
from porsche.compiler.reading import Reader, word
from porsche.compiler.shape import (
    FIELDS,
    IDENTIFIER,
    REFERENCE,
    STATE,
    VERSION,
    Document,
    Edge,
    LocalComponent,
    Node,
    Parameter,
)
from porsche.components import catalogue

__all__ = ["FIELDS", "IDENTIFIER", "REFERENCE", "STATE", "VERSION", "Document", "Edge", "LocalComponent", "Node",
           "Parameter", "load"]


def load(text: str) -> tuple[Document, Collector]:
    """Read a document; what is wrong is in the collector. DocumentError where the text is not even YAML."""
    value, places = read(text)
    collector = Collector(places)
    return _document(value, Reader(collector)), collector


def _document(value: Any, reader: Reader) -> Document:
    if not isinstance(value, dict):
        reader.say((), "wrong_type", "a pipeline document is a mapping", "start with 'version: 1'")
        return Document("pipeline", (), ())
    reader.fields(value, "document", ())
    if value.get("version", None) != VERSION:
        reader.say(("version",), "unknown_version", f"the version is {value.get('version')!r}",
                   f"this program reads version {VERSION}")
    nodes = reader.nodes(value)
    edges = reader.edges(value)
    extras = Extras(reader, nodes)
    return Document(
        _name(value, reader),
        nodes,
        edges,
        _parameters(value, reader),
        _settings(value, reader),
        str(value.get("description") or ""),
        extras.groups(value),
        extras.notes(value),
        extras.components(value, catalogue()),
        extras.samples(value),
        extras.tests(value),
    )


def _name(value: dict[str, Any], reader: Reader) -> str:
    name = value.get("name")
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_. -]*", name):
        reader.say(("name",), "bad_name", "a pipeline has a name of letters, digits, spaces and ._-",
                   "write name: my-pipeline")
        return "pipeline"
    return name


def _parameters(value: dict[str, Any], reader: Reader) -> dict[str, Parameter]:
    found = {}
    for name, given in reader.mapping(value.get("parameters"), ("parameters",), "parameters").items():
        path = ("parameters", name)
        if name == STATE or not IDENTIFIER.fullmatch(name):
            reader.say(path, "bad_name", f"'{name}' is no name for a parameter",
                       "letters, digits and _; 'state' is built in")
        made = reader.mapping(given, path, "a parameter")
        reader.fields(made, "parameter", path)
        default = made.get("default")
        found[name] = Parameter(name, None if default is None else word(default), str(made.get("description") or ""))
    return found


def _settings(value: dict[str, Any], reader: Reader) -> dict[str, str]:
    found = {}
    for name, given in reader.mapping(value.get("settings"), ("settings",), "settings").items():
        if isinstance(given, dict | list) or given is None:
            reader.say(("settings", name), "wrong_type", f"the setting '{name}' is a text")
        else:
            found[name] = word(given)
    return found
