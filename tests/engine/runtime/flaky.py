"""Ends of a job that fail or block when they are told to: sources, sinks and lookups of tests."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from engine.changes import Batch
from engine.connectors import connector
from engine.connectors.arrow import column_of, python_values
from engine.connectors.base import Connector, Environment, Json, Poll, Sink, Source, TableOptions
from engine.connectors.retries import Budget
from engine.plan.nodes import TableSpec
from engine.runtime.job import Job
from engine.session import RunOptions, Session

SQL = """
CREATE TABLE given (n BIGINT) WITH ('connector' = 'flaky');
CREATE TABLE taken (n BIGINT) WITH ('connector' = 'flaky');
INSERT INTO taken SELECT n FROM given;
"""


@dataclass
class Weather:
    """What goes wrong: called before each open and poll of a source, each apply of a sink; may raise or wait."""

    rows: int = 500
    on_open: Callable[[int], None] = lambda number: None
    on_poll: Callable[[int], None] = lambda number: None
    on_apply: Callable[[int], None] = lambda number: None
    blocking: bool = False
    slow: bool = False
    opened: int = 0
    polled: int = 0
    applies: int = 0
    closed: int = 0
    polling: set[str] = field(default_factory=set)  # names of threads
    taken: dict[int, list[int]] = field(default_factory=dict)
    job: Job | None = None


class FlakySource(Source):
    """The numbers from 0 on. A poll that fails has moved on, in secret, before it does."""

    def __init__(self, weather: Weather) -> None:
        self._weather, self._at = weather, 0
        self.blocking = weather.blocking

    def open(self, columns: Sequence[int]) -> None:
        self._weather.opened += 1
        self._weather.on_open(self._weather.opened)
        self._next = self._at

    def poll(self, limit: int) -> Poll:
        weather = self._weather
        start, self._next = self._next, min(self._next + limit, weather.rows)
        weather.polled += 1
        weather.polling.add(threading.current_thread().name)
        weather.on_poll(weather.polled)
        self._at = self._next
        values = column_of(self.schema[0].type, list(range(start, self._at)))
        return Poll(Batch((values,), self._at - start), rows=self._at - start, ended=self._at == weather.rows)

    def position(self) -> Json:
        return {"at": self._at}

    def restore(self, position: Json) -> None:
        self._at = position["at"]

    def close(self) -> None:
        self._weather.closed += 1


class FlakySink(Sink):
    """Keeps what was applied, by epochs."""

    def __init__(self, weather: Weather) -> None:
        self._weather = weather
        self.slow = weather.slow
        self._rows: list[int] = []

    def write(self, batch: Batch) -> None:
        self._rows += python_values(batch.columns[0])

    def seal(self, epoch: int) -> Json:
        rows, self._rows = self._rows, []
        return {"epoch": epoch, "rows": rows}

    def apply(self, sealed: Json) -> None:
        self._weather.applies += 1
        self._weather.on_apply(self._weather.applies)
        self._weather.taken[sealed["epoch"]] = sealed["rows"]


class Flaky(Connector):
    def __init__(self, weather: Weather) -> None:
        self._weather = weather

    def bounded(self, table: TableOptions) -> bool:
        return True

    def source(self, table: TableOptions, environment: Environment) -> Source:
        made = FlakySource(self._weather)
        made.schema = table.schema
        return made

    def sink(self, table: TableOptions, environment: Environment) -> Sink:
        return FlakySink(self._weather)


def session(folder: Path, weather: Weather, text: str = SQL) -> Session:
    """A session whose tables of connector 'flaky' stand in this weather."""

    def choose(table: TableSpec) -> Connector:
        name = table.option("connector")
        return Flaky(weather) if name == "flaky" else connector(name)

    made = Session(folder=folder, connectors=choose)
    list(made.script(text))
    return made


def run(folder: Path, weather: Weather, options: RunOptions, budget: float = 60.0, text: str = SQL) -> Any:
    """Run to the end; failures are tried again after 10 ms, for so many seconds."""

    def on_job(job: Job) -> None:
        weather.job = job
        job.options = replace(job.options, retry=Budget(budget, 0.01, 0.05), status_interval=0.02)
        job._checkpoints.applying.budget = job.options.retry

    return session(folder, weather, text).run(replace(options, on_job=on_job))


def numbers(weather: Weather) -> list[int]:
    """All rows that were taken, in order."""
    return [n for epoch in sorted(weather.taken) for n in weather.taken[epoch]]
