"""What jobs take of the machine, as the kernel tells: memory of their own, processor time.

    found = Found.now()                     # one look at /proc
    usage_of(found.family(pid))             # of a job with all the processes that it started

A job's memory is what would be free without it: pages that it wrote itself. What it shares with the process it was
forked from, and pages of files (libraries, mapped state), which the kernel takes back when it needs room, are no part.
"""

from __future__ import annotations

import contextlib
import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

PROC = Path("/proc")
PAGE = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")
LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
_OWN = ("Pss_Anon:", "SwapPss:")


@dataclass(frozen=True)
class Process:
    """`seconds`: of processor time, with that of its children that have ended."""

    pid: int
    parent: int
    seconds: float


@dataclass(frozen=True)
class Usage:
    """Of a job: bytes of its own memory, seconds of processor time so far, processes."""

    memory: int
    seconds: float
    processes: int


@dataclass(frozen=True)
class Found:
    """All processes of the machine, at a moment."""

    known: Mapping[int, Process]
    children: Mapping[int, Sequence[int]]

    @classmethod
    def now(cls) -> Self:
        known: dict[int, Process] = {}
        children: defaultdict[int, list[int]] = defaultdict(list)
        for entry in os.listdir(PROC):
            if entry.isdigit() and (process := _process(int(entry))) is not None:
                known[process.pid] = process
                children[process.parent].append(process.pid)
        return cls(known, children)

    def family(self, pid: int) -> list[Process]:
        """A process and those that it started, and those that these did; [] where it is gone."""
        if pid not in self.known:
            return []
        found, seen = [pid], 0
        while seen < len(found):
            found += self.children.get(found[seen], ())
            seen += 1
        return [self.known[one] for one in found]


def usage_of(processes: Iterable[Process]) -> Usage:
    """What the processes of a job take together."""
    known = list(processes)
    return Usage(sum(own_memory(p.pid) for p in known), sum(p.seconds for p in known), len(known))


def own_memory(pid: int) -> int:
    """Bytes of a process's own memory; a page that is shared by n processes counts as its n-th part. It costs about a
    millisecond for each hundred megabytes; 0 where the process is gone."""
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith(_OWN))


def most_memory(pid: int) -> int:
    """What `own_memory` is at most, at next to no cost."""
    try:
        resident, shared = map(int, (PROC / str(pid) / "statm").read_text(encoding="ascii").split()[1:3])
    except (OSError, ValueError):
        return 0
    return (resident - shared) * PAGE


def of_machine(limits: Iterable[Path] = LIMITS) -> int:
    """Bytes of memory that the machine has, or the container that this is; `limits`: files that may say so."""
    found = [os.sysconf("SC_PHYS_PAGES") * PAGE]
    for path in limits:
        with contextlib.suppress(OSError, ValueError):
            found.append(int(path.read_text(encoding="ascii")))
    return min(found)


def cores() -> int:
    """Cores that this process may run on."""
    return len(os.sched_getaffinity(0))


def _process(pid: int) -> Process | None:
    try:
        fields = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    if fields[0] in "ZX":
        return None
    return Process(pid, int(fields[1]), sum(map(int, fields[11:15])) / TICKS)
