"""Which runs have room on the machine, and which wait: first come, first served.

    room = Room(resources, quotas)
    room.take(claim)                     # of each run that has a process, or is between two of them
    refusal = room.admit(claim)          # of each that wants one, in the order of the queue

What waits for slots or memory of the machine holds back those behind it: otherwise small runs would keep a large one
waiting for ever. What waits for its project's quota holds back nobody else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from porsche.ide.models import Quota, Run, Status
from porsche.runners.caps import RESERVED, Caps, Resources, caps_of, shown

HOLDING = (Status.INITIALIZING, Status.RUNNING, Status.STUCK, Status.RESTARTING, Status.STOPPING)
"""What a run that has its share of the machine looks like."""


@dataclass(frozen=True)
class Claim:
    """What a run takes: slots, bytes of memory."""

    project: int
    slots: int
    memory: int


@dataclass(frozen=True)
class Taken:
    """What several runs take together."""

    runs: int = 0
    slots: int = 0
    memory: int = 0

    def and_(self, claim: Claim) -> Taken:
        return Taken(self.runs + 1, self.slots + claim.slots, self.memory + claim.memory)


@dataclass(frozen=True)
class Share:
    """What they may take at most; None: no limit."""

    runs: int | None = None
    slots: int | None = None
    memory: int | None = None

    @classmethod
    def of(cls, quota: Quota) -> Share:
        return cls(quota.runs, quota.slots, quota.memory)

    def lacks(self, taken: Taken) -> str | None:
        """The first thing of which this would be too much."""
        return next((name for name in ("slots", "memory", "runs")
                     if (most := getattr(self, name)) is not None and getattr(taken, name) > most), None)


@dataclass(frozen=True)
class Refusal:
    """Why a run has to wait. `lacking`: slots, memory, runs; `position` in the queue, from 1 on; `ever`: it could have
    room if others had ended."""

    lacking: str
    message: str
    hint: str
    position: int = 0
    ever: bool = True

    def as_reason(self) -> dict[str, Any]:
        where = f" (number {self.position} in the queue)" if self.position else ""
        return {"code": f"no_{self.lacking}", "message": self.message + where, "node": None, "hint": self.hint}


class Room:
    """What is taken of a machine, and by which project."""

    def __init__(self, resources: Resources, quotas: Mapping[int, Share]) -> None:
        self._machine = Share(None, resources.slots, resources.memory)
        self._quotas = quotas
        self.taken = Taken()
        self.by_project: defaultdict[int, Taken] = defaultdict(Taken)
        self._queue = 0
        self._held_back: str | None = None

    def take(self, claim: Claim) -> None:
        self.taken = self.taken.and_(claim)
        self.by_project[claim.project] = self.by_project[claim.project].and_(claim)

    def admit(self, claim: Claim) -> Refusal | None:
        """Take what a run needs, or say why it has to wait."""
        refusal = self.refusal(claim)
        if refusal is None:
            self.take(claim)
            return None
        if not refusal.ever:
            return refusal
        self._queue += 1
        return replace(refusal, position=self._queue)

    def refusal(self, claim: Claim) -> Refusal | None:
        """Why there is no room now; None where there is."""
        never = never_fits(claim, self._machine, self._quotas.get(claim.project))
        if never is not None:
            return never
        quota, of_project = self._quotas.get(claim.project, Share()), self.by_project[claim.project]
        if lacking := quota.lacks(of_project.and_(claim)):
            used = _part(lacking, of_project, quota)
            return Refusal(lacking, f"waits for {_words(lacking, claim)}: its project uses {used}",
                           "stop another run of the project, or have its quota raised: porsche quota")
        self._held_back = lacking = self._held_back or self._machine.lacks(self.taken.and_(claim))
        if lacking is None:
            return None
        used = _part(lacking, self.taken, self._machine)
        return Refusal(lacking, f"waits for {_words(lacking, claim)}: {used} are in use",
                       f"it starts when others have ended; {_HINTS[lacking]}")


_HINTS = {"slots": "PORSCHE_SLOTS says how many there are", "memory": "PORSCHE_MEMORY says how much there is"}


def never_fits(claim: Claim, machine: Share, quota: Share | None) -> Refusal | None:
    """Why a run has no room even where nothing else runs; None where it has."""
    alone = Taken().and_(claim)
    for share, whose, hint in ((machine, "the machine has", "give it less, or the platform more (porsche resources)"),
                               (quota or Share(), "its project may have", "have its quota raised: porsche quota")):
        if lacking := share.lacks(alone):
            most = getattr(share, lacking)
            has = shown(most) if lacking == "memory" else str(most)
            return Refusal(lacking, f"it needs {_words(lacking, claim)}, but {whose} {has}", hint, ever=False)
    return None


def _words(lacking: str, claim: Claim) -> str:
    if lacking == "memory":
        return f"{shown(claim.memory)} of memory"
    count = claim.slots if lacking == "slots" else 1
    return f"{count} {lacking if count != 1 else lacking.removesuffix('s')}"


def _part(lacking: str, taken: Taken, share: Share) -> str:
    used, most = getattr(taken, lacking), getattr(share, lacking)
    return f"{shown(used)} of {shown(most)}" if lacking == "memory" else f"{used} of {most} {lacking}"


# ---- of rows ---------------------------------------------------------------------------------------------------------


def quotas() -> dict[int, Quota]:
    """The quotas that there are, by their project."""
    return {quota.project_id: quota for quota in Quota.objects.all()}


def caps_for(run: Run, settings: Mapping[str, str], quota: Quota | None, resources: Resources) -> Caps:
    """What a run may take. Errors: `bad_option`."""
    memory = (quota.job_memory if quota else None) or resources.job_memory
    cpu = (quota.job_cpu if quota else None) or resources.job_cpu
    return caps_of(run.options, settings, memory, cpu)


def claim_of(project: int, caps: Caps, used: int = 0) -> Claim:
    """What a run takes: its limit, else what it was seen to use, and no less than what is set aside for each."""
    return Claim(project, caps.slots, caps.memory or max(RESERVED, used))
