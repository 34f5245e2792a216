"""Metric history: rollups of what jobs publish, kept as long as their resolution's retention says."""

from __future__ import annotations

from django.db import models

from porsche.ide.models import Run

RESOLUTIONS = {10: 6 * 3600, 60: 3 * 24 * 3600, 600: 30 * 24 * 3600, 3600: 400 * 24 * 3600}
"""Seconds a rollup covers -> seconds it is kept."""


class Rollup(models.Model):
    """A series of a run over one span of wall-clock time: `start` (unix seconds, a multiple of `resolution`).

    `node`: a node's id, or "" for the run's own; `name`: see `porsche.monitor.points`.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="rollups", db_index=False)
    node = models.CharField(max_length=200, blank=True)
    name = models.CharField(max_length=64)
    resolution = models.PositiveIntegerField()
    start = models.BigIntegerField()
    count = models.PositiveIntegerField()
    total = models.FloatField()
    least = models.FloatField()
    most = models.FloatField()
    last = models.FloatField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "node", "name", "resolution", "start"], name="one_rollup_per_span")
        ]
        indexes = [
            models.Index(fields=["resolution", "start"], name="rollup_age"),
            models.Index(fields=["run", "resolution", "start"], name="rollup_of_run"),
        ]
