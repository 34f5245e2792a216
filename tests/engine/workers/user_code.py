"""Functions as users write them, some of which do not behave. `PLACE` is a file for what has to be remembered when a
process is gone."""

from __future__ import annotations

import ctypes
import os
import re
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

PLACE = Path(__file__).with_name("place")
HELD: list[Any] = []


def of(*arguments: str, result: str) -> Any:
    def declare(function: Any) -> Any:
        function.arguments, function.result = list(arguments), result
        return function
    return declare


@of("BIGINT", result="BIGINT")
def twice(values: Any) -> Any:
    return values * 2


@of("BIGINT", result="BIGINT")
def process_of(values: Any) -> Any:
    return np.full(len(values), os.getpid())


@of("BIGINT", result="BIGINT")
def aborts_at_7(values: Any) -> Any:
    if 7 in values:
        os.abort()  # line 42
    return values


@of("BIGINT", result="BIGINT")
def segfaults(values: Any) -> Any:
    return ctypes.string_at(0)


@of("BIGINT", result="BIGINT")
def leaves(values: Any) -> Any:
    os._exit(3)


@of("BIGINT", result="BIGINT")
def exits(values: Any) -> Any:
    sys.exit("enough")


@of("BIGINT", result="BIGINT")
def aborts_once(values: Any) -> Any:
    if not PLACE.exists():
        PLACE.touch()
        os.abort()
    return values + 1


@of("BIGINT", result="BIGINT")
def sleeps_at_7(values: Any) -> Any:
    if 7 in values:
        time.sleep(600)
    return values


@of("BIGINT", result="BIGINT")
def backtracks(values: Any) -> Any:
    """Holds on to Python's lock as well."""
    return [int(re.match("(a+)+$", "a" * 60 + "b") is None) for _ in values]


@of("BIGINT", result="BIGINT")
def leaks(values: Any) -> Any:
    HELD.append(np.ones(40_000_000 // 8))
    return np.full(len(values), os.getpid())


@of("BIGINT", result="BIGINT")
def devours(values: Any) -> Any:
    while True:
        HELD.append(np.ones(10_000_000))


@of("BIGINT", result="BIGINT")
def starts_another_and_hangs(values: Any) -> Any:
    child = os.fork()
    if child == 0:
        time.sleep(600)
    PLACE.write_text(f"{os.getpid()} {child}", encoding="ascii")
    return [int(re.match("(a+)+$", "a" * 60 + "b") is None)]


@of("STRING", result="STRING")
def variable(names: Any) -> Any:
    return [os.environ.get(name) for name in names.to_pylist()]


def deeper(values: Any) -> Any:
    return np.asarray(values).reshape(2, 5, 9)  # line 118


@of("BIGINT", result="BIGINT")
def fails_below(values: Any) -> Any:
    return deeper(values)


class Spread:
    """The spread of values, and all that there were, as text; may be taken back and merged."""

    arguments, result = ["BIGINT"], "STRING"
    state = {"sum": "BIGINT", "squares": "DOUBLE", "seen": "ARRAY<BIGINT>", "parts": "MAP<STRING, ROW<n INT, d DATE>>"}
    initial = {"seen": [], "squares": 0.5}

    def accumulate(self, state: Any, groups: Any, values: Any) -> None:
        if not PLACE.exists():
            PLACE.touch()
            os.abort()
        np.add.at(state["sum"], groups, values)
        np.add.at(state["squares"], groups, values * values)
        for group, value in zip(groups, values.tolist(), strict=True):
            state["seen"][group] = [*state["seen"][group], value]
            n = 1 + (state["parts"][group] or {}).get("n", (0, None))[0]
            state["parts"][group] = {"n": (n, None)}

    def retract(self, state: Any, groups: Any, values: Any) -> None:
        np.subtract.at(state["sum"], groups, values)
        np.subtract.at(state["squares"], groups, values * values)
        for group, value in zip(groups, values.tolist(), strict=True):
            state["seen"][group] = [v for v in state["seen"][group] if v != value]

    def merge(self, state: Any, groups: Any, other: Any) -> None:
        np.add.at(state["sum"], groups, other["sum"])
        np.add.at(state["squares"], groups, other["squares"] - 0.5)
        for group, seen in zip(groups, other["seen"], strict=True):
            state["seen"][group] = [*state["seen"][group], *seen]

    def value(self, state: Any) -> Any:
        return [f"{s} {q} {v} {p}" for s, q, v, p in zip(state["sum"], state["squares"], state["seen"],
                                                        (p and p["n"][0] for p in state["parts"]), strict=True)]
