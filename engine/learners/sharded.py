"""A Gaussian learner whose shards learn in parallel: GAUSSIAN(label, features, 'shards=4').

Each shard learns on a copy of the model of its own. The samples of the stream are numbered; runs of `RUN` samples are
dealt to the shards in turn. At *exchanges* the model takes what all shards learnt (`engine.learners.delta` says why the
changes add up) and they begin from it anew: whenever the stream has grown by 3 % (within bounds), and at each
version. All these are row counts in the stream, so a replay gives the same bits, wherever batches and crashes fall; how
many processors there are changes nothing. Progressive predictions are those of the shard that will learn the sample.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np

from engine.changes import Array
from engine.errors import UserError
from engine.learners.delta import NaturalDelta
from engine.learners.layout import LINE_SHIFT, LINE_VALUES, PAGE_VALUES
from engine.learners.learner import Gaussian, Learnt, Publish
from engine.learners.metrics import Progress
from engine.learners.options import LearnerOptions
from engine.learners.samples import UNKNOWN, Features
from engine.learners.shard_kernels import exchange

RUN = 64  # samples: enough that prefetching the next row's slots pays
SHORTEST, LONGEST = 128, 1 << 17  # samples between two exchanges: a 32nd of the stream, within these bounds
PAGE_LINES = PAGE_VALUES // LINE_VALUES
_ALONE = 512  # rows that are not worth waking other threads for
_SHIFT = np.uint64(LINE_SHIFT)


class ShardedGaussian(Gaussian):
    """`table` is the model of the last exchange; what shards learnt since then is in their own tables."""

    def __init__(self, options: LearnerOptions, publish: Publish | None = None) -> None:
        super().__init__(options, publish)
        self._tables = np.tile(self.table, (options.shards, 1))
        self._marks = np.zeros((options.shards, -(-len(self.table) // LINE_VALUES)), np.uint8)
        self._parts = [Progress.empty() for _ in range(options.shards)]
        self._longest = _longest(options.values["drift"])
        self._next = min(SHORTEST, self._longest)

    # ---- learning ----------------------------------------------------------------------------------------------

    def accumulate(self, features: Features, labels: Array) -> Learnt:
        out = np.empty(len(features))
        ends = np.flatnonzero(labels != UNKNOWN) + 1  # after each sample
        first = samples = self.progress.samples
        every = self.options.publish_every
        cuts, versions, start = [], [], 0
        while (until := min(self._next, samples - samples % every + every)) <= first + len(ends):
            stop = int(ends[until - first - 1])
            self._learn(features, labels, _deal(samples, until, start, stop, ends[samples - first:]), out)
            samples, start = until, stop
            self._exchange()
            if samples == self._next:
                self._next += min(max(samples // 32, SHORTEST), self._longest)
            if samples % every == 0:
                versions.append(self._cut())
                cuts.append(stop - 1)
        rest = ends[samples - first:]
        self._learn(features, labels, _deal(samples, samples + len(rest), start, len(labels), rest), out)
        return Learnt(out, cuts, versions)

    def _learn(self, features: Features, labels: Array, dealt: tuple[Array, int], out: Array) -> None:
        """Each shard learns its runs; `dealt` are all runs, in turn, and the shard of the first one (not modulo)."""
        runs, turn = dealt
        count = len(self._parts)

        def learn(shard: int) -> None:
            own = np.ascontiguousarray(runs[(shard - turn) % count::count])
            if len(own):
                part = self._parts[shard]
                self.learn(features.offsets, features.index, features.value, labels, own, self._tables[shard],
                           self._marks[shard], _SHIFT, part.sums, part.counts, self.parameters, out)

        if len(runs):
            _each(learn, count, int(runs[-1, 1] - runs[0, 0]))
            self.progress = sum(self._parts[1:], self._parts[0])

    def _exchange(self) -> None:
        """Make the model and all shards' tables equal."""
        lines, pieces = self._marks.shape[1], min(len(self._parts), _processors())
        bounds = np.linspace(0, lines, pieces + 1).astype(np.int64) & ~(PAGE_LINES - 1)
        bounds[-1] = lines
        slots, part_slots = self.table.view(np.uint64), self._tables.view(np.uint64)

        def merge(piece: int) -> None:
            exchange(self.table, self._tables, slots, part_slots, self._marks, bounds[piece], bounds[piece + 1],
                     self.parameters[0], self._dirty)

        _each(merge, pieces, lines // 16)

    # ---- merging: an exchange comes first ------------------------------------------------------------------------

    def delta(self) -> NaturalDelta:
        self._exchange()
        return super().delta()

    def add(self, delta: NaturalDelta) -> None:
        self._exchange()
        super().add(delta)
        self._tables[:] = self.table
        self._parts[0] = self._parts[0] + delta.progress
        self._next = max(self._next, self.progress.samples + 1)

    # ---- checkpoints -------------------------------------------------------------------------------------------

    def nbytes(self) -> int:
        return super().nbytes() + self._tables.nbytes + self._marks.nbytes

    def save(self, full: bool) -> dict[str, Array]:
        """Beside the model, what each shard changed since the last exchange."""
        arrays = super().save(full) | {"next": np.array([self._next, len(self._parts)])}
        for shard, (table, marks, part) in enumerate(zip(self._tables, self._marks, self._parts, strict=True)):
            lines = np.flatnonzero(marks).astype(np.int32)
            arrays |= {f"lines{shard}": lines, f"values{shard}": table[_positions(lines, len(table))],
                       f"sums{shard}": part.sums.copy(), f"counts{shard}": part.counts.copy()}
        return arrays

    def load(self, arrays: Mapping[str, Array]) -> None:
        if "next" not in arrays or arrays["next"][1] != len(self._parts):
            raise UserError("state_changed", "the saved model learns in another number of shards than the query's "
                            "option 'shards' asks for",
                            hint="start without the saved state, or give 'shards' its former value")
        super().load(arrays)
        self._next = int(arrays["next"][0])
        self._tables[:] = self.table
        self._marks[:] = 0
        for shard, table in enumerate(self._tables):
            lines = arrays[f"lines{shard}"]
            table[_positions(lines, len(table))] = arrays[f"values{shard}"]
            self._marks[shard, lines] = 1
            self._parts[shard] = Progress(arrays[f"sums{shard}"].copy(), arrays[f"counts{shard}"].copy())


def _longest(drift: float) -> int:
    """Samples between two exchanges: where weights drift, 5 % of the samples that the bias remembers. (Its variance v
    rests where drift = v^2 p (1 - p), and 1 in v p (1 - p) samples is remembered; p (1 - p) taken as .2.)"""
    return LONGEST if not drift else min(max(int(0.05 / math.sqrt(0.2 * drift)), RUN), LONGEST)


def _deal(first: int, last: int, start: int, stop: int, ends: Array) -> tuple[Array, int]:
    """The runs of rows start..stop, which hold the samples numbered first..last, and the first run's number.

    `ends`: the row after each sample from `first` on. Rows without a label go with the sample that follows.
    """
    inner = np.arange(first - first % RUN + RUN, last + 1, RUN)
    bounds = np.concatenate([[start], ends[inner - first - 1], [stop]])
    runs = np.stack([bounds[:-1], bounds[1:]], axis=1)
    return (runs if bounds[-2] < stop else runs[:-1]), first // RUN


def _positions(lines: Array, length: int) -> Array:
    """Positions of all values on these lines of a table of that length."""
    positions = (lines.astype(np.int64)[:, None] * LINE_VALUES + np.arange(LINE_VALUES)).ravel()
    return positions[positions < length]


@cache
def _processors() -> int:
    return len(os.sched_getaffinity(0))


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_processors(), "shard")


def _each(work: Callable[[int], None], count: int, rows: int) -> None:
    """Call work(0), work(1), ... work(count - 1), on threads where the rows are many."""
    if count == 1 or rows < _ALONE or _processors() == 1:
        for i in range(count):
            work(i)
    else:
        for _ in _pool().map(work, range(count)):
            pass
