"""A running job asked for a checkpoint by a file in its folder."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine.errors import UserError
from porsche.compiler import environment
from porsche.runners.asked import fresh_checkpoint
from porsche.runners.folder import RunFolder, Spec
from porsche.runners.launch import launch
from porsche.runners.savepoints import checkpoints, save
from tests.runners.jobs import EVENTS, awaited, json_of


@pytest.fixture
def job(tmp_path: Path) -> Iterator[tuple[RunFolder, subprocess.Popen[bytes]]]:
    """A slow job that takes no checkpoint by itself."""
    folder = RunFolder(tmp_path / "runs" / "1")
    access = environment("dev").allowed(str(folder.path), str(tmp_path))
    options = {"rate": 500, "batch_rows": 50, "checkpoint_interval": 10_000}
    process = launch(folder, Spec(1, "key", 1, 1, EVENTS, {"rows": "1000000"}, options, access=access))
    try:
        awaited(lambda: (folder.read("process") and (folder.state / "status.json").exists()
                         and json_of(folder.state / "status.json").get("state") == "RUNNING"))
        yield folder, process
    finally:
        process.kill()
        process.wait()


def test_asked_by_several_at_once(job: tuple[RunFolder, subprocess.Popen[bytes]]) -> None:
    """Each gets a checkpoint that was begun after it asked; the job goes on."""
    folder, process = job
    assert checkpoints(folder) == []
    with ThreadPoolExecutor(4) as pool:
        epochs = list(pool.map(lambda _: fresh_checkpoint(folder), range(4)))
    known = [made["epoch"] for made in checkpoints(folder)]
    assert min(epochs) >= 1 and set(epochs) <= {*range(1, max(known) + 1)}
    assert fresh_checkpoint(folder) > max(epochs)
    assert process.poll() is None


def test_a_savepoint_of_a_job_that_is_halted_is_not_waited_for_for_ever(
        job: tuple[RunFolder, subprocess.Popen[bytes]]) -> None:
    folder, process = job
    os.kill(process.pid, signal.SIGSTOP)
    with pytest.raises(UserError) as error:
        fresh_checkpoint(folder, patience=0.5)
    assert error.value.code == "no_fresh_checkpoint"
    os.kill(process.pid, signal.SIGCONT)
    assert fresh_checkpoint(folder) >= 1


def test_of_a_job_that_is_killed_its_last_checkpoint_is_taken(job: tuple[RunFolder, subprocess.Popen[bytes]],
                                                              tmp_path: Path) -> None:
    folder, process = job
    epoch = fresh_checkpoint(folder)
    process.kill()
    process.wait()
    with pytest.raises(UserError) as error:
        fresh_checkpoint(folder)
    assert error.value.code == "not_running"
    assert save(folder, tmp_path / "kept", name="kept")["epoch"] == epoch
    assert save(folder, tmp_path / "kept", name="kept")["name"] == "kept", "made before, it is left as it is"
