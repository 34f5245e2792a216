"""A pipeline run over samples, in this process: what every node gives, and what every sink would receive.

    ran = rerun(Question(document, samples={"shop": {"rows": [...]}}), Samples())
    ran.nodes["filtered"].given.rows        # how many; .batches hold them

Sources give samples, dimensions are looked up in their files' rows, nothing is written, and no model is anybody's. What
is wrong with a node stops only what it feeds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlglot import exp

from engine.changes import MAX_WATERMARK, MIN_WATERMARK
from engine.connectors import connector
from engine.connectors.base import Connector, TableOptions
from engine.errors import InternalError, UserError
from engine.learners.store import ModelStore
from engine.operators.base import Operator
from engine.plan.flow import NodeFlow
from engine.plan.nodes import TableSpec
from engine.planner import Graph
from engine.runtime.job import Job, JobOptions
from engine.session import RunOptions, Session
from engine.sql.dialect import SetProperty, generate, parse_one
from engine.types import Schema
from porsche.compiler import Diagnostic, Examined, Parts, examine
from porsche.compiler.document import Document, Node
from porsche.compiler.statements import Statement
from porsche.components.base import insert
from porsche.components.table import create_table, text, type_tree
from porsche.runners.preview.loading import Loading
from porsche.runners.preview.question import Question
from porsche.runners.preview.sampling import Sample, Samples, Wanted, wanted_of
from porsche.runners.preview.tables import Rows, Stand, Taken, Turns, empty
from porsche.runners.secrets import resolved

TAP = "tap__"
"""Prefix of the tables that take what nodes give."""
STAND = "stand"
"""The connector of tables that exist in previews only."""
VERSIONS = 40
"""So many times at least a learner publishes in the course of a sample, however seldom it does in a run."""


@dataclass
class NodeRan:
    """What a node did. `gives`: rows, dimension, model, or "" (a sink); `inputs`: nodes by port; `given`: what it gave,
    of a sink what it would receive; `late`: rows dropped for being late; `watermark`: microseconds, when the sample
    ended; `sample`: of a source or dimension; `key`: of a sink, by which rows replace each other."""

    id: str
    component: str
    gives: str
    inputs: Mapping[str, tuple[str, ...]]
    schema: Schema | None = None
    time: str | None = None
    given: Taken = field(default_factory=Taken)
    late: int = 0
    watermark: int | None = None
    sample: Sample | None = None
    key: tuple[str, ...] = ()


@dataclass
class Ran:
    """What a preview found. `error`: what stopped it, and at which node; `preset`: nodes that predicted with a model as
    it was at the end of the sample; `eager`: learners that published more often than they will, after so many samples;
    `broken`: of nodes with something wrong, the nodes at their ports; `left_out`: nodes that need one that is switched
    off; `document`: what ran; `told`: what the job said of itself at last, with watermarks as the sample ended."""

    nodes: dict[str, NodeRan]
    diagnostics: tuple[Diagnostic, ...] = ()
    error: UserError | InternalError | None = None
    preset: tuple[str, ...] = ()
    eager: Mapping[str, int] = field(default_factory=dict)
    broken: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    left_out: frozenset[str] = frozenset()
    document: Document | None = None
    told: dict[str, Any] = field(default_factory=dict)

    @property
    def failed_at(self) -> str | None:
        """The node that an error is at: the last of those that it names."""
        named = [] if self.error is None or self.error.node is None else self.error.node.split(", ")
        return next((node for node in reversed(self.nodes) if node in named), None)


def rerun(question: Question, samples: Samples) -> Ran:
    """Run a document over samples. Never raises for what a person wrote: see `error` and `diagnostics`."""
    started = time.perf_counter()
    eager: dict[str, int] = {}
    examined = examine(question.document, parameters=question.parameters, state=question.state,
                       environment=question.environment,
                       amend=None if question.faithful else lambda d: _eager(d, question.limit, eager))
    compiled = time.perf_counter()
    ran = Ran({}, examined.diagnostics, eager=eager)
    if examined.parts is not None:
        ran.document = examined.parts.document
        ran.left_out = frozenset(name for name, became in examined.skipped.items() if became == "left_out")
        ran.broken = _broken(examined.parts)
        ran.nodes = _nodes(examined, question, ran.broken)
        _run(question, examined, samples, ran)
    ended = time.perf_counter()
    ran.seconds = {"compile": compiled - started, "run": ended - compiled}
    return ran


def _eager(document: Document, limit: int, changed: dict[str, int]) -> Document:
    """Learners publish often enough for a sample; `changed`: those that would not, and how often they do."""
    most = max(1, limit // VERSIONS)

    def often(node: Node) -> Node:
        asked = node.properties.get("publish_every", most + 1)
        if node.component != "train_online_model" or isinstance(asked, int) and asked <= most:
            return node
        changed[node.id] = most
        return replace(node, properties={**node.properties, "publish_every": most})

    return replace(document, nodes=tuple(map(often, document.nodes)))


def _broken(parts: Parts) -> dict[str, dict[str, tuple[str, ...]]]:
    """What is connected to nodes with something wrong, as far as that is whole."""
    found: dict[str, dict[str, tuple[str, ...]]] = {n.id: {} for n in parts.document.nodes if n.id not in parts.inputs}
    for edge in parts.document.edges:
        if edge.target in found and edge.source in parts.inputs:
            ports = found[edge.target]
            ports[edge.port] = (*ports.get(edge.port, ()), edge.source)
    return found


def _nodes(examined: Examined, question: Question,
           broken: Mapping[str, Mapping[str, tuple[str, ...]]]) -> dict[str, NodeRan]:
    """The nodes that take part, inputs first."""
    parts = examined.parts
    assert parts is not None
    every = {**broken, **parts.inputs}
    only = None if question.only is None or len(every) <= question.few else question.only
    wanted = set(parts.inputs) if only is None else closure(every, only)
    components = {node.id: node.component for node in parts.document.nodes}
    found = {}
    for node, inputs in parts.inputs.items():
        if node in wanted:
            described, name = examined.schemas[node], components[node]
            found[node] = NodeRan(node, name, parts.components[name].gives, inputs, Schema(tuple(described.columns)),
                                  described.time, key=described.key)
    return found


def closure(inputs: Mapping[str, Mapping[str, Sequence[str]]], nodes: Iterable[str]) -> set[str]:
    """Nodes with all that feeds them."""
    found: set[str] = set()
    waiting = [node for node in nodes if node in inputs]
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting += [source for sources in inputs[node].values() for source in sources]
    return found


def _run(question: Question, examined: Examined, samples: Samples, ran: Ran) -> None:
    """Run once; again where keys stand further down in a dimension's file, and where a model had no version yet when
    its predictions were asked for."""
    from porsche.runners.preview.models import foretold

    assert examined.parts is not None
    once = _Once(question, examined.parts, samples, ran)
    once.run({})
    question = question.settled()
    if once.seek():
        once = _Once(question, examined.parts, samples, ran)
        once.run({})
    preset, asking = ({}, ()) if question.faithful else foretold(ran)
    if preset and ran.error is None:
        _Once(question, examined.parts, samples, ran, once.models).run(preset)
        ran.preset = asking


class _Once:
    """One run over the samples. `models`: the models of the run before."""

    def __init__(self, question: Question, parts: Parts, samples: Samples, ran: Ran,
                 models: ModelStore | None = None) -> None:
        self._question, self._document, self._settings = question, parts.document, parts.settings
        self._statements = [s for s in parts.statements if s.node in ran.nodes]
        self._samples, self._ran = samples, ran
        self.models = models or ModelStore()
        self._turns = Turns(self._ended)
        self._taken: dict[str, Taken] = {}
        self._stands: dict[str, Callable[[TableOptions], Rows]] = {}
        self._graph: Graph | None = None
        self._preset: Mapping[str, Rows] = {}
        self._marks: dict[str, int | None] = {}
        self._asked: list[tuple[NodeRan, Loading, TableOptions, set[Any]]] = []

    def run(self, preset: Mapping[str, Rows]) -> None:
        """Fill in what the nodes did. `preset`: versions of models that are known from the start."""
        ran, self._preset = self._ran, preset
        self._stands = {name: (lambda table, rows=rows: rows) for name, rows in preset.items()}  # type: ignore[misc]
        ran.error = None
        try:
            self._job(self._session()).run()
        except (UserError, InternalError) as error:
            ran.error = error
        for node, done in ran.nodes.items():
            if node not in preset:  # of those the run before has told what they learn
                done.given = self._taken.get(node) or self._taken.get(TAP + node) or Taken()
            done.late = 0
        self._count()

    def seek(self) -> bool:
        """Look for the keys that dimensions were asked for where only the first rows of their files are known; whether
        there were any to look for."""
        more = False
        for node, loading, table, keys in self._asked if self._ran.error is None else ():
            try:
                more |= loading.seek(table, self._samples, keys)
            except UserError as error:
                error.node = error.node or node.id
                self._ran.error = error
        return more and self._ran.error is None

    # ---- the session -------------------------------------------------------------------------------------------------

    def _session(self) -> Session:
        question = self._question
        nodes = {s.name: s.node for s in self._statements}
        session = Session(folder=Path(question.state), access=question.access, python=question.access is None,
                          clock=question.clock, nodes=nodes, connectors=self._connector)
        session.models = self.models
        for name, value in {"pipeline.name": "preview", **self._settings}.items():
            _say(session, SetProperty(this=text(name), expression=text(value)))
        self._declare(session)
        for statement in self._statements:
            if statement.kind == "insert":
                _say(session, statement.tree)
        for node in self._tapped():
            for tree in _tap(node):
                _say(session, tree)
        return session

    def _declare(self, session: Session) -> None:
        """Tables and views. What a table stands for is decided here, by its node."""
        filled = {s.name for s in self._statements if s.kind == "insert"}
        loads = {s.name: s for s in self._statements if s.kind == "load"}
        files = {table.name for load in loads.values() for table in load.tree.expression.find_all(exp.Table)}
        for statement in self._statements:
            name, node = statement.name, self._ran.nodes[statement.node]
            if statement.kind == "table":
                pipe = _option(statement.tree, "connector") == "pipe"
                if name in filled and (not pipe or name in self._preset):
                    self._taken[name] = Taken()
                elif name in loads:
                    self._stands[name] = self._loaded(loads[name], node)
                elif not pipe and name not in files:
                    self._stand_in(node, statement)
                tree = _told(statement.tree, self._question.secrets)
                _say(session, _standing(tree) if name in self._preset else tree)
            elif statement.kind == "view":
                _say(session, statement.tree)

    def _stand_in(self, node: NodeRan, statement: Statement) -> None:
        """Of a source and of a dimension."""
        if node.gives != "dimension" or self._wanted(node).is_given:
            self._stands[statement.name] = lambda table: self._sampled(node, table)
        elif _option(statement.tree, "zookeeper.quorum").startswith(f"embedded:{self._question.state}"):
            self._stands[statement.name] = lambda table: self._nothing(node, table)

    def _wanted(self, node: NodeRan) -> Wanted:
        """The sample that the request says, else the document."""
        spec = self._question.samples.get(node.id)
        return wanted_of(spec, self._document.samples.get(node.id), self._question.limit)

    def _sampled(self, node: NodeRan, table: TableOptions) -> Rows:
        try:
            node.sample = self._samples.of(table, self._wanted(node), self._question.access)
        except UserError as error:
            error.node = error.node or node.id
            raise
        time = -1 if node.time is None else table.schema.index(node.time)
        return Rows(node.sample.batch, None if time < 0 else time)

    def _nothing(self, node: NodeRan, table: TableOptions) -> Rows:
        node.sample = Sample(empty(table), "empty")
        return Rows(node.sample.batch)

    def _loaded(self, load: Statement, node: NodeRan) -> Callable[[TableOptions], Rows]:
        """The rows of a file, as they are loaded into a table."""
        loading = Loading.of(self._question, self._statements, load)

        def rows(table: TableOptions) -> Rows:
            if self._wanted(node).is_given:
                return self._sampled(node, table)
            try:
                node.sample = loading.rows(table, self._samples, self._wanted(node).anew)
            except UserError as error:
                error.node = error.node or node.id
                raise
            asked: set[Any] = set()
            self._asked.append((node, loading, table, asked))
            return Rows(node.sample.batch, asked=asked)

        return rows

    def _connector(self, table: TableSpec) -> Connector:
        name = table.option("connector")
        if name == STAND and table.name not in self._stands:
            return Stand(None, self._turns, taken=self._taken.setdefault(table.name, Taken()))
        rows, taken = self._stands.get(table.name), self._taken.get(table.name)
        if rows is None and taken is None:
            return connector(name, self._question.access)
        return Stand(_behind(name), self._turns, rows=rows, taken=taken, changes="I,UA,D" if name == STAND else "I")

    def _tapped(self) -> list[NodeRan]:
        """The nodes whose rows are taken on their way."""
        return [node for node in self._ran.nodes.values()
                if node.gives in ("rows", "model") and node.id not in self._taken]

    # ---- the job -----------------------------------------------------------------------------------------------------

    def _job(self, session: Session) -> Job:
        if not session.phases:
            raise UserError("nothing_to_run", "there is nothing to preview")
        options = RunOptions(durable=False, shards=1)
        program = session.program(session.phases[-1])
        self._graph = session.graph(program, session.folder, options)
        self._graph.flow = {name: NodeFlow(tuple(s for sources in node.inputs.values() for s in sources), False)
                            for name, node in self._ran.nodes.items()}
        return Job(self._graph, session.folder, JobOptions(checkpoint_interval=None, durable=False),
                   sync=self.models.sync, clock=self._question.clock, on_status=self._ran.told.update)

    def _ended(self) -> None:
        """The samples have been given: how far has event time come at each node?"""
        assert self._graph is not None
        marks: dict[str, int | None] = {}
        for operator in self._graph.operators:
            self._marks[operator.uid] = _mark(operator.watermark)
            for owner in self._owners(operator):
                marks[owner] = self._marks[operator.uid]
        for name, node in self._ran.nodes.items():
            if name in self._preset:
                continue
            below = [marks.get(source) for sources in node.inputs.values() for source in sources]
            node.watermark = marks[name] if name in marks else min((m for m in below if m is not None), default=None)
            marks[name] = node.watermark

    def _owners(self, operator: Operator) -> list[str]:
        """The node whose work an operator does last."""
        return [node for node in reversed(self._ran.nodes) if node in operator.nodes][:1]

    def _count(self) -> None:
        for operator in self._graph.operators if self._graph is not None else ():
            for node in self._owners(operator):
                self._ran.nodes[node].late += operator.counters.late
        for work in self._ran.told.get("operators", ()):
            work["watermark"] = self._marks.get(work["uid"])


def _mark(watermark: int) -> int | None:
    return None if watermark in (MIN_WATERMARK, MAX_WATERMARK) else watermark


def _say(session: Session, tree: exp.Expr) -> None:
    for _ in session.statement(tree):
        pass


def _behind(name: str) -> Connector | None:
    """The connector that a table has in a run; None where this engine has none of that name."""
    try:
        return connector(name)
    except UserError:
        return None


def _tap(node: NodeRan) -> tuple[exp.Expr, exp.Expr]:
    """A table for what a node gives, and the statement that fills it."""
    assert node.schema is not None
    columns = [(f.name, type_tree(f.type.as_nullable())) for f in node.schema]
    names = [exp.Column(this=exp.to_identifier(f.name, quoted=True)) for f in node.schema]
    query = exp.select(*names).from_(exp.Table(this=exp.to_identifier(node.id, quoted=True)))
    return create_table(TAP + node.id, columns, {"connector": STAND}), insert(TAP + node.id, query)


def _option(tree: exp.Expr, name: str) -> str:
    """An option of a CREATE TABLE."""
    return next((o.expression.name for o in tree.args.get("options") or () if o.this.name == name), "")


def _standing(tree: exp.Expr) -> exp.Expr:
    """A table that lives inside a job as one with a connector."""
    changed = tree.copy()
    for option in changed.args.get("options") or ():
        if option.this.name == "connector":
            option.set("expression", text(STAND))
    return changed


def _told(tree: exp.Expr, secrets: Mapping[str, str]) -> exp.Expr:
    """A statement with the values of the secrets that it names."""
    if not any("${secret:" in o.expression.name for o in tree.args.get("options") or ()):
        return tree
    return parse_one(resolved(generate(tree), secrets))
