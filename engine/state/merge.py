"""A chain of state parts made into one full part, from the parts alone: how compaction leaves live
state alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from engine.changes import Array
from engine.state.parts import Replay, Stored, save
from engine.state.protocol import StatePart


def merge_chain(chain: Sequence[StatePart]) -> list[StatePart]:
    """One full part that restores as the chain does (the chain as it is, where its kind has no changes to merge)."""
    start = max((i for i, part in enumerate(chain) if part.full), default=0)
    chain = list(chain[start:])
    if len(chain) == 1 or chain[-1].kind != "table":
        return chain
    groups = sorted({name.split(".")[0] for part in chain for name in part.arrays})
    arrays: dict[str, Array] = {}
    alive: Array | None = None
    for group in ["keys", *(g for g in groups if g != "keys")]:
        stored = _stored(group, chain)
        replay = Replay(stored)
        for part in chain:
            if group == "fields" and not part.full:
                replay.forget(part.arrays.get("keys.rows"))
            replay.apply(group, part.arrays, part.full)
        if group == "keys":
            alive = replay.alive
        elif group == "fields" and alive is not None:
            replay.extend(len(alive))
            replay.alive[:len(alive)] = alive  # a key that is no more has no fields, a new one has all
        held = [Stored(s.name, array, s.view) for s, array in zip(stored, replay.arrays, strict=True)]
        dense = bool(replay.alive.all())
        rows = None if dense and group in {"keys", "fields"} else np.flatnonzero(replay.alive)
        arrays |= save(group, held, rows, len(replay.alive))
    return [StatePart("table", True, arrays, chain[-1].meta)]


def _stored(group: str, chain: Sequence[StatePart]) -> list[Stored]:
    """The arrays of a group, with empty arrays of their dtypes and row shapes."""
    found: dict[str, Stored] = {}
    for part in chain:
        for name, array in _members(group, part.arrays):
            if name.endswith(".ends"):
                found[name[:-5]] = Stored(name[:-5], np.zeros((0, 2), np.uint64), view=True)
            elif not name.endswith((".data", ".null")):
                found[name] = Stored(name, np.zeros((0, *array.shape[1:]), array.dtype))
    return list(found.values())


def _members(group: str, arrays: Mapping[str, Array]) -> list[tuple[str, Array]]:
    prefix = f"{group}."
    names = [name for name in arrays if name.startswith(prefix)]
    return [(name[len(prefix):], arrays[name]) for name in names if name[len(prefix):] not in {"rows", "dead"}]
