"""The `filesystem` connector: files and folders of CSV, JSON lines and Parquet, read in order of their names, and
written exactly once (`engine.connectors.filesystem_sink`).

Reading: 'path' is a file, a folder (hidden files and those starting with `_` are left out) or a pattern; names ending
in .gz are decompressed. Bounded, unless 'source.monitor-interval' says how often to look for new files and growth. A
file is known by its path; a position is the offset in each file that was begun. Columns of PARTITIONED BY are read out
of the path (`engine.connectors.partitions`); files that cannot hold wanted rows are not opened.
"""

from __future__ import annotations

import glob
import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.changes import Batch, Column
from engine.connectors.access import allow_path
from engine.connectors.arrow import column_of
from engine.connectors.base import Connector, Environment, Json, Poll, Sink, Source, TableOptions, Term
from engine.connectors.filesystem_sink import FilesystemSink, folder_of
from engine.connectors.formats.registry import FORMATS, format_options, text_decoder
from engine.connectors.options import TableConfig
from engine.connectors.partitions import Partitions
from engine.connectors.readers import FileReader, ParquetReader, TextReader, rows_in
from engine.connectors.restrict import meeting
from engine.connectors.retries import io_error
from engine.connectors.tail import last_lines, line_at
from engine.errors import UserError
from engine.types import STRING, Schema

OPTIONS = frozenset({
    "path", "format", "source.monitor-interval", "source.path.regex-pattern", "source.report-statistics",
    "sink.rolling-policy.file-size", "sink.rolling-policy.rollover-interval", "sink.rolling-policy.check-interval",
    "sink.parallelism", "auto-compaction", "compaction.file-size", "compaction.parallelism",
    "partition.default-name", "partition.time-extractor.kind", "sink.partition-commit.trigger",
    "sink.partition-commit.delay", "sink.partition-commit.policy.kind", "sink.shuffle-by-partition.enable",
})
"""Flink's names. Files roll with checkpoints; what concerns rolling, compaction and the commit of partitions is read
and has no effect.
"""

METADATA: dict[str, Callable[[str], str]] = {"file.path": str, "file.name": os.path.basename}


def _begin_of(path: Path) -> Path:
    """The path as far as it is no pattern. `..` behind that is resolved as well: it may lead out."""
    parts = path.parts
    first = next((i for i, part in enumerate(parts) if glob.has_magic(part)), len(parts))
    up = parts[first:].count("..")
    return Path(*parts[:first], *[".."] * up)


class FilesystemSource(Source):
    """Reads files one after another."""

    again = "yes"

    def __init__(self, table: TableOptions, environment: Environment) -> None:
        config = TableConfig(table)
        self._table = table
        self._access = environment.access
        self._path = folder_of(config)
        self._format = config.text("format")
        self._options = format_options(self._format, table)
        self._pattern = re.compile(config.text("source.path.regex-pattern", ""))
        self._interval = config.duration("source.monitor-interval")
        self.bounded = self._interval is None
        self._done: dict[str, list[int]] = {}  # path -> offset and line where reading goes on, for files that ended
        self._begun: dict[str, list[int]] = {}
        self._queue: list[str] = []
        self._reader: FileReader | None = None
        self._current = ""
        self._sizes: dict[str, int] = {}
        self._looked = 0.0
        self._partitions = Partitions(table)
        self._terms: tuple[Term, ...] = ()
        self._left: int | None = None  # rows that may still be given
        self._parts: Mapping[int, Sequence[int]] = {}

    def restrict(self, terms: Sequence[Term], limit: int | None) -> None:
        self._terms, self._left = tuple(terms), limit

    def narrow(self, parts: Mapping[int, Sequence[int]]) -> None:
        self._parts = parts

    def newest(self, rows: int) -> bool:
        """Of the files that were written last. Those that are compressed can be read from their beginning only."""
        left = rows
        for path in sorted(self._files(), key=lambda each: (each.stat().st_mtime_ns, str(each)), reverse=True):
            if left == rows and path.suffix == ".gz":
                return False
            if left <= 0 or path.suffix == ".gz":
                self._done[str(path)] = [path.stat().st_size, 1]
            else:
                self._begun[str(path)], found = self._last(path, left)
                left -= found
        return True

    def _last(self, path: Path, rows: int) -> tuple[list[int], int]:
        """Where the last rows of a file begin, and how many they are."""
        if self._format == "parquet":
            import pyarrow.parquet as pq

            total = pq.read_metadata(path).num_rows
            return [max(0, total - rows), 1], min(rows, total)
        offset, found = last_lines(path, rows, self._quote())
        return [offset, line_at(path, offset)], found

    def _quote(self) -> int:
        """What a record's text may stand in, with line breaks."""
        text = self._options.get("quote-character", '"')
        plain = self._options.get("disable-quote-character", "false") == "true" or "escape-character" in self._options
        return ord(text) if self._format == "csv" and not plain and len(text) == 1 else -1

    def open(self, columns: Sequence[int]) -> None:
        self._columns = tuple(columns)
        outside = {*self._table.metadata, *self._table.partitions}
        stored = [i for i in range(len(self._table.schema)) if i not in outside]
        self._checked = [t for t in self._terms if t.column not in outside]
        wanted = [c for c in columns if c not in outside]
        self._read = list(dict.fromkeys([*wanted, *(t.column for t in self._checked)]))
        self._schema = Schema(tuple(self._table.schema[i] for i in stored))
        self._wanted = [stored.index(c) for c in self._read]
        within = [replace(t, column=stored.index(t.column)) for t in self._checked]
        self._decoder = None
        if self._format != "parquet":
            parts = {stored.index(c): fields for c, fields in self._parts.items()}
            self._decoder = text_decoder(self._format, self._schema, self._wanted, self._options, parts)
            if within and self._decoder.restrict(within):
                self._checked = []  # it leaves out the rows
        self._within = within
        self._look()

    def _look(self) -> None:
        """Find what is to be read."""
        self._looked = time.monotonic()
        try:
            self._sizes = {str(path): path.stat().st_size for path in self._files()}
        except OSError as error:
            raise io_error("unreadable_file", f"table {self._table.name}: cannot look into {self._path}: "
                           f"{error.strerror}", error) from error
        self._queue = [path for path in self._sizes if path not in self._done or self._has_grown(path)]

    def _has_grown(self, path: str) -> bool:
        grows = not self.bounded and not path.endswith(".gz") and self._format != "parquet"
        return grows and self._sizes[path] > self._done[path][0]

    def _files(self) -> list[Path]:
        path = self._path
        allow_path(self._access, _begin_of(path))  # nothing outside is looked at, not even for what is there
        if glob.has_magic(str(path)) and not path.exists():
            found = [Path(p) for p in glob.glob(str(path), recursive=True)]
        elif path.is_dir():
            found = [Path(folder) / name for folder, _, names in os.walk(path) for name in names]
            found = [p for p in found if not any(part[0] in "._" for part in p.relative_to(path).parts)]
        else:
            found = [path] if path.exists() or self.bounded else []
        if self._pattern.pattern:
            found = [p for p in found if self._pattern.fullmatch(str(p))]
        if not found and self.bounded and not path.is_dir():
            raise UserError("missing_file", f"table {self._table.name}: there is no file {path}")
        found = [p for p in found if self._partitions.meet(p, self._terms)]
        for file in found:
            allow_path(self._access, file)
            if not file.exists():
                raise UserError("missing_file", f"table {self._table.name}: there is no file {file}")
        return sorted(p for p in found if not p.is_dir())

    def estimate(self) -> int | None:
        """About how many rows the files hold; None where they cannot be read."""
        try:
            return sum(rows_in(path, self._format) for path in self._files())
        except UserError:
            return None

    def _begin(self) -> FileReader | None:
        """A reader of the next file."""
        if not self._queue:
            return None
        path = self._queue[0]
        allow_path(self._access, path)
        reader = self._reader_of(path, self._begun.get(path) or self._done.get(path, [0, 1]))
        self._queue.pop(0)
        self._begun.pop(path, None)
        self._done.pop(path, None)
        self._current = path
        return reader

    def _reader_of(self, path: str, at: Sequence[int]) -> FileReader:
        offset, line = at
        if self._decoder is None:
            return ParquetReader(Path(path), self._schema, self._wanted, (offset, line), self._within)
        growing = not self.bounded and not path.endswith(".gz")
        return TextReader(Path(path), self._decoder, (offset, line), growing)

    def poll(self, limit: int) -> Poll:
        if self._left == 0:
            return Poll(None, ended=True)
        if self._reader is None:
            self._reader = self._begin()
        if self._reader is None:
            if not self.bounded and time.monotonic() - self._looked >= (self._interval or 0.0):
                self._look()
            return Poll(None, ended=self.bounded, idle=not self._queue)
        before = self._reader.position
        try:
            decoded = self._reader.read(limit)
        except UserError:
            self._begun[self._current] = list(before)
            self._reader.close()
            self._reader = None
            raise
        batch = None if decoded.batch is None else self._complete(self._restricted(decoded.batch))
        if self._reader.ended:
            self._done[self._current] = list(self._reader.position)
            self._reader.close()
            self._reader = None
        ended = self.bounded and self._reader is None and not self._queue
        return Poll(batch, decoded.dead, decoded.rows, ended=ended or self._left == 0)

    def _restricted(self, batch: Batch) -> Batch:
        """The rows that meet the terms, as far as the limit goes."""
        if self._checked:
            met = meeting(self._checked, dict(zip(self._read, batch.columns, strict=True)), batch.length)
            batch = batch if met.all() else batch.take(met)
        if self._left is not None:
            batch = batch if batch.length <= self._left else batch.slice(0, self._left)
            self._left -= batch.length
        return batch

    def _complete(self, batch: Batch) -> Batch:
        """The columns asked for: those read, and what a file's path says."""
        if self._read == list(self._columns):
            return batch
        stored, columns = dict(zip(self._read, batch.columns, strict=True)), []
        for c in self._columns:
            key = self._table.metadata.get(c)
            if c in stored:
                columns.append(stored[c])
            elif key is not None:
                columns.append(repeated(column_of(STRING, [METADATA[key](self._current)]), batch.length))
            else:
                columns.append(repeated(self._partitions.column(c, Path(self._current)), batch.length))
        return batch.with_columns(tuple(columns))

    def position(self) -> Json:
        begun = dict(self._begun)
        if self._reader is not None:
            begun[self._current] = list(self._reader.position)
        limited = {} if self._left is None else {"left": self._left}
        return {"done": dict(self._done), "begun": begun, **limited}

    def restore(self, position: Json) -> None:
        self._done = {path: list(at) for path, at in position["done"].items()}
        self._begun = {path: list(at) for path, at in position["begun"].items()}
        self._left = position.get("left", self._left)

    def progress(self) -> float | None:
        total = sum(self._sizes.values())
        if not self.bounded or not total:
            return None
        read = sum(self._sizes.get(path, 0) for path in self._done)
        if self._reader is not None and isinstance(self._reader, TextReader) and not self._current.endswith(".gz"):
            read += min(self._reader.position[0], self._sizes.get(self._current, 0))
        return min(read / total, 1.0)

    def close(self) -> None:
        if self._reader is not None:
            self._begun[self._current] = list(self._reader.position)
            self._reader.close()
            self._reader = None


def repeated(value: Column, length: int) -> Column:
    """A column of one row, so many times."""
    return value.take(np.zeros(length, np.int64))


class Filesystem(Connector):
    """Files."""

    def accepts(self, table: TableOptions) -> str:
        return "I"

    def abilities(self, table: TableOptions) -> frozenset[str]:
        return frozenset(("filter", "limit", *(["fields"] if table.options.get("format") == "json" else [])))

    def rows(self, table: TableOptions, environment: Environment) -> int | None:
        """Of text by its size; unknown with 'source.report-statistics' = 'NONE', and of tables that grow."""
        if table.options.get("source.report-statistics", "ALL").upper() == "NONE" or not self.bounded(table):
            return None
        _check(table)
        return FilesystemSource(table, environment).estimate()

    def source(self, table: TableOptions, environment: Environment) -> Source:
        _check(table)
        return FilesystemSource(table, environment)

    def sink(self, table: TableOptions, environment: Environment) -> Sink:
        _check(table)
        return FilesystemSink(table, environment)


def _check(table: TableOptions) -> None:
    format = TableConfig(table).text("format")
    TableConfig(table).check(OPTIONS, tuple(f"{name}." for name in FORMATS if name == format))
    format_options(format, table)
    for key in table.metadata.values():
        if key not in METADATA:
            raise UserError("unknown_metadata", f"table {table.name}: the filesystem connector has no metadata '{key}'",
                            hint=f"known are: {', '.join(METADATA)}")
