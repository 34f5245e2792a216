"""The supervisor's process: `python -m porsche.supervise`. One for each home; its jobs outlive it.

SIGTERM ends it and leaves the jobs running; `--settle` notes, once, what became of runs whose jobs were stopped.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

from engine.errors import UserError
from porsche import processes
from porsche.home import Home

if TYPE_CHECKING:
    from porsche.ide.supervisor import Observer

PATIENCE = 15.0
"""Seconds to wait for a supervisor that is about to end."""


def observers() -> list[Observer]:
    """Who is told of each run's snapshots: the collector of metrics."""
    from porsche.monitor.collect import Collector

    return [Collector()]


def supervise(home: Home) -> None:
    """Supervise the runs of a home until SIGTERM or SIGINT."""
    from porsche.ide.supervisor import Supervisor
    from porsche.runners.launch import Launcher

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with _alone(home, PATIENCE), Launcher(forks=True) as launcher:
        processes.note(home.processes, "supervisor")
        told = observers()
        try:
            Supervisor(home, told, launcher=launcher).run(stop)
        finally:
            for observer in told:
                observer.close()
            processes.forget(home.processes, "supervisor")


def settle(home: Home) -> None:
    """Note what became of runs whose jobs were stopped with the platform."""
    from porsche.ide.supervisor import Supervisor

    with _alone(home, 2.0):
        Supervisor(home).settle()


def _alone(home: Home, patience: float) -> contextlib.AbstractContextManager[None]:
    refusal = UserError("already_supervised", f"another supervisor works in {home.path}", hint="porsche down ends it")
    return processes.only_one(home.folder() / "supervisor.lock", patience, refusal)


def main(arguments: list[str] | None = None) -> int:
    """The process."""
    parser = argparse.ArgumentParser(prog="python -m porsche.supervise", description=__doc__)
    parser.add_argument("--settle", action="store_true", help="one pass that starts nothing")
    asked = parser.parse_args(arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "porsche.settings")
    import django

    django.setup()
    from django.conf import settings

    try:
        (settle if asked.settle else supervise)(settings.HOME)
    except UserError as error:
        sys.stderr.write(f"porsche: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
