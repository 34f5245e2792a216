"""Pipelines: documents whose revisions never change."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from porsche.ide.errors import Conflict, Stale
from porsche.ide.models import Pipeline, Project, Revision, User, WorkingCopy
from porsche.ide.selectors.compiled import digest
from porsche.ide.selectors.edits import working_copy
from porsche.ide.selectors.runs import ACTIVE
from porsche.ide.services.edits import Behind, follow, follow_layout, note_saved
from porsche.ide.services.edits import locked as _locked
from porsche.ide.services.runs import remove_folders, remove_savepoints

Layout = dict[str, list[float]]


def create_pipeline(*, project: Project, slug: str, title: str = "", document: str, by: User | None) -> Pipeline:
    """A pipeline with its first revision."""
    try:
        with transaction.atomic():
            pipeline = Pipeline.objects.create(project=project, slug=slug, title=title, created_by=by)
            _add_revision(pipeline, 1, document, "", by)
    except IntegrityError:
        raise Conflict("name_taken", f"the project '{project.slug}' has a pipeline '{slug}' already",
                       hint="choose another name") from None
    return pipeline


@transaction.atomic
def save_document(*, pipeline: Pipeline, document: str, base: int | None, message: str = "",
                  by: User | None) -> Revision:
    """A new revision, if `base` is still the newest one (None: whatever is). The same document makes no new one."""
    pipeline = _locked(pipeline)
    head = pipeline.head
    assert head is not None
    if base is not None and base != head.number:
        raise _stale(head, base)
    if head.digest == digest(document):
        return head
    revision = _add_revision(pipeline, head.number + 1, document, message, by)
    follow(pipeline, head, revision, by)
    return revision


@transaction.atomic
def save_working_copy(*, pipeline: Pipeline, version: int, message: str = "", by: User | None) -> tuple[Revision, int]:
    """The working copy in a version, which must be its newest, as a revision; with the version that it has then. It
    must rest on the newest revision. What that one says already makes no new one."""
    pipeline = _locked(pipeline)
    head = pipeline.head
    assert head is not None
    copy = WorkingCopy.objects.filter(pipeline=pipeline).select_related("base").first()
    if version != (copy.version if copy else 0):
        raise Behind(working_copy(pipeline, since=version), version)
    if copy is None:
        return head, 0
    if copy.base_id != head.pk:
        raise _stale(head, copy.base.number)
    if head.digest == digest(copy.text):
        return head, version
    revision = _add_revision(pipeline, head.number + 1, copy.text, message, by)
    return revision, note_saved(pipeline, revision, by)


def _stale(head: Revision, base: int) -> Stale:
    return Stale("stale_revision", f"revision {head.number} was saved since revision {base}",
                 hint="take the newest revision, make the change there, and save again")


def _add_revision(pipeline: Pipeline, number: int, document: str, message: str, by: User | None) -> Revision:
    pipeline.head = Revision.objects.create(pipeline=pipeline, number=number, document=document, message=message,
                                            digest=digest(document), author=by)
    pipeline.save(update_fields=["head", "updated_at"])
    return pipeline.head


@transaction.atomic
def save_layout(*, pipeline: Pipeline, layout: Layout, by: User | None = None) -> Pipeline:
    """Where nodes are drawn. It is no part of the document: moving a node makes no revision."""
    pipeline = _locked(pipeline)
    before, pipeline.layout = pipeline.layout, layout
    pipeline.save(update_fields=["layout"])
    follow_layout(pipeline, before, by)
    return pipeline


@transaction.atomic
def update_pipeline(*, pipeline: Pipeline, changes: dict[str, Any]) -> Pipeline:
    """Title, and whether it is archived. One with an active run stays in use."""
    pipeline = _locked(pipeline)
    if "title" in changes:
        pipeline.title = changes["title"]
    if "archived" in changes and changes["archived"] != (pipeline.archived_at is not None):
        if changes["archived"]:
            _refuse_active(pipeline, "archived")
        pipeline.archived_at = timezone.now() if changes["archived"] else None
    pipeline.save(update_fields=["title", "archived_at", "updated_at"])
    return pipeline


@transaction.atomic
def delete_pipeline(*, pipeline: Pipeline) -> None:
    """A pipeline with its revisions, its runs and their folders; not while a run is active."""
    pipeline = _locked(pipeline)
    _refuse_active(pipeline, "deleted")
    runs = list(pipeline.runs.values_list("pk", flat=True))
    savepoints = list(pipeline.savepoints.values_list("key", flat=True))
    WorkingCopy.objects.filter(pipeline=pipeline).delete()  # before the revision that it rests on
    pipeline.head = None
    pipeline.save(update_fields=["head"])
    pipeline.runs.all().delete()  # before the revisions, which they protect
    pipeline.delete()
    transaction.on_commit(lambda: remove_folders(runs))
    transaction.on_commit(lambda: remove_savepoints(savepoints))


def _refuse_active(pipeline: Pipeline, what: str) -> None:
    if pipeline.runs.filter(ACTIVE).exists():
        raise Conflict("run_active", f"a pipeline with an active run cannot be {what}", hint="stop the run first")

