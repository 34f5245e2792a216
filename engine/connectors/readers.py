"""Readers of one file: batch by batch, from a position on."""

from __future__ import annotations

import gzip
import os
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

from engine.changes import Batch, Column, null_column
from engine.connectors.arrow import column_of, from_arrow
from engine.connectors.base import Term
from engine.connectors.formats.base import PADDING, Block, Decoded, Decoder
from engine.connectors.restrict import excludes
from engine.connectors.retries import io_error
from engine.errors import UserError
from engine.types import DataType, Field, Schema

CHUNK = 1 << 20
WINDOW = 1 << 16
PART = 1 << 16
"""Rows of a Parquet file decoded at a time."""
MAX_RECORD = 64 << 20
MAX_ROWS = 1 << 18
"""Rows of one batch at most, whatever was asked for."""

LINE, PACKED = 100, 5
"""Bytes of a line, and of text for a byte of it compressed, where no more is known."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class FileReader(ABC):
    """Reads one file. `offset` and `line` say where the next read starts: restoring them gives exactly what follows."""

    ended: bool = False

    @abstractmethod
    def read(self, limit: int) -> Decoded:
        """At most `limit` rows; sets `ended` when nothing more is in the file for now."""

    @property
    @abstractmethod
    def position(self) -> tuple[int, int]:
        """Offset (bytes of the decompressed file, or rows) and line number."""

    @abstractmethod
    def close(self) -> None:
        """Release the file."""


def opened(path: Path) -> BinaryIO:
    """The file, decompressed where its name ends in .gz.

    Errors: `missing_file`, `unreadable_file`.
    """
    try:
        plain = path.open("rb", buffering=0)
    except FileNotFoundError as error:
        raise UserError("missing_file", f"there is no file {path}") from error
    except OSError as error:
        raise io_error("unreadable_file", f"cannot read {path}: {error.strerror}", error) from error
    return cast(BinaryIO, gzip.GzipFile(fileobj=plain, mode="rb")) if path.suffix == ".gz" else cast(BinaryIO, plain)


class TextReader(FileReader):
    """Reads lines. `growing`: a last line without its newline is left until the rest of it is there."""

    def __init__(self, path: Path, decoder: Decoder, position: tuple[int, int] = (0, 1), growing: bool = False) -> None:
        self._path = path
        self._decoder = decoder
        self._growing = growing
        self._base, self._line = position  # of the first byte of the block, of its first line
        self._file = opened(path)
        self._block: Block | None = None
        self._filled = 0
        self._exhausted = False  # nothing more is in the file for now
        self._stuck = False  # the rest of the block is no whole record
        self._seek()

    def _seek(self) -> None:
        def seek() -> int:
            if self._base == 0:
                start = len(BYTE_ORDER_MARK) if self._file.read(len(BYTE_ORDER_MARK)) == BYTE_ORDER_MARK else 0
                self._base = start
            return self._file.seek(self._base)

        if not self._path.suffix == ".gz" and self._base > os.stat(self._path).st_size:
            raise UserError("file_changed", f"{self._path} is shorter than what was read of it before")
        if self._guard(seek) != self._base:
            raise UserError("file_changed", f"{self._path} is shorter than what was read of it before")

    def _guard(self, action: Callable[[], Any]) -> Any:
        try:
            return action()
        except (OSError, EOFError, zlib.error) as error:
            raise io_error("unreadable_file", f"cannot read {self._path}: {error}", error) from error

    def read(self, limit: int) -> Decoded:
        self._decoder.begin(min(limit, MAX_ROWS))
        while not self._spent or self._refill():
            block = self._block
            assert block is not None
            before = block.at
            full = self._decoder.feed(block, self._exhausted and not self._growing)
            self._stuck = not full and block.at == before
            if full:
                break
        decoded = self._decoder.finish()
        self.ended = self._exhausted and self._spent
        return decoded

    @property
    def _spent(self) -> bool:
        """Nothing more can be read out of the block as it is."""
        return self._block is None or self._block.done or self._stuck

    def _refill(self) -> bool:
        """Make the next block: what is left of this one, and more of the file. False at the end of what there is."""
        while not self._exhausted:
            rest, at, line = self._rest()
            memory = np.empty(len(rest) + CHUNK + PADDING + 1, np.uint8)
            memory[:len(rest)] = rest
            got = self._guard(partial(self._fill, memory, len(rest)))
            self._filled = len(rest) + got
            size = self._whole_lines(memory, got)
            if self._filled - size > MAX_RECORD:
                raise UserError("record_too_long", f"{self._path}:{line}: a line is longer than {MAX_RECORD >> 20} MiB")
            memory[max(size, self._filled):][:PADDING] = 0
            self._base, self._line, self._stuck = at, line, False
            self._block = Block(memory, size, line, str(self._path))
            if size:
                return True
        return False

    def _rest(self) -> tuple[Any, int, int]:
        """What is unread of the block, its offset in the file and its line number."""
        if self._block is None:
            return np.empty(0, np.uint8), self._base, self._line
        return self._block.data[self._block.at:self._filled], self._base + self._block.at, self._block.line

    def _fill(self, memory: Any, start: int) -> int:
        view = memoryview(memory)[start:start + CHUNK]
        total = 0
        while total < CHUNK:
            got = self._file.readinto(view[total:])  # type: ignore[attr-defined]
            if not got:
                break
            total += got
        return total

    def _whole_lines(self, memory: Any, got: int) -> int:
        """How many bytes of the memory may be decoded; adds the newline that the file's last line may lack."""
        filled = self._filled
        if got == CHUNK or self._growing:
            self._exhausted = got == 0
            return _behind_last_newline(memory, filled)
        self._exhausted = True
        if filled and memory[filled - 1] != 10:
            memory[filled] = 10
            return filled + 1
        return filled

    def grown(self) -> None:
        """Look again for more data behind the end."""
        self._exhausted = self.ended = False

    @property
    def position(self) -> tuple[int, int]:
        block = self._block
        return (self._base, self._line) if block is None else (self._base + min(block.at, self._filled), block.line)

    def close(self) -> None:
        self._file.close()


def _behind_last_newline(memory: Any, filled: int) -> int:
    """The position behind the last newline of the first `filled` bytes; 0 where there is none."""
    while filled > 0:
        start = max(filled - WINDOW, 0)
        found = memory[start:filled].tobytes().rfind(b"\n")
        if found >= 0:
            return start + int(found) + 1
        filled = start
    return 0


class ParquetReader(FileReader):
    """Reads row groups, only the wanted columns. Groups whose statistics say that no row meets one of `terms` (on
    columns by their positions in the schema) are passed over."""

    def __init__(self, path: Path, schema: Schema, columns: Sequence[int], position: tuple[int, int] = (0, 1),
                 terms: Sequence[Term] = ()) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._path, self._fields = path, [schema[c] for c in columns]
        self._row = position[0]
        self._terms = [(schema[t.column], t) for t in terms]
        self._source = opened(path)
        try:
            self._file = pq.ParquetFile(self._source)
        except (pa.ArrowInvalid, OSError) as error:
            raise UserError("unreadable_file", f"{path} is no Parquet file: {error}") from error
        self.total = self._file.metadata.num_rows
        if self._row > self.total:
            raise UserError("file_changed", f"{path} has fewer rows than what was read of it before")
        self._missing = [f.name for f in self._fields if f.name not in self._file.schema_arrow.names]
        self._batches = self._decoded()
        self._rest: Batch | None = None
        self.ended = self._row >= self.total

    def _decoded(self) -> Iterator[Batch | int]:
        """Batches from the current row on; for what is passed over, the number of rows."""
        metadata, first = self._file.metadata, 0
        names = [f.name for f in self._fields if f.name not in self._missing]
        for group in range(metadata.num_row_groups):
            size = metadata.row_group(group).num_rows
            if first + size > self._row:
                skip, at = self._row - first, 0
                if self._excluded(metadata.row_group(group)):
                    yield size - skip
                    first += size
                    continue
                for part in self._file.iter_batches(PART, [group], names, use_threads=False):
                    if at + part.num_rows > skip:
                        yield self._batch(part.slice(max(skip - at, 0)))
                    at += part.num_rows
            first += size

    def _excluded(self, group: Any) -> bool:
        """Whether the statistics of a row group leave no row that meets all terms."""
        columns = [group.column(i) for i in range(group.num_columns)] if self._terms else []
        known = {c.path_in_schema: c.statistics for c in columns if c.is_stats_set and c.statistics.has_min_max}
        for field, term in self._terms:
            if field.name in known:
                low, high = _bounds(known[field.name], field.type)
                if low is not None and high is not None and excludes(term, low, high):
                    return True
        return False

    def _batch(self, part: Any) -> Batch:
        return Batch(tuple([self._column(part, f) for f in self._fields]), part.num_rows)

    def _column(self, part: Any, field: Field) -> Column:
        if field.name in self._missing:
            return null_column(field.type, part.num_rows)
        try:
            return from_arrow(part.column(field.name), field.type)
        except UserError as error:
            raise UserError(error.code, f"{self._path}: column '{field.name}': {error.message}") from error

    def read(self, limit: int) -> Decoded:
        import pyarrow as pa

        try:
            batch = self._rest if self._rest is not None else next(self._batches, None)
        except (pa.ArrowInvalid, OSError) as error:
            raise io_error("unreadable_file", f"cannot read {self._path}: {error}", error) from error
        if batch is None:
            self.ended = True
            return Decoded(None)
        if isinstance(batch, int):
            self._row += batch
            self.ended = self._row >= self.total
            return Decoded(None, [], batch)
        rows = min(limit, batch.length)
        self._rest = batch.slice(rows, batch.length) if rows < batch.length else None
        self._row += rows
        self.ended = self._row >= self.total
        return Decoded(batch.slice(0, rows) if rows < batch.length else batch, [], rows)

    @property
    def position(self) -> tuple[int, int]:
        return self._row, self._row + 1

    def close(self) -> None:
        self._file.close()
        self._source.close()


def rows_in(path: Path, format: str) -> int:
    """How many rows a file has; of lines an estimate by its size."""
    if format == "parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        with opened(path) as file:
            try:
                return int(pq.read_metadata(file).num_rows)
            except (pa.ArrowInvalid, OSError) as error:
                raise UserError("unreadable_file", f"{path} is no Parquet file: {error}") from error
    return max(path.stat().st_size * (PACKED if path.suffix == ".gz" else 1) // LINE, 1)


def _bounds(statistics: Any, type: DataType) -> tuple[int | str | None, int | str | None]:
    """The least and the greatest value of a part of a file, as columns hold them; None where that cannot be told."""
    low, high = statistics.min, statistics.max
    if type.is_string:
        return (low, high) if isinstance(low, str) and isinstance(high, str) else (None, None)
    try:
        values = column_of(type, [low, high]).values
    except UserError:
        return None, None
    return (int(values[0]), int(values[1])) if values.dtype.kind in "biu" else (None, None)
