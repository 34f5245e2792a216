"""`learners`: samples a second of each learner, predicted first and then learnt, in order, on one core.

Rows look like advertising logs: 13 numbers and 26 hashed categories of 3 to a million values, log-uniformly popular, in
a table of 2^20 slots; batches of 20,000 rows. Best of several passes over the stream. `peers` are figures of others on
such rows (two-core machine, one core used), to compare with.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from engine.changes import Array
from engine.learners.learner import make_learner
from engine.learners.options import KINDS, parse_options
from engine.learners.samples import Features

ROWS, QUICK_ROWS = 1_000_000, 300_000
SQL_ROWS, QUICK_SQL_ROWS = 400_000, 100_000
BATCH = 20_000
NUMBERS = 13
CARDINALITIES = (3, 4, 10, 15, 18, 24, 27, 105, 305, 583, 633, 1_460, 2_173, 3_194, 5_652, 5_683, 12_517, 14_992,
                 93_145, 142_572, 286_181, 600_000, 700_000, 800_000, 900_000, 1_000_000)
WIDTH = NUMBERS + len(CARDINALITIES)
BITS = 20
PEERS = {"river AdaGrad": 29_000, "Vowpal Wabbit 9.11 --ftrl": 360_000, "TensorFlow FTRL, batches of 256": 279_000,
         "scikit-learn partial_fit by 1,000": 640_000}


def run(quick: bool = False) -> dict[str, Any]:
    """`samples_per_s` of each learner from hashed indices, the progressive logloss it reached; the same through SQL."""
    from benchmarks.learners_sql import samples_per_s

    features, labels = stream(QUICK_ROWS if quick else ROWS)
    figures = {kind: _passes(kind, features, labels, 3 if quick else 5) for kind in KINDS}
    return {"samples_per_s": {kind: round(rate) for kind, (rate, _) in figures.items()},
            "sql_samples_per_s": round(samples_per_s(QUICK_SQL_ROWS if quick else SQL_ROWS, 2 if quick else 4)),
            "logloss": {kind: round(loss, 4) for kind, (_, loss) in figures.items()},
            "rows": len(labels), "features": WIDTH, "slots": 1 << BITS, "peers": PEERS}


def _passes(kind: str, features: Features, labels: Array, times: int) -> tuple[float, float]:
    options = parse_options(kind, f"bits={BITS}, publish_every=100000")
    best, loss = 0.0, 0.0
    for _ in range(times + 1):  # the first one loads the kernels
        learner = make_learner(options)
        started = time.perf_counter()
        for start in range(0, len(labels), BATCH):
            rows = slice(start, start + BATCH)
            part = Features(features.offsets[start:start + BATCH + 1], features.index, features.value)
            learner.accumulate(part, labels[rows])
        best = max(best, len(labels) / (time.perf_counter() - started))
        loss = learner.progress.logloss or 0.0
    return best, loss


def stream(rows: int, seed: int = 1) -> tuple[Features, Array]:
    """Seeded samples with a logistic truth."""
    random = np.random.default_rng(seed)
    index = np.empty((rows, WIDTH), np.int32)
    value = np.ones((rows, WIDTH), np.float32)
    logit = np.full(rows, -1.0)
    for j in range(NUMBERS):
        index[:, j] = j
        value[:, j] = random.normal(0, 1, rows) * (random.random(rows) < 0.8)
        logit += 0.2 * random.normal() * value[:, j]
    for j, cardinality in enumerate(CARDINALITIES):
        category = np.exp(random.random(rows) * np.log(cardinality + 1)).astype(np.int64) - 1
        index[:, NUMBERS + j] = random.integers(NUMBERS, 1 << BITS, cardinality)[category]
        logit += random.normal(0, 0.25, cardinality)[category]
    labels = (random.random(rows) < 1 / (1 + np.exp(-logit))).astype(np.int8)
    return Features(np.arange(rows + 1, dtype=np.int64) * WIDTH, index.ravel(), value.ravel()), labels
