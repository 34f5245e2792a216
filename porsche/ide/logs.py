"""The platform's log lines: each with the number of the request that it is about, without secrets."""

from __future__ import annotations

import logging
from contextvars import ContextVar

from porsche.redaction import redact

request: ContextVar[str] = ContextVar("request", default="-")
"""The number of the request that is worked for."""


class Lines(logging.Formatter):
    """Knows `{request}`; takes secrets out of messages and traces."""

    def format(self, record: logging.LogRecord) -> str:
        record.request = request.get()
        return redact(super().format(record))
