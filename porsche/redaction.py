"""Secrets in texts that people or files get: replaced before anybody sees them.

    redact("password=hunter2 at postgresql://me:pw@host")     # password=*** at postgresql://***@host
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

HIDDEN = "***"
_NAME = r"[\w.\-]*?(?:password|passwd|secret|token|api[_\-]?key|access[_\-]?key|credential|jaas)[\w.\-]*+"
_SECRET_NAME = re.compile(_NAME, re.IGNORECASE)
_ASSIGNED = r"(?<![\w.\-])(?=[\w.\-]++[\"']?\s{0,10}[=:])"
"""Where a name begins that is given a value. Each word is looked at once, so that a long text costs what it is long:
texts are anybody's, such as an address that was asked for."""
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(rf"(?P<name>{_ASSIGNED}{_NAME}[\"']?\s{{0,10}}[=:]\s{{0,10}})"
                r"(?:'(?:[^']|'')*'|\"(?:[^\"\\]|\\.)*\"|[^\s,;)}\]]+)", re.IGNORECASE), rf"\g<name>{HIDDEN}"),
    (re.compile(r"://[^/\s:@]+:[^/\s@]+@"), f"://{HIDDEN}@"),
    (re.compile(r"\bpsk_[\w\-]+"), f"psk_{HIDDEN}"),
    (re.compile(r"\b(Bearer|Basic) +[\w.\-+/=]{8,}"), rf"\1 {HIDDEN}"),
    (re.compile(r"/sign-in/[\w\-]+"), f"/sign-in/{HIDDEN}"),
)
_SHORTEST = 4
"""A value shorter than this is not looked for in texts: it would be found everywhere."""


def redact(text: str, values: Iterable[str] = ()) -> str:
    """The text without secrets: those that look like some, and the `values` that are known to be."""
    for value in values:
        text = text.replace(value, HIDDEN)
    for pattern, shown in _PATTERNS:
        text = pattern.sub(shown, text)
    return text


def secrets_of(parameters: Mapping[str, str]) -> tuple[str, ...]:
    """The values of parameters whose names say that they are secrets; longer ones first."""
    found = {str(v) for name, v in parameters.items() if _SECRET_NAME.fullmatch(name) and len(str(v)) >= _SHORTEST}
    return tuple(sorted(found, key=lambda value: (-len(value), value)))
