"""Bringing a table back under its former slots: parts of a chain written straight to where they were.

Used where one shard takes over all of another's keys: nothing is renumbered, so keys and fields are copied once, the
index is entered in one sweep beside it, and the chain may go on with changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from engine.changes import Array
from engine.state.arena import StringArena, scatter
from engine.state.parts import Stored, room_of, span
from engine.state.protocol import StatePart

if TYPE_CHECKING:
    from engine.state.table import StateTable

Arrays = Mapping[str, Array]


def reload(table: StateTable, chain: Sequence[StatePart]) -> Array:
    """Fill an empty table from a chain, its first part a full one; which slots are alive (bool, all below `high`)."""
    start = max((i for i, part in enumerate(chain) if part.full), default=0)
    parts = [part.arrays for part in chain[start:]]
    keys, fields = table.stored_keys(), table.stored_fields()
    dense = max(_dense("keys", keys, arrays) for arrays in parts)
    high = max(dense, room_of("keys", parts))
    table.index.space(high)
    table.columns.used(high)
    alive = _keys(table, keys, parts, high)
    with ThreadPoolExecutor(1, "index") as beside:  # fields and the index have no memory in common
        entering = beside.submit(table.index.reenter, alive)
        _fields(table, fields, parts, alive)
        entering.result()
    return alive


def _keys(table: StateTable, stored: Sequence[Stored], parts: Sequence[Arrays], high: int) -> Array:
    alive = np.zeros(high, np.bool_)
    for arrays in parts:
        dead = arrays.get("keys.dead")
        if dead is not None:
            alive[dead[dead < high]] = False
        where = _place("keys", stored, arrays)
        _write("keys", stored, [table.index.arena], arrays, where)
        alive[where] = True
    return alive


def _fields(table: StateTable, stored: Sequence[Stored], parts: Sequence[Arrays], alive: Array) -> None:
    arenas: list[StringArena | None] = []
    for arena, validity in zip(table.columns.arenas, table.columns.validity, strict=True):
        arenas += [arena] if validity is None else [arena, None]
    given = np.zeros(len(alive), np.bool_)
    for number, arrays in enumerate(parts):
        born = arrays.get("keys.rows") if number else None
        if born is not None and len(born := born[given[born]]):
            table.forget_fields(born)  # a key that came anew has nothing of the one before it
        where = _place("fields", stored, arrays)
        _write("fields", stored, [*arenas, None], arrays, where)
        given[where] = True
    gone = np.flatnonzero(given & ~alive)
    if len(gone):
        table.forget_fields(gone)


def _dense(prefix: str, stored: Sequence[Stored], arrays: Arrays) -> int:
    """Rows of a group that are all there are: they are not told by number."""
    if f"{prefix}.rows" in arrays:
        return 0
    found = (arrays.get(f"{prefix}.{s.name}.ends" if s.view else f"{prefix}.{s.name}") for s in stored)
    return max((len(array) for array in found if array is not None), default=0)


def _place(prefix: str, stored: Sequence[Stored], arrays: Arrays) -> Array | slice:
    rows = arrays.get(f"{prefix}.rows")
    return slice(0, _dense(prefix, stored, arrays)) if rows is None else span(rows)


def _write(prefix: str, stored: Sequence[Stored], arenas: Sequence[StringArena | None], arrays: Arrays,
           where: Array | slice) -> None:
    """Write a part's rows of a group; what it does not hold (a field that came later) stays zero."""
    for s, arena in zip(stored, arenas, strict=False):
        name = f"{prefix}.{s.name}"
        if arena is None:
            if name in arrays:
                s.array[where] = arrays[name]
        elif f"{name}.ends" in arrays:
            views = scatter(arrays[f"{name}.ends"], arrays[f"{name}.data"])
            if f"{name}.null" in arrays:
                views[arrays[f"{name}.null"].view(np.bool_)] = (0, 1)
            arena.put(np.arange(where.start, where.stop) if isinstance(where, slice) else where, views)
