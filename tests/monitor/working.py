"""A worker with tasks that misbehave: `celery -A tests.monitor.working worker`."""

from __future__ import annotations

import os
import signal
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from porsche.celery import app

app.set_current()
app.loader.import_default_modules()

from engine.errors import UserError  # noqa: E402
from porsche.ide import work  # noqa: E402
from porsche.ide.work import Job, task  # noqa: E402

if os.environ.get("HASTY"):  # it soon takes work for lost
    work.SILENCE = timedelta(seconds=2)


@task
def slow(job: Job, trace: str, seconds: float) -> dict[str, Any]:
    """Leaves a line at its beginning and at its end."""
    with Path(trace).open("a", encoding="utf-8") as file:
        file.write(f"begin {os.getpid()}\n")
    for i in range(10):
        job.progress(i / 10, f"step {i}")
        time.sleep(seconds / 10)
    with Path(trace).open("a", encoding="utf-8") as file:
        file.write("end\n")
    return {"slept": seconds}


@task
def endless_at_first(job: Job, trace: str) -> None:
    """Leaves a line each time; the first time it does not come to an end."""
    path = Path(trace)
    first = not path.exists()
    with path.open("a", encoding="utf-8") as file:
        file.write("begin\n")
    while first:
        time.sleep(1)


@task
def deadly(job: Job) -> None:
    """Takes its process with it, each time."""
    os.kill(os.getpid(), signal.SIGKILL)


@task
def refused(job: Job) -> None:
    raise UserError("not_today", "it cannot be done with password=hunter22", hint="ask tomorrow")


@task
def broken(job: Job) -> None:
    raise ZeroDivisionError("by nothing")
