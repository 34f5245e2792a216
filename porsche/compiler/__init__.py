"""The compiler: a pipeline document becomes Flink SQL, with where everything came from.

    compiled = compile_text(text, parameters={"events": "events.csv"}, state="state")
    compiled.text           # the SQL, deterministic byte for byte
    compiled.diagnostics    # warnings; DocumentError holds the errors, all at once

Stages: document -> graph -> schemas and checks, node after node -> statements -> SQL and provenance.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.analyze import Analyzer
from porsche.compiler import secrets
from porsche.compiler.bypass import reduced
from porsche.compiler.diagnostics import Collector, Diagnostic, DocumentError, Fix
from porsche.compiler.document import Document, load
from porsche.compiler.environment import Environment, environment
from porsche.compiler.fixes import Fixer
from porsche.compiler.graph import Components, Connected, connect
from porsche.compiler.lineage import Lineage, lineage_of
from porsche.compiler.lowering import Lowerer
from porsche.compiler.memo import Memo
from porsche.compiler.parameters import Parameters
from porsche.compiler.printing import Printed, Printer
from porsche.compiler.shape import INSIDE
from porsche.compiler.statements import Described, Statement
from porsche.compiler.subpipelines import Composite, local_components
from porsche.components import catalogue
from porsche.components.declaration import declaration

__all__ = [
    "Compiled",
    "Described",
    "Diagnostic",
    "DocumentError",
    "Environment",
    "Examined",
    "Fix",
    "Memo",
    "Parts",
    "Printed",
    "check_text",
    "compile_text",
    "environment",
    "examine",
]


@dataclass(frozen=True)
class Compiled:
    """A pipeline as SQL. `statements` in order of the text; `nodes`: table or view -> node; `schemas` by node."""

    name: str
    text: str
    statements: tuple[Printed, ...]
    nodes: Mapping[str, str]
    schemas: Mapping[str, Described]
    settings: Mapping[str, str]
    diagnostics: tuple[Diagnostic, ...] = ()
    _trees: tuple[Statement, ...] = field(default=(), repr=False)

    def statements_of(self, node: str) -> tuple[Printed, ...]:
        """The statements a node became."""
        return tuple(s for s in self.statements if s.node == node)

    def node_at(self, offset: int) -> str | None:
        """The node whose statement stands at an offset of the text."""
        return next((s.node for s in self.statements if s.span[0] <= offset < s.span[1] and s.node), None)

    def as_json(self) -> dict[str, Any]:
        """The SQL with where everything came from, as JSON values."""
        return {
            "name": self.name,
            "sql": self.text,
            "statements": [
                {"kind": s.kind, "node": s.node or None, "name": s.name, "span": list(s.span)} for s in self.statements
            ],
            "nodes": {node: described.as_json() for node, described in self.schemas.items()},
            "lineage": self.lineage(),
            "settings": dict(self.settings),
            "diagnostics": [d.as_dict() for d in self.diagnostics],
        }

    def lineage(self) -> Lineage:
        """Where each column of each node comes from: node -> column -> (node, column)s it is made of."""
        columns = {node: tuple(f.name for f in described.columns) for node, described in self.schemas.items()}
        return lineage_of(self._trees, columns)


@dataclass(frozen=True)
class Parts:
    """What nodes became that have nothing wrong with them: their statements, and the nodes at each of their ports;
    inputs come first."""

    document: Document
    statements: tuple[Statement, ...] = ()
    inputs: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    components: Components = field(default_factory=catalogue)


@dataclass(frozen=True)
class Examined:
    """All there is to say about a document: `compiled` where it is right, the columns of each node, and what it became,
    as far as they are known even where it is not.

    `inner`: columns of what is inside nodes of local components, as `outer__inner`; `skipped`: what became of nodes
    that are switched off, or cannot be without one, "bypassed" or "left_out".
    """

    compiled: Compiled | None
    diagnostics: tuple[Diagnostic, ...]
    schemas: Mapping[str, Described] = field(default_factory=dict)
    parts: Parts | None = None
    inner: Mapping[str, Described] = field(default_factory=dict)
    skipped: Mapping[str, str] = field(default_factory=dict)

    def components(self) -> list[dict[str, Any]]:
        """The declarations of the document's own components."""
        own = self.parts.components if self.parts else {}
        return [declaration(name, component) for name, component in own.items() if issubclass(component, Composite)]


def compile_text(text: str, *, parameters: Mapping[str, str] | None = None, state: str = "state",
                 environment: Environment | None = None) -> Compiled:
    """Compile a document; DocumentError with every error where there is one."""
    examined = examine(text, parameters=parameters, state=state, environment=environment)
    if examined.compiled is None:
        raise DocumentError(examined.diagnostics)
    return examined.compiled


def check_text(text: str, *, parameters: Mapping[str, str] | None = None, state: str = "state",
               environment: Environment | None = None) -> tuple[Diagnostic, ...]:
    """Everything there is to say about a document."""
    return examine(text, parameters=parameters, state=state, environment=environment).diagnostics


def examine(text: str, *, parameters: Mapping[str, str] | None = None, state: str = "state",
            environment: Environment | None = None, amend: Callable[[Document], Document] | None = None,
            memo: Memo | None = None) -> Examined:
    """Everything that can be found out about a document, however broken it is. `amend`: what to make of it before;
    `memo`: what nodes of documents before it became, which makes the answer sooner and no other."""
    try:
        return _examine(text, parameters or {}, state, environment, amend or (lambda document: document), memo)
    except DocumentError as error:
        return Examined(None, error.diagnostics)
    except RecursionError:
        deep = Diagnostic("error", "too_deep", "parts of an expression or query lie too deep in each other",
                          "compute a part of it in a node before")
        return Examined(None, (deep,))


def _examine(text: str, given: Mapping[str, str], state: str, where: Environment | None,
             amend: Callable[[Document], Document], memo: Memo | None) -> Examined:
    document, collector = load(text)
    document = amend(document)
    parameters = Parameters(document, given, state, collector)
    settings = {name: parameters.fill(value, ("settings", name)) for name, value in document.settings.items()}
    for path in secrets.misplaced(settings):
        collector.error(("settings", *path), "misplaced_secret", "a secret may not stand here", secrets.HINT)
    local = local_components(document, collector)
    places, skipped = _graph(document, local, collector)
    analyzer = Analyzer(settings=dict(settings))
    lowerer = Lowerer(analyzer, where or environment("dev"), parameters, collector, memo)
    for place in places:
        lowerer.node(place)
    _check_use(document, places, collector)
    collector.mend(Fixer(document, places, lowerer, local))
    schemas = {node: described for node, described in lowerer.described.items() if INSIDE not in node}
    inner = {node: described for node, described in lowerer.described.items() if INSIDE in node}
    compiled = None if collector.failed else _compiled(document, settings, lowerer, collector, schemas)
    inputs = {place.node.id: place.inputs for place in places if place.node.id in schemas}
    statements = tuple(s for s in lowerer.statements if s.node in schemas)
    parts = Parts(document, statements, inputs, settings, {**catalogue(), **local})
    return Examined(compiled, collector.result(), schemas, parts, inner, skipped)


def _graph(document: Document, local: Mapping[str, type[Composite]],
           collector: Collector) -> tuple[list[Connected], Mapping[str, str]]:
    """The nodes that take part, inputs first, and what became of those that are switched off."""
    left = reduced(connect(document, collector, {**catalogue(), **local}))
    return left.places, left.skipped


def _check_use(document: Document, places: list[Connected], collector: Collector) -> None:
    """A pipeline does something, and every node has a part in it."""
    read = {edge.source for edge in document.edges}  # an edge that is wrong has an error of its own
    for place in places:
        if place.component.gives and place.node.id not in read and not _writes(place):
            collector.warning(
                place.node.path,
                "unused_node",
                f"nothing reads '{place.node.id}'",
                "connect it, or remove it",
                node=place.node.id,
            )
    if not collector.failed and not any(
        not place.component.gives or place.component.gives == "model" or _writes(place) for place in places
    ):
        collector.error(("nodes",), "no_sink", "the pipeline writes nothing", "add a table sink or a metric sink")


def _writes(place: Connected) -> bool:
    """Whether a node of a local component has a sink inside."""
    return issubclass(place.component, Composite) and place.component.writes


def _compiled(document: Document, settings: Mapping[str, str], lowerer: Lowerer, collector: Collector,
              schemas: Mapping[str, Described]) -> Compiled:
    printer = Printer()
    printer.pipeline(document.name, settings, lowerer.statements)
    names = {s.name: s.node for s in lowerer.statements}
    return Compiled(
        document.name,
        printer.text,
        tuple(printer.printed),
        names,
        schemas,
        settings,
        collector.result(),
        tuple(lowerer.statements),
    )
