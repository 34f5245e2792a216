"""The small interface to stores of HBase's kind: rows by key, cells by family and qualifier, versions by timestamp.

Semantics are HBase's: the newest version counts; a put without a timestamp is stamped by the store (milliseconds); a
deletion hides all versions up to its own timestamp, for reads of the past, too; tables and families have to exist
before they are written.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

Cells = Mapping[bytes, bytes]
"""Values by column, `family:qualifier`."""


@dataclass(frozen=True, slots=True)
class Put:
    """Cells of one row; `timestamp` in milliseconds, None = now."""

    row: bytes
    cells: Cells
    timestamp: int | None = None


class RowStore(ABC):
    """Where tables are kept. All methods may be called from several threads at once.

    Errors: UserError `store_unavailable` once the store's own retries are used up, `missing_table`, `missing_family`.
    """

    local: bool = False
    """Whether it answers at once, from this machine's memory and disk."""

    @abstractmethod
    def create_table(self, table: str, families: Sequence[str], versions: int = 3) -> None:
        """Make a table that keeps `versions` of each cell, unless it is there."""

    @abstractmethod
    def drop_table(self, table: str) -> None:
        """Remove a table, if it is there."""

    @abstractmethod
    def get_many(self, table: str, rows: Sequence[bytes], columns: Sequence[bytes],
                 at: int | None = None) -> list[Cells | None]:
        """For each row key the wanted cells, as of now or of a time (milliseconds, inclusive); None where there are
        none.
        """

    @abstractmethod
    def put_many(self, table: str, puts: Sequence[Put]) -> None:
        """Write rows, later ones of the same key and timestamp winning."""

    @abstractmethod
    def delete_many(self, table: str, rows: Sequence[bytes], timestamp: int | None = None) -> None:
        """Delete rows with all versions up to a timestamp (milliseconds), None = now."""

    @abstractmethod
    def scan(self, table: str, columns: Sequence[bytes], start: bytes = b"", stop: bytes | None = None,
             at: int | None = None,
             batch: int = 1000) -> Iterator[tuple[bytes, Cells]]:
        """Rows in order of their keys, from `start` on, before `stop`."""

    def close(self) -> None:
        """Release connections."""
