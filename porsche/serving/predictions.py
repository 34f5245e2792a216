"""Requests for predictions: answered in another process, completed here with what is known of the run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from rest_framework.exceptions import APIException

from engine.errors import UserError
from porsche.ide.models import Run
from porsche.runners import asking
from porsche.runners.asking import Asked
from porsche.runners.folder import RunFolder, read
from porsche.serving.selectors import Published


class Unavailable(APIException):
    status_code = 503
    default_detail = "others are asking models for predictions"
    default_code = "busy"
    wait = 1


def forget() -> None:
    """Let go of all models that are held ready, with their open tables."""
    asking.forget()


def _asked(model: Published) -> Asked:
    run, folder = model.run, RunFolder(settings.HOME.run(model.run.pk))
    return Asked(run.revision.document, run.parameters, run.environment, str(folder.path), str(folder.state),
                 str(settings.HOME.path), model.node)


def inputs(model: Published) -> list[dict[str, Any]]:
    """What a request may give; nothing where the model cannot be asked."""
    try:
        return _asked(model).inputs()
    except (UserError, asking.Busy):
        return []


def predict(model: Published, rows: Sequence[Mapping[str, Any]], version: int | None) -> dict[str, Any]:
    """The answer to a request. UserError where it cannot be read."""
    try:
        answer = _asked(model).predict(rows, version)
    except asking.Busy as error:
        raise Unavailable from error
    now = stream_time(model.run)
    found = [(p, _time(p["features_at"])) for p in answer["predictions"]]
    return {
        "model": model.name,
        "run": model.run.pk,
        "version": answer["version"],
        "published_at": model.models.facts(model.node, answer["version"]).get("published_at"),
        "features_at": min((at for _, at in found if at is not None), default=None),
        "stream_at": now,
        "predictions": [
            {"p": p["p"], "features_at": at, "freshness_seconds": _between(at, now), "looked_up": p["looked_up"],
             "missing": p["missing"]} for p, at in found],
    }


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def stream_time(run: Run) -> datetime | None:
    """How far the run has come in event time: what looked-up features are compared with, as their times are those of
    events too."""
    status = read(RunFolder(settings.HOME.run(run.pk)).state / "status.json") or {}
    marks = [source.get("watermark") for source in status.get("sources") or ()]
    known = [mark for mark in marks if mark is not None]
    return datetime.fromtimestamp(min(known) / 1e6, UTC) if known else None


def _between(earlier: datetime | None, later: datetime | None) -> float | None:
    return None if earlier is None or later is None else max(0.0, (later - earlier).total_seconds())
