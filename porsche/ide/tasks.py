"""The background work of pipelines and runs."""

from __future__ import annotations

import json
import os
import shutil
import time
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from celery import shared_task
from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils import timezone

from engine.errors import UserError
from porsche import processes
from porsche.ide.models import Pipeline, Project, Run, RunEvent, Savepoint, SignInLink, Token, User, Work
from porsche.ide.selectors.compiled import compiled
from porsche.ide.selectors.platform import VERSION
from porsche.ide.selectors.savepoints import told
from porsche.ide.services.savepoints import retain_savepoints
from porsche.ide.work import Job, submit, task
from porsche.redaction import redact
from porsche.runners import savepoints
from porsche.runners.folder import RunFolder
from porsche.runners.intent import TIME_TO_END

EVENTS_KEPT = timedelta(days=90)
EVENTS_OF_A_RUN = 1000
"""Events of a run that are kept, however old."""
WORK_KEPT = timedelta(days=30)
EXPORTS_KEPT = timedelta(days=7)
ORPHAN = 600.0
"""Seconds after which the folder of a run that is not in the database is deleted: it may be about to be."""
CHUNK = 1000
SHOWN = 5
"""Diagnostics of a pipeline that a check keeps."""
CHECK, EXPORT = "check", "export"


# ---- asked for -------------------------------------------------------------------------------------------------------


def start_check(*, project: Project, user: User | None = None) -> Work:
    """Compile the newest revision of all pipelines of a project."""
    return submit(kind=CHECK, task="porsche.ide.tasks.check", project=project, user=user,
                  subject=f"project:{project.slug}", arguments={"version": VERSION})


def start_checks_after_upgrade() -> int:
    """Check each project that this version of the platform has not checked yet; how many."""
    checked = Work.objects.filter(kind=CHECK, arguments__version=VERSION).values("project")
    for project in (found := list(Project.objects.filter(pipelines__isnull=False).exclude(pk__in=checked).distinct())):
        start_check(project=project)
    return len(found)


@task
def check(job: Job, version: str) -> dict[str, Any]:
    """{"checked", "invalid": [{"pipeline", "slug", "revision", "diagnostics"}]} of a project's pipelines."""
    rows = Pipeline.objects.filter(project=job.work.project, archived_at=None, head__isnull=False)
    pipelines = list(rows.select_related("head").order_by("slug"))
    invalid = []
    for i, pipeline in enumerate(pipelines):
        assert pipeline.head is not None
        found = compiled(pipeline.head.document, where=settings.ENVIRONMENT)
        if not found["valid"]:
            invalid.append({"pipeline": pipeline.pk, "slug": pipeline.slug, "revision": pipeline.head.number,
                            "diagnostics": found["diagnostics"][:SHOWN]})
        job.progress((i + 1) / len(pipelines), f"{i + 1} of {len(pipelines)} pipelines")
    return {"checked": len(pipelines), "invalid": invalid}


def start_export(*, project: Project, user: User | None = None) -> Work:
    """Write the pipelines of a project into a file that can be fetched."""
    return submit(kind=EXPORT, task="porsche.ide.tasks.export", project=project, user=user,
                  subject=f"project:{project.slug}")


def export_file(work: Work) -> Path:
    """Where an export lies."""
    return settings.HOME.folder("exports") / f"{work.pk}.zip"


@task
def export(job: Job) -> dict[str, Any]:
    """A zip file: <pipeline>.yaml, its newest revision, and <pipeline>.layout.json, where its nodes are drawn. Neither
    tokens nor the parameters of runs are in it."""
    place = export_file(job.work)
    draft = place.with_suffix(f".{os.getpid()}.part")
    pipelines = list(Pipeline.objects.filter(project=job.work.project, head__isnull=False).order_by("slug")
                     .values_list("pk", "slug"))
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as archive:
        for i, (number, slug) in enumerate(pipelines):
            pipeline = Pipeline.objects.select_related("head").get(pk=number)
            assert pipeline.head is not None
            archive.writestr(f"{slug}.yaml", pipeline.head.document)
            archive.writestr(f"{slug}.layout.json", json.dumps(pipeline.layout, indent=1, sort_keys=True))
            job.progress((i + 1) / len(pipelines), f"{i + 1} of {len(pipelines)} pipelines")
    draft.replace(place)
    return {"pipelines": len(pipelines), "bytes": place.stat().st_size}


# ---- savepoints ------------------------------------------------------------------------------------------------------


@task
def make_savepoint(job: Job, savepoint: int, stopping: bool) -> dict[str, Any]:
    """{"savepoint", "epoch", "bytes"} of one that was asked for. `stopping`: of the checkpoint with which its run
    ends."""
    row = Savepoint.objects.select_related("pipeline__project", "revision", "run").get(pk=savepoint)
    try:
        found = _saved(job, row, stopping)
    except UserError as error:
        Savepoint.objects.filter(pk=row.pk).update(state=Savepoint.State.FAILED, error={
            "code": error.code, "message": redact(error.message), "hint": error.hint})
        raise
    contents = {name: found[name] for name in ("operators", "sources", "models")}
    Savepoint.objects.filter(pk=row.pk).update(
        state=Savepoint.State.READY, epoch=found["epoch"], bytes=found["bytes"], contents=contents, error=None,
        made_at=datetime.fromtimestamp(found["made_at"], UTC))
    return {"savepoint": row.pk, "epoch": found["epoch"], "bytes": found["bytes"]}


def _saved(job: Job, row: Savepoint, stopping: bool) -> dict[str, Any]:
    run = row.run
    if run is None:
        raise UserError("no_run", "its run was deleted meanwhile")
    folder = RunFolder(settings.HOME.run(run.pk))
    if stopping:
        _await_end(job, run, folder)
    facts = {"run": run.pk, "pipeline": row.pipeline.slug, "project": row.pipeline.project.slug,
             "revision": row.revision.number, "document": row.revision.digest}
    target = settings.HOME.savepoint(row.key)
    try:
        return savepoints.save(folder, target, name=row.name, facts=facts, progress=job.progress)
    except UserError as error:
        raise told(error, its_state=folder.state, its_folder=folder.path, the_savepoint=target) from error


def _await_end(job: Job, run: Run, folder: RunFolder) -> None:
    """Wait until the process of a run that was asked to end has done so."""
    last = time.monotonic() + TIME_TO_END
    while processes.running(folder.path) is not None or folder.held():
        if time.monotonic() > last:
            raise UserError("not_stopping", f"run {run.pk} has not ended within {TIME_TO_END:.0f} s",
                            hint="its status says where it stands")
        job.progress(0.0, "waits for the run to end")
        time.sleep(0.1)


# ---- by the clock ----------------------------------------------------------------------------------------------------


@shared_task(name="porsche.ide.tasks.retain")
def retain() -> None:
    """Delete what has expired, and folders that belong to nothing."""
    now = timezone.now()
    Session.objects.filter(expire_date__lt=now).delete()
    SignInLink.objects.filter(expires_at__lt=now).delete()
    Token.objects.filter(expires_at__lt=now).delete()
    Work.objects.filter(ended_at__lt=now - WORK_KEPT).delete()
    _retain_events()
    delete_orphans(time.time())
    retain_savepoints()
    delete_lost_savepoints(time.time())
    for file in settings.HOME.folder("exports").iterdir():
        if file.stat().st_mtime < time.time() - EXPORTS_KEPT.total_seconds():
            file.unlink(missing_ok=True)


def _retain_events() -> None:
    """Old events of each run are deleted, its newest stay however old."""
    old = RunEvent.objects.filter(at__lt=timezone.now() - EVENTS_KEPT)
    for run in old.order_by().values_list("run", flat=True).distinct():
        newest = RunEvent.objects.filter(run=run).order_by("-pk").values_list("pk", flat=True)
        first = newest[EVENTS_OF_A_RUN - 1 : EVENTS_OF_A_RUN].first()
        while first and (chunk := list(old.filter(run=run, pk__lt=first).values_list("pk", flat=True)[:CHUNK])):
            RunEvent.objects.filter(pk__in=chunk).delete()


def delete_orphans(now: float) -> list[int]:
    """Delete the folders of runs that were deleted: their state, models, results and logs. One that a process works in
    stays."""
    there = {int(p.name): p for p in settings.HOME.runs.iterdir() if p.name.isdigit() and p.is_dir()}
    known = set(Run.objects.filter(pk__in=there).values_list("pk", flat=True))
    orphans = [(number, path) for number, path in sorted(there.items()) if number not in known
               and now - path.stat().st_mtime > ORPHAN and processes.running(path) is None]
    for _, path in orphans:
        shutil.rmtree(path, ignore_errors=True)
    return [number for number, _ in orphans]


def delete_lost_savepoints(now: float) -> list[str]:
    """Delete the folders of savepoints that are not in the database, such as what a worker that died was writing."""
    known = set(map(str, Savepoint.objects.values_list("key", flat=True)))
    lost = [path for path in settings.HOME.folder("savepoints").iterdir()
            if path.name not in known and now - path.stat().st_mtime > ORPHAN]
    for path in lost:
        shutil.rmtree(path, ignore_errors=True)
    return sorted(path.name for path in lost)
