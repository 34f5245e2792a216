"""What a worker does for a verification."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from celery import shared_task
from django.conf import settings

from engine.errors import UserError
from porsche.compiler import Compiled, compile_text, environment
from porsche.ide.models import Run, Status
from porsche.ide.work import Job, task
from porsche.runners.access import access_of
from porsche.runners.folder import RunFolder, read
from porsche.runners.verify import rows_read, verify
from porsche.verification.models import Verification
from porsche.verification.services import start_due


@task
def verify_run(job: Job, run: int) -> dict[str, Any]:
    """Check a run, and keep the report with its verification."""
    found = Run.objects.select_related("revision").get(pk=run)
    folder = RunFolder(settings.HOME.run(found.pk))
    status = read(folder.state / "status.json")
    if status is None:
        raise UserError("no_results", f"run {run} has left no status to check", hint="it may never have begun")
    where = environment(found.environment)
    access = where.allowed(str(folder.path), str(settings.HOME.path))

    def compile_at(state: Path) -> Compiled:
        return compile_text(found.revision.document, parameters=found.parameters, state=str(state), environment=where)

    report = verify(
        compile_at, state=folder.state, work=folder.path / "verification",
        access=access_of(access),
        rows=None if found.status == Status.FINISHED else rows_read(status), progress=job.progress)
    _refuse_if_it_went_on(found)
    Verification.objects.filter(work=job.work).update(equal=report.equal, report=report.as_json())
    return {"equal": report.equal, "tables": len(report.tables)}


def _refuse_if_it_went_on(run: Run) -> None:
    now = Run.objects.get(pk=run.pk)
    if (now.generation, now.status) != (run.generation, run.status):
        raise UserError("went_on", f"run {run.pk} was started again meanwhile", hint="check it once it has stopped")


@shared_task(name="porsche.verification.tasks.verify_due")
def verify_due() -> None:
    """Check what ended lately; by the clock."""
    start_due()
