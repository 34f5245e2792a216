"""OVER in event and processing time, all frames."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine.operators.base import Settings
from engine.operators.over import OverAggregate
from engine.types import BIGINT, DOUBLE, INT, STRING, TIMESTAMP, Schema
from tests.engine.operators.harness import END, SECOND, WATERMARK, Item, Make, every_cut, feed
from tests.engine.operators.test_group import call

ROWS = Schema.of(k=STRING, v=INT, x=DOUBLE, ts=TIMESTAMP(3).as_nullable(False))
CALLS = {"s": call("SUM", 1, INT, schema=ROWS), "n": call("COUNT", 1, BIGINT.as_nullable(False), schema=ROWS),
         "most": call("MAX", 1, INT, schema=ROWS)}


def over(rows: bool, preceding: int | None, time: int | None = 3, calls: Any = CALLS) -> Make:
    output = Schema.of(**{f.name: f.type for f in ROWS}, **{n: c.spec.result for n, c in calls.items()})

    def make(settings: Settings) -> OverAggregate:
        return OverAggregate("over", output, settings, keys=(0,), time=time, calls=list(calls.values()),
                             input_types=ROWS.types, rows=rows, preceding=preceding)

    return make


def results(output: list[str], *names: str) -> list[str]:
    """Some columns of the output."""
    return [" ".join(p for p in line.split() if p.split("=")[0] in names) for line in output]


EVENTS: list[Item] = ["+ k=a v=1 ts=1", "+ k=b v=9 ts=3", "+ k=a v=2 ts=5", WATERMARK(2), "+ k=a v=7 ts=2",
                      "+ k=a v=3 ts=3", "+ k=a ts=5", WATERMARK(5), "+ k=a v=4 ts=8", END]


def test_rows_unbounded() -> None:
    output = every_cut(over(True, None), ROWS, EVENTS, append=True)
    assert results(output, "k", "ts", "s", "n", "most") == [
        "k=a ts=1 s=1 n=1 most=1", "k=b ts=3 s=9 n=1 most=9", "k=a ts=3 s=4 n=2 most=3", "k=a ts=5 s=6 n=3 most=3",
        "k=a ts=5 s=6 n=3 most=3", "k=a ts=8 s=10 n=4 most=4"]


def test_range_unbounded_shares_results_of_peers() -> None:
    rows: list[Item] = ["+ k=a v=1 ts=1", "+ k=b v=5 ts=1", "+ k=a v=2 ts=1", "+ k=a v=4 ts=2", END]
    output = every_cut(over(False, None), ROWS, rows, append=True)
    assert results(output, "k", "s") == ["k=a s=3", "k=b s=5", "k=a s=3", "k=a s=7"]


def test_ranks_count_what_came_before_the_peers() -> None:
    number = BIGINT.as_nullable(False)
    calls = {"r": call("RANK", None, number), "d": call("DENSE_RANK", None, number)}
    rows: list[Item] = ["+ k=a ts=1", "+ k=b ts=1", "+ k=a ts=1", WATERMARK(1), "+ k=a ts=2", "+ k=a ts=3",
                        "+ k=a ts=3", END]
    output = every_cut(over(False, None, calls=calls), ROWS, rows, append=True)
    assert results(output, "k", "ts", "r", "d") == [
        "k=a ts=1 r=1 d=1", "k=b ts=1 r=1 d=1", "k=a ts=1 r=1 d=1", "k=a ts=2 r=3 d=2", "k=a ts=3 r=4 d=3",
        "k=a ts=3 r=4 d=3"]
    output = every_cut(over(False, None, None, calls), ROWS, rows, append=True)
    assert results(output, "k", "r", "d") == ["k=a r=1 d=1", "k=b r=1 d=1", *(f"k=a r={i} d={i}" for i in range(2, 6))]


def test_rows_preceding() -> None:
    rows: list[Item] = [f"+ k=a v={v} ts={t}" for t, v in enumerate((9, 1, 5, 3, 2))]
    output = every_cut(over(True, 2), ROWS, [*rows, WATERMARK(99)], append=True)
    assert results(output, "s", "n", "most") == [
        "s=9 n=1 most=9", "s=10 n=2 most=9", "s=15 n=3 most=9", "s=9 n=3 most=5", "s=10 n=3 most=5"]


def test_range_preceding() -> None:
    rows: list[Item] = ["+ k=a v=1 ts=0", "+ k=a v=2 ts=2", "+ k=b v=7 ts=2", "+ k=a v=4 ts=2", WATERMARK(2),
                        "+ k=a v=8 ts=3",
                        "+ k=a v=16 ts=5", WATERMARK(6), "+ k=a v=32 ts=20", END]
    output = every_cut(over(False, 3 * SECOND), ROWS, rows, append=True)
    assert results(output, "k", "s", "n", "most") == [
        "k=a s=1 n=1 most=1", "k=a s=7 n=3 most=4", "k=b s=7 n=1 most=7", "k=a s=7 n=3 most=4", "k=a s=15 n=4 most=8",
        "k=a s=30 n=4 most=16", "k=a s=32 n=1 most=32"]


def test_processing_time_takes_rows_as_they_come() -> None:
    rows: list[Item] = ["+ k=a v=1 ts=9", "+ k=a v=2 ts=1", "+ k=b v=4 ts=1", "+ k=a v=8 ts=1"]
    output = every_cut(over(False, None, time=None), ROWS, rows, append=True)
    assert results(output, "s") == ["s=1", "s=3", "s=4", "s=11"]


def test_late_rows_are_dropped() -> None:
    rows: list[Item] = ["+ k=a v=1 ts=5", WATERMARK(5), "+ k=a v=2 ts=5", "+ k=a v=4 ts=5.001", END]
    assert results(every_cut(over(True, None), ROWS, rows, append=True), "s") == ["s=1", "s=5"]


row = st.tuples(st.sampled_from("ab"), st.integers(0, 12), st.integers(-3, 3))


@given(st.lists(row, max_size=25), st.booleans(), st.sampled_from([None, 0, 1, 3]), st.integers(1, 9))
def test_against_a_naive_model(rows: list[tuple[str, int, int]], by_rows: bool, preceding: int | None,
                               size: int) -> None:
    items: list[Item] = []
    for k, t, v in rows:
        items += [f"+ k={k} v={v} ts={t}", WATERMARK(t - 3)]
    output = feed(over(by_rows, preceding if by_rows or preceding is None else preceding * SECOND), ROWS, [*items,
                                                                                                           END], size,
                  append=True)
    assert results(output, "k", "ts", "v", "s", "n", "most") == naive(rows, by_rows, preceding)


def naive(rows: list[tuple[str, int, int]], by_rows: bool, preceding: int | None) -> list[str]:
    """The definition of OVER, row by row."""
    kept, watermark = [], -99
    for k, t, v in rows:
        if t > watermark:
            kept.append((k, t, v))
        watermark = max(watermark, t - 3)
    kept.sort(key=lambda r: r[1])
    result = []
    for i, (k, t, v) in enumerate(kept):
        before = [(u, w) for key, u, w in kept[:i + 1] if key == k]
        if by_rows:
            frame = [w for _, w in (before if preceding is None else before[-preceding - 1:])]
        else:
            same = [(u, w) for key, u, w in kept if key == k and u <= t]
            frame = [w for u, w in same if preceding is None or u >= t - preceding]
        result.append(f"k={k} v={v} ts={t} s={sum(frame)} n={len(frame)} most={max(frame)}")
    return result
