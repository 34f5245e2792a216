"""Background work by real Celery workers, over a broker of files."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

from tests.monitor.platform import DOCUMENT, ROOT, Platform, Server

pytestmark = pytest.mark.slow

SUBMIT = """
import json, sys
from porsche.ide.models import Project
from porsche.ide.work import submit
for task, arguments in json.load(sys.stdin):
    print(submit(kind="test", task=task, arguments=arguments, project=Project.objects.get(slug="shop")).pk)
"""


class Worker:
    """A worker process with a session of its own."""

    def __init__(self, platform: Platform) -> None:
        self._log = platform.home / "worker.log"
        with self._log.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "tests.monitor.working", "worker", "--beat",
                 "--concurrency", "1", "--without-gossip", "--without-mingle", "--loglevel", "INFO"],
                cwd=ROOT, env=platform.environment, stdout=out, stderr=subprocess.STDOUT, start_new_session=True)

    def output(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def kill(self) -> None:
        """The worker and its child processes die at once."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()


@pytest.fixture
def platform(fresh: Platform) -> Platform:
    return fresh


@pytest.fixture
def worker(platform: Platform) -> Iterator[Worker]:
    running = Worker(platform)
    yield running
    running.end()


def submit(platform: Platform, *work: tuple[str, dict[str, Any]]) -> list[int]:
    asked = [(f"tests.monitor.working.{name}", arguments) for name, arguments in work]
    return [int(line) for line in platform.python(SUBMIT, json.dumps(asked)).split()]


def row(platform: Platform, number: int) -> dict[str, Any]:
    names = ("state", "progress", "attempts", "result", "error", "message")
    (found,) = platform.sql(f"SELECT {', '.join(names)} FROM ide_work WHERE id = ?", number)
    facts = dict(zip(names, found))
    return facts | {name: facts[name] and json.loads(facts[name]) for name in ("result", "error")}


def wait(platform: Platform, number: int, *states: str, seconds: float = 60) -> dict[str, Any]:
    deadline = time.monotonic() + seconds
    while (found := row(platform, number))["state"] not in states:
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
    return found


def test_work_is_done_with_progress_and_mistakes_are_told(platform, worker, tmp_path):
    trace = tmp_path / "trace"
    slow, refused, broken = submit(platform, ("slow", {"trace": str(trace), "seconds": 3}), ("refused", {}),
                                   ("broken", {}))
    wait(platform, slow, "RUNNING")
    seen = set()
    while (found := row(platform, slow))["state"] == "RUNNING":
        seen.add(found["progress"])
        time.sleep(0.1)
    assert len(seen) > 2
    assert (found["state"], found["progress"], found["result"]) == ("DONE", 1.0, {"slept": 3})
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
        (number,) = submit(platform, ("slow", {"trace": str(trace), "seconds": 4}))
        wait(platform, number, "RUNNING")
    finally:
        first.kill()
    second = Worker(platform)
    try:
        found = wait(platform, number, "DONE")
        assert found["attempts"] == 2
        lines = trace.read_text().splitlines()
        assert [line.split()[0] for line in lines] == ["begin", "begin", "end"]
    finally:
        second.end()


def test_work_that_kills_its_worker_fails_with_a_reason(platform, worker):
    (number,) = submit(platform, ("deadly", {}))
    found = wait(platform, number, "FAILED", seconds=90)
    assert found["attempts"] == 3
    assert found["error"]["code"] == "worker_lost"
    (after,) = submit(platform, ("refused", {}))
    wait(platform, after, "FAILED")


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
        running.end()


def test_a_project_is_exported_and_checked(platform, worker):
    platform.sql("UPDATE ide_membership SET role = 'editor'")
    platform.sql("UPDATE ide_token SET role = 'editor'")
    server = Server(platform)
    try:
        with server.client() as client, server.client("bob") as stranger:
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
    finally:
        server.end()
