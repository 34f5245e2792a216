"""The shop example learns: over the last 100,000 of a million impressions it is close to the best reachable."""

from __future__ import annotations

from math import log
from pathlib import Path

import pytest

from porsche.compiler import compile_text
from porsche.runners.bundled import Options, run
from tests.compiler.pipelines import EXAMPLES


@pytest.mark.slow
@pytest.mark.timeout(500)
def test_the_shop_example_reaches_its_marks(tmp_path: Path) -> None:
    text = (EXAMPLES / "shop.yaml").read_text(encoding="utf-8")
    outcome = run(compile_text(text, state=str(tmp_path)), tmp_path, Options())
    end = outcome.metrics["at_the_end"]
    rate = end["click_rate"]
    base = -rate * log(rate) - (1 - rate) * log(1 - rate)
    assert outcome.logloss == end["logloss"]
    assert end["best_logloss"] < end["logloss"] <= 1.03 * end["best_logloss"]
    assert base >= 1.15 * end["best_logloss"]
    assert outcome.rows_in > 1_300_000
    assert (outcome.late, outcome.dead_letters) == (0, 0)
    assert outcome.model_hash
