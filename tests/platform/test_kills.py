"""SIGKILL at random moments to job, supervisor, web and worker: every status is right within ten seconds, no run is
lost or doubled, and the results are those of a run that nothing happened to."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from porsche import processes
from porsche.compiler import compile_text
from porsche.home import Home
from porsche.runners.bundled import Options, run
from porsche.runners.folder import RunFolder
from porsche.runners.observe import observe
from tests.platform.running import Up, holders
from tests.profiles import SOAK
from tests.runners.jobs import awaited

KILLS = 100 if SOAK else 8
VICTIMS = ("job", "supervisor", "web", "worker")
RATE = 4_000
ROWS = 1_000 * KILLS * (16 if SOAK else 12)
"""At this rate the run lasts about as long as the kills do."""
WITHIN = 10.0
"""Seconds in which a status has to be right after anything that happens."""
DOCUMENT = """\
version: 1
name: clicks
parameters: {rows: {}}
settings:
  restart-strategy.exponential-delay.initial-backoff: 300 ms
  restart-strategy.exponential-delay.max-backoff: 1 s
  execution.checkpointing.interval: 400 ms
nodes:
  - id: shop
    component: event_source
    properties:
      columns: {event: STRING, impression_id: BIGINT, user_id: BIGINT, price: DOUBLE, event_time: TIMESTAMP(3)}
      time: event_time
      options: {connector: shop, number-of-rows: "${rows}"}
  - {id: seen, component: filter, properties: {condition: event = 'impression'}}
  - {id: clicks, component: filter, properties: {condition: event = 'click'}}
  - {id: vectors, component: feature_vector, properties: {categories: [user_id], keep: [impression_id, event_time]}}
  - {id: labelled, component: label_join,
     properties: {match: impression_id, time: event_time, outcome_time: event_time, within: 10 minutes}}
  - {id: model, component: train_online_model, properties: {publish_every: 500}}
  - {id: predicted, component: predict}
  - {id: answers, component: table_sink, properties: {columns: [impression_id, p]}}
edges:
  - {from: shop, to: seen}
  - {from: shop, to: clicks}
  - {from: seen, to: vectors}
  - {from: vectors, to: labelled.events}
  - {from: clicks, to: labelled.outcomes}
  - {from: labelled, to: model}
  - {from: vectors, to: predicted.rows}
  - {from: model, to: predicted.model}
  - {from: predicted, to: answers}
"""
"""A model that learns, and its predictions: any row lost, doubled or out of order changes them."""


class Watch:
    """Compares what the API says of a run with what is so, and remembers for how long they differed."""

    def __init__(self, up: Up, number: int) -> None:
        self._up, self._number = up, number
        self._folder = RunFolder(up.home.run(number))
        self._wrong_since: float | None = None
        self.longest = 0.0
        self.worst: Any = None
        self.shown = ""

    def look(self) -> None:
        """One comparison, and that no two processes work on the run."""
        shown = self._up.run(self._number)
        self.shown = str(shown.get("status"))
        true = observe(self._folder, time.time()).status("RUNNING", 1)[0]
        now = time.monotonic()
        if self.shown == true:
            self._wrong_since = None
        else:
            self._wrong_since = self._wrong_since or now
            if now - self._wrong_since > self.longest:
                self.longest, self.worst = now - self._wrong_since, (self.shown, true, shown.get("reason"))
        assert holders(self._folder.path / "lock") <= 1

    def look_for(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.look()
            time.sleep(0.1)


def kill(up: Up, victim: str) -> int:
    """Kill a process of the platform, or the job."""
    pid = up.job(1) if victim == "job" else up.pid(victim)
    os.kill(pid, signal.SIGKILL)
    return pid


def is_back(up: Up, victim: str, before: int) -> bool:
    """Whether another process does what a killed one did; a run that is over needs none."""
    place, name = (up.home.run(1), processes.NOTE) if victim == "job" else (up.home.processes, victim)
    over = victim == "job" and RunFolder(up.home.run(1)).read("outcome") is not None
    return over or processes.running(place, name) not in (None, before)


def disturb(up: Up, watch: Watch, dice: random.Random) -> list[str]:
    """Kill one after another, sometimes before the last one's successor is there; who was killed while the run ran."""
    killed = []
    for number in range(KILLS):
        watch.look_for(dice.uniform(0.2, 2.0))
        victim = "job" if number % 2 == 0 else dice.choice(VICTIMS)
        if victim == "job" and RunFolder(up.home.run(1)).read("outcome") is not None:
            break
        before = kill(up, victim)
        killed.append(victim)
        if dice.random() < 0.7:
            began = time.monotonic()
            while not is_back(up, victim, before):
                watch.look()
                assert time.monotonic() - began < 3 * WITHIN, f"no other {victim}"
                time.sleep(0.1)
    return killed


def rows(state: Path) -> list[str]:
    return sorted(line for part in (state / "answers").glob("*.json") for line in part.read_text("utf-8").splitlines())


@pytest.mark.soak
@pytest.mark.timeout(3600 if SOAK else 300)
def test_kills(home: Home, tmp_path: Path) -> None:
    dice = random.Random(KILLS)
    example = tmp_path / "clicks.yaml"
    example.write_text(DOCUMENT, encoding="utf-8")
    with Up(home, "--example", str(example), "--rate", str(RATE), "--set", f"rows={ROWS}") as up:
        up.until(1, "RUNNING")
        watch = Watch(up, 1)
        killed = disturb(up, watch, dice)
        assert killed.count("job") >= min(4, KILLS // 3), killed
        began = time.monotonic()
        while watch.shown != "FINISHED":
            watch.look_for(1.0)
            assert time.monotonic() - began < ROWS / RATE + 120, watch.shown
        watch.look_for(1.0)
        assert watch.longest < WITHIN, (watch.longest, watch.worst)
        ended = up.run(1)
        assert ended["outcome"]["rows_in"] == ROWS
        assert 1 <= ended["restarts"] <= killed.count("job") + killed.count("supervisor")
        awaited(lambda: up.client.get("/api/session").json()["supervisor"]["alive"], WITHIN)
        state = RunFolder(home.run(1)).state
        undisturbed = tmp_path / "undisturbed"
        outcome = run(compile_text(DOCUMENT, parameters={"rows": str(ROWS)}, state=str(undisturbed)), undisturbed,
                      Options(checkpoint_interval=0.4))
        assert ended["outcome"]["model_hash"] == outcome.model_hash
        assert rows(state) == rows(undisturbed)
        assert len(rows(state)) > ROWS // 4
