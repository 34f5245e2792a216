"""Runs as people see them. Their status is the truth even where the supervisor is not at work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from porsche.ide.models import Desired, Run, RunEvent, Status
from porsche.ide.selectors import files
from porsche.ide.selectors.platform import Supervisor, supervisor

FINAL = tuple(status for status in Status if status.is_final)
WANTED = Q(desired=Desired.RUNNING, generation__gt=F("observed_generation"))
ACTIVE = ~Q(status__in=FINAL) | WANTED
"""Runs that a process works for, or will by itself."""

_WAITING = {"code": "waiting", "message": "waits for the supervisor to start it", "node": None, "hint": None}


def rows() -> QuerySet[Run]:
    """Runs with what every view of them reads, newest first."""
    return Run.objects.select_related("pipeline__project", "revision").order_by("-id")


def is_active(run: Run) -> bool:
    """Whether a process works for a run, or will by itself."""
    return not Status(run.status).is_final or _is_wanted(run)


def _is_wanted(run: Run) -> bool:
    """Whether a start was asked for that the supervisor has not seen."""
    return run.desired == Desired.RUNNING and run.generation > run.observed_generation


def summary(run: Run, now: datetime | None = None, at_work: Supervisor | None = None) -> dict[str, Any]:
    """What lists, streams and pages show of a run."""
    now = now or timezone.now()
    seen = _seen(run, now, at_work or supervisor(now))
    snapshot = seen["snapshot"] or {}
    return {
        "id": run.pk,
        "pipeline": {"id": run.pipeline_id, "slug": run.pipeline.slug, "project": run.pipeline.project.slug},
        "revision": run.revision.number,
        "status": seen["status"],
        "reason": seen["reason"],
        "since": seen["since"],
        "desired": run.desired,
        "created_at": run.created_at,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "restarts": run.restarts,
        "attempt": snapshot.get("attempts"),
        "rates": _rates(snapshot, seen["status"]),
        "lag_seconds": _lag(snapshot, now),
        "checkpoint": _checkpoint(snapshot, now),
        "progress": snapshot.get("progress"),
    }


def summaries(found: Iterable[Run], now: datetime | None = None) -> list[dict[str, Any]]:
    now = now or timezone.now()
    at_work = supervisor(now)
    return [summary(run, now, at_work) for run in found]


def detail(run: Run, now: datetime | None = None) -> dict[str, Any]:
    """A run with what it was given and its job's last published status."""
    now = now or timezone.now()
    at_work = supervisor(now)
    return {**summary(run, now, at_work), "parameters": run.parameters, "options": run.options,
            "environment": run.environment, "snapshot": _seen(run, now, at_work)["snapshot"], "outcome": run.outcome}


def events(found: Iterable[RunEvent]) -> list[dict[str, Any]]:
    return [{"id": e.pk, "at": e.at, "kind": e.kind, "code": e.code, "message": e.message, "node": e.node or None,
             "data": e.data, "user": e.user.username if e.user else None} for e in found]


def _seen(run: Run, now: datetime, at_work: Supervisor) -> dict[str, Any]:
    """Status, reason, since and snapshot: as the supervisor noted, or as the run's folder shows where it is away."""
    noted = {"status": run.status, "reason": run.reason, "since": run.status_since, "snapshot": run.snapshot}
    if at_work.alive or not is_active(run):
        if _is_wanted(run) and Status(run.status).is_final:
            return {**noted, "status": Status.CREATED, "reason": _WAITING}
        return noted
    return {**noted, **files.judged(run, now)}


def _rates(snapshot: Mapping[str, Any], status: str) -> dict[str, Any]:
    rates = snapshot.get("rates") or {}
    idle = None if status in (Status.CREATED, Status.INITIALIZING) else 0.0
    if status not in (Status.RUNNING, Status.STUCK, Status.STOPPING):
        return {"rows_in": idle, "rows_out": idle}
    return {"rows_in": rates.get("rows_in"), "rows_out": rates.get("rows_out")}


def _lag(snapshot: Mapping[str, Any], now: datetime) -> float | None:
    """How far event time is behind the clock: by the earliest watermark."""
    marks = [o.get("watermark") for o in snapshot.get("operators") or ()]
    known = [mark for mark in marks if mark is not None]
    return round(now.timestamp() - min(known) / 1e6, 3) if known else None


def _checkpoint(snapshot: Mapping[str, Any], now: datetime) -> dict[str, Any] | None:
    """The last checkpoint; what the job did not say is None."""
    made = snapshot.get("checkpoint") or {"epoch": snapshot.get("epoch")}
    if not made.get("epoch"):
        return None
    at = made.get("at")
    return {
        "epoch": made["epoch"],
        "at": None if at is None else datetime.fromtimestamp(at, UTC),
        "age_seconds": None if at is None else round(max(0.0, now.timestamp() - at), 3),
        "bytes": made.get("bytes"),
        "seconds": made.get("seconds"),
    }
