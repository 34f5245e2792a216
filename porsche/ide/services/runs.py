"""Runs: what a person wants of them. The supervisor reads it and makes it so."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.db import transaction

from porsche.ide.errors import Conflict
from porsche.ide.models import Desired, Pipeline, Revision, Run, RunEvent, Status, User
from porsche.ide.selectors.compiled import STATE, require_valid
from porsche.ide.selectors.runs import is_active
from porsche.ide.services.resources import require_room


def create_run(*, pipeline: Pipeline, revision: Revision, parameters: Mapping[str, str] | None = None,
               options: Mapping[str, Any] | None = None, by: User | None) -> Run:
    """A run that is wanted to run. DocumentError, with every error, where its document cannot be compiled."""
    if pipeline.archived_at is not None:
        raise Conflict("archived", f"the pipeline '{pipeline.slug}' is archived", hint="take it out of the archive")
    require_valid(revision.document, parameters or {}, settings.ENVIRONMENT, STATE)  # no transaction waits for that
    return _created(pipeline, revision, parameters, options, by)


@transaction.atomic
def _created(pipeline: Pipeline, revision: Revision, parameters: Mapping[str, str] | None,
             options: Mapping[str, Any] | None, by: User | None) -> Run:
    run = Run.objects.create(pipeline=pipeline, revision=revision, parameters=dict(parameters or {}),
                             options=dict(options or {}), environment=settings.ENVIRONMENT, created_by=by)
    require_room(run)
    _note(run, "start", f"revision {revision.number} is to run", by)
    return run


def start_run(*, run: Run, by: User | None) -> Run:
    """A run that was stopped, or failed, goes on from its last checkpoint."""
    return go_on(run=run, message="it is to go on", by=by)


@transaction.atomic
def go_on(*, run: Run, message: str, by: User | None) -> Run:
    """A run that is over is wanted to run again; `message` is noted."""
    run = _locked(run)
    if is_active(run):
        raise Conflict("run_active", f"run {run.pk} is active already", hint="wait until it has stopped")
    if run.status == Status.FINISHED:
        raise Conflict("run_finished", f"run {run.pk} has processed all its input", hint="start a new run")
    require_room(run)
    run.desired = Desired.RUNNING
    run.generation += 1
    run.save(update_fields=["desired", "generation"])
    _note(run, "start", message, by)
    return run


@transaction.atomic
def stop_run(*, run: Run, by: User | None) -> Run:
    """A run takes a checkpoint and ends. Asking again changes nothing."""
    run = _locked(run)
    if not is_active(run):
        raise Conflict("run_not_active", f"run {run.pk} is not active: it is {run.status}")
    if run.desired != Desired.STOPPED:
        run.desired = Desired.STOPPED
        run.save(update_fields=["desired"])
        _note(run, "stop", "it is to stop after a checkpoint", by)
    return run


@transaction.atomic
def delete_run(*, run: Run) -> None:
    """A run that is over, with its folder: its checkpoints, models and results that are in it."""
    run = _locked(run)
    if is_active(run):
        raise Conflict("run_active", f"run {run.pk} is active", hint="stop it first")
    number = run.pk
    run.delete()
    transaction.on_commit(lambda: remove_folders([number]))


def remove_folders(numbers: Iterable[int]) -> None:
    """Remove the folders of runs that are no more."""
    for number in numbers:
        shutil.rmtree(settings.HOME.run(number), ignore_errors=True)


def remove_savepoints(keys: Iterable[object]) -> None:
    """Remove the folders of savepoints that are no more."""
    for key in keys:
        shutil.rmtree(settings.HOME.savepoint(key), ignore_errors=True)


def _locked(run: Run) -> Run:
    """The run as it is now, its row locked until the transaction ends."""
    found = Run.objects.select_for_update(of=("self",)).select_related("pipeline__project", "revision")
    return found.get(pk=run.pk)


def _note(run: Run, code: str, message: str, by: User | None) -> None:
    RunEvent.objects.create(run=run, kind="request", code=code, message=message, user=by)
