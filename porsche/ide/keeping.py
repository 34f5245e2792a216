"""What the supervisor asks about the machine's resources, at each look at the runs: who has room, who takes too much.

    keeper.begin(jobs)                       # of all runs that are not over
    keeper.refused(run, settings)            # why a run has to wait, or None: its room is taken now
    keeper.allot(run, settings)              # the limits of its next process
    keeper.breach(run, seen)                 # why it has to end, or None
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from typing import Any

from django.conf import settings as configured

from engine.errors import UserError
from porsche.home import Home
from porsche.ide.guarding import Guard, Guarded
from porsche.ide.models import Quota, Run, Status
from porsche.ide.scheduling import HOLDING, Refusal, Room, Share, caps_for, claim_of, quotas
from porsche.runners import caps as texts
from porsche.runners.caps import Caps
from porsche.runners.cgroups import Groups
from porsche.runners.observe import Observation, State

Jobs = Iterable[tuple[Run, Mapping[str, str], Observation | None]]
"""A run, the settings of its document, and what was last seen of it."""


class Keeper:
    """Of one home."""

    def __init__(self, home: Home, groups: Groups | None = None) -> None:
        self._guard = Guard(home, groups)
        self._quotas: dict[int, Quota] = {}
        self._room = Room(configured.RESOURCES, {})
        self._told: dict[int, tuple[int | None, set[tuple[str, str]]]] = {}

    def begin(self, jobs: Jobs) -> None:
        """Measure the jobs that run, and count what is taken."""
        self._quotas = quotas()
        self._room = Room(configured.RESOURCES, {project: Share.of(quota) for project, quota in self._quotas.items()})
        guarded = {}
        for run, settings, seen in jobs:
            try:
                caps = self._caps(run, settings)
            except UserError:
                continue  # it cannot run, and will be told so
            if seen is not None and seen.state.is_alive and seen.pid is not None:
                guarded[run.pk] = Guarded(seen.pid, self._limited(caps), seen.confined)
            if run.status in HOLDING:
                known = self._guard.usage(run.pk)
                self._room.take(claim_of(run.pipeline.project_id, caps, known.memory if known else 0))
        self._guard.measure(guarded)

    def refused(self, run: Run, settings: Mapping[str, str]) -> Refusal | None:
        """Why there is no room for a run that has none yet; None where there is: it is taken with this."""
        if run.status in HOLDING:
            return None
        return self._room.admit(claim_of(run.pipeline.project_id, self._caps(run, settings)))

    def allot(self, run: Run, settings: Mapping[str, str]) -> dict[str, Any]:
        """The limits of a run's next process: those of `Spec.caps`."""
        caps = self._limited(self._caps(run, settings))
        self._guard.release(run.pk)
        group = self._guard.group(run.pk, caps)
        return {**asdict(caps), "group": None if group is None else str(group)}

    def breach(self, run: Run, seen: Observation) -> dict[str, Any] | None:
        """Why a run's process that takes too much memory has to end, or was ended by the kernel."""
        by_kernel = seen.state is State.DIED and self._guard.was_killed(run.pk)
        known = self._guard.usage(run.pk)
        if not by_kernel and not (seen.state.is_alive and known is not None and self._guard.is_over(run.pk)):
            return None
        limit = (known.of.caps.memory if known else None) or configured.RESOURCES.memory
        used = None if by_kernel or known is None else known.memory
        return texts.breach(limit, used, "control group" if by_kernel else "measured", seen.snapshot)

    def warnings(self, run: Run, seen: Observation) -> list[dict[str, Any]]:
        """What people should know about what a run takes, and what its job says of itself, each once for a process."""
        known, found = self._guard.usage(run.pk), []
        if known is not None and known.of.caps.memory is not None and self._guard.is_near(run.pk):
            found.append(texts.warning(known.of.caps.memory, known.memory, seen.snapshot))
        if known is not None and known.of.caps.cpu is not None and self._guard.is_fast(run.pk):
            found.append(texts.too_fast(known.of.caps.cpu, known.cpu or 0.0))
        return [*found, *self._said(run, seen)]

    def _said(self, run: Run, seen: Observation) -> list[dict[str, Any]]:
        """Warnings of the job's status that are new."""
        pid, told = self._told.get(run.pk, (None, set()))
        if pid != seen.pid:
            told = set()
        said = (seen.snapshot or {}).get("warnings", ()) if seen.state.is_alive else ()
        fresh = [w for w in said if (w["operator"], w["code"]) not in told]
        self._told[run.pk] = seen.pid, told | {(w["operator"], w["code"]) for w in fresh}
        return [{"code": w["code"], "node": w["node"], "message": f"{w['operator']}: {w['message']}"} for w in fresh]

    def release(self, run: Run) -> None:
        """A run is over."""
        self._guard.release(run.pk)
        self._told.pop(run.pk, None)

    def _caps(self, run: Run, settings: Mapping[str, str]) -> Caps:
        return caps_for(run, settings, self._quotas.get(run.pipeline.project_id), configured.RESOURCES)

    def _limited(self, caps: Caps) -> Caps:
        """No run takes more than all may together."""
        return replace(caps, memory=min(caps.memory or configured.RESOURCES.memory, configured.RESOURCES.memory))


def in_order(runs: Iterable[Run]) -> list[Run]:
    """Those first that have waited longest."""
    return sorted(runs, key=lambda run: (run.status != Status.QUEUED, run.status_since.timestamp()
                                         if run.status == Status.QUEUED else 0.0, run.pk))
