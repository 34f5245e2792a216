"""The supervisor: makes of each run what a person wants of it, and writes down what it sees.

    Supervisor(home).run(stop)       # until `stop` is set

Twice a second it compares what is wanted (rows of `Run`) with what is there (processes and folders in HOME/runs), and
starts, ends or only watches. It keeps nothing that counts in memory: a supervisor that dies is followed by one that
finds the running jobs by their notes and locks and goes on. The jobs do not notice.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from django.db import DatabaseError, InterfaceError, close_old_connections, connections, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from engine.errors import UserError
from porsche import processes
from porsche.compiler import DocumentError
from porsche.compiler.environment import BUNDLED, environment
from porsche.home import Home
from porsche.ide.keeping import Keeper, in_order
from porsche.ide.models import Beat, Desired, Run, RunEvent, Status
from porsche.ide.scheduling import Refusal
from porsche.ide.takeover import turn
from porsche.runners.caps import BREACHES
from porsche.runners.cgroups import Groups
from porsche.runners.failures import failure
from porsche.runners.folder import RunFolder, Spec
from porsche.runners.intent import Act, Action, History, Wanted, action
from porsche.runners.launch import Launcher, ask_to_end
from porsche.runners.observe import SUSPENDED, Limits, Observation, State, observe, reason
from porsche.runners.policy import Strategy, checkpoint_interval, settings_of, strategy_of

logger = logging.getLogger(__name__)

NAME = "supervisor"
PERIOD, BEAT, COLLECT, SWEEP = 0.5, 2.0, 1.0, 5.0
"""Seconds between two looks at the runs, two signs of life, two calls of the observers, two searches for strays."""
FINAL = [status for status in Status if status.is_final]
RELEASE = 2.0
"""Seconds in which the threads of a process that was killed end, too."""
PATIENCE_WITH_STRAYS = 10.0


class Observer(Protocol):
    """Who is told of the runs' snapshots, about once a second."""

    def observe(self, run: Run, previous: Mapping[str, Any] | None, snapshot: Mapping[str, Any]) -> None:
        """A run has a new snapshot; `previous`: the one before, None at the first."""

    def forget(self, run: Run) -> None:
        """A run has ended."""

    def close(self) -> None:
        """The supervisor ends."""



@dataclass
class Job:
    """What the supervisor knows of a run besides its row: nothing that it could not find out again."""

    folder: RunFolder
    generation: int = 0
    strategy: Strategy | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    refusal: Refusal | None = None
    limits: Limits = field(default_factory=Limits)
    seen: Observation | None = None
    history: History = field(default_factory=History)
    ending_since: float | None = None
    collected: Mapping[str, Any] | None = None

    def keep(self, history: History) -> None:
        if history != self.history:
            self.history = history
            self.folder.write("attempts", history.as_json())


class Supervisor:
    """One of a home: whoever runs it holds the home's lock (`porsche.supervise`)."""

    def __init__(self, home: Home, observers: Sequence[Observer] = (), clock: Callable[[], float] = time.time,
                 launcher: Launcher | None = None) -> None:
        self._home = home
        self._observers = tuple(observers)
        self._clock = clock
        self._jobs: dict[int, Job] = {}
        self._strays: dict[int, float] = {}
        self._launcher = launcher or Launcher()
        self._keeper = Keeper(home, Groups.found())
        self._next = dict.fromkeys((BEAT, COLLECT, SWEEP), 0.0)
        self._starts = True

    # ---- the loop ----------------------------------------------------------------------------------------------------

    def run(self, stop: threading.Event) -> None:
        """Until `stop` is set; a database that cannot be reached is waited for, jobs go on meanwhile."""
        complained = 0.0
        while not stop.is_set():
            began = time.monotonic()
            try:
                close_old_connections()
                self.tick()
            except (DatabaseError, InterfaceError, OSError) as error:
                if began - complained > 10:
                    logger.warning("cannot go on for now: %s: %s", type(error).__name__, error)
                    complained = began
                connections.close_all()
            except Exception:
                logger.exception("a pass over the runs failed")
            stop.wait(max(PERIOD - (time.monotonic() - began), 0.05))
        with contextlib.suppress(DatabaseError, InterfaceError):
            Beat.objects.filter(name=NAME, pid=os.getpid()).delete()

    def tick(self) -> None:
        """One pass over all runs that are not over."""
        if self._starts:
            self._launcher.poll()
        if self._starts and self._due(BEAT):
            Beat.objects.update_or_create(name=NAME, defaults={"pid": os.getpid(), "at": timezone.now()})
        runs = in_order(pending().select_related("revision", "pipeline", "restored_from"))
        self._keeper.begin((run, job.settings, job.seen) for run, job in self._readable(runs))
        for run in runs:
            try:
                self._reconcile(run)
            except DatabaseError:
                raise
            except Exception as error:  # of this run; the others go on
                self._complain(run, error)
        if self._due(COLLECT) or any(Status(run.status).is_final for run in runs):
            self._collect(runs)
        self._jobs = {run.pk: self._jobs[run.pk] for run in runs if run.pk in self._jobs}
        if self._due(SWEEP):
            self._sweep({run.pk for run in runs})

    def settle(self) -> None:
        """One pass that starts nothing: what was stopped with the platform is noted as such."""
        self._starts = False
        self.tick()

    def _due(self, what: float) -> bool:
        now = time.monotonic()
        if now < self._next[what]:
            return False
        self._next[what] = now + what
        return True

    # ---- one run -----------------------------------------------------------------------------------------------------

    def _reconcile(self, run: Run) -> None:
        job = self._job(run)
        now = self._clock()
        if not self._is_ours(run, job):
            return
        try:
            self._read(run, job)
        except (UserError, DocumentError) as error:
            self._write(run, Status.FAILED, failure(error).as_json(), observed_generation=run.generation)
            return
        job.seen = observe(job.folder, now, job.seen, job.limits)
        self._guard(run, job, job.seen)
        self._note_failure(run, job)
        assert job.strategy is not None
        wanted = Wanted(run.desired, run.generation, str(run.key))
        todo = action(job.seen, wanted, job.history, job.strategy, job.limits, now, job.ending_since)
        waits = self._starts and todo.act is Act.LAUNCH
        job.refusal = (turn(run, pending()) or self._keeper.refused(run, job.settings)) if waits else None
        if job.refusal is None:
            self._act(run, job, todo)
        self._show(run, job, todo)

    def _readable(self, runs: Iterable[Run]) -> Iterator[tuple[Run, Job]]:
        """Those whose documents can be read so far."""
        for run in runs:
            job = self._job(run)
            with contextlib.suppress(UserError, DocumentError):
                self._read(run, job)
                yield run, job

    def _guard(self, run: Run, job: Job, seen: Observation) -> None:
        """End a job that takes too much memory; speak of one that soon will."""
        for told in self._keeper.warnings(run, seen):
            self._happened(run, "warning", told["code"], told["message"], told["node"])
        found = self._keeper.breach(run, seen)
        if found is None or seen.asked:
            return
        job.keep(replace(job.history, breaches=job.history.breaches + 1))
        again = job.history.breaches < BREACHES
        more = "" if again else f"; it did so {BREACHES} times"
        self._end_by_force(run, job, seen, {**found, "message": found["message"] + more, "retryable": again})

    def _complain(self, run: Run, error: Exception) -> None:
        found = failure(error)
        if (run.reason or {}).get("message") != found.message:
            logger.error("run %s: %s", run.pk, found.message, exc_info=error)
        self._write(run, Status(run.status), found.as_json())

    def _job(self, run: Run) -> Job:
        if run.pk not in self._jobs:
            folder = RunFolder(self._home.run(run.pk))
            self._jobs[run.pk] = Job(folder, history=History.of(folder.read("attempts")))
        return self._jobs[run.pk]

    def _is_ours(self, run: Run, job: Job) -> bool:
        """Whether the folder is this run's or new; another database's run of the same number is put aside."""
        spec = job.folder.spec()
        if spec is None or spec.key == str(run.key):
            return True
        pid = processes.running(job.folder.path)
        if pid is not None:
            self._end_stray(pid, job.folder.path)
            return False
        aside = job.folder.path.with_name(f"{job.folder.path.name}-{spec.key[:8]}")
        logger.warning("%s belongs to another run: it is now %s", job.folder.path, aside.name)
        job.folder.path.rename(aside)
        job.history, job.seen = History(), None
        return True

    def _read(self, run: Run, job: Job) -> None:
        """How the run is to be restarted and watched, as its document says."""
        if job.strategy is not None and job.generation == run.generation:
            return
        settings = settings_of(run.revision.document, run.parameters)
        interval = run.options.get("checkpoint_interval") or checkpoint_interval(settings)
        job.strategy, job.generation, job.settings = strategy_of(settings), run.generation, settings
        job.limits = replace(Limits(), interval=interval)

    def _note_failure(self, run: Run, job: Job) -> None:
        """Count a failure, once."""
        seen = job.seen
        assert seen is not None
        if seen.state not in (State.FAILED, State.DIED) or seen.attempt <= job.history.failed:
            return
        job.keep(job.history.with_failure(seen.attempt, seen.since))
        if seen.asked and seen.state is State.DIED:
            return
        why = seen.reason or {}
        facts = {name: (seen.failure or {}).get(name) for name in ("hint", "property", "line", "column", "record")}
        if seen.state is State.DIED:
            facts["output"] = job.folder.last_output()
        self._happened(run, "exception", why.get("code", ""), why.get("message", ""), why.get("node"),
                       {"attempt": seen.attempt, "retryable": seen.retryable, **facts})

    # ---- acting ------------------------------------------------------------------------------------------------------

    def _act(self, run: Run, job: Job, todo: Action) -> None:
        seen = job.seen
        assert seen is not None
        if todo.act is Act.LAUNCH and self._starts and self._launcher.is_ready():
            self._launch(run, job)
        elif todo.act is Act.END and seen.pid is not None:
            ask_to_end(job.folder, seen.generation)
            processes.send(seen.pid, signal.SIGTERM)
            job.ending_since = self._clock()
            job.seen = replace(seen, asked=True)
        elif todo.act is Act.KILL and seen.pid is not None:
            self._kill(run, job, seen, todo.why)

    def _launch(self, run: Run, job: Job) -> None:
        history = job.history.with_launch(run.generation)
        again = history.restarts > job.history.restarts
        where = run.environment if run.environment in BUNDLED else str(Path(run.environment).absolute())
        access = environment(where).allowed(str(job.folder.path), str(self._home.path))
        spec = Spec(run.pk, str(run.key), run.generation, history.attempt, run.revision.document, run.parameters,
                    run.options, where, access, self._keeper.allot(run, job.settings), self._origin(run))
        job.keep(history)
        self._launcher.start(job.folder, spec)
        job.ending_since = None
        job.seen = observe(job.folder, self._clock(), None, job.limits)
        if again:
            self._happened(run, "restart", "restart", f"attempt {history.attempt} begins", data={
                "attempt": history.attempt, "restarts": history.restarts})

    def _origin(self, run: Run) -> str:
        """The folder of the savepoint that a run begins with; "": none."""
        return "" if run.restored_from is None else str(self._home.savepoint(run.restored_from.key))

    def _kill(self, run: Run, job: Job, seen: Observation, why: str) -> None:
        where = seen.reason or {}
        message = f"{why} and was ended" + (f": {where['message']}" if where else "")
        self._end_by_force(run, job, seen, {"code": "stuck", "message": message, "hint": where.get("hint"),
                                            "node": where.get("node"), "retryable": True})

    def _end_by_force(self, run: Run, job: Job, seen: Observation, why: Mapping[str, Any]) -> None:
        """Kill a process, if it is there, and say why in its stead."""
        if seen.pid is not None:
            processes.send(seen.pid, signal.SIGKILL)
            processes.wait([seen.pid], 1.0)
            self._await_release(job)
        mark = {"attempt": seen.attempt, "generation": seen.generation, "at": self._clock()}
        job.folder.write("failure", {**mark, **why})
        job.seen = observe(job.folder, self._clock(), None, job.limits)
        self._note_failure(run, job)

    # ---- showing -----------------------------------------------------------------------------------------------------

    def _await_release(self, job: Job) -> None:
        """Threads of a process that was killed may hold its lock a little longer than it is there: until then it would
        look as if it went on."""
        last = time.monotonic() + RELEASE
        while job.folder.held() and time.monotonic() < last:
            time.sleep(0.01)

    def _show(self, run: Run, job: Job, todo: Action) -> None:
        """Write what is seen into the run's row, as far as it changed."""
        seen = job.seen
        assert seen is not None
        shown, why = seen.status(run.desired, run.generation)
        status = Status(shown)
        if job.refusal is not None:
            status, why = Status.QUEUED, job.refusal.as_reason()
        elif todo.act is Act.GIVE_UP:
            status, why = Status.FAILED, {**(why or {}), "message": f"{(why or {}).get('message')}; {todo.why}"}
        elif todo.act is Act.WAIT and todo.at is not None:
            at = datetime.fromtimestamp(todo.at, UTC)
            why = {**(why or {}), "hint": f"it is started again at {at:%H:%M:%S} UTC"}
        if not self._starts and run.desired == Desired.RUNNING and not seen.state.is_alive and not status.is_final:
            status, why = Status.STOPPED, SUSPENDED
        facts: dict[str, Any] = {"observed_generation": run.generation, "restarts": job.history.restarts}
        if seen.snapshot is not None and seen.snapshot.get("at") != (run.snapshot or {}).get("at"):
            facts |= {"snapshot": seen.snapshot, "observed_at": timezone.now()}
        if seen.outcome is not None:
            facts["outcome"] = seen.outcome
        if run.started_at is None and seen.state is not State.ABSENT:
            facts["started_at"] = timezone.now()
        self._write(run, status, why, **facts)

    def _write(self, run: Run, status: Status, why: Mapping[str, Any] | None, **facts: Any) -> None:
        if why is not None:
            why = reason(why.get("code") or "", why.get("message") or "", node=why.get("node"), hint=why.get("hint"))
        moved = status != run.status
        if moved:
            ended = timezone.now() if status.is_final else None
            facts |= {"status": status.value, "status_since": timezone.now(), "ended_at": ended}
        changed = {name: value for name, value in {**facts, "reason": why}.items() if getattr(run, name) != value}
        if not changed:
            return
        with transaction.atomic():
            Run.objects.filter(pk=run.pk).update(**changed)
            if moved:
                told = why or {}
                self._happened(run, "status", status.value, told.get("message") or "", told.get("node"),
                               {"from": run.status, "reason": why})
        for name, value in changed.items():
            setattr(run, name, value)

    def _happened(self, run: Run, kind: str, code: str, message: str, node: str | None = None,
                  data: Mapping[str, Any] | None = None) -> None:
        RunEvent.objects.create(run=run, kind=kind, code=code[:64], message=message, node=node or "", data=data or {})

    # ---- besides the runs --------------------------------------------------------------------------------------------

    def _collect(self, runs: Sequence[Run]) -> None:
        """Tell the observers of new snapshots, and of runs that have ended."""
        for run in runs:
            job = self._jobs.get(run.pk)
            snapshot = job.seen.snapshot if job is not None and job.seen is not None else None
            if job is not None and snapshot is not None and snapshot != job.collected:
                before, job.collected = job.collected, snapshot
                for observer in self._observers:
                    _tell(observer.observe, run, before, snapshot)
            if Status(run.status).is_final:
                self._keeper.release(run)
                for observer in self._observers:
                    _tell(observer.forget, run)

    def _sweep(self, known: set[int]) -> None:
        """End processes of runs that are over or no more."""
        found = {int(p.name): p for p in self._home.runs.iterdir() if p.name.isdecimal() and int(p.name) not in known}
        living = {number: pid for number, path in found.items() if (pid := processes.running(path)) is not None}
        active = set(pending().filter(pk__in=living).values_list("pk", flat=True))
        for number in living.keys() - active:
            self._end_stray(living[number], found[number])
        alive = set(living.values())
        self._strays = {pid: since for pid, since in self._strays.items() if pid in alive}

    def _end_stray(self, pid: int, folder: Path) -> None:
        since = self._strays.get(pid)
        if since is None:
            logger.warning("process %d works for a run that is over or no more, in %s: it is to end", pid, folder)
            self._strays[pid] = self._clock()
            processes.send(pid, signal.SIGTERM)
        elif self._clock() - since > PATIENCE_WITH_STRAYS:
            processes.send(pid, signal.SIGKILL)


def _tell(observer: Callable[..., None], *what: Any) -> None:
    """An observer's fault is no one else's."""
    try:
        observer(*what)
    except DatabaseError:
        raise
    except Exception:
        logger.exception("an observer failed")


def pending() -> QuerySet[Run]:
    """Runs that are not over: some process works for them, or is to."""
    return Run.objects.filter(
        ~Q(status__in=FINAL) | Q(generation__gt=F("observed_generation"))
        | Q(desired=Desired.RUNNING, status=Status.STOPPED)).order_by("pk")

