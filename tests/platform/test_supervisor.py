"""The supervisor over real jobs: its passes are called here, one after another, as its loop would."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from porsche import processes
from porsche.home import Home
from porsche.ide.models import Beat, Desired, Pipeline, Project, Revision, Run, Status
from porsche.ide.supervisor import PATIENCE_WITH_STRAYS, Supervisor
from porsche.runners.folder import RunFolder, write
from porsche.runners.observe import Limits
from porsche.up import has_ended
from tests.runners.jobs import EVENTS, answers, awaited

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.usefixtures("forked")]
SLOW = {"rate": 2000, "checkpoint_interval": 0.2, "batch_rows": 200}
LONG = {"rows": "1000000"}


def made(document: str = EVENTS, **fields: Any) -> Run:
    """A run that is wanted to run."""
    project, _ = Project.objects.get_or_create(slug="tests")
    pipeline, _ = Pipeline.objects.get_or_create(project=project, slug="events")
    number = pipeline.revisions.count() + 1
    revision = Revision.objects.create(pipeline=pipeline, number=number, document=document, digest="")
    return Run.objects.create(pipeline=pipeline, revision=revision, **fields)


def until(supervisor: Supervisor, run: Run, status: Status, more: Callable[[], bool] = lambda: True) -> None:
    """Passes until the run has a status (and something more is so)."""
    def tick() -> bool:
        supervisor.tick()
        run.refresh_from_db()
        return run.status == status and more()

    awaited(tick, 60, f"{status}")


def want(run: Run, **fields: Any) -> None:
    """What a service does: change the intent."""
    Run.objects.filter(pk=run.pk).update(**fields)
    run.refresh_from_db()


def folder(home: Home, run: Run) -> RunFolder:
    return RunFolder(home.run(run.pk))


def pid_of(home: Home, run: Run) -> int:
    pid = processes.running(home.run(run.pk))
    assert pid is not None
    return pid


def rows_in(run: Run) -> int:
    return int((run.snapshot or {}).get("rows_in") or 0)


def statuses(run: Run) -> list[str]:
    return list(run.events.filter(kind="status").order_by("id").values_list("code", flat=True))


def test_a_run_from_wish_to_outcome(home: Home) -> None:
    supervisor, run = Supervisor(home), made(options={"checkpoint_interval": 0.2}, parameters={"rows": "2500"})
    assert run.status == Status.CREATED
    until(supervisor, run, Status.FINISHED)
    assert run.outcome is not None and run.snapshot is not None
    assert (run.outcome["rows_in"], run.snapshot["rows_in"], run.restarts, run.reason) == (2500, 2500, 0, None)
    assert run.observed_generation == 1
    assert run.started_at is not None and run.ended_at is not None and run.started_at < run.ended_at
    seen = statuses(run)
    assert seen[0] == "INITIALIZING" and seen[-1] == "FINISHED" and len(seen) == len(set(seen))
    assert len(answers(folder(home, run).state)) == 2500
    beat = Beat.objects.get(name="supervisor")
    assert beat.pid == os.getpid()
    events = run.events.count()
    for _ in range(3):
        supervisor.tick()
    assert run.events.count() == events, "nothing more happens to it"


def test_stopped_and_started_it_goes_on(home: Home) -> None:
    supervisor, run = Supervisor(home), made(options=SLOW, parameters=LONG)
    until(supervisor, run, Status.RUNNING, lambda: rows_in(run) > 0)
    pid = pid_of(home, run)
    want(run, desired=Desired.STOPPED)
    until(supervisor, run, Status.STOPPED)
    assert statuses(run)[-2:] == ["STOPPING", "STOPPED"]
    assert run.snapshot is not None and run.reason is None
    before = run.snapshot["rows_in"]
    want(run, desired=Desired.RUNNING, generation=2)
    until(supervisor, run, Status.RUNNING)
    assert pid_of(home, run) != pid
    assert run.snapshot["rows_in"] >= before > 0
    assert (run.observed_generation, run.restarts) == (2, 0)


def test_a_killed_job_is_started_again(home: Home) -> None:
    supervisor, run = Supervisor(home), made(options=SLOW, parameters=LONG)
    until(supervisor, run, Status.RUNNING)
    pid = pid_of(home, run)
    folder(home, run).output.write_text("its last words, password=hunter2", encoding="utf-8")
    os.kill(pid, signal.SIGKILL)
    until(supervisor, run, Status.RESTARTING)
    assert run.reason is not None and run.reason["code"] == "process_died"
    assert "started again at" in run.reason["hint"]
    until(supervisor, run, Status.RUNNING)
    assert (run.restarts, run.reason) == (1, None)
    assert pid_of(home, run) != pid
    exception, restart = run.events.get(kind="exception"), run.events.get(kind="restart")
    assert (exception.code, exception.data["attempt"], exception.data["retryable"]) == ("process_died", 1, True)
    assert exception.data["output"] == "its last words, password=***"
    assert restart.data == {"attempt": 2, "restarts": 1}


def test_another_supervisor_takes_running_jobs_over(home: Home) -> None:
    first, run = Supervisor(home), made(options=SLOW, parameters=LONG)
    until(first, run, Status.RUNNING)
    pid = pid_of(home, run)
    second = Supervisor(home)
    until(second, run, Status.RUNNING)
    events = run.events.count()
    for _ in range(3):
        second.tick()
    assert (pid_of(home, run), run.events.count()) == (pid, events)
    want(run, desired=Desired.STOPPED)
    until(second, run, Status.STOPPED)


def test_what_happened_while_there_was_no_supervisor_is_made_good(home: Home) -> None:
    """One run was started and never seen, one died, one was asked to stop, one finished."""
    first = Supervisor(home)
    dead, stopped, done = (made(options=SLOW, parameters=p) for p in (LONG, LONG, {"rows": "9000"}))
    for run in (dead, stopped, done):
        until(first, run, Status.RUNNING)
    created = made(options=SLOW, parameters=LONG)
    pid = pid_of(home, stopped)
    os.kill(pid_of(home, dead), signal.SIGKILL)
    want(stopped, desired=Desired.STOPPED)
    awaited(lambda: folder(home, done).read("outcome"))
    second = Supervisor(home)
    until(second, created, Status.RUNNING)
    until(second, stopped, Status.STOPPED)
    until(second, done, Status.FINISHED)
    until(second, dead, Status.RUNNING)
    assert processes.started(pid) is None
    assert (dead.restarts, done.restarts) == (1, 0)


@pytest.mark.parametrize(("document", "parameters", "code", "node"), [
    (EVENTS, {"divisor": "no_such_column"}, "unknown_column", "computed"),
    (EVENTS, {"divisor": "1 / (impression_id - impression_id)"}, "division_by_zero", "computed"),
    ("version: 1\nname: [", {}, "syntax", None),
    (EVENTS.replace("restart-strategy.exponential-delay.max-backoff: 500 ms", "restart-strategy.type: sometimes"), {},
     "bad_option", None),
])
def test_what_cannot_run_fails_once_with_its_place(home: Home, document: str, parameters: dict[str, str], code: str,
                                                   node: str | None) -> None:
    supervisor, run = Supervisor(home), made(document, parameters=parameters)
    until(supervisor, run, Status.FAILED)
    assert run.reason is not None
    assert (run.reason["code"], run.reason["node"], run.restarts) == (code, node, 0)
    for _ in range(3):
        supervisor.tick()
    assert statuses(run)[-1] == "FAILED" and statuses(run).count("FAILED") == 1
    assert processes.running(home.run(run.pk)) is None


def test_a_failed_run_can_be_started_anew(home: Home) -> None:
    never = EVENTS.replace("restart-strategy.exponential-delay.max-backoff: 500 ms", "restart-strategy.type: none")
    supervisor, run = Supervisor(home), made(never, options=SLOW, parameters=LONG)
    until(supervisor, run, Status.RUNNING)
    os.kill(pid_of(home, run), signal.SIGKILL)
    until(supervisor, run, Status.FAILED)
    assert run.reason is not None and "'restart-strategy.type' is none" in run.reason["message"]
    want(run, generation=2)
    until(supervisor, run, Status.RUNNING)
    assert run.restarts == 0


def test_restarts_have_a_limit(home: Home) -> None:
    """What is in the way stays there: two restarts, then the run has failed."""
    fixed = EVENTS.replace("restart-strategy.exponential-delay.max-backoff: 500 ms",
                           "restart-strategy.type: fixed-delay\n"
                           "  restart-strategy.fixed-delay.attempts: 2\n  restart-strategy.fixed-delay.delay: 100 ms")
    supervisor, run = Supervisor(home), made(fixed, options=SLOW, parameters=LONG)
    place = home.run(run.pk)
    place.mkdir(parents=True)
    (place / "state").write_text("in the way", encoding="utf-8")
    until(supervisor, run, Status.FAILED)
    assert run.restarts == 2
    assert run.reason is not None and run.reason["code"] == "state_folder"
    assert "it was started again 2 times" in run.reason["message"]
    assert run.events.filter(kind="exception").count() == 3


def test_a_halted_job_is_stuck_until_it_goes_on(home: Home) -> None:
    supervisor, run = Supervisor(home), made(options=SLOW, parameters=LONG)
    until(supervisor, run, Status.RUNNING)
    pid = pid_of(home, run)
    os.kill(pid, signal.SIGSTOP)
    until(supervisor, run, Status.STUCK)
    assert run.reason is not None and run.reason["code"] == "halted"
    os.kill(pid, signal.SIGCONT)
    until(supervisor, run, Status.RUNNING)
    assert (run.reason, run.restarts, pid_of(home, run)) == (None, 0, pid)


def test_a_job_that_stays_stuck_is_started_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("porsche.ide.supervisor.Limits", lambda: Limits(patience=0.5))
    supervisor, run = Supervisor(home), made(options=SLOW, parameters=LONG)
    until(supervisor, run, Status.RUNNING)
    pid = pid_of(home, run)
    os.kill(pid, signal.SIGSTOP)
    until(supervisor, run, Status.STUCK)
    until(supervisor, run, Status.RUNNING)
    assert run.restarts == 1
    assert processes.started(pid) is None
    failed = run.events.get(kind="exception")
    assert failed.code == "stuck" and "its process is halted" in failed.message


def test_the_process_of_a_deleted_run_is_ended(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("porsche.ide.supervisor.SWEEP", 0.0)
    supervisor, run = Supervisor(home), made(options=SLOW, parameters=LONG)
    until(supervisor, run, Status.RUNNING)
    pid = pid_of(home, run)
    run.delete()

    def gone() -> bool:
        supervisor.tick()
        return processes.started(pid) is None

    awaited(gone)
    assert PATIENCE_WITH_STRAYS > 1


def test_a_folder_of_another_database_is_put_aside(home: Home) -> None:
    """A new database begins to count at one; nothing of the old run 1 may get into the new one."""
    supervisor, run = Supervisor(home), made(parameters={"rows": "2000"})
    until(supervisor, run, Status.FINISHED)
    key = str(run.key)
    want(run, key="11111111-2222-3333-4444-555555555555", status=Status.CREATED, outcome=None)
    until(Supervisor(home), run, Status.FINISHED)
    assert len(answers(folder(home, run).state)) == 2000
    aside = home.runs / f"{run.pk}-{key[:8]}"
    assert len(answers(aside / "state")) == 2000


@pytest.mark.parametrize("damage", ["job", "process", "attempts", "stop"])
def test_damaged_files_do_not_stop_it(home: Home, damage: str) -> None:
    supervisor, run = Supervisor(home), made(options=SLOW, parameters={"rows": "6000"})
    until(supervisor, run, Status.RUNNING)
    os.kill(pid_of(home, run), signal.SIGKILL)
    (home.run(run.pk) / f"{damage}.json").write_text('{"generation": ', encoding="utf-8")
    until(Supervisor(home), run, Status.FINISHED)
    assert len(answers(folder(home, run).state)) == 6000


def test_suspended_with_the_platform_it_goes_on_with_it(home: Home) -> None:
    supervisor, run = Supervisor(home), made(options=SLOW, parameters=LONG)
    until(supervisor, run, Status.RUNNING)
    pid = pid_of(home, run)
    os.kill(pid, signal.SIGTERM)
    awaited(lambda: has_ended(home, str(run.pk), pid))
    Supervisor(home).settle()
    run.refresh_from_db()
    assert (run.status, run.desired) == (Status.STOPPED, Desired.RUNNING)
    assert run.reason is not None and run.reason["code"] == "suspended"
    until(Supervisor(home), run, Status.RUNNING)
    assert run.restarts == 0


class Told:
    """An observer that remembers."""

    def __init__(self) -> None:
        self.heard: list[tuple[int | None, int]] = []
        self.forgotten: list[int] = []

    def observe(self, run: Run, previous: Mapping[str, Any] | None, snapshot: Mapping[str, Any]) -> None:
        self.heard.append((previous["rows_in"] if previous else None, snapshot["rows_in"]))
        if len(self.heard) == 2:
            raise ValueError("an observer's fault is no one else's")

    def forget(self, run: Run) -> None:
        self.forgotten.append(run.pk)

    def close(self) -> None:
        pass


def test_observers_get_each_snapshot_once(home: Home) -> None:
    told = Told()
    supervisor, run = Supervisor(home, [told]), made(options=SLOW, parameters={"rows": "8000"})
    until(supervisor, run, Status.FINISHED)
    assert told.heard[0][0] is None
    assert [before for before, _ in told.heard[1:]] == [rows for _, rows in told.heard[:-1]]
    assert told.heard[-1][1] == 8000 and len(told.heard) >= 3
    assert told.forgotten == [run.pk]


@pytest.mark.django_db(transaction=True)
def test_one_that_was_started_twice_runs_once(home: Home) -> None:
    """Two supervisors at once (which the lock of a home forbids) still start one process that works."""
    run = made(options=SLOW, parameters={"rows": "6000"})
    several = [Supervisor(home), Supervisor(home)]

    def tick() -> bool:
        for supervisor in several:
            supervisor.tick()
        run.refresh_from_db()
        return run.status == Status.FINISHED

    awaited(tick)
    assert len(answers(folder(home, run).state)) == 6000


def test_its_loop_ends_when_asked(home: Home) -> None:
    stop = threading.Event()
    stop.set()
    began = time.monotonic()
    Supervisor(home).run(stop)
    assert time.monotonic() - began < 5
    assert not Beat.objects.filter(name="supervisor").exists()


def test_notes_are_json_others_can_read(home: Home) -> None:
    supervisor, run = Supervisor(home), made(options=SLOW, parameters=LONG)
    until(supervisor, run, Status.RUNNING)
    spec = json.loads((home.run(run.pk) / "job.json").read_text("utf-8"))
    assert set(spec) == {"run", "key", "generation", "attempt", "document", "parameters", "options", "environment",
                         "access", "caps", "restore", "launched"}
    assert spec["access"]["paths"] == [str(home.run(run.pk)), f"{home.path}/data"]
    assert spec["access"]["hosts"] == []
    write(home.run(run.pk) / "stop.json", {"generation": 1})
    until(supervisor, run, Status.STOPPING)
