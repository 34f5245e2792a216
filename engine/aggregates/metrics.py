"""AUC(label, probability): the area under the ROC curve, from two histograms of 1,024 logit bins a group.

AUC = sum over bins of P_b (N_<b + N_b / 2) / (P N); twice that sum is an integer, kept up to date row by row, so the
result depends on nothing but the rows, and they can be retracted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from engine.aggregates.base import Accumulator, AggregateSpec
from engine.changes import Array, Column
from engine.errors import InternalError
from engine.memory import kernel
from engine.state.paged import PAGE, PagedArray
from engine.state.table import StateField, StateTable
from engine.types import BIGINT

BINS = 1024
LIMIT = 12.0  # the histograms' range is -12 .. 12; what lies beyond counts in the outermost bins
_WORD = BIGINT.as_nullable(False)


class AucAccumulator(Accumulator):
    """Negatives, then positives of each group by bin, and their sums."""

    def __init__(self, spec: AggregateSpec) -> None:
        self._type = spec.result
        self._cells = PagedArray(np.int64, 2 * BINS)

    def fields(self, prefix: str) -> list[StateField]:
        return [StateField(f"{prefix}.{n}", _WORD) for n in ("twice", "negatives", "positives")]

    def bind(self, table: StateTable, prefix: str) -> None:
        table.attach(prefix.replace(".", "_"), self._cells)
        self._sums = [table.column(f.name) for f in self.fields(prefix)]

    def _add(self, slots: Array, args: Sequence[Column], signs: Array | None, out: Array) -> None:
        label, probability = args
        valid = label.valid() & probability.valid()
        signs = np.ones(len(slots), np.int8) if signs is None else signs
        add_judged(slots, label.values != 0, probability.values.astype(np.float64), valid, signs, self._cells.values,
                   self._cells.stride, self._cells.pages, *self._sums, out)
        self._cells.written(slots)

    def accumulate(self, slots: Array, args: Sequence[Column], signs: Array | None) -> None:
        self._add(slots, args, signs, np.empty(0))

    def running(self, slots: Array, args: Sequence[Column], signs: Array | None) -> Column:
        out = np.empty(len(slots))
        self._add(slots, args, signs, out)
        return self._column(out)

    def merge(self, slots: Array, other: Accumulator, other_slots: Array) -> None:
        if not isinstance(other, AucAccumulator):
            raise InternalError("only the same aggregates merge")
        merge_cells(slots, self._cells.values, self._cells.stride, self._cells.pages, *self._sums, other_slots,
                    other._cells.values)
        self._cells.written(slots)

    def value(self, slots: Array) -> Column:
        twice, negatives, positives = (s[slots].astype(np.float64) for s in self._sums)
        pairs = negatives * positives
        return self._column(np.divide(twice / 2, pairs, out=np.full(len(slots), np.nan), where=pairs > 0))

    def _column(self, values: Array) -> Column:
        """NULL where a class is missing (NaN)."""
        missing = np.isnan(values)
        return Column(self._type, np.where(missing, 0.0, values), ~missing)

    def reset(self, slots: Array) -> None:
        self._cells.drop(slots)
        for sums in self._sums:
            sums[slots] = 0


@kernel
def bin_of(probability: float) -> int:
    """The bin of a probability's logit."""
    p = min(max(probability, 0.0), 1.0)
    if p == 0.0:
        return 0
    if p == 1.0:
        return BINS - 1
    return int(min(max((math.log(p / (1.0 - p)) + LIMIT) * (BINS / (2 * LIMIT)), 0.0), BINS - 1.0))


@kernel
def add_judged(slots: Array, labels: Array, probabilities: Array, valid: Array, signs: Array, cells: Array, stride: int,
               pages: Array, twice: Array, negatives: Array, positives: Array, out: Array) -> None:
    """Count judged predictions; out (where not empty) is the AUC after each row, NaN while a class is missing."""
    for i in range(len(slots)):
        slot = slots[i]
        if valid[i] and probabilities[i] == probabilities[i]:
            sign = np.int64(signs[i])
            at, base = bin_of(probabilities[i]), stride * slot
            mine, theirs = (BINS, 0) if labels[i] else (0, BINS)
            total = np.int64(0)
            if labels[i]:
                for b in range(at):
                    total += cells[base + b]
                positives[slot] += sign
            else:
                for b in range(at + 1, BINS):
                    total += cells[base + BINS + b]
                negatives[slot] += sign
            twice[slot] += sign * (2 * total + cells[base + theirs + at])
            cells[base + mine + at] += sign
            pages[(base + mine + at) // PAGE] = 1
        if len(out):
            pairs = np.float64(negatives[slot]) * np.float64(positives[slot])
            out[i] = twice[slot] / 2.0 / pairs if pairs > 0 else np.nan


@kernel
def merge_cells(slots: Array, cells: Array, stride: int, pages: Array, twice: Array, negatives: Array, positives: Array,
                other_slots: Array, other: Array) -> None:
    """Add histograms pair by pair; the sums follow from them."""
    for i in range(len(slots)):
        slot, base, source = slots[i], stride * slots[i], stride * other_slots[i]
        for b in range(2 * BINS):
            cells[base + b] += other[source + b]
        pages[base // PAGE] = pages[base // PAGE + 1] = 1
        below = total = positive = np.int64(0)
        for b in range(BINS):
            total += cells[base + BINS + b] * (2 * below + cells[base + b])
            below += cells[base + b]
            positive += cells[base + BINS + b]
        twice[slot], negatives[slot], positives[slot] = total, below, positive
