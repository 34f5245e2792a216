"""What a run does, judged from files: each case is a folder's content, the time, and what follows."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from porsche import processes
from porsche.runners.folder import RunFolder, Spec
from porsche.runners.observe import Files, Limits, Observation, State, judge, look, observe

NOW = 1_000_000.0
LIMITS = Limits(interval=5.0)
SPEC = Spec(7, "key", 2, 3, "", launched=NOW - 100)
NOTE = {"pid": 42, "started": "1", "generation": 2, "attempt": 3, "at": NOW - 99}
STATUS = {"pid": 42, "at": NOW - 0.5, "state": "RUNNING", "rows_in": 10, "epoch": 4}
REMAKING = {**STATUS, "state": "STARTING", "recomputing": {"rows": 1, "of": 2}}
OF_IT = {"generation": 2, "attempt": 3, "at": NOW - 20}
FAILURE = {**OF_IT, "code": "division_by_zero", "message": "by zero", "hint": None, "node": "n", "retryable": False}
LIVING = Files(SPEC, NOTE, alive=True, status=STATUS)
ENDED = Files(SPEC, NOTE, status=STATUS)
STUCK = {"at": NOW, "pid": 42, "operator": "Calc#3", "nodes": ["scored"]}


@pytest.mark.parametrize(("files", "state", "code"), [
    (Files(), State.ABSENT, None),
    (Files(held=True), State.STARTING, None),
    (Files(replace(SPEC, launched=NOW - 1)), State.STARTING, None),
    (Files(replace(SPEC, launched=NOW - 1), {**NOTE, "attempt": 2}), State.STARTING, None),
    (Files(replace(SPEC, launched=NOW - 1), NOTE), State.DIED, "process_died"),
    (Files(replace(SPEC, launched=NOW - 6)), State.DIED, "process_died"),
    (Files(SPEC, held=True), State.STARTING, None),
    (Files(SPEC, {**NOTE, "attempt": 2}, held=True), State.STARTING, None),
    (replace(ENDED, held=True), State.RUNNING, None),
    (replace(ENDED, held=True, outcome={**OF_IT, "state": "FINISHED"}), State.RUNNING, None),
    (replace(LIVING, status=None), State.STARTING, None),
    (replace(LIVING, status={**STATUS, "pid": 41}), State.STARTING, None),
    (replace(LIVING, status={**STATUS, "at": NOW - 200}), State.STARTING, None),
    (replace(LIVING, status={**STATUS, "state": "STARTING"}), State.STARTING, None),
    (replace(LIVING, note={**NOTE, "at": NOW - 130}, status=None), State.STUCK, "slow_start"),
    (replace(LIVING, note={**NOTE, "at": NOW - 130}, status=REMAKING), State.STARTING, None),
    (replace(LIVING, note={**NOTE, "at": NOW - 130}, status={**REMAKING, "at": NOW - 9}), State.STUCK, "slow_start"),
    (LIVING, State.RUNNING, None),
    (replace(LIVING, status={**STATUS, "at": NOW - 7.9}), State.RUNNING, None),
    (replace(LIVING, status={**STATUS, "at": NOW - 8.1}), State.STUCK, "stuck"),
    (replace(LIVING, status={**STATUS, "at": NOW + 3600}), State.STUCK, "stuck"),
    (replace(LIVING, halted=True), State.STUCK, "halted"),
    (replace(LIVING, failure=FAILURE), State.RUNNING, None),
    (ENDED, State.DIED, "process_died"),
    (replace(ENDED, failure=FAILURE), State.FAILED, "division_by_zero"),
    (replace(ENDED, failure={**FAILURE, "attempt": 2}), State.DIED, "process_died"),
    (replace(ENDED, failure={**FAILURE, "generation": 1}), State.DIED, "process_died"),
    (replace(ENDED, outcome={**OF_IT, "state": "FINISHED"}), State.FINISHED, None),
    (replace(ENDED, outcome={**OF_IT, "state": "STOPPED"}), State.STOPPED, None),
    (replace(ENDED, outcome={**OF_IT, "state": "STOPPED", "attempt": 2}, failure=FAILURE), State.FAILED,
     "division_by_zero"),
])
def test_what_the_files_mean(files: Files, state: State, code: str | None) -> None:
    seen = judge(files, NOW, None, LIMITS)
    assert (seen.state, (seen.reason or {}).get("code")) == (state, code)


def test_a_stuck_job_says_where() -> None:
    silent = replace(LIVING, status={**STATUS, "at": NOW - 12}, stuck=STUCK)
    seen = judge(silent, NOW, None, LIMITS)
    assert seen.reason is not None
    assert (seen.reason["node"], seen.reason["message"]) == ("scored", "no status for 12 s, in Calc#3")
    assert seen.since == NOW - 4
    called = judge(replace(silent, stuck={**STUCK, "function": "f"}), NOW, None, LIMITS)
    assert called.reason is not None and called.reason["message"] == "no status for 12 s, in Calc#3, function f"
    other = judge(replace(silent, stuck={**STUCK, "pid": 41}), NOW, None, LIMITS)
    assert other.reason is not None and other.reason["node"] is None


@pytest.mark.parametrize(("kind", "code", "node"), [
    ("source", "stuck", "scored"), ("sink", "stuck", "scored"), ("checkpoint", "slow_checkpoint", None),
    ("storage", "checkpoints_failing", None),
])
def test_a_job_that_says_what_it_waits_for_is_stuck(kind: str, code: str, node: str | None) -> None:
    told = {"kind": kind, "name": "Sink(t)", "nodes": [node] if node else [], "since": NOW - 31, "cause": "it is away"}
    seen = judge(replace(LIVING, status={**STATUS, "stuck": told}), NOW, None, LIMITS)
    assert (seen.state, seen.since) == (State.STUCK, NOW - 31)
    assert seen.reason is not None
    assert (seen.reason["code"], seen.reason["node"], seen.reason["message"]) == (code, node, "Sink(t): it is away")
    assert judge(replace(LIVING, status={**STATUS, "stuck": None}), NOW, None, LIMITS).state is State.RUNNING


def seen_for(seconds: float, changes: Mapping[str, Any] | None = None) -> Observation:
    """A job whose status is fresh all the time and, but for `changes`, the same."""
    first = judge(LIVING, NOW, None, LIMITS)
    later = replace(LIVING, status={**STATUS, "at": NOW + seconds, **(changes or {})})
    return judge(later, NOW + seconds, first, LIMITS)


@pytest.mark.parametrize(("seconds", "changes", "state"), [
    (14.9, {}, State.RUNNING),
    (15.1, {}, State.STUCK),
    (15.1, {"rows_in": 11}, State.RUNNING),
    (15.1, {"epoch": 5}, State.RUNNING),
    (15.1, {"epoch": 5, "checkpoint": {"epoch": 4}}, State.STUCK),
    (15.1, {"checkpoint": {"epoch": 5}}, State.RUNNING),
    (15.1, {"sources": [{"idle": True}]}, State.RUNNING),
    (15.1, {"sources": [{"idle": True}, {"idle": False}]}, State.STUCK),
    (15.1, {"sources": [{"idle": False, "progress": 1.0}]}, State.RUNNING),
])
def test_progress_is_watched_not_only_life(seconds: float, changes: dict[str, Any], state: State) -> None:
    """Three checkpoint intervals (of 5 s) without rows or checkpoints, while input waits."""
    assert seen_for(seconds, changes).state is state


def test_how_long_it_is_so_outlasts_observations() -> None:
    first = judge(LIVING, NOW, None, LIMITS)
    assert first.since == NOTE["at"]
    died = judge(ENDED, NOW + 1, first, LIMITS)
    assert judge(ENDED, NOW + 9, died, LIMITS).since == NOW + 1


@pytest.mark.parametrize(("state", "desired", "generation", "more", "status"), [
    (State.ABSENT, "RUNNING", 1, {}, "CREATED"),
    (State.ABSENT, "STOPPED", 1, {}, "STOPPED"),
    (State.STARTING, "RUNNING", 2, {}, "INITIALIZING"),
    (State.STARTING, "STOPPED", 2, {}, "STOPPING"),
    (State.RUNNING, "RUNNING", 2, {}, "RUNNING"),
    (State.RUNNING, "RUNNING", 3, {}, "RESTARTING"),
    (State.RUNNING, "STOPPED", 2, {}, "STOPPING"),
    (State.RUNNING, "RUNNING", 2, {"asked": True}, "STOPPING"),
    (State.STUCK, "RUNNING", 2, {}, "STUCK"),
    (State.DIED, "RUNNING", 2, {}, "RESTARTING"),
    (State.DIED, "STOPPED", 2, {}, "STOPPED"),
    (State.DIED, "RUNNING", 3, {}, "CREATED"),
    (State.FAILED, "RUNNING", 2, {"failure": {"retryable": True}}, "RESTARTING"),
    (State.FAILED, "STOPPED", 2, {"failure": {"retryable": True}}, "STOPPED"),
    (State.FAILED, "RUNNING", 2, {"failure": {"retryable": False}}, "FAILED"),
    (State.FAILED, "STOPPED", 2, {"failure": {"retryable": False}}, "FAILED"),
    (State.FAILED, "RUNNING", 3, {"failure": {"retryable": False}}, "CREATED"),
    (State.STOPPED, "STOPPED", 2, {}, "STOPPED"),
    (State.STOPPED, "RUNNING", 3, {}, "CREATED"),
    (State.FINISHED, "RUNNING", 2, {}, "FINISHED"),
    (State.FINISHED, "STOPPED", 2, {}, "FINISHED"),
])
def test_status(state: State, desired: str, generation: int, more: dict[str, Any], status: str) -> None:
    """What was seen is of generation 2."""
    seen = Observation(state, NOW, generation=2, **more)
    assert seen.status(desired, generation)[0] == status


def test_stopped_with_the_platform_is_told_from_stopped_by_a_person() -> None:
    suspended = Observation(State.STOPPED, NOW, generation=2).status("RUNNING", 2)
    assert suspended[0] == "STOPPED"
    assert suspended[1] is not None and suspended[1]["code"] == "suspended"


# ---- real folders ----------------------------------------------------------------------------------------------------

CHILD = """
import sys, time
from pathlib import Path
from porsche import processes
from porsche.runners.folder import RunFolder
folder = RunFolder(Path(sys.argv[1]))
held = folder.lock()
print("locked", flush=True)
sys.stdin.readline()
processes.note(folder.path, generation=1, attempt=1, at=time.time())
print("noted", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    made = RunFolder(tmp_path / "run")
    made.prepare(Spec(1, "key", 1, 1, ""))
    return made


@pytest.fixture
def child(folder: RunFolder) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen([sys.executable, "-c", CHILD, str(folder.path)], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def say(child: subprocess.Popen[str]) -> str:
    assert child.stdin is not None and child.stdout is not None
    child.stdin.write("\n")
    child.stdin.flush()
    return child.stdout.readline().strip()


def test_a_real_process_from_lock_to_end(folder: RunFolder, child: subprocess.Popen[str]) -> None:
    assert child.stdout is not None and child.stdout.readline() == "locked\n"
    launched = folder.spec()
    assert launched is not None
    assert look(folder).held and folder.lock() is None
    assert observe(folder, launched.launched + 60).state is State.STARTING, "it holds the lock"
    assert say(child) == "noted"
    found = look(folder)
    assert found.alive and found.note is not None and found.note["pid"] == child.pid
    os.kill(child.pid, signal.SIGSTOP)
    os.waitpid(child.pid, os.WUNTRACED)
    halted = observe(folder, launched.launched + 1)
    assert halted.state is State.STUCK and halted.reason is not None and halted.reason["code"] == "halted"
    child.kill()
    child.wait()
    assert observe(folder, launched.launched + 1).state is State.DIED
    assert not folder.held()


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"run": 1}', '{"pid": "x"}', "\x00"])
def test_damaged_files_are_as_good_as_none(folder: RunFolder, text: str) -> None:
    for name in ("process", "failure", "outcome", "stop", "stuck", "attempts"):
        (folder.path / f"{name}.json").write_text(text, encoding="utf-8")
    folder.state.mkdir()
    (folder.state / "status.json").write_text(text, encoding="utf-8")
    assert observe(folder, NOW * 2000).state is State.DIED
    (folder.path / "job.json").write_text(text, encoding="utf-8")
    assert observe(folder, NOW * 2000).state is State.ABSENT
    assert processes.running(folder.path) is None
