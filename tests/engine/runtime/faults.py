"""Faults as values: a source's rows with checkpoints and crashes among them.

    Script({"e": [(1, "a"), BARRIER, (2, "b"), CRASH, (3, "c")]})

At BARRIER the source waits until a checkpoint is whole; CRASH ends the attempt as if the process had died (once); then
the same job is built anew and goes on from its folder.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from engine.changes import Batch
from engine.connectors import connector
from engine.connectors.arrow import column_of
from engine.connectors.base import Connector, Environment, Json, Poll, Source, TableOptions
from engine.plan.nodes import TableSpec
from engine.runtime.job import Job, JobResult
from engine.session import RunOptions, Session

BARRIER, CRASH = "BARRIER", "CRASH"
Item = tuple[Any, ...] | str


class Crash(BaseException):
    """The process died."""


@dataclass
class Script:
    """Sources' items, and which faults have happened."""

    sources: dict[str, Sequence[Item]]
    happened: set[tuple[str, int]] = field(default_factory=set)
    job: Job | None = None

    def rows(self, name: str) -> list[tuple[Any, ...]]:
        return [item for item in self.sources[name] if not isinstance(item, str)]


class ScriptedSource(Connector, Source):
    """Gives the rows of a script; a poll ends at a fault."""

    def __init__(self, name: str, script: Script) -> None:
        self._name, self._script = name, script
        self._at = 0

    def changelog(self, table: TableOptions) -> str:
        return "I"

    def source(self, table: TableOptions, environment: Environment) -> Source:
        self._schema = table.schema
        return self

    def open(self, columns: Sequence[int]) -> None:
        self._columns = columns

    def poll(self, limit: int) -> Poll:
        items = self._script.sources[self._name]
        rows: list[tuple[Any, ...]] = []
        while self._at < len(items) and len(rows) < limit:
            item = items[self._at]
            if isinstance(item, str):
                if rows or not self._passed(item):
                    break
            else:
                rows.append(item)
            self._at += 1
        ended = self._at == len(items)
        if not rows:
            return Poll(None, ended=ended, idle=not ended)
        columns = tuple(column_of(self._schema[c].type, [row[c] for row in rows]) for c in self._columns)
        return Poll(Batch(columns, len(rows)), rows=len(rows), ended=ended)

    def _passed(self, fault: str) -> bool:
        """Whether a fault is over."""
        place = (self._name, self._at)
        if fault == CRASH:
            if place in self._script.happened:
                return True
            self._script.happened.add(place)
            raise Crash
        job = self._script.job
        assert job is not None
        if place not in self._script.happened:
            self._script.happened.add(place)
            job.checkpoint()
        return not job.checkpointing

    def position(self) -> Json:
        return {"item": self._at}

    def restore(self, position: Json) -> None:
        self._at = position["item"]


def build(text: str, script: Script, folder: Path) -> Session:
    """A session over a script's sources; other tables are what their options say."""

    def choose(table: TableSpec) -> Connector:
        if table.name in script.sources:
            return ScriptedSource(table.name, script)
        return connector(table.option("connector"), None)

    session = Session(folder=folder, connectors=choose)
    for _ in session.script(text):
        pass
    return session


def attempt(text: str, script: Script, folder: Path, options: RunOptions) -> JobResult | None:
    """One attempt at a job; None where it crashed."""
    def keep(job: Job) -> None:
        script.job = job

    try:
        return build(text, script, folder).run(replace(options, on_job=keep))
    except Crash:
        return None


def run_through(text: str, script: Script, folder: Path, options: Callable[[int], RunOptions]) -> JobResult:
    """Attempts until the job ends; `options` by number of the attempt."""
    number = 0
    while (result := attempt(text, script, folder, options(number))) is None:
        number += 1
    return result
