"""BITMAP_..._AGG: sets of integers, gathered from numbers or from other sets."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np

from engine import bitmaps
from engine.aggregates.base import AggregateSpec
from engine.aggregates.lists import CollectAccumulator
from engine.changes import Array, Column
from engine.expressions.values import blobs, column_from_python

Combine = Callable[[list[bytes], Array], Array]
"""The members of what distinct bitmaps give together; how often each is there."""


class BitmapAccumulator(CollectAccumulator):
    """Keeps the distinct values with their counts, as COLLECT does, so that any of them can be taken out again."""

    def __init__(self, spec: AggregateSpec) -> None:
        super().__init__(spec)
        self._result = spec.result
        self._combine = _COMBINED.get(spec.function.removesuffix("_AGG").removesuffix("_CARDINALITY"))
        self._counts = "_CARDINALITY_" in spec.function

    def value(self, slots: Array) -> Column:
        offsets, values, counts = self.kept(slots)
        numbers: Any = values.values if self._combine is None else blobs(values)
        spans = zip(offsets.tolist(), offsets[1:].tolist(), strict=False)
        return column_from_python(self._result, [self._of(numbers[a:b], counts[a:b]) for a, b in spans])

    def _of(self, values: Any, counts: Array) -> bytes | int | None:
        if not len(values):
            return None
        found = _unsigned(values) if self._combine is None else self._combine(values, counts)
        return len(found) if self._counts else bitmaps.written(found)


def _unsigned(numbers: Array) -> Array:
    return np.sort(numbers.view(np.uint32))


def _or(sets: list[bytes], counts: Array) -> Array:
    return np.unique(np.concatenate([bitmaps.members(data) for data in sets]))


def _and(sets: list[bytes], counts: Array) -> Array:
    both: Callable[[Array, Array], Array] = lambda a, b: np.intersect1d(a, b, assume_unique=True)  # noqa: E731
    return reduce(both, (bitmaps.members(data) for data in sets))


def _xor(sets: list[bytes], counts: Array) -> Array:
    odd = [bitmaps.members(data) for data, count in zip(sets, counts.tolist(), strict=True) if count % 2]
    if not odd:
        return np.empty(0, np.uint32)
    found, often = np.unique(np.concatenate(odd), return_counts=True)
    return found[often % 2 == 1]


_COMBINED: dict[str, Combine] = {"BITMAP_OR": _or, "BITMAP_AND": _and, "BITMAP_XOR": _xor}
