"""Slots that wait for the end of their window."""

from __future__ import annotations

import heapq

import numpy as np

from engine.changes import Array

_NONE = np.empty(0, np.int64)


class Pending:
    """Pairs of an end and a slot, given back when the end has come. What is added together stays together, ordered: a
    watermark costs what it makes due, whatever else waits.
    """

    def __init__(self) -> None:
        self._blocks: list[tuple[int, int, Array, Array]] = []  # a heap by first end; the number decides among equals
        self._count = 0

    def add(self, ends: Array, slots: Array) -> None:
        """Wait with these slots (int64 arrays) for their ends."""
        if len(ends) > 1 and (ends[1:] < ends[:-1]).any():
            order = np.argsort(ends, kind="stable")
            ends, slots = ends[order], slots[order]
        if len(ends):
            self._push(ends, slots)

    def _push(self, ends: Array, slots: Array) -> None:
        heapq.heappush(self._blocks, (int(ends[0]), self._count, ends, slots))
        self._count += 1

    @property
    def first(self) -> int | None:
        """The least end."""
        return self._blocks[0][0] if self._blocks else None

    def pop(self, limit: int) -> tuple[Array, Array]:
        """Take what ends by `limit`: (ends, slots), in no order."""
        due = []
        while self._blocks and self._blocks[0][0] <= limit:
            _, _, ends, slots = heapq.heappop(self._blocks)
            cut = int(np.searchsorted(ends, limit, "right"))
            due.append((ends[:cut], slots[:cut]))
            if cut < len(ends):
                self._push(ends[cut:], slots[cut:])
        if len(due) < 2:
            return due[0] if due else (_NONE, _NONE)
        return np.concatenate([e for e, _ in due]), np.concatenate([s for _, s in due])
