"""Fixed rows as a source: VALUES, and tests."""

from __future__ import annotations

from collections.abc import Sequence

from engine.changes import Batch
from engine.connectors.base import Json, Poll, Source


class ConstantSource(Source):
    """Gives the rows of one batch, once."""

    again = "yes"

    def __init__(self, rows: Batch) -> None:
        self._rows = rows
        self._at = 0
        self.total = rows.length

    def open(self, columns: Sequence[int]) -> None:
        rows = self._rows
        self._rows = rows.with_columns(tuple(rows.columns[i] for i in columns))

    def poll(self, limit: int) -> Poll:
        start, self._at = self._at, min(self._at + limit, self._rows.length)
        return Poll(self._rows.slice(start, self._at), rows=self._at - start, ended=self._at == self._rows.length)

    def position(self) -> Json:
        return {"row": self._at}

    def restore(self, position: Json) -> None:
        self._at = position["row"]

    def progress(self) -> float:
        return self._at / max(1, self._rows.length)
