"""What a run may take of the machine, and what it needs to be started: shards, memory, processor.

    caps = caps_of(options, settings, defaults)
    breach(caps, used, status)       # in words, with the operator that has the most state

A *slot* is what a shard takes, as in Flink.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import UserError
from engine.options import JobProperties, positive
from porsche.runners.measure import cores, of_machine

LEAST_MEMORY = 64 << 20
"""Bytes without which no job starts."""
LEAST_CPU = 0.05
SLOTS_A_CORE, PART_OF_MEMORY = 32, 0.8
"""What jobs get of a machine whose owner says nothing. Most jobs wait for rows most of the time."""
RESERVED = 128 << 20
"""Bytes that are set aside for a run without a limit of its own, however little it takes."""
SOFT = 0.8
"""The part of its memory from which on a run is warned of."""
BREACHES = 3
"""So often a run that took too much memory is started again; then a person has to do something."""
_UNITS = {"": 0, "b": 0, "bytes": 0, "k": 10, "kb": 10, "m": 20, "mb": 20, "g": 30, "gb": 30, "t": 40, "tb": 40}
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Resources:
    """What a machine has for jobs: slots, bytes of memory, cores; `job_memory`, `job_cpu`: of a job that says nothing
    itself."""

    slots: int
    memory: int
    cores: int
    job_memory: int | None = None
    job_cpu: float | None = None

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Resources:
        """By the variables that `porsche.settings` lists. Errors: `bad_option`."""
        has = cores()

        def given(name: str, read: Callable[[str, str], Any], default: Any) -> Any:
            return read(environment[name], name) if environment.get(name) else default

        return cls(given("PORSCHE_SLOTS", positive, SLOTS_A_CORE * has),
                   given("PORSCHE_MEMORY", size_of, int(PART_OF_MEMORY * of_machine())), has,
                   given("PORSCHE_JOB_MEMORY", size_of, None), given("PORSCHE_JOB_CPU", _cores, None))


def savepoints_kept(environment: Mapping[str, str]) -> int:
    """How many of a pipeline's savepoints that nobody named are kept. Errors: `bad_option`."""
    return positive(environment.get("PORSCHE_SAVEPOINTS") or "10", "PORSCHE_SAVEPOINTS")


@dataclass(frozen=True)
class Caps:
    """`memory`: bytes of its own, at most; None: as much as the platform has. `cpu`: cores, None: as many as there
    are. `slots`: shards."""

    memory: int | None = None
    cpu: float | None = None
    slots: int = 1


def caps_of(options: Mapping[str, Any], settings: Mapping[str, str], memory: int | None, cpu: float | None) -> Caps:
    """Of a run with these options and settings of its document; `memory`, `cpu`: where it says nothing. Errors:
    `bad_option`."""
    return Caps(options.get("memory") or memory, options.get("cpu") or cpu,
                options.get("shards") or JobProperties.of(settings).shards)


def size_of(text: str, name: str = "memory") -> int:
    """Bytes, as Flink writes them: '512 mb', '2g', '1073741824'. Errors: `bad_option`."""
    match = _SIZE.fullmatch(text)
    if match is None or match[2].lower() not in _UNITS:
        raise UserError("bad_option", f"'{name}' = '{text}' is not a size", hint="write for example '512 mb' or '2 gb'")
    return int(float(match[1]) * (1 << _UNITS[match[2].lower()]))


def _cores(text: str, name: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not LEAST_CPU <= value < 1e6:
        raise UserError("bad_option", f"'{name}' = '{text}' is no number of cores", hint=f"at least {LEAST_CPU}")
    return value


def shown(size: float) -> str:
    """A size for people."""
    return f"{size / (1 << 30):.1f} GB" if size >= 1 << 30 else f"{size / (1 << 20):.0f} MB"


@dataclass(frozen=True)
class Holder:
    """The operator that has the most state, and its node; all its shards together."""

    operator: str
    node: str | None
    bytes: int


def largest(status: Mapping[str, Any] | None) -> Holder | None:
    """Of a job's status; None where none has any."""
    found: dict[str, Holder] = {}
    operators: Iterable[Mapping[str, Any]] = (status or {}).get("operators") or ()
    for operator in operators:
        nodes, uid = operator.get("nodes") or [], str(operator.get("uid") or operator.get("name"))
        before = found[uid].bytes if uid in found else 0
        found[uid] = Holder(str(operator.get("name")), nodes[-1] if nodes else None,
                            before + int(operator.get("state_bytes") or 0))
    most = max(found.values(), key=lambda holder: holder.bytes, default=None)
    return most if most is not None and most.bytes else None


def breach(limit: int, used: int | None, by: str, status: Mapping[str, Any] | None) -> dict[str, Any]:
    """Why a run is ended that takes more memory than it may: code, message, hint, node. `by`: who found it."""
    held = largest(status)
    took = f"it took {shown(used)} of memory" if used is not None else "it took more memory than it may"
    most = f"; {_most(held)}" if held is not None else ""
    return {"code": "memory_limit", "message": f"{took}, its limit is {shown(limit)} ({by}){most}",
            "node": held.node if held else None,
            "hint": "give it more (option memory), or let state expire ('table.exec.state.ttl')"}


def warning(limit: int, used: int, status: Mapping[str, Any] | None) -> dict[str, Any]:
    """That a run is about to take more memory than it may."""
    held = largest(status)
    most = f"; {_most(held)}" if held is not None else ""
    return {"code": "memory_high", "node": held.node if held else None, "message":
            f"it takes {shown(used)} of memory, {used / limit:.0%} of its limit of {shown(limit)}{most}"}


def too_fast(limit: float, used: float) -> dict[str, Any]:
    """That a run takes more of the processor than it may."""
    return {"code": "cpu_high", "node": None, "message": f"it takes {used:.1f} cores, its limit is {limit:g}: a single "
            "round lasts long, or processes that it started take part"}


def _most(held: Holder) -> str:
    where = f" of '{held.node}'" if held.node else ""
    return f"most of its state is in {held.operator}{where} ({shown(held.bytes)})"
