"""Metric history of a real server."""

from __future__ import annotations

import time

import pytest


@pytest.fixture(scope="module")
def history(platform) -> int:
    """Rollups of run 1: two spans of ten seconds with a gap between them; the second one's start."""
    start = int(time.time()) // 10 * 10
    rows = [("", "rows_in_rate", 10, start - 30, 2, 30.0, 10.0, 20.0, 20.0),
            ("", "rows_in_rate", 10, start, 4, 40.0, 5.0, 15.0, 15.0),
            ("", "rows_in_rate", 60, start // 60 * 60, 6, 70.0, 5.0, 20.0, 15.0),
            ("model", "auc", 10, start, 1, 0.75, 0.75, 0.75, 0.75)]
    for row in rows:
        platform.sql("INSERT INTO monitor_rollup (run_id, node, name, resolution, start, count, total, least, most, "
                     "last) VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?)", *row)
    return start


def test_series_have_mean_least_most_and_last(server, history):
    with server.client() as client:
        answer = client.get("/api/runs/1/metrics", params={"from": history - 100, "to": history + 9})
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"series": [
        {"node": "", "name": "rows_in_rate", "resolution": 10,
         "points": [[history - 30, 15.0, 10.0, 20.0, 20.0], [history, 10.0, 5.0, 15.0, 15.0]]},
        {"node": "model", "name": "auc", "resolution": 10, "points": [[history, 0.75, 0.75, 0.75, 0.75]]},
    ]}


@pytest.mark.parametrize(("asked", "found"), [
    ({"node": "model"}, [("model", "auc")]),
    ({"node": ""}, [("", "rows_in_rate")]),
    ({"name": ["auc", "none"]}, [("model", "auc")]),
    ({"resolution": 60}, [("", "rows_in_rate")]),
    ({"to": 100}, []),
])
def test_series_are_chosen(server, history, asked, found):
    with server.client() as client:
        answer = client.get("/api/runs/1/metrics", params=asked).json()
    assert [(s["node"], s["name"]) for s in answer["series"]] == found


@pytest.mark.parametrize(("asked", "field"), [
    ({"from": "yesterday"}, "from"),
    ({"from": 20, "to": 10}, "from"),
    ({"to": "nan"}, "to"),
    ({"to": "1e300"}, "to"),
    ({"resolution": 7}, "resolution"),
])
def test_a_bad_question_is_refused(server, asked, field):
    with server.client() as client:
        answer = client.get("/api/runs/1/metrics", params=asked)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert answer.json()["place"]["field"] == field


def test_runs_of_others_do_not_exist(server):
    with server.client("bob") as client:
        assert client.get("/api/runs/1/metrics").status_code == 404
    assert server.client().get("/api/runs/999/metrics").json()["code"] == "not_found"
