"""The one entrance: `python -m benchmarks NAME [--quick] [--keys N] --json`; the last line is one JSON object."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import sys
import time
from typing import Any

from benchmarks.pinned import pin

NAMES = ("taobao", "nexmark", "learners", "checkpoint", "recovery", "memory", "compile", "overhead", "functions", "api",
         "first_run", "idle_jobs", "neighbours", "restore_point", "chaos", "soak", "problems", "preview",
         "canvas")
SPREAD = ("checkpoint", "recovery", "memory", "functions", "api", "first_run", "idle_jobs", "neighbours",
          "restore_point", "chaos", "soak", "problems", "preview", "canvas")
"""Those that are about several processes, or threads beside a job: they have all cores."""


def parser() -> argparse.ArgumentParser:
    """What the command line takes."""
    made = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure one thing; see docs/benchmarks.md."
    )
    made.add_argument("name", choices=NAMES)
    made.add_argument("--quick", action="store_true", help="a smaller input, at most 50 seconds")
    made.add_argument("--json", action="store_true", help="nothing but the last line")
    made.add_argument("--keys", type=int, metavar="N", help="keys of the state (checkpoint and recovery only)")
    made.add_argument("--postgres", metavar="URL", help="a server that runs write to, too (chaos only)")
    return made


def main(arguments: list[str] | None = None) -> int:
    """Run a benchmark and print its figures."""
    asked = parser().parse_args(arguments)
    if asked.keys is not None and asked.name not in ("checkpoint", "recovery"):
        parser().error("--keys belongs to checkpoint and recovery")
    if asked.postgres is not None and asked.name != "chaos":
        parser().error("--postgres belongs to chaos")
    options: dict[str, Any] = {"quick": asked.quick}
    if asked.keys is not None:
        options["keys"] = asked.keys
    if asked.postgres is not None:
        options["postgres"] = asked.postgres
    core = "all" if asked.name in SPREAD else str(pin())
    started = time.perf_counter()
    figures = importlib.import_module(f"benchmarks.{asked.name}").run(**options)
    if not asked.json:
        print(f"{asked.name}: {time.perf_counter() - started:.1f} s, core {core} of {os.cpu_count()}, "
              f"{platform.machine()}, load {os.getloadavg()[0]:.1f}", flush=True)
    sys.stdout.flush()
    print(json.dumps({"benchmark": asked.name, "quick": asked.quick, **figures}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
