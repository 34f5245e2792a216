"""A platform that really runs: `porsche up` as a process, asked over HTTP as a person who signed in."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

import httpx

from porsche import processes
from porsche.home import Home
from porsche.up import jobs
from tests.runners.jobs import awaited

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-c", "from porsche.cli import main; main()"]
PATIENCE = 120.0
logging.getLogger("httpx").setLevel(logging.WARNING)  # it is asked ten times a second


def porsche(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, env=environment(), timeout=PATIENCE,
                          check=False)


def environment() -> dict[str, str]:
    """As a user has it: nothing of the test process's own platform."""
    return {name: value for name, value in os.environ.items()
            if not name.startswith(("PORSCHE_", "DJANGO_", "PYTEST_"))}


class Up:
    """`porsche up` of a home; a context that ends everything of it. `client`: signed in."""

    def __init__(self, home: Home, *arguments: str, sign_in: bool = True) -> None:
        self.home = home
        self._arguments = ("up", "--home", str(home.path), "--json", "--port", "0", *arguments)
        self._sign_in = sign_in
        self.client = httpx.Client(timeout=60.0)  # machines may be busy
        self.url = ""

    def __enter__(self) -> Self:
        self.process = subprocess.Popen([*COMMAND, *self._arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        stdin=subprocess.DEVNULL, text=True, env=environment())
        try:
            assert self.process.stdout is not None and self.process.stderr is not None
            line = self.process.stdout.readline()
            assert line, self.process.stderr.read()
            self.ready: dict[str, str] = json.loads(line)
            self.url = self.ready["url"]
            self.client.base_url = httpx.URL(self.url)
            if self._sign_in:
                assert self.client.get(self.ready["sign_in"]).status_code == 302
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
        if left(self.home):
            porsche("down", "--home", str(self.home.path))

    # ---- its processes -----------------------------------------------------------------------------------------------

    def pid(self, name: str) -> int:
        """A child's process."""
        return awaited(lambda: processes.running(self.home.processes, name), said=name)

    def job(self, run: int) -> int:
        """The process of a run."""
        return awaited(lambda: processes.running(self.home.run(run)), said=f"the job of run {run}")

    # ---- its API -----------------------------------------------------------------------------------------------------

    def get(self, path: str) -> Any:
        answer = self.client.get(f"/api/{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, value: dict[str, Any] | None = None) -> Any:
        token = self.client.get("/api/session").json()["csrf_token"]
        answer = self.client.post(f"/api/{path}", json=value or {}, headers={"X-CSRFToken": token})
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def run(self, number: int) -> dict[str, Any]:
        """A run as the API shows it; {} while web does not answer."""
        try:
            answer = self.client.get(f"/api/runs/{number}")
        except httpx.HTTPError:
            return {}
        found: dict[str, Any] = answer.json() if answer.status_code == 200 else {}
        return found

    def until(self, run: int, *statuses: str, seconds: float = PATIENCE) -> dict[str, Any]:
        """Wait until a run has one of these statuses."""
        return awaited(lambda: found if (found := self.run(run)).get("status") in statuses else None, seconds,
                       f"run {run} {statuses}, but {self.run(run).get('status')} {self.run(run).get('reason')}")


def holders(path: Path) -> int:
    """How many processes hold a file's lock, as the kernel has it."""
    number = str(path.stat().st_ino)
    lines = Path("/proc/locks").read_text(encoding="utf-8").splitlines()
    return sum(1 for line in lines if "FLOCK" in line and line.split()[-3].rpartition(":")[2] == number)


def left(home: Home) -> list[str]:
    """What still runs of a home."""
    names = [name for name in ("up", "web", "supervisor", "worker") if processes.running(home.processes, name)]
    return [*names, *jobs(home)]


def ended(home: Home, seconds: float = 20.0) -> bool:
    """Whether nothing of a home runs, after a while."""
    deadline = time.monotonic() + seconds
    while left(home) and time.monotonic() < deadline:
        time.sleep(0.1)
    return not left(home)
