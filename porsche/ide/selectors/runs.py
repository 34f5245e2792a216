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
from porsche.ide.selectors.rates import Rates
from porsche.ide.selectors.resources import of_run
from porsche.redaction import HIDDEN, secrets_of

FINAL = tuple(status for status in Status if status.is_final)
UNSEEN = Q(generation__gt=F("observed_generation"))
SUSPENDED = Q(desired=Desired.RUNNING, status=Status.STOPPED)
ACTIVE = ~Q(status__in=FINAL) | UNSEEN | SUSPENDED
"""Runs that a process works for, or will by itself: also those whose start the supervisor has not seen yet, and those
that were stopped with the platform and go on with it."""

WORKING = (Status.RUNNING, Status.STUCK, Status.STOPPING)
BEGINNING = (Status.CREATED, Status.INITIALIZING)

_known_rates = Rates()
_WAITING = {"code": "waiting", "message": "waits for the supervisor to start it", "node": None, "hint": None}


def rows() -> QuerySet[Run]:
    """Runs with what every view of them reads, newest first."""
    return Run.objects.select_related("pipeline__project", "revision").order_by("-id")


def is_active(run: Run) -> bool:
    """Whether a process works for a run, or will by itself."""
    return not Status(run.status).is_final or _is_unseen(run) or (
        run.desired == Desired.RUNNING and run.status == Status.STOPPED)


def _is_unseen(run: Run) -> bool:
    """Whether a start was asked for that the supervisor has not seen."""
    return run.generation > run.observed_generation


def summary(run: Run, now: datetime | None = None, at_work: Supervisor | None = None) -> dict[str, Any]:
    """What lists, streams and pages show of a run."""
    now = now or timezone.now()
    return _summary(run, now, _seen(run, now, at_work or supervisor(now)))


def _summary(run: Run, now: datetime, seen: Mapping[str, Any]) -> dict[str, Any]:
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
        "ended_at": seen["ended_at"],
        "restarts": run.restarts,
        "attempt": snapshot.get("attempts"),
        "rates": _rates(run, snapshot, seen["status"]),
        **_lag({} if Status(seen["status"]).is_final else snapshot),
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
    seen = _seen(run, now, supervisor(now))
    return {**_summary(run, now, seen), "parameters": parameters(run), "options": run.options,
            "environment": run.environment, "snapshot": seen["snapshot"], "outcome": seen["outcome"],
            "resources": None if Status(seen["status"]).is_final else of_run(run)}


def parameters(run: Run) -> dict[str, str]:
    """What a run was given, without the values of parameters whose names say that they are secrets."""
    return {name: HIDDEN if secrets_of({name: value}) else value for name, value in run.parameters.items()}


def events(found: Iterable[RunEvent]) -> list[dict[str, Any]]:
    return [{"id": e.pk, "at": e.at, "kind": e.kind, "code": e.code, "message": e.message, "node": e.node or None,
             "data": e.data, "user": e.user.username if e.user else None} for e in found]


def _seen(run: Run, now: datetime, at_work: Supervisor) -> dict[str, Any]:
    """What changes while it runs: as the supervisor noted, or as the run's folder shows where it is away."""
    noted = {"status": run.status, "reason": run.reason, "since": run.status_since, "snapshot": run.snapshot,
             "outcome": run.outcome, "ended_at": run.ended_at}
    if at_work.alive or not is_active(run):
        if _is_unseen(run) and run.desired == Desired.RUNNING and Status(run.status).is_final:
            return {**noted, "status": Status.CREATED, "reason": _WAITING}
        return noted
    return {**noted, **files.judged(run, now)}


def _rates(run: Run, snapshot: Mapping[str, Any], status: str) -> dict[str, float | None]:
    if status in WORKING:
        return _known_rates.of(run.pk, snapshot)
    return dict.fromkeys(("rows_in", "rows_out"), None if status in BEGINNING else 0.0)


def _lag(snapshot: Mapping[str, Any]) -> dict[str, float | None]:
    """How far the job is behind the clock: by the last events of the sources that are furthest behind, and least."""
    told = [source.get("behind_seconds") for source in snapshot.get("sources") or ()]
    behind = [seconds for seconds in told if seconds is not None]
    return {"lag_seconds": max(behind, default=None), "newest_seconds": min(behind, default=None)}


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
