"""Job properties by Flink's option names: their types, and what the engine reads out of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engine.errors import UserError

_UNITS = {"ns": 1e-3, "us": 1, "µs": 1, "ms": 1e3, "s": 1e6, "sec": 1e6, "second": 1e6, "min": 60e6, "m": 60e6,
          "minute": 60e6, "h": 3600e6, "hour": 3600e6, "d": 86400e6, "day": 86400e6}  # fmt: skip
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


def batch_mode(text: str, name: str = "option") -> bool:
    if text.lower() not in ("streaming", "batch", "automatic"):
        raise UserError("bad_option", f"'{name}' = '{text}' is no runtime mode", hint="STREAMING or BATCH")
    return text.lower() == "batch"


@dataclass(frozen=True)
class JobProperties:
    """What a job's settings mean. Times are microseconds; `checkpoint_interval` 0 = only at the end."""

    shards: int = 1
    mini_batch: bool = False
    mini_batch_rows: int = 20_000
    mini_batch_latency: int = 0
    ttl: int = 0
    idle_timeout: int = 0
    checkpoint_interval: int = 10_000_000
    zone: str = "UTC"
    bounded_mode: bool = False

    @staticmethod
    def of(settings: Mapping[str, str]) -> JobProperties:
        """Read the settings; a value of the wrong type is the user's error."""

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
    "bounded_mode": ("execution.runtime-mode", batch_mode),
}
