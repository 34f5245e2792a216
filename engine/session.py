"""The engine's public API: a session takes SQL text and runs it. It alone knows all stages.

    session = Session(folder=Path("state"))
    for answer in session.script(text):        # DDL and SET are applied, SHOW, DESCRIBE, EXPLAIN give text
        print(answer.text)
    result = session.run()                     # its INSERTs, resumed from the folder if they were interrupted

The INSERTs of a script are one job: what they share is computed once. Under `SET 'table.dml-sync' = 'true'` an INSERT
(or statement set) is a job of its own, which ends before the next begins (Flink's meaning of that option).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from engine.connectors.base import Access, Connector, Environment
from engine.errors import NotSupported, UserError
from engine.options import JobProperties
from engine.plan.nodes import Program, Relation, Sink, TableSpec
from engine.plan.properties import Properties
from engine.sql.catalog import Catalog
from engine.sql.dialect import parse
from engine.tables import connector_of, describe_table

if TYPE_CHECKING:
    from engine.expressions.functions.user_hosts import Host
    from engine.learners.store import ModelStore
    from engine.plan.warnings import Warned
    from engine.planner import Graph
    from engine.runtime.job import Job, JobOptions, JobResult
    from engine.runtime.recovery import Upgrade
    from engine.savepoints.restore import Origin
    from engine.sql.binder import Binder
    from engine.upgrade import Report


SELECTED = "*select*"
RESULT_MODE = "sql-client.execution.result-mode"
"""The name of the table that a SELECT of a script is written to."""

VERSIONS_KEPT = 4096
"""Of each model the newest versions: far more than lie between a row and the model that it is joined with."""

KEPT = ("checkpoints", "dead_letters", "staged", "metrics", "models", "store", "status.json", "finished.json",
        "plan.txt", "name.txt")
"""What runs keep in their state folder, besides the folders of their phases."""


@dataclass(frozen=True)
class Answer:
    """What a statement says: a line of text, or rows under column names."""

    text: str = ""
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()


@dataclass(frozen=True)
class RunOptions:
    """How a script's jobs run; what is None comes from the settings (`parallelism.default`, ...). `restore`: the
    savepoint that a job without a checkpoint of its own begins with; `cpu`: the cores that it may use; `allow`: what
    may become of state of another query, beyond being kept and migrated: "recomputed", "lost" (`engine.upgrade`)."""

    batch_rows: int | None = None
    shards: int | None = None
    rate_limit: float | None = None
    checkpoint_interval: float | None = None
    durable: bool = True
    cpu: float | None = None
    restore: Path | None = None
    allow: frozenset[str] = frozenset()
    on_status: Callable[[dict[str, Any]], None] | None = None
    on_job: Callable[[Job], None] | None = None


@dataclass
class Phase:
    """INSERTs that run as one job, and the settings in force."""

    inserts: list[exp.Expr] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)
    synchronous: bool = False


class Session:
    """One user's catalogue, settings, and the jobs of a script.

    `folder`: where jobs keep their state; `access`: what SQL may touch (None = no limit, a person at a shell);
    `python`: whether CREATE FUNCTION ... LANGUAGE PYTHON may load code, `modules`: the folders it is loaded from,
    besides the installed packages; `clock`: seconds since the epoch; `nodes`: view or table -> pipeline node.
    """

    def __init__(self, *, folder: Path = Path("."), access: Access | None = None, python: bool = True,
                 modules: Sequence[Path] = (), clock: Callable[[], float] = time.time,
                 nodes: Mapping[str, str] | None = None,
                 connectors: Callable[[TableSpec], Connector] | None = None) -> None:
        self.folder = folder
        self.access = access
        self.settings: dict[str, str] = {}
        self._clock = clock
        self._nodes = dict(nodes or {})
        self._connectors = connectors or (lambda table: connector_of(table, access))
        self._modules = tuple(modules)
        self._hosts: dict[tuple[str, int, int], Host] = {}
        self.catalog = Catalog(lambda table: describe_table(table, self._connectors, self.access), python,
                               host=self._host)
        self.phases: list[Phase] = []
        self.text = ""
        self._binder: Binder | None = None

    @cached_property
    def models(self) -> ModelStore:
        """The versions of the models that the session's jobs train."""
        from engine.learners.store import ModelStore

        return ModelStore(self.folder / "models", keep=VERSIONS_KEPT)

    def _host(self, settings: Mapping[str, str]) -> Host:
        """Where users' functions are called under these settings."""
        from engine.expressions.functions.user_hosts import Here
        from engine.workers import Limits, Workers

        given = JobProperties.of(settings)
        key = given.python_mode, given.python_timeout, given.python_memory
        if key not in self._hosts:
            limits = Limits(given.python_timeout / 1e6, given.python_memory)
            self._hosts[key] = Here(self._modules) if key[0] == "thread" else Workers(self._modules, limits)
        return self._hosts[key]

    # ---- statements --------------------------------------------------------------------------------------------------

    def script(self, text: str) -> Iterator[Answer]:
        """Take the statements of a text in order; INSERTs are kept for `run`."""
        self.text += text
        for statement in parse(text):
            yield from self.statement(statement)

    def statement(self, statement: exp.Expr) -> Iterator[Answer]:
        """Take one parsed statement."""
        from engine.sql.statements import explained, inserts_of, is_query

        inserts = inserts_of(statement)
        if inserts is not None:
            self._add(inserts)
        elif (explain := explained(statement)) is not None:
            yield Answer(self.explain(*explain))
        elif is_query(statement):
            self._add([statement])
        else:
            yield from self._define(statement)

    def _define(self, statement: exp.Expr) -> Iterator[Answer]:
        from engine.sql import ddl
        from engine.sql.inspect import inspect, is_inspection
        from engine.sql.settings import apply_setting, is_setting
        from engine.sql.statements import refused

        if is_setting(statement):
            for name, value in apply_setting(statement, self.settings):
                yield Answer(f"'{name}' = '{value}'")
        elif is_inspection(statement):
            shown = inspect(statement, self._current_binder())
            yield Answer(columns=shown.columns, rows=shown.rows)
        elif ddl.is_ddl(statement):
            insert = ddl.apply(statement, self._current_binder())
            if insert is not None:
                self._add([insert])
        else:
            raise refused(statement)

    def _current_binder(self) -> Binder:
        from engine.sql.binder import Binder

        if self._binder is None or self._binder.settings != self.settings:
            self._binder = Binder(self.catalog, self.settings, self._nodes)
        return self._binder

    def _add(self, inserts: Sequence[exp.Expr]) -> None:
        synchronous = self.settings.get("table.dml-sync", "false").lower() == "true"
        last = self.phases[-1] if self.phases else None
        if last is None or synchronous or last.synchronous:
            self.phases.append(Phase(synchronous=synchronous))
        self.phases[-1].inserts.extend(inserts)
        self.phases[-1].settings = dict(self.settings)

    # ---- plans -------------------------------------------------------------------------------------------------------

    def program(self, phase: Phase) -> Program:
        """A phase's statements, bound and optimized."""
        from engine.optimizer import optimize
        from engine.plan.shown import raw

        program = optimize(self._bound(phase))
        return raw(program, SELECTED) if phase.settings.get(RESULT_MODE, "").lower() == "changelog" else program

    def _bound(self, phase: Phase) -> Program:
        from engine.sql.binder import Binder
        from engine.sql.statements import is_query

        binder = Binder(self.catalog, phase.settings, self._nodes)
        sinks = [self._shown(binder.query(i)) if is_query(i) else binder.insert(i) for i in phase.inserts]
        return Program(tuple(sinks), tuple(sorted(phase.settings.items())))

    def _shown(self, relation: Relation) -> Sink:
        """A SELECT of the script: its changes are printed."""
        table = TableSpec((*self.catalog.current, SELECTED), relation.schema, (("connector", "print"),))
        return Sink(relation.schema, relation, table=table, nodes=relation.nodes)

    def warnings(self, phase: Phase) -> list[Warned]:
        """What is not wrong with a phase and yet worth a word: state that grows for as long as it runs."""
        from engine.plan.facts import Facts
        from engine.plan.warnings import growing_state

        facts = Facts()
        found: dict[Relation, Warned] = {}
        for sink in self._bound(phase).sinks:
            found.update(growing_state(sink.input, facts, phase.settings))
        return list(found.values())

    def plan(self, phase: Phase) -> Graph:
        """A phase's operators, which are not started."""
        program = self.program(phase)
        return self.graph(program, self.folder, RunOptions(durable=False))

    def explain(self, statement: exp.Expr, details: Sequence[str] = ()) -> str:
        """The plans of an INSERT, a statement set or a query, as text."""
        from engine.analyze import explain_statement

        text = explain_statement(self.catalog, self.settings, self._nodes, statement, details)
        if "JSON_EXECUTION_PLAN" not in details:
            return text
        from engine.planner.physical import physical_plan
        from engine.sql.statements import inserts_of

        graph = self.plan(Phase(inserts_of(statement) or [statement], dict(self.settings)))
        for operator in graph.operators:
            operator.close()
        return f"{text}\n== Physical Execution Plan ==\n{physical_plan(graph)}\n"

    def explain_phase(self, phase: Phase) -> str:
        """What a phase is: its plan as bound, as optimized with changelog modes, and its operators."""
        from engine.plan.explain import explain

        bound = self._bound(phase)
        program = self.program(phase)
        graph = self.graph(program, self.folder, RunOptions(durable=False))
        operators = [f"{o.name} -> {', '.join(c.name for c, _ in o.consumers)}" if o.consumers else o.name
                     for o in graph.operators if o.settings.shard == 0]
        for operator in graph.operators:
            operator.close()
        return (f"== Logical Plan ==\n{explain(bound)}\n\n== Optimized Plan ==\n{explain(program, changelog=True)}\n\n"
                "== Operators ==\n" + "\n".join(operators) + "\n")

    def graph(self, program: Program, folder: Path, options: RunOptions, models: ModelStore | None = None) -> Graph:
        """A program's operators, ready to run in a folder. `models`: where versions of models go instead."""
        from engine.expressions.functions.base import Context
        from engine.operators.base import Settings
        from engine.planner import Options, Planner

        properties = JobProperties.of(dict(program.settings))
        shards = options.shards or properties.shards
        start = int(self._clock() * 1e6)
        context = Context(now=lambda: int(self._clock() * 1e6), zone=properties.zone, query_start=start,
                          config=dict(program.settings), resources={"models": models or self.models})
        settings = Settings(context, every_change=not properties.mini_batch, ttl=properties.ttl)
        environment = Environment(self.access or Access(), str(folder), self._known_as(options), {})
        planner = Planner(program, Properties(program, _is_ordered), self._connectors, environment, settings,
                          Options(shards, not properties.mini_batch, properties.ttl))
        graph = planner.plan()
        host = self._host(dict(program.settings))
        host.prepare(shards)
        graph.functions = host.tally
        graph.query = {"name": self.name, "sha256": hashlib.sha256(self.text.encode()).hexdigest()}
        return graph

    @property
    def name(self) -> str:
        """The job's name: 'pipeline.name', or one made of its text."""
        return self.settings.get("pipeline.name") or "job-" + hashlib.sha256(self.text.encode()).hexdigest()[:8]

    def _known_as(self, options: RunOptions) -> str:
        """The name under which sinks know the job: that of its first start, as long as its state lasts. Under another
        name a sink would show once more what it had of the last checkpoint."""
        from engine.durable import tell

        noted = self.folder / "name.txt"
        if noted.exists():
            return noted.read_text(encoding="utf-8")
        if not options.durable:
            return self.name
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            tell(noted, self.name)
        except OSError as error:
            raise UserError("state_folder", f"cannot use the state folder {self.folder}: {error.strerror}",
                            hint="choose a writable folder with --state") from error
        return self.name

    # ---- running -----------------------------------------------------------------------------------------------------

    def run(self, options: RunOptions | None = None) -> JobResult:
        """Run the phases one after another; those that finished before an interruption are not run again."""
        options = options or RunOptions()
        if not self.phases:
            raise UserError("nothing_to_run", "the script has no INSERT", hint="INSERT INTO a table starts a job")
        if (self.folder / "finished.json").exists():
            self.models.clear()
            self._clean()
        result = None
        for number, phase in enumerate(self.phases, 1):
            last = number == len(self.phases)
            folder = self.folder if last else self.folder / f"phase-{number}"
            if not last and (folder / "finished.json").exists():
                continue
            result = self._run_phase(phase, folder, options)
            if result.stopped:
                break
        assert result is not None
        return result

    def _clean(self) -> None:
        """A finished run starts anew: what runs keep in the folder goes, and what the script's tables wrote inside it.

        Nothing else does: the folder may be one in which a person keeps other things."""
        from engine.runtime.places import forget

        for folder in (self.folder, *self.folder.glob("phase-[0-9]*")):
            forget(folder / "checkpoints")
        written = [place for phase in self.phases for sink in self._bound(phase).sinks for place in _places(sink.table)]
        inside = [path for path in written if self.folder.resolve() in path.resolve().parents]
        for path in (*(self.folder / name for name in KEPT), *self.folder.glob("phase-[0-9]*"), *inside):
            try:
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                else:
                    path.unlink(missing_ok=True)
            except OSError as error:
                raise UserError("state_folder", f"cannot start anew: {path} cannot be removed: {error.strerror}",
                                hint="choose a writable folder with --state") from error

    def _run_phase(self, phase: Phase, folder: Path, options: RunOptions) -> JobResult:
        from engine.plan.flow import flow
        from engine.runtime.job import Job

        program = self.program(phase)
        graph = self.graph(program, folder, options)
        graph.flow = flow(self._bound(phase), self._nodes)
        job = Job(graph, folder, self._job_options(program, options), fingerprint=self._fingerprint(phase),
                  sync=self.models.sync, clock=self._clock, on_status=options.on_status,
                  origin=self._origin(phase, options), models=self.models.published,
                  upgrade=self._upgrade(phase, folder, options))
        if options.on_job is not None:
            options.on_job(job)
        if options.durable:
            _note_plan(folder, program)
        try:
            return job.run()
        finally:
            self._host(phase.settings).close()

    def _upgrade(self, phase: Phase, folder: Path, options: RunOptions) -> Upgrade:
        from engine.learners.store import ModelStore
        from engine.optimizer.sources import ENABLED
        from engine.runtime.recovery import Upgrade

        def again() -> Graph:
            """The job with sources that give every row, so that they are counted as before, whatever it filters by."""
            reading = replace(phase, settings={**phase.settings, ENABLED: "false"})
            return self.graph(self.program(reading), folder, replace(options, durable=False), ModelStore())

        return Upgrade(self._fingerprint(phase), options.allow, again, str(folder))

    def upgrade(self, meta: Mapping[str, Any], phase: Phase | None = None) -> Report:
        """What becomes of the state of a checkpoint with this `meta` under the script's job (the last one): nothing is
        started or read but the sizes of files. UserError where the checkpoint does not say what its state is."""
        from engine.runtime.recovery import report_on

        if "operators" not in meta:
            raise UserError("state_not_described", "the checkpoint is of a version that did not note what its state is",
                            hint="let the old program go on for one checkpoint with this version, then change it")
        graph = self.plan(phase or self.phases[-1])
        try:
            return report_on(meta, graph)
        finally:
            for operator in graph.operators:
                operator.close()

    def _origin(self, phase: Phase, options: RunOptions) -> Origin | None:
        from engine.savepoints.manifest import open_savepoint
        from engine.savepoints.restore import Origin

        if options.restore is None or not options.durable:
            return None
        if len(self.phases) > 1:
            raise NotSupported("a savepoint of a script of several jobs",
                               hint="restore each job by a script of its own")
        return Origin(open_savepoint(options.restore), self.folder, self._fingerprint(phase))

    def _job_options(self, program: Program, options: RunOptions) -> JobOptions:
        from engine.runtime.dead_letters import Most
        from engine.runtime.job import JobOptions
        from engine.runtime.places import checkpoint_options

        properties = JobProperties.of(dict(program.settings))
        interval = properties.checkpoint_interval / 1e6
        made = JobOptions(checkpoint_interval=interval or None, idle_timeout=properties.idle_timeout / 1e6,
                          rate_limit=options.rate_limit, durable=options.durable, state_memory=properties.state_memory,
                          cpu=options.cpu, dead_letters=Most(properties.dead_letters, properties.dead_letters_size),
                          checkpoints=checkpoint_options(properties, self.access, self.name))
        if options.checkpoint_interval is not None:
            made = replace(made, checkpoint_interval=options.checkpoint_interval)
        rows = options.batch_rows or (properties.mini_batch_rows if properties.mini_batch else None)
        return replace(made, batch_rows=rows) if rows else made

    def _fingerprint(self, phase: Phase) -> str:
        """What must be the same for a checkpoint to fit: the plan with its views and the types of its columns.

        Neither the tables' options, nor settings and hints: a moved file or another number of shards is the same query.
        """
        from engine.plan.explain import explain

        bound = self._bound(phase)
        types = [[f"{f.name} {f.type}" for f in relation.schema.fields] for relation in _relations(bound)]
        return hashlib.sha256(json.dumps([explain(bound, hints=False), types]).encode()).hexdigest()

    def model_hashes(self) -> dict[str, str]:
        """The hash of each model that the last run trained, by name."""
        return {name: self.models.hash(name) for name in self.models.names()}


def _note_plan(folder: Path, program: Program) -> None:
    """Leave the plan beside the state, for people; it is missed by nobody where the folder cannot be written."""
    from engine.plan.explain import explain

    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "plan.txt").write_text(explain(program, changelog=True) + "\n", encoding="utf-8")


def _is_ordered(function: str) -> bool:
    from engine.aggregates import AGGREGATES

    known = AGGREGATES.get(function)
    return known is not None and known.ordered


def _relations(program: Program) -> list[Relation]:
    """The relations of a program, each once: sinks first, inputs in order."""
    found: dict[int, Relation] = {}
    waiting: list[Relation] = list(reversed(program.sinks))
    while waiting:
        relation = waiting.pop()
        if id(relation) not in found:
            found[id(relation)] = relation
            waiting.extend(reversed(relation.inputs))
    return list(found.values())


def _places(table: TableSpec) -> Iterator[Path]:
    """The files and folders that a table's rows are in, as far as its options name some."""
    quorum = table.option("zookeeper.quorum")
    for place in (table.option("path"), quorum.removeprefix("embedded:") if quorum.startswith("embedded:") else ""):
        if place:
            yield Path(place.removeprefix("file://"))
