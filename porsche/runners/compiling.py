"""Documents compiled apart from whoever asks, within limits of time and memory: what a person writes cannot hold up who
serves many.

`compiled` asks a process, of which some are kept; `python -m porsche.runners.compiling SOCKET LEASH REPORT` is one.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from engine.workers import Busy, Limits, Lost, Pool
from porsche.compiler import Diagnostic, DocumentError, Memo, environment, examine
from porsche.compiler.diagnostics import Collector
from porsche.compiler.document import Document
from porsche.compiler.graph import connect
from porsche.compiler.recognise import Recognised, recognise
from porsche.runners import expressions

LIMITS = Limits(timeout=20, memory=1 << 30)
"""Of one document; a pipeline of 1,000 nodes takes half a second."""
PATIENCE = 10.0
"""Seconds to wait for a process that is not busy with another document."""
PROCESSES = 2

Result = dict[str, Any]
_pool = Pool("porsche.runners.compiling", limits=LIMITS, size=PROCESSES)


def compiled(document: str, parameters: Mapping[str, str], where: str, state: str) -> tuple[Result, bool]:
    """All there is to say about a document, as JSON values (`sql` is None where it cannot be compiled), and whether it
    will be the same when it is asked again."""
    question = {"document": document, "parameters": dict(parameters), "environment": where, "state": state}
    try:
        with _pool.process(PATIENCE) as process:
            answer, _ = process.ask(question)
            return answer, True
    except Lost as lost:
        return _refused("too_expensive", f"the compiler {_WHY[lost.why]}",
                        "make several smaller pipelines of it"), False
    except Busy:
        return _refused("busy", "the compiler is busy with other documents", "ask again"), False


_WHY = {"hung": f"did not come to an end within {LIMITS.timeout:g} s", "died": "broke down over the document",
        "grew": f"needed more memory than {LIMITS.memory >> 20} MB"}


def meaning(question: Mapping[str, Any]) -> Result:
    """What an expression means: see `porsche.runners.expressions`."""
    try:
        with _pool.process(PATIENCE) as process:
            answer, _ = process.ask({"expression": dict(question)})
            return dict(answer)
    except Lost as lost:
        return _no_meaning("too_expensive", f"the compiler {_WHY[lost.why]}", "make it simpler")
    except Busy:
        return _no_meaning("busy", "the compiler is busy with other documents", "ask again")


def recognised(sql: str, document: str | None, parameters: Mapping[str, str], where: str, state: str) -> Result:
    """What a text of SQL is as a pipeline, and what has to change in a document for it: see
    `porsche.compiler.recognise`."""
    question = {"sql": sql, "document": document, "parameters": dict(parameters), "environment": where, "state": state}
    try:
        with _pool.process(PATIENCE) as process:
            answer, _ = process.ask(question)
            return dict(answer)
    except Lost as lost:
        return _not_recognised("too_expensive", f"the compiler {_WHY[lost.why]}", "write several smaller pipelines")
    except Busy:
        return _not_recognised("busy", "the compiler is busy with other documents", "ask again")


def _not_recognised(code: str, message: str, hint: str) -> Result:
    return Recognised(diagnostics=(Diagnostic("error", code, message, hint),)).as_json()


def _no_meaning(code: str, message: str, hint: str) -> Result:
    return {"type": None, "columns": [], "error": {"code": code, "message": message, "hint": hint, "span": None}}


def warm() -> None:
    """Start a process, so that the first document need not wait for it."""
    _pool.warm()


def close() -> None:
    """End the processes."""
    _pool.close()


def errors_of(result: Result) -> DocumentError:
    """A result that is not valid as the error that it stands for."""
    return DocumentError(
        Diagnostic(**{name: found[name] if found[name] is not None else empty for name, empty in _EMPTY.items()})
        for found in result["diagnostics"])


_EMPTY: dict[str, Any] = {"severity": "", "code": "", "message": "", "hint": "", "node": "", "property": "", "line": 0,
                          "column": 0}


# ---- in the process --------------------------------------------------------------------------------------------------


_memo = Memo()


def described(document: str, parameters: Mapping[str, str], where: str, state: str) -> Result:
    """All there is to say about a document, in this process, which remembers what nodes of documents before became."""
    found = examine(document, parameters=parameters, state=state, environment=environment(where), memo=_memo)
    graph = None if found.parts is None else graph_of(found.parts.document)
    more = {"graph": graph, "components": found.components(), "skipped": dict(found.skipped),
            "inner": {node: schema.as_json() for node, schema in found.inner.items()}}
    if found.compiled is not None:
        return {"valid": True, **found.compiled.as_json(), **more}
    columns = {node: schema.as_json() for node, schema in found.schemas.items()}
    return {**_invalid([d.as_dict() for d in found.diagnostics]), "nodes": columns, **more}


def _invalid(diagnostics: list[dict[str, Any]]) -> Result:
    return {"valid": False, "name": None, "sql": None, "statements": [], "nodes": {}, "lineage": {}, "settings": {},
            "diagnostics": diagnostics, "graph": None, "components": [], "skipped": {}, "inner": {}}


def _refused(code: str, message: str, hint: str) -> Result:
    return _invalid([Diagnostic("error", code, message, hint).as_dict()])


def graph_of(document: Document) -> Result:
    """As much of the graph as can be read."""
    ports = _ports(document)
    return {
        "name": document.name,
        "description": document.description,
        "parameters": [{"name": p.name, "default": p.default, "description": p.description}
                       for p in document.parameters.values()],
        "settings": dict(document.settings),
        "nodes": [{"id": n.id, "component": n.component, "label": n.label, "disabled": n.disabled,
                   "properties": n.properties}
                  for n in document.nodes],
        "edges": [{"from": e.source, "to": e.target, "source_port": None,
                   "target_port": e.port or ports.get((e.source, e.target))} for e in document.edges],
    }


def _ports(document: Document) -> dict[tuple[str, str], str]:
    """The ports that edges which name none end at, by their ends."""
    named = {(edge.source, edge.target, edge.port) for edge in document.edges if edge.port}
    return {(source, place.node.id): port
            for place in connect(document, Collector({}))
            for port, sources in place.inputs.items()
            for source in sources if (source, place.node.id, port) not in named}


def _answer(question: Any, buffers: Sequence[bytearray]) -> tuple[Result, Sequence[bytes]]:
    if "expression" in question:
        return expressions.meaning(question["expression"]), ()
    if "sql" in question:
        found = recognise(question["sql"], previous=question["document"], parameters=question["parameters"],
                          environment=environment(question["environment"]), state=question["state"])
        return found.as_json(), ()
    return described(question["document"], question["parameters"], question["environment"], question["state"]), ()


class Tidying:
    """Collects garbage between questions. A document is many small objects: looking for garbage while it is compiled
    makes some take half as long again. What is forgotten of nodes only a whole collection finds."""

    WHOLE = 100
    """Answers between two whole collections: about 30 MB."""

    def __init__(self) -> None:
        self._answers = 0

    def __call__(self) -> None:
        self._answers += 1
        gc.collect(1 if self._answers % self.WHOLE else 2)


if __name__ == "__main__":
    from engine.workers.served import serve

    gc.collect()
    gc.freeze()  # modules stay
    gc.set_threshold(500_000, 20, 100)
    serve(sys.argv[1:4], _answer, Tidying())
