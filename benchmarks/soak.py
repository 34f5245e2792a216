"""An hour of the platform with windows, state under TTL and a learner, at accelerated event time: does anything grow?

The shop (`examples/shop.yaml`) without its file of predictions, with counters by groups of impressions whose state
lives for 30 s. Every five seconds each process of the platform is asked for its private memory, threads and open
descriptors, and the home folder for files and bytes. Growth is that of the median over the last tenth against the one
over a tenth after the first third, when caches, retention and the kept versions of models have filled. The run ends by
`porsche down`; what remains then is leaked. `--quick` lasts a minute and says nothing of growth.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from benchmarks.first_run import ROOT, environment
from porsche import processes
from porsche.children import NAMES

SECONDS, QUICK, PERIOD = 3600.0, 60.0, 5.0
RATE = 4000
WARM = 1 / 3
COMMAND = [sys.executable, "-c", "from porsche.cli import main; main()"]
EXTRA_NODES = [
    {"id": "grouped", "component": "select",
     "properties": {"keep": ["price"], "compute": {"bunch": "impression_id / 50"}}},
    {"id": "counted", "component": "keyed_counters", "properties": {"keys": "bunch", "aggregates": {
        "seen": "COUNT(*)", "dearest": "MAX(price)", "prices": "COUNT(DISTINCT price)"}}},
    {"id": "nowhere", "component": "table_sink", "properties": {"options": {"connector": "blackhole"}}},
]
EXTRA_EDGES = [{"from": "impressions", "to": "grouped"}, {"from": "grouped", "to": "counted"},
               {"from": "counted", "to": "nowhere"}]


def run(quick: bool) -> dict[str, Any]:
    """Growth of memory, files and descriptors in percent or counts; rows, event time and what leaked."""
    seconds = QUICK if quick else SECONDS
    with tempfile.TemporaryDirectory(prefix="porsche-soak-") as name:
        folder = Path(name)
        example = folder / "soak.yaml"
        example.write_text(yaml.safe_dump(document()), encoding="utf-8")
        home = folder / "home"
        with _platform(home, example):
            samples = list(_samples(home, seconds))
            status = json.loads((home / "runs/1/state/status.json").read_text(encoding="utf-8"))
        leaked = len(_processes(home))
    return {**_growth(samples), "seconds": seconds, "rows": status["rows_in"], "attempts": status["attempts"],
            "event_days": round(status["rows_in"] * 0.76 / 86_400, 1), "state": status["state"], "leaked": leaked}


def document() -> dict[str, Any]:
    """The shop's document, changed: nothing that a pipeline writes stays."""
    made: dict[str, Any] = yaml.safe_load((ROOT / "examples/shop.yaml").read_text(encoding="utf-8"))
    made["name"] = "soak"
    made["parameters"]["impressions"]["default"] = 10**12
    made["settings"]["table.exec.state.ttl"] = "30 s"
    for node in made["nodes"]:
        if node["id"] == "predictions":
            node["properties"]["options"] = {"connector": "blackhole"}
    made["nodes"] += EXTRA_NODES
    made["edges"] += EXTRA_EDGES
    return made


@contextlib.contextmanager
def _platform(home: Path, example: Path) -> Iterator[None]:
    """`porsche up` with a run of the document that reads rows; ended at the end."""
    command = [*COMMAND, "up", "--home", str(home), "--port", "0", "--json", "--example", str(example),
               "--rate", str(RATE)]
    with subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True) as process:
        try:
            assert process.stdout is not None
            if not process.stdout.readline():
                raise RuntimeError("porsche up did not start")
            _await_rows(home / "runs/1/state/status.json")
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=180)
            subprocess.run([*COMMAND, "down", "--home", str(home)], env=environment(), check=False, timeout=180,
                           stdout=subprocess.DEVNULL)


def _await_rows(status: Path) -> None:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, ValueError, KeyError):
            if json.loads(status.read_text(encoding="utf-8"))["rows_in"] > 0:
                return
        time.sleep(0.2)
    raise RuntimeError("the run reads nothing")


Sample = dict[str, dict[str, float]]


def _samples(home: Path, seconds: float) -> Iterator[Sample]:
    """By what is measured, and there by process or folder, every `PERIOD` seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield _sample(home)
        time.sleep(PERIOD)


def _sample(home: Path) -> Sample:
    found: Sample = {"memory": defaultdict(float), "descriptors": defaultdict(float), "threads": defaultdict(float)}
    for pid, name in _processes(home).items():
        with contextlib.suppress(OSError):
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8")
            private = [int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Private_")]
            found["memory"][name] += sum(private) * 1024
            found["descriptors"][name] += len(os.listdir(f"/proc/{pid}/fd"))
            found["threads"][name] += len(os.listdir(f"/proc/{pid}/task"))
    sizes = [path.lstat().st_size for path in _files(home)]
    found["disk"] = {"files": len(sizes), "bytes": sum(sizes)}
    return found


def _files(home: Path) -> Iterator[Path]:
    for folder, _, files in os.walk(home):
        for name in files:
            path = Path(folder, name)
            if path.exists():
                yield path


def _processes(home: Path) -> dict[int, str]:
    """The processes of a home: those whose environment or arguments name it; by what their notes say they are."""
    noted = {pid: name for name in (*NAMES, "up") if (pid := processes.running(home / "processes", name))}
    noted |= {pid: "job" for run in (home / "runs").glob("*") if (pid := processes.running(run))}
    found = dict(noted)
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            texts = [(place / "environ").read_bytes(), (place / "cmdline").read_bytes()]
            if any(str(home).encode() in text for text in texts) and place.name != str(os.getpid()):
                found.setdefault(int(place.name), "helpers")
    return found


def _growth(samples: list[Sample]) -> dict[str, Any]:
    """How much grew: memory and disk in percent, descriptors and threads in numbers, and the most that there was."""
    tenth = max(1, len(samples) // 10)
    begin = int(len(samples) * WARM)
    early, late = samples[begin:begin + tenth], samples[-tenth:]

    def medians(part: list[Sample], what: str) -> dict[str, float]:
        names = {name for sample in part for name in sample[what]}
        return {name: statistics.median(sample[what].get(name, 0.0) for sample in part) for name in sorted(names)}

    def percent(what: str) -> dict[str, float]:
        before, after = medians(early, what), medians(late, what)
        return {name: round(100 * (after.get(name, 0.0) / value - 1), 2) for name, value in before.items() if value}

    def difference(what: str) -> float:
        return sum(medians(late, what).values()) - sum(medians(early, what).values())

    total = [sum(sample["memory"].values()) for sample in samples]
    whole = statistics.median(total[-tenth:]) / statistics.median(total[begin:begin + tenth]) - 1
    return {
        "memory_growth_percent": round(100 * whole, 2), "memory_growth_percent_by_process": percent("memory"),
        "memory_mb": round(max(total) / 1e6, 1), "disk_growth_percent": percent("disk"),
        "files_most": max(sample["disk"]["files"] for sample in samples),
        "disk_mb_most": round(max(sample["disk"]["bytes"] for sample in samples) / 1e6, 1),
        "descriptors_grown": difference("descriptors"), "threads_grown": difference("threads"),
    }  # fmt: skip
