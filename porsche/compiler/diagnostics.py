"""What is wrong with a document, all at once, each with its place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

Path = tuple[str | int, ...]
"""Where something is in a document: ("nodes", 2, "properties", "keys")."""


@dataclass(frozen=True)
class Diagnostic:
    """Something to say about a document. `severity`: error or warning; `line` and `column` (from 1) of the document."""

    severity: str
    code: str
    message: str
    hint: str = ""
    node: str = ""
    property: str = ""
    line: int = 0
    column: int = 0

    def as_dict(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "severity": self.severity,
            "node": self.node or None,
            "property": self.property or None,
            "message": self.message,
            "hint": self.hint or None,
            "line": self.line or None,
            "column": self.column or None,
        }

    def __str__(self) -> str:
        where = ".".join(part for part in (self.node, self.property) if part)
        place = f"line {self.line}, column {self.column}: " if self.line else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.severity}: {place}{where + ': ' if where else ''}{self.message}{hint} [{self.code}]"


class Collector:
    """Gathers diagnostics; knows the place of every part of the document."""

    def __init__(self, places: dict[Path, tuple[int, int]]) -> None:
        self._places = places
        self._found: dict[Diagnostic, Path] = {}

    def error(
        self, path: Sequence[str | int], code: str, message: str, hint: str = "", *, node: str = "", property: str = ""
    ) -> None:
        self._add("error", tuple(path), code, message, hint, node, property)

    def warning(
        self, path: Sequence[str | int], code: str, message: str, hint: str = "", *, node: str = "", property: str = ""
    ) -> None:
        self._add("warning", tuple(path), code, message, hint, node, property)

    def _add(self, severity: str, path: Path, code: str, message: str, hint: str, node: str, property: str) -> None:
        known = path
        while known and known not in self._places:
            known = known[:-1]
        line, column = self._places.get(known, (0, 0))
        self._found[Diagnostic(severity, code, message, hint, node, property, line, column)] = path

    @property
    def failed(self) -> bool:
        return any(d.severity == "error" for d in self._found)

    def result(self) -> tuple[Diagnostic, ...]:
        """In order of place, errors of one place in the order they were found."""
        return tuple(sorted(self._found, key=lambda d: (d.line, d.column)))


class DocumentError(Exception):
    """A document that cannot be compiled."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n".join(str(d) for d in self.diagnostics))


def near(word: str, known: Iterable[str], what: str) -> str:
    """A hint: the word that was meant, or all there are."""
    words = list(known)
    close = get_close_matches(word, words, n=1, cutoff=0.6)
    if close:
        return f"did you mean '{close[0]}'?"
    return f"{what} are {', '.join(words[:20])}" if words else f"there are no {what}"
