"""What a Gaussian learner learnt, as an element of an abelian group: it can be added and taken out again.

A normal density is a point (1 / v, m / v) of its natural parameters; multiplying densities adds the points. So a
posterior is the prior plus the sum of everybody's (posterior - prior): Broderick et al., "Streaming Variational Bayes",
NIPS 2013.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.changes import Array
from engine.learners.metrics import Progress


@dataclass(frozen=True)
class NaturalDelta:
    """Changes of precision (1 / v) and shift (m / v) of some slots (ascending int64), and the metrics that go along."""

    slots: Array
    precision: Array
    shift: Array
    progress: Progress

    @classmethod
    def between(cls, before: Array, after: Array, progress: Progress) -> NaturalDelta:
        """How a table of (mean, variance) pairs changed."""
        old, new = before.reshape(-1, 2), after.reshape(-1, 2)
        slots = np.flatnonzero((old != new).any(axis=1))
        m0, v0 = old[slots].T.astype(np.float64)
        m1, v1 = new[slots].T.astype(np.float64)
        return cls(slots, 1 / v1 - 1 / v0, m1 / v1 - m0 / v0, progress.copy())

    def __neg__(self) -> NaturalDelta:
        return NaturalDelta(self.slots, -self.precision, -self.shift, -self.progress)

    def __add__(self, other: NaturalDelta) -> NaturalDelta:
        slots = np.union1d(self.slots, other.slots)
        precision, shift = np.zeros(len(slots)), np.zeros(len(slots))
        for part in (self, other):
            at = np.searchsorted(slots, part.slots)
            precision[at] += part.precision
            shift[at] += part.shift
        return NaturalDelta(slots, precision, shift, self.progress + other.progress)

    def apply(self, table: Array, prior: float) -> Array:
        """Add to a table of (mean, variance) pairs; returns the positions written. No variance exceeds the prior's."""
        pairs = table.reshape(-1, 2)
        mean, variance = pairs[self.slots].T.astype(np.float64)
        precision = np.maximum(1 / variance + self.precision, 1 / prior)
        pairs[self.slots, 0] = (mean / variance + self.shift) / precision
        pairs[self.slots, 1] = 1 / precision
        return np.concatenate([2 * self.slots, 2 * self.slots + 1])
