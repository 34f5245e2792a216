"""`idle_jobs`: what jobs cost that have nothing to do, and how long a job takes to start.

A platform as people have it (`porsche up`, asked over REST) runs 100 jobs: a row a second each, a window over it, a
checkpoint each ten seconds. Memory of its own: pages that no other process shares, as the kernel counts them
(Private_Clean and Private_Dirty of smaps_rollup). `machine_mb`: by how much less memory was available with them, per
job. Start: from the request until the API says RUNNING, one after another; `fork_seconds` leaves the platform out: from
the request to the process that forks jobs until the job has published that it runs.
"""

from __future__ import annotations

import signal
import statistics
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.homes import Up, awaited
from porsche import processes
from porsche.compiler import environment
from porsche.runners import measure
from porsche.runners.folder import RunFolder, Spec
from porsche.runners.launch import Launcher
from porsche.runners.observe import State, observe

JOBS, QUICK_JOBS = 100, 10
STARTS, QUICK_STARTS = 20, 5
"""Jobs whose start is measured."""
TARGET_MB, TARGET_SECONDS = 120, 1.5
SETTLED, WATCHED = 15.0, 10.0
DOCUMENT = """\
version: 1
name: idle
nodes:
  - id: events
    component: event_source
    properties:
      columns: {user_id: BIGINT, price: DOUBLE, event_time: TIMESTAMP(3)}
      time: event_time
      delay: 1 second
      options: {connector: datagen, rows-per-second: "1"}
  - id: sums
    component: window_aggregate
    properties: {time: event_time, size: 1 minute, keys: user_id, aggregates: {spent: SUM(price), n: COUNT(*)}}
  - id: out
    component: table_sink
edges:
  - {from: events, to: sums}
  - {from: sums, to: out}
"""


def run(quick: bool = False) -> dict[str, Any]:
    """Memory of idle jobs in MB (of 2^20 bytes), seconds of their start, and the cores that they use."""
    jobs, starts = (QUICK_JOBS, QUICK_STARTS) if quick else (JOBS, STARTS)
    with Up(PORSCHE_SLOTS="1000", PORSCHE_MEMORY="1 tb") as up:
        pipeline = up.pipeline("idle", DOCUMENT)
        first = up.start(pipeline)
        awaited(lambda: up.is_running(first))
        time.sleep(2.0 if quick else SETTLED)  # the process that forks jobs has loaded all by then
        before = available()
        seconds = [_start(up, pipeline) for _ in range(starts)]
        began = time.monotonic()
        runs = [first, *range(first + 1, first + 1 + starts), *(up.start(pipeline) for _ in range(jobs - 1 - starts))]
        awaited(lambda: all(up.is_running(number) for number in runs[1 + starts:]), 0.5)
        together = time.monotonic() - began
        time.sleep(2.0 if quick else SETTLED)
        pids = [pid for number in runs if (pid := up.pid(number)) is not None]
        figures = {"jobs": len(pids), "machine_mb": round((before - available()) / (len(pids) - 1) / (1 << 20), 1),
                   **_memory(pids), **_cores(pids, up, 3.0 if quick else WATCHED)}
        forked = _forks(up.home.path / "forked", starts)
    return {**figures, "start_seconds": _median(seconds), "start_seconds_max": round(max(seconds), 3),
            "rest_together_seconds": round(together, 2), "fork_seconds": _median(forked),
            "target_mb": TARGET_MB, "target_seconds": TARGET_SECONDS}


def _start(up: Up, pipeline: int) -> float:
    began = time.monotonic()
    number = up.start(pipeline)
    awaited(lambda: up.is_running(number))
    return time.monotonic() - began


def _memory(pids: Sequence[int]) -> dict[str, float]:
    private = [own_pages(pid) / (1 << 20) for pid in pids]
    return {"private_mb": round(statistics.median(private), 1), "private_mb_max": round(max(private), 1)}


def own_pages(pid: int) -> int:
    """Bytes of pages that no other process shares."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith(("Private_Clean:", "Private_Dirty:")))


def available() -> int:
    """Bytes of memory that the machine could give."""
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable:"))


def _cores(pids: Sequence[int], up: Up, seconds: float) -> dict[str, float]:
    """What all jobs together use of the processor, and what the supervisor does."""
    supervisor = processes.running(up.home.processes, "supervisor") or 0
    before = [_used(pids), _used([supervisor])]
    time.sleep(seconds)
    after = [_used(pids), _used([supervisor])]
    jobs, over_them = ((now - then) / seconds for now, then in zip(after, before, strict=True))
    return {"cores": round(jobs, 3), "supervisor_cores": round(over_them, 3)}


def _used(pids: Sequence[int]) -> float:
    """Seconds of processor time."""
    found = measure.Found.now()
    return sum(found.known[pid].seconds for pid in pids if pid in found.known)


def _forks(folder: Path, count: int) -> list[float]:
    """Seconds of starts without the platform around them."""
    taken = []
    with Launcher(forks=True) as launcher:
        launcher.poll()
        awaited(launcher.is_ready)
        for number in range(count + 1):
            place = RunFolder(folder / str(number))
            access = environment("dev").allowed(str(place.path), str(folder))
            began = time.monotonic()
            launcher.start(place, Spec(number, "", 1, 1, DOCUMENT, access=access))
            pid = awaited(partial(_running, place), 0.005)
            taken.append(time.monotonic() - began)
            if number == 0:
                time.sleep(5.0)  # until all is loaded
            processes.send(pid, signal.SIGTERM)
            processes.wait([pid], 30.0)
    return taken[1:]


def _running(folder: RunFolder) -> int:
    """A run's process once the run is RUNNING; 0 before."""
    seen = observe(folder, time.time())
    return seen.pid or 0 if seen.state is State.RUNNING else 0


def _median(seconds: Sequence[float]) -> float:
    return round(statistics.median(seconds), 3)
