"""OVER in another order than that of time: by hand, and against DuckDB."""

from __future__ import annotations

import duckdb
from hypothesis import given
from hypothesis import strategies as st

from engine.aggregates.base import AggregateSpec
from engine.aggregates.calls import BoundCall
from engine.operators.over_sorted import SortedOver
from engine.operators.top import Order
from engine.types import BIGINT, DOUBLE, INT, Schema
from tests.engine.operators.harness import Make, every_cut, feed, fold

ROWS = Schema.of(k=INT, v=INT)
CALLS = {"total": ("SUM", INT), "n": ("COUNT", BIGINT.as_nullable(False)), "place": ("ROW_NUMBER", BIGINT),
         "rank": ("RANK", BIGINT), "dense": ("DENSE_RANK", BIGINT), "share": ("CUME_DIST", DOUBLE),
         "part": ("PERCENT_RANK", DOUBLE), "third": ("NTILE", INT), "later": ("LEAD", INT)}
ARGUMENTS = ("total", "n", "later")


def over(*names: str, rows: bool = False, order: bool = True, update_before: bool = True) -> Make:
    """The calls of these names over v (but for those without argument)."""
    calls = [BoundCall(AggregateSpec(CALLS[n][0], (INT,) if n in ARGUMENTS else (), CALLS[n][1],
                                     (3,) if n == "third" else ()), (1,) if n in ARGUMENTS else ()) for n in names]
    schema = Schema.of(k=INT, v=INT, **{n: CALLS[n][1] for n in names})
    return lambda settings: SortedOver("over", schema, settings, keys=(0,), order=[Order(1)] if order else [],
                                       calls=calls, input_types=ROWS.types, rows=rows, update_before=update_before)


def test_a_row_changes_those_after_it() -> None:
    rows = ["+ k=1 v=5", "+ k=1 v=2", "+ k=2 v=1", "- k=1 v=2"]
    assert every_cut(over("total"), ROWS, rows, folded=True) == [
        "+I k=1 v=5 total=5", "+I k=2 v=1 total=1", "+I k=1 v=2 total=2", "-U k=1 v=5 total=5", "+U k=1 v=5 total=7",
        "-D k=1 v=2 total=2", "-U k=1 v=5 total=7", "+U k=1 v=5 total=5"]
    assert feed(over("total", update_before=False), ROWS, rows[:2]) == [
        "+I k=1 v=5 total=5", "+I k=1 v=2 total=2", "+U k=1 v=5 total=7"]


def test_peers() -> None:
    rows = ["+ k=1 v=5", "+ k=1 v=5"]
    assert fold(feed(over("total"), ROWS, rows)) == ["k=1 v=5 total=10"] * 2
    assert fold(feed(over("total", rows=True), ROWS, rows)) == ["k=1 v=5 total=10", "k=1 v=5 total=5"]


def test_without_order_all_rows_are_peers() -> None:
    rows = ["+ k=1 v=5", "+ k=1 v=1", "+ k=1"]
    assert fold(feed(over("n", "total", order=False), ROWS, rows)) == [
        "k=1 v=1 n=2 total=6", "k=1 v=5 n=2 total=6", "k=1 v=NULL n=2 total=6"]


def test_rows_ahead() -> None:
    schema = Schema.of(k=INT, v=INT, next=INT, second=INT, tile=INT)
    calls = [BoundCall(AggregateSpec("LEAD", (INT,), INT), (1,)),
             BoundCall(AggregateSpec("LEAD", (INT,), INT, (2, -1)), (1,)),
             BoundCall(AggregateSpec("NTILE", (), INT, (2,)))]
    rows = [f"+ k=1 v={v}" for v in (3, 1, 2)]
    assert fold(feed(lambda settings: SortedOver("over", schema, settings, keys=(0,), order=[Order(1)], calls=calls,
                                                 input_types=ROWS.types, rows=False), ROWS, rows)) == [
        "k=1 v=1 next=2 second=3 tile=1", "k=1 v=2 next=3 second=-1 tile=1", "k=1 v=3 next=NULL second=-1 tile=2"]


@given(st.lists(st.tuples(st.integers(1, 2), st.one_of(st.none(), st.integers(-3, 3)), st.booleans()), max_size=12),
       st.booleans())
def test_equals_duckdb(changes: list[tuple[int, int | None, bool]], every_change: bool) -> None:
    held: list[tuple[int, int | None]] = []
    rows = []
    for k, v, retract in changes:
        if retract and (k, v) in held:
            held.remove((k, v))
        elif not retract:
            held.append((k, v))
        else:
            continue
        rows.append(f"{'-' if retract else '+'} k={k} v={'NULL' if v is None else v}")
    names = ("total", "n", "rank", "dense", "share", "part", "third", "later")
    output = fold(feed(over(*names), ROWS, rows, 3, every_change=every_change))
    table = ", ".join(f"({k}, {'NULL' if v is None else v})" for k, v in held)
    wanted = [] if not held else duckdb.sql(f"""
        SELECT k, v, sum(v) OVER w, count(v) OVER w, rank() OVER w, dense_rank() OVER w, cume_dist() OVER w,
               percent_rank() OVER w, ntile(3) OVER w, lead(v::INT) OVER w
        FROM (VALUES {table}) AS t(k, v)
        WINDOW w AS (PARTITION BY k ORDER BY v::INT NULLS FIRST)""").fetchall()
    titles = ("k", "v", *names)
    assert output == sorted(" ".join(f"{n}={_text(x)}" for n, x in zip(titles, row, strict=True)) for row in wanted)


def _text(value: object) -> str:
    return "NULL" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
