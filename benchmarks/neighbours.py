"""`neighbours`: what nine jobs feel of a tenth that crashes every five seconds.

Ten jobs of one platform run as fast as they can: a rolling feature over 10,000 keys, a checkpoint a second. In turns
the tenth is left alone for a while, or killed every five seconds and started again by the platform. A job's throughput
is the rows it read, by its own status; `ratio` is that with crashes over that without, of each of the nine, over all
turns.
"""

from __future__ import annotations

import os
import signal
import statistics
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.homes import Up, awaited
from porsche.runners.folder import read

JOBS, QUICK_JOBS = 10, 4
EVERY = 5.0
TURNS, QUICK_TURNS = 4, 1
LASTS, QUICK_LASTS = 30.0, 6.0
"""Turns of either kind, and their seconds."""
TARGET = 0.9
DOCUMENT = """\
version: 1
name: busy
settings:
  restart-strategy.type: fixed-delay
  restart-strategy.fixed-delay.attempts: "100000"
  restart-strategy.fixed-delay.delay: 100 ms
nodes:
  - id: events
    component: event_source
    properties:
      columns: {user_id: BIGINT, price: DOUBLE, event_time: TIMESTAMP(3)}
      time: event_time
      delay: 1 second
      options: {connector: datagen, rows-per-second: "0", fields.user_id.min: "0", fields.user_id.max: "9999"}
  - id: sums
    component: rolling_feature
    properties: {keys: user_id, time: event_time, within: 10 seconds, features: {seen: COUNT(*), spent: SUM(price)}}
  - id: out
    component: table_sink
    properties: {options: {connector: blackhole}}
edges:
  - {from: events, to: sums}
  - {from: sums, to: out}
"""


def run(quick: bool = False) -> dict[str, Any]:
    """Throughput of the nine with crashes over that without: the worst job's, the median one's, of all together."""
    jobs, turns, lasts = (QUICK_JOBS, QUICK_TURNS, QUICK_LASTS) if quick else (JOBS, TURNS, LASTS)
    with Up() as up:
        pipeline = up.pipeline("busy", DOCUMENT)
        runs = [up.start(pipeline, checkpoint_interval=1.0) for _ in range(jobs)]
        awaited(lambda: all(up.is_running(number) for number in runs), 0.5)
        *nine, weak = runs
        pids = {number: up.pid(number) for number in nine}
        _watch(up, nine, 5.0)
        calm: list[Mapping[int, float]] = []
        troubled: list[Mapping[int, float]] = []
        crashes = 0
        for _ in range(turns):
            calm.append(_watch(up, nine, lasts))
            began, seconds = _rows(up, nine), time.monotonic() + lasts
            while time.monotonic() < seconds:
                crashes += _crash(up, weak)
                time.sleep(max(0.0, min(EVERY, seconds - time.monotonic())))
            troubled.append(_rates(began, _rows(up, nine)))
        undisturbed = sum(up.pid(number) == pid and up.is_running(number) for number, pid in pids.items())
    return {**_ratios(calm, troubled), "crashes": crashes, "undisturbed": undisturbed, "jobs": len(nine),
            "target": TARGET}


def _crash(up: Up, number: int) -> int:
    """Kill a job's process, if it has one by now."""
    pid = up.pid(number)
    if pid is None:
        return 0
    os.kill(pid, signal.SIGKILL)
    return 1


def _watch(up: Up, runs: Sequence[int], seconds: float) -> dict[int, float]:
    """Rows a second of each while nothing is done to any."""
    began = _rows(up, runs)
    time.sleep(seconds)
    return _rates(began, _rows(up, runs))


def _rows(up: Up, runs: Sequence[int]) -> dict[int, tuple[float, int]]:
    """When each last said what it read, and how much."""
    found = {}
    for number in runs:
        status = awaited(partial(_status, up.home.run(number)))
        found[number] = status["at"], status["rows_in"]
    return found


def _status(folder: Path) -> dict[str, Any]:
    return read(folder / "state" / "status.json") or {}


def _rates(before: Mapping[int, tuple[float, int]], after: Mapping[int, tuple[float, int]]) -> dict[int, float]:
    return {number: (rows - before[number][1]) / max(at - before[number][0], 1.0)
            for number, (at, rows) in after.items()}


def _ratios(calm: Sequence[Mapping[int, float]], troubled: Sequence[Mapping[int, float]]) -> dict[str, float]:
    runs = list(calm[0])
    quiet = {number: statistics.mean(turn[number] for turn in calm) for number in runs}
    noisy = {number: statistics.mean(turn[number] for turn in troubled) for number in runs}
    ratios = [noisy[number] / quiet[number] for number in runs]
    return {"ratio_min": round(min(ratios), 3), "ratio_median": round(statistics.median(ratios), 3),
            "ratio_all": round(sum(noisy.values()) / sum(quiet.values()), 3),
            "rows_per_s_without": round(sum(quiet.values())), "rows_per_s_with": round(sum(noisy.values()))}
