"""The report groups cases by reason and repeats nothing of them but their ids."""

from __future__ import annotations

from typing import Any

import pytest

from scripts.conformance_report import reason, report

pytestmark = pytest.mark.conformance


def result(note: str, **changes: Any) -> dict[str, Any]:
    return {"id": "a/b", "suite": "programs", "accepted": True, "equal": False, "changelog": None, "crashed": False,
            "note": note, **changes}


def test_reasons() -> None:
    assert reason(result("sink: missing [('secret', 1)] extra []")) == "another result"
    assert reason(result("KeyError: 'x'", crashed=True)) == "crash: KeyError"
    assert reason(result("refused: line 1, column 37: there is no function 'F' (did you mean G?)")) == (
        "refused: there is no function ...")
    assert reason(result("", equal=True, changelog=False)) == "the final table is equal, the changes to it are others"
    assert reason(result("accepted (any)")) == "accepted, but must be refused"
    assert "nanoseconds" in reason(result("got 1", id="TemporalTypesTest.testHighPrecisionTimestamp#2"))
    unsupported = "not supported: Sort is not supported by the bundled engine (do not)"
    assert reason(result(unsupported)) == "not supported: Sort"


def test_report() -> None:
    text = report({"results": [result("sink: missing [('secret', 1)]")], "shares": {"programs": 0.0}})
    assert "| programs | 1 | 100.0% | 0.0% |  | 0 |" in text
    assert "**another result** (1)\n\n- `a/b`" in text
    assert "secret" not in text
