"""Small state of one operator: a few numbers and JSON facts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.state.protocol import StatePart


class Scalars:
    """A dictionary of JSON values, saved whole each time. Former shards' values are merged by `merge`."""

    def __init__(self, **values: Any) -> None:
        self.values: dict[str, Any] = values

    def snapshot(self, full: bool) -> StatePart:
        return StatePart("scalars", True, {}, dict(self.values))

    def ahead(self) -> None:
        """It is never much."""

    def go_on(self) -> None:
        """It is saved whole each time."""

    def restore(self, chains: Sequence[Sequence[StatePart]], groups: tuple[int, int] | None) -> None:
        for chain in chains:
            self.merge(dict(chain[-1].meta))

    def merge(self, values: dict[str, Any]) -> None:
        """Take the values of one former shard (the last one wins)."""
        self.values.update(values)

    def rows(self) -> int:
        return 0

    def nbytes(self) -> int:
        return 64 * len(self.values)
