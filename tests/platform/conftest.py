from __future__ import annotations

import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from porsche import processes
from porsche.home import Home
from porsche.runners.launch import Launcher
from porsche.up import jobs
from tests.runners.jobs import forking


@pytest.fixture
def home() -> Iterator[Home]:
    """A home folder whose jobs, if any are left, end with the test. Not below pytest's: its path is shorter."""
    made = Home(Path(tempfile.mkdtemp(prefix="porsche-home-")))
    yield made
    left = list(jobs(made).values())
    for pid in left:
        processes.send(pid, signal.SIGKILL)
    processes.wait(left, 5.0)
    shutil.rmtree(made.path, ignore_errors=True)


@pytest.fixture(scope="module")
def launcher() -> Iterator[Launcher]:
    with pytest.MonkeyPatch.context() as patch, forking(patch) as made:
        yield made


@pytest.fixture
def forked(launcher: Launcher, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test's supervisors fork their jobs."""
    monkeypatch.setattr("porsche.ide.supervisor.Launcher", lambda: launcher)
