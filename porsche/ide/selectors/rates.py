"""Rows a second, from what a job publishes: its counters, again and again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

SHORTEST = 0.8
"""Seconds between two snapshots that a rate is told by; a job publishes one each second."""
KEPT = 1000
"""Runs that are remembered."""


@dataclass(frozen=True)
class _Counters:
    """What a process of a run had counted at some time. Counters begin anew with each process."""

    process: tuple[Any, ...]
    at: float
    rows_in: int
    rows_out: int


class Rates:
    """Remembers each run's last snapshots; safe to use by several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._seen: OrderedDict[int, tuple[_Counters, _Counters]] = OrderedDict()

    def of(self, run: int, snapshot: Mapping[str, Any]) -> dict[str, float | None]:
        """Between the last two snapshots of the run's process; at the first, since the process began, if that is long
        enough ago to tell: the first moment's rows are a rate of nothing."""
        now = _counters(snapshot)
        if now is None:
            return {"rows_in": None, "rows_out": None}
        with self._lock:
            before = self._before(run, now, snapshot)
            self._seen.move_to_end(run)
            while len(self._seen) > KEPT:
                self._seen.popitem(last=False)
        return _between(before, now)

    def _before(self, run: int, now: _Counters, snapshot: Mapping[str, Any]) -> _Counters:
        """The counters that a rate now is told by."""
        older, newer = self._seen.get(run) or (None, None)
        if older is None or newer is None or newer.process != now.process:
            older = newer = _Counters(now.process, float(snapshot.get("started") or now.at), 0, 0)
        if now.at - newer.at >= SHORTEST:
            older = newer
            newer = now
        self._seen[run] = (older, newer)
        return older


def _counters(snapshot: Mapping[str, Any]) -> _Counters | None:
    at, rows_in, rows_out = (snapshot.get(name) for name in ("at", "rows_in", "rows_out"))
    if at is None or rows_in is None or rows_out is None:
        return None
    process = tuple(snapshot.get(name) for name in ("pid", "started", "attempts"))
    return _Counters(process, float(at), int(rows_in), int(rows_out))


def _between(before: _Counters, now: _Counters) -> dict[str, float | None]:
    seconds = now.at - before.at
    if seconds < SHORTEST:
        return {"rows_in": None, "rows_out": None}
    return {"rows_in": round(max(0, now.rows_in - before.rows_in) / seconds, 1),
            "rows_out": round(max(0, now.rows_out - before.rows_out) / seconds, 1)}
