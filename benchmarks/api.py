"""The web process under load: 50 listeners, 20 writers, 10 readers, 10 active runs; a real uvicorn and database.

Writers pause for a second after each write: two layouts, then a document (which the server compiles). Readers pause for
0.2 s. `event_delay_*`: from an event's row in the database to a listener. All percentiles are of times seen by clients.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
LISTENERS, WRITERS, READERS, RUNS, ACTIVE, PIPELINES = 50, 20, 10, 40, 10, 20
NODES = ("events", "wanted", "sums", "out")

DOCUMENT = """\
version: 1
name: bench
description: revision {number}
nodes:
  - id: events
    component: event_source
    properties:
      columns: {{user_id: BIGINT, price: DOUBLE, event_time: TIMESTAMP(3)}}
      time: event_time
      delay: 1 second
      options: {{connector: datagen, number-of-rows: "1000"}}
  - id: wanted
    component: filter
    properties: {{condition: price > {number}}}
  - id: sums
    component: window_aggregate
    properties: {{time: event_time, size: 1 minute, keys: user_id, aggregates: {{spent: SUM(price)}}}}
  - id: out
    component: table_sink
    properties: {{options: {{connector: blackhole}}}}
edges:
  - {{from: events, to: wanted}}
  - {{from: wanted, to: sums}}
  - {{from: sums, to: out}}
"""

FILL = """
import django, json, sys, time
django.setup()
from porsche.ide.models import *
from porsche.ide.services.pipelines import create_pipeline
from porsche.ide.services.tokens import create_token
from porsche.monitor.points import Point
from porsche.monitor.rollups import Gathering, write
document, runs, active, pipelines = json.load(sys.stdin)
user = User.objects.create(username="bench", is_superuser=True)
project = Project.objects.create(slug="bench")
made = [create_pipeline(project=project, slug=f"p{i}", document=document, by=user) for i in range(pipelines)]
gathering = Gathering()
for i in range(runs):
    pipeline = made[i % pipelines]
    status = "RUNNING" if i < active else "STOPPED"
    run = Run.objects.create(pipeline=pipeline, revision=pipeline.head, status=status, observed_generation=1,
                             desired="RUNNING" if i < active else "STOPPED")
    now = time.time()
    for at in range(int(now) - 3600, int(now), 10) if i < active else ():
        gathering.add(run.pk, at, [Point(node, name, 1.0) for node in ("", "a", "b", "c")
                                   for name in ("rows_in_rate", "rows_out_rate", "busy")])
write(gathering.take())
token = create_token(user=user, name="bench", role=Role.ADMIN)[1]
print(json.dumps({"token": token, "pipelines": [p.pk for p in made]}))
"""


@dataclass
class Load:
    """The load and what it measured."""

    url: str
    home: Path
    token: str
    pipelines: list[int]
    until: float
    reads: list[float] = field(default_factory=list)
    writes: list[float] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def on(self) -> bool:
        return time.time() < self.until

    async def timed(self, into: list[float], asked: Awaitable[httpx.Response]) -> httpx.Response:
        began = time.perf_counter()
        answer = await asked
        into.append(1000 * (time.perf_counter() - began))
        if answer.status_code >= 400:
            self.failed.append(f"{answer.request.method} {answer.request.url.path}: {answer.text[:200]}")
        return answer

    async def write(self, client: httpx.AsyncClient, pipeline: int) -> None:
        """One person who edits a pipeline of their own."""
        path, revision = f"/api/pipelines/{pipeline}", 1
        await asyncio.sleep(random.random())
        for n in range(1, 1 << 30):
            if not self.on():
                return
            if n % 3:
                places = {node: [float(n), 10.0 * i] for i, node in enumerate(NODES)}
                await self.timed(self.writes, client.put(f"{path}/layout", json=places))
            else:
                text = DOCUMENT.format(number=n + 1000 * pipeline)
                match = {"If-Match": f'"{revision}"'}
                answer = await self.timed(self.writes, client.put(
                    f"{path}/document", json={"document": text}, headers=match))
                revision = answer.json().get("revision", revision)
            await asyncio.sleep(1.0)

    async def read(self, client: httpx.AsyncClient) -> None:
        """One person who looks around."""
        while self.on():
            run = random.randint(1, ACTIVE)
            path = random.choice((
                "/api/runs?project=bench", f"/api/runs/{run}", "/api/pipelines?project=bench",
                f"/api/runs/{run}/metrics", f"/api/runs/{run}/events", f"/api/runs/{run}/logs",
                f"/api/pipelines/{self.pipelines[run]}"))
            await self.timed(self.reads, client.get(path))
            await asyncio.sleep(0.2)

    async def listen(self, path: str) -> None:
        """One open page."""
        host, port = self.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port), limit=1 << 24)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {self.token}\r\n\r\n".encode())
        try:
            event = b""
            while self.on():
                line = await asyncio.wait_for(reader.readline(), max(0.1, self.until - time.time()))
                if line.startswith(b"event: "):
                    event = line[7:].strip()
                elif line.startswith(b"data: ") and event == b"happened":
                    self.delays.append(1000 * (time.time() - json.loads(line[6:])["data"]["sent"]))
        except TimeoutError:
            pass
        finally:
            writer.close()

    async def run_jobs(self) -> None:
        """What ten jobs and the supervisor write."""
        second = 0
        while self.on():
            await asyncio.to_thread(self._publish, second)
            second += 1
            await asyncio.sleep(1.0)

    def _publish(self, second: int) -> None:
        facts = {node: {"rows_in": 1000 * second, "rows_out": 900 * second, "late": 0, "watermark": None,
                        "busy_seconds": 0.3 * second, "state_bytes": 10_000, "dead_letters": 0}
                 for node in (f"n{i}" for i in range(15))}
        status = json.dumps({"state": "RUNNING", "pid": 1, "attempts": 1, "at": time.time(), "rows_in": 1000 * second,
                             "rows_out": 900 * second, "late": 0, "dead_letters": 0, "nodes": facts, "operators": [],
                             "metrics": {"hourly": {"auc": 0.7, "logloss": 0.4}}})
        for run in range(1, ACTIVE + 1):
            state = self.home / "runs" / str(run) / "state"
            state.mkdir(parents=True, exist_ok=True)
            (state / ".new").write_text(status)
            (state / ".new").replace(state / "status.json")
            with (state.parent / "log.jsonl").open("a") as log:
                log.write(json.dumps({"at": time.time(), "level": "INFO", "logger": "job", "message": "a line"}) + "\n")
        with sqlite3.connect(self.home / "db.sqlite3", timeout=20) as database:
            database.execute("INSERT OR REPLACE INTO ide_beat (name, pid, at) "
                             "VALUES ('supervisor', 1, datetime('now'))")
            if second % 2 == 0:
                database.execute("UPDATE ide_run SET snapshot = ? WHERE id <= ?", (status, ACTIVE))
        database.close()

    async def happen(self) -> None:
        """Events of runs, three a second."""
        while self.on():
            await asyncio.to_thread(self._event, random.randint(1, ACTIVE))
            await asyncio.sleep(0.3)

    def _event(self, run: int) -> None:
        with sqlite3.connect(self.home / "db.sqlite3", timeout=20) as database:
            sent = json.dumps({"sent": time.time()})
            database.execute("INSERT INTO ide_runevent (run_id, at, kind, code, message, node, data) VALUES "
                             "(?, datetime('now'), 'status', 'x', 'm', '', ?)", (run, sent))
        database.close()

    async def all(self) -> None:
        limits = httpx.Limits(max_connections=WRITERS + READERS)
        async with httpx.AsyncClient(base_url=self.url, headers=self.headers, timeout=30, limits=limits,
                                     trust_env=False) as client:
            paths = ["/api/stream?project=bench" if i % 2 else f"/api/runs/{i % ACTIVE + 1}/stream"
                     for i in range(LISTENERS)]
            await asyncio.gather(self.run_jobs(), self.happen(), *(self.listen(path) for path in paths),
                                 *(self.write(client, self.pipelines[i]) for i in range(WRITERS)),
                                 *(self.read(client) for _ in range(READERS)))


def run(*, quick: bool = False) -> dict[str, Any]:
    """Percentiles in ms, of 30 seconds (quick: 10)."""
    seconds = 10.0 if quick else 30.0
    with tempfile.TemporaryDirectory(prefix="porsche-api-") as folder:
        home = Path(folder)
        environment = {**os.environ, "PORSCHE_HOME": str(home), "DJANGO_SETTINGS_MODULE": "porsche.settings"}
        filled = _fill(environment)
        port = _free_port()
        with (home / "web.log").open("wb") as log:
            server = subprocess.Popen([sys.executable, "-m", "uvicorn", "porsche.asgi:application", "--port", str(port),
                                       "--log-level", "warning"], cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            url = f"http://127.0.0.1:{port}"
            _await(url, filled["token"])
            load = Load(url, home, filled["token"], filled["pipelines"], time.time() + seconds)
            before = _cpu_seconds(server.pid)
            asyncio.run(load.all())
            busy = _cpu_seconds(server.pid) - before
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(20)
        return _figures(load, seconds, (home / "web.log").read_text()) | {"server_cpu": round(busy / seconds, 2)}


def _figures(load: Load, seconds: float, log: str) -> dict[str, Any]:
    if load.failed or "Traceback" in log:
        raise RuntimeError(f"{len(load.failed)} requests failed: {load.failed[:3]} {log[-2000:]}")
    told = {"read": load.reads, "write": load.writes, "event_delay": load.delays}
    percentiles = {f"{name}_p{part}_ms": round(float(np.percentile(times, part)), 1)
                   for name, times in told.items() for part in (50, 95)}
    return {**percentiles, "reads_per_s": round(len(load.reads) / seconds, 1), "listeners": LISTENERS,
            "writes_per_s": round(len(load.writes) / seconds, 1), "writers": WRITERS, "readers": READERS,
            "events": len(load.delays)}


def _cpu_seconds(pid: int) -> float:
    """What a process has used of all cores."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _fill(environment: dict[str, str]) -> dict[str, Any]:
    """The database, with a user's token."""
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, env=environment, check=True)
    given = json.dumps([DOCUMENT.format(number=0), RUNS, ACTIVE, PIPELINES])
    done = subprocess.run([sys.executable, "-c", FILL], cwd=ROOT, env=environment, check=True, input=given, text=True,
                          stdout=subprocess.PIPE)
    return json.loads(done.stdout.splitlines()[-1])


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _await(url: str, token: str) -> None:
    """Until the server answers, its first compilation included."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, trust_env=False) as client:
                client.get("/api/pipelines/1/compiled", timeout=30)
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise RuntimeError("the server did not start")
