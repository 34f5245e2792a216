"""A real Celery worker, and the rows it works at."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.monitor.platform import ROOT, Platform

SUBMIT = """
import json, sys
from porsche.ide.models import Project
from porsche.ide.work import submit
for task, arguments in json.load(sys.stdin):
    print(submit(kind="test", task=task, arguments=arguments, project=Project.objects.get(slug="shop")).pk)
"""


class Worker:
    """A worker process with a session of its own. `hasty`: it soon takes work for lost."""

    def __init__(self, platform: Platform, *, hasty: bool = False) -> None:
        self._log = platform.home / "worker.log"
        environment = {**platform.environment, "HASTY": "1" if hasty else ""}
        with self._log.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "tests.monitor.working", "worker", "--beat",
                 "--concurrency", "1", "--without-gossip", "--without-mingle", "--loglevel", "INFO"],
                cwd=ROOT, env=environment, stdout=out, stderr=subprocess.STDOUT, start_new_session=True)

    def output(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def kill_alone(self) -> list[int]:
        """The worker dies, its child processes do not: their numbers."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        self.process.kill()
        self.process.wait()
        return [int(child) for child in children]

    def kill(self) -> None:
        """The worker and its child processes die at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()


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


def is_alive(pid: int) -> bool:
    """Whether a process works; one that ended and whose end nobody has asked for yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
