"""Background work: `celery -A porsche.celery worker --beat`. Each Django app has its tasks in `tasks.py`.

Without PORSCHE_BROKER messages are files in the home folder, and no server is needed.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

from celery import Celery, bootsteps
from celery.signals import beat_embedded_init, worker_process_init
from django.conf import settings
from kombu.transport import filesystem
from kombu.utils.json import dumps, loads

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "porsche.settings")
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")  # they would load all pages
log = logging.getLogger(__name__)

BEATING = 2.0
"""Seconds between two beats of a worker."""
LOOKING = 0.2
"""Seconds after which a worker looks again whether there is a message."""
NAME = "worker"


class Channel(filesystem.Channel):
    """Messages are files that appear whole, by rename: kombu's own are there before they are written."""

    def _put(self, queue: str, message: Any, **_: Any) -> None:  # type: ignore[override]  # its bases disagree
        place = Path(self.data_folder_out) / f"{time.time_ns()}_{uuid.uuid4()}.{queue}.msg"
        draft = place.with_name(f"{place.name}.part")
        draft.write_text(dumps(message), encoding="utf-8")
        draft.replace(place)

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        for name in sorted(os.listdir(self.data_folder_in)):
            if name.partition(".")[2] != f"{queue}.msg":
                continue
            taken = Path(self.processed_folder) / name
            try:
                (Path(self.data_folder_in) / name).rename(taken)
            except FileNotFoundError:  # another worker was first
                continue
            message = taken.read_text(encoding="utf-8")
            taken.unlink()
            return loads(message)
        raise Empty


class Transport(filesystem.Transport):
    """Looked for often enough that nobody waits for it: for messages, and for whether the worker is to end."""

    Channel = Channel
    polling_interval = LOOKING

    def drain_events(self, connection: Any, **options: Any) -> None:  # type: ignore[override]  # its bases disagree
        super().drain_events(connection, timeout=min(options.get("timeout") or LOOKING, LOOKING))


_at_the_database = threading.Lock()
"""No process of the pool is forked meanwhile: it would for ever hold what SQLite notes of locks in its process."""
os.register_at_fork(before=_at_the_database.acquire, after_in_parent=_at_the_database.release,
                    after_in_child=_at_the_database.release)


class Life(bootsteps.StartStopStep):
    """A worker says that it works, and looks after work that others left."""

    requires = ("celery.worker.components:Pool",)  # a thread is begun after the processes were forked

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._live, name="life", daemon=True)

    def start(self, parent: Any) -> None:
        self._thread.start()

    def stop(self, parent: Any) -> None:
        self._done.set()
        self._thread.join(10)

    def _live(self) -> None:
        from django.db import connection

        from porsche.ide.models import Beat

        checked = complained = False
        while True:
            with _at_the_database:
                try:
                    checked = _once(checked)
                    complained = False
                except Exception:  # a database that does not answer now may do so later
                    if not complained:
                        log.warning("the worker cannot say that it works", exc_info=True)
                    complained = True
                finally:
                    connection.close()
            if self._done.wait(BEATING):
                break
        with contextlib.suppress(Exception):
            Beat.objects.filter(name=NAME, pid=os.getpid()).delete()
        connection.close()


def _once(checked: bool) -> bool:
    """One beat; after the first one pipelines are checked that this version has not checked."""
    from django.utils import timezone

    from porsche.ide.models import Beat
    from porsche.ide.tasks import start_checks_after_upgrade
    from porsche.ide.work import sweep

    Beat.objects.update_or_create(name=NAME, defaults={"pid": os.getpid(), "at": timezone.now()})
    sweep()
    if not checked:
        start_checks_after_upgrade()
    return True


app = Celery("porsche")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(Life)

if app.conf.broker_url.startswith("filesystem:"):
    app.conf.broker_transport = "porsche.celery:Transport"
    folders = {name: str(settings.HOME.folder(f"broker/{name}")) for name in ("queue", "taken", "control")}
    app.conf.broker_transport_options = {
        "data_folder_in": folders["queue"],
        "data_folder_out": folders["queue"],
        "processed_folder": folders["taken"],
        "control_folder": folders["control"],
    }
else:
    app.conf.broker_transport_options = {"socket_connect_timeout": 2, "socket_timeout": 10}


@beat_embedded_init.connect(weak=False)
@worker_process_init.connect(weak=False)
def _end_with_the_worker(**_: Any) -> None:
    """A process of the pool, or the beat, ends when its worker is gone: one that was killed leaves none behind."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(1)

    threading.Thread(target=watch, name="parent", daemon=True).start()
