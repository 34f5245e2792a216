"""Documents for runs in tests, and waiting for what has to happen."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from porsche.runners import launch
from porsche.runners.launch import Launcher

T = TypeVar("T")

EVENTS = """\
version: 1
name: events
parameters: {rows: {default: 2000}, divisor: {default: price}}
settings:
  restart-strategy.exponential-delay.initial-backoff: 200 ms
  restart-strategy.exponential-delay.max-backoff: 500 ms
nodes:
  - id: shop
    component: event_source
    properties:
      columns: {event: STRING, impression_id: BIGINT, user_id: BIGINT, price: DOUBLE, event_time: TIMESTAMP(3)}
      time: event_time
      options: {connector: shop, number-of-rows: "${rows}"}
  - id: counted
    component: rolling_feature
    properties: {keys: user_id, time: event_time, within: 10 minutes, features: {seen: COUNT(*)}}
  - {id: computed, component: select, properties: {keep: [impression_id, event, seen], compute: {rate: "${divisor}"}}}
  - {id: answers, component: table_sink}
edges:
  - {from: shop, to: counted}
  - {from: counted, to: computed}
  - {from: computed, to: answers}
"""
"""Rows of the shop with a stateful feature, into files of JSON lines in the run's folder."""


def answers(state: Path) -> list[str]:
    """The rows that a run of `EVENTS` wrote, each as often as it is there."""
    return sorted(line for part in (state / "answers").glob("*.json") for line in part.read_text("utf-8").splitlines())


def awaited(what: Callable[[], T | None], seconds: float = 60.0, said: str = "") -> T:
    """What a function gives once it gives something true."""
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {said or what}"
        time.sleep(0.05)
    return found


@contextmanager
def forking(patch: pytest.MonkeyPatch) -> Iterator[Launcher]:
    """Starts jobs as the supervisor's process does: forked from one that has loaded what they need, however slowly."""
    patch.setattr(launch, "FORKS", 60.0)
    patch.setattr(launch, "BEGINS", 60.0)
    with Launcher(forks=True) as made:
        made.poll()
        awaited(made.is_ready)
        yield made


def json_of(path: Path) -> dict[str, object]:
    value = json.loads(path.read_text(encoding="utf-8"))
    assert isinstance(value, dict)
    return value
