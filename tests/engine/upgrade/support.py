"""Running a program under which another one left its state, and what it would have given had it run from the start.

Two sources give rows in two halves. The old program reads the first half, takes a checkpoint and dies; the new one goes
on from there. The oracle is the new program over both halves, of which counts what it gives for the second one.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from engine.changes import Batch
from engine.connectors.arrow import column_of, python_values
from engine.connectors.base import Connector, Environment, Json, Poll, Sink, Source, TableOptions
from engine.plan.nodes import TableSpec
from engine.runtime.job import Job
from engine.session import SELECTED, RunOptions, Session
from engine.upgrade import Report

ROOT = Path(__file__).resolve().parents[3]
BARRIER, CRASH = "BARRIER", "CRASH"
ALL = frozenset({"recomputed", "lost"})


class Crash(BaseException):
    """The process died."""


def _moment(seconds: float) -> datetime:
    return datetime(2026, 1, 1) + timedelta(seconds=seconds)


def _events(first: int, count: int) -> list[dict[str, Any]]:
    return [{"id": i, "k": i % 4, "c": "abc"[i % 3], "v": (i * 7) % 11, "x": i % 5, "ts": _moment(3 * i)}
            for i in range(first, first + count)]


def _facts(first: int, count: int) -> list[dict[str, Any]]:
    return [{"k": i % 4, "name": f"n{i % 6}", "g": (i * 5) % 7, "ts": _moment(8 * i)}
            for i in range(first, first + count)]


def _versions(first: int, count: int) -> list[dict[str, Any]]:
    """Upserts of 6 keys; a key goes now and then."""
    return [{"k": i % 6, "name": f"n{i % 4}", "g": (i * 5) % 3, "kind": 3 if i % 9 == 8 else 2 if i >= 6 else 0}
            for i in range(first, first + count)]


HALVES = {"e": (_events(0, 24), _events(24, 24)), "f": (_facts(0, 9), _facts(9, 9)),
          "h": (_events(100, 12), _events(112, 12)),
          "u": (_versions(0, 20), _versions(20, 20))}
"""Rows by the option 'id' of the tables that give them; `kind`, where it is there, says what they change."""


@dataclass
class Stage:
    """One attempt: what its sources do at the middle, and what came out of each query, before and after it."""

    middle: tuple[str, ...] = (BARRIER,)
    again: str = "yes"
    out: dict[int, list[tuple[int, tuple[Any, ...]]]] = field(default_factory=dict)
    sealed: dict[int, int] = field(default_factory=dict)
    job: Job | None = None
    asked: bool = False

    def after(self, query: int) -> Counter[tuple[Any, ...]]:
        """What a query gave since the middle: each row with how often it came more than it went."""
        found: Counter[tuple[Any, ...]] = Counter()
        begin = self.sealed.get(query, 0) if self.middle else 0
        for sign, row in self.out.get(query, [])[begin:]:
            found[row] += sign
        return Counter({row: n for row, n in found.items() if n})


class Scripted(Connector):
    """Tables of the stage's sources."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def changelog(self, table: TableOptions) -> str:
        return "I,UA,D" if table.primary_key else "I"

    def source(self, table: TableOptions, environment: Environment) -> Source:
        return Reader(table, self._stage)


class Reader(Source):
    """Gives the rows of a half, stops where the script says, gives the other half."""

    def __init__(self, table: TableOptions, stage: Stage) -> None:
        halves = HALVES[table.options["id"]]
        self._items: list[Any] = [*halves[0], *stage.middle, *halves[1]]
        self._first = len(halves[0])
        self._table, self._stage, self._at = table, stage, 0
        self.again = stage.again

    def open(self, columns: Any) -> None:
        self._columns = columns

    def poll(self, limit: int) -> Poll:
        rows: list[dict[str, Any]] = []
        while self._at < len(self._items) and len(rows) < limit:
            item = self._items[self._at]
            if isinstance(item, str):
                if rows or not self._passed(item):
                    break
            else:
                rows.append(item)
            self._at += 1
        ended = self._at == len(self._items)
        if not rows:
            return Poll(None, ended=ended, idle=not ended)
        fields = [self._table.schema[c] for c in self._columns]
        columns = tuple(column_of(f.type, [row[f.name] for row in rows]) for f in fields)
        kinds = np.array([row["kind"] for row in rows], np.uint8) if self._table.primary_key else None
        return Poll(Batch(columns, len(rows), kinds), rows=len(rows), ended=ended)

    def _passed(self, item: str) -> bool:
        job, stage = self._stage.job, self._stage
        if job is None:
            return True  # rows are read once more
        if item == CRASH:
            raise Crash
        if not stage.asked:
            stage.asked = True
            job.checkpoint()
        return not job.checkpointing

    def position(self) -> Json:
        return {"rows": sum(not isinstance(i, str) for i in self._items[:self._at])}

    def restore(self, position: Json) -> None:
        """At the middle there is nothing to do but what this attempt is to do."""
        self._at = position["rows"] + (position["rows"] > self._first) * len(self._stage.middle)


class Shown(Connector):
    """Where a query's changes go."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def sink(self, table: TableOptions, environment: Environment) -> Sink:
        return Recorder(self._stage)


class Recorder(Sink):
    """Notes the changes that one query gives."""

    def __init__(self, stage: Stage) -> None:
        self._stage, self._number = stage, len(stage.out)
        stage.out[self._number] = []

    def write(self, batch: Batch) -> None:
        kinds = [0] * batch.length if batch.kinds is None else batch.kinds.tolist()
        rows = zip(*(python_values(c) for c in batch.columns), strict=True)
        self._stage.out[self._number] += [(1 - 2 * (kind & 1), row) for kind, row in zip(kinds, rows, strict=True)]

    def seal(self, epoch: int) -> Json:
        self._stage.sealed.setdefault(self._number, len(self._stage.out[self._number]))
        return {}

    def apply(self, sealed: Json) -> None:
        pass


def session(text: str, stage: Stage, folder: Path) -> Session:
    """A session over the sources; what its SELECTs give is recorded."""

    def choose(table: TableSpec) -> Connector:
        return Shown(stage) if SELECTED in (table.name, table.option("connector")) else Scripted(stage)

    made = Session(folder=folder, connectors=choose, modules=[ROOT])
    for _ in made.script(text):
        pass
    return made


def run(text: str, stage: Stage, folder: Path, allow: frozenset[str] = ALL, shards: int = 1) -> Stage:
    """One attempt, to its end or to the crash."""

    def keep(job: Job) -> None:
        stage.job = job

    options = RunOptions(checkpoint_interval=1e9, batch_rows=50, shards=shards, on_job=keep, allow=allow)
    with contextlib.suppress(Crash):
        session(text, stage, folder).run(options)
    return stage


def saved(text: str, folder: Path, shards: int = 1) -> None:
    """Leave the state of a program after the first half."""
    run(text, Stage((BARRIER, CRASH)), folder, shards=shards)


def described(text: str, folder: Path, again: str = "yes") -> Mapping[str, Any]:
    """What a checkpoint of a program would say of its operators."""
    made = session(text, Stage(again=again), folder)
    graph = made.plan(made.phases[-1])
    sources = {s.uid: {"rows": 24, "position": None, "ended": False} for s in graph.sources}
    return {"operators": graph.described, "sources": sources, "totals": {"seconds": 1.0}}


def judged(old: str, new: str, folder: Path, again: str = "yes") -> Report:
    """The check of a new program against an old one, neither of which runs."""
    return session(new, Stage(again=again), folder).upgrade(described(old, folder, again))


def continued(old: str, new: str, folder: Path, again: str = "yes", shards: tuple[int, int] = (1, 1)) -> Stage:
    """What the new program gives for the second half after the old one had the first."""
    saved(old, folder, shards[0])
    return run(new, Stage(again=again, middle=()), folder, shards=shards[1])


def from_scratch(new: str, folder: Path) -> Stage:
    """The oracle."""
    return run(new, Stage(), folder)


def same(given: Counter[tuple[Any, ...]], wanted: Counter[tuple[Any, ...]], added: bool) -> bool:
    """Whether results are the same; where columns were `added`, but for those that are NULL in rows of the past."""
    lacking = {i for row in given for i, value in enumerate(row) if value is None} if added else set()

    def known(rows: Counter[tuple[Any, ...]]) -> Counter[tuple[Any, ...]]:
        found: Counter[tuple[Any, ...]] = Counter()
        for row, count in rows.items():
            found[tuple(value for i, value in enumerate(row) if i not in lacking)] += count
        return found

    return known(given) == known(wanted)
