from __future__ import annotations

import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from porsche import processes
from porsche.home import Home
from porsche.up import jobs


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
