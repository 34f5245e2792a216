"""What SQL means, without running it: columns, types, time attribute, keys, changelog mode, and everything that is
wrong.

    analyzer = Analyzer(catalog)                      # or Analyzer(): an empty catalogue
    analyzer.add("CREATE TABLE ...")                  # statements one after another; each adds its diagnostics
    analyzer.relation("name").schema

Starts nothing, and imports neither Numba nor Polars: it answers at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from engine.errors import NotSupported, Place, UserError
from engine.plan.explain import explain
from engine.plan.facts import Facts
from engine.plan.lineage import lineage
from engine.plan.nodes import Program, Relation, Sink, TableSpec
from engine.plan.warnings import Warned, growing_state
from engine.sql import ddl
from engine.sql import dialect as ast
from engine.sql.binder import Binder
from engine.sql.catalog import Catalog, Table, View
from engine.sql.settings import apply_setting, is_setting
from engine.sql.statements import explained, inserts_of, is_query
from engine.types import Field, Schema, TimeKind

__all__ = ["Analysis", "Analyzer", "Diagnostic", "Known", "RelationInfo", "analyze", "explain_statement"]


@dataclass(frozen=True)
class Diagnostic:
    """Something to say about a statement: `severity` "error" or "warning", a stable `code`, where, and what to do.

    `name`: the table or view the statement is about; `node`: its pipeline node, where the caller gave one.
    """

    severity: str
    code: str
    message: str
    place: Place | None = None
    hint: str | None = None
    name: str | None = None
    node: str | None = None


@dataclass(frozen=True)
class RelationInfo:
    """A table, view or query. `keys`: unique keys as column names, smallest first; `changelog`: kinds of change, "I"
    (rows
    are only added), "I,UA,D"...; `bounded`: whether its sources end; `sink`: the table an INSERT writes."""

    name: str
    schema: Schema
    keys: tuple[tuple[str, ...], ...] = ()
    changelog: str = "I"
    bounded: bool = False
    sink: str | None = None

    @property
    def columns(self) -> tuple[Field, ...]:
        return self.schema.fields

    @property
    def time_attribute(self) -> str | None:
        """The event-time attribute if there is one, else a processing-time attribute."""
        for kind in (TimeKind.ROWTIME, TimeKind.PROCTIME):
            for f in self.schema:
                if f.time is kind:
                    return f.name
        return None


@dataclass(frozen=True)
class Known:
    """A table or view as an analyzer knows it, for another one."""

    entry: Table | View
    relation: Relation
    info: RelationInfo


@dataclass(frozen=True)
class Analysis:
    """The relations that statements defined or used, by name in their order, and the diagnostics."""

    relations: Mapping[str, RelationInfo]
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        return tuple(d for d in self.diagnostics if d.severity == "error")


@dataclass
class Analyzer:
    """Takes statements one after another. A view is bound once; what it means is known for all that read it.

    `nodes`: pipeline node ids by view name (may be added to at any time).
    """

    catalog: Catalog = field(default_factory=Catalog)
    settings: dict[str, str] = field(default_factory=dict)
    nodes: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._binder = Binder(self.catalog, self.settings, self.nodes)
        self._infos: dict[str, RelationInfo] = {}
        self._diagnostics: list[Diagnostic] = []
        self._warned: set[Relation] = set()
        self._at: Place | None = None  # where the statement that is analysed begins in its text

    def add(self, sql: str) -> tuple[Diagnostic, ...]:
        """Analyse statements; their diagnostics. A statement with an error changes nothing, the others count."""
        first = len(self._diagnostics)
        try:
            for statement in ast.parse(sql):
                self.add_statement(statement)
        except UserError:
            self._add_one_by_one(sql)
        return tuple(self._diagnostics[first:])

    def _add_one_by_one(self, sql: str) -> None:
        """A text with a syntax error in it: the statements without one still count."""
        try:
            texts = ast.split(sql)
        except UserError as error:
            self._complain(error, None)
            return
        offset = 0
        for text in texts:
            start = sql.index(text, offset)
            column = start - (sql.rfind("\n", 0, start) + 1) + 1
            self._add_text(text, Place(sql.count("\n", 0, start) + 1, column, start))
            offset = start + len(text)

    def _add_text(self, text: str, at: Place) -> None:
        try:
            statements = ast.parse(text)
        except UserError as error:
            self._complain(error, None, at)
            return
        for statement in statements:
            self.add_statement(statement, at)

    def add_statement(self, statement: exp.Expr, at: Place | None = None) -> tuple[Diagnostic, ...]:
        """Analyse one parsed statement; `at` is where its text began in a larger one."""
        first = len(self._diagnostics)
        self._at = at
        inserts = inserts_of(statement) or [statement]
        for each in inserts:
            try:
                self._analyse(each)
            except UserError as error:
                self._complain(error, _name(each), at)
        return tuple(self._diagnostics[first:])

    def _analyse(self, statement: exp.Expr) -> None:
        if is_setting(statement):
            apply_setting(statement, self._binder.settings)
        elif ddl.is_ddl(statement):
            insert = ddl.apply(statement, self._binder)
            if isinstance(statement, ast.CreateTable | ast.CreateView):
                self._know(_name(statement) or "", self._binder.table(_dotted(statement.this)))
            if insert is not None:
                self._analyse(insert)
        elif isinstance(statement, ast.InsertInto):
            sink = self._binder.insert(statement)
            name = f"INSERT INTO {sink.table.name}"
            self._know(name, sink.input, sink.table.name)
        elif (inner := explained(statement)) is not None:
            self._analyse(inner[0])
        elif is_query(statement):
            self._know("query", self._binder.query(statement))

    def _know(self, name: str, relation: Relation, sink: str | None = None) -> None:
        self._infos[name] = self._info(name, relation, sink)
        if sink is not None:
            for part, warned in growing_state(relation, self._binder.facts, self._binder.settings):
                if part not in self._warned:
                    self._warned.add(part)  # of what several statements read, the first one tells
                    self._warn(warned, name)

    def _info(self, name: str, relation: Relation, sink: str | None) -> RelationInfo:
        facts = self._binder.facts
        names = relation.schema.names
        keys = sorted(tuple(names[i] for i in sorted(k)) for k in facts.keys(relation))
        keys.sort(key=len)
        kinds = facts.kinds(relation)
        changelog = ",".join(["I", *(["UA"] if "U" in kinds else []), *(["D"] if "D" in kinds else [])])
        return RelationInfo(name, relation.schema, tuple(keys), changelog, facts.bounded(relation), sink)

    def relation(self, name: str) -> RelationInfo:
        """What is known of a table or view; UserError "unknown_table" where there is none."""
        known = self._infos.get(name)
        if known is None:
            known = self._infos[name] = self._info(name, self._binder.table(name), None)
        return known

    def known(self, name: str) -> Known:
        """A table or view of one name, for `take`."""
        return Known(self.catalog.relation([name]), self._binder.table(name), self.relation(name))

    def take(self, known: Known) -> None:
        """Know a table or view without analysing it again. That is right where all that it reads was taken from the
        same analyzer before, and the settings are the same."""
        self._binder.take(known.entry, known.relation)
        self._infos[known.info.name] = known.info

    def lineage(self, name: str) -> dict[str, tuple[tuple[str, str], ...]]:
        """For each column of a table or view the columns of the tables and views it reads that it is made of."""
        relation = self._binder.table(name)
        sources = lineage(relation, self._binder.named())
        return {f.name: tuple(sorted(columns)) for f, columns in zip(relation.schema, sources)}

    def result(self) -> Analysis:
        """Everything so far."""
        return Analysis(dict(self._infos), tuple(self._diagnostics))

    def _complain(self, error: UserError, name: str | None, at: Place | None = None) -> None:
        place = _moved(error.place, at)
        node = error.node or (self.nodes.get(name) if name else None)
        self._diagnostics.append(Diagnostic("error", error.code, error.message, place, error.hint, name, node))

    def _warn(self, warned: Warned, name: str) -> None:
        node, place = next(iter(sorted(warned.nodes)), None), _moved(warned.place, self._at)
        self._diagnostics.append(Diagnostic("warning", warned.code, warned.message, place, warned.hint, name, node))


def _moved(place: Place | None, at: Place | None) -> Place | None:
    """A place in one statement as a place in the text in which the statement begins at `at`."""
    if place is None or at is None:
        return place
    column = place.column + at.column - 1 if place.line == 1 else place.column
    return Place(place.line + at.line - 1, column, place.start + at.start, place.end + at.start)


def _name(statement: exp.Expr) -> str | None:
    target = statement.this if isinstance(statement, ast.CreateTable | ast.CreateView | ast.InsertInto) else None
    return target.name if isinstance(target, exp.Table) else None


def _dotted(table: exp.Table) -> str:
    return ".".join(p.name for p in table.parts)


def analyze(statements: str | Sequence[str], catalog: Catalog | None = None, settings: Mapping[str, str] | None = None,
            nodes: Mapping[str, str] | None = None) -> Analysis:
    """Analyse statements over a catalogue (which they add to)."""
    analyzer = Analyzer(catalog or Catalog(), dict(settings or {}), dict(nodes or {}))
    for text in [statements] if isinstance(statements, str) else statements:
        analyzer.add(text)
    return analyzer.result()


def explain_statement(catalog: Catalog, settings: Mapping[str, str], nodes: Mapping[str, str], statement: exp.Expr,
                      details: Sequence[str] = ()) -> str:
    """EXPLAIN of a query, an INSERT or a statement set: the plan as bound, and as it would run.

    `details` as Flink has them: CHANGELOG_MODE, ESTIMATED_COST, PLAN_ADVICE (all of the optimized plan).
    """
    from engine.optimizer import optimize

    binder = Binder(catalog, _counting(settings) if "ESTIMATED_COST" in details else settings, nodes)
    inserts = inserts_of(statement)
    if inserts is not None:
        sinks = tuple(binder.insert(i) for i in inserts)
    else:
        relation = binder.query(statement)
        table = TableSpec((*catalog.current, "*anonymous*"), relation.schema)
        sinks = (Sink(relation.schema, relation, table),)
    program = Program(sinks, tuple(sorted(settings.items())))
    optimized = optimize(program)
    note = _rows if "ESTIMATED_COST" in details else None
    title, advice = "Optimized Physical Plan", ""
    if "PLAN_ADVICE" in details:
        title, advice = "Optimized Physical Plan With Advice", f"\n{_advice(program, binder.facts)}\n"
    return (f"== Abstract Syntax Tree ==\n{explain(program)}\n\n"
            f"== {title} ==\n{explain(optimized, 'CHANGELOG_MODE' in details, note=note)}\n{advice}\n"
            f"== Optimized Execution Plan ==\n{explain(optimized)}\n")


def _counting(settings: Mapping[str, str]) -> dict[str, str]:
    """Settings under which tables are asked for the numbers of their rows."""
    return {**settings, "table.optimizer.join-reorder-enabled": "true"}


def _rows(relation: Relation) -> str:
    """How many rows a relation may have: as Flink's estimates, but nothing is made up where a table does not tell."""
    from engine.optimizer.estimates import rows_of

    rows = rows_of(relation.inputs[0] if isinstance(relation, Sink) else relation)
    return f": rowcount = {'unknown' if rows is None else rows}"


def _advice(program: Program, facts: Facts) -> str:
    """What is worth a word about a program; in batch mode there is nothing that grows."""
    if program.batch:
        raise NotSupported("EXPLAIN PLAN_ADVICE in batch mode", hint="SET 'execution.runtime-mode' = 'streaming'")
    found: dict[Relation, Warned] = {}
    for sink in program.sinks:
        found.update(growing_state(sink.input, facts, dict(program.settings)))
    lines = [f"advice[{number}]: [WARNING] {w.message}" + (f" at {w.place}" if w.place else "")
             + (f"; {w.hint}." if w.hint else ".") for number, w in enumerate(found.values(), 1)]
    return "\n".join(lines) or "No available advice..."
