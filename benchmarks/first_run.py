"""From a clone to a moving metric: what someone waits for who tries this for the first time.

A new clone of this tree's HEAD is set up by `make setup` (packages come from the caches that this machine has), the
platform is started with the shop example, and the API asked until a metric of the model has moved. `--quick` leaves
clone and set-up out: this tree's own environment is used.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[1]
TARGET = 180.0
"""Seconds that it may take, on two cores."""
PATIENCE = 900.0
STEPS = (("environment", ".venv/bin/uv"), ("packages", ".venv/.installed"), ("kernels and pages", "setup"))
"""What `make setup` does, in its order: name, target."""


class Clock:
    """Seconds of each step, in order."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - began, 2)


def run(quick: bool) -> dict[str, Any]:
    """Seconds in all, and of each step."""
    clock = Clock()
    with tempfile.TemporaryDirectory(prefix="porsche-first-run-") as name:
        tree = ROOT if quick else Path(name) / "porsche"
        if not quick:
            _set_up(tree, clock)
        moved = _first_metric(tree, Path(name) / "home", clock)
    total = round(sum(clock.seconds.values()), 2)
    return {"seconds": total, "target_seconds": TARGET, "steps": clock.seconds, **moved}


def _set_up(tree: Path, clock: Clock) -> None:
    with clock("clone"):
        _do(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(tree)], ROOT)
    for step, target in STEPS:
        with clock(step):
            _do(["make", "--no-print-directory", target], tree)


def _do(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=PATIENCE,
                          check=False)
    if done.returncode:
        sys.stderr.write(done.stdout + done.stderr)
        raise RuntimeError(f"{' '.join(command)} ended with status {done.returncode}")


def environment() -> dict[str, str]:
    """As a user has it: of another environment's settings none."""
    left_out = ("PORSCHE_", "VIRTUAL_ENV", "PYTHON", "MAKE", "MFLAGS")
    return {name: value for name, value in os.environ.items() if not name.startswith(left_out)}


def _first_metric(tree: Path, home: Path, clock: Clock) -> dict[str, Any]:
    """Start the platform, wait for a metric to move, end it."""
    porsche = [str(tree / ".venv" / "bin" / "porsche")]
    command = [*porsche, "up", "--home", str(home), "--port", "0", "--json",
               "--example", "examples/shop.yaml", "--rate", "10000"]
    with subprocess.Popen(command, cwd=tree, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True) as process:
        assert process.stdout is not None
        try:
            with clock("platform"):
                line = process.stdout.readline()
            if not line:
                raise RuntimeError("porsche up did not start")
            with clock("metric"), httpx.Client(base_url=json.loads(line)["url"], timeout=10.0) as client:
                client.get(json.loads(line)["sign_in"], follow_redirects=False)
                return _moved(client)
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=120)
            subprocess.run([*porsche, "down", "--home", str(home)], cwd=tree, env=environment(), check=False,
                           stdout=subprocess.DEVNULL, timeout=120)


def _moved(client: httpx.Client) -> dict[str, Any]:
    """The metrics of the model, once they have changed."""
    deadline = time.monotonic() + PATIENCE
    first: Mapping[str, Any] | None = None
    while time.monotonic() < deadline:
        (run,) = client.get("/api/runs").raise_for_status().json()["results"]
        detail = client.get(f"/api/runs/{run['id']}").raise_for_status().json()
        metrics = _of_model(detail["snapshot"] or {})
        if metrics:
            first = first or metrics
            if metrics != first:
                return {"metrics": metrics}
        time.sleep(0.1)
    raise RuntimeError("no metric of the model has moved")


def _of_model(snapshot: Mapping[str, Any]) -> dict[str, Any]:
    """The latest scores that metric sinks show."""
    return {f"{name}.{score}": latest[score] for name, latest in snapshot.get("metrics", {}).items()
            for score in ("auc", "logloss") if latest.get(score) is not None}
