"""The `metrics` connector: rows of numbers for people to watch. The latest row is in the job's status, the rows that
were inserted or updated are kept as lines, one for each at each checkpoint.

A row is known by its primary key, or, without one, by all its values: what was updated or deleted before the checkpoint
leaves no line. A line is the row's columns and `at`, when it was written (unix seconds), unless a column has that name.
The folder stays below 64 MB: of older epochs the newest line of each key is kept, of the newest 100,000 keys.
Options: none.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.changes import Batch
from engine.connectors.arrow import python_values
from engine.connectors.base import Connector, Environment, Json, Sink, TableOptions
from engine.connectors.staged import StagedLines

MOST_KEYS = 100_000
MOST_BYTES = 64 << 20
MOST_FILES = 64
RECENT = 4  # epochs that a job may still go back to: left as they are

Row = tuple[Any, ...]


class MetricsSink(Sink):
    """Keeps metric rows; `latest` holds the newest one as {column: value}."""

    def __init__(self, table: TableOptions, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._names = table.schema.names
        self._keys = table.primary_key or tuple(range(len(self._names)))
        self._lines = MetricLines(folder, self._names, [self._names[k] for k in self._keys])
        self._clock = clock
        self._changed: dict[tuple[Row, int], Row] = {}  # by key, and a number where equal rows may stand side by side
        self._counts: dict[Row, int] = {}
        self._unique = bool(table.primary_key)
        self.latest: dict[str, object] = {}

    def write(self, batch: Batch) -> None:
        if not batch.length:
            return
        kinds = [0] * batch.length if batch.kinds is None else batch.kinds.tolist()
        row: Row | None = None
        for kind, given in zip(kinds, zip(*(map(_plain, python_values(c)) for c in batch.columns), strict=True),
                               strict=True):
            if kind & 1:
                self._remove(given)
            else:
                row = given
                self._put(given)
        if row is not None:
            self.latest = dict(zip(self._names, row, strict=True))

    def _put(self, row: Row) -> None:
        key = tuple(row[k] for k in self._keys)
        count = 0 if self._unique else self._counts.get(key, 0)
        self._changed.pop((key, count), None)
        self._changed[key, count] = row
        self._counts[key] = count + 1
        if len(self._changed) > MOST_KEYS:
            oldest, _ = next(iter(self._changed))
            self._remove_key(oldest)

    def _remove(self, row: Row) -> None:
        self._remove_key(tuple(row[k] for k in self._keys))

    def _remove_key(self, key: Row) -> None:
        count = self._counts.pop(key, 0) - 1
        if count < 0:
            return  # it was there before the epoch
        self._changed.pop((key, 0 if self._unique else count), None)
        if count and not self._unique:
            self._counts[key] = count

    def seal(self, epoch: int) -> Json:
        at = round(self._clock(), 3)
        self._lines.add({"at": at} | dict(zip(self._names, row, strict=True)) for row in self._changed.values())
        self._changed, self._counts = {}, {}
        return {"latest": self.latest, "lines": self._lines.seal(epoch)}

    def apply(self, sealed: Json) -> None:
        self.latest = self.latest or sealed["latest"]
        self._lines.apply(sealed["lines"])

    def discard(self, keep: Json | None) -> None:
        self._lines.discard(None if keep is None else keep["lines"])

    def adopt(self, sealed: Json | None) -> None:
        self.discard(sealed)  # its lines came with the savepoint


class MetricLines(StagedLines):
    """Lines that stay few: older epochs become one file, where they are many with the newest line of each key alone.

    That file takes the place of its newest epoch, so that whoever reads meanwhile sees a line twice at worst.
    """

    def __init__(self, folder: Path, names: tuple[str, ...], keys: list[str]) -> None:
        super().__init__(folder)
        self._names = names
        self._keys = keys

    def apply(self, sealed: Json) -> None:
        super().apply(sealed)
        if "staged" in sealed:
            self._compact()

    def _compact(self) -> None:
        parts = self.parts()
        sizes = {p: p.stat().st_size for p in parts}
        old = parts[:-RECENT]
        large = sum(sizes.values()) > MOST_BYTES * 3 // 4
        if len(old) < 2 and not (old and large) or not (large or len(parts) > MOST_FILES):
            return
        lines = [line for part in old for line in part.read_text(encoding="utf-8").split("\n") if line]
        if large or len(lines) > MOST_KEYS:
            lines = self._newest(lines, MOST_BYTES // 2 - sum(sizes[p] for p in parts[-RECENT:]))
        self.merge(old, (line + "\n" for line in lines))

    def _newest(self, lines: list[str], room: int) -> list[str]:
        """The newest line of each key, of as many of the newest keys as may stay."""
        kept: dict[Row, str] = {}
        for line in reversed(lines):
            if len(kept) == MOST_KEYS or room <= 0:
                break
            values = json.loads(line)
            key = tuple(values.get(name) for name in self._keys)
            if key not in kept:
                kept[key] = line
                room -= len(line.encode()) + 1
        return list(reversed(kept.values()))


def _plain(value: object) -> object:
    """A value that JSON can hold."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, bool | int | float | str | None) else str(value)


class MetricsConnector(Connector):
    def sink(self, table: TableOptions, environment: Environment) -> Sink:
        return MetricsSink(table, Path(environment.folder) / "metrics" / table.name)
