"""Background work by real Celery workers, over a broker of files."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Iterator

import pytest

from tests.monitor.platform import DOCUMENT, Platform, Server
from tests.monitor.worker import Worker, is_alive, row, submit, wait
from tests.runners.jobs import awaited

pytestmark = pytest.mark.slow
FORKED = """
import os, threading, time
from django.db import connection, transaction
from django.utils import timezone
from porsche import celery
from porsche.ide.models import Beat

def note(name):
    Beat.objects.create(name=name, pid=1, at=timezone.now())

def live():
    with celery._at_the_database:
        with transaction.atomic():
            note("parent")
            begun.set()
            time.sleep(0.5)
        connection.close()

begun = threading.Event()
threading.Thread(target=live).start()
begun.wait()
if (pid := os.fork()) == 0:
    try:
        note("child")
    finally:
        os._exit(0)
os.waitpid(pid, 0)
"""


@pytest.fixture
def platform(fresh: Platform) -> Platform:
    return fresh


@pytest.fixture
def worker(platform: Platform) -> Iterator[Worker]:
    running = Worker(platform)
    yield running
    running.kill()


@pytest.fixture
def hasty(platform: Platform) -> Iterator[Worker]:
    running = Worker(platform, hasty=True)
    yield running
    running.kill()


def test_work_is_done_with_progress_and_mistakes_are_told(platform, worker, tmp_path):
    trace = tmp_path / "trace"
    slow, refused, broken = submit(platform, ("slow", {"trace": str(trace), "seconds": 2}), ("refused", {}),
                                   ("broken", {}))
    wait(platform, slow, "RUNNING")
    seen = set()
    while (found := row(platform, slow))["state"] == "RUNNING":
        seen.add(found["progress"])
        time.sleep(0.1)
    assert len(seen) > 1
    assert (found["state"], found["progress"], found["result"]) == ("DONE", 1.0, {"slept": 2})
    assert wait(platform, refused, "FAILED")["error"] == {
        "code": "not_today", "message": "it cannot be done with password=***", "hint": "ask tomorrow"}
    assert wait(platform, broken, "FAILED")["error"]["message"] == "ZeroDivisionError: by nothing"
    ((pid,),) = platform.sql("SELECT pid FROM ide_beat WHERE name = 'worker'")
    assert pid == worker.process.pid
    for (number,) in platform.sql("SELECT id FROM ide_work WHERE kind = 'check'"):  # this version is new here
        assert wait(platform, number, "DONE")["result"] == {"checked": 1, "invalid": []}
    worker.end()
    assert platform.sql("SELECT count(*) FROM ide_beat WHERE name = 'worker'") == [(0,)]


def test_what_a_killed_worker_left_is_taken_up_again(platform, tmp_path):
    trace = tmp_path / "trace"
    first = Worker(platform)
    try:
        (number,) = submit(platform, ("endless_at_first", {"trace": str(trace)}))
        awaited(trace.exists, said="it has begun")
        children = first.kill_alone()
        assert len(children) >= 2, "a process of the pool, and the beat"
        awaited(lambda: not any(is_alive(child) for child in children), said="its processes end with it")
    finally:
        if first.process.poll() is None:
            first.kill()
    second = Worker(platform, hasty=True)
    try:
        found = wait(platform, number, "DONE")
        assert found["attempts"] == 2
        assert trace.read_text().splitlines() == ["begin", "begin"]
    finally:
        second.kill()


def test_work_that_kills_its_worker_fails_with_a_reason(platform, hasty):
    (number,) = submit(platform, ("deadly", {}))
    found = wait(platform, number, "FAILED", seconds=90)
    assert found["attempts"] == 3
    assert found["error"]["code"] == "worker_lost"
    (after,) = submit(platform, ("refused", {}))
    wait(platform, after, "FAILED")


def test_a_process_that_is_forked_while_its_worker_writes_can_write(platform):
    platform.python(FORKED)
    assert platform.sql("SELECT count(*) FROM ide_beat WHERE name IN ('parent', 'child')") == [(2,)]


def test_what_was_asked_for_while_no_message_arrives_is_done_later(platform):
    """The messages are lost: the rows are swept up by the next worker."""
    (number,) = submit(platform, ("refused", {}))
    for file in (platform.home / "broker" / "queue").iterdir():
        file.unlink()
    platform.sql("UPDATE ide_work SET beat_at = datetime('now', '-5 minutes')")
    running = Worker(platform)
    try:
        wait(platform, number, "FAILED")
    finally:
        running.kill()


def test_a_project_is_exported_and_checked(platform, worker):
    platform.sql("UPDATE ide_membership SET role = 'editor'")
    platform.sql("UPDATE ide_token SET role = 'editor'")
    with Server(platform) as server, server.client() as client, server.client("bob") as stranger:
        asked = client.post("/api/work", json={"kind": "export", "project": "shop"})
        assert asked.status_code == 201, asked.text
        number = asked.json()["id"]
        wait(platform, number, "DONE")
        told = client.get(f"/api/work/{number}").json()
        assert (told["state"], told["user"], told["subject"]) == ("DONE", "ann", "project:shop")
        file = client.get(told["file"])
        assert file.headers["content-type"] == "application/zip"
        with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
            assert sorted(archive.namelist()) == ["numbers.layout.json", "numbers.yaml"]
            assert archive.read("numbers.yaml").decode() == DOCUMENT
        assert stranger.get(told["file"]).status_code == 404
        assert stranger.post("/api/work", json={"kind": "export", "project": "shop"}).status_code == 404
        platform.sql("UPDATE ide_revision SET document = 'version: 1' WHERE id = 1")
        number = client.post("/api/work", json={"kind": "check", "project": "shop"}).json()["id"]
        result = wait(platform, number, "DONE")["result"]
        assert result["checked"] == 1
        assert [broken["slug"] for broken in result["invalid"]] == ["numbers"]
        assert result["invalid"][0]["diagnostics"]
        listed = client.get("/api/work", params={"project": "shop", "kind": "check"}).json()
        assert listed["results"][0]["id"] == number
        assert client.post("/api/work", json={"kind": "retain", "project": "shop"}).status_code == 400
