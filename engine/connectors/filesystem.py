"""The `filesystem` connector: files and folders of CSV, JSON lines and Parquet, read in order of their names, and
written exactly once.

Reading: 'path' is a file, a folder (hidden files and those starting with `_` are left out) or a pattern; names ending
in .gz are decompressed. Bounded, unless 'source.monitor-interval' says how often to look for new files and growth. A
file is known by its path; a position is the offset in each file that was begun.

Writing: 'path' is a folder. The rows of an epoch go to a hidden file, which `apply` renames.
"""

from __future__ import annotations

import contextlib
import glob
import os
import re
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from engine.changes import Batch, Column
from engine.connectors.access import allow_path
from engine.connectors.base import Connector, Environment, Json, Poll, Sink, Source, TableOptions
from engine.connectors.formats.base import Encoder
from engine.connectors.formats.parquet import write_parquet
from engine.connectors.formats.registry import FORMATS, format_options, text_decoder, text_encoder
from engine.connectors.options import TableConfig
from engine.connectors.readers import FileReader, ParquetReader, TextReader
from engine.errors import UserError
from engine.types import STRING, Schema

OPTIONS = frozenset({
    "path", "format", "source.monitor-interval", "source.path.regex-pattern", "source.report-statistics",
    "sink.rolling-policy.file-size", "sink.rolling-policy.rollover-interval", "sink.rolling-policy.check-interval",
    "sink.parallelism", "auto-compaction", "compaction.file-size", "compaction.parallelism",
    "partition.default-name", "partition.time-extractor.kind", "sink.partition-commit.trigger",
    "sink.partition-commit.delay", "sink.partition-commit.policy.kind", "sink.shuffle-by-partition.enable",
})
"""Flink's names. Files roll with checkpoints; what concerns rolling, compaction and partitions is read and has no
effect.
"""

METADATA: dict[str, Callable[[str], str]] = {"file.path": str, "file.name": os.path.basename}


class FilesystemSource(Source):
    """Reads files one after another."""

    def __init__(self, table: TableOptions, environment: Environment) -> None:
        config = TableConfig(table)
        self._table = table
        self._access = environment.access
        self._path = _path(config)
        self._format = config.text("format")
        self._options = format_options(self._format, table.options)
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

    def open(self, columns: Sequence[int]) -> None:
        self._columns = tuple(columns)
        in_file = [c for c in columns if c not in self._table.metadata]
        stored = [i for i in range(len(self._table.schema)) if i not in self._table.metadata]
        schema = Schema(tuple(self._table.schema[i] for i in stored))
        self._schema, self._wanted = schema, [stored.index(c) for c in in_file]
        self._decoder = None if self._format == "parquet" else text_decoder(
            self._format, schema, self._wanted, self._options)
        self._look()

    def _look(self) -> None:
        """Find what is to be read."""
        self._looked = time.monotonic()
        self._sizes = {str(path): path.stat().st_size for path in self._files()}
        self._queue = [path for path in self._sizes if path not in self._done or self._has_grown(path)]

    def _has_grown(self, path: str) -> bool:
        grows = not self.bounded and not path.endswith(".gz") and self._format != "parquet"
        return grows and self._sizes[path] > self._done[path][0]

    def _files(self) -> list[Path]:
        path = self._path
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
        for file in found:
            allow_path(self._access, file)
            if not file.exists():
                raise UserError("missing_file", f"table {self._table.name}: there is no file {file}")
        return sorted(p for p in found if not p.is_dir())

    def _begin(self) -> FileReader | None:
        """A reader of the next file."""
        if not self._queue:
            return None
        path = self._queue.pop(0)
        allow_path(self._access, path)
        offset, line = self._begun.pop(path, None) or self._done.pop(path, [0, 1])
        self._current = path
        if self._decoder is None:
            return ParquetReader(Path(path), self._schema, self._wanted, (offset, line))
        growing = not self.bounded and not path.endswith(".gz")
        return TextReader(Path(path), self._decoder, (offset, line), growing)

    def poll(self, limit: int) -> Poll:
        if self._reader is None:
            self._reader = self._begin()
        if self._reader is None:
            if not self.bounded and time.monotonic() - self._looked >= (self._interval or 0.0):
                self._look()
            return Poll(None, ended=self.bounded, idle=not self._queue)
        decoded = self._reader.read(limit)
        batch = None if decoded.batch is None else self._complete(decoded.batch)
        if self._reader.ended:
            self._done[self._current] = list(self._reader.position)
            self._reader.close()
            self._reader = None
        return Poll(batch, decoded.dead, decoded.rows, ended=self.bounded and self._reader is None and not self._queue)

    def _complete(self, batch: Batch) -> Batch:
        """Add metadata columns to those read."""
        if len(batch.columns) == len(self._columns):
            return batch
        stored, columns = iter(batch.columns), []
        for c in self._columns:
            key = self._table.metadata.get(c)
            columns.append(next(stored) if key is None else _constant(METADATA[key](self._current), batch.length))
        return batch.with_columns(tuple(columns))

    def position(self) -> Json:
        begun = dict(self._begun)
        if self._reader is not None:
            begun[self._current] = list(self._reader.position)
        return {"done": dict(self._done), "begun": begun}

    def restore(self, position: Json) -> None:
        self._done = {path: list(at) for path, at in position["done"].items()}
        self._begun = {path: list(at) for path, at in position["begun"].items()}

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


def _constant(text: str, length: int) -> Column:
    from engine.connectors.arrow import column_of

    return column_of(STRING, [text]).take(np.zeros(length, np.int64))


def _path(config: TableConfig) -> Path:
    return Path(config.text("path").removeprefix("file://"))


class FilesystemSink(Sink):
    """Writes part files into a folder."""

    def __init__(self, table: TableOptions, environment: Environment) -> None:
        config = TableConfig(table)
        self._table = table
        self._folder = _path(config)
        allow_path(environment.access, self._folder)
        self._access = environment.access
        self._format = config.text("format")
        options = format_options(self._format, table.options)
        self._compression = options.get("compression", "snappy").lower()
        self._encoder: Encoder | None = None
        if self._format != "parquet":
            self._encoder = text_encoder(self._format, table.schema, options)
        numbers = environment.resources.setdefault("filesystem.sinks", {})
        numbers[table.name] = numbers.get(table.name, -1) + 1
        name = re.sub(r"[^A-Za-z0-9_]", "_", f"{environment.job}_{table.name}")
        self._prefix = f".staged-{name}-{numbers[table.name]}-"
        self._run = uuid.uuid4().hex[:8]
        self._text: list[bytes] = []
        self._parts: list[tuple[Column, ...]] = []

    def open(self) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except FileExistsError as error:
            raise UserError("not_a_folder", f"table {self._table.name}: {self._folder} is no folder") from error
        except OSError as error:
            raise self._failed(error) from error
        allow_path(self._access, self._folder)
        if not os.access(self._folder, os.W_OK | os.X_OK):
            raise UserError("unwritable_folder", f"table {self._table.name}: cannot write to {self._folder}")

    def _failed(self, error: OSError) -> UserError:
        return UserError("unwritable_folder",
                         f"table {self._table.name}: cannot write to {self._folder}: {error.strerror}")

    def write(self, batch: Batch) -> None:
        if batch.kinds is not None and batch.kinds.any():
            raise UserError("updates_not_accepted", f"table {self._table.name}: a file only takes insertions")
        if self._encoder is None:
            self._parts.append(batch.columns)
        else:
            self._text.append(self._encoder.encode(batch.columns, batch.length))

    def seal(self, epoch: int) -> Json:
        if not self._text and not self._parts:
            return {"run": self._run, "epoch": epoch}
        staged = self._folder / f"{self._prefix}{self._run}-{epoch}"
        try:
            if self._encoder is None:
                write_parquet(staged, self._table.schema, self._parts, self._compression)
            else:
                staged.write_bytes(b"".join(self._text))
            _sync(staged)
            _sync(self._folder)
        except OSError as error:
            with contextlib.suppress(OSError):
                staged.unlink()
            raise self._failed(error) from error
        self._text, self._parts = [], []
        final = f"part-{self._run}-{epoch:08d}.{self._format}"
        return {"run": self._run, "epoch": epoch, "staged": staged.name, "final": final}

    def apply(self, sealed: Json) -> None:
        staged = sealed.get("staged")
        if staged is None or not (self._folder / staged).exists():
            return
        try:
            os.replace(self._folder / staged, self._folder / sealed["final"])
            _sync(self._folder)
        except OSError as error:
            raise self._failed(error) from error

    def discard(self, keep: Json | None) -> None:
        keep = keep or {}
        self._run = keep.get("run", self._run)
        for path in self._folder.glob(f"{glob.escape(self._prefix)}*"):
            if path.name != keep.get("staged"):
                path.unlink(missing_ok=True)
        for path in self._folder.glob(f"part-{self._run}-*"):  # of a later checkpoint, which turned out to be damaged
            if int(path.stem.rsplit("-", 1)[1]) > keep.get("epoch", 0):
                path.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Filesystem(Connector):
    """Files."""

    def accepts(self, table: TableOptions) -> str:
        return "I"

    def source(self, table: TableOptions, environment: Environment) -> Source:
        _check(table)
        return FilesystemSource(table, environment)

    def sink(self, table: TableOptions, environment: Environment) -> Sink:
        _check(table)
        return FilesystemSink(table, environment)


def _check(table: TableOptions) -> None:
    format = TableConfig(table).text("format")
    TableConfig(table).check(OPTIONS, tuple(f"{name}." for name in FORMATS if name == format))
    format_options(format, table.options)
    for key in table.metadata.values():
        if key not in METADATA:
            raise UserError("unknown_metadata", f"table {table.name}: the filesystem connector has no metadata '{key}'",
                            hint=f"known are: {', '.join(METADATA)}")
