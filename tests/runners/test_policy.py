"""Restart strategies against what Flink's documentation says of each, worked out by hand."""

from __future__ import annotations

import pytest

from engine.errors import UserError
from porsche.runners.policy import (
    ExponentialDelay,
    FailureRate,
    FixedDelay,
    Never,
    checkpoint_interval,
    settings_of,
    strategy_of,
)

PLAIN = {"restart-strategy.exponential-delay.jitter-factor": "0"}
"""Exponential delay without dice."""


def pauses(strategy: ExponentialDelay, gaps: list[float]) -> list[float]:
    """The pause after each failure, where each comes so many seconds after the start before it."""
    found: list[float] = []
    failures: list[float] = []
    at = 10_000.0
    for gap in gaps:
        failures.append(at + gap)
        due = strategy.decide(failures).at
        assert due is not None
        found.append(round(due - failures[-1], 6))
        at = due
    return found


@pytest.mark.parametrize(("options", "gaps", "expected"), [
    ({}, [0, 0, 0, 0], [1, 1.5, 2.25, 3.375]),
    ({"max-backoff": "2 s"}, [0, 0, 0, 0], [1, 1.5, 2, 2]),
    ({"initial-backoff": "10 s", "backoff-multiplier": "1.4"}, [0, 0, 0], [10, 14, 19.6]),
    ({"reset-backoff-threshold": "1 min"}, [0, 59, 60, 0], [1, 1.5, 1, 1.5]),
    ({}, [3599, 3600], [1, 1]),
])
def test_exponential_delay(options: dict[str, str], gaps: list[float], expected: list[float]) -> None:
    settings = {f"restart-strategy.exponential-delay.{name}": value for name, value in options.items()}
    strategy = strategy_of(PLAIN | settings)
    assert isinstance(strategy, ExponentialDelay)
    assert pauses(strategy, gaps) == expected


def test_exponential_delay_is_the_default_with_flinks_defaults() -> None:
    assert strategy_of({}) == ExponentialDelay(attempts=None, multiplier=1.5, initial=1.0, jitter=0.1, longest=60.0,
                                               reset=3600.0)
    long = [float(i) for i in range(500)]
    due = ExponentialDelay().decide(long).at
    assert due is not None and 54 <= due - long[-1] <= 66


def test_jitter_differs_between_runs_and_is_the_same_each_time() -> None:
    due = {seed: ExponentialDelay().decide([100.0], seed).at for seed in ("one", "two", "three")}
    assert len(set(due.values())) == 3
    assert all(at is not None and 100.9 <= at <= 101.1 for at in due.values())
    assert ExponentialDelay().decide([100.0], "one").at == due["one"]


def test_exponential_delay_gives_up_after_the_attempts_of_one_backoff() -> None:
    strategy = ExponentialDelay(attempts=2, jitter=0.0, reset=50.0)
    assert strategy.decide([0.0, 2.0]).at is not None
    ended = strategy.decide([0.0, 2.0, 5.0])
    assert (ended.at, ended.why) == (None, "it was started again 2 times")
    assert strategy.decide([0.0, 2.0, 500.0]).at == 501.0, "after the threshold they count anew"


@pytest.mark.parametrize(("strategy", "failures", "at"), [
    (FixedDelay(), [10.0], 11.0),
    (FixedDelay(), [10.0, 20.0], None),
    (FixedDelay(3, 5.0), [1.0, 2.0, 3.0], 8.0),
    (FixedDelay(3, 5.0), [1.0, 2.0, 3.0, 4.0], None),
    (FailureRate(), [10.0], 11.0),
    (FailureRate(), [10.0, 69.0], None),
    (FailureRate(), [10.0, 71.0], 72.0),
    (FailureRate(3, 300.0, 10.0), [0.0, 100.0, 200.0], 210.0),
    (FailureRate(3, 300.0, 10.0), [0.0, 100.0, 200.0, 300.0], None),
    (FailureRate(3, 300.0, 10.0), [0.0, 100.0, 200.0, 301.0], 311.0),
    (Never(), [1.0], None),
])
def test_when_it_starts_again(strategy: FixedDelay | FailureRate | Never, failures: list[float],
                              at: float | None) -> None:
    decision = strategy.decide(failures)
    assert decision.at == at
    assert bool(decision.why) == (at is None)


@pytest.mark.parametrize(("given", "expected"), [
    ({"restart-strategy.type": "fixed-delay", "restart-strategy.fixed-delay.attempts": "3",
      "restart-strategy.fixed-delay.delay": "10 s"}, FixedDelay(3, 10.0)),
    ({"restart-strategy.type": "fixeddelay"}, FixedDelay(1, 1.0)),
    ({"restart-strategy.type": "failure-rate", "restart-strategy.failure-rate.max-failures-per-interval": "3",
      "restart-strategy.failure-rate.failure-rate-interval": "5 min", "restart-strategy.failure-rate.delay": "500 ms"},
     FailureRate(3, 300.0, 0.5)),
    ({"restart-strategy.type": "none"}, Never()),
    ({"restart-strategy.type": "off"}, Never()),
    ({"restart-strategy.type": "disable"}, Never()),
    ({"restart-strategy.exponential-delay.attempts-before-reset-backoff": "10"}, ExponentialDelay(attempts=10)),
    ({"restart-strategy.exponential-delay.attempts-before-reset-backoff": "infinite"}, ExponentialDelay()),
])
def test_by_flinks_names(given: dict[str, str], expected: object) -> None:
    assert strategy_of(given) == expected


@pytest.mark.parametrize(("given", "said"), [
    ({"restart-strategy.type": "sometimes"}, "no restart strategy"),
    ({"restart-strategy.type": "fixed-delay", "restart-strategy.fixed-delay.attempts": "a few"}, "not a whole number"),
    ({"restart-strategy.exponential-delay.max-backoff": "long"}, "not a duration"),
    ({"restart-strategy.exponential-delay.jitter-factor": "some"}, "not a number"),
])
def test_what_is_wrong_is_said(given: dict[str, str], said: str) -> None:
    with pytest.raises(UserError, match=said) as error:
        strategy_of(given)
    assert error.value.code == "bad_option"


def test_settings_of_a_document() -> None:
    document = """
version: 1
name: p
parameters: {pause: {default: 3 s}, every: {}}
settings: {restart-strategy.type: fixed-delay, restart-strategy.fixed-delay.delay: "${pause}",
           execution.checkpointing.interval: "${every}"}
nodes: []
edges: []
"""
    settings = settings_of(document, {"every": "250 ms"})
    assert strategy_of(settings) == FixedDelay(1, 3.0)
    assert checkpoint_interval(settings) == 0.25
    assert checkpoint_interval({}) == 10.0
    assert checkpoint_interval({"execution.checkpointing.interval": "0 s"}) is None
