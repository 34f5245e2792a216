"""The canvas at 800 nodes, in a real Chromium: how long it takes to come, what a frame costs while a node is dragged
and while the canvas is moved, and what the page holds, with the figures of a run coming in each second.

A real web process serves the page and streams the run's status, which this program writes as a job of so many operators
would. `frame_p95_ms`: processor time of the page's main thread between two frames, of the worse of both gestures;
rastering is other threads' work. `heap_mb`: objects and buffers after a collection.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.api import ROOT, _await, _free_port
from scripts.browser import chromium

NODES = 800
LANE = ("filter", "select", "rolling_feature", "select", "filter", "select", "window_aggregate", "select", "table_sink")
GESTURE = 2.5
"""Seconds of dragging, and of moving the canvas."""
SETTLE = 12.0
"""Seconds of figures before the heap is measured."""
MARKS = {"load_s": 2.0, "frame_p95_ms": 16.0, "heap_mb": 250.0}

FILL = """
import django, json, os, sys
django.setup()
from porsche.ide.models import *
from porsche.ide.services.people import create_sign_in_link
from porsche.ide.services.pipelines import create_pipeline
from porsche.ide.services.tokens import create_token
user = User.objects.create(username="bench", is_superuser=True)
project = Project.objects.create(slug="bench")
pipeline = create_pipeline(project=project, slug="large", document=sys.stdin.read(), by=user)
run = Run.objects.create(pipeline=pipeline, revision=pipeline.head, status="RUNNING", observed_generation=1,
                         desired="RUNNING")
print(json.dumps({"pipeline": pipeline.pk, "run": run.pk, "link": create_sign_in_link(user=user),
                  "token": create_token(user=user, name="bench", role=Role.ADMIN)[1]}))
"""

SHOWN = """
() => { const made = document.querySelectorAll(".react-flow__node");
        return made.length > 0 && [...made].every((node) => getComputedStyle(node).visibility === "visible")
            && document.querySelector(".react-flow__edge, .react-flow__viewport-portal path") ? performance.now() : 0; }
"""
"""Milliseconds since the page was asked for, once tiles and wires can be seen."""


def document(nodes: int = NODES) -> str:
    """A pipeline of lanes, each a source, steps and a sink."""
    lines = ["version: 1", "name: large", "nodes:"]
    edges: list[tuple[str, str]] = []
    lane, count = 0, 0
    while count < nodes:
        names = [f"l{lane}_{i}" for i in range(min(len(LANE) + 1, nodes - count))]
        lines += [_node(name, i, lane) for i, name in enumerate(names)]
        edges += list(zip(names, names[1:], strict=False))
        count += len(names)
        lane += 1
    return "\n".join([*lines, "edges:", *(f"  - {{from: {a}, to: {b}}}" for a, b in edges)]) + "\n"


def _node(name: str, place: int, lane: int) -> str:
    if place == 0:
        return (
            f"  - id: {name}\n    component: event_source\n    label: events of shop {lane}\n    properties:\n"
            "      columns: {user_id: BIGINT, item_id: BIGINT, price: DOUBLE, event_time: TIMESTAMP(3)}\n"
            "      time: event_time\n      options: {connector: datagen, number-of-rows: '1000'}"
        )
    properties = {
        "filter": f"{{condition: price > {lane + place}}}",
        "select": f"{{compute: {{x{place}: price * {place}}}}}",
        "rolling_feature": "{keys: user_id, time: event_time, within: 10 minutes, features: {seen: COUNT(*)}}",
        "window_aggregate": "{keys: user_id, time: event_time, size: 1 minute, aggregates: {price: SUM(price)}}",
        "table_sink": "{options: {connector: blackhole}}",
    }[LANE[place - 1]]
    return f"  - id: {name}\n    component: {LANE[place - 1]}\n    properties: {properties}"


def status(names: list[str], second: int, began: float) -> dict[str, Any]:
    """What a job of these nodes says of itself after so many seconds."""
    now = time.time()
    nodes: dict[str, Any] = {}
    operators = []
    for i, name in enumerate(names):
        rows = second * (1000 + 37 * (i % 29)) + (second * 7919 * (i + 1)) % 500
        facts = {
            "rows_in": rows,
            "rows_out": int(rows * 0.9),
            "late": 0,
            "watermark": int((now - 3) * 1e6),
            "busy_seconds": round(second * 0.01 * (i % 17), 6),
        }
        nodes[name] = {
            **facts,
            "backpressured_seconds": round(second * 0.02 * (i % 7), 6),
            "state_bytes": 10_000 + rows % 977,
            "dead_letters": 0,
            "fused_into": None,
        }
        operators.append(
            {
                "name": f"Calc[{name}]",
                "uid": f"Calc[{name}]",
                "shard": 0,
                "nodes": [name],
                **facts,
                "latency": None,
                "state_rows": 10,
                "state_bytes": 10_000,
            }
        )
    return {
        "state": "RUNNING",
        "epoch": second,
        "pid": 1,
        "at": now,
        "started": began,
        "rows_in": second * 10_000,
        "rows_out": second * 9_000,
        "seconds": float(second),
        "late": 0,
        "dead_letters": 0,
        "attempts": 1,
        "checkpoint": {"epoch": second, "at": now, "seconds": 0.01, "bytes": 1000, "full": False, "stall_seconds": 0.0},
        "sources": [],
        "operators": operators,
        "nodes": nodes,
        "metrics": {},
        "warnings": [],
    }


class Job(threading.Thread):
    """Writes the status of a run each second, as its job and the supervisor would."""

    def __init__(self, home: Path, run: int, names: list[str]) -> None:
        super().__init__(daemon=True)
        self._state = home / "runs" / str(run) / "state"
        self._home, self._names = home, names
        self._began = time.time()
        self._ended = threading.Event()

    def run(self) -> None:
        self._state.mkdir(parents=True, exist_ok=True)
        for second in range(1, 1 << 30):
            (self._state / ".new").write_text(json.dumps(status(self._names, second, self._began)), encoding="utf-8")
            (self._state / ".new").replace(self._state / "status.json")
            self._beat()
            if self._ended.wait(1.0):
                return

    def _beat(self) -> None:
        import sqlite3

        with sqlite3.connect(self._home / "db.sqlite3", timeout=20) as database:
            database.execute(
                "INSERT OR REPLACE INTO ide_beat (name, pid, at) VALUES ('supervisor', 1, datetime('now'))"
            )
        database.close()

    def stop(self) -> None:
        self._ended.set()
        self.join()


def run(*, quick: bool = False, nodes: int = NODES) -> dict[str, Any]:
    """Seconds, milliseconds and megabytes, beside what they are to be below."""
    nodes = 200 if quick else nodes
    text = document(nodes)
    with tempfile.TemporaryDirectory(prefix="porsche-canvas-") as folder, _served(Path(folder), text) as (url, made):
        job = Job(
            Path(folder), made["run"], [line.split()[-1] for line in text.splitlines() if line.startswith("  - id:")]
        )
        job.start()
        try:
            figures = _measured(url, made)
        finally:
            job.stop()
    return {"nodes": nodes, **figures, "marks": MARKS}


@contextmanager
def _served(home: Path, text: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """A web process with a pipeline and a run of it."""
    environment = {**os.environ, "PORSCHE_HOME": str(home), "DJANGO_SETTINGS_MODULE": "porsche.settings"}
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, env=environment, check=True)
    filled = subprocess.run(
        [sys.executable, "-c", FILL],
        cwd=ROOT,
        env=environment,
        check=True,
        input=text,
        text=True,
        stdout=subprocess.PIPE,
    )
    made = json.loads(filled.stdout.splitlines()[-1])
    port = _free_port()
    with (home / "web.log").open("wb") as log:
        server = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "uvicorn",
                "porsche.asgi:application",
                "--port",
                str(port),
                "--log-level",
                "warning",
            ],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _await(url, made["token"])
        yield url, made
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)


def _measured(url: str, made: Mapping[str, Any]) -> dict[str, Any]:
    with chromium() as browser:
        context = browser.new_context(base_url=url, viewport={"width": 1440, "height": 900}, locale="en-GB")
        context.set_default_timeout(60_000)
        page = context.new_page()
        page.goto(made["link"])
        loads = [_load(page, f"/pipelines/{made['pipeline']}?run={made['run']}") for _ in range(3)]
        page.wait_for_timeout(2000)
        session = context.new_cdp_session(page)
        frames = {"drag": _frames(browser, page, _drag), "pan": _frames(browser, page, _pan)}
        page.wait_for_timeout(SETTLE * 1000)
        heap = _heap(session)
        context.close()
    parts = {f"frame_{name}_p95_ms": _p95(found) for name, found in frames.items()}
    return {
        "load_s": round(float(np.median(loads)), 2),
        "first_load_s": round(loads[0], 2),
        "frame_p95_ms": max(parts.values()),
        **parts,
        "frame_max_ms": round(max(max(found) for found in frames.values()), 1),
        "frames": {name: len(found) for name, found in frames.items()},
        **heap,
    }


def _load(page: Any, path: str) -> float:
    """Seconds from asking for the page until tiles and wires are there to be seen."""
    page.goto("about:blank")
    page.goto(path, wait_until="commit")
    return float(page.wait_for_function(SHOWN, polling=20).json_value()) / 1000


MIDDLE = """
() => { const flow = document.querySelector(".react-flow").getBoundingClientRect();
        const off = (box) => Math.hypot(box.x + box.width / 2 - flow.x - flow.width * 0.4,
                                        box.y + box.height / 2 - flow.y - flow.height * 0.4);
        const boxes = [...document.querySelectorAll(".react-flow__node")].map((node) => node.getBoundingClientRect());
        const box = boxes.reduce((a, b) => (off(b) < off(a) ? b : a));
        return [box.x + box.width / 2, box.y + box.height / 2]; }
"""
"""Where the tile is that is nearest to the middle."""


def _drag(page: Any) -> None:
    """Moves a tile to and fro, as fast as a hand does."""
    x, y = page.evaluate(MIDDLE)
    page.mouse.move(x, y)
    page.mouse.down()
    _wander(page, x, y)
    page.mouse.up()


def _pan(page: Any) -> None:
    """Moves the canvas by its ground."""
    box = page.locator(".react-flow__pane").bounding_box()
    x, y = box["x"] + box["width"] - 12, box["y"] + 12
    page.mouse.move(x, y)
    page.mouse.down()
    _wander(page, x, y, -1)
    page.mouse.up()


def _wander(page: Any, x: float, y: float, sign: int = 1) -> None:
    until, step = time.monotonic() + GESTURE, 0
    while time.monotonic() < until:
        step += 1
        page.mouse.move(x + sign * 120 * (1 - np.cos(step / 12)), y + 80 * abs(np.sin(step / 9)))
        time.sleep(0.012)


def _frames(browser: Any, page: Any, gesture: Any) -> list[float]:
    """Milliseconds of the main thread for each frame during a gesture."""
    browser.start_tracing(
        page=page,
        categories=[
            "toplevel",
            "devtools.timeline",
            "disabled-by-default-devtools.timeline",
            "cc",
            "benchmark",
            "blink",
            "devtools.timeline.frame",
            "disabled-by-default-devtools.timeline.frame",
        ],
    )
    gesture(page)
    events = json.loads(browser.stop_tracing())["traceEvents"]
    return _work(events)


def _work(events: list[dict[str, Any]]) -> list[float]:
    """Processor time of the renderer's main thread between the beginnings of two of its frames."""
    main = next(
        (e["pid"], e["tid"]) for e in events if e.get("name") == "thread_name" and e["args"]["name"] == "CrRendererMain"
    )
    own = [e for e in events if (e.get("pid"), e.get("tid")) == main]
    begun = sorted(e["ts"] for e in own if e["name"] == "BeginMainThreadFrame")
    tasks = [(e["ts"], e.get("tdur", e.get("dur", 0))) for e in own if e["name"] == "RunTask" and e.get("ph") == "X"]
    spent = np.zeros(len(begun) + 1)
    for at, length in tasks:
        spent[np.searchsorted(begun, at, "right")] += length / 1000
    return [float(each) for each in spent[1:-1]]


def _heap(session: Any) -> dict[str, float]:
    session.send("HeapProfiler.enable")
    session.send("HeapProfiler.collectGarbage")
    found = session.send("Runtime.getHeapUsage")
    parts = {
        name: round(found.get(name, 0) / 1e6, 1) for name in ("usedSize", "embedderHeapUsedSize", "backingStorageSize")
    }
    return {
        "heap_mb": round(sum(parts.values()), 1),
        "heap_js_mb": parts["usedSize"],
        "heap_dom_mb": parts["embedderHeapUsedSize"],
        "heap_buffers_mb": parts["backingStorageSize"],
    }


def _p95(values: list[float]) -> float:
    return round(float(np.percentile(values, 95)), 2)
