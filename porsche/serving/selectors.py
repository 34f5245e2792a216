"""Models: those that runs have published, each under the name `<pipeline>.<node>`.

A name stands for the newest run of its pipeline that has published a version, so that a run which begins anew takes
over once it has learnt something.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from porsche.ide.models import Pipeline, Run
from porsche.ide.selectors import runs as run_rows
from porsche.runners.folder import RunFolder
from porsche.runners.registry import Models

LOOKED_AT = 20
"""Runs of a pipeline that are looked at for models, the newest ones."""


@dataclass(frozen=True)
class Published:
    """A model of a run."""

    pipeline: Pipeline
    run: Run
    node: str

    @property
    def name(self) -> str:
        return f"{self.pipeline.slug}.{self.node}"

    @property
    def models(self) -> Models:
        return models_of(self.run.pk)


@lru_cache(maxsize=64)
def models_of(run: int) -> Models:
    """The models in a run's folder; remembers what it has read of them."""
    return Models(RunFolder(settings.HOME.run(run)).state)


def published(pipelines: Iterable[Pipeline]) -> list[Published]:
    """The models of pipelines, by name."""
    found: dict[tuple[int, str], Published] = {}
    for pipeline in pipelines:
        for run in run_rows.rows().filter(pipeline=pipeline)[:LOOKED_AT]:
            for node in models_of(run.pk).names():
                found.setdefault((pipeline.pk, node), Published(pipeline, run, node))
    return sorted(found.values(), key=lambda model: (model.name, model.pipeline.project.slug))


def of_name(pipelines: QuerySet[Pipeline], name: str, run: int | None) -> Published | None:
    """The model of a name among pipelines, of one run if it is said which."""
    slug, _, node = name.partition(".")
    for pipeline in pipelines.filter(slug=slug).order_by("project__slug"):
        rows = run_rows.rows().filter(pipeline=pipeline, **({} if run is None else {"pk": run}))
        for found in rows[:LOOKED_AT]:
            if node in models_of(found.pk).names():
                return Published(pipeline, found, node)
    return None


def shown(model: Published) -> dict[str, Any]:
    """A model as lists have it."""
    newest = model.models.newest(model.node)
    facts = model.models.facts(model.node, newest) if newest else None
    return {
        "name": model.name,
        "project": model.pipeline.project.slug,
        "pipeline": {"id": model.pipeline.pk, "slug": model.pipeline.slug, "project": model.pipeline.project.slug},
        "node": model.node,
        "run": model.run.pk,
        "learner": ((facts or {}).get("options") or {}).get("kind"),
        "version": version(facts) if facts else None,
    }


def version(facts: dict[str, Any]) -> dict[str, Any]:
    """A version without what only its own page shows."""
    return {name: facts.get(name) for name in VERSION}


VERSION = ("version", "published_at", "samples", "positives", "logloss", "auc", "calibration", "calibration_error",
           "window_samples", "window_positives", "window_logloss", "window_auc")
