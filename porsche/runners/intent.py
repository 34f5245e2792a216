"""What has to be done so that a run becomes what a person wants of it: a pure function of what is seen and wanted.

`History` is what a supervisor has to know of the past to decide; it lies in the run's folder, so that it outlives the
supervisor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from porsche.runners.observe import FAILING_STORAGE, SLOW_CHECKPOINT, SLOW_START, Limits, Observation, State
from porsche.runners.policy import Strategy

KEPT = 2_000
"""Failures that are remembered."""
TIME_TO_END = 180.0
"""Seconds that a job may take for its last checkpoint; Flink's `task.cancellation.timeout`."""


class Act(StrEnum):
    """What to do."""

    NOTHING = "NOTHING"
    LAUNCH = "LAUNCH"  # start a process
    END = "END"  # ask the process to take a checkpoint and end
    KILL = "KILL"  # the process does not get on, or does not end
    WAIT = "WAIT"  # start a process later
    GIVE_UP = "GIVE_UP"  # the restart strategy allows no more


@dataclass(frozen=True)
class Action:
    """`at`: when to start again (WAIT); `why`: in words (KILL, GIVE_UP)."""

    act: Act
    at: float | None = None
    why: str = ""


@dataclass(frozen=True)
class History:
    """`attempt`: processes started over the run's life; `restarts`: those that no person asked for; `failures`: times
    of the failures of a generation, `failed`: the attempt that the last of them ended, `breaches`: those of them that
    took too much memory."""

    generation: int = 0
    attempt: int = 0
    restarts: int = 0
    failures: tuple[float, ...] = ()
    failed: int = 0
    breaches: int = 0

    @classmethod
    def of(cls, value: Mapping[str, Any] | None) -> History:
        """From JSON values."""
        known = {name: v for name, v in (value or {}).items() if name in cls.__dataclass_fields__}
        return cls(**{**known, "failures": tuple(known.get("failures", ()))})

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def with_failure(self, attempt: int, at: float) -> History:
        """After an attempt failed; each counts once."""
        if attempt <= self.failed:
            return self
        return replace(self, failures=(*self.failures, at)[-KEPT:], failed=attempt)

    def with_launch(self, generation: int) -> History:
        """After a process was started; another generation has all its restarts before it, and what was only suspended
        is not restarted."""
        fresh = generation != self.generation
        again = not fresh and self.failed == self.attempt > 0
        return replace(self, generation=generation, attempt=self.attempt + 1, restarts=self.restarts + again,
                       failures=() if fresh else self.failures, breaches=0 if fresh else self.breaches)


@dataclass(frozen=True)
class Wanted:
    """What a person wants of a run: RUNNING or STOPPED, in this generation. `seed`: of the jitter, one for each run."""

    desired: str
    generation: int
    seed: str = ""


def action(seen: Observation, wanted: Wanted, history: History, strategy: Strategy, limits: Limits, now: float,
           ending_since: float | None = None) -> Action:
    """What to do now. `ending_since`: when the process was asked to end."""
    if seen.state.is_alive:
        return _of_living(seen, wanted, limits, now, ending_since)
    if wanted.desired != "RUNNING" or seen.state is State.FINISHED:
        return Action(Act.NOTHING)
    if seen.state in (State.ABSENT, State.STOPPED) or seen.generation < wanted.generation:
        return Action(Act.LAUNCH)
    if not seen.retryable:
        return Action(Act.NOTHING)
    decision = strategy.decide(history.failures or (seen.since,), wanted.seed)
    if decision.at is None:
        return Action(Act.GIVE_UP, why=decision.why)
    return Action(Act.LAUNCH) if now >= decision.at else Action(Act.WAIT, decision.at)


def _of_living(seen: Observation, wanted: Wanted, limits: Limits, now: float, ending_since: float | None) -> Action:
    if wanted.desired == "RUNNING" and seen.generation >= wanted.generation and not seen.asked:
        code = (seen.reason or {}).get("code")
        if code == FAILING_STORAGE:
            return Action(Act.NOTHING)  # it would meet the same disk, having lost what it did since its last checkpoint
        is_slow = code in (SLOW_START, SLOW_CHECKPOINT)
        patience = limits.patience_when_slow if is_slow else limits.patience
        if seen.state is State.STUCK and now - seen.since > patience and seen.pid is not None:
            return Action(Act.KILL, why=f"it did not get on for {now - seen.since:.0f} s")
        return Action(Act.NOTHING)
    if seen.pid is None:
        return Action(Act.NOTHING)  # its note will come
    if ending_since is None:
        return Action(Act.END)
    if now - ending_since > TIME_TO_END:
        return Action(Act.KILL, why=f"it did not end within {TIME_TO_END:.0f} s")
    return Action(Act.NOTHING)
