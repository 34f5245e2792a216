"""`/metrics` of a real server, read by Prometheus's own parser."""

from __future__ import annotations

import json

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.monitor.events import Events


def scrape(server, user: str = "ann") -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    with server.client(user) as client:
        answer = client.get("/metrics", headers={"Accept": "application/openmetrics-text;version=1.0.0,*/*;q=0.1"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain")
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(answer.text) for sample in family.samples}


def of_run(found, name: str, run: int, **more: str):
    labels = {"project": "shop", "pipeline": "numbers", "run": str(run), **more}
    return found.get((name, tuple(sorted(labels.items()))))


def test_a_scrape_tells_of_runs_processes_and_requests(platform, server):
    platform.beat()
    platform.sql("UPDATE ide_run SET restarts = 3, snapshot = ? WHERE id = 1",
                 '{"at": 1000.0, "late": 7, "dead_letters": 2, '
                 '"nodes": {"a": {"state_bytes": 5}, "b": {"state_bytes": 6}}, '
                 '"sources": [{"behind_seconds": 1.5}], '
                 '"checkpoint": {"epoch": 4, "at": 990.0, "bytes": 2048, "seconds": 0.25}}')
    found = scrape(server)
    assert of_run(found, "porsche_run_status", 1, status="RUNNING") == 1
    assert of_run(found, "porsche_run_status", 1, status="FAILED") == 0
    assert of_run(found, "porsche_run_status", 2, status="STOPPED") == 1
    assert of_run(found, "porsche_run_restarts_total", 1) == 3
    assert of_run(found, "porsche_run_late_rows", 1) == 7
    assert of_run(found, "porsche_run_dead_letters", 1) == 2
    assert of_run(found, "porsche_run_state_bytes", 1) == 11
    assert of_run(found, "porsche_run_lag_seconds", 1) == 1.5
    assert of_run(found, "porsche_run_checkpoint_bytes", 1) == 2048
    assert of_run(found, "porsche_run_checkpoint_age_seconds", 1) > 1e9
    assert found["porsche_process_beat_age_seconds", (("process", "supervisor"),)] >= 0
    assert found["porsche_http_requests_total", (("method", "GET"), ("status", "2xx"))] >= 1


def test_what_processes_take_of_the_machine(platform, server):
    """As the supervisor measured it; nothing of what runs no more, no series where there is no limit."""
    measured = {"memory": 300 << 20, "memory_limit": 512 << 20, "cpu": 0.25, "cpu_limit": None}
    file = platform.home / "processes" / "usage.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps({"at": 1000.0, "runs": {"1": measured, "2": measured}}))
    found = scrape(server)
    assert of_run(found, "porsche_run_memory_bytes", 1) == 300 << 20
    assert of_run(found, "porsche_run_memory_limit_bytes", 1) == 512 << 20
    assert of_run(found, "porsche_run_cpu_cores", 1) == 0.25
    assert of_run(found, "porsche_run_cpu_limit_cores", 1) is None
    assert of_run(found, "porsche_run_memory_bytes", 2) is None, "it has stopped"
    file.unlink()
    assert of_run(scrape(server), "porsche_run_memory_bytes", 1) is None


def test_open_streams_are_counted(server):
    assert scrape(server)["porsche_stream_listeners", ()] == 0
    with Events(server, "/api/runs/1/stream") as events:
        events.wait("run")
        assert scrape(server)["porsche_stream_listeners", ()] == 1


def test_names_with_quotes_and_line_ends_stay_labels(platform, server):
    name = 'wor"ker\n} 1\\'
    platform.sql("INSERT INTO ide_beat (name, pid, at) VALUES (?, 1, datetime('now'))", name)
    try:
        assert ("porsche_process_beat_age_seconds", (("process", name),)) in scrape(server)
    finally:
        platform.sql("DELETE FROM ide_beat WHERE name = ?", name)


def test_only_ones_own_projects_are_shown(server):
    projects = {dict(labels)["project"] for _, labels in scrape(server, "bob") if "project" in dict(labels)}
    assert projects == {"other"}


def test_strangers_are_refused(server):
    answer = httpx.get(f"{server.url}/metrics", trust_env=False)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
