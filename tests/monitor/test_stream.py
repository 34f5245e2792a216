"""Streams of a real server."""

from __future__ import annotations

import pytest

from tests.monitor.events import Events


def test_a_run_is_told_as_it_stands_and_as_it_changes(platform, server):
    platform.status(1, rows_in=100, rows_out=50, operators=[], metrics={})
    platform.log(1, "first")
    with Events(server, "/api/runs/1/stream") as events:
        assert events.response.headers["content-type"] == "text/event-stream"
        assert events.wait("run")[0]["status"] == "RUNNING"
        assert events.wait("snapshot")[0]["snapshot"]["rows_in"] == 100
        assert events.wait("log")[0]["lines"][-1]["message"] == "first"
        platform.status(1, rows_in=300, rows_out=50, operators=[], metrics={})
        platform.log(1, "second")
        platform.event(1, "it did something")
        assert events.wait("snapshot", 2)[1]["snapshot"]["rows_in"] == 300
        assert events.wait("happened")[0]["message"] == "it did something"
        assert [line["message"] for line in events.wait("log", 2)[1]["lines"]] == ["second"]
