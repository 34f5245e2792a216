"""How soon a person who edits knows what is wrong: a document of 100 nodes is sent after each edit, and what is wrong
with it comes back with fixes; an expression is sent after each letter, and its type comes back. A real platform,
over HTTP, one person; each document is new to it. Edits are of nodes here and there, each with up to nine behind it;
`source_ms`: of the source before all others, after which every node becomes something else.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.compile import document
from benchmarks.homes import Up

NODES = 100
TARGET, TARGET_EXPRESSION = 100.0, 50.0
"""Milliseconds, as the 95th percentile."""
COLUMNS = [{"name": name, "type": kind, "time": None} for name, kind in (
    ("user", "BIGINT"), ("item", "BIGINT"), ("price", "DOUBLE"), ("name", "STRING"))]
BREAKS = (
    ("price > 3 AND", "prize > 3 AND"),  # a column that is not there, and all after it that cannot be known
    ("LN((total", "LN((CAST(item AS STRING)"),  # a type that does not fit
    ('"component": "filter"', '"component": "filtr"'),
)


def run(quick: bool) -> dict[str, Any]:
    """Percentiles over edits of a right document and of broken ones, and over letters of an expression."""
    edits = 12 if quick else 100
    with Up() as up:
        right = document(NODES)
        for _ in range(4):
            up.post("compile", {"document": right})
        valid = _milliseconds(edits, lambda i: up.post("compile", {"document": _edited(right, i)}))
        source = _milliseconds(edits, lambda i: up.post("compile", {"document": _widened(right, i)}))
        broken = _milliseconds(edits, lambda i: _complaining(up, _broken(right, i)))
        text = "CASE WHEN price > 3 THEN LN(price + 1E0) ELSE CHAR_LENGTH(name) END"
        up.post("expressions", _expression("price > TIMESTAMP '2020-01-01 00:00:00'"))
        typing = _milliseconds(edits, lambda i: up.post("expressions", _expression(text[: 1 + i % len(text)])))
    return {"nodes": NODES, "problems_ms": _p95(valid + broken), "valid_ms": _p95(valid), "broken_ms": _p95(broken),
            "source_ms": _p95(source), "expression_ms": _p95(typing), "target_problems_ms": TARGET,
            "target_expression_ms": TARGET_EXPRESSION}


def _edited(text: str, number: int) -> str:
    """Another condition in the first step of one of the branches."""
    value = json.loads(text)
    value["nodes"][1 + 10 * (number % 9)]["properties"]["condition"] = f"price > {number} AND item <> 7"
    return json.dumps(value)


def _widened(text: str, number: int) -> str:
    """One more column in the source."""
    value = json.loads(text)
    value["nodes"][0]["properties"]["columns"][f"more_{number}"] = "BIGINT"
    return json.dumps(value)


def _broken(text: str, number: int) -> str:
    before, after = BREAKS[number % len(BREAKS)]
    return _edited(text, number).replace(before, after, 1)


def _complaining(up: Up, text: str) -> None:
    assert not up.post("compile", {"document": text})["valid"]


def _expression(text: str) -> dict[str, Any]:
    return {"text": text, "tables": {"rows_in": COLUMNS}}


def _milliseconds(times: int, ask: Callable[[int], object]) -> list[float]:
    found = []
    for i in range(times):
        began = time.perf_counter()
        ask(i)
        found.append(1000 * (time.perf_counter() - began))
    return found


def _p95(found: list[float]) -> float:
    return round(float(np.percentile(found, 95)), 1)
