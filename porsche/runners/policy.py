"""When a job that failed is started again: Flink's restart strategies, by Flink's names and defaults.

    strategy = strategy_of(settings)           # of the document; exponential-delay where it says nothing
    decision = strategy.decide([t1, t2], seed="7")

Strategies are pure: the times of the failures so far, in this generation, decide.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import UserError
from engine.options import JobProperties, duration, integer
from porsche.compiler.document import load
from porsche.compiler.parameters import Parameters

TYPE = "restart-strategy.type"


@dataclass(frozen=True)
class Decision:
    """`at`: unix seconds of the next start, None: none; `why`: in words, where there is none."""

    at: float | None
    why: str = ""


class Strategy(ABC):
    """When to start again after failures at these times (unix seconds, rising, at least one)."""

    @abstractmethod
    def decide(self, failures: Sequence[float], seed: str = "") -> Decision:
        """`seed`: of the jitter, another for each run."""


@dataclass(frozen=True)
class ExponentialDelay(Strategy):
    """Pauses grow from `initial` to `longest`; after `reset` seconds without a failure they begin anew."""

    attempts: int | None = None
    multiplier: float = 1.5
    initial: float = 1.0
    jitter: float = 0.1
    longest: float = 60.0
    reset: float = 3600.0

    def decide(self, failures: Sequence[float], seed: str = "") -> Decision:
        count, at = 0, 0.0
        for number, failed in enumerate(failures):
            if failed - at >= self.reset:
                count = 0
            pause = min(self.initial * self.multiplier**min(count, 1000), self.longest)
            dice = random.Random(f"{seed} {number}")
            at = failed + pause * (1 + dice.uniform(-self.jitter, self.jitter))
            count += 1
        if self.attempts is not None and count > self.attempts:
            return Decision(None, f"it was started again {_times(self.attempts)}")
        return Decision(at)


@dataclass(frozen=True)
class FixedDelay(Strategy):
    """A number of attempts, each after the same pause."""

    attempts: int = 1
    delay: float = 1.0

    def decide(self, failures: Sequence[float], seed: str = "") -> Decision:
        if len(failures) > self.attempts:
            return Decision(None, f"it was started again {_times(self.attempts)}")
        return Decision(failures[-1] + self.delay)


@dataclass(frozen=True)
class FailureRate(Strategy):
    """As long as no more than so many failures fall into an interval."""

    most: int = 1
    interval: float = 60.0
    delay: float = 1.0

    def decide(self, failures: Sequence[float], seed: str = "") -> Decision:
        recent = sum(1 for failed in failures if failures[-1] - failed <= self.interval)
        if recent > self.most:
            return Decision(None, f"it failed {_times(recent)} within {self.interval:g} s")
        return Decision(failures[-1] + self.delay)


@dataclass(frozen=True)
class Never(Strategy):
    """A failure is the end."""

    def decide(self, failures: Sequence[float], seed: str = "") -> Decision:
        return Decision(None, f"'{TYPE}' is none")


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


# ---- reading options -------------------------------------------------------------------------------------------------


def _seconds(text: str, name: str) -> float:
    return duration(text, name) / 1e6


def _number(text: str, name: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UserError("bad_option", f"'{name}' = '{text}' is not a number") from None


def _count(text: str, name: str) -> int | None:
    return None if text.lower() == "infinite" else integer(text, name)


_Read = Callable[[str, str], Any]
_EXPONENTIAL: dict[str, tuple[str, _Read]] = {
    "attempts-before-reset-backoff": ("attempts", _count),
    "backoff-multiplier": ("multiplier", _number),
    "initial-backoff": ("initial", _seconds),
    "jitter-factor": ("jitter", _number),
    "max-backoff": ("longest", _seconds),
    "reset-backoff-threshold": ("reset", _seconds),
}
_FIXED: dict[str, tuple[str, _Read]] = {"attempts": ("attempts", integer), "delay": ("delay", _seconds)}
_RATE: dict[str, tuple[str, _Read]] = {
    "max-failures-per-interval": ("most", integer),
    "failure-rate-interval": ("interval", _seconds),
    "delay": ("delay", _seconds),
}
_KINDS: dict[str, tuple[type[Strategy], dict[str, tuple[str, _Read]]]] = {
    "exponential-delay": (ExponentialDelay, _EXPONENTIAL),
    "fixed-delay": (FixedDelay, _FIXED),
    "failure-rate": (FailureRate, _RATE),
    "none": (Never, {}),
}
_OTHER_NAMES = {"exponentialdelay": "exponential-delay", "fixeddelay": "fixed-delay", "failurerate": "failure-rate",
                "disable": "none", "off": "none"}


def strategy_of(settings: Mapping[str, str]) -> Strategy:
    """The strategy of a job's settings. Errors: `bad_option`."""
    given = settings.get(TYPE, "exponential-delay").lower()
    name = _OTHER_NAMES.get(given, given)
    if name not in _KINDS:
        raise UserError("bad_option", f"'{TYPE}' = '{given}' is no restart strategy",
                        hint=f"there are {', '.join(_KINDS)}")
    kind, options = _KINDS[name]
    found = {}
    for option, (field, convert) in options.items():
        full = f"restart-strategy.{name}.{option}"
        if full in settings:
            found[field] = convert(settings[full], full)
    return kind(**found)


def settings_of(document: str, parameters: Mapping[str, str]) -> dict[str, str]:
    """The settings of a document, its parameters filled in, without compiling it; of a broken one what can be read."""
    read, collector = load(document)
    filled = Parameters(read, parameters, "", collector)
    return {name: filled.fill(value, ("settings", name)) for name, value in read.settings.items()}


def checkpoint_interval(settings: Mapping[str, str]) -> float | None:
    """Seconds between checkpoints; None where there is only one, at the end. Errors: `bad_option`."""
    return JobProperties.of(settings).checkpoint_interval / 1e6 or None
