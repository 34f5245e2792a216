"""Requests for predictions: the path from columns to the model is planned once for a run, then used again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from engine.errors import UserError
from porsche.compiler import compile_text, environment
from porsche.ide.models import Run
from porsche.runners.access import access_of
from porsche.runners.folder import RunFolder, read
from porsche.runners.serve import Serving
from porsche.serving.selectors import Published

KEPT = 16
"""Models that are held ready."""


class _Ready:
    """The models that were asked last."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._held: OrderedDict[tuple[int, str], Serving] = OrderedDict()

    def get(self, key: tuple[int, str], make: Callable[[], Serving]) -> Serving:
        with self._lock:
            held = self._held.get(key)
            if held is None:
                held = self._held[key] = make()
            self._held.move_to_end(key)
            while len(self._held) > self._most:
                self._held.popitem(last=False)[1].close()
            return held

    def clear(self) -> None:
        with self._lock:
            while self._held:
                self._held.popitem()[1].close()


_ready = _Ready(KEPT)


def forget() -> None:
    """Let go of all models that are held ready, with their open tables."""
    _ready.clear()


def serving(model: Published) -> Serving:
    """The model, ready for requests. UserError `not_servable` where its pipeline has no path to it."""
    return _ready.get((model.run.pk, model.node), lambda: _made(model.run, model.node))


def _made(run: Run, node: str) -> Serving:
    folder = RunFolder(settings.HOME.run(run.pk))
    where = environment(run.environment)
    access = where.allowed(str(folder.path), str(settings.HOME.path))
    compiled = compile_text(run.revision.document, parameters=run.parameters, state=str(folder.state),
                            environment=where)
    return Serving(compiled, node, folder.state, access_of(access))


def inputs(model: Published) -> list[dict[str, Any]]:
    """What a request may give; nothing where the model cannot be asked."""
    try:
        found = serving(model).inputs
    except UserError:
        return []
    return [{"name": i.name, "type": i.type, "used": i.used, "kept_by": i.kept_by, "entity": i.entity} for i in found]


def predict(model: Published, rows: Sequence[Mapping[str, Any]], version: int | None) -> dict[str, Any]:
    """The answer to a request. UserError where it cannot be read."""
    answer = serving(model).predict(rows, version)
    now = stream_time(model.run)
    ages = [p.features_at for p in answer.predictions if p.features_at is not None]
    return {
        "model": model.name,
        "run": model.run.pk,
        "version": answer.version,
        "published_at": model.models.facts(model.node, answer.version).get("published_at"),
        "features_at": min(ages, default=None),
        "stream_at": now,
        "predictions": [
            {"p": p.p, "features_at": p.features_at, "freshness_seconds": _between(p.features_at, now),
             "looked_up": p.looked_up, "missing": list(p.missing)} for p in answer.predictions],
    }


def stream_time(run: Run) -> datetime | None:
    """How far the run has come in event time: what looked-up features are compared with, as their times are those of
    events too."""
    status = read(RunFolder(settings.HOME.run(run.pk)).state / "status.json") or {}
    marks = [source.get("watermark") for source in status.get("sources") or ()]
    known = [mark for mark in marks if mark is not None]
    return datetime.fromtimestamp(min(known) / 1e6, UTC) if known else None


def _between(earlier: datetime | None, later: datetime | None) -> float | None:
    return None if earlier is None or later is None else max(0.0, (later - earlier).total_seconds())
