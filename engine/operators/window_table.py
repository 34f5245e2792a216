"""Window table-valued functions by themselves: each row once for each window that it lies in."""

from __future__ import annotations

import numpy as np

from engine.changes import Array, Batch
from engine.expressions.nodes import NO_NODES
from engine.operators.base import Operator, Settings
from engine.operators.window import END, ROWTIME, START, WindowOutput, row_times
from engine.operators.windows import Windows
from engine.types import Schema


class WindowAssign(Operator):
    """The input's columns, then window_start, window_end, window_time; rows in order, a row's windows from the last on.

    `time`: position of the time attribute, None for processing time. `zone`: as for `WindowAggregate`.
    """

    def __init__(self, name: str, schema: Schema, settings: Settings, *, windows: Windows, time: int | None,
                 zone: str | None = None, nodes: frozenset[str] = NO_NODES) -> None:
        super().__init__(name, schema, settings, nodes)
        self._windows, self._time = windows, time
        self._output = WindowOutput(schema, (START, END, ROWTIME), zone)

    def process(self, batch: Batch, port: int) -> None:
        now = self.settings.context.now()
        if self._time is None:
            times = np.full(batch.length, now, np.int64)
        else:
            times = row_times(batch.columns[self._time])
        rows, ends = self._window_ends(self._output.local(times))
        if len(rows) != batch.length or self._windows.shared:
            batch = batch.take(rows)
        added = self._output.columns(self._windows.start(ends), ends, now)
        self.emit(batch.with_columns(batch.columns + tuple(added)))

    def _window_ends(self, times: Array) -> tuple[Array, Array]:
        """For each (row, window): the row's position and the window's end."""
        windows = self._windows
        slices = windows.slice_end(times)
        last = windows.last_end(slices)
        counts = np.maximum((last - slices) // windows.step + 1, 0)
        rows = np.repeat(np.arange(len(times)), counts)
        nth = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
        return rows, last[rows] - nth * windows.step
