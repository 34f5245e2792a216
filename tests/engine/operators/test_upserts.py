"""Upserts made full changes, and queries written to tables of another key; worked by hand after Flink's operators."""

from __future__ import annotations

import pytest

from engine.errors import UserError
from engine.operators.materialize import UpsertMaterialize
from engine.operators.normalize import ChangelogNormalize
from engine.operators.upserts import as_upserts
from engine.types import INT, STRING, Schema
from tests.engine.operators.harness import END, TICK, Make, batch_of, every_cut, feed, lines, split

ROWS = Schema.of(k=STRING, v=INT)


def normalize(update_before: bool = True) -> Make:
    return lambda settings: ChangelogNormalize("normalize", ROWS, settings, keys=(0,), update_before=update_before)


def materialize(strategy: str) -> Make:
    return lambda settings: UpsertMaterialize("materialize", ROWS, settings, keys=(0,), strategy=strategy)


def test_upserts_become_full_changes() -> None:
    rows = ["+U k=a v=1", "+U k=b v=5", "+U k=a v=2", "+I k=a v=2", "- k=b", "- k=c", "+U k=b v=6"]
    assert every_cut(normalize(), ROWS, rows) == [
        "+I k=a v=1", "+I k=b v=5", "-U k=a v=1", "+U k=a v=2", "-D k=b v=5", "+I k=b v=6"]
    assert every_cut(normalize(False), ROWS, rows) == [
        "+I k=a v=1", "+I k=b v=5", "+U k=a v=2", "-D k=b v=5", "+I k=b v=6"]


def test_duplicates_of_a_full_changelog() -> None:
    rows = ["+I k=a v=1", "+I k=a v=1", "-U k=a v=1", "+U k=a v=2", "+U k=a v=2"]
    assert every_cut(normalize(), ROWS, rows) == ["+I k=a v=1", "-D k=a v=1", "+I k=a v=2"]


def test_a_mini_batch_is_one_change_a_key() -> None:
    rows = ["+U k=a v=1", "+U k=a v=2", "+U k=b v=3", "- k=b"]
    assert feed(normalize(), ROWS, rows, every_change=False) == ["+I k=a v=2"]
    every_cut(normalize(), ROWS, rows, folded=True, every_change=False)


def test_state_that_expires_is_forgotten() -> None:
    rows = ["+U k=a v=1", "+U k=a v=1", TICK(100), "+U k=a v=2"]
    assert feed(normalize(), ROWS, rows, 1, ttl=10_000_000) == [
        "+I k=a v=1", "-U k=a v=1", "+U k=a v=1", "+I k=a v=2"]


def test_the_last_row_of_a_key_is_shown() -> None:
    rows = ["+ k=a v=1", "+ k=a v=2", "- k=a v=1", "+ k=a v=3", "- k=a v=3", "- k=a v=7", "- k=a v=2"]
    assert every_cut(materialize("DEDUPLICATE"), ROWS, rows) == [
        "+I k=a v=1", "+U k=a v=2", "+U k=a v=3", "+U k=a v=2", "-D k=a v=2"]


def test_a_row_that_comes_again_is_the_last() -> None:
    rows = ["+ k=a v=1", "+ k=a v=2", "+ k=a v=1", "- k=a v=1", "- k=a v=2", "- k=a v=1"]
    assert every_cut(materialize("DEDUPLICATE"), ROWS, rows)[:3] == ["+I k=a v=1", "+U k=a v=2", "+U k=a v=1"]
    assert every_cut(materialize("DEDUPLICATE"), ROWS, rows)[-1] == "-D k=a v=1"


def test_the_first_row_of_a_key_is_kept() -> None:
    rows = ["+ k=a v=1", "+ k=a v=2", "+ k=b v=3", "- k=a v=1", "- k=b v=3"]
    assert every_cut(materialize("NOTHING"), ROWS, rows) == [
        "+I k=a v=1", "+I k=b v=3", "+U k=a v=2", "-D k=b v=3"]


def test_conflicts_fail_where_wanted() -> None:
    moved = ["+ k=a v=1", "+ k=a v=2", "- k=a v=1", END]
    assert feed(materialize("ERROR"), ROWS, moved)[-1] == "+U k=a v=2"
    with pytest.raises(UserError, match="one primary key"):
        feed(materialize("ERROR"), ROWS, [*moved[:2], END])


def test_rows_before_updates_that_follow_are_dropped() -> None:
    rows = ["+I k=a v=1", "-U k=a v=1", "+U k=a v=2", "-U k=a v=2", "+U k=b v=2", "-U k=b v=2"]
    made = as_upserts(batch_of(ROWS, [split(r) for r in rows]), (0,))
    assert lines(ROWS, made) == ["+I k=a v=1", "+U k=a v=2", "-D k=a v=2", "+U k=b v=2", "-D k=b v=2"]
