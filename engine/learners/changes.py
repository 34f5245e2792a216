"""How one version of a model differs from another, and the file that says so.

The change between two tables is the xor of their words. It is its own inverse: the same file leads from one version to
the next and back. A file is `MAGIC`, the length of its header (uint32, little-endian), the header (JSON: what it leads
from and to, counts, facts), positions (int32; none where every word is listed), words (uint32), and the SHA-256 of all
that. Equal versions give equal bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.changes import Array
from engine.errors import UserError
from engine.learners.kernels import differences

MAGIC = b"PMV1"
_DIGEST = 32


@dataclass(frozen=True)
class Change:
    """From version `before` to version `after`: table positions (int32, ascending; None = all), the xor of the words.

    `facts` of version `after`: the learner's options and metrics, as JSON.
    """

    before: int
    after: int
    positions: Array | None
    words: Array
    facts: Mapping[str, Any]

    @property
    def nbytes(self) -> int:
        return self.words.nbytes + (0 if self.positions is None else self.positions.nbytes)

    def apply(self, table: Array) -> None:
        """Turn the table (float32) of the one version into the other's."""
        words = table.view(np.uint32)
        if self.positions is None:
            words ^= self.words
        else:
            words[self.positions] ^= self.words


def change_between(before: int, old: Array, after: int, new: Array, facts: Mapping[str, Any], pages: Array) -> Change:
    """The change from table `old` to `new`, which may differ on `pages` (ascending) only."""
    a, b = old.view(np.uint32), new.view(np.uint32)
    room = len(old) // 2
    positions, words = np.empty(room + 1, np.int32), np.empty(room + 1, np.uint32)
    count = differences(a, b, pages, positions, words)
    if count > room:
        return Change(before, after, None, a ^ b, facts)
    return Change(before, after, positions[:count].copy(), words[:count].copy(), facts)


def encode(change: Change) -> bytes:
    """The bytes of a change's file."""
    listed = change.positions is not None
    header = json.dumps({"before": change.before, "after": change.after, "listed": listed, "count": len(change.words),
                         "facts": change.facts}, sort_keys=True).encode()
    positions = change.positions.astype("<i4").tobytes() if change.positions is not None else b""
    body = MAGIC + len(header).to_bytes(4, "little") + header + positions + change.words.astype("<u4").tobytes()
    return body + hashlib.sha256(body).digest()


def read_facts(path: Path) -> dict[str, Any]:
    """The facts of a change's file, from its beginning alone. UserError `corrupt_model` where they cannot be read."""
    with path.open("rb") as file:
        start = file.read(8)
        header = file.read(int.from_bytes(start[4:], "little")) if start[:4] == MAGIC else b""
    try:
        facts: dict[str, Any] = json.loads(header)["facts"]
    except (ValueError, KeyError) as error:
        raise _damaged(path.name) from error
    return facts


def _damaged(place: str) -> UserError:
    return UserError("corrupt_model", f"the model file {place} is damaged: its checksum is wrong",
                     hint="delete the model's folder and train again, or restore the file")


def decode(data: bytes, place: str) -> Change:
    """The inverse of `encode`. UserError `corrupt_model` names `place` where the checksum is wrong."""
    body = memoryview(data)[:-_DIGEST]
    if len(data) < len(MAGIC) + 4 + _DIGEST or hashlib.sha256(body).digest() != data[-_DIGEST:] or body[:4] != MAGIC:
        raise _damaged(place)
    start = 8 + int.from_bytes(body[4:8], "little")
    header = json.loads(bytes(body[8:start]))
    count, positions = header["count"], None
    if header["listed"]:
        positions = np.frombuffer(body, "<i4", count, start)
        start += 4 * count
    words = np.frombuffer(body, "<u4", count, start)
    return Change(header["before"], header["after"], positions, words, header["facts"])
