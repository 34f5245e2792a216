"""The arithmetic of aligned windows: slices, the windows that contain a slice, the slices of a window.

All times are int64 microseconds. A slice is the widest span that no window boundary cuts; rows are aggregated per
slice, and a window's result is its slices merged. A window (and a slice) is named by its end. As in Flink a window
[start, end) fires once the watermark reaches end - 1 ms.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd

import numpy as np

from engine.changes import Array

MILLISECOND = 1000
_FAR = 1 << 62


@dataclass(frozen=True)
class Windows:
    """TUMBLE: `size` = `step`; HOP: a window of `size` each `step`; CUMULATE: windows that grow by `step` up to `size`.

    `offset` moves all boundaries.
    """

    kind: str
    size: int
    step: int
    offset: int = 0

    @property
    def slice(self) -> int:
        """The width of a slice."""
        return gcd(self.size, self.step) if self.kind == "HOP" else self.step

    @property
    def shared(self) -> bool:
        """Whether a slice belongs to several windows, or a window has several slices."""
        return self.size != self.step

    def slice_end(self, times: Array) -> Array:
        """The slice that each time lies in."""
        return times - (times - self.offset) % self.slice + self.slice

    def last_end(self, ends: Array) -> Array:
        """The last window that contains each slice."""
        if self.kind == "HOP":
            start = ends - self.slice  # the last window is the last to begin at or before it
            return start - (start - self.offset) % self.step + self.size
        return ends - 1 - (ends - 1 - self.offset) % self.size + self.size

    def fired_end(self, ends: Array, watermarks: Array) -> Array:
        """For each slice the last of its windows that has fired at a watermark, or less than the slice where none has.
        """
        limit = np.clip(watermarks, -_FAR, _FAR) + MILLISECOND
        limit = np.minimum(limit, self.last_end(ends))
        return limit - (limit - self.offset - self.size) % self.step

    def window_ends(self, end: int) -> range:
        """The windows that contain a slice, ascending."""
        last = int(self.last_end(np.array([end]))[0])
        if self.kind == "HOP":
            return range(last - (last - end) // self.step * self.step, last + 1, self.step)
        return range(end, last + 1, self.step)

    def start(self, ends: Array) -> Array:
        """Where windows begin."""
        if self.kind == "CUMULATE":
            return ends - 1 - (ends - 1 - self.offset) % self.size
        return ends - self.size

    def slices(self, end: int) -> range:
        """The slices of a window, ascending."""
        start = int(self.start(np.array([end]))[0])
        return range(start + self.slice, end + 1, self.slice)
