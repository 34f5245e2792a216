"""The collector: an observer of all runs in the supervisor, which turns snapshots into rollups.

    collector = Collector()
    collector.observe(run, previous, snapshot)     # at each snapshot of a run; never raises, never waits
    collector.close()                              # writes what is left

A thread of its own writes every few seconds: what a kill loses is at most that.
"""

from __future__ import annotations

import logging
import threading
import time

from django.conf import settings
from django.db import close_old_connections, connection

from porsche.ide.models import Run
from porsche.monitor.points import Point, Snapshot, number, points
from porsche.monitor.rollups import Gathering, write
from porsche.runners.folder import RunFolder
from porsche.runners.models import ModelFacts, node_of

log = logging.getLogger(__name__)

PERIOD = 5.0
"""Seconds between two writes."""
QUIET = 60.0
"""Seconds between two complaints about one thing."""
SCORES = ("logloss", "auc", "calibration", "calibration_error", "window_logloss", "window_auc")


class Collector:
    """Gathers the points of runs and writes their rollups. `period`: seconds between two writes."""

    def __init__(self, period: float = PERIOD) -> None:
        self._period = period
        self._gathering = Gathering()
        self._models: dict[int, ModelFacts] = {}
        self._thread: threading.Thread | None = None
        self._done = threading.Event()
        self._complained = -QUIET

    def observe(self, run: Run, previous: Snapshot | None, snapshot: Snapshot) -> None:
        """Take a run's new snapshot; `previous`: the one before, None at the first."""
        try:
            at = number(snapshot.get("at"))
            found = points(previous, snapshot)
            if found and at is not None:
                self._gathering.add(run.pk, at, [*found, *self._model_points(run.pk)])
                self._start()
        except Exception:  # whatever a job writes, the supervisor goes on
            if self._due():
                log.exception("the snapshot of run %s could not be read", run.pk)

    def forget(self, run: Run) -> None:
        """A run that has ended: nothing of it needs to be remembered."""
        self._models.pop(run.pk, None)

    def flush(self) -> int:
        """Write what was gathered; how many spans. Where the database does not answer it is kept for the next time."""
        spans = self._gathering.take()
        if not spans:
            return 0
        try:
            close_old_connections()
            return write(spans)
        except Exception:  # a lock, a connection, a run deleted in between: it is tried again
            self._gathering.give_back(spans)
            if self._due():
                log.exception("the rollups could not be written")
            return 0

    def close(self) -> None:
        """Write what is left and end."""
        self._done.set()
        if self._thread is not None:
            self._thread.join(timeout=self._period + 10)
            self._thread = None

    def _start(self) -> None:
        if self._thread is None and not self._done.is_set():
            self._thread = threading.Thread(target=self._write_on, name="rollups", daemon=True)
            self._thread.start()

    def _write_on(self) -> None:
        while not self._done.wait(self._period):
            self.flush()
        self.flush()
        connection.close()

    def _model_points(self, run: int) -> list[Point]:
        facts = self._models.get(run)
        if facts is None:
            facts = self._models[run] = ModelFacts(RunFolder(settings.HOME.run(run)).state)
        newer = {node_of(name) for name in facts.newer()}
        return model_points({name: known for name, known in facts.newest.items() if node_of(name) in newer})

    def _due(self) -> bool:
        """Whether it is time for a complaint again."""
        now = time.monotonic()
        due = now - self._complained >= QUIET
        self._complained = now if due else self._complained
        return due


def model_points(newest: dict[str, dict[str, float | None]]) -> list[Point]:
    """What the newest versions of models say, by node. Where a node trains one for each group, samples are summed and
    scores are means weighted by samples."""
    by_node: dict[str, list[dict[str, float | None]]] = {}
    for name, facts in newest.items():
        by_node.setdefault(node_of(name), []).append(facts)
    found = []
    for node, models in by_node.items():
        found.append(Point(node, "samples", sum(number(m.get("samples")) or 0.0 for m in models)))
        for score in SCORES:
            known = [(value, number(m.get("samples")) or 0.0) for m in models
                     if (value := number(m.get(score))) is not None]
            if weight := sum(samples for _, samples in known):
                found.append(Point(node, score, sum(value * samples for value, samples in known) / weight))
    return found
