"""What projects may take of the machine."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import transaction

from porsche.ide.errors import Conflict
from porsche.ide.models import Project, Quota, Run
from porsche.ide.scheduling import Share, caps_for, claim_of, never_fits
from porsche.runners.policy import settings_of

LIMITS = ("runs", "slots", "memory", "job_memory", "job_cpu")


@transaction.atomic
def set_quota(*, project: Project, **limits: Any) -> Quota:
    """Change limits of a project (those of `LIMITS`; None: no limit of its own). Runs that are active go on."""
    Project.objects.select_for_update().get(pk=project.pk)
    return Quota.objects.update_or_create(project=project, defaults=limits)[0]


def require_room(run: Run) -> None:
    """Conflict `too_large` where a run could not start even if nothing else ran: it would wait for ever."""
    quota = Quota.objects.filter(project=run.pipeline.project_id).first()
    caps = caps_for(run, settings_of(run.revision.document, run.parameters), quota, settings.RESOURCES)
    machine = Share(None, settings.RESOURCES.slots, settings.RESOURCES.memory)
    refusal = never_fits(claim_of(run.pipeline.project_id, caps), machine, Share.of(quota) if quota else None)
    if refusal is not None:
        raise Conflict("too_large", refusal.message, hint=refusal.hint)
