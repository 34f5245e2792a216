"""Metric history, read: series of a run over a span of time, as fine as a chart can show."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from porsche.ide.models import Run
from porsche.monitor.models import RESOLUTIONS, Rollup

POINTS = 500
"""Points of a series, at most, where the resolution is chosen for the span."""
MOST = 200_000
"""Points of an answer, at most."""


def resolution_for(start: float, end: float, now: float) -> int:
    """The finest resolution that covers a span in at most `POINTS` points and is still kept at its start; the coarsest
    where there is none."""
    fits = (resolution for resolution, kept in RESOLUTIONS.items()
            if (end - start) / resolution <= POINTS and start >= now - kept)
    return next(fits, max(RESOLUTIONS))


def series(run: Run, start: float, end: float, resolution: int, *, nodes: Sequence[str] | None = None,
           names: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """[{"node", "name", "resolution", "points": [[start of the span in unix s, mean, min, max, last], ...]}].

    Of the spans that lie in [start, end] or overlap it, in order of time. Where nothing was measured there is no point.
    """
    first = int(start) // resolution * resolution
    rows = Rollup.objects.filter(run=run, resolution=resolution, start__gte=first, start__lte=int(end))
    if nodes is not None:
        rows = rows.filter(node__in=nodes)
    if names is not None:
        rows = rows.filter(name__in=names)
    values = rows.order_by("node", "name", "start").values_list(
        "node", "name", "start", "count", "total", "least", "most", "last")[:MOST]
    return [
        {"node": node, "name": name, "resolution": resolution,
         "points": [[at, total / count, least, most, last] for _, _, at, count, total, least, most, last in spans]}
        for (node, name), spans in groupby(values, key=lambda row: row[:2])
    ]
