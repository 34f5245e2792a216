"""What components do to rows, by small inputs whose outputs were worked out by hand, on the bundled engine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from porsche.compiler import compile_text
from porsche.runners.bundled import Options, run

ROWS = """1,10,3.5,view,2026-01-01 00:00:00
2,10,1.0,view,2026-01-01 00:00:20
1,10,3.5,order,2026-01-01 00:04:00
1,11,9.0,view,2026-01-01 00:05:00
2,11,9.0,order,2026-01-01 00:30:00
"""
COLUMNS = {"user": "BIGINT", "item": "BIGINT", "price": "DOUBLE", "kind": "STRING", "ts": "TIMESTAMP(3)"}


def result(
    folder: Path,
    component: str,
    properties: dict[str, Any],
    *,
    show: list[str],
    extra: tuple[dict[str, Any], ...] = (),
    edges: tuple[tuple[str, str], ...] = (("events", "it"),),
) -> list[tuple[Any, ...]]:
    """The rows a component gives for ROWS, as tuples of these columns, sorted."""
    (folder / "events.csv").write_text(ROWS, encoding="utf-8")
    (folder / "items.csv").write_text("10,7,book\n11,8,lamp\n10,9,map\n", encoding="utf-8")
    source = {"id": "events", "component": "event_source", "properties": {
        "columns": COLUMNS, "time": "ts", "clock": "now_at",
        "options": {"connector": "filesystem", "path": str(folder / "events.csv"), "format": "csv"}}}
    nodes = [source, *extra, {"id": "it", "component": component, "properties": properties},
             {"id": "out", "component": "table_sink", "properties": {"columns": show}}]
    pairs = [*edges, ("it", "out")]
    text = json.dumps({"version": 1, "name": "t", "nodes": nodes, "edges": [{"from": a, "to": b} for a, b in pairs]})
    state = folder / "state"
    run(compile_text(text, state=str(state)), state, Options())
    lines = [
        json.loads(line) for path in (state / "out").glob("*.json") for line in path.read_text("utf-8").splitlines()
    ]
    return sorted((tuple(line[name] for name in show) for line in lines), key=repr)


ORDERS = {"id": "orders", "component": "filter", "properties": {"condition": "kind = 'order'"}}
VIEWS = {"id": "seen", "component": "filter", "properties": {"condition": "kind = 'view'"}}


@pytest.mark.parametrize(
    ("component", "properties", "show", "expected"),
    [
        ("filter", {"condition": "price > 3 AND kind = 'view'"}, ["user", "item"], [(1, 10), (1, 11)]),
        (
            "select",
            {"keep": ["user"], "compute": {"double": "CAST(price * 2 AS INT)"}},
            ["user", "double"],
            [(1, 18), (1, 7), (1, 7), (2, 18), (2, 2)],
        ),
        (
            "rolling_feature",
            {"keys": "user", "time": "ts", "within": "4 minutes", "features": {"n": "COUNT(*)"}},
            ["user", "ts", "n"],
            [
                (1, "2026-01-01 00:00:00", 1),
                (1, "2026-01-01 00:04:00", 2),
                (1, "2026-01-01 00:05:00", 2),
                (2, "2026-01-01 00:00:20", 1),
                (2, "2026-01-01 00:30:00", 1),
            ],
        ),
        (
            "rolling_feature",
            {"keys": "user", "time": "ts", "features": {"before": "LAG(price)"}},
            ["user", "price", "before"],
            [(1, 3.5, 3.5), (1, 3.5, None), (1, 9.0, 3.5), (2, 1.0, None), (2, 9.0, 1.0)],
        ),
        (
            "window_aggregate",
            {"keys": "kind", "time": "ts", "size": "5 minutes", "aggregates": {"n": "COUNT(*)"}},
            ["kind", "n", "window_start"],
            [
                ("order", 1, "2026-01-01 00:00:00"),
                ("order", 1, "2026-01-01 00:30:00"),
                ("view", 1, "2026-01-01 00:05:00"),
                ("view", 2, "2026-01-01 00:00:00"),
            ],
        ),
    ],
)
def test_one_input(tmp_path: Path, component: str, properties: dict[str, Any], show: list[str],
                   expected: list[tuple[Any, ...]]) -> None:
    assert result(tmp_path, component, properties, show=show) == sorted(expected, key=repr)


def test_label_join(tmp_path: Path) -> None:
    """User 1's views come one and four minutes before... the order at 00:04 follows the view at 00:00 by four minutes;
    the view at 00:05 is followed by nothing of user 1, and user 2's order comes too late."""
    rows = result(tmp_path, "label_join", {"match": "user", "time": "ts", "outcome_time": "ts", "within": "10 minutes"},
                  show=["user", "item", "label", "known_at"], extra=(VIEWS, ORDERS),
                  edges=(("events", "seen"), ("events", "orders"), ("seen", "it.events"), ("orders", "it.outcomes")))
    assert rows == [
        (1, 10, 1, "2026-01-01 00:10:00"),
        (1, 11, 0, "2026-01-01 00:15:00"),
        (2, 10, 0, "2026-01-01 00:10:20"),
    ]


def test_an_outcome_at_the_event_s_own_time_is_no_outcome(tmp_path: Path) -> None:
    rows = result(
        tmp_path,
        "label_join",
        {"match": ["user", "item"], "time": "ts", "outcome_time": "ts", "within": "10 minutes"},
        show=["user", "label"],
        extra=(ORDERS,),
        edges=(("events", "orders"), ("orders", "it.events"), ("orders", "it.outcomes")),
    )
    assert rows == [(1, 0), (2, 0)]


def test_dimension_join_and_its_load(tmp_path: Path) -> None:
    """Item 10 is twice in the file: the last row counts."""
    items = {
        "id": "items",
        "component": "dimension_table",
        "properties": {
            "columns": {"item": "BIGINT", "category": "BIGINT", "title": "STRING"},
            "key": "item",
            "path": str(tmp_path / "items.csv"),
        },
    }
    rows = result(
        tmp_path,
        "dimension_join",
        {"key": "item", "columns": ["category", "title"]},
        show=["user", "item", "category", "title"],
        extra=(items,),
        edges=(("events", "it.rows"), ("items", "it.dimension")),
    )
    assert rows == [(1, 10, 9, "map"), (1, 10, 9, "map"), (1, 11, 8, "lamp"), (2, 10, 9, "map"), (2, 11, 8, "lamp")]


@pytest.mark.parametrize(("unknown", "count"), [("keep", 5), ("drop", 0)])
def test_keys_that_a_dimension_lacks(tmp_path: Path, unknown: str, count: int) -> None:
    items = {"id": "items", "component": "dimension_table", "properties": {
        "columns": {"item": "BIGINT", "category": "BIGINT"}, "key": "item"}}
    rows = result(tmp_path, "dimension_join", {"key": "item", "columns": ["category"], "unknown": unknown},
                  show=["category"], extra=(items,), edges=(("events", "it.rows"), ("items", "it.dimension")))
    assert rows == [(None,)] * count


def test_union(tmp_path: Path) -> None:
    rows = result(tmp_path, "union", {}, show=["kind"], extra=(VIEWS, ORDERS),
                  edges=(("events", "seen"), ("events", "orders"), ("seen", "it"), ("orders", "it"), ("orders", "it")))
    assert rows == [("order",)] * 4 + [("view",)] * 3


def test_custom_sql(tmp_path: Path) -> None:
    rows = result(
        tmp_path,
        "custom_sql",
        {"query": "SELECT UPPER(kind) AS k, item + 1 AS i FROM events WHERE `user` = 2"},
        show=["k", "i"],
    )
    assert rows == [("ORDER", 12), ("VIEW", 11)]


def metrics(folder: Path, component: str, properties: dict[str, Any], shown: dict[str, str]) -> dict[str, Any]:
    """The last metrics over what a component gives: what changes is shown as it is in the end."""
    (folder / "events.csv").write_text(ROWS, encoding="utf-8")
    source = {
        "id": "events",
        "component": "event_source",
        "properties": {
            "columns": COLUMNS,
            "time": "ts",
            "options": {"connector": "filesystem", "path": str(folder / "events.csv"), "format": "csv"},
        },
    }
    nodes = [source, {"id": "it", "component": component, "properties": properties},
             {"id": "out", "component": "metric_sink", "properties": {"metrics": shown}}]
    edges = [{"from": "events", "to": "it"}, {"from": "it", "to": "out"}]
    state = folder / "state"
    text = json.dumps({"version": 1, "name": "t", "nodes": nodes, "edges": edges})
    return dict(run(compile_text(text, state=str(state)), state, Options()).metrics["out"])


@pytest.mark.parametrize(
    ("component", "properties", "shown", "expected"),
    [
        (
            "keyed_counters",
            {"keys": "user", "aggregates": {"n": "COUNT(*)", "s": "SUM(price)"}},
            {"users": "COUNT(*)", "most": "MAX(n)", "spent": "MAX(s)"},
            {"users": 2, "most": 3, "spent": 16.0},
        ),
        (
            "deduplicate",
            {"keys": "kind", "time": "ts", "keep": "first"},
            {"n": "COUNT(*)", "s": "SUM(price)"},
            {"n": 2, "s": 7.0},
        ),
        (
            "deduplicate",
            {"keys": "kind", "time": "ts", "keep": "last"},
            {"n": "COUNT(*)", "s": "SUM(price)"},
            {"n": 2, "s": 18.0},
        ),
        (
            "top_n",
            {"groups": "user", "order": "price", "limit": 1},
            {"n": "COUNT(*)", "s": "SUM(price)"},
            {"n": 2, "s": 18.0},
        ),
        (
            "top_n",
            {"order": "price", "limit": 2, "direction": "smallest", "with_rank": True},
            {"n": "COUNT(*)", "s": "SUM(price)", "r": "MAX(rank_number)"},
            {"n": 2, "s": 4.5, "r": 2},
        ),
    ],
)
def test_what_changes_later(tmp_path: Path, component: str, properties: dict[str, Any], shown: dict[str, str],
                            expected: dict[str, Any]) -> None:
    assert metrics(tmp_path, component, properties, shown) == expected
