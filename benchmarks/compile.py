"""How long a document of 1,000 nodes takes to become SQL: reading, checking, typing and printing."""

from __future__ import annotations

import json
import time
from typing import Any

from porsche.compiler import compile_text

NODES = 1_000
TARGET = 1.0
"""Seconds that a document of this size may take."""


def document(nodes: int) -> str:
    """Rows of one source through branches of ten steps each, of every common kind, each branch with its sink."""
    made: list[dict[str, Any]] = [{"id": "events", "component": "event_source", "properties": {
        "columns": {"user": "BIGINT", "item": "BIGINT", "price": "DOUBLE", "ts": "TIMESTAMP(3)"}, "time": "ts",
        "options": {"connector": "datagen"}}}]
    edges = []
    steps = (
        ("filter", {"condition": "price > 3 AND item <> 7"}),
        ("select", {"compute": {"doubled": "price * 2"}}),
        ("rolling_feature", {"keys": "user", "time": "ts", "within": "10 minutes", "features": {"seen": "COUNT(*)"}}),
        ("select", {"keep": ["user", "item", "price", "ts", "seen"], "compute": {"part": "MOD(seen, 6)"}}),
        ("rolling_feature", {"keys": ["user", "item"], "time": "ts", "features": {"total": "SUM(price)"}}),
        ("filter", {"condition": "total IS NOT NULL"}),
        ("select", {"compute": {"rate": "LN((total + 1E0) / (seen + 10E0))"}}),
        ("feature_vector", {"categories": ["user", "item", "part"], "features": {"rate": "rate"}}),
        ("select", {"keep": ["user", "item", "total", "rate", "ts"]}),
        ("table_sink", {"options": {"connector": "blackhole"}}),
    )
    while len(made) < nodes:
        before = "events"
        for i, (component, properties) in enumerate(steps):
            name = f"{component}_{len(made)}_{i}"
            made.append({"id": name, "component": component, "properties": properties})
            edges.append({"from": before, "to": name})
            before = name
    return json.dumps({"version": 1, "name": "large", "nodes": made[:nodes], "edges": edges[:nodes - 1]})


def run(quick: bool) -> dict[str, Any]:
    """Seconds of the best of a few compilations, in a process that has compiled before."""
    text = document(NODES)
    seconds = []
    for _ in range(2 if quick else 5):
        started = time.perf_counter()
        compiled = compile_text(text)
        seconds.append(time.perf_counter() - started)
    return {
        "seconds": round(min(seconds), 3),
        "nodes": NODES,
        "characters": len(compiled.text),
        "target_seconds": TARGET,
    }
