"""A platform of a test's own: a home folder, a database with a user, a pipeline and runs, and a real web server."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx

ROOT = Path(__file__).parents[2]

DOCUMENT = """\
version: 1
name: numbers
nodes:
  - id: rows
    component: event_source
    properties: {columns: {n: BIGINT}, options: {connector: datagen, number-of-rows: "10"}}
  - id: out
    component: table_sink
    properties: {options: {connector: blackhole}}
edges:
  - {from: rows, to: out}
"""

FILL = """
import json, sys
from django.utils import timezone
from porsche.ide.models import *
from porsche.ide.services.tokens import create_token
document = sys.stdin.read()
tokens = {}
users = {name: User.objects.create(username=name) for name in ("ann", "bob")}
for slug, member in (("shop", "ann"), ("other", "bob")):
    project = Project.objects.create(slug=slug)
    Membership.objects.create(project=project, user=users[member], role=Role.VIEWER)
    pipeline = Pipeline.objects.create(project=project, slug="numbers")
    pipeline.head = Revision.objects.create(pipeline=pipeline, number=1, document=document, digest="0" * 64)
    pipeline.save()
    for status in ("RUNNING", "STOPPED"):
        Run.objects.create(pipeline=pipeline, revision=pipeline.head, status=status, observed_generation=1,
                           desired="RUNNING" if status == "RUNNING" else "STOPPED")
    tokens[member] = create_token(user=users[member], name="test", role=Role.VIEWER)[1]
print(json.dumps(tokens))
"""


@dataclass
class Platform:
    """`tokens`: by user. ann sees the project `shop` with the runs 1 (RUNNING) and 2 (STOPPED), bob `other` with 3 and
    4."""

    home: Path
    tokens: dict[str, str]
    more: dict[str, str] = field(default_factory=dict)
    """Further variables of the environment."""

    def copy(self, home: Path) -> Platform:
        """The same in another folder."""
        shutil.copytree(self.home, home, dirs_exist_ok=True)
        copied = Platform(home, self.tokens)
        copied.beat()
        return copied

    @property
    def environment(self) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if not name.startswith("PORSCHE_")}
        return {**own, "PORSCHE_HOME": str(self.home), "DJANGO_SETTINGS_MODULE": "porsche.settings", **self.more}

    def python(self, code: str, text: str = "") -> str:
        """Run code in a process of its own, with Django set up."""
        done = subprocess.run([sys.executable, "-c", f"import django\ndjango.setup()\n{code}"], cwd=ROOT, text=True,
                              env=self.environment, capture_output=True, input=text, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Change or read the database, as another process would."""
        database = sqlite3.connect(self.home / "db.sqlite3", timeout=20)
        try:
            with database:
                return database.execute(statement, values).fetchall()
        finally:
            database.close()

    def beat(self, name: str = "supervisor") -> None:
        """The supervisor says that it is at work."""
        self.sql("INSERT OR REPLACE INTO ide_beat (name, pid, at) VALUES (?, 1, datetime('now', '+1 hour'))", name)

    def status(self, run: int, **facts: Any) -> None:
        """What a job publishes: its status.json."""
        state = self.home / "runs" / str(run) / "state"
        state.mkdir(parents=True, exist_ok=True)
        draft = state / ".status.json"
        draft.write_text(json.dumps({"state": "RUNNING", "pid": 1, "attempts": 1, "at": time.time(), **facts}))
        draft.replace(state / "status.json")

    def log(self, run: int, *messages: str) -> None:
        """Lines of a run's log."""
        folder = self.home / "runs" / str(run)
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "log.jsonl").open("a", encoding="utf-8") as file:
            for message in messages:
                file.write(json.dumps({"at": time.time(), "level": "INFO", "logger": "job", "message": message}) + "\n")

    def event(self, run: int, message: str) -> None:
        """A row of what happened to a run."""
        self.sql("INSERT INTO ide_runevent (run_id, at, kind, code, message, node, data) "
                 "VALUES (?, datetime('now'), 'status', 'x', ?, '', '{}')", run, message)


def make(home: Path) -> Platform:
    """A migrated database with users, pipelines and runs."""
    platform = Platform(home, {})
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, env=platform.environment,
                   check=True, timeout=120)
    platform.tokens = json.loads(platform.python(FILL, DOCUMENT).splitlines()[-1])
    platform.beat()
    return platform


class Server:
    """uvicorn on a free port."""

    def __init__(self, platform: Platform, *, port: int = 0, application: str = "porsche.asgi",
                 lifespan: str = "auto") -> None:
        self.platform = platform
        self._port = port or free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._log = platform.home / f"web-{self._port}.log"
        with self._log.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "uvicorn", f"{application}:application", "--port", str(self._port),
                 "--log-level", "warning", "--lifespan", lifespan],
                cwd=ROOT, env=platform.environment, stdout=out, stderr=subprocess.STDOUT, start_new_session=True)
        self._await()

    def _await(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                httpx.get(f"{self.url}/api/session", timeout=5)
                return
            except httpx.TransportError:
                time.sleep(0.1)
        self.end()
        raise AssertionError(f"the server did not start: {self.output()}")

    def output(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def client(self, user: str = "ann") -> httpx.Client:
        headers = {"Authorization": f"Bearer {self.platform.tokens[user]}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self, number: int = signal.SIGTERM) -> float:
        """Ask it to end; the seconds that it took."""
        began = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(number)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return time.monotonic() - began


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
