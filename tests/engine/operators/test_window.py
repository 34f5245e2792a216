"""Aggregation on aligned windows: lateness, order, sharing of slices, local time."""

from __future__ import annotations

from typing import Any

import pytest

from engine.changes import MAX_WATERMARK, Watermark
from engine.operators.base import Settings
from engine.operators.session import SessionAggregate
from engine.operators.window import WindowAggregate
from engine.operators.windows import Windows
from engine.state.keys import KeyCodec
from engine.types import BIGINT, INT, STRING, TIMESTAMP, TIMESTAMP_LTZ, Schema
from tests.engine.operators.harness import (
    BARRIER,
    END,
    SECOND,
    TICK,
    WATERMARK,
    Collector,
    Make,
    Run,
    column,
    every_cut,
    feed,
    lines,
    settings,
)
from tests.engine.operators.test_group import call

ROWS = Schema.of(k=STRING, v=INT, ts=TIMESTAMP(3).as_nullable(False))
CALLS = [call("SUM", 1, INT, schema=ROWS), call("COUNT", None, BIGINT.as_nullable(False))]
OUTPUT = Schema.of(k=STRING, s=INT, n=BIGINT.as_nullable(False), start=TIMESTAMP(3), end=TIMESTAMP(3))


def window(kind: str, size: int, step: int, **options: Any) -> Make:
    windows = Windows(kind, size * SECOND, step * SECOND, options.pop("offset", 0) * SECOND)

    def make(settings: Settings) -> WindowAggregate:
        return WindowAggregate("window", OUTPUT, settings, windows=windows, time=2, keys=(0,), calls=CALLS,
                               properties=("window_start", "window_end"), input_types=ROWS.types, **options)

    return make


def session(gap: int, **options: Any) -> Make:
    def make(settings: Settings) -> SessionAggregate:
        return SessionAggregate("session", OUTPUT, settings, gap=gap * SECOND, time=2, keys=(0,), calls=CALLS,
                                properties=("window_start", "window_end"), input_types=ROWS.types, **options)

    return make


def test_tumbling_windows() -> None:
    rows = ["+ k=b v=1 ts=1", "+ k=a v=2 ts=3", WATERMARK(3), "+ k=b v=4 ts=9.999", "+ k=b v=8 ts=10", WATERMARK(9.998),
            "+ k=c v=9 ts=0", WATERMARK(9.999), "+ k=c v=9 ts=5", "+ k=a v=16 ts=12", END]
    assert every_cut(window("TUMBLE", 10, 10), ROWS, rows, append=True) == [
        "+I k=b s=5 n=2 start=0 end=10", "+I k=a s=2 n=1 start=0 end=10", "+I k=c s=9 n=1 start=0 end=10",
        "+I k=b s=8 n=1 start=10 end=20", "+I k=a s=16 n=1 start=10 end=20"]


def test_late_rows_are_counted() -> None:
    operators: list[WindowAggregate] = []

    def make(settings: Settings) -> WindowAggregate:
        operators.append(window("TUMBLE", 10, 10)(settings))  # type: ignore[arg-type]
        return operators[-1]

    feed(make, ROWS, ["+ k=a v=1 ts=1", WATERMARK(12), "+ k=a v=1 ts=2", "+ k=a v=1 ts=12"], append=True)
    assert operators[0].counters.late == 1


def test_hopping_windows_share_slices() -> None:
    rows = ["+ k=a v=1 ts=1", "+ k=b v=2 ts=6", "+ k=a v=4 ts=11", END]
    assert every_cut(window("HOP", 10, 5), ROWS, rows, append=True) == [
        "+I k=a s=1 n=1 start=-5 end=5",
        "+I k=a s=1 n=1 start=0 end=10", "+I k=b s=2 n=1 start=0 end=10",
        "+I k=b s=2 n=1 start=5 end=15", "+I k=a s=4 n=1 start=5 end=15",
        "+I k=a s=4 n=1 start=10 end=20",
    ]  # fmt: skip


def test_a_row_late_for_some_windows_counts_in_the_others() -> None:
    rows = ["+ k=a v=1 ts=8", WATERMARK(12), "+ k=a v=2 ts=6", WATERMARK(16), "+ k=a v=4 ts=9", "+ k=b v=8 ts=14", END]
    assert every_cut(window("HOP", 10, 5), ROWS, rows, append=True) == [
        "+I k=a s=1 n=1 start=0 end=10", "+I k=a s=3 n=2 start=5 end=15", "+I k=b s=8 n=1 start=10 end=20"]


def test_hop_that_step_does_not_divide() -> None:
    rows = ["+ k=a v=1 ts=0", "+ k=a v=2 ts=5", END]
    assert every_cut(window("HOP", 5, 3), ROWS, rows, append=True) == [
        "+I k=a s=1 n=1 start=-3 end=2", "+I k=a s=1 n=1 start=0 end=5", "+I k=a s=2 n=1 start=3 end=8"]


def test_cumulating_windows() -> None:
    rows = ["+ k=a v=1 ts=1", "+ k=b v=2 ts=6", WATERMARK(6), "+ k=a v=4 ts=2", "+ k=a v=8 ts=14", END]
    assert every_cut(window("CUMULATE", 15, 5), ROWS, rows, append=True) == [
        "+I k=a s=1 n=1 start=0 end=5",
        "+I k=a s=5 n=2 start=0 end=10", "+I k=b s=2 n=1 start=0 end=10",
        "+I k=a s=13 n=3 start=0 end=15", "+I k=b s=2 n=1 start=0 end=15",
    ]  # fmt: skip


def test_offset() -> None:
    rows = ["+ k=a v=1 ts=1", "+ k=a v=2 ts=4", END]
    assert every_cut(window("TUMBLE", 10, 10, offset=3), ROWS, rows, append=True) == [
        "+I k=a s=1 n=1 start=-7 end=3", "+I k=a s=2 n=1 start=3 end=13"]


def test_retracting_input() -> None:
    rows = ["+ k=a v=1 ts=1", "+ k=a v=2 ts=1", "- k=a v=1 ts=1", "+ k=b v=2 ts=1", "- k=b v=2 ts=1", END]
    assert every_cut(window("TUMBLE", 10, 10, retract=True), ROWS, rows) == ["+I k=a s=2 n=1 start=0 end=10"]


def test_processing_time() -> None:
    rows = [TICK(1), "+ k=a v=1 ts=99", TICK(9), "+ k=a v=2 ts=0", TICK(10), "+ k=a v=4 ts=0", TICK(21), END]
    assert every_cut(window("TUMBLE", 10, 10, event_time=False), ROWS, rows, append=True) == [
        "+I k=a s=3 n=2 start=0 end=10", "+I k=a s=4 n=1 start=10 end=20"]


def test_windows_of_the_input() -> None:
    schema = Schema.of(k=STRING, v=INT, ws=TIMESTAMP(3), we=TIMESTAMP(3))

    def make(settings: Settings) -> WindowAggregate:
        return WindowAggregate("window", OUTPUT, settings, windows=None, keys=(0,), calls=CALLS, attached=(2, 3),
                               properties=("window_start", "window_end"), input_types=schema.types)

    rows = ["+ k=a v=1 ws=0 we=10", "+ k=a v=2 ws=5 we=10", "+ k=a v=4 ws=0 we=10", WATERMARK(10),
            "+ k=a v=8 ws=0 we=10", END]
    assert every_cut(make, schema, rows, append=True) == [
        "+I k=a s=5 n=2 start=0 end=10", "+I k=a s=2 n=1 start=5 end=10"]


def test_local_days() -> None:
    """Days of Shanghai (UTC+8) begin at 16:00 UTC; window_time stays a moment."""
    schema = Schema.of(k=STRING, v=INT, ts=TIMESTAMP_LTZ(3))
    output = Schema.of(n=BIGINT.as_nullable(False), start=TIMESTAMP(3), end=TIMESTAMP(3), at=TIMESTAMP_LTZ(3))

    def make(settings: Settings) -> WindowAggregate:
        return WindowAggregate("window", output, settings, windows=Windows("TUMBLE", 86_400 * SECOND, 86_400 * SECOND),
                               time=2, keys=(), calls=CALLS[1:], zone="Asia/Shanghai", input_types=schema.types,
                               properties=("window_start", "window_end", "window_time"))

    rows = ["+ k=a v=1 ts=57599", "+ k=a v=1 ts=57600", "+ k=a v=1 ts=143999", WATERMARK(57599), "+ k=a v=1 ts=1", END]
    assert every_cut(make, schema, rows, append=True) == [
        "+I n=2 start=0 end=86400 at=57600", "+I n=2 start=86400 end=172800 at=144000"]


def test_hopping_windows_over_a_changing_table() -> None:
    schema = Schema.of(k=STRING, v=INT, ts=TIMESTAMP(3))
    calls = [call("MIN", 1, INT, schema=schema, retract=True),
             call("COUNT", 1, BIGINT.as_nullable(False), schema=schema, distinct=True, retract=True)]

    def make(settings: Settings) -> WindowAggregate:
        return WindowAggregate("window", Schema.of(k=STRING, low=INT, n=BIGINT.as_nullable(False), end=TIMESTAMP(3)),
                               settings,
                               windows=Windows("HOP", 10 * SECOND, 5 * SECOND), time=2, keys=(0,), calls=calls,
                               properties=("window_end",), input_types=schema.types, retract=True)

    rows = ["+ k=a v=1 ts=6", "+ k=a v=4 ts=7", "+ k=a v=3 ts=11", "- k=a v=1 ts=6", "+ k=a v=3 ts=6", END]
    assert every_cut(make, schema, rows) == [
        "+I k=a low=3 n=2 end=10", "+I k=a low=3 n=2 end=15", "+I k=a low=3 n=1 end=20"]


@pytest.mark.parametrize("make", [window("TUMBLE", 10, 10), window("HOP", 10, 5), session(5)])
def test_state_dealt_to_more_shards(make: Make) -> None:
    """What two shards bring back together is what one had, each key in the shard that its rows go to."""
    rows = [f"+ k={k} v={v} ts={v}" for v, k in enumerate("abcdefghabcd")]
    whole = feed(make, ROWS, [*rows, END], append=True)
    run = Run(make, ROWS, 1000, append=True, options={})
    for line in [*rows, BARRIER]:
        run.feed(line)
    output = []
    for low, high in ((0, 64), (64, 128)):
        operator = make(settings())
        for name, state in operator.states().items():
            state.restore([run.chain[name]], (low, high))
        collector = Collector(operator.schema, operator.settings)
        operator.connect(collector, 0)
        operator.open()
        operator.receive(Watermark(MAX_WATERMARK))
        found = [line for batch in collector.batches for line in lines(operator.schema, batch)]
        groups = KeyCodec([STRING]).key_groups([column(STRING, [x.split()[1][2:] for x in found])], len(found))
        assert ((groups >= low) & (groups < high)).all()
        output += found
    assert sorted(output) == sorted(whole)
