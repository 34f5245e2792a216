"""The `metrics` connector: rows of numbers for people to watch. The latest row is in the job's status, all are kept as
lines.

A table with a primary key keeps the latest row of each key. Options: none.
"""

from __future__ import annotations

import math
from pathlib import Path

from engine.changes import DELETE, UPDATE_BEFORE, Batch
from engine.connectors.arrow import python_values
from engine.connectors.base import Connector, Environment, Json, Sink, TableOptions
from engine.connectors.staged import StagedLines


class MetricsSink(Sink):
    """Keeps metric rows; `latest` holds the newest one as {column: value}."""

    def __init__(self, table: TableOptions, folder: Path) -> None:
        self._names = table.schema.names
        self._lines = StagedLines(folder)
        self.latest: dict[str, object] = {}

    def write(self, batch: Batch) -> None:
        if batch.kinds is not None:
            batch = batch.take((batch.kinds != UPDATE_BEFORE) & (batch.kinds != DELETE))
        if batch.length:
            rows = zip(*(map(_plain, python_values(c)) for c in batch.columns), strict=True)
            lines = [dict(zip(self._names, row, strict=True)) for row in rows]
            self.latest = lines[-1]
            self._lines.add(lines)

    def seal(self, epoch: int) -> Json:
        return {"latest": self.latest, "lines": self._lines.seal(epoch)}

    def apply(self, sealed: Json) -> None:
        self.latest = self.latest or sealed["latest"]
        self._lines.apply(sealed["lines"])

    def discard(self, keep: Json | None) -> None:
        self._lines.discard(None if keep is None else keep["lines"])


def _plain(value: object) -> object:
    """A value that JSON can hold."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, bool | int | float | str | None) else str(value)


class MetricsConnector(Connector):
    def sink(self, table: TableOptions, environment: Environment) -> Sink:
        return MetricsSink(table, Path(environment.folder) / "metrics" / table.name)
