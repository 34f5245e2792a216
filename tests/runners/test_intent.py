"""What a supervisor does about what it sees: a table, and whole lives of runs played through it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from porsche.runners.intent import TIME_TO_END, Act, History, Wanted, action
from porsche.runners.observe import FAILING_STORAGE, SLOW_CHECKPOINT, SLOW_START, Limits, Observation, State
from porsche.runners.policy import FixedDelay

NOW = 5_000.0
LIMITS = Limits(patience=120.0)
ONCE = FixedDelay(attempts=1, delay=3.0)
SLOW = {"code": SLOW_START}
RETRYABLE = {"failure": {"retryable": True}}


@pytest.mark.parametrize(("state", "more", "desired", "generation", "ending", "act"), [
    (State.ABSENT, {}, "RUNNING", 2, None, Act.LAUNCH),
    (State.ABSENT, {}, "STOPPED", 2, None, Act.NOTHING),
    (State.STARTING, {}, "RUNNING", 2, None, Act.NOTHING),
    (State.STARTING, {}, "STOPPED", 2, None, Act.NOTHING),
    (State.STARTING, {"pid": 9}, "STOPPED", 2, None, Act.END),
    (State.RUNNING, {"pid": 9}, "RUNNING", 2, None, Act.NOTHING),
    (State.RUNNING, {"pid": 9}, "RUNNING", 3, None, Act.END),
    (State.RUNNING, {"pid": 9}, "STOPPED", 2, None, Act.END),
    (State.RUNNING, {"pid": 9, "asked": True}, "STOPPED", 2, None, Act.END),
    (State.RUNNING, {"pid": 9}, "STOPPED", 2, NOW - 1, Act.NOTHING),
    (State.RUNNING, {"pid": 9}, "STOPPED", 2, NOW - TIME_TO_END - 1, Act.KILL),
    (State.STUCK, {"pid": 9, "since": NOW - 119}, "RUNNING", 2, None, Act.NOTHING),
    (State.STUCK, {"pid": 9, "since": NOW - 121}, "RUNNING", 2, None, Act.KILL),
    (State.STUCK, {"pid": None, "since": NOW - 121}, "RUNNING", 2, None, Act.NOTHING),
    (State.STUCK, {"pid": 9, "since": NOW - 899, "reason": SLOW}, "RUNNING", 2, None, Act.NOTHING),
    (State.STUCK, {"pid": 9, "since": NOW - 901, "reason": SLOW}, "RUNNING", 2, None, Act.KILL),
    (State.STUCK, {"pid": 9, "since": NOW - 899, "reason": {"code": SLOW_CHECKPOINT}}, "RUNNING", 2, None, Act.NOTHING),
    (State.STUCK, {"pid": 9, "since": NOW - 901, "reason": {"code": SLOW_CHECKPOINT}}, "RUNNING", 2, None, Act.KILL),
    (State.STUCK, {"pid": 9, "since": NOW - 9e5, "reason": {"code": FAILING_STORAGE}}, "RUNNING", 2, None, Act.NOTHING),
    (State.STUCK, {"pid": 9, "since": NOW - 121}, "STOPPED", 2, None, Act.END),
    (State.FINISHED, {}, "RUNNING", 2, None, Act.NOTHING),
    (State.STOPPED, {}, "STOPPED", 2, None, Act.NOTHING),
    (State.STOPPED, {}, "RUNNING", 2, None, Act.LAUNCH),
    (State.STOPPED, {}, "RUNNING", 3, None, Act.LAUNCH),
    (State.FAILED, {"failure": {"retryable": False}}, "RUNNING", 2, None, Act.NOTHING),
    (State.FAILED, {"failure": {"retryable": False}}, "RUNNING", 3, None, Act.LAUNCH),
    (State.FAILED, RETRYABLE, "STOPPED", 2, None, Act.NOTHING),
    (State.FAILED, {**RETRYABLE, "since": NOW - 2}, "RUNNING", 2, None, Act.WAIT),
    (State.FAILED, {**RETRYABLE, "since": NOW - 3}, "RUNNING", 2, None, Act.LAUNCH),
    (State.DIED, {"since": NOW - 2}, "RUNNING", 2, None, Act.WAIT),
    (State.DIED, {"since": NOW - 3}, "RUNNING", 2, None, Act.LAUNCH),
    (State.DIED, {"since": NOW - 3}, "STOPPED", 2, None, Act.NOTHING),
])
def test_what_is_done(state: State, more: dict[str, Any], desired: str, generation: int, ending: float | None,
                      act: Act) -> None:
    """What was seen is of generation 2."""
    seen = Observation(state, **{"since": NOW, "generation": 2, **more})
    assert action(seen, Wanted(desired, generation), History(), ONCE, LIMITS, NOW, ending).act is act


def test_a_life_with_failures() -> None:
    """Started, failed, started again, failed: given up; a person starts it anew: it has its restarts again."""
    history = History().with_launch(1)
    assert (history.attempt, history.restarts) == (1, 0)
    died = Observation(State.DIED, NOW, generation=1, attempt=1)
    history = history.with_failure(1, NOW).with_failure(1, NOW + 1)
    assert history.failures == (NOW,), "one attempt fails once"
    assert action(died, Wanted("RUNNING", 1), history, ONCE, LIMITS, NOW).at == NOW + 3
    history = history.with_launch(1)
    assert (history.attempt, history.restarts) == (2, 1)
    history = history.with_failure(2, NOW + 10)
    again = replace(died, since=NOW + 10, attempt=2)
    given_up = action(again, Wanted("RUNNING", 1), history, ONCE, LIMITS, NOW + 20)
    assert (given_up.act, given_up.why) == (Act.GIVE_UP, "it was started again once")
    assert action(again, Wanted("RUNNING", 2), history, ONCE, LIMITS, NOW + 20).act is Act.LAUNCH
    history = history.with_launch(2)
    assert (history.attempt, history.restarts, history.failures) == (3, 1, ())
    assert History.of(history.as_json()) == history


def test_going_on_after_the_platform_was_stopped_is_no_restart() -> None:
    history = History().with_launch(1).with_launch(1)
    assert (history.attempt, history.restarts) == (2, 0)


@pytest.mark.parametrize("value", [None, {}, {"unknown": 1}])
def test_no_history_is_an_empty_one(value: dict[str, Any] | None) -> None:
    assert History.of(value) == History()
