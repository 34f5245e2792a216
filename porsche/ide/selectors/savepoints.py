"""Savepoints and checkpoints as people see them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from engine.errors import UserError
from porsche.ide.errors import Missing
from porsche.ide.models import Run, Savepoint
from porsche.ide.selectors import files
from porsche.ide.selectors.runs import is_active
from porsche.redaction import HIDDEN, secrets_of
from porsche.runners import looking
from porsche.runners import savepoints as port

Json = dict[str, Any]
SUMMARY = ("keys", "rows", "bytes")


def rows() -> QuerySet[Savepoint]:
    """Savepoints with what every view of them reads, newest first."""
    return Savepoint.objects.select_related("pipeline__project", "revision", "run", "created_by").order_by("-id")


def summaries(found: Iterable[Savepoint]) -> list[Json]:
    return [summary(savepoint) for savepoint in found]


def summary(savepoint: Savepoint) -> Json:
    """What lists show of a savepoint."""
    operators = (savepoint.contents or {}).get("operators") or []
    pipeline = savepoint.pipeline
    return {
        "id": savepoint.pk,
        "name": savepoint.name,
        "pipeline": {"id": pipeline.pk, "slug": pipeline.slug, "project": pipeline.project.slug},
        "revision": savepoint.revision.number,
        "run": savepoint.run_id,
        "restore_point": savepoint.restore_point,
        "state": savepoint.state,
        "epoch": savepoint.epoch,
        "bytes": savepoint.bytes,
        "keys": sum(operator["keys"] for operator in operators),
        "models": {name: model["version"] for name, model in ((savepoint.contents or {}).get("models") or {}).items()},
        "made_at": savepoint.made_at,
        "created_at": savepoint.created_at,
        "user": savepoint.created_by.username if savepoint.created_by else None,
        "error": savepoint.error,
    }


def detail(savepoint: Savepoint) -> Json:
    """A savepoint with its configuration and what is in it, by operator."""
    parameters = {name: HIDDEN if secrets_of({name: value}) else value for name, value in savepoint.parameters.items()}
    contents = savepoint.contents or {}
    return {**summary(savepoint), "parameters": parameters, "options": savepoint.options,
            "environment": savepoint.environment, "operators": contents.get("operators") or [],
            "sources": contents.get("sources") or []}


def folder(savepoint: Savepoint) -> Path:
    """Where a savepoint lies."""
    return settings.HOME.savepoint(savepoint.key)


def needed_by(savepoint: Savepoint) -> list[Run]:
    """Active runs that begin with a savepoint and have no checkpoint of their own yet."""
    return [run for run in savepoint.restored.order_by("pk")
            if is_active(run) and not port.has_checkpoint(files.folder(run))]


def told(error: UserError, **places: Path) -> UserError:
    """An error about folders as people at other machines read it: with their names instead of paths."""
    message = error.message
    for name, place in sorted(places.items(), key=lambda named: -len(str(named[1]))):
        message = message.replace(str(place), name.replace("_", " "))
    return UserError(error.code, message, hint=error.hint)


# ---- state -----------------------------------------------------------------------------------------------------------


def of_run(run: Run) -> Json:
    """The checkpoints and savepoints of a run, newest first, and what it began with."""
    place = files.folder(run)
    made = [{**one, "at": _time(one["at"])} for one in port.checkpoints(place)]
    report = port.restored(place)
    return {
        "checkpoints": made,
        "savepoints": summaries(rows().filter(run=run)),
        "restored_from": None if run.restored_from is None else summary(run.restored_from),
        "restored": None if report is None else {**report, "at": _time(report["at"])},
    }


def _time(at: float | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)


def place_of(run: Run | None, savepoint: Savepoint | None, epoch: int | None) -> tuple[Path, int | None]:
    """The folder and epoch of a state. 404 where it is not there (yet)."""
    if savepoint is not None:
        if savepoint.state != Savepoint.State.READY:
            raise Missing("not_found", f"the savepoint '{savepoint.name}' is not there (yet)")
        return folder(savepoint), None
    if run is None:
        raise Missing("not_found", "its run was deleted", hint="name the state to compare with")
    known = [made["epoch"] for made in port.checkpoints(files.folder(run))]
    if not known or epoch not in (None, *known):
        raise Missing("not_found", f"run {run.pk} has no such checkpoint",
                      hint=f"it has {', '.join(map(str, known)) or 'none'}")
    return files.folder(run).state, epoch


def inspected(place: tuple[Path, int | None], operator: str | None, sample: int) -> Json:
    """What a state holds, with some of its rows."""
    try:
        found = looking.inspect(place, operator, sample)
    except UserError as error:
        raise told(error, the_state=place[0]) from error
    return {**found, "at": _time(found["at"])}


def differences(before: tuple[Path, int | None], after: tuple[Path, int | None], operator: str | None,
                sample: int) -> Json:
    """What became of the keys."""
    try:
        return looking.diff(before, after, operator, sample)
    except UserError as error:
        raise told(error, the_former_state=before[0], the_later_state=after[0]) from error
