"""What a pipeline document is made of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from porsche.compiler.diagnostics import Path

VERSION = 1
IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
REFERENCE = re.compile(r"\$\{([^{}]*)\}")
STATE = "state"
"""The built-in parameter: the folder of the run's state."""
INSIDE = "__"
"""Between a node and what is inside it, in the names of views: a node's own id never has it."""

FIELDS = {
    "document": ("version", "name", "description", "parameters", "settings", "nodes", "edges", "groups", "notes",
                 "components", "samples", "tests", "layout"),
    "parameter": ("default", "description"),
    "node": ("id", "component", "properties", "label", "disabled"),
    "edge": ("from", "to"),
    "group": ("id", "label", "nodes", "collapsed"),
    "note": ("id", "text"),
    "component": ("title", "doc", "version", "inputs", "output", "properties", "nodes", "edges"),
    "property": ("label", "kind", "help", "default", "required", "options", "low", "high", "whole", "port"),
    "sample": ("rows", "file"),
    "file": ("path", "format"),
    "test": ("name", "given", "expect", "ordered", "parameters"),
}


@dataclass(frozen=True)
class Parameter:
    """A value that a run may set; without a default it must."""

    name: str
    default: str | None = None
    description: str = ""


@dataclass(frozen=True)
class Origin:
    """The property of an outer node that a property inside it takes its value from."""

    path: Path
    property: str


@dataclass(frozen=True)
class Node:
    """A component with its properties. `path`: where it is in the document; `origins`: of a node inside another, the
    properties that are not its own by name."""

    id: str
    component: str
    properties: Mapping[str, Any]
    label: str = ""
    path: Path = ()
    disabled: bool = False
    origins: Mapping[str, Origin] = field(default_factory=dict)

    @property
    def owner(self) -> str:
        """The node of the document that it is, or is inside of."""
        return self.id.partition(INSIDE)[0]


@dataclass(frozen=True)
class Edge:
    """From a node's output to a node's input; `port` "" = its only one."""

    source: str
    target: str
    port: str = ""
    path: Path = ()


@dataclass(frozen=True)
class Group:
    """Nodes that are drawn together; it changes nothing of what they do."""

    id: str
    nodes: tuple[str, ...]
    label: str = ""
    collapsed: bool = False


@dataclass(frozen=True)
class Note:
    """A text on the canvas."""

    id: str
    text: str


@dataclass(frozen=True)
class LocalProperty:
    """A property of a component that the document defines: what a form needs, and what `${name}` inside stands for."""

    name: str
    kind: str
    fields: Mapping[str, Any]
    path: Path


@dataclass(frozen=True)
class LocalComponent:
    """A component that the document defines: a pipeline with named inputs (each an inner node's port) and the inner
    node whose rows it gives ("": it gives none)."""

    name: str
    title: str
    doc: str
    inputs: Mapping[str, tuple[str, str]]
    output: str
    properties: Mapping[str, LocalProperty]
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    path: Path


Rows = tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Sample:
    """What stands for a source while one works on the pipeline: rows, or a file (its path and format)."""

    rows: Rows | None = None
    file: tuple[str, str] | None = None


@dataclass(frozen=True)
class Case:
    """A test: rows given to sources, in order, and the rows that nodes must then give."""

    name: str
    given: Mapping[str, Rows]
    expect: Mapping[str, Rows]
    ordered: bool = False
    parameters: Mapping[str, str] = field(default_factory=dict)
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
    groups: tuple[Group, ...] = ()
    notes: tuple[Note, ...] = ()
    components: Mapping[str, LocalComponent] = field(default_factory=dict)
    samples: Mapping[str, Sample] = field(default_factory=dict)
    tests: tuple[Case, ...] = ()
