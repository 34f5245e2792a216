"""Any program after any other of its kind, in any numbers of shards: what is not said to be lost is right."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.upgrade.corpus import BASES, pairs
from tests.engine.upgrade.support import Stage, from_scratch, run, same, saved
from tests.profiles import examples

PROGRAMS: dict[str, list[tuple[str, int]]] = {name: [(base.program, 0)] for name, base in BASES.items()}
for pair in pairs():
    PROGRAMS[pair.name.partition(":")[0]].append((pair.new, pair.query))


@st.composite
def upgrades(draw: st.DrawFn) -> tuple[str, str, int, tuple[int, int], str]:
    programs = st.sampled_from(PROGRAMS[draw(st.sampled_from(sorted(PROGRAMS)))])
    (old, _), (new, query) = draw(programs), draw(programs)
    return old, new, query, draw(st.sampled_from([(1, 1), (1, 2), (2, 1)])), draw(st.sampled_from(["yes", "no"]))


@pytest.mark.soak
@examples(12)
@given(upgrades())
def test_what_is_not_lost_is_right(upgrade: tuple[str, str, int, tuple[int, int], str]) -> None:
    """Columns that are said to be NULL in rows from before may be."""
    old, new, query, shards, again = upgrade
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder, "state")
        saved(old, state, shards[0])
        result = run(new, Stage(middle=(), again=again), state, shards=shards[1])
        assert result.job is not None and result.job.upgraded is not None
        report = result.job.upgraded
        if "lost" not in report.verdicts:
            oracle = from_scratch(new, Path(folder, "scratch"))
            added = any("is added" in reason for entry in report.entries for reason in entry.reasons)
            assert same(result.after(query), oracle.after(query), added), report.table()
