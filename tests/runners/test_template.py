"""Jobs that are forked from a template are as those that were started anew, and do not depend on it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from porsche import processes
from porsche.compiler import environment
from porsche.runners import launch as launching
from porsche.runners.folder import RunFolder, Spec
from porsche.runners.launch import Launcher
from porsche.runners.observe import Observation, State, observe
from tests.runners.jobs import EVENTS, answers, awaited, forking

LONG = {"rows": "1000000"}
SLOW = {"rate": 500, "checkpoint_interval": 0.2}
Start = Callable[..., RunFolder]


@pytest.fixture
def launcher(monkeypatch: pytest.MonkeyPatch) -> Iterator[Launcher]:
    with forking(monkeypatch) as made:
        yield made


@pytest.fixture
def start(launcher: Launcher, tmp_path: Path) -> Iterator[Start]:
    """Starts a run, numbered from 1 on; what is left of them ends with the test."""
    made: list[RunFolder] = []

    def go(document: str = EVENTS, **fields: Any) -> RunFolder:
        folder = RunFolder(tmp_path / "runs" / str(len(made) + 1))
        access = environment("dev").allowed(str(folder.path), str(tmp_path))
        spec = replace(Spec(len(made) + 1, "key", 1, 1, document, access=access, options={"checkpoint_interval": 0.2}),
                       **fields)
        launcher.start(folder, spec)
        made.append(folder)
        return folder

    yield go
    for folder in made:
        if (pid := processes.running(folder.path)) is not None:
            processes.send(pid, signal.SIGKILL)
            processes.wait([pid], 10.0)


def until(folder: RunFolder, state: State) -> Observation:
    def look() -> Observation | None:
        found = observe(folder, time.time())
        return found if found.state is state else None

    return awaited(look, said=f"{state}, but {observe(folder, time.time())}")


def template_of(launcher: Launcher) -> int:
    assert launcher._template is not None
    return launcher._template.process.pid


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])


def test_from_start_to_end(launcher: Launcher, start: Start) -> None:
    folders = [start(parameters={"rows": "3000"}) for _ in range(3)]
    for folder in folders:
        ended = until(folder, State.FINISHED)
        assert ended.outcome is not None and ended.outcome["rows_in"] == 3000
        assert answers(folder.state) == answers(folders[0].state)
    assert len(answers(folders[0].state)) == 3000
    awaited(lambda: all(not folder.held() for folder in folders))


def test_it_is_a_process_of_its_own(launcher: Launcher, start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its parent apart, nothing tells it from a job that was started anew."""
    monkeypatch.setenv("PORSCHE_SECRET_KNOWN", "hunter2")
    monkeypatch.setenv("PORSCHE_SECRET_OTHER", "hunter3")
    document = EVENTS.replace("parameters: {", 'parameters: {named: {default: "${secret:KNOWN}"}, ')
    folder = start(document, parameters=LONG, options=SLOW)
    pid = until(folder, State.RUNNING).pid
    assert pid is not None
    assert parent(pid) == template_of(launcher)
    assert os.getsid(pid) == pid
    assert os.readlink(f"/proc/{pid}/cwd") == str(folder.path)
    opened = {os.readlink(path) for path in Path(f"/proc/{pid}/fd").iterdir()}
    assert {path for path in opened if path.startswith("/")} <= {
        "/dev/null", str(folder.output), str(folder.log), str(folder.path / "lock"),
        *map(str, folder.state.rglob("*"))}
    assert not [path for path in opened if path.startswith(("socket", "pipe"))]
    given = Path(f"/proc/{template_of(launcher)}/environ").read_bytes()
    assert b"hunter" not in given and b"OPENBLAS_NUM_THREADS=1" in given
    assert folder.path.stat().st_mode & 0o077 == 0
    os.kill(pid, signal.SIGTERM)
    assert until(folder, State.STOPPED).outcome is not None


def test_it_outlives_its_template_and_others_are_started_anew(launcher: Launcher, start: Start) -> None:
    first = start(parameters=LONG, options=SLOW)
    pid = until(first, State.RUNNING).pid
    template = template_of(launcher)
    os.kill(template, signal.SIGKILL)
    second = start(parameters=LONG, options=SLOW)
    other = until(second, State.RUNNING).pid
    assert other is not None and parent(other) == os.getpid()
    assert until(first, State.RUNNING).pid == pid
    launcher.poll()
    assert processes.started(template) is None


def test_a_template_that_hangs_is_given_up(launcher: Launcher, start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it forks too late finds that another process has the run."""
    start(parameters={"rows": "10"})
    template = template_of(launcher)
    monkeypatch.setattr(launching, "FORKS", 0.3)
    os.kill(template, signal.SIGSTOP)
    folder = start(parameters=LONG, options=SLOW)
    pid = until(folder, State.RUNNING).pid
    assert pid is not None and parent(pid) == os.getpid()
    assert processes.started(template) is None
    monkeypatch.setattr(launching, "BREATH", 0.0)
    monkeypatch.setattr(launcher, "_next", 0.0)
    launcher.poll()
    assert template_of(launcher) != template


def test_it_ends_with_its_starter(launcher: Launcher, start: Start) -> None:
    folder = start(parameters=LONG, options=SLOW)
    pid = until(folder, State.RUNNING).pid
    template = template_of(launcher)
    assert launcher._template is not None
    launcher._template._channel.close()  # as the kernel does when its starter is killed
    awaited(lambda: launcher._template is None or launcher._template.process.poll() == 0)
    assert processes.started(template) is None
    assert until(folder, State.RUNNING).pid == pid


def test_remains_of_jobs_are_taken(launcher: Launcher, start: Start) -> None:
    folder = start(parameters=LONG, options=SLOW)
    pid = until(folder, State.RUNNING).pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    awaited(lambda: not Path(f"/proc/{pid}").exists())
    assert until(folder, State.DIED).retryable


def test_a_template_that_does_not_begin_is_waited_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launching, "BEGINS", 60.0)
    with Launcher(forks=True) as launcher:
        assert launcher.is_ready(), "there is none yet"
        launcher.poll()
        template = template_of(launcher)
        os.kill(template, signal.SIGSTOP)
        assert not launcher.is_ready()
        monkeypatch.setattr(launching, "BEGINS", 0.0)
        assert launcher.is_ready(), "jobs are started anew"
        assert processes.started(template) is None
        launcher.poll()
        assert launcher._template is None, "for a while"
