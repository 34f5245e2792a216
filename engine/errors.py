"""The two kinds of failure: what a user can mend, and what is our own fault."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Place:
    """A span of SQL text: 1-based line and column of its first character, offsets of first and past-last character."""

    line: int
    column: int
    start: int = 0
    end: int = 0

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}"


class UserError(Exception):
    """Something the user can mend: what is wrong, where, and what to do.

    `code` is a short, stable word for programs ("unknown_column", "not_supported", ...); `place` is where in the
    SQL text, `node` the pipeline node or operator it came from, `hint` what to do about it; `record` tells, of an error
    in the data, where it stands: the `source` and the numbers of its rows that were being processed (`first`, `last`),
    and, where one expression is known to have failed for one row, the `values` it read there, as text.
    """

    def __init__(self, code: str, message: str, *, hint: str | None = None, place: Place | None = None,
                 node: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.place = place
        self.node = node
        self.record: dict[str, Any] | None = None

    def __str__(self) -> str:
        where = "".join(f"{part}: " for part in (self.node, self.place) if part)
        return f"{where}{self.message}" + (f" ({self.hint})" if self.hint else "")

    def as_dict(self) -> dict[str, object]:
        """The error as JSON values, absent parts left out."""
        place = self.place and {"line": self.place.line, "column": self.place.column,
                                "start": self.place.start, "end": self.place.end}
        parts = {"code": self.code, "message": self.message, "hint": self.hint, "place": place, "node": self.node,
                 "record": self.record}
        return {name: value for name, value in parts.items() if value is not None}


class NotSupported(UserError):
    """Valid Flink SQL that this engine does not run (yet)."""

    def __init__(self, what: str, *, hint: str | None = None, place: Place | None = None) -> None:
        super().__init__("not_supported", f"{what} is not supported by the bundled engine", hint=hint, place=place)


class RuntimeFault(UserError):
    """A row made an expression fail while the job ran (division by zero, a cast that does not fit)."""

    def __init__(
        self, message: str, *, code: str = "runtime", hint: str | None = None, node: str | None = None
    ) -> None:
        super().__init__(code, message, hint=hint, node=node)


class Unavailable(UserError):
    """What may succeed if it is tried again: a service that is down, a lost connection, a disk that is full for now.
    A connector says so by raising this."""


class InternalError(Exception):
    """Our own fault: a broken invariant. Never shown to users without the words 'this is a bug'. `node`: the pipeline
    node or operator that it happened in, where that is known."""

    node: str | None = None
