"""Learners as aggregates: FTRL(label, features, options), GAUSSIAN(label, features, options).

A group's accumulator is a model. Its result is the newest *version*: ROW<model, version, samples, logloss, auc>, which
moves only when a version is cut (every `publish_every` samples), so that a query sees what was published and nothing
else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from engine.aggregates.base import Accumulator, AggregateSpec
from engine.aggregates.texts import strings_of, values_of
from engine.changes import Array, Column
from engine.errors import InternalError
from engine.learners.learner import Learner, ModelValue, Publish, make_learner
from engine.learners.options import LearnerOptions, parse_options
from engine.learners.samples import features_of, labels_of
from engine.state.table import StateTable
from engine.types import DataType


class Models:
    """The learners of a table's slots: state that hangs on the table (see `engine.state.table.Attached`)."""

    def __init__(self, options: LearnerOptions) -> None:
        self.options = options
        self.by_slot: dict[int, Learner] = {}
        self.publisher: Callable[[int], Publish] | None = None
        self._publishers: dict[int, Publish] = {}
        self._saved: set[int] = set()

    def get(self, slot: int) -> Learner:
        """The model of a slot, an empty one where there was none."""
        if slot not in self.by_slot:
            self.by_slot[slot] = self._make(slot)
        return self.by_slot[slot]

    def _make(self, slot: int) -> Learner:
        def publish(value: ModelValue, options: LearnerOptions, table: Array, pages: Array) -> None:
            if self.publisher is not None:
                if slot not in self._publishers:
                    self._publishers[slot] = self.publisher(slot)
                self._publishers[slot](value, options, table, pages)

        return make_learner(self.options, publish)

    def save(self, prefix: str, full: bool) -> dict[str, Array]:
        """Pages written since the last save, of each model; a model that is new is saved whole."""
        arrays: dict[str, Array] = {f"{prefix}.models": np.array(sorted(self.by_slot), np.int64)}
        for slot, learner in self.by_slot.items():
            whole = full or slot not in self._saved
            for name, array in learner.save(whole).items():
                arrays[f"{prefix}.{slot}.{name}"] = array
        self._saved = set(self.by_slot)
        return arrays

    def pieces(self, prefix: str) -> None:
        """See `Attached`: saved whole."""

    def load(self, prefix: str, parts: Sequence[tuple[bool, Mapping[str, Array]]], remap: Array) -> None:
        """Bring back the models of a chain of parts."""
        alive = parts[-1][1].get(f"{prefix}.models", np.empty(0, np.int64)).tolist()
        for slot in alive:
            if slot >= len(remap) or remap[slot] < 0:
                continue
            learner = self._make(int(remap[slot]))
            head = f"{prefix}.{slot}."
            chain = [{n.removeprefix(head): a for n, a in arrays.items() if n.startswith(head)} for _, arrays in parts]
            begin = max(i for i, saved in enumerate(chain) if saved and len(saved["values"]) == len(learner.table))
            for saved in chain[begin:]:
                if saved:
                    learner.load(saved)
            self.by_slot[int(remap[slot])] = learner

    def drop(self, slots: Array) -> None:
        """Forget the models of released slots."""
        for slot in slots.tolist():
            self.by_slot.pop(slot, None)
            self._publishers.pop(slot, None)
            self._saved.discard(slot)

    def nbytes(self) -> int:
        return sum(learner.nbytes() for learner in self.by_slot.values())


class LearnerAccumulator(Accumulator):
    """One model a group; rows are learnt in arrival order. Needs few groups: each costs a call a batch."""

    def __init__(self, spec: AggregateSpec) -> None:
        text = next((o for o in spec.options if isinstance(o, str)), "")
        options = parse_options(spec.function.lower(), text)
        self._models = Models(options)
        self._type, self._label = spec.result, options.name or spec.label

    def bind(self, table: StateTable, prefix: str) -> None:
        self._table = table
        table.attach(prefix.replace(".", "_"), self._models)

    def use(self, resources: Mapping[str, object]) -> None:
        store: Any = resources.get("models")
        if store is not None:
            self._models.publisher = lambda slot: store.publisher(self.model_name(slot))

    def model_name(self, slot: int) -> str:
        """The call's label, with the group's key where there are several groups."""
        keys = self._table.keys(np.array([slot], np.int64))
        return self._label + (f"[{','.join(_text(k) for k in keys)}]" if keys else "")

    def _learn(self, slots: Array, args: Sequence[Column]) -> list[tuple[Array, int, list[int], list[ModelValue]]]:
        """Each group's rows, its slot, and the versions cut after which of these rows."""
        features, labels = features_of(args[1]), labels_of(args[0], args[1])
        groups, first = np.unique(slots, return_index=True)
        result = []
        for slot in groups[np.argsort(first)].tolist():
            learner = self._models.get(slot)
            if len(groups) == 1:
                rows = np.arange(len(slots))
                learnt = learner.accumulate(features, labels)
            else:
                rows = np.flatnonzero(slots == slot)
                learnt = learner.accumulate(features_of(args[1].take(rows)), np.ascontiguousarray(labels[rows]))
            result.append((rows, slot, learnt.cuts, learnt.versions))
        return result

    def accumulate(self, slots: Array, args: Sequence[Column], signs: Array | None) -> None:
        if len(slots):
            self._learn(slots, args)

    def running(self, slots: Array, args: Sequence[Column], signs: Array | None) -> Column:
        values: list[tuple[int, ModelValue]] = []
        places = np.empty(len(slots), np.int64)
        before = {slot: self._models.get(slot).value() for slot in np.unique(slots).tolist()}
        for rows, slot, cuts, versions in self._learn(slots, args) if len(slots) else []:
            stage = np.searchsorted(np.array(cuts, np.int64), np.arange(len(rows)), side="right")
            places[rows] = len(values) + stage
            values += [(slot, v) for v in (before[slot], *versions)]
        return self._column(values).take(places)

    def value(self, slots: Array) -> Column:
        groups, places = np.unique(slots, return_inverse=True)
        return self._column([(s, self._models.get(s).value()) for s in groups.tolist()]).take(places)

    def _column(self, values: Sequence[tuple[int, ModelValue]]) -> Column:
        """Rows of (model, version, samples, logloss, auc); logloss and auc are NULL while they are undefined."""
        names = [self.model_name(slot) for slot, _ in values]
        progress = [v.progress for _, v in values]
        types = [f.type for f in self._type.fields]
        children = (
            strings_of(names, types[0]),
            Column(types[1], np.array([v.version for _, v in values], np.int64)),
            Column(types[2], np.array([p.samples for p in progress], np.int64)),
            _numbers(types[3], [p.logloss for p in progress]), _numbers(types[4], [p.auc for p in progress]),
        )  # fmt: skip
        return Column(self._type, np.zeros(len(values), np.int8), None, (), children)

    def merge(self, slots: Array, other: Accumulator, other_slots: Array) -> None:
        if not isinstance(other, LearnerAccumulator):
            raise InternalError("only the same aggregates merge")
        for slot, source in zip(slots.tolist(), other_slots.tolist(), strict=True):
            self._models.get(slot).merge(other._models.get(source))

    def reset(self, slots: Array) -> None:
        self._models.drop(slots)


def _numbers(type: DataType, values: Sequence[float | None]) -> Column:
    valid = np.array([v is not None for v in values], np.bool_)
    return Column(type, np.array([0.0 if v is None else v for v in values], np.float64), valid)


def _text(column: Column) -> str:
    """The only value of a key column as text."""
    return "NULL" if not column.valid()[0] else str(values_of(column)[0])
