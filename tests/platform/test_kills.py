"""SIGKILL at random moments and at named points to jobs, supervisor, web and worker: every status is right within ten
seconds, and runs end with the rows and models of one that nothing happened to. `benchmarks.chaos` does it."""

from __future__ import annotations

from collections import Counter

import pytest

from benchmarks import chaos
from benchmarks.chaos_pipeline import difference
from tests.profiles import SOAK


@pytest.mark.soak
@pytest.mark.timeout(3600 if SOAK else 300)
def test_kills() -> None:
    figures = chaos.run(quick=not SOAK, kills=100 if SOAK else None)
    assert figures["unequal"] == []
    assert (figures["lost"], figures["doubled"], figures["wrong_status"]) == (0, 0, 0)
    assert figures["kills"] >= (100 if SOAK else 8) and figures["rows_compared"] > 30_000
    assert figures["restarts"] >= 1


@pytest.mark.parametrize(("found", "lost", "doubled"), [
    (["a", "b", "b"], 0, 0),
    (["a", "b"], 1, 0),
    (["a", "a", "b", "b"], 0, 1),
    (["a", "b", "B"], 1, 1),
    ([], 3, 0),
])
def test_what_is_missing_or_there_twice_is_counted(found: list[str], lost: int, doubled: int) -> None:
    assert difference(Counter(["a", "b", "b"]), Counter(found)) == (lost, doubled)
