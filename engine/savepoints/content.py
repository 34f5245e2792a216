"""What keyed state holds, told from its written form alone: keys, rows, a digest, and what differs between two states.

A digest does not depend on slots, on the order of keys or on the number of shards: it is a sum over keys, each with all
that is kept under it. Two states with one digest hold the same. (Pages of arrays that hang on keys, and arrays of kinds
that are unknown here, count as a whole, not under their keys.)

    state = content_of(parts)                # the full parts of one state, one for each shard
    state.keys, state.digest
    changes(before, after)                   # Changes: keys added, removed, changed
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.changes import Array
from engine.memory import kernel, plain
from engine.state.arena import scatter
from engine.state.hashing import finish, hash_view, mix
from engine.state.merge import merge_chain
from engine.state.protocol import StatePart

NULL_VIEW = (0, 1)


@dataclass(frozen=True)
class Group:
    """Rows of a written part: their numbers, arrays by name, uint64 (n, words); `views`: those of strings."""

    rows: Array
    arrays: dict[str, Array]
    views: frozenset[str]
    held: tuple[Array, ...]


@dataclass(frozen=True)
class Content:
    """A state over its shards: each key's hash and the hash of all under it (uint64, in the order of `parts`' keys);
    `rest`: the sum over what is under no key; `rows`: keys, or the rows under them where those are more."""

    parts: tuple[StatePart, ...]
    hashes: Array
    values: Array
    rest: int
    rows: int
    facts: str

    @property
    def keys(self) -> int:
        return len(self.hashes)

    @property
    def nbytes(self) -> int:
        return sum(part.nbytes for part in self.parts)

    @property
    def digest(self) -> str:
        """32 hexadecimal digits."""
        out: Array = np.zeros(2, np.uint64)
        fold_pairs(self.hashes, self.values, out)
        text = f"{int(out[0]):016x}{int(out[1]):016x}{len(self.hashes)} {self.rest:x} {self.facts}"
        return hashlib.sha256(text.encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Changes:
    """Keys of two states of one kind, as positions: in the later state, in the earlier one, and in both."""

    added: Array
    removed: Array
    changed: tuple[Array, Array]


def full_part(chain: Sequence[StatePart]) -> StatePart:
    """The chain of a state's shard as one part."""
    merged = merge_chain(chain)
    return merged[-1]


def content_of(parts: Sequence[StatePart]) -> Content:
    """What full parts of one state hold, one part for each shard."""
    hashes, values, rest, rows, facts = [], [], 0, 0, []
    for part in parts:
        if part.kind != "table":
            facts.append(part.meta)
            continue
        keys = group_of(part, "keys")
        own = _hashed(keys, np.zeros(len(keys.rows), np.uint64), "keys")
        found = own.copy()
        position = np.full(int(keys.rows.max(initial=-1)) + 1, -1, np.int64)
        position[keys.rows] = np.arange(len(keys.rows))
        most = len(keys.rows)
        for name in groups_of(part):
            rest, count = _add(part, name, position, own, found, rest)
            most = max(most, count)
        rows += most
        hashes.append(own)
        values.append(found)
    empty = [np.zeros(0, np.uint64)]
    return Content(tuple(parts), np.concatenate(hashes or empty), np.concatenate(values or empty), rest, rows,
                   _together(facts))


def _together(facts: Sequence[Mapping[str, Any]]) -> str:
    """Shards' values as one: a restore gives each shard the largest. Where a source stands is another's to compare."""
    names = sorted({name for values in facts for name in values} - {"position"})
    found: dict[str, Any] = {}
    for name in names:
        known = [values[name] for values in facts if values.get(name) is not None]
        numbers = all(isinstance(value, bool | int | float) for value in known)
        found[name] = max(known, default=None) if numbers else known
    return json.dumps(found, default=str)


def changes(before: Content, after: Content) -> Changes:
    """What became of the keys."""
    there = np.isin(after.hashes, before.hashes)
    stayed = np.isin(before.hashes, after.hashes)
    old, new = np.flatnonzero(stayed), np.flatnonzero(there)
    old = old[np.argsort(before.hashes[old], kind="stable")]
    new = new[np.argsort(after.hashes[new], kind="stable")]
    if len(old) != len(new):  # a key that two shards hold in part: it is told as changed where any of it is
        old_at, new_at = np.intersect1d(before.hashes[old], after.hashes[new], return_indices=True)[1:]
        old, new = old[old_at], new[new_at]
    differ = before.values[old] != after.values[new]
    return Changes(np.flatnonzero(~there), np.flatnonzero(~stayed), (old[differ], new[differ]))


# ---- written form ----------------------------------------------------------------------------------------------------


def groups_of(part: StatePart) -> list[str]:
    """The groups of a part's arrays, but its keys."""
    return sorted({name.split(".")[0] for name in part.arrays} - {"keys"})


def group_of(part: StatePart, group: str) -> Group:
    """The rows of a group."""
    arrays: dict[str, Array] = {}
    views, held = set(), []
    for name, array in _members(part, group):
        if name.endswith(".ends"):
            short = name[:-5]
            data = part.arrays[f"{group}.{short}.data"]
            strings = scatter(array, data)
            null = part.arrays.get(f"{group}.{short}.null")
            if null is not None:
                strings[null.view(np.bool_)] = NULL_VIEW
            arrays[short] = strings
            views.add(short)
            held.append(data)
        elif not name.endswith((".data", ".null")):
            arrays[name] = words_of(array)
    count = max((len(a) for a in arrays.values()), default=0)
    rows = part.arrays.get(f"{group}.rows")
    numbers = np.arange(count, dtype=np.int64) if rows is None else rows.astype(np.int64)
    return Group(numbers, arrays, frozenset(views), tuple(held))


def words_of(array: Array) -> Array:
    """Each row of an array as whole 64-bit words."""
    rows = len(array)
    raw = np.ascontiguousarray(array).reshape(rows, -1).view(np.uint8).reshape(rows, -1) if rows else array
    width = raw.shape[1] if rows else 8
    if width % 8 == 0 and rows:
        return raw.view(np.uint64)
    padded = np.zeros((rows, -(-width // 8) * 8), np.uint8)
    if rows:
        padded[:, :width] = raw
    return padded.view(np.uint64)


def _members(part: StatePart, group: str) -> Iterator[tuple[str, Array]]:
    head = f"{group}."
    for name, array in sorted(part.arrays.items()):
        short = name.removeprefix(head)
        if short != name and short not in ("rows", "dead"):
            yield short, array


# ---- hashes ----------------------------------------------------------------------------------------------------------


def _hashed(group: Group, start: Array, salt: str, leave_out: str = "") -> Array:
    """A hash of each row over all its arrays, by name."""
    out = start.copy()
    for name, array in sorted(group.arrays.items()):
        if name == leave_out or not len(out):
            continue
        seed = np.uint64(zlib.crc32(f"{salt}.{name}".encode()) | 1 << 40)
        (fold_views if name in group.views else fold_words)(plain(array), seed, out)
    return out


def _add(part: StatePart, name: str, position: Array, own: Array, found: Array, rest: int) -> tuple[int, int]:
    """Add a group to the keys' hashes: the sum of what is under none so far, and how many rows it has."""
    if f"{name}.models" in part.arrays:
        return _add_models(part, name, position, found, rest)
    group = group_of(part, name)
    if not group.arrays:
        return rest, 0
    if name == "fields":
        there = position[group.rows]
        _sum_at(found, there, _hashed(group, own[there], name))
        return rest, len(group.rows)
    if "slot" not in group.arrays:
        hashes = _hashed(group, np.zeros(len(group.rows), np.uint64), name)
        written = np.logical_or.reduce([array.any(axis=1) for array in group.arrays.values()])  # pages: else all zero
        return (rest + int(hashes[written].sum(dtype=np.uint64))) % 2**64, 0
    slots = part.arrays[f"{name}.slot"].astype(np.int64)
    if "seq" in group.arrays:
        group.arrays["seq"] = _ranks(slots, group.arrays["seq"][:, 0])
    there = position[slots]
    _sum_at(found, there, _hashed(group, own[there], name, leave_out="slot"))
    return rest, len(group.rows)


def _ranks(slots: Array, seq: Array) -> Array:
    """Which of its key's rows each one is, by arrival: the numbers themselves count all that ever came."""
    order = np.lexsort((seq, slots))
    found = slots[order]
    first = np.flatnonzero(np.diff(found, prepend=-1))
    ranks = np.empty((len(slots), 1), np.uint64)
    ranks[order, 0] = np.arange(len(slots)) - np.repeat(first, np.diff(np.append(first, len(slots))))
    return ranks


def _add_models(part: StatePart, name: str, position: Array, found: Array, rest: int) -> tuple[int, int]:
    """A learner's arrays, as `NAME.SLOT.array` for each of its models."""
    for slot in part.arrays[f"{name}.models"].tolist():
        head = f"{name}.{slot}."
        digest = hashlib.sha256()
        for full, array in sorted(part.arrays.items()):
            if full.startswith(head):
                digest.update(f"{full.removeprefix(head)} {array.dtype.str} {array.shape}".encode())
                digest.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
        found[position[slot]] += np.uint64(int.from_bytes(digest.digest()[:8], "little"))
    return rest, 0


def _sum_at(found: Array, there: Array, hashes: Array) -> None:
    np.add.at(found, there, hashes)


@kernel
def fold_words(words: Array, seed: int, out: Array) -> None:
    """out[i] = out[i] folded with row i of the words."""
    for i in range(len(out)):
        state = mix(out[i], seed)
        for c in range(words.shape[1]):
            state = mix(state, words[i, c])
        out[i] = finish(state)


@kernel
def fold_views(views: Array, seed: int, out: Array) -> None:
    """out[i] = out[i] folded with string i."""
    base = views.ctypes.data
    for i in range(len(out)):
        out[i] = finish(mix(mix(out[i], seed), hash_view(base + 16 * i)))


@kernel
def fold_pairs(keys: Array, values: Array, out: Array) -> None:
    """Two sums over all pairs, whatever their order."""
    for i in range(len(keys)):
        one = finish(mix(keys[i], values[i]))
        out[0] += one
        out[1] += finish(mix(one, values[i]))
