"""`GET /api/runs/{id}/support`: a run's support bundle, with what the database knows of it."""

from __future__ import annotations

import io
import time
from typing import Any, ClassVar

from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from porsche.ide.api.base import View
from porsche.ide.models import Role, Run, RunEvent
from porsche.ide.selectors import files
from porsche.ide.selectors import runs as run_selectors
from porsche.ide.selectors.compiled import compiled
from porsche.monitor.selectors import series
from porsche.redaction import secrets_of
from porsche.runners.support import bundle

HOUR, DAY = 3600.0, 24 * 3600.0
EVENTS = 500


class SupportView(View):
    """A run's support bundle."""

    roles: ClassVar = {"GET": Role.OPERATOR}

    @extend_schema(operation_id="runs_support", responses={(200, "application/zip"): OpenApiTypes.BINARY})
    def get(self, request: Request, pk: int) -> FileResponse:
        """What somebody needs who helps with a run: plan, metrics, log, manifests. No rows, no secrets. A ZIP file."""
        run = self.find(run_selectors.rows(), pk=pk)
        file = io.BytesIO()
        bundle(files.folder(run), file, _told(run), secrets_of(run.parameters))
        file.seek(0)
        return FileResponse(file, as_attachment=True, filename=f"{run.pipeline.slug}-{run.pk}-support.zip",
                            content_type="application/zip")


def _told(run: Run) -> dict[str, Any]:
    """What the database knows: the run, what happened to it, its metrics, and what it compiles to."""
    events = RunEvent.objects.filter(run=run).select_related("user").order_by("-id")[:EVENTS]
    made = compiled(run.revision.document, run_selectors.parameters(run), run.environment, str(files.folder(run).state))
    now = time.time()
    return {
        "run.json": run_selectors.detail(run),
        "events.json": run_selectors.events(events),
        "statements.sql": made["sql"] or "",
        "diagnostics.json": made["diagnostics"],
        "metrics-hour.json": series(run, now - HOUR, now, 10),
        "metrics-day.json": series(run, now - DAY, now - HOUR, 600),
    }
