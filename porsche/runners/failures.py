"""Why a job could not go on, and whether starting it again may help."""

from __future__ import annotations

import errno
import traceback
from dataclasses import asdict, dataclass
from typing import Any

from engine.errors import Unavailable, UserError
from porsche.compiler import DocumentError

PASSING = frozenset({
    "checkpoint_io", "function_crashed", "function_memory", "function_timeout", "in_use", "no_worker", "out_of_memory",
    "state_folder", "store_unavailable", "unreadable", "unreadable_file", "unwritable_folder",
})  # fmt: skip
"""Codes of what users may see whose cause may go away by itself: full disks, services that are down, memory."""
_LASTING = frozenset({
    errno.ENOENT, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EISDIR, errno.EROFS, errno.ENAMETOOLONG,
})  # fmt: skip


@dataclass(frozen=True)
class Failure:
    """A failure for people. `node`, `property`, `line` and `column` are of the document; `trace`: of our own faults
    only; `retryable`: the same attempt may succeed later, as it is neither the document's nor the data's fault;
    `record`: the row at fault, as `UserError.record` says."""

    code: str
    message: str
    hint: str | None = None
    node: str | None = None
    property: str | None = None
    line: int | None = None
    column: int | None = None
    trace: str | None = None
    retryable: bool = False
    record: dict[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def failure(error: BaseException) -> Failure:
    """What an exception that ended a job means."""
    if isinstance(error, DocumentError):
        return _of_document(error)
    if isinstance(error, UserError):
        passing = error.code in PASSING or isinstance(error, Unavailable)
        return Failure(error.code, error.message, error.hint, error.node, retryable=passing, record=error.record)
    if isinstance(error, MemoryError):
        return Failure("out_of_memory", "there was not enough memory", "give the machine more, or let state expire",
                       retryable=True)
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return Failure("input_output", f"{where}{error.strerror or error}", retryable=error.errno not in _LASTING)
    trace = "".join(traceback.format_exception(error))
    return Failure("internal_error", f"this is a bug: {type(error).__name__}: {error}",
                   "the log has the trace; please report it", trace=trace, retryable=True)


def _of_document(error: DocumentError) -> Failure:
    first = next((d for d in error.diagnostics if d.severity == "error"), None)
    if first is None:
        return Failure("invalid_document", str(error))
    others = sum(1 for d in error.diagnostics if d.severity == "error") - 1
    more = f" (and {others} more)" if others else ""
    return Failure(first.code, f"{first.message}{more}", first.hint or None, first.node or None,
                   first.property or None, first.line or None, first.column or None)
