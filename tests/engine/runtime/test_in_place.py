"""What fails passingly is tried again in place, while the job goes on; what lasts, or outlasts its budget, ends it."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.connectors.ahead import Ahead
from engine.connectors.retries import Budget, Retries, is_passing, tried
from engine.errors import InternalError, Unavailable, UserError
from engine.session import RunOptions
from tests.engine.runtime.flaky import FlakySource, Weather, numbers, run

OPTIONS = RunOptions(batch_rows=50, checkpoint_interval=0.05)


def failing(times: set[int], error: Callable[[], Exception] = lambda: ConnectionResetError("reset by peer")) -> Any:
    """Fails at these calls."""

    def call(number: int) -> None:
        if number in times:
            raise error()

    return call


# ---- what is passing -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("error", "passing"), [
    (Unavailable("store_unavailable", "down"), True),
    (UserError("missing_file", "gone"), False),
    (InternalError("bug"), False),
    (ConnectionRefusedError("refused"), True),
    (ConnectionError(), True),
    (TimeoutError("slow"), True),
    (OSError(errno.ECONNREFUSED, "refused"), True),
    (OSError(errno.EIO, "disk"), True),
    (OSError(errno.ENOSPC, "full"), True),
    (OSError(errno.ESTALE, "file server"), True),
    (OSError(errno.ENOENT, "no file"), False),
    (OSError(errno.EACCES, "denied"), False),
    (OSError("of a library"), False),
    (ValueError("bad"), False),
    (KeyError("k"), False),
], ids=repr)
def test_what_may_pass(error: Exception, passing: bool) -> None:
    assert is_passing(error) is passing


def test_pauses_double_until_the_budget_is_used_up() -> None:
    now = [100.0]
    retries = Retries(Budget(10.0, 1.0, 4.0), lambda: now[0])
    assert retries.due and not retries.failing and retries.describe(5.0) is None
    error, pauses = Unavailable("down", "the store is down", hint="start it"), []
    for _ in range(4):
        retries.failed(error)
        began = now[0]
        while not retries.due:
            now[0] += 0.5
        pauses.append(now[0] - began)
    with pytest.raises(UserError) as caught:
        retries.failed(error)
    assert pauses == [1.0, 2.0, 4.0, 4.0]
    assert (caught.value.code, caught.value.hint) == ("down", "start it")
    assert caught.value.message == "the store is down (tried 5 times in 11 s)"


def test_a_success_begins_anew() -> None:
    now = [0.0]
    retries = Retries(Budget(10.0, 1.0, 4.0), lambda: now[0])
    retries.failed(TimeoutError("slow"))
    now[0] = 0.25
    assert retries.describe(1000.0) == {"since": 999.75, "tries": 1, "cause": "slow", "next": 1000.75}
    retries.succeeded()
    now[0] = 100.0
    retries.failed(TimeoutError("slow"))
    assert retries.seconds == 0.0


def test_an_action_is_done_again() -> None:
    left = [ConnectionError("1"), ConnectionError("2")]

    def action() -> str:
        if left:
            raise left.pop(0)
        return "done"

    assert tried(action, 2, 0.0) == "done"
    left.extend([ConnectionError("1"), ConnectionError("2")])
    with pytest.raises(ConnectionError, match="2"):
        tried(action, 1, 0.0)
    left[:] = [UserError("wrong", "for good"), ConnectionError("2")]
    with pytest.raises(UserError):
        tried(action, 5, 0.0)
    assert len(left) == 1


# ---- sources ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("blocking", [False, True])
def test_a_source_goes_on_where_it_was(tmp_path: Path, blocking: bool) -> None:
    weather = Weather(on_poll=failing({1, 3, 4, 7}), on_open=failing({1, 3}), blocking=blocking)
    result = run(tmp_path, weather, OPTIONS)
    assert numbers(weather) == list(range(500))
    assert (result.rows_in, result.attempts) == (500, 1)
    assert weather.opened == 7  # the first, after two failures of it, and after each of four polls
    assert weather.polling == ({"source"} if blocking else {threading.current_thread().name})


def test_a_source_that_lasts_in_failing_ends_the_job_and_the_next_goes_on(tmp_path: Path) -> None:
    weather = Weather(on_poll=lambda number: failing({number})(number) if number > 3 else None)
    with pytest.raises(UserError, match=r"reset by peer \(tried \d+ times") as caught:
        run(tmp_path, weather, OPTIONS, budget=0.2)
    assert caught.value.code == "unavailable"
    weather.on_poll = lambda number: None
    run(tmp_path, weather, OPTIONS)
    assert numbers(weather) == list(range(500))


@pytest.mark.parametrize("error", [UserError("missing_file", "no such file"), FileNotFoundError(errno.ENOENT, "gone")])
def test_what_lasts_is_not_tried_again(tmp_path: Path, error: Exception) -> None:
    weather = Weather(on_poll=failing({2}, lambda: error))
    with pytest.raises(type(error)):
        run(tmp_path, weather, OPTIONS)
    assert weather.polled == 2


def test_the_job_goes_on_beside_a_source_that_fails(tmp_path: Path) -> None:
    """Another source is read to its end and a checkpoint is taken; the status tells what is tried again, and why."""
    text = """
    CREATE TABLE given (n BIGINT) WITH ('connector' = 'flaky');
    CREATE TABLE others (n BIGINT) WITH ('connector' = 'datagen', 'number-of-rows' = '1000',
        'fields.n.kind' = 'sequence', 'fields.n.start' = '1000', 'fields.n.end' = '1999');
    CREATE TABLE taken (n BIGINT) WITH ('connector' = 'flaky');
    INSERT INTO taken SELECT n FROM given UNION ALL SELECT n FROM others;
    """
    weather, seen = Weather(), []

    def fail(number: int) -> None:
        if len(seen) < 3:
            raise Unavailable("away", "the queue is away")

    weather.on_poll = fail

    def on_status(status: dict[str, Any]) -> None:
        if (status["checkpoint"] or {}).get("epoch", 0) >= 2 and status["rows_in"] == 1000:
            seen.append(status)

    run(tmp_path, weather, RunOptions(batch_rows=100, checkpoint_interval=0.05, on_status=on_status), text=text)
    assert sorted(numbers(weather)) == [*range(500), *range(1000, 2000)]
    (told,) = [s["retrying"] for s in seen[0]["sources"] if s["retrying"]]
    assert told["cause"] == "the queue is away"
    assert told["tries"] >= 1 and told["since"] <= seen[0]["at"]
    assert seen[0]["state"] == "RUNNING"


def test_a_blocked_source_holds_up_nothing_else(tmp_path: Path) -> None:
    go, seen = threading.Event(), []

    def on_status(status: dict[str, Any]) -> None:
        seen.append(status)
        if (status["checkpoint"] or {}).get("epoch", 0) >= 3:
            go.set()

    weather = Weather(on_poll=lambda number: None if number != 4 else assert_(go.wait(60)), blocking=True)
    run(tmp_path, weather, RunOptions(batch_rows=50, checkpoint_interval=0.05, on_status=on_status))
    assert numbers(weather) == list(range(500))
    assert max(s["checkpoint"]["epoch"] for s in seen if s["checkpoint"] and s["rows_in"] <= 150) >= 3


def assert_(value: bool) -> None:
    assert value


def test_a_source_read_ahead_is_wound_back_to_what_was_taken() -> None:
    from engine.types import BIGINT, Schema

    source = FlakySource(Weather())
    source.schema = Schema.of(n=BIGINT)
    ahead = Ahead(source)
    ahead.open((0,))

    def rows() -> int:
        while (poll := ahead.poll(100)).waiting:
            threading.Event().wait(0.001)
        return poll.rows

    assert rows() == 100
    while source.position() != {"at": 200}:  # the next one is being read
        threading.Event().wait(0.001)
    assert ahead.position() == {"at": 100}
    ahead.close()


# ---- sinks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("slow", [False, True])
def test_a_sink_is_asked_again(tmp_path: Path, slow: bool) -> None:
    weather = Weather(rows=4000, on_apply=failing({1, 2, 5}), slow=slow)
    result = run(tmp_path, weather, RunOptions(batch_rows=50, rate_limit=10_000, checkpoint_interval=0.05))
    assert numbers(weather) == list(range(4000))
    assert (result.attempts, weather.applies) == (1, len(weather.taken) + 3)


@pytest.mark.parametrize("slow", [False, True])
def test_rows_go_on_while_a_sink_is_away(tmp_path: Path, slow: bool) -> None:
    seen: list[dict[str, Any]] = []
    weather = Weather(rows=2000, slow=slow)

    def fail(number: int) -> None:
        if len(seen) < 2:
            raise Unavailable("away", "the database is away")

    def on_status(status: dict[str, Any]) -> None:
        told = status["sinks"][0]["retrying"] if "sinks" in status else None
        if told and told["cause"] == "the database is away" and (not seen or status["rows_in"] > seen[-1]["rows_in"]):
            seen.append(status)

    weather.on_apply = fail
    run(tmp_path, weather, RunOptions(batch_rows=20, rate_limit=2000, checkpoint_interval=0.05, on_status=on_status))
    assert numbers(weather) == list(range(2000))
    assert seen[0]["epoch"] == seen[1]["epoch"], "the next checkpoint waits"
    assert seen[1]["rows_in"] > seen[0]["rows_in"]
    assert seen[0]["sinks"][0]["applying_since"] <= seen[0]["at"]


def test_a_sink_that_stays_away_ends_the_job_and_is_made_good(tmp_path: Path) -> None:
    weather = Weather(on_apply=lambda number: failing({number})(number))
    with pytest.raises(UserError, match="tried"):
        run(tmp_path, weather, OPTIONS, budget=0.2)
    assert not weather.taken
    weather.on_apply = lambda number: None
    run(tmp_path, weather, OPTIONS)
    assert numbers(weather) == list(range(500))


def test_recovery_waits_for_a_sink(tmp_path: Path) -> None:
    """The epoch that counts was not applied when the job ended; the next attempt finds the sink away at first."""
    weather = Weather(on_apply=failing({1}, lambda: UserError("wrong", "for good")))
    with pytest.raises(UserError, match="for good"):
        run(tmp_path, weather, OPTIONS)
    weather.on_apply = failing({2, 3})
    run(tmp_path, weather, OPTIONS)
    assert numbers(weather) == list(range(500))
