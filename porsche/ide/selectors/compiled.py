"""Documents compiled for people: SQL, columns, lineage, diagnostics, and the graph even of a broken document."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock
from typing import Any

from porsche.compiler import Compiled, DocumentError, compile_text, environment
from porsche.compiler.document import Document, load
from porsche.compiler.graph import connect

LARGEST = 1 << 20
"""Characters a document may have."""
KEPT = 128
"""Results that are remembered."""
STATE = "state"

Result = dict[str, Any]


class _Kept:
    """The newest results by what they were made of."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = Lock()
        self._results: OrderedDict[str, Result] = OrderedDict()

    def get(self, key: str) -> Result | None:
        with self._lock:
            found = self._results.get(key)
            if found is not None:
                self._results.move_to_end(key)
            return found

    def put(self, key: str, result: Result) -> None:
        with self._lock:
            self._results[key] = result
            while len(self._results) > self._most:
                self._results.popitem(last=False)


_kept = _Kept(KEPT)


def digest(document: str) -> str:
    """The SHA-256 of a document."""
    return hashlib.sha256(document.encode()).hexdigest()


def compiled(document: str, parameters: Mapping[str, str] | None = None, where: str = "dev",
             state: str = STATE) -> Result:
    """All there is to say about a document; `sql` is None where it cannot be compiled. Callers do not change it."""
    key = digest(json.dumps([document, sorted((parameters or {}).items()), where, state]))
    found = _kept.get(key)
    if found is None:
        found = _compiled(document, parameters or {}, where, state)
        _kept.put(key, found)
    return found


def diagnostics(document: str) -> Result:
    """Whether a document is valid, and what there is to say about it."""
    whole = compiled(document)
    return {"valid": whole["valid"], "diagnostics": whole["diagnostics"]}


def require_valid(document: str, parameters: Mapping[str, str], where: str, state: str) -> Compiled:
    """The compiled document; DocumentError with every error."""
    return compile_text(document, parameters=parameters, state=state, environment=environment(where))


def _compiled(document: str, parameters: Mapping[str, str], where: str, state: str) -> Result:
    try:
        made = require_valid(document, parameters, where, state)
    except DocumentError as error:
        return {"valid": False, "name": None, "sql": None, "statements": [], "nodes": {}, "lineage": {}, "settings": {},
                "diagnostics": [d.as_dict() for d in error.diagnostics], "graph": _graph(document)}
    return {"valid": True, **made.as_json(), "graph": _graph(document)}


def _graph(text: str) -> Result | None:
    """As much of the graph as can be read; None where the text is no YAML."""
    try:
        document, collector = load(text)
        ports = _ports(document, collector)
    except DocumentError:
        return None
    return {
        "name": document.name,
        "description": document.description,
        "parameters": [{"name": p.name, "default": p.default, "description": p.description}
                       for p in document.parameters.values()],
        "settings": dict(document.settings),
        "nodes": [{"id": n.id, "component": n.component, "label": n.label, "properties": n.properties}
                  for n in document.nodes],
        "edges": [{"from": e.source, "to": e.target, "source_port": None,
                   "target_port": e.port or ports.get((e.source, e.target))} for e in document.edges],
    }


def _ports(document: Document, collector: Any) -> dict[tuple[str, str], str]:
    """The ports that edges which name none end at, by their ends."""
    named = {(edge.source, edge.target, edge.port) for edge in document.edges if edge.port}
    return {(source, place.node.id): port
            for place in connect(document, collector)
            for port, sources in place.inputs.items()
            for source in sources if (source, place.node.id, port) not in named}
