"""Verdicts on hundreds of pairs of programs, and what some of them give when they really go on from another's state."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest

from engine.upgrade import Report, Verdict
from tests.engine.upgrade.corpus import BASES, ORDER, REDO, Pair, pairs
from tests.engine.upgrade.support import Stage, described, from_scratch, run, same, saved, session
from tests.profiles import SOAK

PAIRS = pairs()
STATELESS = {"SourceReader", "AssignWatermarks"}
WORDS = (*ORDER, "lost")
RUN = PAIRS if SOAK else [p for p in PAIRS if p.name.count(",") == 0][::12]
"""The pairs that are run: all in a soak, else some of each query."""

REDONE = [p for p in PAIRS if p.answer == REDO][::1 if SOAK else 30]


def worst(report: Report) -> str:
    """The worst verdict of the operators that the old program had, too; of all, where it had none of them."""
    mine = [e for e in report.entries if e.kind not in STATELESS and e.verdict not in (Verdict.NEW, Verdict.REMOVED)]
    return max((e.verdict.value for e in [e for e in mine if e.before] or mine), key=WORDS.index)


def differing(chosen: Iterable[Pair], folder: Path, again: str) -> list[str]:
    """The pairs whose verdict is not what is known of them."""
    found, known = [], {}
    for pair in chosen:
        if pair.old not in known:
            known[pair.old] = described(pair.old, folder / "old", again)
        verdict = worst(session(pair.new, Stage(again=again), folder / "new").upgrade(known[pair.old]))
        wanted = "lost" if pair.answer == REDO and again == "no" else pair.answer
        if verdict != wanted:
            found.append(f"{pair.name}: {verdict}, and not {wanted}")
    return found


def test_there_are_many_of_each_kind() -> None:
    answers = [pair.answer for pair in PAIRS]
    assert len({(pair.old, pair.new) for pair in PAIRS}) == len(PAIRS) >= 250
    assert all(answers.count(answer) >= 50 for answer in ORDER)


@pytest.mark.parametrize("name", BASES)
def test_verdicts(name: str, tmp_path: Path) -> None:
    """No `kept` that is wrong, and nothing needlessly pessimistic."""
    chosen = [pair for pair in PAIRS if pair.name.startswith(f"{name}: ")]
    assert differing(chosen, tmp_path, "yes") == []


def test_verdicts_where_nothing_can_be_read_again(tmp_path: Path) -> None:
    assert differing(PAIRS[::9], tmp_path, "no") == []


@pytest.mark.soak
@pytest.mark.parametrize("pair", RUN, ids=lambda pair: pair.name)
def test_results(pair: Pair, tmp_path: Path) -> None:
    """What a program gives from the middle on is the same, whether it ran from the start or takes over state."""
    saved(pair.old, tmp_path / "state")
    result = run(pair.new, Stage(middle=()), tmp_path / "state")
    oracle = from_scratch(pair.new, tmp_path / "scratch")
    assert same(result.after(pair.query), oracle.after(pair.query), pair.added)


@pytest.mark.soak
@pytest.mark.parametrize("pair", REDONE, ids=lambda pair: pair.name)
def test_lost_state_is_missed(pair: Pair, tmp_path: Path) -> None:
    """Where sources cannot be read again and the loss was agreed to, results lack what was before, and nothing else
    happens."""
    saved(pair.old, tmp_path / "state")
    shutil.copytree(tmp_path / "state", tmp_path / "again")
    result = run(pair.new, Stage(middle=(), again="no"), tmp_path / "state", frozenset({"lost"}))
    assert len(result.out) > pair.query
    again = run(pair.new, Stage(middle=(), again="yes"), tmp_path / "again", frozenset({"recomputed"}))
    oracle = from_scratch(pair.new, tmp_path / "scratch")
    assert again.after(pair.query) == oracle.after(pair.query)
