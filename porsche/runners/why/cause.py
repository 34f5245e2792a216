"""What is said of a node that swallows rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any


@dataclass(frozen=True)
class Cause:
    """Why a sink gets nothing. `node`: where the rows end; `hint`: what to do next; `related`: further nodes that have
    a part in it; `sinks`: those that get nothing for it; `facts`: the figures by which it was told."""

    code: str
    node: str
    message: str
    hint: str
    related: tuple[str, ...] = ()
    sinks: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)

    def at(self, sink: str) -> Cause:
        return replace(self, sinks=(*self.sinks, sink))

    def with_record(self, record: Mapping[str, Any]) -> Cause:
        """A record that could not be read (`text`, `reason`, `place`) says more than their number."""
        shown = {name: record.get(name) for name in ("text", "reason", "place")}
        return replace(self, message=f"{self.message}: {record['reason']}", facts={**self.facts, "record": shown})

    def as_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "node": self.node,
            "message": self.message,
            "hint": self.hint,
            "related": list(self.related),
            "sinks": list(self.sinks),
            "facts": dict(self.facts),
        }


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(microseconds: float) -> str:
    """A time as people write it."""
    try:
        at = _EPOCH + timedelta(microseconds=int(microseconds))
    except OverflowError:
        return str(int(microseconds))
    return at.strftime("%Y-%m-%d %H:%M:%S") + (f".{at.microsecond // 1000:03d}" if at.microsecond >= 1000 else "")


def rows(count: float) -> str:
    return "1 row" if count == 1 else f"{int(count):,} rows"
