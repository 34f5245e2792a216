"""Rollups: points gathered in memory, written in batches.

A span that was begun before (by this process or one that died) is merged with what is there.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import NamedTuple

from django.db import connection, transaction

from porsche.ide.models import Run
from porsche.monitor.models import RESOLUTIONS, Rollup
from porsche.monitor.points import Point

CHUNK = 1000
"""Rows of one statement's batch, and rows deleted at once."""
MOST = 200_000
"""Spans kept in memory while the database does not answer; what comes on top is lost."""

UPSERT = """
INSERT INTO monitor_rollup (run_id, node, name, resolution, start, count, total, least, most, last)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (run_id, node, name, resolution, start) DO UPDATE SET
    count = monitor_rollup.count + excluded.count,
    total = monitor_rollup.total + excluded.total,
    least = CASE WHEN excluded.least < monitor_rollup.least THEN excluded.least ELSE monitor_rollup.least END,
    most = CASE WHEN excluded.most > monitor_rollup.most THEN excluded.most ELSE monitor_rollup.most END,
    last = excluded.last
"""  # SQLite's and Postgres's words for least and greatest differ, CASE does not


class Key(NamedTuple):
    """A series' span: `start` is a multiple of `resolution`, in unix seconds."""

    run: int
    node: str
    name: str
    resolution: int
    start: int


class Span(NamedTuple):
    """What became of a series in a span."""

    values: int
    total: float
    least: float
    most: float
    last: float

    def then(self, later: Span) -> Span:
        """This span's points and later ones of it."""
        return Span(self.values + later.values, self.total + later.total, min(self.least, later.least),
                    max(self.most, later.most), later.last)


class Gathering:
    """Points not written yet. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spans: dict[Key, Span] = {}

    def add(self, run: int, at: float, points: Iterable[Point]) -> None:
        """Points of a run at a moment, in unix seconds."""
        starts = [(resolution, int(at) // resolution * resolution) for resolution in RESOLUTIONS]
        with self._lock:
            for node, name, value in points:
                one = Span(1, value, value, value, value)
                for resolution, start in starts:
                    self._put(Key(run, node, name, resolution, start), one, first=False)

    def take(self) -> dict[Key, Span]:
        """All that was gathered; nothing of it stays."""
        with self._lock:
            taken, self._spans = self._spans, {}
            return taken

    def give_back(self, spans: dict[Key, Span]) -> None:
        """What could not be written: it came before all that was gathered since."""
        with self._lock:
            for key, span in spans.items():
                self._put(key, span, first=True)

    def _put(self, key: Key, span: Span, *, first: bool) -> None:
        known = self._spans.get(key)
        if known is not None:
            self._spans[key] = span.then(known) if first else known.then(span)
        elif len(self._spans) < MOST:
            self._spans[key] = span


def write(spans: dict[Key, Span]) -> int:
    """Merge spans into the database; how many. Those of runs that are gone are dropped."""
    known = set(Run.objects.filter(pk__in={key.run for key in spans}).values_list("pk", flat=True))
    rows = [(*key, *span) for key, span in spans.items() if key.run in known]
    with transaction.atomic(), connection.cursor() as cursor:
        for i in range(0, len(rows), CHUNK):
            cursor.executemany(UPSERT, rows[i : i + CHUNK])
    return len(rows)


def retire(now: float) -> int:
    """Delete what is older than its resolution is kept; how many. In chunks, so that writers get their turn."""
    deleted = 0
    for resolution, kept in RESOLUTIONS.items():
        old = Rollup.objects.filter(resolution=resolution, start__lt=int(now) - kept)
        while chunk := list(old.order_by("start").values_list("pk", flat=True)[:CHUNK]):
            deleted += Rollup.objects.filter(pk__in=chunk).delete()[0]
    return deleted
