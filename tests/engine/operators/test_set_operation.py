"""INTERSECT and EXCEPT with retraction: worked by hand, and against counting multisets."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.changes import Batch
from engine.operators.set_operation import SetOperation
from engine.types import INT, STRING, Schema
from tests.engine.operators.harness import TICK, Make, every_cut, feed, fold

SIDED = Schema.of(right=INT, a=INT, s=STRING)
ROWS = Schema.of(a=INT, s=STRING)


class Sided(SetOperation):
    """One port: the first column says which side a row comes from."""

    ports = 1

    def process(self, batch: Batch, port: int) -> None:
        sides = batch.columns[0].values
        starts = [0, *(np.flatnonzero(np.diff(sides)) + 1).tolist(), batch.length]
        for start, end in zip(starts[:-1], starts[1:], strict=True):
            part = batch.slice(start, end)
            super().process(part.with_columns(part.columns[1:]), int(sides[start]))


def operation(kind: str) -> Make:
    return lambda settings: Sided("set", ROWS, settings, kind, ROWS.types)


def test_except_all_counts() -> None:
    rows = ["+ right=0 a=1", "+ right=0 a=1", "+ right=1 a=1", "+ right=1 a=2", "+ right=0 a=2", "- right=1 a=2"]
    assert every_cut(operation("EXCEPT ALL"), SIDED, rows) == [
        "+I a=1 s=NULL", "+I a=1 s=NULL", "-D a=1 s=NULL", "+I a=2 s=NULL"]


def test_except_is_distinct() -> None:
    rows = ["+ right=0 a=1 s=x", "+ right=0 a=1 s=x", "+ right=1 a=1 s=x", "- right=0 a=1 s=x", "- right=1 a=1 s=x"]
    assert every_cut(operation("EXCEPT"), SIDED, rows) == ["+I a=1 s=x", "-D a=1 s=x", "+I a=1 s=x"]


def test_intersect() -> None:
    rows = [
        "+ right=0 a=1",
        "+ right=1 a=1",
        "+ right=1 a=1",
        "+ right=0",
        "+ right=1",
        "- right=1 a=1",
        "- right=1 a=1",
    ]
    assert every_cut(operation("INTERSECT"), SIDED, rows) == ["+I a=1 s=NULL", "+I a=NULL s=NULL", "-D a=1 s=NULL"]


def test_state_expires() -> None:
    rows = ["+ right=0 a=1", TICK(100), "+ right=1 a=1", "+ right=0 a=1"]
    assert feed(operation("INTERSECT"), SIDED, rows, ttl=10_000_000) == ["+I a=1 s=NULL"]
    assert feed(operation("INTERSECT"), SIDED, rows[:3], ttl=10_000_000) == []


EXPECTED = {
    "INTERSECT": lambda n, m: min(n, m, 1), "INTERSECT ALL": min,
    "EXCEPT": lambda n, m: int(n > 0 and m == 0), "EXCEPT ALL": lambda n, m: max(n - m, 0)}


@given(
    st.sampled_from(sorted(EXPECTED)),
    st.lists(st.tuples(st.integers(0, 1), st.integers(1, 3), st.booleans()), max_size=40),
    st.integers(1, 9),
)
def test_equals_counting(kind: str, changes: list[tuple[int, int, bool]], size: int) -> None:
    sides: tuple[Counter[int], Counter[int]] = (Counter(), Counter())
    rows = []
    for side, value, retract in changes:
        if retract and not sides[side][value]:
            continue
        sides[side][value] += -1 if retract else 1
        rows.append(f"{'-' if retract else '+'} right={side} a={value}")
    wanted = [f"a={v} s=NULL" for v in (1, 2, 3) for _ in range(EXPECTED[kind](sides[0][v], sides[1][v]))]
    assert fold(feed(operation(kind), SIDED, rows, size)) == wanted
