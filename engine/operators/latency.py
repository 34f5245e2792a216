"""How long things took lately: the newest durations in a ring, and percentiles of them when somebody asks."""

from __future__ import annotations

import numpy as np

RECENT = 1024
"""Durations that percentiles are made of."""


class Latencies:
    """The newest `RECENT` durations. `add` costs a store; `percentiles` a sort."""

    __slots__ = ("_count", "_seconds")

    def __init__(self) -> None:
        self._seconds = np.zeros(RECENT)
        self._count = 0

    def add(self, seconds: float) -> None:
        self._seconds[self._count % RECENT] = seconds
        self._count += 1

    def percentiles(self) -> dict[str, float] | None:
        """{"p50_ms", "p95_ms", "p99_ms"}; None where nothing was added."""
        if not self._count:
            return None
        found = np.percentile(self._seconds[:min(self._count, RECENT)], (50, 95, 99)) * 1000
        return {name: round(float(value), 3) for name, value in zip(("p50_ms", "p95_ms", "p99_ms"), found, strict=True)}
