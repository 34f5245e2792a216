"""Aggregation on session windows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.operators.base import Settings
from engine.operators.session import SessionAggregate
from engine.types import BIGINT, INT, STRING, TIMESTAMP, Schema
from tests.engine.operators.harness import END, SECOND, TICK, WATERMARK, Item, every_cut, feed
from tests.engine.operators.test_group import call
from tests.engine.operators.test_window import ROWS, session


def test_rows_within_the_gap_make_a_session() -> None:
    rows: list[Item] = ["+ k=a v=1 ts=1", "+ k=a v=2 ts=4", "+ k=b v=8 ts=6", "+ k=a v=4 ts=12", END]
    assert every_cut(session(5), ROWS, rows, append=True) == [
        "+I k=a s=3 n=2 start=1 end=9", "+I k=b s=8 n=1 start=6 end=11", "+I k=a s=4 n=1 start=12 end=17"]


def test_a_row_joins_sessions() -> None:
    rows: list[Item] = ["+ k=a v=1 ts=1", "+ k=a v=2 ts=10", "+ k=a v=4 ts=19", "+ k=a v=8 ts=6", "+ k=a v=16 ts=15",
                        END]
    assert every_cut(session(5), ROWS, rows, append=True) == ["+I k=a s=31 n=5 start=1 end=24"]


def test_late_rows_count_where_they_touch_a_session() -> None:
    rows: list[Item] = ["+ k=a v=1 ts=10", WATERMARK(12), "+ k=a v=2 ts=6", "+ k=a v=4 ts=0", "+ k=b v=8 ts=6",
                        WATERMARK(15),
                        "+ k=a v=16 ts=11", "+ k=a v=32 ts=14", END]
    assert every_cut(session(5), ROWS, rows, append=True) == [
        "+I k=a s=3 n=2 start=6 end=15", "+I k=a s=48 n=2 start=11 end=19"]


def test_processing_time() -> None:
    rows: list[Item] = [TICK(1), "+ k=a v=1 ts=0", TICK(3), "+ k=a v=2 ts=0", TICK(8), "+ k=a v=4 ts=0", TICK(20)]
    assert every_cut(session(5, event_time=False), ROWS, rows, append=True) == [
        "+I k=a s=3 n=2 start=1 end=8", "+I k=a s=4 n=1 start=8 end=13"]


def test_retraction() -> None:
    rows: list[Item] = ["+ k=a v=1 ts=1", "+ k=a v=2 ts=2", "- k=a v=1 ts=1", "+ k=b v=2 ts=1", "- k=b v=2 ts=1", END]
    assert every_cut(session(5, retract=True), ROWS, rows) == ["+I k=a s=2 n=1 start=1 end=7"]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 40), st.integers(1, 9)), max_size=25), st.integers(1,
                                                                                                                   9))
def test_against_sorting(rows: list[tuple[str, int, int]], size: int) -> None:
    """Without watermarks before the end the sessions are the runs of sorted times."""
    expected = []
    for key in "ab":
        run: list[tuple[int, int]] = []
        for t, v in [*sorted((t, v) for k, t, v in rows if k == key), (999, 0)]:
            if run and t > run[-1][0] + 5:
                total, start, end = sum(v for _, v in run), run[0][0], run[-1][0] + 5
                expected.append(f"+I k={key} s={total} n={len(run)} start={start} end={end}")
                run = []
            run.append((t, v))
    lines: list[Item] = [f"+ k={k} v={v} ts={t}" for k, t, v in rows]
    assert sorted(feed(session(5), ROWS, [*lines, END], size, append=True)) == sorted(expected)


def test_every_type_of_call() -> None:
    schema = Schema.of(k=STRING, v=INT, ts=TIMESTAMP(3))
    calls = [call("MAX", 0, STRING, schema=schema), call("COUNT", 1, BIGINT.as_nullable(False), schema=schema,
                                                         distinct=True)]

    def make(settings: Settings) -> SessionAggregate:
        output = Schema.of(most=STRING, n=BIGINT.as_nullable(False))
        return SessionAggregate("session", output, settings, gap=5 * SECOND, time=2, keys=(), calls=calls,
                                properties=(),
                                input_types=schema.types)

    rows: list[Item] = ["+ k=a v=1 ts=1", "+ k=c-longer-than-a-view v=2 ts=9", "+ k=b v=1 ts=5", "+ k=a v=2 ts=30", END]
    assert every_cut(make, schema, rows, append=True) == ["+I most=c-longer-than-a-view n=2", "+I most=a n=1"]
