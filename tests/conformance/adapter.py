"""Runs the cases of `../shared/conformance` on the bundled engine; its README describes the three methods."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from engine import errors
from engine.changes import KIND_NAMES, Batch, Column
from engine.connectors.base import Connector, Environment, Json, Lookup, Poll, Sink, Source, TableOptions
from engine.expressions.values import column_from_python, column_to_python
from engine.plan.nodes import TableSpec
from engine.runtime.job import JobOptions
from engine.session import RESULT_MODE, SELECTED, RunOptions, Session
from engine.sql.dialect import parse
from engine.sql.statements import inserts_of, is_query
from engine.types import STRING, DataType, Kind

Change = tuple[str, list[Any]]
Inputs = dict[str, list[tuple[str, list[Any], int]]]


@dataclass
class Phases:
    """Every table's phase 1 comes before any phase 2."""

    now: int = 1
    waiting: set[str] = field(default_factory=set)

    def done(self, table: str, tables: set[str]) -> None:
        self.waiting.add(table)
        if self.waiting >= tables:
            self.now, self.waiting = self.now + 1, set()


class CaseSource(Source):
    """Gives a case's rows, phase by phase."""

    def __init__(self, case: Case, table: TableOptions) -> None:
        self._case, self._table = case, table
        self._zone = case.settings.get("table.local-time-zone", "UTC")
        self._phase = 0
        self._rows: list[Change] = []

    def open(self, columns: Sequence[int]) -> None:
        self._columns = tuple(columns)
        self._case.reading.add(self._table.name)

    def poll(self, limit: int) -> Poll:
        if self._rows:
            return self._next(limit)
        phases, rows = self._case.phases, self._case.inputs.get(self._table.name, [])
        last = max((phase for table in self._case.reading for *_, phase in self._case.inputs.get(table, [])), default=1)
        if self._phase >= phases.now:
            return Poll(None, idle=True)
        self._phase = phases.now
        alone = len(self._case.reading) == 1  # phases only order tables among each other
        self._phase = last if alone else self._phase
        self._rows = [(kind, values) for kind, values, phase in rows if alone or phase == self._phase]
        self._last = self._phase >= last
        return self._next(limit)

    def _next(self, limit: int) -> Poll:
        """A row of each table in turn, as sources run side by side; with mini-batches as many as one holds."""
        count = limit if limit < JobOptions.batch_rows else 1
        chosen, self._rows = self._rows[:count], self._rows[count:]
        if not self._rows:
            self._case.phases.done(self._table.name, self._case.reading)
        return Poll(self._batch(chosen), rows=len(chosen), ended=self._last and not self._rows)

    def _batch(self, rows: list[Change]) -> Batch | None:
        if not rows:
            return None
        types = self._table.schema.types
        columns = tuple(_column(types[i], [values[i] for _, values in rows], self._zone) for i in self._columns)
        kinds = np.array([KIND_NAMES.index(kind) for kind, _ in rows], np.uint8)
        return Batch(columns, len(rows), kinds if kinds.any() else None)

    def position(self) -> Json:
        return {}

    def restore(self, position: Json) -> None:
        pass  # no case is resumed


def _column(type: DataType, values: list[Any], zone: str) -> Column:
    """The values as a source gives them: it does not pad CHAR; whole numbers are milliseconds where they are
    intervals; moments without a zone are local ones."""
    if type.kind is Kind.TIMESTAMP_LTZ:
        values = [v.replace(tzinfo=ZoneInfo(zone)) if isinstance(v, datetime) and v.tzinfo is None else v
                  for v in values]
    if type.kind is Kind.INTERVAL_TIME:
        values = [v * 1000 if isinstance(v, int) else v for v in values]
    if type.kind is not Kind.CHAR:
        return column_from_python(type, values)
    return column_from_python(STRING.as_nullable(type.nullable), values).with_type(type)


class CaseSink(Sink):
    """Collects changes."""

    transactional = False

    def __init__(self, changes: list[Change]) -> None:
        self._changes = changes

    def write(self, batch: Batch) -> None:
        kinds = [0] * batch.length if batch.kinds is None else batch.kinds.tolist()
        rows = zip(*(column_to_python(c) for c in batch.columns), strict=True)
        self._changes += [(KIND_NAMES[kind], list(row)) for kind, row in zip(kinds, rows, strict=True)]

    def seal(self, epoch: int) -> Json:
        return {}

    def apply(self, sealed: Json) -> None:
        pass


class CaseLookup(Lookup):
    """Looks rows of a case's table up; the table is as its changes leave it."""

    local = True

    def __init__(self, case: Case, table: TableOptions) -> None:
        rows: list[list[Any]] = []
        key = table.primary_key or range(len(table.schema))
        for kind, values, _ in case.inputs.get(table.name, []):
            if table.primary_key or kind not in ("+I", "+U"):
                old = next((r for r in rows if all(r[k] == values[k] for k in key)), None)
                rows = [r for r in rows if r is not old]
            if kind in ("+I", "+U"):
                rows.append(values)
        self._rows, self._schema = rows, table.schema

    def open(self, keys: Sequence[int], columns: Sequence[int]) -> None:
        self._keys, self._columns = tuple(keys), tuple(columns)

    def get(self, keys: Sequence[Column], length: int) -> tuple[Any, tuple[Column, ...]]:
        wanted = list(zip(*(column_to_python(k) for k in keys), strict=True))
        found = [(i, row) for i, key in enumerate(wanted) for row in self._rows
                 if tuple(row[k] for k in self._keys) == key]
        columns = [column_from_python(self._schema.types[c], [row[c] for _, row in found]) for c in self._columns]
        return np.array([i for i, _ in found], np.int64), tuple(columns)

    def close(self) -> None:
        pass


class Case(Connector):
    """One case's tables."""

    def __init__(self, inputs: Inputs, options: dict[str, dict[str, str]], runs: bool = True) -> None:
        self.inputs, self.options, self.runs = inputs, options, runs
        self.phases, self.reading = Phases(), set[str]()
        self.outputs: dict[str, list[Change]] = {}
        self.settings: Mapping[str, str] = {}

    def changelog(self, table: TableOptions) -> str:
        said = self.options.get(table.name, {}).get("changelog-mode")
        if said:
            return said
        kinds = {kind for kind, *_ in self.inputs.get(table.name, [])}
        return "I,UB,UA,D" if kinds - {"+I"} else "I"

    def accepts(self, table: TableOptions) -> str:
        options = self.options.get(table.name, {})
        if options.get("sink-insert-only") == "true":
            return "I"
        default = super().accepts(table) if self.runs else "I,UB,UA,D"
        return options.get("sink-changelog-mode-enforced") or default

    def source(self, table: TableOptions, environment: Environment) -> Source:
        return CaseSource(self, table)

    def sink(self, table: TableOptions, environment: Environment) -> Sink:
        return CaseSink(self.outputs.setdefault(table.name, []))

    def lookup(self, table: TableOptions, environment: Environment) -> Lookup:
        return CaseLookup(self, table)


class Adapter:
    """See the README of the conformance suites."""

    UserError = errors.UserError

    def run(self, statements: Sequence[str], inputs: Inputs, sinks: Sequence[str],
            options: dict[str, dict[str, str]]) -> dict[str, list[Change]]:
        case = Case(inputs, options)
        with tempfile.TemporaryDirectory() as folder:
            session = self._session(case, Path(folder))
            for statement in [s for text in statements for s in parse(text)]:
                if is_query(statement) and inserts_of(statement) is None and "result" not in sinks:
                    continue  # the same query once more, without its INSERT
                list(session.statement(statement))
            session.run(RunOptions(durable=False))
        case.outputs["result"] = case.outputs.pop(SELECTED, [])
        return {sink: case.outputs.get(sink, []) for sink in sinks}

    def _session(self, case: Case, folder: Path) -> Session:
        def connectors(table: TableSpec) -> Connector:
            return case

        session = Session(folder=folder, connectors=connectors)
        session.settings[RESULT_MODE] = "changelog"
        case.settings = session.settings
        return session

    def expr(self, columns: Sequence[tuple[str, str]], row: Sequence[Any], config: dict[str, str], sql: str,
             as_string: bool) -> Any:
        text = f"CAST(({sql}) AS STRING)" if as_string else sql
        declared = ", ".join(f"`{name}` {kind}" for name, kind in columns)
        statements = [f"SET '{k}' = '{v}'" for k, v in config.items()]
        statements += [f"CREATE TABLE testTable ({declared})"] if columns else []
        statements += [f"SELECT {text} FROM testTable" if columns else f"SELECT {text}"]
        [(_, values)] = self.run(statements, {"testTable": [("+I", list(row), 1)]}, ["result"], {})["result"]
        return values[0] if len(values) == 1 else values

    def plan(self, statements: Sequence[str], options: dict[str, dict[str, str]]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            session = self._session(Case({}, options, runs=False), Path(folder))
            for text in statements:
                for statement in parse(text):
                    list(session.statement(statement))
            for phase in session.phases:
                session.plan(phase)
