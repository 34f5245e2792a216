"""Apache Flink beside the engine: the same query texts over the same JSON lines, where Flink is installed
(`scripts/services/flink.sh install`).

Parallelism 1, JobManager, TaskManager and gateway all on one core, state on the heap, mini-batches of 2 s or 50,000
rows, objects reused, `blackhole` as the sink. A cluster of its own on free ports; the second run of each query counts,
from RUNNING to FINISHED as Flink itself noted them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from string import Template
from typing import Any

from benchmarks.nexmark_queries import DDL, QUERIES, Query

SCRIPT = Path(__file__).resolve().parents[1] / "scripts" / "services" / "flink.sh"
SETTINGS = {
    "parallelism.default": "1",
    "state.backend.type": "hashmap",
    "pipeline.object-reuse": "true",
    "table.exec.mini-batch.enabled": "true",
    "table.exec.mini-batch.allow-latency": "2 s",
    "table.exec.mini-batch.size": "50000",
}
PATIENCE = 900.0
"""Seconds that one statement or job may take."""


def installed() -> bool:
    """Whether the service script has made its installation."""
    cache = Path(os.environ.get("PORSCHE_CACHE") or Path.home() / ".cache" / "porsche")
    return any(cache.glob("flink-*/.ready"))


def seconds(files: Path) -> dict[str, float | None]:
    """What each query takes; None where it fails, the reason on stderr."""
    with _cluster() as ports:
        return {name: _measured(name, query, files, ports) for name, query in QUERIES.items()}


@contextmanager
def _cluster() -> Iterator[dict[str, int]]:
    """A running cluster on this process's core: ports of its gateway and of its REST interface."""
    core = str(max(os.sched_getaffinity(0)))
    with tempfile.TemporaryDirectory() as folder:
        around = {**os.environ, "PORSCHE_SERVICES": folder}
        command = ["taskset", "-c", core, str(SCRIPT)]
        try:
            done = subprocess.run([*command, "start"], env=around, stdout=subprocess.PIPE, text=True, check=True)
            yield json.loads(done.stdout.splitlines()[-1])
        finally:
            subprocess.run([*command, "stop"], env=around, check=False)


def _measured(name: str, query: Query, files: Path, ports: dict[str, int]) -> float | None:
    try:
        _run(query, files, ports)
        return _run(query, files, ports)
    except FlinkError as error:
        print(f"{name} does not run on Flink: {error}", file=sys.stderr)
        return None


def _run(query: Query, files: Path, ports: dict[str, int]) -> float:
    """One run in a session of its own."""
    tables = Template(DDL).substitute(folder=files, format="json")
    with _session(ports["gateway"]) as session:
        for statement in filter(str.strip, tables.split(";")):
            session.execute(statement)
        session.execute(f"CREATE TABLE answer ({query.columns}) WITH ('connector' = 'blackhole')")
        job = session.execute(f"INSERT INTO answer {query.flink}")["jobID"]
    deadline = time.monotonic() + PATIENCE
    while (state := _call(f"http://localhost:{ports['rest']}/jobs/{job}"))["state"] != "FINISHED":
        if state["state"] in ("FAILED", "CANCELED") or time.monotonic() > deadline:
            raise FlinkError(f"the job is {state['state']}")
        time.sleep(0.1)
    return float(state["timestamps"]["FINISHED"] - state["timestamps"]["RUNNING"]) / 1000


# ---- the gateway ------------------------------------------------------------------------------------------------


class FlinkError(Exception):
    """Flink refused a statement, or a job failed."""


class _Session:
    def __init__(self, url: str) -> None:
        self._url = url

    def execute(self, statement: str) -> Any:
        """Run a statement until it has given its result (an INSERT: until it is submitted)."""
        started = _call(f"{self._url}/statements", {"statement": statement})
        result = f"{self._url}/operations/{started['operationHandle']}/result/0?rowFormat=JSON"
        deadline = time.monotonic() + PATIENCE
        while (answer := _call(result))["resultType"] == "NOT_READY":
            if time.monotonic() > deadline:
                raise FlinkError(f"no answer within {PATIENCE:.0f} s to: {statement[:200]}")
            time.sleep(0.05)
        return answer


@contextmanager
def _session(port: int) -> Iterator[_Session]:
    root = f"http://localhost:{port}/v3/sessions"
    url = f"{root}/{_call(root, {'properties': SETTINGS})['sessionHandle']}"
    try:
        yield _Session(url)
    finally:
        _call(url, method="DELETE")


def _call(url: str, body: object = None, method: str | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return json.loads(answer.read() or b"{}")
    except urllib.error.HTTPError as error:
        text = error.read().decode("utf-8", "replace")
        causes = [line for line in text.replace("\\n", "\n").splitlines() if "Caused by:" in line]
        raise FlinkError((causes or [text])[-1][:500]) from error
