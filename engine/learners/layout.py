"""The shape of a learner's state: how its table is paged and where each metric lies in its vectors."""

from __future__ import annotations

PAGE_SHIFT = 10
PAGE_VALUES = 1 << PAGE_SHIFT  # table values in a page
LINE_SHIFT = 4
LINE_VALUES = 1 << LINE_SHIFT  # table values in a line of the processor's cache
MOST_FEATURES = 4000  # in one row
LOGIT_BINS = 1024
LOGIT_LIMIT = 12.0  # the logit histograms' range is -12 .. 12; what lies beyond counts in the outermost bins
RELIABILITY_BINS = 20

# The float64 sums: logloss, p, then p within each reliability bin.
LOSS, PREDICTED, RELIABILITY = 0, 1, 2
SUMS = RELIABILITY + RELIABILITY_BINS

# The int64 counts: samples, positives, both within each reliability bin, then logit histograms of both labels.
SAMPLES, POSITIVES, BIN_SAMPLES = 0, 1, 2
BIN_POSITIVES = BIN_SAMPLES + RELIABILITY_BINS
HISTOGRAM = BIN_POSITIVES + RELIABILITY_BINS
COUNTS = HISTOGRAM + 2 * LOGIT_BINS
