"""What a learner knows about its own predictions: sums over all rows, and the figures that follow from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.changes import Array
from engine.learners.layout import (
    BIN_POSITIVES,
    BIN_SAMPLES,
    COUNTS,
    HISTOGRAM,
    LOGIT_BINS,
    LOSS,
    POSITIVES,
    PREDICTED,
    RELIABILITY,
    RELIABILITY_BINS,
    SAMPLES,
    SUMS,
)


@dataclass(frozen=True)
class Progress:
    """Progressive metrics (each row predicted first, then learnt): additive, so those of a span are a difference.

    `sums` float64 and `counts` int64 are laid out as `engine.learners.layout` says.
    """

    sums: Array
    counts: Array

    @classmethod
    def empty(cls) -> Progress:
        return cls(np.zeros(SUMS), np.zeros(COUNTS, np.int64))

    def copy(self) -> Progress:
        return Progress(self.sums.copy(), self.counts.copy())

    def __add__(self, other: Progress) -> Progress:
        return Progress(self.sums + other.sums, self.counts + other.counts)

    def __neg__(self) -> Progress:
        return Progress(-self.sums, -self.counts)

    @property
    def samples(self) -> int:
        return int(self.counts[SAMPLES])

    @property
    def positives(self) -> int:
        return int(self.counts[POSITIVES])

    @property
    def logloss(self) -> float | None:
        """Mean of -log p(label); None without samples."""
        return float(self.sums[LOSS]) / self.samples if self.samples else None

    @property
    def calibration(self) -> float | None:
        """Sum of predicted probabilities over the number of positives (1 is right); None without positives."""
        return float(self.sums[PREDICTED]) / self.positives if self.positives else None

    @property
    def auc(self) -> float | None:
        """From the two logit histograms: sum of P_b (N_<b + N_b / 2) / (P N); None while a class is missing."""
        negatives, positives = self.counts[HISTOGRAM:].reshape(2, LOGIT_BINS).astype(np.float64)
        pairs = negatives.sum() * positives.sum()
        if not pairs:
            return None
        below = np.cumsum(negatives) - negatives
        return float((positives * (below + negatives / 2)).sum() / pairs)

    @property
    def reliability(self) -> tuple[Array, Array, Array]:
        """Of each of the 20 bins of probability: samples, sum of the predicted probabilities, positives."""
        return (self.counts[BIN_SAMPLES:BIN_POSITIVES], self.sums[RELIABILITY:RELIABILITY + RELIABILITY_BINS],
                self.counts[BIN_POSITIVES:BIN_POSITIVES + RELIABILITY_BINS])

    @property
    def calibration_error(self) -> float | None:
        """Expected calibration error over 20 bins of probability: mean distance of p from the share of positives."""
        if not self.samples:
            return None
        samples, predicted, positives = self.reliability
        return float(np.abs(predicted - positives).sum() / samples.sum())
