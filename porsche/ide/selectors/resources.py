"""What the machine has, who takes it, and who waits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from engine.errors import UserError
from porsche.compiler import DocumentError
from porsche.ide.keeping import in_order
from porsche.ide.models import Project, Quota, Run, Status
from porsche.ide.scheduling import HOLDING, Claim, Room, Taken, caps_for, claim_of, quotas
from porsche.ide.services.resources import LIMITS
from porsche.runners.folder import read
from porsche.runners.policy import settings_of

MEASURED = ("memory", "memory_limit", "cpu", "cpu_limit", "enforcement")


def usage() -> dict[str, Any]:
    """What the supervisor measured last: {at, enforcement, runs: {number: ...}}."""
    return read(settings.HOME.processes / "usage.json") or {}


def quota(row: Quota | None) -> dict[str, Any]:
    """The limits of a project; null: none of its own."""
    return {name: getattr(row, name, None) for name in LIMITS}


def resources(projects: QuerySet[Project]) -> dict[str, Any]:
    """What the machine has and what is taken of it, by all; and by the runs of these projects, each."""
    measured, known = usage(), quotas()
    room, claims, runs = Room(settings.RESOURCES, {}), {}, list(_of_interest())
    for run in runs:
        claims[run.pk] = claim = _claim(run, known.get(run.pipeline.project_id), measured)
        if run.status in HOLDING:
            room.take(claim)
    shown = list(projects.order_by("slug"))
    seen = [run for run in runs if run.pipeline.project_id in {project.pk for project in shown}]
    machine = settings.RESOURCES
    return {
        "at": measured.get("at"),
        "enforcement": measured.get("enforcement"),
        "machine": {"cores": machine.cores, "slots": machine.slots, "memory": machine.memory,
                    "job_memory": machine.job_memory, "job_cpu": machine.job_cpu, **_taken(room.taken)},
        "projects": [{"slug": project.slug, "quota": quota(known.get(project.pk)),
                      **_taken(room.by_project[project.pk])} for project in shown],
        "runs": [_run(run, claims[run.pk], measured) for run in seen if run.status in HOLDING],
        "queue": [{**_about(run), "slots": claims[run.pk].slots, "memory": claims[run.pk].memory,
                   "reason": run.reason, "since": run.status_since} for run in in_order(seen)
                  if run.status == Status.QUEUED],
    }


def of_run(run: Run) -> dict[str, Any] | None:
    """What a run takes, and who keeps its limits; None where that was not measured."""
    found: dict[str, Any] | None = (usage().get("runs") or {}).get(str(run.pk))
    return found and {name: found.get(name) for name in (*MEASURED, "slots")}


def _of_interest() -> Iterable[Run]:
    wanted = Run.objects.filter(status__in=(*HOLDING, Status.QUEUED)).order_by("pk")
    return wanted.select_related("pipeline__project", "revision")


def _claim(run: Run, row: Quota | None, measured: Mapping[str, Any]) -> Claim:
    used = ((measured.get("runs") or {}).get(str(run.pk)) or {}).get("memory") or 0
    try:
        caps = caps_for(run, settings_of(run.revision.document, run.parameters), row, settings.RESOURCES)
    except (UserError, DocumentError):
        return Claim(run.pipeline.project_id, 1, used)
    return claim_of(run.pipeline.project_id, caps, used)


def _run(run: Run, claim: Claim, measured: Mapping[str, Any]) -> dict[str, Any]:
    found = (measured.get("runs") or {}).get(str(run.pk)) or {}
    return {**_about(run), "status": run.status, "slots": claim.slots, "reserved": claim.memory,
            **{name: found.get(name) for name in MEASURED}}


def _about(run: Run) -> dict[str, Any]:
    return {"run": run.pk, "pipeline": run.pipeline.slug, "project": run.pipeline.project.slug}


def _taken(taken: Taken) -> dict[str, Any]:
    return {"taken": {"runs": taken.runs, "slots": taken.slots, "memory": taken.memory}}

