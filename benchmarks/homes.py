"""A platform that is up in a folder of its own, for benchmarks of many jobs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx

from porsche import processes
from porsche.home import Home

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 300.0
T = TypeVar("T")


class Up:
    """`porsche up`; a context that ends everything of it. `variables`: of its environment, such as PORSCHE_SLOTS."""

    def __init__(self, **variables: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="porsche-benchmark-")
        self.home = Home(Path(self._folder.name))
        self._environment = {name: value for name, value in os.environ.items()
                             if not name.startswith(("PORSCHE_", "DJANGO_"))} | variables
        self._client = httpx.Client(timeout=30.0)
        self._headers: dict[str, str] = {}

    def __enter__(self) -> Self:
        command = [*_porsche("up"), "--home", str(self.home.path), "--port", "0", "--json"]
        self._process = subprocess.Popen(command, cwd=ROOT, env=self._environment, stdout=subprocess.PIPE,
                                         stderr=subprocess.DEVNULL, text=True)
        assert self._process.stdout is not None
        try:
            ready = json.loads(self._process.stdout.readline())
            self._client.base_url = httpx.URL(ready["url"])
            self._client.get(ready["sign_in"])
            self._headers = {"X-CSRFToken": self.get("session")["csrf_token"]}
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()
        self._process.send_signal(signal.SIGTERM)
        self._process.communicate(timeout=PATIENCE)
        subprocess.run([*_porsche("down"), "--home", str(self.home.path)], cwd=ROOT, env=self._environment, check=False,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=PATIENCE)
        self._folder.cleanup()

    def get(self, path: str) -> Any:
        return self._client.get(f"/api/{path}").raise_for_status().json()

    def post(self, path: str, value: Mapping[str, Any]) -> Any:
        return self._client.post(f"/api/{path}", json=value, headers=self._headers).raise_for_status().json()

    def pipeline(self, slug: str, document: str) -> int:
        """The number of a new pipeline, in a project of its own."""
        project = self.post("projects", {"slug": slug})["slug"]
        return int(self.post("pipelines", {"project": project, "slug": slug, "document": document})["id"])

    def start(self, pipeline: int, **options: Any) -> int:
        """The number of a new run."""
        return int(self.post("runs", {"pipeline": pipeline, "options": options})["id"])

    def is_running(self, run: int) -> bool:
        found = self.get(f"runs/{run}")
        if found["status"] == "FAILED":
            raise RuntimeError(f"run {run} failed: {found['reason']}")
        return bool(found["status"] == "RUNNING")

    def pid(self, run: int) -> int | None:
        """The process of a run."""
        return processes.running(self.home.run(run))


def _porsche(command: str) -> list[str]:
    return [sys.executable, "-c", "from porsche.cli import main; main()", command]


def awaited(what: Callable[[], T], pause: float = 0.05) -> T:
    """What a function gives once it gives something true."""
    deadline = time.monotonic() + PATIENCE
    while not (found := what()):
        if time.monotonic() > deadline:
            raise RuntimeError(f"not within {PATIENCE:g} s")
        time.sleep(pause)
    return found
