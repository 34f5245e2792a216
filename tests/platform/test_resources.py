"""Limits, slots and the queue over real jobs: the supervisor's passes are called here, as its loop would."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from pytest_django import Settings

from porsche import processes
from porsche.home import Home
from porsche.ide import guarding
from porsche.ide.models import Desired, Quota, Run, Status
from porsche.ide.selectors import resources
from porsche.ide.supervisor import Supervisor
from porsche.runners import measure
from porsche.runners.folder import RunFolder, read, write
from tests.platform.test_supervisor import LONG, SLOW, made, pid_of, rows_in, statuses, until, want

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.usefixtures("forked")]
MB = 1 << 20
ENDLESS = {"rows": "100000000"}


def give(settings: Settings, **what: Any) -> None:
    settings.RESOURCES = replace(settings.RESOURCES, **what)


def tick(supervisor: Supervisor, *runs: Run) -> list[str]:
    supervisor.tick()
    for run in runs:
        run.refresh_from_db()
    return [run.status for run in runs]


def test_what_finds_no_room_is_queued_and_starts_when_there_is(home: Home, settings: Settings) -> None:
    give(settings, slots=2)
    supervisor = Supervisor(home)
    first, second, third, fourth = (made(options=SLOW, parameters=LONG) for _ in range(4))
    until(supervisor, second, Status.RUNNING)
    assert tick(supervisor, third, fourth) == [Status.QUEUED, Status.QUEUED]
    assert third.reason is not None and fourth.reason is not None
    assert third.reason["code"] == "no_slots"
    assert third.reason["message"] == "waits for 1 slot: 2 of 2 slots are in use (number 1 in the queue)"
    assert "number 2" in fourth.reason["message"]
    assert processes.running(home.run(third.pk)) is None
    pid = pid_of(home, first)
    other = Supervisor(home)  # one that has to find out who has room
    assert tick(other, third)[0] == Status.QUEUED
    want(second, desired=Desired.STOPPED)
    until(other, third, Status.RUNNING)
    assert tick(other, first, second, fourth) == [Status.RUNNING, Status.STOPPED, Status.QUEUED]
    assert fourth.reason is not None and "number 1" in fourth.reason["message"]
    assert statuses(third)[0] == "QUEUED" and pid_of(home, first) == pid
    want(fourth, desired=Desired.STOPPED)
    until(other, fourth, Status.STOPPED)


def test_a_job_that_is_started_again_keeps_its_place(home: Home, settings: Settings) -> None:
    give(settings, slots=1)
    supervisor, first = Supervisor(home), made(options=SLOW, parameters=LONG)
    until(supervisor, first, Status.RUNNING)
    second = made(options=SLOW, parameters=LONG)
    processes.send(pid_of(home, first), 9)
    until(supervisor, first, Status.RUNNING, lambda: first.restarts == 1)
    assert tick(supervisor, second) == [Status.QUEUED]


def test_a_projects_quota_is_its_own(home: Home, settings: Settings) -> None:
    supervisor = Supervisor(home)
    first, second = made(options=SLOW, parameters=LONG), made(options=SLOW, parameters=LONG)
    quota = Quota.objects.create(project=first.pipeline.project, runs=1)
    until(supervisor, first, Status.RUNNING)
    assert tick(supervisor, second) == [Status.QUEUED]
    assert second.reason is not None and second.reason["code"] == "no_runs"
    quota.runs = None
    quota.save()
    until(supervisor, second, Status.RUNNING)


def test_a_job_that_takes_too_much_memory_is_ended(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The least limit there is, far below what any job takes: three attempts, then a person has to do something."""
    supervisor, run = Supervisor(home), made(options={**SLOW, "memory": 64 * MB}, parameters=LONG)
    until(supervisor, run, Status.FAILED)
    assert run.reason is not None
    assert run.reason["code"] == "memory_limit" and "its limit is 64 MB (measured)" in run.reason["message"]
    assert "it did so 3 times" in run.reason["message"] and "memory" in run.reason["hint"]
    assert run.restarts == 2 and processes.running(home.run(run.pk)) is None
    assert [event.code for event in run.events.filter(kind="exception")] == ["memory_limit"] * 3


def test_a_breach_names_the_operator_with_most_state(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a gigabyte is enough for it; then what was measured is taken for ten times as much."""
    supervisor, run = Supervisor(home), made(options={**SLOW, "memory": 512 * MB}, parameters=LONG)
    until(supervisor, run, Status.RUNNING, lambda: rows_in(run) > 400)
    assert run.events.filter(kind="warning").count() == 0
    monkeypatch.setattr(measure, "most_memory", lambda pid: 450 * MB)
    monkeypatch.setattr(measure, "own_memory", lambda pid: 450 * MB)
    until(supervisor, run, Status.RUNNING, lambda: run.events.filter(kind="warning").exists())
    warned = run.events.get(kind="warning")
    assert (warned.code, warned.node) == ("memory_high", "counted")
    assert "450 MB of memory, 88% of its limit of 512 MB" in warned.message
    monkeypatch.setattr(measure, "most_memory", lambda pid: 600 * MB)
    monkeypatch.setattr(measure, "own_memory", lambda pid: 600 * MB)
    until(supervisor, run, Status.RESTARTING)
    assert run.reason is not None and run.reason["node"] == "counted"
    assert "it took 600 MB of memory" in run.reason["message"] and "of 'counted'" in run.reason["message"]
    monkeypatch.undo()
    until(supervisor, run, Status.RUNNING)
    assert run.reason is None, "the next attempt is another process"


def test_a_paced_job_keeps_to_its_share(home: Home) -> None:
    """As fast as it can, with a fifth of a core. What it uses is at most that, however busy the machine is."""
    supervisor, run = Supervisor(home), made(options={"cpu": 0.2, "checkpoint_interval": 0.5}, parameters=ENDLESS)
    until(supervisor, run, Status.RUNNING, lambda: rows_in(run) > 0)
    pid = pid_of(home, run)
    began, before, rows = time.monotonic(), used(pid), rows_in(run)
    until(supervisor, run, Status.RUNNING, lambda: rows_in(run) > rows and time.monotonic() - began > 3.0)
    assert used(pid) - before <= 0.2 * (time.monotonic() - began) + 0.3, "a round, or a checkpoint, may be on its way"
    processes.send(pid, 9)


def used(pid: int) -> float:
    """Seconds of processor time."""
    return sum(process.seconds for process in measure.Found.now().family(pid))


def test_what_is_taken_can_be_asked_for(home: Home, settings: Settings,
                                        monkeypatch: pytest.MonkeyPatch) -> None:
    settings.HOME = home
    give(settings, slots=3, memory=1024 * MB)
    monkeypatch.setattr(guarding, "WRITE", 0.0)
    monkeypatch.setattr(guarding, "FULL", 0.0)
    supervisor = Supervisor(home)
    run = made(options={**SLOW, "memory": 600 * MB, "cpu": 0.5, "shards": 2}, parameters=LONG)
    until(supervisor, run, Status.RUNNING)
    waits = made(options={**SLOW, "memory": 600 * MB}, parameters=LONG)
    until(supervisor, waits, Status.QUEUED)
    supervisor.tick()
    from porsche.ide.models import Project

    found = resources.resources(Project.objects.all())
    assert found["enforcement"] == {"memory": "measured", "cpu": "paced"}
    machine = found["machine"]
    assert (machine["slots"], machine["memory"]) == (3, 1024 * MB)
    assert machine["taken"] == {"runs": 1, "slots": 2, "memory": 600 * MB} == found["projects"][0]["taken"]
    (shown,), (queued,) = found["runs"], found["queue"]
    assert (shown["run"], shown["slots"], shown["memory_limit"], shown["cpu_limit"]) == (run.pk, 2, 600 * MB, 0.5)
    assert 10 * MB < shown["memory"] < 600 * MB and shown["enforcement"] == found["enforcement"]
    assert (queued["run"], queued["reason"]["code"], queued["memory"]) == (waits.pk, "no_memory", 600 * MB)
    assert resources.resources(Project.objects.none())["runs"] == []
    spec = read(home.run(run.pk) / "job.json")
    assert spec is not None and spec["caps"] == {"memory": 600 * MB, "cpu": 0.5, "slots": 2, "group": None}


def test_one_that_fails_again_and_again_leaves_others_alone(home: Home) -> None:
    """Three jobs, one of them killed whenever it runs: the others stay RUNNING, the same processes, and go on."""
    supervisor = Supervisor(home)
    steady = [made(options=SLOW, parameters=LONG) for _ in range(2)]
    weak = made(options=SLOW, parameters=LONG)
    for run in (*steady, weak):
        until(supervisor, run, Status.RUNNING)
    pids, rows = [pid_of(home, run) for run in steady], [rows_in(run) for run in steady]
    for crash in (1, 2):
        processes.send(pid_of(home, weak), 9)
        until(supervisor, weak, Status.RUNNING, _again(weak, crash))
        assert tick(supervisor, *steady) == [Status.RUNNING, Status.RUNNING]
    until(supervisor, steady[0], Status.RUNNING, lambda: rows_in(steady[0]) > rows[0] + 200)
    assert [pid_of(home, run) for run in steady] == pids
    assert all("STUCK" not in statuses(run) and run.restarts == 0 for run in steady)


def _again(run: Run, restarts: int) -> Callable[[], bool]:
    return lambda: run.restarts == restarts


def test_what_the_kernel_ended_is_told_as_such(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """No control group is delegated to tests: the file in which the kernel counts is written by hand."""
    group = home.folder("group")
    for name, text in (("cgroup.controllers", "cpu memory"), ("cgroup.procs", ""), ("cgroup.subtree_control", "")):
        write_text(group, name, text)
    monkeypatch.setenv("PORSCHE_CGROUP", str(group))
    supervisor, run = Supervisor(home), made(options={**SLOW, "memory": 512 * MB, "cpu": 0.5}, parameters=LONG)
    until(supervisor, run, Status.RUNNING)
    pid = pid_of(home, run)
    place = group / f"run-{run.pk}"
    assert (place / "memory.max").read_text("ascii") == str(512 * MB)
    assert (place / "cgroup.procs").read_text("ascii") == "0", "it entered by itself"
    seen = read(RunFolder(home.run(run.pk)).path / "process.json")
    assert seen is not None and seen["confined"] is True
    write_text(place, "memory.events", "oom_kill 1\n")
    processes.send(pid, 9)
    until(supervisor, run, Status.RESTARTING)
    assert run.reason is not None and run.reason["code"] == "memory_limit"
    assert "its limit is 512 MB (control group)" in run.reason["message"]


def write_text(folder: Any, name: str, text: str) -> None:
    (folder / name).write_text(text, encoding="ascii")


def test_a_file_of_usage_that_is_damaged_says_nothing(home: Home, settings: Settings) -> None:
    settings.HOME = home
    write(home.processes / "usage.json", {"runs": {}})
    (home.processes / "usage.json").write_text('{"runs": ', encoding="utf-8")
    assert resources.usage() == {}
    run = made()
    assert resources.of_run(run) is None
