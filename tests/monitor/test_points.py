"""What snapshots say as numbers; expected values by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest

from porsche.monitor.points import LIMIT, points

TODAY: dict[str, Any] = {
    "state": "RUNNING", "pid": 7, "attempts": 1, "at": 1000.0, "rows_in": 1000, "rows_out": 400, "late": 3,
    "dead_letters": 0, "metrics": {"hourly": {"auc": 0.75, "window_end": "2026-01-01 01:00:00", "empty": None}},
    "operators": [
        {"name": "Source[a]", "shard": 0, "nodes": ["a"], "rows_in": 600, "rows_out": 600, "late": 0},
        {"name": "Source[a]", "shard": 1, "nodes": ["a"], "rows_in": 400, "rows_out": 400, "late": 0,
         "watermark": None},
        {"name": "Calc[a,b]", "shard": 0, "nodes": ["a", "b"], "rows_in": 600, "rows_out": 500, "late": 0,
         "watermark": 990_000_000},
        {"name": "Over[b]", "shard": 0, "nodes": ["b"], "rows_in": 500, "rows_out": 400, "late": 3,
         "watermark": 980_000_000},
    ],
}

EXTENDED: dict[str, Any] = {
    "state": "RUNNING", "pid": 7, "attempts": 1, "started": 900.0, "at": 1000.0, "rows_in": 1000, "rows_out": 400,
    "late": 3, "dead_letters": 2, "metrics": {},
    "checkpoint": {"epoch": 5, "at": 996.0, "seconds": 0.5, "bytes": 2048, "full": True, "stall_seconds": 0.01},
    "sources": [{"name": "x", "behind_seconds": 4.0}, {"name": "y", "behind_seconds": None}],
    "operators": [{"name": "Source[a]", "shard": s, "nodes": ["a"], "busy_seconds": 10.0 + s} for s in (0, 1)],
    "nodes": {"a": {"rows_in": 1000, "rows_out": 900, "late": 0, "watermark": 995_000_000, "busy_seconds": 21.0,
                    "state_bytes": 100, "dead_letters": 2, "fused_into": None, "lookup": {"hits": 90, "misses": 10}},
              "b": {"rows_in": 900, "rows_out": 400, "late": 3, "watermark": 990_000_000, "busy_seconds": None,
                    "state_bytes": 50, "dead_letters": 0, "fused_into": "a"}},
}


def told(previous: dict[str, Any] | None, snapshot: dict[str, Any]) -> dict[tuple[str, str], float]:
    return {(node, name): value for node, name, value in points(previous, snapshot)}


def test_the_first_snapshot_has_no_rates():
    found = told(None, TODAY)
    assert found == {
        ("", "watermark_lag"): 20.0, ("", "late"): 3, ("", "dead_letters"): 0,
        ("a", "watermark_lag"): 10.0, ("b", "watermark_lag"): 20.0, ("b", "late"): 3, ("hourly", "auc"): 0.75,
    }


def test_a_node_is_busy_back_pressured_or_idle():
    then = {**EXTENDED, "nodes": {"a": {"busy_seconds": 1.0, "backpressured_seconds": 2.0}}}
    now = {**EXTENDED, "at": 1010.0, "nodes": {"a": {"busy_seconds": 5.0, "backpressured_seconds": 8.0}}}
    found = told(then, now)  # of ten seconds of two shards it worked four, and waited six for those behind it
    shares = [found["a", name] for name in ("busy", "backpressured", "idle")]
    assert shares == pytest.approx([0.2, 0.3, 0.5])
    unknown = told(then, {**now, "nodes": {"a": {"busy_seconds": 5.0}}})
    assert ("a", "busy") in unknown and ("a", "idle") not in unknown


def test_latency_in_seconds():
    now = {**EXTENDED, "at": 1010.0, "nodes": {"out": {"latency": {"p50_ms": 2.5, "p95_ms": 4, "p99_ms": 8.0}}}}
    found = told(EXTENDED, now)
    assert (found["out", "latency_p50"], found["out", "latency_p99"]) == (0.0025, 0.008)


def test_rates_are_differences_over_the_time_between():
    later = {**TODAY, "at": 1002.0, "rows_in": 1500, "rows_out": 500, "operators": [
        {**TODAY["operators"][0], "rows_in": 800, "rows_out": 800},
        {**TODAY["operators"][1], "rows_in": 600, "rows_out": 600},
        {**TODAY["operators"][2], "rows_in": 800, "rows_out": 640},
        {**TODAY["operators"][3], "rows_in": 640, "rows_out": 500},
    ]}
    found = told(TODAY, later)
    assert (found["", "rows_in_rate"], found["", "rows_out_rate"]) == (250.0, 50.0)
    assert (found["a", "rows_in_rate"], found["a", "rows_out_rate"]) == (200.0, 70.0)  # its last operator is the Calc
    assert (found["b", "rows_in_rate"], found["b", "rows_out_rate"]) == (100.0, 50.0)


def test_what_nodes_say_of_themselves_comes_first():
    later = {
        **EXTENDED, "at": 1004.0, "rows_in": 1400,
        "operators": [{**o, "busy_seconds": o["busy_seconds"] + 1.0} for o in EXTENDED["operators"]],
        "nodes": {**EXTENDED["nodes"], "a": {**EXTENDED["nodes"]["a"], "rows_in": 1400, "busy_seconds": 23.0,
                                             "lookup": {"hits": 120, "misses": 20}}},
    }
    found = told(EXTENDED, later)
    assert found["", "behind_seconds"] == 4.0
    assert found["", "state_bytes"] == 150
    assert found["", "busy"] == found["a", "busy"] == 0.25  # 2 of the 8 seconds that two shards had
    assert found["a", "rows_in_rate"] == 100.0
    assert found["a", "lookup_hit_rate"] == 0.75
    assert found["a", "dead_letters"] == 2
    assert ("b", "busy") not in found
    assert found["", "checkpoint_age"] == 8.0
    assert ("", "checkpoint_seconds") not in found  # it was told with the snapshot before


def test_a_checkpoint_is_told_once():
    assert told(None, EXTENDED)["", "checkpoint_bytes"] == 2048
    later = {**EXTENDED, "at": 1001.0, "checkpoint": {"epoch": 6, "at": 1000.5, "seconds": 0.7, "bytes": 10}}
    found = told(EXTENDED, later)
    assert [found["", f"checkpoint_{name}"] for name in ("seconds", "bytes", "age")] == [0.7, 10, 0.5]
    assert ("", "checkpoint_stall_seconds") not in found


@pytest.mark.parametrize("change", [{"pid": 8}, {"attempts": 2}, {"started": 1000.0}])
def test_counters_of_another_process_give_no_rate(change):
    for rows in (0, 10**12):  # neither negative nor giant
        found = told(TODAY, {**TODAY, "at": 1001.0, "rows_in": rows, **change})
        assert not any(name.endswith("rate") for _, name in found)
        assert found["", "late"] == 3


def test_counters_that_are_still_restored_give_no_rate():
    before = {**TODAY, "state": "STARTING", "rows_in": 0}
    assert not any(name.endswith("rate") for _, name in told(before, {**TODAY, "at": 1001.0}))


def test_a_counter_that_fell_gives_no_rate():
    found = told(TODAY, {**TODAY, "at": 1001.0, "rows_in": 999, "rows_out": 410})
    assert ("", "rows_in_rate") not in found
    assert found["", "rows_out_rate"] == 10.0


@pytest.mark.parametrize("at", [1000.0, None, "yesterday", math.nan])
def test_a_snapshot_that_is_no_later_says_nothing(at):
    assert points(TODAY, {**TODAY, "at": at}) == []


def test_a_clock_that_was_set_back_gives_no_rate():
    assert not any(name.endswith("rate") for _, name in told(TODAY, {**TODAY, "at": 900.0, "rows_in": 2000}))


@pytest.mark.parametrize("value", [math.nan, math.inf, "1", True, None, [1], {"a": 1}])
def test_only_finite_numbers_are_points(value):
    assert "x" not in {name for _, name, _ in points(None, {"at": 1.0, "metrics": {"t": {"x": value}}})}


def test_how_many_points_there_are_is_bounded():
    many = {"at": 1.0, "metrics": {"t": {f"column {i} {'x' * 100}": i for i in range(10 * LIMIT)}}}
    found = points(None, many)
    assert len(found) == LIMIT
    assert max(len(name) for _, name, _ in found) == 64
