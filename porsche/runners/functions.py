"""The functions of SQL, as whoever writes expressions needs them: name, kind, how they are called, what they give."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

import yaml

LEARNERS = ("FTRL", "GAUSSIAN")


@cache
def functions() -> list[dict[str, Any]]:
    """Every function, by category."""
    from engine.aggregates import AGGREGATES

    text = resources.files(__package__).joinpath("functions.yaml").read_text(encoding="utf-8")
    return [
        {"name": name, "kind": _kind(name, category, AGGREGATES), "category": category,
         "signatures": calls.split(" | "), "doc": doc}
        for category, members in yaml.safe_load(text).items()
        for name, (calls, doc) in members.items()
    ]


def _kind(name: str, category: str, aggregates: Any) -> str:
    if name in LEARNERS:
        return "learner"
    if category == "over":
        return "over"
    return "aggregate" if category == "aggregate" or name in aggregates else "scalar"
