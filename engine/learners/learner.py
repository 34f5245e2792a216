"""A learner: one model, its progressive metrics, its versions.

    learner = make_learner(parse_options("ftrl", "alpha=0.05, bits=18"), publish=store.publisher("ctr"))
    learnt = learner.accumulate(features, labels)     # predicts each row, then learns it
    learnt.probabilities, learnt.cuts                  # float64 a row; rows after which a version was cut
    learner.value()                                    # the newest version's row: version, samples, logloss, auc, ...

A version is cut after every `publish_every`-th learnt sample, wherever batches end; what is learnt since the last cut
is seen by nobody but checkpoints. Equal samples in equal order give equal bits, also through `save` and `load`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.changes import Array
from engine.errors import InternalError, UserError
from engine.learners import kernels
from engine.learners.delta import NaturalDelta
from engine.learners.layout import PAGE_SHIFT, PAGE_VALUES
from engine.learners.metrics import Progress
from engine.learners.options import LearnerOptions
from engine.learners.samples import UNKNOWN, Features


@dataclass(frozen=True)
class ModelValue:
    """A version of a model: its number (0: nothing learnt yet), the metrics of the samples that made it, and of those
    since the version before."""

    version: int
    progress: Progress
    window: Progress = field(default_factory=Progress.empty)


@dataclass(frozen=True)
class Learnt:
    """What one call learnt: each row's progressive probability (float64), and the versions cut after which rows."""

    probabilities: Array
    cuts: list[int]
    versions: list[ModelValue]


_PAGE_SHIFT = np.uint64(PAGE_SHIFT)

# Called with a new version: its value, the options, the table, and the pages that may have changed since the last one.
Publish = Callable[[ModelValue, LearnerOptions, Array, Array], None]


class Learner:
    """A model in one flat float32 table of two numbers a slot, the bias in the last slot."""

    learn: Any
    predict: Any

    def __init__(self, options: LearnerOptions, publish: Publish | None = None) -> None:
        self.options = options
        self.parameters = np.array(list(options.values.values()), np.float32)
        self.table = prior_table(options)
        self.progress = Progress.empty()
        self.newest = ModelValue(0, Progress.empty())
        self._publish = publish
        pages = -(-len(self.table) // PAGE_VALUES)
        self._dirty = np.zeros(pages, np.uint8)  # touched since either of the two below was brought up to date
        self._unsaved = np.zeros(pages, np.bool_)
        self._unpublished = np.ones(pages, np.bool_)

    # ---- learning ----------------------------------------------------------------------------------------------

    def accumulate(self, features: Features, labels: Array) -> Learnt:
        """Predict and learn rows in order. `labels` int8: 1, 0, or -1 = predict only."""
        out = np.empty(len(features))
        ends = np.flatnonzero(labels != UNKNOWN) + 1
        every = self.options.publish_every
        cuts: list[int] = ends[every - 1 - self.progress.samples % every::every].tolist()
        versions, start = [], 0
        for stop in cuts:
            self._run(features, labels, start, stop, out)
            versions.append(self._cut())
            start = stop
        self._run(features, labels, start, len(features), out)
        return Learnt(out, [cut - 1 for cut in cuts], versions)

    def _run(self, features: Features, labels: Array, start: int, stop: int, out: Array) -> None:
        if stop > start:
            runs = np.array([[start, stop]])
            self.learn(features.offsets, features.index, features.value, labels, runs, self.table, self._dirty,
                       _PAGE_SHIFT, self.progress.sums, self.progress.counts, self.parameters, out)

    def _cut(self) -> ModelValue:
        self._sweep()
        before = self.newest
        self.newest = ModelValue(before.version + 1, self.progress.copy(), self.progress + -before.progress)
        if self._publish is not None:
            self._publish(self.newest, self.options, self.table, np.flatnonzero(self._unpublished))
        self._unpublished[:] = False
        return self.newest

    def _sweep(self) -> None:
        touched = self._dirty.view(np.bool_)
        self._unsaved |= touched
        self._unpublished |= touched
        self._dirty[:] = 0

    def value(self) -> ModelValue:
        """The newest version (not what was learnt since it)."""
        return self.newest

    def hash(self) -> str:
        """SHA-256 of all weights as they are now, in hexadecimal."""
        return table_hash(self.table)

    def nbytes(self) -> int:
        return self.table.nbytes + 2 * (self.progress.sums.nbytes + self.progress.counts.nbytes)

    # ---- merging -----------------------------------------------------------------------------------------------

    def merge(self, other: Learner) -> None:
        """Add what another learner of the same options learnt, as if both had learnt from the common prior."""
        raise InternalError(f"a {self.options.kind} learner has one owner: it cannot be merged")

    # ---- checkpoints -------------------------------------------------------------------------------------------

    def save(self, full: bool) -> dict[str, Array]:
        """The pages written since the last save (all where `full`), metrics and version; marks all as saved."""
        self._sweep()
        pages = np.arange(len(self._unsaved)) if full else np.flatnonzero(self._unsaved)
        self._unsaved[:] = False
        values = self.table.copy() if full else self.table[page_positions(pages, len(self.table))]
        return {"pages": pages.astype(np.int32), "values": values,
                "sums": self.progress.sums.copy(), "counts": self.progress.counts.copy(),
                "newest_sums": self.newest.progress.sums, "newest_counts": self.newest.progress.counts,
                "newest": np.array([self.newest.version], np.int64)}

    def load(self, arrays: Mapping[str, Array]) -> None:
        """Apply one saved part; parts are applied oldest first, beginning with a full one."""
        pages = arrays["pages"]
        size = len(self.table)
        positions = page_positions(pages, size) if not len(pages) or pages[-1] < len(self._unsaved) else np.empty(0)
        if len(positions) != len(arrays["values"]) or (len(pages) == len(self._unsaved)) != (len(positions) == size):
            raise UserError("state_changed", "the saved model has another size than the query's option 'bits' asks for",
                            hint="start without the saved state, or give 'bits' its former value")
        self.table[positions] = arrays["values"]
        self.progress = Progress(arrays["sums"].copy(), arrays["counts"].copy())
        newest = Progress(arrays["newest_sums"].copy(), arrays["newest_counts"].copy())
        self.newest = ModelValue(int(arrays["newest"][0]), newest)
        self._dirty[:] = 0
        self._unsaved[:] = False
        self._unpublished[:] = True


class FTRL(Learner):
    """FTRL-Proximal: one owner a model."""

    learn = staticmethod(kernels.learn_ftrl)
    predict = staticmethod(kernels.predict_ftrl)


class Gaussian(Learner):
    """Logistic regression with a diagonal normal posterior, which merges: see `engine.learners.delta`."""

    learn = staticmethod(kernels.learn_gaussian)
    predict = staticmethod(kernels.predict_gaussian)

    def delta(self) -> NaturalDelta:
        """What was learnt since the prior."""
        return NaturalDelta.between(prior_table(self.options), self.table, self.progress)

    def add(self, delta: NaturalDelta) -> None:
        """Add what somebody learnt (or take it out again: add its negative). Cuts no version."""
        positions = delta.apply(self.table, self.options.values["variance"])
        self._dirty[positions // PAGE_VALUES] = 1
        self.progress = self.progress + delta.progress

    def merge(self, other: Learner) -> None:
        if not isinstance(other, Gaussian) or other.options != self.options:
            raise InternalError("only Gaussian learners of the same options can be merged")
        self.add(other.delta())


_CLASSES: dict[str, type[Learner]] = {"ftrl": FTRL, "gaussian": Gaussian}


def make_learner(options: LearnerOptions, publish: Publish | None = None) -> Learner:
    """An empty learner of the options' kind."""
    if options.shards > 1:
        from engine.learners.sharded import ShardedGaussian

        return ShardedGaussian(options, publish)
    return _CLASSES[options.kind](options, publish)


def predict(options: LearnerOptions, table: Array, features: Features, rows: Array, out: Array) -> None:
    """Probabilities of the rows at positions `rows` (int64) by a model's table, written to the same places of `out`."""
    parameters = np.array(list(options.values.values()), np.float32)
    _CLASSES[options.kind].predict(features.offsets, features.index, features.value, rows, table, parameters, out)


def prior_table(options: LearnerOptions) -> Array:
    """The table of a model that has learnt nothing."""
    table = np.zeros(2 * (options.slots + 1), np.float32)
    if options.kind == "gaussian":
        table[1::2] = options.values["variance"]
    return table


def table_hash(table: Array) -> str:
    """SHA-256 of a table's bytes, in hexadecimal."""
    return hashlib.sha256(table.tobytes()).hexdigest()


def every_page(table: Array) -> Array:
    """The numbers of all pages of a table."""
    return np.arange(-(-len(table) // PAGE_VALUES))


def weights_of(options: LearnerOptions, table: Array) -> tuple[Array, Array | None]:
    """The weight of each slot, the bias last, and its standard deviation where the learner knows one (float64)."""
    first, second = table[0::2].astype(np.float64), table[1::2].astype(np.float64)
    if options.kind == "gaussian":
        return first, np.sqrt(second)
    alpha, beta, l1, l2 = (options.values[name] for name in ("alpha", "beta", "l1", "l2"))
    return (np.clip(first, -l1, l1) - first) / ((beta + np.sqrt(second)) / alpha + l2), None


def page_positions(pages: Array, length: int) -> Array:
    """Positions of all values on these pages of a table of that length."""
    positions = (pages.astype(np.int64)[:, None] * PAGE_VALUES + np.arange(PAGE_VALUES)).ravel()
    return positions[positions < length]
