"""A chain of state parts made into one full part, from the parts alone: how compaction leaves live
state alone.

The arrays of a part are named by their group: `keys.f`. A group holds rows (`engine.state.parts`), or, where its names
have a second dot, tables of their own: of `group.7` the `values` are a table, of which a part has the `pages` written
(ascending; values on pages of `PAGE`, of which the table's last may be short); what else there is is given anew by each
part, and so is the list of what the group holds (`group.models`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from engine.changes import Array
from engine.state.paged import PAGE
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
        if _holds_tables(group, chain):
            newest = chain[-1].arrays
            arrays |= _own(group, newest)
            tables = {name.partition(".")[0] for name, _ in _members(group, newest) if "." in name}
            for table in sorted(tables):
                arrays |= _merged_table(f"{group}.{table}", chain)
            continue
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


def _holds_tables(group: str, chain: Sequence[StatePart]) -> bool:
    return any(name.startswith(f"{group}.") and name.endswith(".pages") for part in chain for name in part.arrays)


def _own(head: str, arrays: Mapping[str, Array]) -> dict[str, Array]:
    """The arrays named `head.something`, without another dot."""
    return {name: array for name, array in arrays.items() if name.rpartition(".")[0] == head}


def _merged_table(table: str, chain: Sequence[StatePart]) -> dict[str, Array]:
    """A table whole, as it is after the chain, with what else the last part says of it."""
    pages, values = f"{table}.pages", f"{table}.values"
    parts = [found for part in chain if (found := _own(table, part.arrays))]
    size = max(len(part[values]) for part in parts)
    start = max(i for i, part in enumerate(parts) if len(part[values]) == size)
    merged = parts[start][values].copy()
    for part in parts[start + 1:]:
        positions = (part[pages].astype(np.int64)[:, None] * PAGE + np.arange(PAGE)).ravel()
        merged[positions[positions < size]] = part[values]
    return {**parts[-1], pages: parts[start][pages], values: merged}


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
