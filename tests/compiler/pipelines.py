"""Documents for the compiler's tests, and what to say about them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from porsche.compiler import Diagnostic, check_text

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

SOURCE = {"id": "events", "component": "event_source", "properties": {
    "columns": {"user": "BIGINT", "price": "DOUBLE", "kind": "STRING", "ts": "TIMESTAMP(3)"}, "time": "ts",
    "options": {"connector": "filesystem", "path": "${path}", "format": "csv"}}}
SINK = {"id": "out", "component": "table_sink", "properties": {}}


def pipeline(*nodes: dict[str, Any], edges: list[tuple[str, str]], **more: Any) -> str:
    """A document with a source `events` and a sink `out` around these nodes."""
    return json.dumps(
        {
            "version": 1,
            "name": "test",
            "parameters": {"path": {"default": "events.csv"}},
            "nodes": [SOURCE, *nodes, SINK],
            "edges": [{"from": a, "to": b} for a, b in edges],
            **more,
        },
        indent=1,
    )


def chain(*nodes: dict[str, Any], **more: Any) -> str:
    """The nodes one after another."""
    names = ["events", *(n["id"] for n in nodes), "out"]
    return pipeline(*nodes, edges=list(zip(names, names[1:])), **more)


def node(name: str, component: str, **properties: Any) -> dict[str, Any]:
    return {"id": name, "component": component, "properties": properties}


def errors(text: str, **options: Any) -> list[Diagnostic]:
    return [d for d in check_text(text, **options) if d.severity == "error"]
