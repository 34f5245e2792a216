"""The log of a job: one JSON object a line, without secrets, in files that are renamed when they are full."""

from __future__ import annotations

import json
import logging
import sys
import threading
import traceback
from collections.abc import Sequence
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import Any

from porsche.output import KEPT, LIMIT
from porsche.redaction import redact

LONGEST = 20_000
"""Characters of a message or trace that are kept."""


class Lines(logging.Formatter):
    """{"at": unix seconds, "level", "logger", "message", "attempt", "node"?, "trace"?}."""

    def __init__(self, attempt: int, secrets: Sequence[str]) -> None:
        super().__init__()
        self._attempt = attempt
        self._secrets = tuple(secrets)

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {"at": round(record.created, 3), "level": record.levelname, "logger": record.name,
                                "message": self._shown(record.getMessage()), "attempt": self._attempt}
        if node := getattr(record, "node", None):
            line["node"] = node
        if record.exc_info and record.exc_info[0]:
            line["trace"] = self._shown("".join(traceback.format_exception(*record.exc_info)))
        return json.dumps(line, ensure_ascii=False)

    def _shown(self, text: str) -> str:
        return redact(text[-LONGEST:], self._secrets)


def start(path: Path, attempt: int, secrets: Sequence[str] = ()) -> None:
    """Everything that this process logs goes into the file, what no one caught too."""
    handler = RotatingFileHandler(path, maxBytes=LIMIT, backupCount=KEPT, encoding="utf-8")
    handler.setFormatter(Lines(attempt, secrets))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    logging.captureWarnings(True)
    sys.excepthook = _uncaught
    threading.excepthook = lambda found: _uncaught(found.exc_type, found.exc_value, found.exc_traceback)


def _uncaught(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    logging.getLogger("porsche").critical("not caught: %s", error, exc_info=(kind, error or kind(), trace))
