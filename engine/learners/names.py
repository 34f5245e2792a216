"""Which feature and value stand behind a slot of a model's table: sampled where FEATURES hashes them.

The hash has no way back, so some rows of some batches are looked at before it, never for more than about 0.5 % of the
time. The newest 50,000 slots are kept. It is for people to read, not part of a model: which rows are sampled depends
on the clock.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

import numpy as np

from engine.changes import Array, Column

ROWS = 64
MOST = 50_000
_PAUSE = 200  # times what a sample took
_LONGEST_PAUSE = 1.0
_TEXT = 200  # characters of a value

Name = tuple[str, str | None]
"""A feature, and its value; None for a feature that keeps its number."""


class FeatureNames:
    """The names of slots, by the bits they were hashed to."""

    def __init__(self) -> None:
        self._by_bits: dict[int, dict[int, Name]] = {}
        self._next = 0.0
        self._lock = threading.Lock()
        self.changes = 0

    def sample(self, bits: int, names: Sequence[str], columns: Sequence[Column], rows: int) -> None:
        """Look at some rows that FEATURES(bits, names and columns in turn) hashes, if it is time to."""
        started = perf_counter()
        if started < self._next or not rows or not self._lock.acquire(blocking=False):
            return
        try:
            chosen = np.unique(np.linspace(0, rows - 1, ROWS).astype(np.int64))
            for name, column in zip(names, columns):
                self._add(bits, name, column.take(chosen))
        finally:
            ended = perf_counter()
            self._next = ended + min(_PAUSE * (ended - started), _LONGEST_PAUSE)
            self._lock.release()

    def _add(self, bits: int, name: str, column: Column) -> None:
        from engine.expressions.values import column_to_python
        from engine.learners.features import hash_features, keeps_number

        lists = hash_features(bits, [name], [column], len(column)).children[0]
        slots = lists.children[0].values.tolist()
        present = np.flatnonzero(np.diff(lists.values)).tolist()
        known = self._by_bits.setdefault(bits, {})
        if keeps_number(column.type):
            found: dict[int, Name] = dict.fromkeys(slots, (name, None))
        else:
            values = column_to_python(column)
            found = {slot: (name, _text(values[row])) for slot, row in zip(slots, present, strict=True)}
        for slot, given in found.items():
            if known.pop(slot, None) != given:
                self.changes += 1
            known[slot] = given  # the newest come last
        while len(known) > MOST:
            del known[next(iter(known))]

    def of(self, slots: int) -> dict[int, Name]:
        """The names of a table of so many slots."""
        with self._lock:
            return {slot & (slots - 1): name for known in self._by_bits.values() for slot, name in known.items()}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)[:_TEXT]


def write_names(path: Path, names: dict[int, Name]) -> None:
    """Replace the file of a model's names."""
    staged = path.with_suffix(".part")
    staged.write_text(json.dumps({"names": names}, ensure_ascii=False), encoding="utf-8")
    os.replace(staged, path)


def read_names(path: Path) -> dict[int, Name]:
    """The names of a model's slots; none where none were written."""
    try:
        names = json.loads(path.read_text(encoding="utf-8"))["names"]
    except FileNotFoundError:
        return {}
    return {int(slot): (feature, value) for slot, (feature, value) in names.items()}


def learnt(names: dict[int, Name], table: Array) -> dict[int, Name]:
    """The names of slots that the model has learnt something about."""
    slots = np.fromiter(names, np.int64, len(names))
    return {slot: names[slot] for slot in slots[table[2 * slots] != 0].tolist()}
