"""How soon a person who edits sees rows: a pipeline of 20 nodes, that of `examples/shop.yaml` and four more, is sent
after each edit, and comes back with the rows around a node. A real platform, over HTTP, one person; each document is
new to it, and the samples of its source are known.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import yaml

from benchmarks.homes import ROOT, Up

TARGET = 500.0
"""Milliseconds, as the 95th percentile."""
WARM = 5
MORE_NODES = (
    {"id": "dear", "component": "filter", "properties": {"condition": "price > 5"}},
    {"id": "minutes", "component": "window_aggregate", "properties": {
        "keys": "category_id", "time": "event_time", "size": "1 minute",
        "aggregates": {"n": "COUNT(*)", "mean": "AVG(price)"}}},
    {"id": "per_minute", "component": "table_sink", "properties": {"options": {"connector": "blackhole"}}},
    {"id": "dear_ones", "component": "table_sink", "properties": {"options": {"connector": "blackhole"}}},
)
MORE_EDGES = (("impressions", "dear"), ("dear", "minutes"), ("minutes", "per_minute"), ("dear", "dear_ones"))
EDITS = (
    ("computed", "compute", lambda i, old: {**old, "price": f"LN(price) - {i % 7}.{i}E0"}),
    ("impressions", "condition", lambda i, old: f"event = 'impression' AND price > {i / 100}"),
    ("recent", "within", lambda i, old: f"{1 + i} minutes"),
    ("vectors", "features", lambda i, old: {**old, f"more_{i}": "price * 2"}),
    ("labelled", "within", lambda i, old: f"{60 + i} seconds"),
    ("model", "parameters", lambda i, old: {"variance": 0.1 + i / 1000}),
    ("answers", "keep", lambda i, old: [*old, *(["features"] if i % 2 else [])]),
    ("minutes", "aggregates", lambda i, old: {"n": "COUNT(*)", f"most_{i}": "MAX(price)"}),
    ("dear", "condition", lambda i, old: f"price > {5 + i / 10}"),
)
"""Node, property, and what the edit of a number makes of it."""
LOOKED_AT = {"answers": "predictions", "model": "predicted", "minutes": "per_minute"}
"""Edits after which one looks at another node than the one that was edited."""


def run(quick: bool) -> dict[str, Any]:
    """Percentiles over edits of all kinds, in turn; `first_ms`: with a platform that has just begun."""
    value = yaml.safe_load((ROOT / "examples/shop.yaml").read_text(encoding="utf-8"))
    value["nodes"] += MORE_NODES
    value["edges"] += [{"from": start, "to": end} for start, end in MORE_EDGES]
    edits = 18 if quick else 180
    with Up() as up:
        project = up.post("projects", {"slug": "preview"})["slug"]
        first = _asked(up, project, yaml.safe_dump(value), "computed")
        for i in range(WARM):
            _edit(up, project, value, i)
        found = [_edit(up, project, value, WARM + i) for i in range(edits)]
        milliseconds = [f for _, f in found]
    by_edit = {node: _percentile([f for edited, f in found if edited == node], 50) for node, _, _ in EDITS}
    return {"nodes": len(value["nodes"]), "p95_ms": _percentile(milliseconds, 95),
            "p50_ms": _percentile(milliseconds, 50), "first_ms": round(first, 1), "p50_ms_by_edit": by_edit,
            "target_ms": TARGET}


def _edit(up: Up, project: str, value: dict[str, Any], number: int) -> tuple[str, float]:
    """The node that is edited, and the milliseconds until rows are there."""
    node, name, change = EDITS[number % len(EDITS)]
    nodes = [{**n, "properties": {**n["properties"], name: change(number, n["properties"].get(name))}}
             if n["id"] == node else n for n in value["nodes"]]
    return node, _asked(up, project, yaml.safe_dump({**value, "nodes": nodes}), LOOKED_AT.get(node, node))


def _asked(up: Up, project: str, document: str, node: str) -> float:
    began = time.perf_counter()
    answer = up.post("preview", {"project": project, "document": document, "node": node, "tab": "benchmark"})
    took = 1000 * (time.perf_counter() - began)
    if answer["error"] or answer["diagnostics"] or not answer["output"]["rows"]:
        raise RuntimeError(f"no preview of {node}: {answer['error'] or answer['diagnostics']}")
    return took


def _percentile(found: list[float], share: int) -> float:
    return round(float(np.percentile(found, share)), 1)
