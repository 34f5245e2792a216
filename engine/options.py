"""Job properties by Flink's option names: their types, and what the engine reads out of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engine.errors import UserError

_UNITS = {"ns": 1e-3, "us": 1, "µs": 1, "ms": 1e3, "s": 1e6, "sec": 1e6, "second": 1e6, "min": 60e6, "m": 60e6,
          "minute": 60e6, "h": 3600e6, "hour": 3600e6, "d": 86400e6, "day": 86400e6}  # fmt: skip
_SIZE = re.compile(r"\s*(\d+)\s*([a-z]*)\s*", re.IGNORECASE)
_BYTES = {"": 0, "b": 0, "bytes": 0, **{f"{letter}{rest}": shift for letter, shift in
          (("k", 10), ("m", 20), ("g", 30), ("t", 40)) for rest in ("", "b", "ib", "ibibytes")}}  # fmt: skip
_DURATION = re.compile(r"\s*(\d+)\s*([a-zµ]*)\s*", re.IGNORECASE)


def duration(text: str, name: str = "option") -> int:
    """A duration as Flink writes it ("10 s", "5min", "100 ms"; bare numbers are milliseconds), in microseconds."""
    match = _DURATION.fullmatch(text)
    unit = match[2].lower() or "ms" if match else ""
    unit = unit if unit in _UNITS else unit.removesuffix("s")  # hours, minutes...
    if match is None or unit not in _UNITS:
        raise UserError("bad_option", f"'{name}' = '{text}' is not a duration",
                        hint="write for example '10 s' or '500 ms'")
    return int(int(match[1]) * _UNITS[unit])


def boolean(text: str, name: str = "option") -> bool:
    if text.lower() not in ("true", "false"):
        raise UserError("bad_option", f"'{name}' = '{text}' is neither true nor false")
    return text.lower() == "true"


def integer(text: str, name: str = "option") -> int:
    try:
        return int(text)
    except ValueError:
        raise UserError("bad_option", f"'{name}' = '{text}' is not a whole number") from None


def positive(text: str, name: str = "option") -> int:
    value = integer(text, name)
    if value < 1:
        raise UserError("bad_option", f"'{name}' = '{text}' must be at least 1")
    return value


def count(text: str, name: str = "option") -> int:
    value = integer(text, name)
    if value < 0:
        raise UserError("bad_option", f"'{name}' = '{text}' must not be negative")
    return value


def size(text: str, name: str = "option") -> int:
    """A memory size as Flink writes it ("512m", "2 gb"; bare numbers are bytes), in bytes."""
    match = _SIZE.fullmatch(text)
    unit = match[2].lower() if match else "?"
    if match is None or unit not in _BYTES:
        raise UserError("bad_option", f"'{name}' = '{text}' is not a memory size",
                        hint="write for example '512 mb' or '2 gb'")
    return int(match[1]) << _BYTES[unit]


def place(text: str, name: str = "option") -> str:
    if not text.strip():
        raise UserError("bad_option", f"'{name}' = '{text}' names no folder")
    return text.strip()


def execution_mode(text: str, name: str = "option") -> str:
    if text.lower() not in ("process", "thread"):
        raise UserError("bad_option", f"'{name}' = '{text}' is no execution mode", hint="process or thread")
    return text.lower()


def batch_mode(text: str, name: str = "option") -> bool:
    if text.lower() not in ("streaming", "batch", "automatic"):
        raise UserError("bad_option", f"'{name}' = '{text}' is no runtime mode", hint="STREAMING or BATCH")
    return text.lower() == "batch"


@dataclass(frozen=True)
class JobProperties:
    """What a job's settings mean. Times are microseconds; `checkpoint_interval` 0 = only at the end,
    `tolerable_failures` None = any number, `state_memory` in bytes, 0 = no limit."""

    shards: int = 1
    mini_batch: bool = False
    mini_batch_rows: int = 20_000
    mini_batch_latency: int = 0
    ttl: int = 0
    idle_timeout: int = 0
    checkpoint_interval: int = 10_000_000
    checkpoint_dir: str | None = None
    checkpoint_timeout: int = 600_000_000
    checkpoint_pause: int = 0
    checkpoints_retained: int = 3
    tolerable_failures: int | None = None
    state_memory: int = 0
    zone: str = "UTC"
    bounded_mode: bool = False
    python_mode: str = "process"
    python_timeout: int = 60_000_000
    python_memory: int = 2 << 30
    dead_letters: int = 100_000
    dead_letters_size: int = 64 << 20

    @staticmethod
    def of(settings: Mapping[str, str]) -> JobProperties:
        """Read the settings; a value of the wrong type is the user's error."""

        former = {now: settings[name] for name, now in _NOW_CALLED.items() if name in settings}
        settings = {**former, **settings}
        values = {field: read(settings[name], name) for field, (name, read) in _FIELDS.items() if name in settings}
        zone = settings.get("table.local-time-zone", "UTC")
        return JobProperties(zone="UTC" if zone == "default" else zone, **values)  # type: ignore[arg-type]


_FIELDS: dict[str, tuple[str, Callable[[str, str], object]]] = {
    "shards": ("parallelism.default", positive),
    "mini_batch": ("table.exec.mini-batch.enabled", boolean),
    "mini_batch_rows": ("table.exec.mini-batch.size", positive),
    "mini_batch_latency": ("table.exec.mini-batch.allow-latency", duration),
    "ttl": ("table.exec.state.ttl", duration),
    "idle_timeout": ("table.exec.source.idle-timeout", duration),
    "checkpoint_interval": ("execution.checkpointing.interval", duration),
    "checkpoint_dir": ("execution.checkpointing.dir", place),
    "checkpoint_timeout": ("execution.checkpointing.timeout", duration),
    "checkpoint_pause": ("execution.checkpointing.min-pause", duration),
    "checkpoints_retained": ("execution.checkpointing.num-retained", positive),
    "tolerable_failures": ("execution.checkpointing.tolerable-failed-checkpoints", count),
    "state_memory": ("taskmanager.memory.managed.size", size),
    "bounded_mode": ("execution.runtime-mode", batch_mode),
    "python_mode": ("python.execution-mode", execution_mode),
    "python_timeout": ("python.fn-execution.timeout", duration),
    "python_memory": ("python.fn-execution.memory.limit", size),
    "dead_letters": ("dead-letters.max-count", positive),
    "dead_letters_size": ("dead-letters.max-size", size),
}
_NOW_CALLED = {"state.checkpoints.dir": "execution.checkpointing.dir",
               "state.checkpoints.num-retained": "execution.checkpointing.num-retained"}
"""Names that Flink gave options formerly; the new name counts where both are set."""
