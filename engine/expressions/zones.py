"""Time zones over arrays: a zone is a table of its changes of offset, looked up by binary search."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from engine.changes import Array
from engine.errors import UserError

SECOND = 1_000_000
_OFFSET = re.compile(r"(?:GMT|UTC|UT)?([+-])(\d{1,2})(?::?(\d{2}))?(?::(\d{2}))?")
_FIRST, _LAST, _STEP = -2_840_140_800, 7_258_118_400, 10 * 86_400  # 1880 to 2200: no zone changes twice within ten days


@dataclass(frozen=True)
class Zone:
    """`changes`: UTC seconds from which `offsets[i + 1]` (seconds east) holds; `boundaries`: the same in local time,
    a gap belonging to the offset before it and an overlap to the earlier instant, as in Java."""

    changes: Array
    boundaries: Array
    offsets: Array

    def to_local(self, micros: Array) -> Array:
        """Instants (UTC microseconds) as local times (microseconds)."""
        if len(self.changes) == 0:
            return micros + self.offsets[0] * SECOND
        return micros + self.offsets[np.searchsorted(self.changes, micros // SECOND, "right")] * SECOND

    def to_utc(self, micros: Array) -> Array:
        """Local times (microseconds) as instants (UTC microseconds)."""
        if len(self.changes) == 0:
            return micros - self.offsets[0] * SECOND
        return micros - self.offsets[np.searchsorted(self.boundaries, micros // SECOND, "right")] * SECOND


def _fixed(seconds: int) -> Zone:
    none = np.empty(0, np.int64)
    return Zone(none, none, np.array([seconds], np.int64))


@lru_cache(maxsize=64)
def zone(name: str) -> Zone:
    """The zone of a name (Europe/Berlin) or offset (GMT+8, +05:30); UserError "bad_time_zone"."""
    if name in ("UTC", "GMT", "Z", "UT"):
        return _fixed(0)
    if match := _OFFSET.fullmatch(name):
        sign, hours, minutes, seconds = match.groups()
        total = int(hours) * 3600 + int(minutes or 0) * 60 + int(seconds or 0)
        return _fixed(-total if sign == "-" else total)
    try:
        return _table(ZoneInfo(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UserError("bad_time_zone", f"Invalid ID for region-based ZoneId, invalid format: {name}",
                        hint="use a name such as Europe/Berlin or an offset such as GMT+08:00") from None


def _table(info: ZoneInfo) -> Zone:
    def offset(second: int) -> int:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
        found = moment.astimezone(info).utcoffset()
        return round(found.total_seconds()) if found is not None else 0

    changes, offsets = [], [offset(_FIRST)]
    for start in range(_FIRST, _LAST, _STEP):
        if offset(start + _STEP) == offsets[-1]:
            continue
        low, high = start, start + _STEP
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if offset(middle) == offsets[-1] else (low, middle)
        changes.append(high)
        offsets.append(offset(high))
    boundaries = [c + max(a, b) for c, a, b in zip(changes, offsets, offsets[1:], strict=False)]
    return Zone(np.array(changes, np.int64), np.array(boundaries, np.int64), np.array(offsets, np.int64))
