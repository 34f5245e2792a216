"""What a run does, judged from its folder: the process that is noted there, its files, and the clock.

    seen = observe(RunFolder(path), time.time())
    status, reason = seen.status(desired="RUNNING", generation=1)      # Flink's words, and why

`look` reads, `judge` decides and reads nothing. Whoever observes again and again passes what was seen before, so that a
job whose process lives and whose status is fresh, but that does not get on, is seen too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from porsche import processes
from porsche.runners.folder import RunFolder, Spec, read


class State(StrEnum):
    """What can be seen of a run."""

    ABSENT = "ABSENT"  # no process was ever started here
    STARTING = "STARTING"  # a process lives and has not published a status
    RUNNING = "RUNNING"
    STUCK = "STUCK"  # a process lives and does not get on
    STOPPED = "STOPPED"  # it ended by request, after a checkpoint
    FINISHED = "FINISHED"
    FAILED = "FAILED"  # it said why it cannot go on
    DIED = "DIED"  # it ended without a word: killed, or crashed

    @property
    def is_alive(self) -> bool:
        return self in (State.STARTING, State.RUNNING, State.STUCK)


SLOW_START = "slow_start"
"""The code of a process that is stuck before its first status."""
SLOW_CHECKPOINT = "slow_checkpoint"
"""The code of a job whose checkpoint does not get written: its rows may go on."""
FAILING_STORAGE = "checkpoints_failing"
"""The code of a job whose checkpoints are tried again and again: its rows go on."""
AGAIN = "it is started again if this lasts"
SLOW_STORAGE = "is the disk of its state folder slow, or full?"
_STUCK = {"checkpoint": (SLOW_CHECKPOINT, SLOW_STORAGE),
          "storage": (FAILING_STORAGE, "make room, or the folder writable: its rows go on, and it is tried again")}
YOUNG = 5.0
"""Seconds in which a process that was started takes its lock and notes itself."""


@dataclass(frozen=True)
class Limits:
    """Seconds. `stale`: without a status (renewed each second; two less than the ten in which others must know);
    `starting`: until the first status; `interval`: between checkpoints, of which three without any progress are too
    many; `patience`: a stuck process is then ended, one that is long in starting (it restores much, or compiles
    kernels) or in writing a checkpoint after `patience_when_slow`."""

    stale: float = 8.0
    starting: float = 120.0
    interval: float | None = 10.0
    patience: float = 120.0
    patience_when_slow: float = 900.0

    @property
    def still(self) -> float:
        """How long rows and checkpoints may stand still while input waits."""
        return 3 * max(self.interval or 10.0, 1.0)


@dataclass(frozen=True)
class Files:
    """What a folder held. `note`: of the last process; `alive`: that process lives; `halted`: a signal has it wait;
    `held`: some process has the lock, noted or not yet."""

    spec: Spec | None = None
    note: Mapping[str, Any] | None = None
    alive: bool = False
    halted: bool = False
    held: bool = False
    status: Mapping[str, Any] | None = None
    stuck: Mapping[str, Any] | None = None
    failure: Mapping[str, Any] | None = None
    outcome: Mapping[str, Any] | None = None
    stop: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Marks:
    """By what progress is told: rows read, checkpoints completed; `at`: when either last moved, as far as was seen."""

    rows: int
    epoch: int
    at: float


@dataclass(frozen=True)
class Observation:
    """What was seen. `reason`: {code, message, node, hint} of all states but the good ones; `since`: unix seconds;
    `snapshot`: the status that the job published last; `progress`: of its input, 0 to 1; `asked`: a person asked it to
    end; `confined`: the kernel keeps its limits."""

    state: State
    since: float
    reason: Mapping[str, Any] | None = None
    pid: int | None = None
    generation: int = 0
    attempt: int = 0
    asked: bool = False
    marks: Marks | None = None
    snapshot: Mapping[str, Any] | None = None
    failure: Mapping[str, Any] | None = None
    outcome: Mapping[str, Any] | None = None
    confined: bool = False

    @property
    def progress(self) -> float | None:
        return (self.snapshot or {}).get("progress")

    @property
    def retryable(self) -> bool:
        """Whether another attempt may help a run that has no process."""
        return self.state is State.DIED or bool(self.failure and self.failure.get("retryable"))

    def status(self, desired: str, generation: int) -> tuple[str, Mapping[str, Any] | None]:
        """The run's status in the platform's words and its reason, given what a person wants of it: `desired` RUNNING
        or STOPPED, and the generation that was asked for last."""
        if self.state.is_alive:
            return self._status_alive(desired, generation)
        wanted = desired == "RUNNING"
        if self.state is State.ABSENT or (wanted and self.generation < generation):
            return ("CREATED" if wanted else "STOPPED"), None
        if self.state is State.FAILED and not self.retryable:
            return "FAILED", self.reason
        if self.state in (State.FAILED, State.DIED):
            return ("RESTARTING" if wanted else "STOPPED"), self.reason
        if self.state is State.STOPPED and wanted:
            return "STOPPED", SUSPENDED
        return self.state.value, self.reason

    def _status_alive(self, desired: str, generation: int) -> tuple[str, Mapping[str, Any] | None]:
        if desired != "RUNNING" or self.asked:
            return "STOPPING", self.reason
        if self.generation < generation:
            return "RESTARTING", None
        return ("INITIALIZING" if self.state is State.STARTING else self.state.value), self.reason


def reason(code: str, message: str, *, node: str | None = None, hint: str | None = None) -> dict[str, Any]:
    """Why a run's status is what it is."""
    return {"code": code, "message": message, "node": node, "hint": hint}


SUSPENDED = reason("suspended", "the platform was stopped; the run goes on from here when the platform starts again")


def observe(folder: RunFolder, now: float, before: Observation | None = None,
            limits: Limits | None = None) -> Observation:
    """What a run does."""
    return judge(look(folder), now, before, limits or Limits())


def look(folder: RunFolder) -> Files:
    """Read what a folder holds."""
    pid = processes.running(folder.path)
    return Files(
        spec=folder.spec(),
        note=folder.read(processes.NOTE),
        alive=pid is not None,
        halted=pid is not None and processes.is_halted(pid),
        held=pid is None and folder.held(),
        status=read(folder.state / "status.json"),
        stuck=folder.read("stuck"),
        failure=folder.read("failure"),
        outcome=folder.read("outcome"),
        stop=folder.read("stop"),
    )


def judge(files: Files, now: float, before: Observation | None, limits: Limits) -> Observation:
    """What the files of a run mean."""
    if files.spec is None:
        return Observation(State.STARTING if files.held else State.ABSENT, now)
    if files.alive or (files.held and _has_come(files, files.spec)):
        seen = _alive(_Alive(files, files.note or {}, now, before, limits))
    elif files.held or _is_young(files, files.spec, now):
        seen = _alive(_Alive(files, {}, now, before, limits))
    else:
        seen = _ended(files, files.spec, now)
    if before is not None and (before.state, before.attempt, before.generation) == (
            seen.state, seen.attempt, seen.generation) and not seen.outcome and not seen.failure:
        seen = replace(seen, since=before.since)
    return replace(seen, snapshot=files.status)


# ---- a process that lives --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Alive:
    files: Files
    note: Mapping[str, Any]
    now: float
    before: Observation | None
    limits: Limits
    spec: Spec = field(init=False)

    def __post_init__(self) -> None:
        assert self.files.spec is not None
        object.__setattr__(self, "spec", self.files.spec)

    def seen(self, state: State, since: float, why: Mapping[str, Any] | None = None,
             marks: Marks | None = None) -> Observation:
        generation = self.note.get("generation", self.spec.generation)
        asked = (self.files.stop or {}).get("generation", 0) >= generation
        return Observation(state, since, why, self.note.get("pid"), generation,
                           self.note.get("attempt", self.spec.attempt), asked, marks,
                           confined=bool(self.note.get("confined")))


def _alive(it: _Alive) -> Observation:
    status, began = it.files.status or {}, it.note.get("at", it.now)
    if it.files.halted:
        return it.seen(State.STUCK, it.now, reason("halted", "its process is halted",
                                                   hint="SIGCONT lets it go on, SIGKILL has it started again"))
    if status.get("pid") != it.note.get("pid") or status.get("at", 0) < began or status.get("state") == "STARTING":
        return _starting(it, began)
    age = abs(it.now - status["at"])
    if age > it.limits.stale:
        return it.seen(State.STUCK, status["at"] + it.limits.stale, _where(it.files, f"no status for {age:.0f} s"))
    marks = _marks(status, it.now, it.before)
    if status.get("stuck"):
        return it.seen(State.STUCK, status["stuck"]["since"], _told(status["stuck"]), marks)
    if _waits(status) and it.now - marks.at > it.limits.still:
        why = f"neither rows nor checkpoints since {it.now - marks.at:.0f} s, while input waits"
        return it.seen(State.STUCK, marks.at + it.limits.still, _where(it.files, why), marks)
    return it.seen(State.RUNNING, began, None, marks)


def _starting(it: _Alive, began: float) -> Observation:
    status = it.files.status or {}
    told = status.get("pid") == it.note.get("pid") and it.now - status.get("at", 0) < it.limits.stale
    if told and status.get("recomputing"):
        return it.seen(State.STARTING, began)  # its state is made anew, and it gets on with that
    if it.now - began > it.limits.starting:
        why = _where(it.files, f"starting for {it.now - began:.0f} s")
        return it.seen(State.STUCK, began + it.limits.starting, {**why, "code": SLOW_START})
    return it.seen(State.STARTING, began)


def _where(files: Files, why: str) -> dict[str, Any]:
    """The reason of a stuck job, with the operator that it stands in where its process could tell."""
    stuck = files.stuck if files.stuck and files.stuck.get("pid") == (files.note or {}).get("pid") else None
    operator, nodes = (stuck or {}).get("operator"), (stuck or {}).get("nodes") or []
    function = (stuck or {}).get("function")
    where = f"{operator}, function {function}" if function else operator
    return reason("stuck", f"{why}, in {where}" if where else why, node=nodes[0] if nodes else None,
                  hint=AGAIN)


def _told(stuck: Mapping[str, Any]) -> dict[str, Any]:
    """The reason of a job that says itself what it waits for."""
    nodes = stuck.get("nodes") or []
    code, hint = _STUCK.get(stuck["kind"], ("stuck", AGAIN))
    return reason(code, f"{stuck['name']}: {stuck['cause']}", node=nodes[0] if nodes else None, hint=hint)


def _marks(status: Mapping[str, Any], now: float, before: Observation | None) -> Marks:
    checkpoint = status.get("checkpoint") or {}
    rows, epoch = status.get("rows_in") or 0, checkpoint.get("epoch") or status.get("epoch") or 0
    earlier = before.marks if before is not None and before.pid == status.get("pid") else None
    if earlier is not None and (earlier.rows, earlier.epoch) == (rows, epoch):
        return earlier
    return Marks(rows, epoch, now)


def _waits(status: Mapping[str, Any]) -> bool:
    """Whether some source may have rows to give; where that is not told, it may."""
    sources = status.get("sources")
    return sources is None or any(not s.get("idle") and s.get("progress") != 1.0 for s in sources)


def _has_come(files: Files, spec: Spec) -> bool:
    """Whether the process that was started last has noted itself. One that has ended holds the lock until the last of
    its threads is gone."""
    note = files.note or {}
    return (note.get("generation"), note.get("attempt")) == (spec.generation, spec.attempt)


def _is_young(files: Files, spec: Spec, now: float) -> bool:
    """Whether a process was started a moment ago and has not noted itself yet."""
    return not _has_come(files, spec) and 0 <= now - spec.launched < YOUNG


# ---- a process that has ended ----------------------------------------------------------------------------------------


def _ended(files: Files, spec: Spec, now: float) -> Observation:
    def is_of_it(found: Mapping[str, Any] | None) -> bool:
        return found is not None and (found.get("generation"), found.get("attempt")) == (spec.generation, spec.attempt)

    seen = Observation(State.DIED, now, reason("process_died", "its process ended without a word",
                                               hint="killed from outside, out of memory, or a crash: see output.log"),
                       generation=spec.generation, attempt=spec.attempt,
                       asked=(files.stop or {}).get("generation", 0) >= spec.generation)
    if is_of_it(files.outcome):
        outcome = dict(files.outcome or {})
        return replace(seen, state=State(outcome["state"]), since=outcome["at"], reason=None, outcome=outcome)
    if is_of_it(files.failure):
        failed = dict(files.failure or {})
        why = reason(failed["code"], failed["message"], node=failed.get("node"), hint=failed.get("hint"))
        return replace(seen, state=State.FAILED, since=failed["at"], reason=why, failure=failed)
    return seen
