"""How state is saved and brought back: by every state object in the same few lines.

A snapshot is taken at a barrier, in the job's thread, and copies exactly what changed since the last one (dirty slots,
dirty pages, deletions); a background thread then writes it. Copying the dirty rows replaces freezing pages: it copies
less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from engine.changes import Array


@dataclass(frozen=True)
class StatePart:
    """One state object's share of a checkpoint: numpy arrays by name and JSON facts. `full`: holds everything, so that
    earlier parts of the chain are not needed; else it is the change since the part before."""

    kind: str
    full: bool
    arrays: dict[str, Array]
    meta: dict[str, Any] = field(default_factory=dict)

    @property
    def nbytes(self) -> int:
        return sum(a.nbytes for a in self.arrays.values())


class StateObject(Protocol):
    """Anything that an operator names in `states()`."""

    def snapshot(self, full: bool) -> StatePart:
        """What changed since the last snapshot (everything where `full`); marks all as clean."""
        ...

    def ahead(self) -> StatePart | None:
        """A piece of what the next snapshot would have to copy at once, where that is much: the pieces, until there is
        None, are told before the snapshot, which then holds what changed since. Rows may come between the pieces."""
        ...

    def restore(self, chains: Sequence[Sequence[StatePart]], groups: tuple[int, int] | None) -> None:
        """Load into this empty object. Each chain is one former shard's parts, oldest first, beginning with a full one;
        `groups` = the key groups [low, high) to keep, None = all. Several chains = former shards being merged."""
        ...

    def go_on(self) -> None:
        """What it was restored from is the chain that goes on: the next snapshot need not be a full one."""
        ...

    def rows(self) -> int:
        """Keys held, or the rows under them where those are more."""
        ...

    def nbytes(self) -> int:
        """Memory held, about."""
        ...
