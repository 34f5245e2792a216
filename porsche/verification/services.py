"""Verifications are asked for here, by a person or by the clock."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from porsche.ide.errors import Conflict
from porsche.ide.models import Run, Status, User, Work
from porsche.ide.selectors.runs import is_active
from porsche.ide.work import submit
from porsche.verification.models import Verification

KIND = "verification"
CHECKABLE = (Status.STOPPED, Status.FINISHED)
RECENT = timedelta(days=2)
"""Runs that ended longer ago are not checked by the clock."""
SMALL = 5_000_000
"""Rows of a run that the clock has checked, at most: a check reads them all again."""


@transaction.atomic
def start_verification(*, run: Run, by: User | None = None) -> Verification:
    """Have a run checked in the background. Conflict where it has not ended, or a check is under way already."""
    run = Run.objects.select_for_update(of=("self",)).select_related("pipeline__project").get(pk=run.pk)
    if is_active(run) or run.status not in CHECKABLE:
        raise Conflict("not_checkable", f"run {run.pk} is {run.status}",
                       hint="only what has stopped or finished can be checked: stop it first")
    open_states = (Work.State.WAITING, Work.State.RUNNING)
    if Verification.objects.filter(run=run, work__state__in=open_states).exists():
        raise Conflict("check_under_way", f"a check of run {run.pk} is under way")
    work = submit(kind=KIND, task="porsche.verification.tasks.verify_run", project=run.pipeline.project, user=by,
                  subject=f"run:{run.pk}", arguments={"run": run.pk})
    return Verification.objects.create(run=run, work=work)


def start_due() -> int:
    """Check the runs that ended lately, each once; how many."""
    ended = Run.objects.filter(status__in=CHECKABLE, verifications=None, ended_at__gt=timezone.now() - RECENT)
    started = 0
    for run in ended.order_by("pk"):
        if ((run.snapshot or {}).get("rows_in") or 0) <= SMALL and not is_active(run):
            start_verification(run=run)
            started += 1
    return started
