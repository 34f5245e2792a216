"""What `porsche up` and `down` do in the database themselves: tables, the first user, examples; what became of runs."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import UserError
from porsche.home import Home
from porsche.steps import Steps

if TYPE_CHECKING:
    from porsche.ide.models import Pipeline, Run


@cache
def _django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "porsche.settings")
    import django

    django.setup()


class _Counted(io.StringIO):
    """Takes what the migrate command says; tells of each migration that was applied."""

    def __init__(self, tick: Any) -> None:
        super().__init__()
        self._tick = tick

    def write(self, text: str) -> int:
        if text.strip().endswith("OK"):
            self._tick()
        return super().write(text)


def migrate(steps: Steps) -> None:
    """Bring the database's tables up to date."""
    _django()
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    waiting = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    if waiting:
        with steps.bar("database", waiting) as tick:
            call_command("migrate", interactive=False, verbosity=1, stdout=_Counted(tick))
    steps.done("database", f"{waiting} migrations applied" if waiting else "up to date")
    connection.close()


def start_example(path: Path, parameters: Mapping[str, str], options: Mapping[str, Any]) -> str:
    """Have the pipeline of a file, and a run of it that goes on; what was done, in words."""
    _django()
    from django.db import connection

    from porsche.ide.models import Desired, Status
    from porsche.ide.services.people import ensure_first_user
    from porsche.ide.services.runs import create_run, start_run
    from porsche.ide.services.seed import seed_example

    pipeline, user = seed_example(path), ensure_first_user()
    run = _newest(pipeline)
    try:
        if run is None or run.status in (Status.FINISHED, Status.FAILED):
            assert pipeline.head is not None
            run = create_run(pipeline=pipeline, revision=pipeline.head, parameters=parameters, options=options, by=user)
            return f"{pipeline.slug}: run {run.pk} begins"
        if run.status == Status.STOPPED and run.desired == Desired.STOPPED:
            start_run(run=run, by=user)
        return f"{pipeline.slug}: run {run.pk} goes on"
    finally:
        connection.close()


def _newest(pipeline: Pipeline) -> Run | None:
    return pipeline.runs.order_by("-id").first()


def sign_in_path() -> str:
    """The path of a page that signs the first user in, once."""
    _django()
    from django.db import connection

    from porsche.ide.services.people import create_sign_in_link, ensure_first_user

    try:
        return create_sign_in_link(user=ensure_first_user())
    finally:
        connection.close()


def settle(home: Home, steps: Steps) -> None:
    """Note what became of runs whose jobs were stopped; what cannot be noted is found out at the next start."""
    _django()
    from django.db import DatabaseError, connections

    from porsche.supervise import settle as note

    try:
        note(home)
    except (DatabaseError, UserError) as error:
        steps.say(f"what became of the runs could not be noted: {error}")
    finally:
        connections.close_all()
