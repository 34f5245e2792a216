"""Limits that the kernel keeps: a control group (v2) for each job, below one that was delegated to the platform.

    groups = Groups.found()                     # None where nothing is delegated
    place = groups.make("run-7", memory=1 << 30, cpu=0.5)
    join(place)                                 # in the job's process
    groups.killed("run-7")                      # how often the kernel ended it for its memory

Delegated is what systemd marks as such (`Delegate=yes` of the platform's unit), or what PORSCHE_CGROUP names. That a
folder of control groups can be written to is not enough: to root, all can.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

logger = logging.getLogger(__name__)

VARIABLE = "PORSCHE_CGROUP"
ROOT = Path("/sys/fs/cgroup")
CONTROLLERS = frozenset({"cpu", "memory"})
PERIOD = 100_000
"""Microseconds in which a job gets its share of the processor."""
_MARK = "user.delegate"
_OWN = "platform"


@dataclass(frozen=True)
class Groups:
    """A delegated control group: the platform's processes are in a group below it, as jobs are."""

    path: Path

    @classmethod
    def found(cls, environment: Mapping[str, str] = os.environ) -> Self | None:
        """What was delegated to this process, made ready; None where nothing was, or it has not what is needed."""
        path = Path(environment[VARIABLE]) if environment.get(VARIABLE) else _delegated()
        if path is None:
            return None
        made = cls(path)
        try:
            made.prepare()
        except (OSError, ValueError) as error:
            logger.warning("the control group %s cannot be used: %s; limits are kept by measuring", path, error)
            return None
        return made

    def prepare(self) -> None:
        """Have the controllers in groups below. ValueError where they are not to be had. A group with groups below it
        that have controllers must have no process itself: those that are there move into one."""
        missing = CONTROLLERS - set((self.path / "cgroup.controllers").read_text(encoding="ascii").split())
        if missing:
            raise ValueError(f"it has no controller for {' and '.join(sorted(missing))}")
        if pids := (self.path / "cgroup.procs").read_text(encoding="ascii").split():
            own = self.path / _OWN
            own.mkdir(exist_ok=True)
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    (own / "cgroup.procs").write_text(pid, encoding="ascii")
        (self.path / "cgroup.subtree_control").write_text("+cpu +memory", encoding="ascii")

    def make(self, name: str, memory: int | None, cpu: float | None) -> Path:
        """A group with these limits (bytes, cores); one that is there gets them."""
        place = self.path / name
        place.mkdir(exist_ok=True)
        (place / "memory.max").write_text("max" if memory is None else str(memory), encoding="ascii")
        (place / "memory.oom.group").write_text("1", encoding="ascii")  # the whole job, not a part of it
        share = "max" if cpu is None else str(max(1000, round(cpu * PERIOD)))
        (place / "cpu.max").write_text(f"{share} {PERIOD}", encoding="ascii")
        return place

    def killed(self, name: str) -> int:
        """How many processes of a group the kernel has ended for their memory."""
        try:
            lines = (self.path / name / "memory.events").read_text(encoding="ascii").splitlines()
        except OSError:
            return 0
        return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)

    def remove(self, name: str) -> None:
        """Take away a group that no process is in."""
        with contextlib.suppress(OSError):
            (self.path / name).rmdir()


def join(place: Path) -> None:
    """Put this process, and those that it will start, into a group. OSError where that cannot be."""
    (place / "cgroup.procs").write_text("0", encoding="ascii")


def _delegated() -> Path | None:
    """The nearest group above this process that is marked as delegated."""
    try:
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    own = next((line[3:] for line in lines if line.startswith("0::")), "/")
    place = ROOT / own.lstrip("/")
    while place != ROOT:
        with contextlib.suppress(OSError):
            if os.getxattr(place, _MARK) == b"1":
                return place
        place = place.parent
    return None
