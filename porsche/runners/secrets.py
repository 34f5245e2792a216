"""Secrets of a job: `${secret:NAME}` in a document stands for the variable PORSCHE_SECRET_NAME of the environment.

The reference stays in documents, SQL, specs and logs. The job's process alone puts the value in its place, and is given
those variables only that its document or parameters name.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping

from engine.errors import UserError

VARIABLE = "PORSCHE_SECRET_"
_REFERENCE = re.compile(r"\$\{secret:([A-Za-z][A-Za-z0-9_]*)\}")


def variables(*texts: str) -> set[str]:
    """The variables of the environment that texts refer to."""
    return {VARIABLE + name for text in texts for name in _REFERENCE.findall(text)}


def values(texts: Iterable[str], environment: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """The secrets that texts refer to, longer ones first: for `redact`."""
    found = {environment[name] for name in variables(*texts) if environment.get(name)}
    return tuple(sorted(found, key=lambda value: (-len(value), value)))


def resolved(sql: str, environment: Mapping[str, str] = os.environ) -> str:
    """SQL with the values inside its literals. UserError where one is not set."""

    def value(match: re.Match[str]) -> str:
        name = VARIABLE + match[1]
        if name not in environment:
            raise UserError("missing_secret", f"the secret '{match[1]}' is not set",
                            hint=f"start the platform with the variable {name}")
        return environment[name].replace("'", "''")

    return _REFERENCE.sub(value, sql)
