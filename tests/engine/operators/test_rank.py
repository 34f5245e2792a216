"""Top-N and deduplication."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine.operators.base import Operator, Settings
from engine.operators.deduplicate import Deduplicate, DeduplicateFirst
from engine.operators.deduplicate_earliest import DeduplicateEarliest
from engine.operators.rank import AppendRank
from engine.operators.rank_retract import RetractRank
from engine.operators.sort import Limit, Sort
from engine.operators.top import Order
from engine.operators.window_rank import WindowRank
from engine.types import BIGINT, INT, STRING, TIMESTAMP, Schema
from tests.engine.operators.harness import END, TICK, WATERMARK, Make, every_cut, feed, fold

ROWS = Schema.of(k=STRING, v=INT, name=STRING, ts=TIMESTAMP(3))
RANKED = Schema.of(k=STRING, v=INT, name=STRING, ts=TIMESTAMP(3), rn=BIGINT.as_nullable(False))


def rank(end: int, *, with_rank: bool = False, **options: Any) -> Make:
    def make(settings: Settings) -> Operator:
        return AppendRank("rank", RANKED if with_rank else ROWS, settings, keys=(0,), order=(Order(1,
                                                                                                   descending=True),),
                          end=end, with_rank=with_rank, input_types=ROWS.types, **options)

    return make


def short(output: list[str]) -> list[str]:
    """Kind, value and rank of each row."""
    return [" ".join(p for i, p in enumerate(line.split()) if i == 0 or p.startswith(("v=", "rn="))) for line in output]


def test_rows_enter_and_leave() -> None:
    rows = ["+ k=a v=5 name=a-name-longer-than-a-view", "+ k=a v=3", "+ k=b v=1", "+ k=a v=4", "+ k=a v=1", "+ k=a v=9"]
    assert every_cut(rank(2), ROWS, rows, append=True) == [
        "+I k=a v=5 name=a-name-longer-than-a-view ts=NULL", "+I k=a v=3 name=NULL ts=NULL",
        "+I k=b v=1 name=NULL ts=NULL",
        "-D k=a v=3 name=NULL ts=NULL", "+I k=a v=4 name=NULL ts=NULL",
        "-D k=a v=4 name=NULL ts=NULL", "+I k=a v=9 name=NULL ts=NULL"]


def test_ranks_shift() -> None:
    rows = ["+ k=a v=5", "+ k=a v=3", "+ k=a v=4", "+ k=a v=3"]
    assert short(every_cut(rank(3, with_rank=True), ROWS, rows, append=True)) == [
        "+I v=5 rn=1", "+I v=3 rn=2", "-U v=3 rn=2", "+U v=4 rn=2", "+I v=3 rn=3"]
    assert short(feed(rank(3, with_rank=True, update_before=False), ROWS, [*rows, "+ k=a v=6"], append=True))[-3:] == [
        "+U v=6 rn=1", "+U v=5 rn=2", "+U v=4 rn=3"]


def test_first_of_all_is_updated() -> None:
    rows = ["+ k=a v=1", "+ k=a v=1", "+ k=a v=2"]
    assert short(every_cut(rank(1), ROWS, rows, append=True)) == ["+I v=1", "-U v=1", "+U v=2"]


def test_mini_batch_emits_what_is_left() -> None:
    rows = ["+ k=a v=1", "+ k=a v=2", "+ k=a v=3", "+ k=b v=1"]
    assert short(feed(rank(2), ROWS, rows, append=True, every_change=False)) == ["+I v=3", "+I v=2", "+I v=1"]
    later = [*rows, TICK(1), "+ k=a v=4", "+ k=a v=2", "+ k=a v=5"]
    assert short(feed(rank(2), ROWS, later, append=True, every_change=False))[3:] == ["-D v=3", "-D v=2", "+I v=5",
                                                                                      "+I v=4"]
    assert short(feed(rank(2, with_rank=True), ROWS, later, append=True, every_change=False))[3:] == [
        "-U v=3 rn=1", "+U v=5 rn=1", "-U v=2 rn=2", "+U v=4 rn=2"]


def test_ranks_from_the_second_on() -> None:
    rows = ["+ k=a v=1", "+ k=a v=2", "+ k=a v=3", "+ k=a v=4"]
    assert short(every_cut(rank(3, start=2), ROWS, rows, append=True)) == [
        "+I v=1", "-U v=1", "+U v=2", "+I v=1", "-U v=2", "+U v=3", "-U v=1", "+U v=2"]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9)), max_size=30), st.integers(1, 4), st.booleans(),
       st.booleans(), st.integers(1, 9))
def test_top_rows_against_sorting(rows: list[tuple[str, int]], end: int, ranks: bool, every: bool, size: int) -> None:
    lines = [f"+ k={k} v={v} name=n{i}" for i, (k, v) in enumerate(rows)]
    output = feed(rank(end, with_rank=ranks), ROWS, lines, size, append=True, every_change=every)
    numbered = [(k, -v, i) for i, (k, v) in enumerate(rows)]
    expected = []
    for key in "abc":
        for place, (k, v, i) in enumerate(sorted(r for r in numbered if r[0] == key)[:end]):
            expected.append(f"k={k} v={-v} name=n{i} ts=NULL" + f" rn={place + 1}" * ranks)
    assert fold(output) == sorted(expected)


def last(keep_last: bool, time: int | None, **options: Any) -> Make:
    def make(settings: Settings) -> Operator:
        return Deduplicate("dedup", ROWS, settings, keys=(0,), time=time, keep_last=keep_last, input_types=ROWS.types,
                           **options)

    return make


def test_keep_first_by_arrival() -> None:
    def make(settings: Settings) -> Operator:
        return DeduplicateFirst("dedup", ROWS, settings, keys=(0,), input_types=ROWS.types)

    rows = ["+ k=a v=1", "+ k=b v=2", "+ k=a v=3", "+ v=4", "+ v=5"]
    assert short(every_cut(make, ROWS, rows, append=True)) == ["+I v=1", "+I v=2", "+I v=4"]
    timed = ["+ k=a v=1", TICK(9), "+ k=a v=2", TICK(10), "+ k=a v=3", "+ k=a v=4"]
    assert short(feed(make, ROWS, timed, append=True, ttl=10_000_000)) == ["+I v=1", "+I v=3"]


def test_keep_last_by_arrival() -> None:
    rows = ["+ k=a v=1 ts=9", "+ k=a v=1 ts=9", "+ k=a v=0 ts=3", "+ k=b v=5"]
    assert short(every_cut(last(True, None), ROWS, rows, append=True)) == ["+I v=1", "-U v=1", "+U v=0", "+I v=5"]
    assert short(every_cut(last(True, None, update_before=False), ROWS, rows, append=True)) == ["+I v=1", "+U v=0",
                                                                                                "+I v=5"]
    assert short(feed(last(True, None), ROWS, rows, append=True, every_change=False)) == ["+I v=0", "+I v=5"]


def test_keep_last_by_event_time() -> None:
    rows = ["+ k=a v=1 ts=5", "+ k=a v=2 ts=4", "+ k=a v=3 ts=5", "+ k=a v=4 ts=6"]
    assert short(every_cut(last(True, 3), ROWS, rows, append=True)) == [
        "+I v=1", "-U v=1", "+U v=3", "-U v=3", "+U v=4"]


def test_keep_first_by_event_time() -> None:
    rows = ["+ k=a v=1 ts=5", "+ k=a v=2 ts=4", "+ k=a v=3 ts=4", "+ k=a v=4 ts=6"]
    assert short(every_cut(last(False, 3), ROWS, rows, append=True)) == ["+I v=1", "-U v=1", "+U v=2"]


def retracting(end: int, *, with_rank: bool = False, **options: Any) -> Make:
    def make(settings: Settings) -> Operator:
        return RetractRank("rank", RANKED if with_rank else ROWS, settings, keys=(0,), order=(Order(1,
                                                                                                    descending=True),),
                           end=end, with_rank=with_rank, input_types=ROWS.types, **options)

    return make


def test_retraction_brings_the_next_row_up() -> None:
    rows = ["+ k=a v=1", "+ k=a v=2", "+ k=a v=3", "-U k=a v=3", "+U k=a v=0", "- k=a v=2", "- k=a v=9"]
    assert short(every_cut(retracting(2), ROWS, rows)) == [
        "+I v=1", "+I v=2", "-D v=1", "+I v=3", "-D v=3", "+I v=1", "-D v=2", "+I v=0"]
    assert short(every_cut(retracting(2, with_rank=True), ROWS, rows[:4])) == [
        "+I v=1 rn=1", "-U v=1 rn=1", "+U v=2 rn=1", "+I v=1 rn=2", "-U v=2 rn=1", "+U v=3 rn=1", "-U v=1 rn=2",
        "+U v=2 rn=2", "-U v=3 rn=1", "+U v=2 rn=1", "-U v=2 rn=2", "+U v=1 rn=2"]


def test_equal_rows_count_each() -> None:
    rows = ["+ k=a v=1", "+ k=a v=1", "+ k=a v=1", "- k=a v=1"]
    assert fold(every_cut(retracting(2), ROWS, rows)) == ["k=a v=1 name=NULL ts=NULL"] * 2
    assert fold(feed(retracting(2), ROWS, [*rows, "- k=a v=1"])) == ["k=a v=1 name=NULL ts=NULL"]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 5), st.booleans()), max_size=30), st.integers(1, 3),
       st.booleans(), st.booleans(), st.integers(1, 9))
def test_retracting_against_sorting(rows: list[tuple[str, int, bool]], end: int, ranks: bool, every: bool,
                                    size: int) -> None:
    live: list[tuple[str, int]] = []
    lines = []
    for k, v, insert in rows:
        if insert or (k, v) not in live:
            live.append((k, v))
            lines.append(f"+ k={k} v={v}")
        else:
            live.remove((k, v))
            lines.append(f"- k={k} v={v}")
    expected = []
    for key in "ab":
        for place, v in enumerate(sorted((v for k, v in live if k == key), reverse=True)[:end]):
            expected.append(f"k={key} v={v} name=NULL ts=NULL" + f" rn={place + 1}" * ranks)
    assert fold(feed(retracting(end, with_rank=ranks), ROWS, lines, size, every_change=every)) == sorted(expected)


def sort(order: tuple[Order, ...], time: int | None = None, **options: Any) -> Make:
    def make(settings: Settings) -> Operator:
        return Sort("sort", ROWS, settings, order=order, time=time, input_types=ROWS.types, **options)

    return make


def test_sort_by_time() -> None:
    rows = ["+ v=1 ts=3", "+ v=2 ts=1", "+ v=0 ts=3", WATERMARK(2), "+ v=9 ts=2", "+ v=5 ts=3", WATERMARK(3), END]
    output = every_cut(sort((Order(3), Order(1)), 3), ROWS, rows, append=True)
    assert short(output) == ["+I v=2", "+I v=0", "+I v=1", "+I v=5"]


def test_sort_at_the_end() -> None:
    rows = ["+ v=1 name=b", "+ v=2 name=a", "+ v=3 name=b", "+ v=4", "- v=4", "+ v=5", "+ v=6 name=aa", END]
    by_name = (Order(2, descending=True, nulls_first=False), Order(1))
    assert short(every_cut(sort(by_name), ROWS, rows)) == ["+I v=1", "+I v=3", "+I v=6", "+I v=2", "+I v=5"]
    assert short(every_cut(sort(by_name, offset=1, limit=2), ROWS, rows)) == ["+I v=3", "+I v=6"]


def test_limit() -> None:
    def make(settings: Settings) -> Operator:
        return Limit("limit", ROWS, settings, offset=1, limit=2)

    rows = [f"+ v={v}" for v in range(5)]
    assert short(every_cut(make, ROWS, rows, append=True)) == ["+I v=1", "+I v=2"]


def test_window_top_rows_come_out_at_the_windows_end() -> None:
    def make(settings: Settings) -> Operator:
        return WindowRank("rank", RANKED, settings, keys=(0,), window_end=3, order=(Order(1, descending=True),), end=2,
                          with_rank=True, input_types=ROWS.types)

    rows = ["+ k=b v=1 ts=10", "+ k=a v=5 ts=10", "+ k=a v=7 ts=20", "+ k=b v=3 ts=10", "+ k=b v=2 ts=10",
            WATERMARK(10),
            "+ k=a v=9 ts=10", "+ k=a v=8 ts=20", END]
    output = every_cut(make, ROWS, rows, append=True)
    assert [line.split(" name")[0] + line.split("NULL")[1] for line in output] == [
        "+I k=b v=3 ts=10 rn=1", "+I k=b v=2 ts=10 rn=2", "+I k=a v=5 ts=10 rn=1", "+I k=a v=8 ts=20 rn=1",
        "+I k=a v=7 ts=20 rn=2"]


def earliest(**options: Any) -> Make:
    def make(settings: Settings) -> Operator:
        return DeduplicateEarliest("dedup", ROWS, settings, keys=(0,), time=3, input_types=ROWS.types, **options)

    return make


def test_the_earliest_row_is_said_once() -> None:
    """A waiting row is replaced by an earlier one, not by one of the same time; once it is said, nothing changes it."""
    rows = ["+ k=a v=1 ts=5", "+ k=a v=2 ts=3", "+ k=a v=3 ts=3", "+ k=b v=4 ts=9", WATERMARK(4), "+ k=a v=5 ts=4",
            "+ k=c v=6 ts=4", "+ k=d v=7 ts=2", WATERMARK(6), "+ k=d v=8 ts=7"]
    assert short(every_cut(earliest(), ROWS, [*rows, END], append=True)) == ["+I v=2", "+I v=6", "+I v=8", "+I v=4"]


def test_a_waiting_row_does_not_expire() -> None:
    rows = ["+ k=a v=1 ts=5", TICK(30), WATERMARK(6), TICK(35), "+ k=a v=2 ts=7", WATERMARK(8), TICK(50),
            "+ k=a v=3 ts=9", END]
    assert short(feed(earliest(), ROWS, rows, append=True, ttl=10_000_000)) == ["+I v=1", "+I v=3"]
