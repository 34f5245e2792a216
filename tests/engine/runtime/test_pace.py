"""A job keeps to its share of the processor, and no further below it than it has to."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field

import pytest

from engine.runtime.pace import BURST, LONGEST, Pace

BUSY = """
import time
from engine.runtime.pace import Pace
pace = Pace(0.2)
began, before = time.monotonic(), time.process_time()
while time.monotonic() - began < 1.0:
    if pace.allows():
        sum(range(50_000))
print(time.process_time() - before, time.monotonic() - began)
"""


@dataclass
class Simulated:
    """A process whose rounds cost what they are told to."""

    now: float = 100.0
    used: float = 7.0
    slept: list[float] = field(default_factory=list)

    def work(self, seconds: float, *, threads: int = 1) -> None:
        self.now += seconds
        self.used += seconds * threads

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def pace(self, share: float) -> Pace:
        return Pace(share, lambda: self.used, lambda: self.now, self.sleep)


@pytest.mark.parametrize(("share", "cost", "threads"), [
    (0.5, 0.01, 1), (0.25, 0.1, 1), (0.1, 0.5, 1), (1.0, 0.02, 2), (1.5, 0.1, 4)])
def test_a_busy_job_uses_its_share(share: float, cost: float, threads: int) -> None:
    it = Simulated()
    pace = it.pace(share)
    began, before = it.now, it.used
    while it.now - began < 200.0:
        if pace.allows():
            it.work(cost, threads=threads)
    assert (it.used - before) / (it.now - began) == pytest.approx(share, rel=0.03)
    assert max(it.slept) <= LONGEST


def test_who_uses_less_never_sleeps() -> None:
    it = Simulated()
    pace = it.pace(0.5)
    for _ in range(1000):
        it.work(0.04)
        it.now += 0.06
        assert pace.allows()
    assert it.slept == []


def test_time_in_which_nothing_was_done_is_not_saved_up() -> None:
    it = Simulated()
    pace = it.pace(0.5)
    it.now += 1000.0
    assert pace.allows()
    before = it.now
    for _ in range(100):
        it.work(0.01)
        pace.allows()
    assert it.now - before >= 1.0 / 0.5 - BURST - 0.05


def test_of_a_real_process() -> None:
    """One of its own: the tests' process may have other threads at work."""
    done = subprocess.run([sys.executable, "-c", BUSY], capture_output=True, text=True, check=True, timeout=120)
    used, passed = map(float, done.stdout.split())
    assert used <= 0.2 * passed + 0.2 * BURST + 0.1
