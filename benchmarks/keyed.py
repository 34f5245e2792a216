"""A job over much keyed state: every key once, then rows of a few keys that change by the second."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from engine.changes import Array, Batch, Column
from engine.connectors import connector
from engine.connectors.base import Connector, Environment, Json, Poll, Source, TableOptions
from engine.plan.nodes import TableSpec
from engine.session import RunOptions, Session

TABLE = """
CREATE TABLE rows_of_keys (k BIGINT NOT NULL, v DOUBLE NOT NULL, t BIGINT NOT NULL) WITH ('connector' = 'keys');
"""
QUERY = """
CREATE TABLE totals (k BIGINT NOT NULL, c BIGINT NOT NULL, s DOUBLE, m BIGINT, PRIMARY KEY (k) NOT ENFORCED)
  WITH ('connector' = 'blackhole');
SET 'table.exec.mini-batch.enabled' = 'true';
SET 'table.exec.mini-batch.allow-latency' = '10 ms';
INSERT INTO totals SELECT k, COUNT(*), SUM(v), MAX(t) FROM rows_of_keys GROUP BY k;
"""
_APART = 7919  # a prime
LOADED = 100_000
"""Rows a batch while every key comes once."""


@dataclass
class Traffic:
    """What the source gives: each of `keys` once; then rows of `hot` other keys each second, far apart: as many as
    `pace` says, which is asked at each poll with the seconds since that began (None: no more). `at` are the moments of
    those polls."""

    keys: int
    hot: int
    pace: Callable[[float], int | None]
    began: float | None = None
    rows: int = 0
    at: list[float] = field(default_factory=list)


class KeysConnector(Connector):
    """Its one table is read by a `KeysSource`."""

    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic

    def changelog(self, table: TableOptions) -> str:
        return "I"

    def source(self, table: TableOptions, environment: Environment) -> Source:
        return KeysSource(self._traffic, table)


class KeysSource(Source):
    """See `Traffic`."""

    bounded = False

    def __init__(self, traffic: Traffic, table: TableOptions) -> None:
        self._traffic, self._schema = traffic, table.schema
        self._given = 0
        self._random = np.random.default_rng(11)

    def open(self, columns: Sequence[int]) -> None:
        self._columns = columns

    def poll(self, limit: int) -> Poll:
        it = self._traffic
        if self._given < it.keys:
            return self._batch(np.arange(self._given, min(self._given + LOADED, it.keys)) * 3)
        now = time.perf_counter()
        it.began = it.began or now
        it.at.append(now)
        wanted = it.pace(now - it.began)
        if not wanted:
            return Poll(None, ended=wanted is None, idle=wanted == 0)
        limit = min(limit, wanted)
        first = int(now - it.began) * it.hot % it.keys
        batch = self._batch((first + self._random.integers(0, it.hot, limit)) * _APART % it.keys * 3)
        it.rows += limit
        return batch

    def _batch(self, keys: Array) -> Poll:
        self._given += len(keys)
        values = (keys, keys * 0.5, keys)
        columns = [Column(self._schema[c].type, values[c]) for c in self._columns]
        return Poll(Batch(tuple(columns), len(keys)), rows=len(keys))

    def position(self) -> Json:
        return {"given": self._given}

    def restore(self, position: Json) -> None:
        self._given = position["given"]


def run(traffic: Traffic, folder: Path, options: RunOptions, query: str = QUERY) -> None:
    """Run a query over this traffic."""

    def choose(table: TableSpec) -> Connector:
        return KeysConnector(traffic) if table.name == "rows_of_keys" else connector(table.option("connector"), None)

    session = Session(folder=folder, connectors=choose)
    for _ in session.script(TABLE + query):
        pass
    session.run(options)
