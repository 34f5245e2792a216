"""Savepoints: made of runs, begun from, rolled back to. A worker makes them, the supervisor starts what is begun."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from porsche.ide.errors import Conflict
from porsche.ide.models import Desired, Pipeline, Revision, Run, RunEvent, Savepoint, Status, User, Work
from porsche.ide.selectors.compiled import require_valid
from porsche.ide.selectors.runs import ACTIVE, is_active
from porsche.ide.selectors.savepoints import needed_by
from porsche.ide.services.pipelines import save_document
from porsche.ide.services.runs import remove_savepoints, stop_run
from porsche.ide.services.upgrades import require_consent, savepoint_check
from porsche.ide.work import submit

KIND = "savepoint"
TASK = "porsche.ide.tasks.make_savepoint"


@transaction.atomic
def create_savepoint(*, run: Run, name: str = "", restore_point: bool = False, stop: bool = False,
                     by: User | None) -> Savepoint:
    """A savepoint of a run as it is now; with `stop`, of the checkpoint with which it ends, which is asked of it. A
    worker makes it."""
    if stop:
        run = stop_run(run=run, by=by)
    if run.status == Status.CREATED and not is_active(run):
        raise Conflict("no_checkpoint", f"run {run.pk} has never run: it has no state")
    made = _add(run, name, restore_point, by)
    RunEvent.objects.create(run=run, kind="request", code="savepoint", message=f"savepoint '{made.name}'", user=by)
    submit(kind=KIND, task=TASK, project=run.pipeline.project, user=by, subject=f"run:{run.pk}",
           arguments={"savepoint": made.pk, "stopping": stop})
    return made


def _add(run: Run, name: str, restore_point: bool, by: User | None) -> Savepoint:
    try:
        with transaction.atomic():
            return Savepoint.objects.create(
                pipeline=run.pipeline, revision=run.revision, run=run, name=name or _free_name(run), named=bool(name),
                restore_point=restore_point,
                parameters=run.parameters, options=run.options, environment=run.environment, created_by=by)
    except IntegrityError:
        raise Conflict("name_taken", f"the pipeline '{run.pipeline.slug}' has a savepoint '{name}' already",
                       hint="choose another name") from None


def _free_name(run: Run) -> str:
    taken = set(run.pipeline.savepoints.values_list("name", flat=True))
    number = 1
    while f"run-{run.pk}-{number}" in taken:
        number += 1
    return f"run-{run.pk}-{number}"


@transaction.atomic
def delete_savepoint(*, savepoint: Savepoint) -> None:
    """A savepoint with its folder; not while a run needs it to begin."""
    savepoint = Savepoint.objects.select_for_update(of=("self",)).get(pk=savepoint.pk)
    waiting = needed_by(savepoint)
    if waiting:
        raise Conflict("savepoint_in_use", f"run {waiting[0].pk} begins with the savepoint '{savepoint.name}'",
                       hint="it needs it until it has taken its first checkpoint")
    busy = Work.objects.filter(kind=KIND, arguments__savepoint=savepoint.pk)
    if busy.filter(state__in=(Work.State.WAITING, Work.State.RUNNING)).exists():
        raise Conflict("savepoint_in_use", f"the savepoint '{savepoint.name}' is being made", hint="wait until it is")
    key = savepoint.key
    savepoint.delete()
    transaction.on_commit(lambda: remove_savepoints([key]))


def retain_savepoints() -> list[str]:
    """Delete, of the savepoints of each pipeline that nobody named, those beyond the newest: not restore points, and
    none that a run needs to begin. The names of those that went."""
    unnamed = Savepoint.objects.filter(named=False, restore_point=False).exclude(state=Savepoint.State.MAKING)
    gone = []
    for pipeline in unnamed.order_by().values_list("pipeline", flat=True).distinct():
        for savepoint in unnamed.filter(pipeline=pipeline).order_by("-pk")[settings.SAVEPOINTS:]:
            with suppress(Conflict):
                delete_savepoint(savepoint=savepoint)
                gone.append(savepoint.name)
                if savepoint.run is not None:
                    RunEvent.objects.create(
                        run=savepoint.run, kind="status", code="savepoint_expired",
                        message=f"the savepoint '{savepoint.name}' has gone: of those without a name of their own the "
                                f"newest {settings.SAVEPOINTS} are kept")
    return gone


def restore_savepoint(*, savepoint: Savepoint, revision: Revision | None = None,
                      parameters: Mapping[str, str] | None = None, options: Mapping[str, Any] | None = None,
                      allow: Collection[str] = (), by: User | None) -> Run:
    """A run that begins with a savepoint: of its revision, parameters and options, but for those that are given.
    Conflict "upgrade_refused", with what becomes of its state, where others do not fit it and `allow` does not agree
    to that."""
    _require_ready(savepoint)
    chosen, filled = revision or savepoint.revision, {**savepoint.parameters, **(parameters or {})}
    if chosen.digest != savepoint.revision.digest or filled != savepoint.parameters:
        require_consent(savepoint_check(savepoint=savepoint, document=chosen.document, parameters=filled), allow,
                        f"under revision {chosen.number} some of the state in '{savepoint.name}' would be")
    given = {**_without_consents(savepoint.options), **(options or {}), **({"allow": sorted(allow)} if allow else {})}
    return _begun(savepoint, chosen, filled, given, by)


@transaction.atomic
def _begun(savepoint: Savepoint, revision: Revision, parameters: Mapping[str, str], options: Mapping[str, Any],
           by: User | None, *, takes_over: bool = False) -> Run:
    pipeline = savepoint.pipeline
    if pipeline.archived_at is not None:
        raise Conflict("archived", f"the pipeline '{pipeline.slug}' is archived", hint="take it out of the archive")
    run = Run.objects.create(pipeline=pipeline, revision=revision, restored_from=savepoint, takes_over=takes_over,
                             parameters=dict(parameters), options=dict(options), environment=savepoint.environment,
                             created_by=by)
    require_valid(revision.document, run.parameters, run.environment, str(settings.HOME.run(run.pk) / "state"))
    RunEvent.objects.create(run=run, kind="request", code="start", user=by,
                            message=f"revision {revision.number} is to run from the savepoint '{savepoint.name}'")
    return run


def _without_consents(options: Mapping[str, Any]) -> dict[str, Any]:
    """What was agreed to for one change of the document holds for that change."""
    return {name: value for name, value in options.items() if name != "allow"}


def _require_ready(savepoint: Savepoint) -> None:
    if savepoint.state != Savepoint.State.READY:
        why = (savepoint.error or {}).get("message") or "it is being made"
        raise Conflict("savepoint_not_ready", f"the savepoint '{savepoint.name}' cannot be used: {why}")


@transaction.atomic
def roll_back(*, savepoint: Savepoint, by: User | None) -> Run:
    """Bring a pipeline back to a savepoint: its document becomes the newest revision again, what runs is stopped, and a
    run begins with the state, models, parameters and options of then, once nothing else of the pipeline runs."""
    _require_ready(savepoint)
    pipeline = Pipeline.objects.select_for_update(of=("self",)).select_related("project").get(pk=savepoint.pipeline_id)
    revision = savepoint.revision
    assert pipeline.head_id is not None
    if pipeline.head_id != revision.pk:
        message = f"as in the savepoint '{savepoint.name}' (revision {revision.number})"
        revision = save_document(pipeline=pipeline, document=revision.document, base=None, message=message, by=by)
    for run in pipeline.runs.filter(ACTIVE):
        if run.desired != Desired.STOPPED:
            stop_run(run=run, by=by)
    return _begun(savepoint, revision, savepoint.parameters, savepoint.options, by, takes_over=True)


@transaction.atomic
def rescale_run(*, run: Run, shards: int, by: User | None) -> Run:
    """Another number of shards: a run that is active takes a checkpoint, ends, and goes on from it with so many."""
    run = Run.objects.select_for_update(of=("self",)).select_related("pipeline__project", "revision").get(pk=run.pk)
    if run.status == Status.FINISHED and not is_active(run):
        raise Conflict("run_finished", f"run {run.pk} has processed all its input", hint="start a new run")
    if run.options.get("shards") == shards:
        return run
    run.options = {**run.options, "shards": shards}
    if is_active(run) and run.desired == Desired.RUNNING:
        run.generation += 1
    run.save(update_fields=["options", "generation"])
    RunEvent.objects.create(run=run, kind="request", code="rescale", user=by,
                            message=f"it is to go on in {shards} shards from a fresh checkpoint")
    return run
