"""`PagedArray`: array-valued state (a model's weights) under slots of a table, dirty by pages of 1,024 values.

    weights = table.attach("w", PagedArray(np.float64, length))   # `length` values for each slot, zero at first
    flat = weights.values            # the flat raw array for kernels: slot s has flat[s * stride : s * stride + length]
    weights.stride                   # length rounded up to whole pages
    weights.pages                    # uint8 by page: kernels set pages[i // 1024] = 1 when they write flat[i] ...
    weights.written(slots)           # ... and the caller tells which slots' pages to look at
    weights.of(slot)                 # that slot's values, a writable view of `length`

Only pages marked of slots told are saved. Without a table use slot 0 of a table with a constant key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.changes import Array
from engine.errors import InternalError
from engine.memory import Reservation
from engine.state.parts import DirtyRows

PAGE = 1024
_MOST_VALUES = 1 << 34


class PagedArray:
    """See the module."""

    def __init__(self, dtype: Any, length: int) -> None:
        self.length = length
        self._pages_each = -(-length // PAGE)
        self.stride = self._pages_each * PAGE
        most = min(max(_MOST_VALUES // PAGE, self._pages_each), 1 << 26)
        self._space = Reservation([(dtype, PAGE), (np.uint8, 1)], most)
        self._by_page, self.pages = self._space.arrays
        self.values = self._by_page.reshape(-1)
        self._slots = DirtyRows()
        self._used = 0

    def of(self, slot: int) -> Array:
        """The values of a slot (a view)."""
        return self.values[slot * self.stride:slot * self.stride + self.length]

    def written(self, slots: Array) -> None:
        """Note that pages of these slots were marked."""
        if len(slots):
            self._used = max(self._used, int(slots.max()) + 1)
            if self._used * self._pages_each > self._space.rows:
                raise InternalError("a paged array holds more slots than its address space")
        self._slots.touch(slots)

    def drop(self, slots: Array) -> None:
        """Zero the values of released slots."""
        for slot in slots.tolist():
            first = slot * self._pages_each
            self._by_page[first:first + self._pages_each] = 0
            self.pages[first:first + self._pages_each] = 1
        self.written(slots)

    def save(self, prefix: str, full: bool) -> dict[str, Array]:
        """See `Attached`."""
        slots = self._slots.drain().astype(np.int64)
        each = np.arange(self._pages_each, dtype=np.int64)
        touched = (slots[:, None] * self._pages_each + each).reshape(-1)
        dirty = touched[self.pages[touched] != 0]
        self.pages[dirty] = 0
        chosen = np.arange(self._used * self._pages_each, dtype=np.int64) if full else dirty
        return {f"{prefix}.rows": chosen.astype(np.int32), f"{prefix}.values": self._by_page[chosen]}

    def pieces(self, prefix: str) -> None:
        """See `Attached`: saved whole."""

    def load(self, prefix: str, parts: Sequence[tuple[bool, Mapping[str, Array]]], remap: Array) -> None:
        """See `Attached`."""
        for _, arrays in parts:
            pages = arrays[f"{prefix}.rows"].astype(np.int64)
            slots, inner = np.divmod(pages, self._pages_each)
            known = slots < len(remap)
            mine = np.full(len(pages), -1, np.int64)
            mine[known] = remap[slots[known]]
            ours = mine >= 0
            self._by_page[mine[ours] * self._pages_each + inner[ours]] = arrays[f"{prefix}.values"][ours]
            if ours.any():
                self._used = max(self._used, int(mine.max()) + 1)

    def nbytes(self) -> int:
        """Memory held, about."""
        return self._used * self.stride * self.values.itemsize
