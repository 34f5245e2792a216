"""Documents compiled for people: SQL, columns, lineage, diagnostics, and the graph even of a broken document. The work
is done in another process, and what it found is remembered here."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock

from porsche.runners.compiling import Result, errors_of
from porsche.runners.compiling import compiled as _compiled

LARGEST = 1 << 20
"""Characters a document may have."""
KEPT = 128
"""Results that are remembered."""
STATE = "state"


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
        found, lasts = _compiled(document, parameters or {}, where, state)
        if lasts:
            _kept.put(key, found)
    return found


def diagnostics(document: str) -> Result:
    """Whether a document is valid, and what there is to say about it."""
    whole = compiled(document)
    return {"valid": whole["valid"], "diagnostics": whole["diagnostics"]}


def require_valid(document: str, parameters: Mapping[str, str], where: str, state: str) -> None:
    """DocumentError with every error where the document cannot be compiled."""
    found = compiled(document, parameters, where, state)
    if not found["valid"]:
        raise errors_of(found)
