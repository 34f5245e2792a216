"""The pipeline of `chaos`: windows, a join, a learner and counters over the shop's events, into every kind of sink that
writes exactly once; and what is found in them."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from benchmarks.chaos_postgres import Server

Rows = Counter[str]
DOCUMENT = """\
version: 1
name: chaos
parameters: {rows: {}, base: {}, seed: {default: 1}}
settings:
  restart-strategy.type: fixed-delay
  restart-strategy.fixed-delay.attempts: "1000000"
  restart-strategy.fixed-delay.delay: 200 ms
  execution.checkpointing.interval: 400 ms
nodes:
  - id: shop
    component: event_source
    properties:
      columns: {event: STRING, impression_id: BIGINT, user_id: BIGINT, category_id: BIGINT, price: DOUBLE,
                event_time: TIMESTAMP(3)}
      time: event_time
      options: {connector: shop, number-of-rows: "${rows}", seed: "${seed}"}
  - {id: seen, component: filter, properties: {condition: event = 'impression'}}
  - {id: clicks, component: filter, properties: {condition: event = 'click'}}
  - {id: hours, component: window_aggregate, properties: {keys: category_id, time: event_time, size: 10 minutes,
     aggregates: {events: COUNT(*), users: COUNT(DISTINCT user_id), dearest: MAX(price)}}}
  - {id: recent, component: rolling_feature,
     properties: {keys: user_id, time: event_time, within: 10 minutes, features: {seen_before: COUNT(*)}}}
  - {id: vectors, component: feature_vector,
     properties: {categories: [user_id, category_id], keep: [impression_id, event_time]}}
  - {id: joined, component: label_join,
     properties: {match: impression_id, time: event_time, outcome_time: event_time, within: 10 minutes}}
  - {id: model, component: train_online_model, properties: {publish_every: 500}}
  - {id: predicted, component: predict}
  - {id: counted, component: keyed_counters,
     properties: {keys: category_id, aggregates: {events: COUNT(*), spent: "SUM(CAST(price * 100 AS BIGINT))"}}}
  - {id: windows, component: table_sink, properties: {columns: [category_id, events, users, dearest], options: {
     connector: jdbc, url: "jdbc:sqlite:${base}", table-name: windows}}}
  - {id: predictions, component: table_sink, properties: {columns: [impression_id, p]}}
  - {id: labelled, component: table_sink, properties: {columns: [impression_id, label], options: {
     connector: filesystem, format: parquet, path: "${state}/labelled"}}}
  - {id: counters, component: table_sink, properties: {key: [category_id], options: {
     connector: jdbc, url: "jdbc:sqlite:${base}", table-name: counters}}}
  - {id: features, component: feature_table, properties: {key: user_id, features: [seen_before]}}
edges:
  - {from: shop, to: seen}
  - {from: shop, to: clicks}
  - {from: shop, to: hours}
  - {from: shop, to: counted}
  - {from: seen, to: recent}
  - {from: seen, to: vectors}
  - {from: vectors, to: joined.events}
  - {from: clicks, to: joined.outcomes}
  - {from: joined, to: model}
  - {from: joined, to: labelled}
  - {from: vectors, to: predicted.rows}
  - {from: model, to: predicted.model}
  - {from: predicted, to: predictions}
  - {from: hours, to: windows}
  - {from: counted, to: counters}
  - {from: recent, to: features}
"""
TABLES = """
CREATE TABLE windows (category_id INTEGER, events INTEGER, users INTEGER, dearest REAL);
CREATE TABLE counters (category_id INTEGER PRIMARY KEY, events INTEGER, spent INTEGER);
"""
NEWEST = "SELECT row, col, value, MAX(stamp) FROM cells GROUP BY store, row, col"


@dataclass(frozen=True)
class Place:
    """Where a run writes tables: an SQLite file, and a Postgres where there is one."""

    base: Path
    server: Server | None = None

    @property
    def parameters(self) -> dict[str, str]:
        """Of the document."""
        return {"base": str(self.base), **({"tables": self._tables} if self.server else {})}

    @property
    def _tables(self) -> str:
        return f"run_{self.base.stem}"

    def make(self) -> None:
        """The tables that a run writes to."""
        self.base.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self.base)) as connection:
            connection.executescript(TABLES)
        if self.server is not None:
            self.server.make(self._tables)

    def written(self, state: Path) -> dict[str, Rows]:
        """How often each row is in each sink of a run."""
        return {**_written(state, self.base), **(self.server.written(self._tables) if self.server else {})}


def document(server: Server | None) -> str:
    """The pipeline, with what it writes to a server."""
    return server.document(DOCUMENT) if server else DOCUMENT


def _written(state: Path, base: Path) -> dict[str, Rows]:
    import pyarrow.parquet as pq

    labelled = [str(row) for path in (state / "labelled").glob("part-*") for row in pq.read_table(path).to_pylist()]
    lines = [line for path in (state / "predictions").glob("part-*") for line in path.read_text("utf-8").splitlines()]
    found = {
        "windows": _rows(base, "SELECT * FROM windows"), "counters": _rows(base, "SELECT * FROM counters"),
        "labelled": Counter(labelled), "predictions": Counter(lines),
    }  # fmt: skip
    cells = [row[:3] for row in _query(state / "hbase" / "rows.sqlite", NEWEST)]
    return {**found, "features": Counter(map(str, cells))}


def difference(expected: Rows, found: Rows) -> tuple[int, int]:
    """Rows that are missing, and rows that are there more often than they should be. One that is another is both."""
    return (expected - found).total(), (found - expected).total()


def _rows(base: Path, sql: str) -> Rows:
    return Counter(map(str, _query(base, sql)))


def _query(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def outcome(folder: Path) -> dict[str, object]:
    """What a run said when it ended: rows read, the hash of its model."""
    found = json.loads((folder / "outcome.json").read_text("utf-8"))
    return {"rows_in": found["rows_in"], "model_hash": found["model_hash"], "late": found["late"]}
