"""Statements near those that a planner must accept: each is accepted, or refused with the user's error."""

from __future__ import annotations

import os
import traceback
from pathlib import Path
from typing import Any

import pytest

from engine.errors import UserError
from tests import profiles
from tests.conformance.adapter import Adapter
from tests.conformance.test_roundtrip import _rows
from tests.engine.sql.mutations import mutated

COUNT = 100_000 if profiles.SOAK else 3_000
FIRST = int(os.environ.get("FUZZ_FIRST", "0"))
"""The number of the first mutation."""

pytestmark = [pytest.mark.conformance, pytest.mark.soak, pytest.mark.timeout(7200 if profiles.SOAK else 580)]


def problem(case: dict[str, Any], text: str) -> str | None:
    """What planning the text over a case's tables raised, if that is no user's error."""
    options = {name: o for name, o in (case.get("options") or {}).items() if isinstance(o, dict)}
    settings = [f"SET '{name}' = '{value}'" for name, value in (case.get("config") or {}).items()]
    try:
        Adapter().plan([*settings, *case["ddl"], *case["views"], text], options)
    except UserError:
        return None
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__}: {error} at {Path(last.filename).name}:{last.lineno}"
    return None


def test_statements_near_accepted_ones() -> None:
    cases = _rows("accept")
    texts = [str(case["sql"]) for case in cases]
    found = []
    for number in range(FIRST, FIRST + COUNT):
        index, text = mutated(texts, number)
        wrong = problem(cases[index], text)
        if wrong is not None:
            found.append(f"{number} ({cases[index]['id']}): {wrong}\n{text}")
    assert not found, f"{len(found)} of {COUNT}:\n\n" + "\n\n".join(found)
