"""Writing files exactly once: the rows of an epoch go to hidden files in the table's folder, which `apply` renames into
place; under PARTITIONED BY each partition has a folder (`engine.connectors.partitions`)."""

from __future__ import annotations

import contextlib
import glob
import os
import re
import uuid
from pathlib import Path

import numpy as np

from engine.changes import Batch, Column
from engine.connectors.access import allow_path
from engine.connectors.base import Environment, Json, Sink, TableOptions
from engine.connectors.formats.base import Encoder
from engine.connectors.formats.parquet import write_parquet
from engine.connectors.formats.registry import format_options, text_encoder
from engine.connectors.options import TableConfig
from engine.connectors.partitions import Partitions
from engine.connectors.retries import io_error
from engine.durable import sync
from engine.errors import UserError
from engine.types import Schema


def folder_of(config: TableConfig) -> Path:
    """Where the files of a table are."""
    return Path(config.text("path").removeprefix("file://"))


class FilesystemSink(Sink):
    """Writes part files into a folder."""

    def __init__(self, table: TableOptions, environment: Environment) -> None:
        config = TableConfig(table)
        self._table = table
        self._folder = folder_of(config)
        allow_path(environment.access, self._folder)
        self._access = environment.access
        self._format = config.text("format")
        options = format_options(self._format, table)
        self._compression = options.get("compression", "snappy").lower()
        self._partitions = Partitions(table)
        self._stored = [i for i in range(len(table.schema)) if i not in table.partitions]
        self._schema = Schema(tuple(table.schema[i] for i in self._stored))
        self._encoder: Encoder | None = None
        if self._format != "parquet":
            self._encoder = text_encoder(self._format, self._schema, options)
        numbers = environment.resources.setdefault("filesystem.sinks", {})
        numbers[table.name] = numbers.get(table.name, -1) + 1
        name = re.sub(r"[^A-Za-z0-9_]", "_", f"{environment.job}_{table.name}")
        self._prefix = f".staged-{name}-{numbers[table.name]}-"
        self._run = uuid.uuid4().hex[:8]
        self._text: dict[str, list[bytes]] = {}  # by folder
        self._parts: dict[str, list[tuple[Column, ...]]] = {}

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
        return io_error("unwritable_folder",
                        f"table {self._table.name}: cannot write to {self._folder}: {error.strerror}", error)

    def write(self, batch: Batch) -> None:
        if batch.kinds is not None and batch.kinds.any():
            raise UserError("updates_not_accepted", f"table {self._table.name}: a file only takes insertions")
        if not self._table.partitions:
            self._take("", batch)
            return
        folders, owners = np.unique(self._partitions.folders(batch.columns), return_inverse=True)
        for number, folder in enumerate(folders.tolist()):
            self._take(folder, batch.take(np.flatnonzero(owners == number)))

    def _take(self, folder: str, batch: Batch) -> None:
        columns = tuple(batch.columns[i] for i in self._stored)
        if self._encoder is None:
            self._parts.setdefault(folder, []).append(columns)
        else:
            self._text.setdefault(folder, []).append(self._encoder.encode(columns, batch.length))

    def seal(self, epoch: int) -> Json:
        files = []
        for number, folder in enumerate([*self._text, *self._parts]):
            staged = self._folder / f"{self._prefix}{self._run}-{epoch}-{number}"
            try:
                self._stage(staged, folder)
            except OSError as error:
                with contextlib.suppress(OSError):
                    staged.unlink()
                raise self._failed(error) from error
            files.append([staged.name, os.path.join(folder, f"part-{self._run}-{epoch:08d}.{self._format}")])
        self._text, self._parts = {}, {}
        return {"run": self._run, "epoch": epoch, "files": files}

    def _stage(self, staged: Path, folder: str) -> None:
        if self._encoder is None:
            write_parquet(staged, self._schema, self._parts[folder], self._compression)
        else:
            staged.write_bytes(b"".join(self._text[folder]))
        sync(staged)
        sync(self._folder)

    def apply(self, sealed: Json) -> None:
        for staged, final in sealed.get("files", []):
            if not (self._folder / staged).exists():
                continue
            target = self._folder / final
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                os.replace(self._folder / staged, target)
                sync(target.parent)
            except OSError as error:
                raise self._failed(error) from error

    def discard(self, keep: Json | None) -> None:
        keep = keep or {}
        self._run = keep.get("run", self._run)
        kept = {staged for staged, _ in keep.get("files", [])}
        for path in self._folder.glob(f"{glob.escape(self._prefix)}*"):
            if path.name not in kept:
                path.unlink(missing_ok=True)
        for path in self._folder.rglob(f"part-{self._run}-*"):  # of a later checkpoint, which turned out to be damaged
            if int(path.stem.rsplit("-", 1)[1]) > keep.get("epoch", 0):
                path.unlink(missing_ok=True)
