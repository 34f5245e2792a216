"""The processes that `porsche up` starts and watches: `python -m porsche.children web|supervisor|worker`.

Each writes into its own log in HOME/logs, notes itself in HOME/processes, and ends by itself when whoever started it is
gone, so that nothing lingers after a kill -9. Jobs are not among them: they outlive all of these.
"""

from __future__ import annotations

import argparse
import gc
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable

from porsche import processes
from porsche.home import PRIVATE, Home
from porsche.output import Redirected

NAMES = ("web", "supervisor", "worker")
PERIOD = 0.5
PATIENCE = 15.0
"""Seconds that a process has to end after its parent is gone."""
GARBAGE = 10_000
"""Objects after which unreachable ones are looked for: what is loaded at the start is none."""


def guard(parent: int, output: Redirected) -> None:
    """A thread that ends this process when its parent is gone, and keeps its log within bounds."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(PERIOD)
            output.check()
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(PATIENCE)
        os._exit(1)

    threading.Thread(target=watch, name="guard", daemon=True).start()


def web(home: Home, descriptor: int, url: str) -> None:
    """Serve the application on a socket that the parent listens at."""
    import uvicorn

    processes.note(home.processes, "web", url=url)
    config = uvicorn.Config("porsche.asgi:application", lifespan="off", log_config=None, access_log=False,
                            server_header=False, timeout_graceful_shutdown=3)
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=descriptor)])


def supervisor(home: Home, descriptor: int, url: str) -> None:
    """Supervise the runs."""
    from porsche.supervise import main

    sys.exit(main([]))


def worker(home: Home, descriptor: int, url: str) -> None:
    """Do background work, and what is due at certain times."""
    from porsche.celery import app

    processes.note(home.processes, "worker")
    try:
        app.worker_main(["worker", "--beat", "--concurrency", "1", "--loglevel", "INFO", "--without-gossip",
                         "--without-mingle", "--without-heartbeat", "--schedule", str(home.folder() / "schedule")])
    except SystemExit as end:
        logging.shutdown()
        os._exit(int(end.code or 0))  # its work has ended: there is nothing to wait for but threads that sleep


MAINS: dict[str, Callable[[Home, int, str], None]] = {"web": web, "supervisor": supervisor, "worker": worker}


def main(arguments: list[str] | None = None) -> None:
    """The process."""
    parser = argparse.ArgumentParser(prog="python -m porsche.children", description=__doc__)
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("--parent", type=int, required=True, help="the process whose end is this one's")
    parser.add_argument("--socket", type=int, default=-1, help="the descriptor that web listens at")
    parser.add_argument("--url", default="", help="where web is reached")
    asked = parser.parse_args(arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "porsche.settings")
    os.umask(PRIVATE)
    gc.set_threshold(GARBAGE)
    home = Home.default()
    guard(asked.parent, Redirected(home.logs / f"{asked.name}.log"))
    MAINS[asked.name](home, asked.socket, asked.url)


if __name__ == "__main__":
    main()
