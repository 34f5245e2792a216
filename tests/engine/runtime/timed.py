"""Jobs whose processing time is a script's: `TICK 5` among a source's rows sets the clock to second 5, `SWEEP` lets the
job's loop turn once, so that state which is over goes; `HALT` stops the job there, its state kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from engine.changes import KIND_NAMES, Batch
from engine.connectors import connector
from engine.connectors.arrow import python_values
from engine.connectors.base import Connector, Environment, Json, Sink, TableOptions
from engine.operators.base import Operator
from engine.plan.nodes import TableSpec
from engine.runtime.job import Job
from engine.session import RunOptions, Session
from tests.engine.runtime.faults import Crash, Script, ScriptedSource

SWEEP, HALT = "SWEEP", "HALT"


@dataclass
class TimedScript(Script):
    """A script, its clock (seconds), what its checkpoints applied, and what is looked at when it is swept."""

    clock: float = 0.0
    applied: dict[int, list[str]] = field(default_factory=dict)
    swept: Callable[[Job], None] = lambda job: None

    @property
    def changes(self) -> list[str]:
        return [change for epoch in sorted(self.applied) for change in self.applied[epoch]]


class TimedSource(ScriptedSource):
    """A scripted source that also moves the clock."""

    def __init__(self, name: str, script: TimedScript) -> None:
        super().__init__(name, script)
        self._timed = script
        self._turned: set[int] = set()

    def _passed(self, fault: str) -> bool:
        if fault.startswith("TICK"):
            self._timed.clock = float(fault.split()[1])
            return True
        if fault == HALT:
            place, job = (self._name, self._at), self._timed.job
            if place not in self._timed.happened and job is not None:
                self._timed.happened.add(place)
                job.stop()
                return False
            return True
        if fault == SWEEP:
            turned = self._at in self._turned
            self._turned.add(self._at)
            if turned and self._timed.job is not None:
                self._timed.swept(self._timed.job)
            return turned
        return super()._passed(fault)


class Shown(Connector, Sink):
    """Keeps the changes of each applied epoch as text: "+I 1 7"."""

    def __init__(self, script: TimedScript) -> None:
        self._script, self._open = script, list[str]()

    def accepts(self, table: TableOptions) -> str:
        return "I,UB,UA,D"

    def sink(self, table: TableOptions, environment: Environment) -> Sink:
        return self

    def write(self, batch: Batch) -> None:
        kinds = [0] * batch.length if batch.kinds is None else batch.kinds.tolist()
        for kind, row in zip(kinds, zip(*map(python_values, batch.columns), strict=True), strict=True):
            self._open.append(" ".join([KIND_NAMES[kind], *("-" if v is None else str(v) for v in row)]))

    def seal(self, epoch: int) -> Json:
        rows, self._open = self._open, []
        return {"epoch": epoch, "rows": rows}

    def apply(self, sealed: Json) -> None:
        self._script.applied[sealed["epoch"]] = sealed["rows"]

    def discard(self, keep: Json | None) -> None:
        self._open = []


def run(text: str, script: TimedScript, folder: Path, **options: Any) -> list[str]:
    """The changes that a script's SELECT or INSERT gives, through its crashes."""
    given = replace(RunOptions(batch_rows=1000, checkpoint_interval=1e9), **options,
                    on_job=lambda job: setattr(script, "job", job))
    while True:
        try:
            session(text, script, folder).run(given)
        except Crash:
            continue
        return script.changes


def session(text: str, script: TimedScript, folder: Path, others: Mapping[str, Connector] | None = None) -> Session:
    """A session over the script's sources and `others` by name; every other table shows what it gets."""

    def choose(table: TableSpec) -> Connector:
        if table.name in script.sources:
            return TimedSource(table.name, script)
        if table.name in (others or {}):
            return (others or {})[table.name]
        name = table.option("connector")
        return Shown(script) if name in ("print", "shown") else connector(name, None)

    made = Session(folder=folder, connectors=choose, clock=lambda: script.clock)
    for _ in made.script(text):
        pass
    return made


def state_rows(job: Job) -> dict[str, int]:
    """Rows of state by the kind of operator, over its shards."""
    found: dict[str, int] = {}
    for operator in job.graph.operators:
        name = _kind(operator)
        found[name] = found.get(name, 0) + sum(state.rows() for state in operator.states().values())
    return found


def _kind(operator: Operator) -> str:
    return operator.name.split("[")[0].split("#")[0].split("(")[0]
