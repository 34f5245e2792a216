"""A query test is a folder with two files. `query.sql`: tables and views, then a SELECT or an INSERT INTO results.
`rows.txt`: the rows of each table and of the result, a change a line, values as JSON:

    = clicks
    +I ["Mary", 3, "2024-01-01 00:00:02"]
    = results
    +I ["Mary", 1]

The result is every change in its order; under `= results, what is left` it is the table that is left.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from engine.changes import KIND_NAMES, Batch
from engine.connectors import connector
from engine.connectors.arrow import column_of, python_values
from engine.connectors.base import Connector, Environment, Json, Poll, Sink, Source, TableOptions
from engine.plan.nodes import TableSpec
from engine.runtime.job import Job
from engine.session import SELECTED, RunOptions, Session
from engine.types import DataType, Kind
from tests.engine.runtime.faults import BARRIER, CRASH, Crash

Change = tuple[str, list[Any]]
RESULT, LEFT = "results", "results, what is left"


@dataclass(frozen=True)
class Query:
    """One folder."""

    name: str
    sql: str
    inputs: dict[str, list[Change]]
    result: list[Change]
    ordered: bool

    @property
    def key(self) -> tuple[int, ...] | None:
        """The columns by which the result is written, where it is a table with a key: the first ones."""
        if "PRIMARY KEY" not in self.sql.partition(f"TABLE {RESULT} ")[2].partition(";")[0]:
            return None
        return (0,)


def load(folder: Path) -> Query:
    """The query of a folder."""
    tables: dict[str, list[Change]] = {}
    current = None
    for line in (folder / "rows.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("= "):
            current = tables.setdefault(line[2:].strip(), [])
        elif line.strip():
            assert current is not None, f"{folder}: rows before the first table"
            current.append((line[:2], json.loads(line[2:])))
    ordered = RESULT in tables
    result = tables.pop(RESULT if ordered else LEFT)
    return Query(folder.name, (folder / "query.sql").read_text(encoding="utf-8"), tables, result, ordered)


def fold(changes: Sequence[Change], key: tuple[int, ...] | None) -> Counter[str]:
    """The rows that changes leave, as text."""
    if key is not None:
        rows: dict[str, str] = {}
        for kind, values in changes:
            place = json.dumps([values[k] for k in key])
            if kind == "-D":
                del rows[place]
            elif kind != "-U":
                rows[place] = json.dumps(values)
        return Counter(rows.values())
    left: Counter[str] = Counter()
    for kind, values in changes:
        left[json.dumps(values)] += 1 if kind in ("+I", "+U") else -1
    assert min(left.values(), default=0) >= 0, "a row is taken back that is not there"
    return +left


@dataclass
class World:
    """What outlives a crash: the result as far as it was applied, which faults have happened. `faults`: before which
    row of which table one comes."""

    query: Query
    faults: dict[tuple[str, int], str] = field(default_factory=dict)
    happened: set[tuple[str, int]] = field(default_factory=set)
    applied: dict[int, list[Change]] = field(default_factory=dict)
    job: Job | None = None

    @property
    def changes(self) -> list[Change]:
        return [change for epoch in sorted(self.applied) for change in self.applied[epoch]]


class Rows(Connector, Source):
    """A table's rows, and the faults among them."""

    def __init__(self, world: World, name: str) -> None:
        self._world, self._name, self._at = world, name, 0
        self._changes = world.query.inputs[name]

    def changelog(self, table: TableOptions) -> str:
        kinds = {kind for kind, _ in self._changes}
        if kinds <= {"+I"}:
            return "I"
        return "I,UB,UA,D" if "-U" in kinds or not table.primary_key else "I,UA,D"

    def source(self, table: TableOptions, environment: Environment) -> Source:
        self._types = table.schema.types
        return self

    def open(self, columns: Sequence[int]) -> None:
        self._columns = columns

    def poll(self, limit: int) -> Poll:
        start = self._at
        while self._at < len(self._changes) and self._at - start < limit:
            fault = self._world.faults.get((self._name, self._at))
            if fault is not None and (self._at > start or not self._passed(fault)):
                break
            self._at += 1
        part, ended = self._changes[start:self._at], self._at == len(self._changes)
        if not part:
            return Poll(None, ended=ended, idle=not ended)
        columns = tuple(column_of(self._types[c], [value(self._types[c], row[c]) for _, row in part])
                        for c in self._columns)
        kinds = column_kinds(part)
        return Poll(Batch(columns, len(part), kinds if kinds.any() else None), rows=len(part), ended=ended)

    def _passed(self, fault: str) -> bool:
        """Whether a fault is over."""
        world, place = self._world, (self._name, self._at)
        first = place not in world.happened
        world.happened.add(place)
        if fault == CRASH and first:
            raise Crash
        assert world.job is not None
        if fault == BARRIER and first:
            world.job.checkpoint()
        return not world.job.checkpointing

    def position(self) -> Json:
        return {"row": self._at}

    def restore(self, position: Json) -> None:
        self._at = position["row"]


def column_kinds(changes: Sequence[Change]) -> Any:
    import numpy as np

    return np.array([KIND_NAMES.index(kind) for kind, _ in changes], np.uint8)


def value(type: DataType, given: Any) -> Any:
    """A JSON value as the engine takes it."""
    if given is None:
        return None
    match type.kind:
        case Kind.TIMESTAMP | Kind.TIMESTAMP_LTZ:
            return datetime.fromisoformat(given)
        case Kind.DATE:
            return date.fromisoformat(given)
        case Kind.DECIMAL:
            return Decimal(str(given))
        case _:
            return given


def shown(given: Any) -> Any:
    """A value of the result as JSON."""
    if isinstance(given, list | tuple):
        return [shown(v) for v in given]
    return str(given) if isinstance(given, datetime | date | Decimal) else given


class Result(Connector, Sink):
    """Writes what a checkpoint holds, once."""

    def __init__(self, world: World, accepts: str) -> None:
        self._world, self._accepts, self._open = world, accepts, list[Change]()

    def accepts(self, table: TableOptions) -> str:
        return "I,UA,D" if table.primary_key else self._accepts

    def sink(self, table: TableOptions, environment: Environment) -> Sink:
        return self

    def write(self, batch: Batch) -> None:
        kinds = [0] * batch.length if batch.kinds is None else batch.kinds.tolist()
        rows = zip(*map(python_values, batch.columns), strict=True)
        self._open += [(KIND_NAMES[kind], [shown(v) for v in row]) for kind, row in zip(kinds, rows, strict=True)]

    def seal(self, epoch: int) -> Json:
        rows, self._open = self._open, []
        return {"epoch": epoch, "rows": rows}

    def apply(self, sealed: Json) -> None:
        self._world.applied[sealed["epoch"]] = [(kind, row) for kind, row in sealed["rows"]]

    def discard(self, keep: Json | None) -> None:
        self._open = []


def run(query: Query, folder: Path, options: RunOptions, world: World | None = None, batch: bool = False) -> World:
    """Runs a query to its end, through the faults of its world."""
    world = world or World(query)
    options = replace(options, on_job=lambda job: setattr(world, "job", job), checkpoint_interval=1e9)

    def choose(table: TableSpec) -> Connector:
        if table.name in query.inputs:
            return Rows(world, table.name)
        if table.name in (RESULT, SELECTED):
            return Result(world, "I" if batch else "I,UB,UA,D")
        return connector(table.option("connector"), None)

    while True:
        session = Session(folder=folder, connectors=choose)
        mode = "SET 'execution.runtime-mode' = 'batch';" if batch else ""
        for _ in session.script(mode + query.sql):
            pass
        try:
            session.run(options)
        except Crash:
            continue
        return world


def faults(query: Query, dice: random.Random) -> dict[tuple[str, int], str]:
    """Two barriers, each with a crash some rows behind it."""
    found: dict[tuple[str, int], str] = {}
    for _ in range(2):
        table = dice.choice(sorted(name for name, rows in query.inputs.items() if rows))
        rows = len(query.inputs[table])
        at = dice.randrange(rows)
        found.setdefault((table, at), BARRIER)
        found.setdefault((table, dice.randint(at, rows - 1)), CRASH)
    return found


def places(query: Query) -> list[dict[tuple[str, int], str]]:
    """For each row of each table: a barrier before it and a crash behind it; before the last one a crash alone."""
    found = []
    for table, rows in sorted(query.inputs.items()):
        for at in range(len(rows)):
            behind = {(table, at + 1): CRASH} if at + 1 < len(rows) else {}
            found.append({(table, at): BARRIER, **behind} if behind else {(table, at): CRASH})
    return found
