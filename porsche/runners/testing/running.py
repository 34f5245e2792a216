"""A test of a pipeline, run in this process."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.connectors.base import Access
from engine.errors import UserError
from porsche.compiler import Diagnostic, DocumentError, Environment
from porsche.compiler.diagnostics import near
from porsche.compiler.document import Document, load
from porsche.compiler.graph import components_of
from porsche.compiler.shape import Case
from porsche.redaction import redact
from porsche.runners.preview.rerun import NodeRan, Question, Ran, rerun
from porsche.runners.preview.sampling import Samples
from porsche.runners.preview.shown import changes
from porsche.runners.testing.comparing import Difference, Rule, compare

OP = "op"
"""The column in which an expected row may say what change it is: +I, -U, +U, -D."""
SHOWN = 200
"""Rows of a node in a result."""


@dataclass(frozen=True)
class Order:
    """What tests of a document are run with. `access`: what it may touch, None: anything; `secrets`: variables."""

    document: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    environment: Environment | None = None
    access: Access | None = None
    secrets: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Compared:
    """A node's rows beside the expected ones."""

    node: str
    columns: tuple[str, ...]
    difference: Difference

    def as_json(self) -> dict[str, Any]:
        lines = self.difference.lines
        return {"node": self.node, "passed": self.difference.same, "columns": list(self.columns), "rows": len(lines),
                "lines": [line.as_json() for line in _shown(lines)]}


@dataclass(frozen=True)
class Result:
    """What came of a test. `error`: why there is nothing to compare, or not all; its node too, where it is known."""

    name: str
    nodes: tuple[Compared, ...] = ()
    error: UserError | None = None
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        return self.error is None and all(node.difference.same for node in self.nodes)

    def as_json(self) -> dict[str, Any]:
        error = None if self.error is None else {
            "code": self.error.code, "message": self.error.message, "hint": self.error.hint, "node": self.error.node}
        return {"name": self.name, "passed": self.passed, "seconds": round(self.seconds, 3), "error": error,
                "nodes": [node.as_json() for node in self.nodes]}


def _shown(lines: Sequence[Any]) -> list[Any]:
    """The first lines, such as are not the same before the others."""
    if len(lines) <= SHOWN:
        return list(lines)
    chosen = sorted(range(len(lines)), key=lambda i: (lines[i].status == "same", i))[:SHOWN]
    return [lines[i] for i in sorted(chosen)]


def cases(document: str, names: Iterable[str] = ()) -> tuple[Case, ...]:
    """The tests of a document, or those of these names. DocumentError where it cannot be read; UserError
    "unknown_test"."""
    read, collector = load(document)
    if collector.failed:
        raise DocumentError(collector.result())
    known = {case.name: case for case in read.tests}
    for name in names:
        if name not in known:
            raise UserError("unknown_test", f"the document has no test '{name}'", hint=near(name, known, "tests"))
    wanted = set(names)
    return tuple(case for case in read.tests if not wanted or case.name in wanted)


def run(order: Order, case: Case) -> Result:
    """Run a test. Never raises for what a person wrote."""
    began = time.perf_counter()
    try:
        nodes, error = _run(order, case)
    except UserError as caught:
        nodes, error = (), caught
    return Result(case.name, nodes, error, time.perf_counter() - began)


def _run(order: Order, case: Case) -> tuple[tuple[Compared, ...], UserError | None]:
    document, _ = load(order.document)
    _require_nodes(document, case)
    with tempfile.TemporaryDirectory(prefix="porsche-test-") as folder:
        ran = rerun(Question(
            order.document, {**order.parameters, **case.parameters}, order.environment, order.access,
            frozenset(case.expect), samples=_samples(document, case), limit=10_000, state=folder,
            secrets=order.secrets, faithful=True), Samples(Path(folder) / "samples"))
    _require_ran(ran, case, order.secrets.values())
    nodes = tuple(_compared(ran.nodes[node], rows, case.ordered) for node, rows in case.expect.items())
    return nodes, None


def _require_nodes(document: Document, case: Case) -> None:
    known = {node.id: node for node in document.nodes}
    for node in (*case.given, *case.expect):
        if node not in known:
            raise UserError("unknown_node", f"the test names '{node}', and there is no such node",
                            hint=near(node, known, "nodes"))
    components = components_of(document)
    for node in case.given:
        component = components.get(known[node].component)
        if component is not None and component.inputs:
            raise UserError("not_a_source", f"'{node}' is given rows, but it has inputs",
                            hint="give rows to the sources that feed it", node=node)


def _samples(document: Document, case: Case) -> dict[str, dict[str, Any]]:
    """What sources give: the test's rows, else the sample that the document keeps, else nothing."""
    empty: dict[str, dict[str, Any]] = {node.id: {"rows": []} for node in document.nodes
                                        if node.id not in document.samples}
    return {**empty, **{node: {"rows": [dict(row) for row in rows]} for node, rows in case.given.items()}}


def _require_ran(ran: Ran, case: Case, secrets: Iterable[str]) -> None:
    """UserError where a node that is expected to give rows gave none that can be trusted."""
    for node in case.expect:
        if node not in ran.nodes:
            raise _broken(node, ran.diagnostics)
    if ran.error is not None:
        error = ran.error
        code = error.code if isinstance(error, UserError) else "internal"
        hint = error.hint if isinstance(error, UserError) else None
        raise UserError(code, redact(str(getattr(error, "message", error)), tuple(secrets)), hint=hint,
                        node=ran.failed_at)
    for node in case.expect:
        taken = ran.nodes[node].given
        if taken.rows > sum(batch.length for batch in taken.batches):
            raise UserError("too_many_rows", f"'{node}' gave {taken.rows:,} rows, more than a test compares",
                            hint="give fewer rows", node=node)


def _broken(node: str, diagnostics: Sequence[Diagnostic]) -> UserError:
    """Why a node did not run."""
    errors = [d for d in diagnostics if d.severity == "error" and d.node]
    first = next((d for d in errors if d.node == node), errors[0] if errors else None)
    if first is None:
        return UserError("left_out", f"'{node}' is switched off, or cannot be without a node that is", node=node)
    return UserError(first.code, first.message, hint=first.hint or None, node=first.node)


def _compared(node: NodeRan, expected: Sequence[Mapping[str, Any]], ordered: bool) -> Compared:
    names = node.schema.names if node.schema else ()
    by_change = OP not in names and any(OP in row for row in expected)
    known = (OP, *names) if by_change else names
    used = {column for row in expected for column in row}
    for column in used:
        if column not in known:
            raise UserError("unknown_column", f"'{node.id}' gives no column '{column}'",
                            hint=near(column, known, "columns"), node=node.id)
    columns = tuple(name for name in known if name in used or not used)
    wanted = [{OP: "+I", **row} for row in expected] if by_change else expected
    found = [{OP: kind, **row} for kind, row in changes(node)] if by_change else folded(node)
    return Compared(node.id, columns, compare(wanted, found, Rule(columns, ordered)))


def folded(node: NodeRan) -> list[dict[str, Any]]:
    """The rows that there are after all changes, in the order in which they came; a sink's with a key replace each
    other."""
    keyed = node.key if node.gives == "" else ()
    kept: dict[str, list[dict[str, Any]]] = {}
    for kind, row in changes(node):
        key = repr([row[column] for column in keyed] if keyed else row)
        if kind in ("-U", "-D"):
            if kept.get(key):
                kept[key].pop()
        elif keyed:
            kept[key] = [row]
        else:
            kept.setdefault(key, []).append(row)
    return [row for rows in kept.values() for row in rows]
