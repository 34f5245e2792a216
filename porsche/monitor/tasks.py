"""The monitor's background work."""

from __future__ import annotations

import time

from celery import shared_task

from porsche.monitor.rollups import retire


@shared_task(name="porsche.monitor.tasks.retain")
def retain() -> None:
    """Delete rollups that are older than their resolution is kept."""
    retire(time.time())
