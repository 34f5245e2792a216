"""What is wrong with a document, all at once, each with its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from porsche.components.hints import near

__all__ = ["Collector", "Diagnostic", "DocumentError", "Fix", "Found", "Path", "near"]

Path = tuple[str | int, ...]
"""Where something is in a document: ("nodes", 2, "properties", "keys")."""


@dataclass(frozen=True)
class Fix:
    """What would mend it: a label for people, and commands on the document as the editor has them
    (`frontend/src/document/commands.ts`)."""

    label: str
    commands: tuple[Mapping[str, Any], ...]

    def as_dict(self) -> dict[str, Any]:
        return {"label": self.label, "commands": [dict(command) for command in self.commands]}


@dataclass(frozen=True)
class Diagnostic:
    """Something to say about a document. `severity`: error or warning; `line` and `column` (from 1) of the document;
    `fixes`: what would mend it, best first."""

    severity: str
    code: str
    message: str
    hint: str = ""
    node: str = ""
    property: str = ""
    line: int = 0
    column: int = 0
    fixes: tuple[Fix, ...] = field(default=(), compare=False)

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
            "fixes": [fix.as_dict() for fix in self.fixes],
        }

    def __str__(self) -> str:
        where = ".".join(part for part in (self.node, self.property) if part)
        place = f"line {self.line}, column {self.column}: " if self.line else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.severity}: {place}{where + ': ' if where else ''}{self.message}{hint} [{self.code}]"


@dataclass(frozen=True)
class Found:
    """Where a diagnostic comes from: its path in the document, and the characters of the text there, if they are
    known. `calls`: of something inside a node, what tables are called there -> what they are called."""

    path: Path
    span: tuple[int, int] | None = None
    calls: Mapping[str, str] = field(default_factory=dict)


class Collector:
    """Gathers diagnostics; knows the place of every part of the document."""

    def __init__(self, places: dict[Path, tuple[int, int]]) -> None:
        self._places = places
        self._found: dict[Diagnostic, Found] = {}
        self._errors = 0

    def error(self, path: Sequence[str | int], code: str, message: str, hint: str = "", *, node: str = "",
              property: str = "", span: tuple[int, int] | None = None, calls: Mapping[str, str] | None = None) -> None:
        self._add("error", Found(tuple(path), span, calls or {}), code, message, hint, node, property)

    def warning(
        self, path: Sequence[str | int], code: str, message: str, hint: str = "", *, node: str = "", property: str = ""
    ) -> None:
        self._add("warning", Found(tuple(path)), code, message, hint, node, property)

    def _add(self, severity: str, found: Found, code: str, message: str, hint: str, node: str, property: str) -> None:
        self._errors += severity == "error"
        known = found.path
        while known and known not in self._places:
            known = known[:-1]
        line, column = self._places.get(known, (0, 0))
        self._found[Diagnostic(severity, code, message, hint, node, property, line, column)] = found

    @property
    def errors(self) -> int:
        """How often an error was said so far."""
        return self._errors

    @property
    def failed(self) -> bool:
        return any(d.severity == "error" for d in self._found)

    def result(self) -> tuple[Diagnostic, ...]:
        """In order of place, errors of one place in the order they were found."""
        return tuple(sorted(self._found, key=lambda d: (d.line, d.column)))

    def mend(self, fixes: Callable[[Diagnostic, Found], Sequence[Fix]]) -> None:
        """Give each diagnostic what would mend it."""
        self._found = {replace(d, fixes=tuple(fixes(d, found))): found for d, found in self._found.items()}


class DocumentError(Exception):
    """A document that cannot be compiled."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n".join(str(d) for d in self.diagnostics))
