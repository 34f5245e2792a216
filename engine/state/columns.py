"""`RowColumns`: typed columns addressed by row number, growing in place.

`values[i]` is the raw numpy array of column i, `validity[i]` its bool array (None where the type is NOT NULL). They
never move and are longer than what is in use (see `Reservation`): fetch them once, index them by row, never reduce
over all of them. Rows that were never written are zero and, where nullable, NULL. Strings and nested values must be
written by `put`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.changes import Array, Column
from engine.memory import Reservation, plain
from engine.state import rows as kernels
from engine.state.arena import StringArena
from engine.state.layout import VIEW, Frame, array_layout, code_of, empty_array, frame_of
from engine.state.nested import decode_nested, encode_nested
from engine.state.parts import Stored, span
from engine.types import DataType


class RowColumns:
    """See the module."""

    def __init__(self, types: Sequence[DataType]) -> None:
        self.types = tuple(types)
        self.codes = tuple(code_of(t) for t in self.types)
        layout = [array_layout(t) for t in self.types] + [(np.bool_, 1) for t in self.types if t.nullable]
        self._space = Reservation(layout)
        arrays = self._space.arrays
        self.values: list[Array] = arrays[:len(self.types)]
        flags = iter(arrays[len(self.types):])
        self.validity: list[Array | None] = [next(flags) if t.nullable else None for t in self.types]
        self.arenas = [StringArena(v) if c == VIEW else None for c, v in zip(self.codes, self.values, strict=True)]
        self.desc = Frame(self.codes, self.values, self.validity, self._space.rows).desc
        self._every = tuple(range(len(self.types)))
        self._subsets: dict[tuple[int, ...], Array] = {self._every: self.desc}

    def _subset(self, which: tuple[int, ...]) -> Array:
        if which not in self._subsets:
            self._subsets[which] = np.ascontiguousarray(self.desc[list(which)])
        return self._subsets[which]

    def take(self, rows: Array, which: tuple[int, ...] | None = None) -> list[Column]:
        """The columns (all, or those at these positions) at these rows (int array); a row of -1 gives NULLs."""
        which = self._every if which is None else which
        types = [self.types[i] for i in which]
        values = [empty_array(t, len(rows)) for t in types]
        flags = [np.empty(len(rows), np.bool_) if t.nullable else None for t in types]
        target = Frame([self.codes[i] for i in which], values, flags, len(rows))
        kernels.take_rows(self._subset(which), rows, target.desc)
        return [self._column(i, v, f) for i, v, f in zip(which, values, flags, strict=True)]

    def _column(self, i: int, values: Array, validity: Array | None) -> Column:
        arena, kind = self.arenas[i], self.types[i]
        column = Column(kind, values, validity, () if arena is None else arena.owners())
        return decode_nested(column) if kind.is_nested else column

    def put(self, rows: Array, columns: Sequence[Column], which: tuple[int, ...] | None = None) -> None:
        """Write columns (all, or those at these positions) at rows; of a row named twice the last value stays."""
        which = self._every if which is None else which
        columns = [encode_nested(c) for c in columns]
        source = frame_of([self.codes[i] for i in which], columns, len(rows))
        self.put_frame(rows, source, which)

    def put_frame(self, rows: Array, source: Frame, which: tuple[int, ...] | None = None) -> None:
        """`put` of columns under a descriptor, nested ones encoded."""
        which = self._every if which is None else which
        kernels.put_rows(self._subset(which), rows, source.desc)
        for i, values in zip(which, source.values, strict=True):
            arena = self.arenas[i]
            if arena is not None:
                arena.put(rows, values)

    def clear(self, rows: Array) -> None:
        """Zero these rows (NULL where nullable) and release their strings."""
        kernels.clear_rows(self.desc, rows)
        for arena in self.arenas:
            if arena is not None:
                arena.clear(rows)

    def used(self, rows: int) -> None:
        """Say how many rows are in use."""
        self._space.used(rows)

    def nbytes(self, rows: int) -> int:
        """Memory held by that many rows, about."""
        return rows * sum(self._space.widths) + sum(a.nbytes() for a in self.arenas if a is not None)

    # ---- snapshots ---------------------------------------------------------------------------------------------

    def stored(self, names: Sequence[str]) -> list[Stored]:
        """The arrays to save, by column name."""
        result = []
        for name, code, values, validity in zip(names, self.codes, self.values, self.validity, strict=True):
            result.append(Stored(name, values, code == VIEW))
            if validity is not None:
                result.append(Stored(f"{name}.valid", validity))
        return result

    def load(self, rows: Array, arrays: Sequence[Array]) -> None:
        """Write rows (distinct) from arrays in the order of `stored`."""
        parts = iter(arrays)
        where = span(rows) if len(rows) < 2 or bool((rows[1:] > rows[:-1]).all()) else rows
        for values, validity, arena in zip(self.values, self.validity, self.arenas, strict=True):
            data = next(parts)
            if arena is None:
                values[where] = data
            else:
                arena.put(rows, plain(data))
            if validity is not None:
                validity[where] = next(parts)
