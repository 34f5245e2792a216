"""Top-N within windows by sorting gives what Top-N within windows by arrays gives, which is tested by hand."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.operators.top import Order
from engine.operators.window_rank import WindowRank
from engine.operators.window_rank_sorted import SortedWindowRank
from engine.types import BIGINT, INT, STRING, TIMESTAMP, Schema
from tests.engine.operators.harness import END, WATERMARK, Item, Make, every_cut, feed

ROWS = Schema.of(k=INT, v=INT, s=STRING, ts=TIMESTAMP(3))
RANKED = Schema.of(k=INT, v=INT, s=STRING, ts=TIMESTAMP(3), rn=BIGINT)


def rank(kind: type[WindowRank | SortedWindowRank], order: tuple[Order, ...], *, end: int = 2, start: int = 1,
         keep_last: bool = False) -> Make:
    return lambda settings: kind("rank", RANKED, settings, keys=(0,), window_end=3, order=order, end=end, start=start,
                                 with_rank=True, keep_last=keep_last, input_types=ROWS.types)


@given(st.lists(st.one_of(st.tuples(st.integers(1, 2), st.integers(0, 2), st.sampled_from([10, 20, 30])),
                          st.sampled_from([5, 10, 20])), max_size=15), st.booleans(), st.booleans(), st.integers(1, 9))
def test_equals_arrays(moves: list[tuple[int, int, int] | int], descending: bool, keep_last: bool, size: int) -> None:
    items: list[Item] = []
    for n, move in enumerate(moves):
        items.append(WATERMARK(move) if isinstance(move, int) else f"+ k={move[0]} v={move[1]} s=r{n} ts={move[2]}")
    order = (Order(1, descending),)
    wanted = feed(rank(WindowRank, order, keep_last=keep_last), ROWS, [*items, END], append=True)
    assert feed(rank(SortedWindowRank, order, keep_last=keep_last), ROWS, [*items, END], size, append=True) == wanted


def test_long_strings_and_many_rows() -> None:
    rows = [f"+ k=1 v={v} s=a-common-beginning-{v:04} ts=10" for v in (3, 900, 17)]
    make = rank(SortedWindowRank, (Order(2, True),), end=1000, start=2)
    output = every_cut(make, ROWS, [*rows, END], append=True)
    assert [line.split(" s=")[0] for line in output] == ["+I k=1 v=17", "+I k=1 v=3"]
