"""What the page offers to begin with: each compiles without a complaint, streams as it is, and gives what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from porsche.compiler import compile_text
from porsche.runners.bundled import Options, run

FOLDER = Path(__file__).parents[2] / "examples" / "templates"
TEMPLATES = sorted(FOLDER.glob("*.yaml"))
METRICS = {"busiest-items": "totals", "filter-and-measure": "hourly", "first-model": "quality",
           "user-features": "activity"}
"""What tells that rows have come all the way."""


def test_all_of_them_are_tried() -> None:
    assert {path.stem for path in TEMPLATES} == set(METRICS)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_a_template_streams(path: Path, tmp_path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    compiled = compile_text(text, state=str(tmp_path))
    assert [each.message for each in compiled.diagnostics] == []
    assert "number-of" not in text  # it goes on until it is stopped
    bounded = re.sub(r"rows-per-second: \"\$\{rate\}\"", "number-of-impressions: 20000", text)
    assert bounded != text
    outcome = run(compile_text(bounded, state=str(tmp_path)), tmp_path, Options())
    assert (outcome.late, outcome.dead_letters) == (0, 0)
    assert outcome.rows_in > 20_000
    found = outcome.metrics[METRICS[path.stem]]
    assert all(value is not None for value in found.values()), found
    if path.stem == "first-model":
        assert outcome.model_hash
        assert 0.5 < found["auc"] < 1
