"""A run that takes over from others of its pipeline starts when they have ended: two would write the same tables."""

from __future__ import annotations

from django.db.models import QuerySet

from porsche.ide.models import Run
from porsche.ide.scheduling import Refusal


def turn(run: Run, pending: QuerySet[Run]) -> Refusal | None:
    """Why a run has to wait for its turn; None where it has not, or has had it. `pending`: runs that are not over."""
    if not run.takes_over or run.started_at is not None:
        return None
    before = list(pending.filter(pipeline=run.pipeline_id, pk__lt=run.pk).values_list("pk", flat=True)[:5])
    if not before:
        return None
    words = ", ".join(f"run {number}" for number in before)
    return Refusal("turn", f"waits until {words} of its pipeline has ended", "it takes over where that one stops")
