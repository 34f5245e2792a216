"""A source that is silent holds back nobody's watermark after 'table.exec.source.idle-timeout'."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from engine.changes import Batch
from engine.connectors.arrow import column_of, python_values
from engine.connectors.base import Connector, Environment, Json, Poll, Sink, Source, TableOptions
from engine.plan.nodes import TableSpec
from engine.session import RunOptions, Session
from engine.types import INT, TIMESTAMP

LIMIT = 60.0
TABLES = """
CREATE TABLE a (n INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector' = 'x');
CREATE TABLE b (n INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector' = 'x');
CREATE TABLE o (start_ TIMESTAMP(3), n BIGINT) WITH ('connector' = 'x');
SET 'table.exec.source.idle-timeout' = '{timeout}';
INSERT INTO o SELECT window_start, COUNT(*) FROM TABLE(
  TUMBLE(TABLE both_, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;
"""
BOTH = "CREATE VIEW both_ AS SELECT * FROM a UNION ALL SELECT * FROM b;"


class Two(Connector, Source, Sink):
    """Table a gives its rows at once, b is silent until a window was written (or some time has passed); then both go on
    and end."""

    def __init__(self, world: World, name: str) -> None:
        self.world, self.name, self.turns = world, name, 0

    def source(self, table: TableOptions, environment: Environment) -> Source:
        return self

    def sink(self, table: TableOptions, environment: Environment) -> Sink:
        return self

    def open(self, columns: Sequence[int] = ()) -> None:
        self.columns = columns

    def poll(self, limit: int) -> Poll:
        self.turns += 1
        first, second = self.world.rows[self.name]
        if self.turns == 1 and first:
            return Poll(self._batch(first), rows=len(first))
        if not (self.world.written or time.monotonic() > self.world.until):
            return Poll(None, idle=True)
        return Poll(self._batch(second), rows=len(second), ended=True)

    def _batch(self, seconds: list[int]) -> Batch:
        times = [datetime(2026, 1, 1, 0, 0, s) for s in seconds]
        every = (column_of(INT, list(seconds)), column_of(TIMESTAMP(3), times))
        return Batch(tuple(every[i] for i in self.columns), len(seconds))

    def position(self) -> Json:
        return {}

    def restore(self, position: Json) -> None:
        pass

    def write(self, rows: Batch) -> None:
        self.world.written += list(zip(*map(python_values, rows.columns), strict=True))

    def seal(self, epoch: int) -> Json:
        return {}

    def apply(self, sealed: Json) -> None:
        pass


class World:
    """What the tables have, and what was written."""

    def __init__(self, patience: float) -> None:
        self.rows = {"a": ([1, 2, 15], [35]), "b": ([], [6, 36])}
        self.written: list[tuple[Any, ...]] = []
        self.until = time.monotonic() + patience


def run(folder: Path, timeout: str, patience: float, shards: int = 1) -> list[tuple[int, int]]:
    world = World(patience)

    def choose(table: TableSpec) -> Connector:
        return Two(world, table.name)

    session = Session(folder=folder, connectors=choose)
    for _ in session.script(TABLES.replace("INSERT", BOTH + "INSERT").replace("{timeout}", timeout)):
        pass
    session.run(RunOptions(durable=False, shards=shards))
    return [(start.second, count) for start, count in world.written]


@pytest.mark.parametrize("shards", [1, 2])
def test_a_silent_source_is_left_out_and_comes_back(tmp_path: Path, shards: int) -> None:
    """The window of seconds 0 to 10 closes by a's watermark of 15 while both are silent; b's row of second 6 is late
    then, its row of 36 is not, though a has ended."""
    assert run(tmp_path, "20 ms", LIMIT, shards) == [(0, 2), (10, 1), (30, 2)]


def test_without_the_option_everybody_is_waited_for(tmp_path: Path) -> None:
    assert run(tmp_path, "0 s", 0.2) == [(0, 3), (10, 1), (30, 2)]
