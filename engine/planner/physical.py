"""The operators of a planned job as Flink's EXPLAIN JSON_EXECUTION_PLAN writes them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from engine.operators.base import Operator
from engine.operators.exchange import Exchange
from engine.plan.explain import describe
from engine.plan.nodes import Scan, Sink
from engine.planner.core import Graph


def physical_plan(graph: Graph) -> str:
    """JSON: a node for each operator (its shards are its parallelism), with the nodes it takes rows from."""
    shards = Counter(o.name for o in graph.operators)
    ids = {name: number for number, name in enumerate(shards, 1)}
    sources = {o.name for o in graph.sources}
    predecessors: dict[str, dict[str, str]] = {name: {} for name in shards}
    for operator in graph.operators:
        for consumer, strategy in _consumers(operator, {e.name: e for e in graph.exchanges}):
            predecessors[consumer].setdefault(operator.name, strategy)
    nodes = [_node(graph, name, ids, name in sources, shards[name], predecessors[name]) for name in shards]
    return json.dumps({"nodes": nodes}, indent=2)


def _consumers(operator: Operator | Any, exchanges: dict[str, Exchange]) -> Iterator[tuple[str, str]]:
    """The names of the operators that take its rows, and how they are dealt to their shards."""
    for consumer, _ in operator.consumers:
        exchange = exchanges.get(consumer.name)
        if exchange is None:
            yield consumer.name, "FORWARD"
            continue
        strategy = "HASH" if exchange.deals else "GLOBAL"
        for receiver in exchange.receivers:
            for name, _ in _consumers(receiver, exchanges):
                yield name, strategy


def _node(graph: Graph, name: str, ids: dict[str, int], source: bool, shards: int,
          predecessors: dict[str, str]) -> dict[str, Any]:
    number = ids[name]
    origin = graph.origins.get(name)
    line = name if origin is None else describe(origin)
    what = line.partition("(")[0]
    if isinstance(origin, Scan | Sink):
        what = f"{'Source' if source else 'Sink'}: {origin.table.name}"
    node: dict[str, Any] = {"id": number, "type": f"{what}[{number}]", "pact": "Data Source" if source else "Operator",
                            "contents": f"[{number}]:{line}", "parallelism": shards}
    if predecessors:
        node["predecessors"] = [{"id": ids[p], "ship_strategy": strategy, "side": "second"}
                                for p, strategy in predecessors.items()]
    return node
