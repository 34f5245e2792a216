"""A verification from beginning to end: the bounded run, what the stream wrote, DuckDB's answer, the differences."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from sqlglot import exp

from engine.connectors.base import Access
from engine.errors import UserError
from engine.session import RunOptions, Session
from engine.sql.dialect import CreateTable, generate, parse_one
from porsche.compiler import Compiled
from porsche.components.base import insert
from porsche.components.table import create_table, type_tree
from porsche.runners.verify import oracle
from porsche.runners.verify.collect import COLLECT, KIND, Budget, collected, connectors
from porsche.runners.verify.compare import TOLERANCE, Difference, differences, fold

_SOURCE = re.compile(r"Source\[(\w+)")
GIVEN = "given__"
"""Prefix of the tables in which the engine's views are kept for DuckDB."""
Progress = Callable[[float | None, str], None]


@dataclass(frozen=True)
class TableReport:
    """What was found of one table. Counts of rows are None where a side could not be read, `why` then says the reason.

    `differences`: rows of the stream (`left`) against the bounded run's (`right`); `duckdb`: the same of the bounded
    run's rows against DuckDB's, with the tables the engine gave it.
    """

    table: str
    node: str
    equal: bool | None
    rows_stream: int | None = None
    rows_batch: int | None = None
    why: str = ""
    different: int = 0
    differences: tuple[Difference, ...] = ()
    duckdb: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """Of all tables that the pipeline writes."""

    tables: tuple[TableReport, ...]
    rows_in: int
    seconds: float

    @property
    def equal(self) -> bool | None:
        """Whether all that could be compared is equal; None where nothing could."""
        known = [t.equal for t in self.tables if t.equal is not None]
        known += [t.duckdb["equal"] for t in self.tables if t.duckdb.get("equal") is not None]
        return all(known) if known else None

    def as_json(self) -> dict[str, Any]:
        """Values that JSON can hold."""
        made: dict[str, Any] = _plain({"equal": self.equal, **asdict(self)})
        return made


@dataclass(frozen=True)
class _Check:
    """A verification that is under way."""

    stream: Compiled
    batch: Compiled
    state: Path
    work: Path
    access: Access | None
    ended: bool
    sinks: Mapping[str, str]  # table -> node
    views: Mapping[str, exp.Expr]


def verify(compile_at: Callable[[Path], Compiled], *, state: Path, work: Path, access: Access | None = None,
           rows: Mapping[str, Sequence[int]] | None = None, progress: Progress = lambda share, what: None) -> Report:
    """Check what a run left in its `state` folder; `work` is made anew, and removed afterwards.

    `compile_at`: the run's pipeline, compiled for a state folder; `rows`: how many rows each reader of a source's table
    had read where the stream was stopped (`rows_read`), None = all (it finished). `access` limits what the bounded run
    may touch, `work` has to be in it. Raises UserError where the pipeline cannot be run again.
    """
    shutil.rmtree(work, ignore_errors=True)
    stream, batch = compile_at(state), compile_at(work / "state")
    views = {s.name: _query(s.sql) for s in batch.statements if s.kind == "view"}
    pipes = {s.name for s in batch.statements if s.kind == "table" and "'connector' = 'pipe'" in s.sql}
    sinks = {s.name: s.node for s in batch.statements if s.kind == "insert" and s.name not in pipes}
    check = _Check(stream, batch, state, work, access, rows is None, sinks, views)
    try:
        progress(0.0, "running the same SQL over the same input")
        given = _given(check)
        result = _run(check, given, rows, progress)
        tables = []
        for number, (table, node) in enumerate(sinks.items()):
            progress(0.8 + 0.2 * number / len(sinks), f"comparing {table}")
            tables.append(_compare(check, table, node))
        return Report(tuple(tables), result.rows_in, result.seconds)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def rows_read(status: Mapping[str, Any]) -> dict[str, list[int]]:
    """How many rows each reader of a table had read, by the status that a job published last."""
    found: dict[str, list[int]] = {}
    for source in status.get("sources", ()):
        match = _SOURCE.match(source["name"])
        if match is not None:
            found.setdefault(match[1], []).append(source["rows"])
    return found


def _query(sql: str) -> exp.Expr:
    """The query of a CREATE VIEW or an INSERT."""
    found: exp.Expr = parse_one(sql).expression
    return found


# ---- the bounded run -------------------------------------------------------------------------------------------------


def _given(check: _Check) -> set[str]:
    """The tables and views that DuckDB needs of the engine, over all sinks."""
    needed: set[str] = set()
    for table in check.sinks:
        try:
            needed |= oracle.plan(check.views, _insert(check, table), ended=check.ended)[1]
        except oracle.Refused:
            continue
    return {name for name in needed if check.batch.nodes.get(name) in check.batch.schemas}


def _insert(check: _Check, table: str) -> exp.Expr:
    return next(_query(s.sql) for s in check.batch.statements if s.kind == "insert" and s.name == table)


def _run(check: _Check, given: set[str], rows: Mapping[str, Sequence[int]] | None, progress: Progress) -> Any:
    budget = None if rows is None else Budget(rows)
    chosen = connectors(check.work / "tables", frozenset(check.sinks), budget, frozenset(rows or ()), check.access)
    session = Session(folder=check.work / "state", access=check.access, python=False, nodes=check.batch.nodes,
                      connectors=chosen)
    statements = [check.batch.text, *(generate(tree) + ";" for name in sorted(given) for tree in _keep(check, name))]
    for _ in session.script("\n".join(statements)):
        pass

    def on_job(job: Any) -> None:
        if budget is not None:
            budget.on_spent = job.stop

    def on_status(status: dict[str, Any]) -> None:
        share = status.get("progress")
        progress(None if share is None else 0.8 * share, f"{status['rows_in']:,} rows read")

    return session.run(RunOptions(durable=False, on_job=on_job, on_status=on_status))


def _keep(check: _Check, name: str) -> tuple[exp.Expr, exp.Expr]:
    """Statements that keep a view's rows, the columns that DuckDB has types for."""
    fields = [f for f in check.batch.schemas[check.batch.nodes[name]].columns if _is_plain(f.type)]
    columns = [(f.name, type_tree(f.type.as_nullable())) for f in fields]
    query = _columns_of(name, [f.name for f in fields])
    return create_table(f"{GIVEN}{name}", columns, {"connector": COLLECT}), insert(f"{GIVEN}{name}", query)


def _is_plain(type: Any) -> bool:
    """Whether a column is one value, not a structure of several."""
    return not type.fields and type.element is None and not str(type).startswith("INTERVAL")


# ---- comparing -------------------------------------------------------------------------------------------------------


def _compare(check: _Check, table: str, node: str) -> TableReport:
    changes = collected(check.work / "tables", table)
    if changes is None:
        return TableReport(table, node, None, why="the bounded run did not write it")
    key = _key(check, table)
    batch = fold(changes, key)
    answer = _by_duckdb(check, table, batch, key)
    report = TableReport(table, node, None, rows_batch=batch.num_rows, duckdb=answer)
    try:
        stream = _written(check, table, changes, batch)
    except UserError as error:
        return replace(report, why=str(error))
    count, shown = differences(stream, batch)
    return replace(report, equal=count == 0, rows_stream=stream.num_rows, different=count, differences=tuple(shown))


def _definition(compiled: Compiled, table: str) -> CreateTable:
    """The statement that declares a table."""
    found = parse_one(next(s.sql for s in compiled.statements if s.kind == "table" and s.name == table))
    assert isinstance(found, CreateTable)
    return found


def _key(check: _Check, table: str) -> tuple[str, ...]:
    constraints = _definition(check.batch, table).args.get("constraints") or []
    return tuple(column.name for constraint in constraints for column in constraint.expressions)


def _option(definition: CreateTable, name: str) -> str:
    return next((o.expression.name for o in definition.args.get("options") or [] if o.this.name == name), "")


# ---- what the stream wrote -------------------------------------------------------------------------------------------


def _written(check: _Check, table: str, changes: pa.Table, batch: pa.Table) -> pa.Table:
    """What the stream wrote, as the columns of the bounded run's rows. UserError where it cannot be read."""
    definition = _definition(check.stream, table)
    if _option(definition, "connector") == "metrics":
        if max(changes[KIND].unique().to_pylist() or [0]) == 0:
            return _lines(check.state / "metrics" / table, batch.schema)
        if batch.num_rows == 1:
            return _lines(check.state / "metrics" / table, batch.schema)[-1:]
        raise UserError("latest_only", f"of metric table {table}, which changes, only the latest row is kept")
    return _scanned(check, definition, table, batch.column_names)


def _scanned(check: _Check, definition: CreateTable, table: str, names: Sequence[str]) -> pa.Table:
    """The rows of a table that the engine can read again."""
    folder = check.work / "written"
    session = Session(folder=folder, access=check.access, python=False,
                      connectors=connectors(folder, frozenset(), None, frozenset(), check.access))
    columns = [(c.name, c.args["kind"]) for c in definition.args["columns"] if c.name in names]
    copy = create_table(f"{GIVEN}{table}", columns, {"connector": COLLECT})
    for tree in (definition, copy, insert(f"{GIVEN}{table}", _columns_of(table, names))):
        for _ in session.statement(tree):
            pass
    session.run(RunOptions(durable=False))
    found = collected(folder, f"{GIVEN}{table}")
    assert found is not None
    return found.select(list(names))


def _lines(folder: Path, schema: pa.Schema) -> pa.Table:
    """The rows of a metric table's files."""
    rows = [json.loads(line) for path in sorted(folder.glob("*.jsonl"))
            for line in path.read_text(encoding="utf-8").splitlines()]
    return pa.table({field.name: _column([row.get(field.name) for row in rows], field.type) for field in schema})


def _column(values: Sequence[Any], type: pa.DataType) -> pa.Array:
    """JSON values as a column: numbers and truth are themselves, all else is text."""
    if pa.types.is_floating(type) or pa.types.is_integer(type) or pa.types.is_boolean(type):
        return pa.array(values, type)
    return pa.array([None if v is None else str(v) for v in values], pa.string()).cast(type)


def _columns_of(table: str, names: Iterable[str]) -> exp.Select:
    columns = (exp.Column(this=exp.to_identifier(name, quoted=True)) for name in names)
    return exp.select(*columns).from_(exp.Table(this=exp.to_identifier(table, quoted=True)))


# ---- DuckDB ----------------------------------------------------------------------------------------------------------


def _by_duckdb(check: _Check, table: str, batch: pa.Table, key: tuple[str, ...]) -> dict[str, Any]:
    query = _insert(check, table)
    try:
        made, wanted = oracle.plan(check.views, query, ended=check.ended)
        answer = _asked(check, oracle.translate(query, ended=check.ended), made, wanted)
    except oracle.Refused as refused:
        return {"equal": None, "why": refused.reason}
    except duckdb.Error as error:
        return {"equal": None, "why": f"DuckDB refuses the query: {error}"}
    if key and answer.num_rows != batch.num_rows:
        return {"equal": None, "why": "several rows of a key: which one is last is the order of the stream"}
    count, shown = differences(batch, answer, TOLERANCE)
    return {"equal": count == 0, "rows": answer.num_rows, "given": sorted(wanted), "different": count,
            "differences": tuple(shown)}


def _asked(check: _Check, query: exp.Expr, made: Mapping[str, exp.Expr], wanted: set[str]) -> pa.Table:
    with duckdb.connect() as connection:
        for name in wanted:
            changes = collected(check.work / "tables", f"{GIVEN}{name}")
            if changes is None:
                raise oracle.Refused(f"the rows of {name} cannot be given to DuckDB")
            connection.register(name, fold(changes, ()))
        for name, tree in made.items():
            view = exp.Create(kind="VIEW", this=exp.Table(this=exp.to_identifier(name, quoted=True)), expression=tree)
            connection.execute(view.sql("duckdb"))
        return connection.sql(query.sql("duckdb")).to_arrow_table()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal | bytes):
        return str(value)
    return value
