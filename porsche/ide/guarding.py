"""What the supervisor does about jobs that take too much: it measures them, says so, and ends those that go too far.

    guard = Guard(home, Groups.found())
    guard.measure({7: Guarded(pid, caps, confined=False)})      # at each look at the runs
    guard.usage(7), guard.is_over(7)

Where the kernel keeps a run's limits (`porsche.runners.cgroups`), it is measured only to be shown. What is measured
lies in HOME/processes/usage.json, for whoever asks.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from porsche.home import Home
from porsche.runners import measure
from porsche.runners.caps import SOFT, Caps
from porsche.runners.cgroups import Groups
from porsche.runners.folder import write
from porsche.runners.measure import Process

FULL = 5.0
"""Seconds between two measurings of a run that is far from its limit."""
WRITE = 2.0
WINDOW = 5.0
"""Seconds over which a job's use of the processor is averaged."""
TOO_FAST = 1.5
"""So many times its share a job has to take over a whole window before it is spoken of: starting is not paced."""


@dataclass(frozen=True)
class Guarded:
    """A job's process and its limits; `confined`: the kernel keeps them."""

    pid: int
    caps: Caps
    confined: bool = False


@dataclass
class Known:
    """What was measured of a run's process. `cpu`: cores, over the last seconds."""

    of: Guarded
    memory: int = 0
    cpu: float | None = None
    warned: bool = False
    hurried: bool = False
    measured: float = float("-inf")
    since: float = 0.0
    watched: float = 0.0
    seconds: list[tuple[float, float]] = field(default_factory=list)

    def count(self, seconds: float, now: float) -> None:
        """Note the processor time that was used so far."""
        self.since = self.since or now
        self.watched = now - self.since
        self.seconds.append((now, seconds))
        while len(self.seconds) > 2 and now - self.seconds[1][0] >= WINDOW:
            self.seconds.pop(0)
        before, passed = self.seconds[0][1], now - self.seconds[0][0]
        if passed > 0:
            self.cpu = max(0.0, (seconds - before) / passed)


class Guard:
    """Of one home. `groups`: where the kernel can keep limits."""

    def __init__(self, home: Home, groups: Groups | None = None,
                 clock: Callable[[], float] = time.monotonic) -> None:
        self.groups = groups
        self._file = home.processes / "usage.json"
        self._clock = clock
        self._known: dict[int, Known] = {}
        self._written = float("-inf")

    def measure(self, jobs: Mapping[int, Guarded]) -> None:
        """Look at the jobs that run, by their run."""
        found = measure.Found.now() if jobs else measure.Found({}, {})
        self._known = {run: self._of(run, job) for run, job in jobs.items()}
        for known in self._known.values():
            self._look(known, found.family(known.of.pid))
        if self._clock() - self._written >= WRITE:
            self._written = self._clock()
            self._write()

    def usage(self, run: int) -> Known | None:
        return self._known.get(run)

    def is_over(self, run: int) -> bool:
        """Whether a run takes more memory than it may, and nobody else ends it."""
        known = self._known.get(run)
        limit = None if known is None else known.of.caps.memory
        return known is not None and limit is not None and not known.of.confined and known.memory > limit

    def is_near(self, run: int) -> bool:
        """Whether a run takes much of the memory that it may: true once for each process."""
        known = self._known.get(run)
        limit = None if known is None else known.of.caps.memory
        if known is None or limit is None or known.warned or known.memory <= SOFT * limit:
            return False
        known.warned = True
        return True

    def is_fast(self, run: int) -> bool:
        """Whether a run takes more of the processor than it may: true once for each process."""
        known = self._known.get(run)
        limit = None if known is None else known.of.caps.cpu
        if known is None or limit is None or known.hurried or known.watched < 3 * WINDOW:
            return False
        known.hurried = known.cpu is not None and known.cpu > TOO_FAST * limit
        return known.hurried

    # ---- control groups ----------------------------------------------------------------------------------------------

    def group(self, run: int, caps: Caps) -> Path | None:
        """The control group for a run's next process; None where limits are kept by measuring."""
        if self.groups is None:
            return None
        try:
            return self.groups.make(_name(run), caps.memory, caps.cpu)
        except OSError:
            return None

    def was_killed(self, run: int) -> bool:
        """Whether the kernel ended a run for its memory."""
        return self.groups is not None and self.groups.killed(_name(run)) > 0

    def release(self, run: int) -> None:
        """A run has no process: its group is made anew with the next one."""
        if self.groups is not None:
            self.groups.remove(_name(run))

    # ---- measuring ---------------------------------------------------------------------------------------------------

    def _of(self, run: int, job: Guarded) -> Known:
        known = self._known.get(run)
        if known is None or known.of.pid != job.pid:
            return Known(job)
        known.of = job
        return known

    def _look(self, known: Known, found: list[Process]) -> None:
        """Memory is measured exactly where it may matter by now, else now and then."""
        now = self._clock()
        known.count(sum(process.seconds for process in found), now)
        limit = known.of.caps.memory
        near = limit is not None and sum(measure.most_memory(p.pid) for p in found) > SOFT * limit
        if near or now - known.measured >= FULL:
            known.measured = now
            known.memory = sum(measure.own_memory(process.pid) for process in found)

    def _write(self) -> None:
        write(self._file, {
            "at": time.time(),
            "enforcement": enforcement(self.groups is not None),
            "runs": {str(run): {"memory": known.memory, "cpu": known.cpu, "pid": known.of.pid,
                                "memory_limit": known.of.caps.memory, "cpu_limit": known.of.caps.cpu,
                                "slots": known.of.caps.slots, "enforcement": enforcement(known.of.confined)}
                     for run, known in self._known.items()}})


def enforcement(confined: bool) -> dict[str, str]:
    """Who keeps a limit: the kernel's control group; the supervisor, which measures and ends; the job, which paces
    itself."""
    return {"memory": "cgroup", "cpu": "cgroup"} if confined else {"memory": "measured", "cpu": "paced"}


def _name(run: int) -> str:
    return f"run-{run}"
