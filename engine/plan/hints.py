"""What the hints of relations ask for, with Flink's defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.options import boolean, duration, integer
from engine.plan.nodes import Aggregate, Join, LookupJoin, Relation

OUTPUT_MODE = "table.exec.async-lookup.output-mode"
CAPACITY = "table.exec.async-lookup.buffer-capacity"
TIMEOUT = "table.exec.async-lookup.timeout"


@dataclass(frozen=True)
class LookupHint:
    """How a table is looked up. `asynchronous`: None = as its connector does; `unordered`: results may overtake one
    another; `capacity`: how many rows wait for answers at once (None: as is best); `timeout`: microseconds until a row
    must be answered, retries and all; `attempts`: how often a key that is missed is asked for again, each time after
    `delay` microseconds (0: never); `shuffle`: rows of a key go to one shard."""

    asynchronous: bool | None = None
    unordered: bool = False
    capacity: int | None = None
    timeout: int = 180_000_000
    attempts: int = 0
    delay: int = 0
    shuffle: bool = False


def lookup_hint(relation: LookupJoin, settings: Mapping[str, str] | None = None) -> LookupHint | None:
    """What the LOOKUP hint of a relation says, else the job's settings; None where neither says anything."""
    settings = settings or {}
    given = next((dict(options) for name, options in relation.hints if name == "LOOKUP"), None)
    names = {"output-mode": OUTPUT_MODE, "capacity": CAPACITY, "timeout": TIMEOUT}
    read = {name: settings[setting] for name, setting in names.items() if setting in settings} | (given or {})
    if given is None and not read:
        return None
    plain = LookupHint()
    return LookupHint(
        asynchronous=boolean(read["async"]) if "async" in read else None,
        unordered=read.get("output-mode", "").lower() == "allow_unordered",
        capacity=integer(read["capacity"], CAPACITY) if "capacity" in read else None,
        timeout=duration(read["timeout"], TIMEOUT) if "timeout" in read else plain.timeout,
        attempts=integer(read.get("max-attempts", "0"), "max-attempts"),
        delay=duration(read.get("fixed-delay", "0 s"), "fixed-delay"),
        shuffle=boolean(read.get("shuffle", "false"), "shuffle"))


def lifetimes(relation: Relation, default: int) -> tuple[int, ...]:
    """How long the state of each input of a relation lives (microseconds, 0 = for ever): as its STATE_TTL says, else
    `default`."""
    given = {name: duration(text, name) for hint, options in relation.hints if hint == "STATE_TTL"
             for name, text in options}
    match relation:
        case Join():
            return given.get("LEFT", default), given.get("RIGHT", default)
        case Aggregate():
            return (next(iter(given.values()), default),)
        case _:
            return (default,) * len(relation.inputs)
