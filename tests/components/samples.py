"""A small use of every component: the properties, and the nodes at its inputs. Conformance and goldens run over all."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

EVENTS = {"id": "events", "component": "event_source", "properties": {
    "columns": {"user": "BIGINT", "item": "BIGINT", "price": "DOUBLE", "kind": "STRING", "ts": "TIMESTAMP(3)"},
    "time": "ts", "delay": "5 seconds", "clock": "now_at",
    "options": {"connector": "filesystem", "path": "events.csv", "format": "csv"}}}
ITEMS = {"id": "items", "component": "dimension_table", "properties": {
    "columns": {"item": "BIGINT", "category": "BIGINT", "title": "STRING"}, "key": "item", "path": "items.csv"}}
ORDERS = {"id": "orders", "component": "filter", "properties": {"condition": "kind = 'order'"}}
VECTORS = {"id": "vectors", "component": "feature_vector", "properties": {"categories": ["user", "item"]}}
LABELLED = {"id": "labelled", "component": "label_join", "properties": {
    "match": "user", "time": "ts", "outcome_time": "ts", "within": "10 minutes"}}
MODEL = {"id": "model", "component": "train_online_model", "properties": {}}
BASE = (EVENTS, ITEMS, ORDERS, VECTORS, LABELLED, MODEL)
EDGES = (("events", "orders"), ("events", "vectors"), ("vectors", "labelled.events"), ("orders", "labelled.outcomes"),
         ("labelled", "model"))


@dataclass(frozen=True)
class Sample:
    """One use of a component."""

    component: str
    properties: dict[str, Any] = field(default_factory=dict)
    inputs: tuple[tuple[str, str], ...] = (("events", ""),)
    name: str = ""


SAMPLES = (
    Sample("event_source", EVENTS["properties"], ()),  # type: ignore[arg-type]
    Sample("dimension_table", ITEMS["properties"], ()),  # type: ignore[arg-type]
    Sample("select", {"keep": ["user", "ts"], "compute": {"gross": "price * 1.19E0", "late": "HOUR(ts) > 20"}}),
    Sample("select", {"compute": {"price": "ROUND(price)", "n": 1}}, name="select_replaces"),
    Sample("filter", {"condition": "price > 3 AND kind <> 'view'"}),
    Sample("union", {}, (("events", ""), ("orders", ""))),
    Sample(
        "custom_sql",
        {"query": "SELECT e.`user`, o.price FROM events AS e JOIN orders AS o ON e.item = o.item"},
        (("events", ""), ("orders", "")),
    ),
    Sample("keyed_counters", {"keys": "user", "aggregates": {"n": "COUNT(*)", "spent": "SUM(price)"}}),
    Sample("window_aggregate", {"keys": ["item"], "time": "ts", "size": "1 hour", "aggregates": {"n": "COUNT(*)"}}),
    Sample(
        "window_aggregate",
        {"time": "ts", "size": "1 hour", "every": "5 minutes", "aggregates": {"n": "COUNT(*)"}},
        name="window_aggregate_hop",
    ),
    Sample("rolling_feature", {"keys": "user", "time": "ts", "within": "1 hour", "features": {"n": "COUNT(*)"}}),
    Sample(
        "rolling_feature",
        {"keys": "user", "time": "ts", "preceding": 3, "features": {"mean": "AVG(price)"}},
        name="rolling_feature_rows",
    ),
    Sample(
        "rolling_feature",
        {"keys": "user", "time": "ts", "features": {"before": "LAG(price)"}},
        name="rolling_feature_lag",
    ),
    Sample("deduplicate", {"keys": ["user", "item"], "time": "ts", "keep": "last"}),
    Sample("top_n", {"groups": "kind", "order": "price", "limit": 3, "with_rank": True}),
    Sample(
        "dimension_join",
        {"key": "item", "columns": ["category", "title"], "unknown": "drop"},
        (("events", "rows"), ("items", "dimension")),
    ),
    Sample("label_join", LABELLED["properties"], (("events", "events"), ("orders", "outcomes"))),  # type: ignore[arg-type]
    Sample(
        "feature_vector",
        {
            "categories": ["user"],
            "crosses": {"pair": ["user", "item"]},
            "buckets": {"price": [1, 9.5]},
            "features": {"log_price": "LN(price)"},
            "bits": 20,
            "keep": ["user", "ts"],
        },
    ),
    Sample("feature_vector", {"scaled": {"price": [-2, 3.5]}, "vector": "x"}, name="feature_vector_scaled"),
    Sample(
        "train_online_model",
        {"learner": "gaussian", "publish_every": 50, "parameters": {"variance": 0.1}},
        (("labelled", ""),),
    ),
    Sample("predict", {}, (("vectors", "rows"), ("model", "model"))),
    Sample("table_sink", {"columns": ["user", "price"]}),
    Sample("table_sink", {"key": "user", "options": {"connector": "print"}}, name="table_sink_keyed"),
    Sample("feature_table", {"key": "item", "features": ["price", "kind"]}),
    Sample("metric_sink", {"metrics": {"n": "COUNT(*)", "mean": "AVG(price)"}, "where": "price > 0"}),
    Sample("metric_sink", {"metrics": {"n": "COUNT(*)"}, "every": "1 minute"}, name="metric_sink_windows"),
)


def title(sample: Sample) -> str:
    return sample.name or sample.component


def document(sample: Sample) -> str:
    """The sample as node `it`, with the nodes it reads and a sink of what it gives."""
    edges = [*EDGES, *((source, f"it.{port}" if port else "it") for source, port in sample.inputs)]
    needed = {"it"}
    for source, target in reversed(edges):
        if target.partition(".")[0] in needed:
            needed.add(source)
    nodes = [node for node in BASE if node["id"] in needed]
    nodes.append({"id": "it", "component": sample.component, "properties": sample.properties})
    used = [{"from": source, "to": target} for source, target in edges if target.partition(".")[0] in needed]
    return json.dumps({"version": 1, "name": "sample", "nodes": [*nodes, *_end(sample.component, used)], "edges": used})


def _end(component: str, edges: list[dict[str, str]]) -> list[dict[str, Any]]:
    from porsche.components import catalogue

    if catalogue()[component].gives != "rows":
        return [] if component != "dimension_table" else [
            {"id": "end", "component": "table_sink", "properties": {}}, EVENTS, _join(edges)]
    edges.append({"from": "it", "to": "end"})
    return [{"id": "end", "component": "table_sink", "properties": {"options": {"connector": "print"}}}]


def _join(edges: list[dict[str, str]]) -> dict[str, Any]:
    edges += [
        {"from": "events", "to": "joined.rows"},
        {"from": "it", "to": "joined.dimension"},
        {"from": "joined", "to": "end"},
    ]
    return {"id": "joined", "component": "dimension_join", "properties": {"key": "item", "columns": ["title"]}}
