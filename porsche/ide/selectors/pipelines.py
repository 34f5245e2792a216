"""Pipelines and their revisions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Max, QuerySet

from porsche.ide.models import Pipeline, Revision, Run
from porsche.ide.selectors import runs


def rows() -> QuerySet[Pipeline]:
    """Pipelines with what every view of them reads."""
    return Pipeline.objects.select_related("project", "head").order_by("slug", "id")


def pipelines(found: Sequence[Pipeline]) -> list[dict[str, Any]]:
    """A page of pipelines, each with its newest run."""
    newest = Run.objects.filter(pipeline__in=[p.pk for p in found]).order_by().values("pipeline")
    ids = newest.annotate(newest=Max("id")).values_list("newest", flat=True)
    shown = runs.summaries(list(runs.rows().filter(pk__in=list(ids))))
    by_pipeline = {run["pipeline"]["id"]: run for run in shown}
    return [_item(p, by_pipeline.get(p.pk)) for p in found]


def pipeline(found: Pipeline) -> dict[str, Any]:
    """A pipeline with its newest document."""
    head = head_of(found)
    return {**pipelines([found])[0], "document": head.document, "digest": head.digest, "layout": found.layout,
            "created_at": found.created_at}


def head_of(found: Pipeline) -> Revision:
    """The newest revision: services make the first with the pipeline."""
    assert found.head is not None
    return found.head


def _item(found: Pipeline, run: dict[str, Any] | None) -> dict[str, Any]:
    return {"id": found.pk, "project": found.project.slug, "slug": found.slug, "title": found.title,
            "revision": head_of(found).number, "updated_at": found.updated_at, "run": run,
            "archived": found.archived_at is not None}


def revisions(found: Sequence[Revision]) -> list[dict[str, Any]]:
    return [_revision(r) for r in found]


def revision(found: Revision) -> dict[str, Any]:
    """A revision with its document."""
    return {**_revision(found), "document": found.document}


def _revision(found: Revision) -> dict[str, Any]:
    return {"number": found.number, "digest": found.digest, "message": found.message, "created_at": found.created_at,
            "author": found.author.username if found.author else None}
