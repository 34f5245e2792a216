"""`functions`: what calls of users' functions cost in a worker process and in the job's own.

`us_per_call`: a call with one row, from the engine's column to the engine's column. `rows_per_s`: calls of 20,000 rows
of a function over numpy arrays, one over Arrow text, one that is a Python loop over text. `start_seconds`: of a
process until its first answer; `crash_seconds`: from a call that ends its process to the answer of the next one.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.errors import UserError
from engine.expressions.functions.user_hosts import Here, Host
from engine.expressions.functions.user_running import Request
from engine.expressions.functions.user_values import argument_of, column_of
from engine.expressions.values import column_from_python
from engine.types import DOUBLE, STRING
from engine.workers import Workers

ROWS, CALLS, QUICK_CALLS = 20_000, 2_000, 200
CODE = '''
import os
import pyarrow.compute as pc

def numbers(x): return x * 2.0
def text(s): return pc.utf8_upper(s)
def loop(s): return [v.upper() for v in s.to_pylist()]
def crash(x): os.abort()
'''
TEXT = "a text of some length"
FUNCTIONS = {"numbers": (DOUBLE, 1.5), "text": (STRING, TEXT), "loop": (STRING, TEXT)}


def run(quick: bool = False) -> dict[str, Any]:
    """Figures by host."""
    calls = QUICK_CALLS if quick else CALLS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        declared = "".join(f"{f}.result = '{type}'\n" for f, (type, _) in FUNCTIONS.items())
        (folder / "measured.py").write_text(CODE + declared + "crash.result = 'DOUBLE'\n", encoding="utf-8")
        workers = Workers([folder])
        started = time.perf_counter()
        workers.declared("numbers", "measured.numbers")
        start = time.perf_counter() - started
        hosts: dict[str, Host] = {"process": workers, "thread": Here((folder,))}
        found = {name: _figures(host, calls) for name, host in hosts.items()}
        crash = statistics.median(_crash(workers) for _ in range(3 if quick else 7))
        workers.close()
    return {**found, "start_seconds": round(start, 3), "crash_seconds": round(crash, 3)}


def _figures(host: Host, calls: int) -> dict[str, Any]:
    rate = {f: round(ROWS / _median(_caller(host, f, ROWS), max(calls // 20, 10))) for f in FUNCTIONS}
    return {"us_per_call": round(1e6 * _median(_caller(host, "numbers", 1), calls), 1), "rows_per_s": rate}


def _caller(host: Host, name: str, rows: int) -> Callable[[], object]:
    type, value = FUNCTIONS[name]
    column = column_from_python(type, [value] * rows)
    request = Request(name, f"measured.{name}", "scalar", rows, (type,))

    def call() -> object:
        [[result]] = host.run(request, [[argument_of(column)]])
        return column_of(result, type)

    return call


def _median(call: Callable[[], object], times: int) -> float:
    for _ in range(5):
        call()
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        call()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def _crash(workers: Workers) -> float:
    """A suspect is called once; the process that the next call needs is another one."""
    numbers = argument_of(column_from_python(DOUBLE, [1.0]))
    started = time.perf_counter()
    try:
        workers.run(Request("crash", "measured.crash", "scalar", 1, (DOUBLE,)), [[numbers]], suspect=True)
    except UserError:
        workers.run(Request("numbers", "measured.numbers", "scalar", 1, (DOUBLE,)), [[numbers]])
    return time.perf_counter() - started
