"""Expand: each row through several projections."""

from __future__ import annotations

from engine.expressions.binding import resolve_call
from engine.expressions.nodes import InputRef, Literal
from engine.operators.base import Settings
from engine.operators.expand import Branch, Expand
from engine.types import INT, Schema
from tests.engine.operators.harness import every_cut

ROWS = Schema.of(a=INT, b=INT)
A, B = InputRef(INT, index=0), InputRef(INT, index=1)


def make(settings: Settings) -> Expand:
    small = resolve_call("<", [A, Literal(INT, 3)])
    branches = [Branch(None, (A, Literal(INT, None))), Branch(small, None)]
    return Expand("expand", ROWS, settings, branches)


def test_branches_of_a_row_stay_together() -> None:
    assert every_cut(make, ROWS, ["+ a=1 b=5", "- a=3 b=6", "-U a=2 b=7"]) == [
        "+I a=1 b=NULL", "+I a=1 b=5", "-D a=3 b=NULL", "-U a=2 b=NULL", "-U a=2 b=7"]
