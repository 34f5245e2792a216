"""Work in the background: rows that say what is to be done, how far it is, and what came of it.

    work = submit(kind="export", task="porsche.ide.tasks.export", project=project, user=user, arguments={...})

    @task
    def export(job: Job, project: int) -> dict[str, Any]:      # called by a worker with the row's arguments
        job.progress(0.5, "half of it")
        return {"pipelines": 7}                                # becomes the row's `result`

The row is the truth, a message to a worker only hastens it: messages that are lost are sent again, those that come
twice change nothing. A task may be begun again after its worker died, so it must be idempotent.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial, wraps
from typing import Any

from celery import Task, shared_task
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.module_loading import import_string

from engine.errors import UserError
from porsche.ide.models import Project, User, Work
from porsche.redaction import redact

log = logging.getLogger(__name__)

BEATING = 2.0
"""Seconds after which a worker says again that it is at it."""
SILENCE = timedelta(seconds=10)
"""Without a word for so long, a worker is taken for dead."""
RESEND = timedelta(seconds=60)
"""A message is sent again if nobody has begun for so long."""
ATTEMPTS = 3
"""How often a task is begun: one that kills its worker must not do so for ever."""
PAUSE = 0.5
"""Seconds between two notes of progress, at least."""


def submit(*, kind: str, task: str, project: Project, user: User | None = None, subject: str = "",
           arguments: dict[str, Any] | None = None) -> Work:
    """Something to be done: a worker hears of it once the transaction is committed."""
    work = Work.objects.create(kind=kind, task=task, arguments=arguments or {}, subject=subject, project=project,
                               created_by=user, beat_at=timezone.now())
    transaction.on_commit(partial(_send, work.pk, task))
    return work


def _send(work: int, task: str) -> None:
    """Tell a worker. Where the broker does not answer, `sweep` does it later."""
    try:
        import_string(settings.BACKGROUND).send_task(task, args=[work], retry=False)
    except Exception:  # whatever is wrong with the broker, what was asked for is noted
        log.warning("work %s could not be sent to a worker yet", work, exc_info=True)


# ---- what a worker does ----------------------------------------------------------------------------------------------


class Job:
    """A piece of work that this process is at."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self._mine = Work.objects.filter(pk=work.pk, state=Work.State.RUNNING, attempts=work.attempts)
        self._noted = 0.0

    def progress(self, part: float | None, message: str = "") -> None:
        """How far it is: from 0 to 1, where that is known."""
        now = time.monotonic()
        if now - self._noted >= PAUSE or part == 1.0:
            self._noted = now
            self._mine.update(progress=part, message=message[:500], beat_at=timezone.now())

    def done(self, result: Any) -> None:
        self._mine.update(state=Work.State.DONE, progress=1.0, result=result, error=None, ended_at=timezone.now())

    def failed(self, code: str, message: str, hint: str | None = None) -> None:
        error = {"code": code, "message": redact(message), "hint": hint}
        self._mine.update(state=Work.State.FAILED, error=error, ended_at=timezone.now())

    @contextlib.contextmanager
    def beating(self) -> Iterator[None]:
        """Says meanwhile that this process is at it."""
        done = threading.Event()

        def beat() -> None:
            while not done.wait(BEATING):
                with contextlib.suppress(Exception):  # a database that is busy now may answer the next time
                    self._mine.update(beat_at=timezone.now())
            connection.close()

        thread = threading.Thread(target=beat, name="beat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join(10)


def task(function: Callable[..., Any]) -> Task:
    """A function of a `Job` and a row's arguments as a Celery task. What it returns is the row's result; a UserError is
    the row's error."""

    @shared_task(name=f"{function.__module__}.{function.__name__}", acks_late=True)
    @wraps(function)
    def run(work: int) -> None:
        job = begin(work)
        if job is None:
            return
        with job.beating():
            try:
                result = function(job, **job.work.arguments)
            except UserError as error:
                job.failed(error.code, error.message, error.hint)
            except Exception as error:
                log.exception("work %s failed", work)
                job.failed("failed", f"{type(error).__name__}: {error}", "the worker's log has more")
            else:
                job.done(result)

    return run


def begin(work: int) -> Job | None:
    """Take a piece of work; None where it is done, was deleted, or another worker is at it."""
    now = timezone.now()
    free = Q(state=Work.State.WAITING) | _lost(now)
    taken = Work.objects.filter(free, pk=work, attempts__lt=ATTEMPTS).update(
        state=Work.State.RUNNING, attempts=F("attempts") + 1, started_at=now, beat_at=now, progress=None, message="")
    return Job(Work.objects.select_related("project").get(pk=work)) if taken else None


def _lost(now: datetime) -> Q:
    """What a worker that is no more was at."""
    return Q(state=Work.State.RUNNING, beat_at__lt=now - SILENCE)


# ---- what looks after it ---------------------------------------------------------------------------------------------


def sweep() -> int:
    """Take up again what a dead worker left and what no worker heard of; how many were sent."""
    now = timezone.now()
    error = {"code": "worker_lost", "message": f"the worker that did it was lost {ATTEMPTS} times",
             "hint": "the worker's log says why; ask for it again"}
    Work.objects.filter(_lost(now), attempts__gte=ATTEMPTS).update(
        state=Work.State.FAILED, error=error, ended_at=now)
    unheard = Q(state=Work.State.WAITING) & (Q(beat_at=None) | Q(beat_at__lt=now - RESEND))
    sent = 0
    for row in Work.objects.filter(_lost(now) | unheard).order_by("pk")[:100]:
        same = Work.objects.filter(pk=row.pk, state=row.state, beat_at=row.beat_at)
        if same.update(state=Work.State.WAITING, beat_at=now):  # of two that look, one sends
            _send(row.pk, row.task)
            sent += 1
    return sent
