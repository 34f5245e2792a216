"""Local time of a zone for windows over TIMESTAMP_LTZ: vectorised, exact at changes of the zone's offset."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from engine.changes import Array

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_QUARTER = 900_000_000  # offsets change at quarters of an hour


class LocalTime:
    """Microseconds since the epoch to local ones and back (a local time that occurs twice is the earlier)."""

    def __init__(self, zone: str) -> None:
        self._zone = ZoneInfo(zone)
        self._fixed = 0 if zone in ("UTC", "Etc/UTC", "GMT", "Z") else None
        self._known: dict[int, int] = {}

    def offsets(self, times: Array) -> Array | int:
        """What to add to each time."""
        if self._fixed is not None:
            return self._fixed
        quarters, place = np.unique(times // _QUARTER, return_inverse=True)
        return np.array([self._offset(q) for q in quarters.tolist()], np.int64)[place]

    def _offset(self, quarter: int) -> int:
        if quarter not in self._known:
            try:
                moment = _EPOCH + timedelta(microseconds=quarter * _QUARTER)
                offset = moment.astimezone(self._zone).utcoffset() or timedelta()
            except OverflowError:
                offset = timedelta()
            self._known[quarter] = offset // timedelta(microseconds=1)
        return self._known[quarter]

    def local(self, times: Array) -> Array:
        """Local times of these moments."""
        return times + self.offsets(times)

    def moments(self, local: Array) -> Array:
        """The moments at which these local times are."""
        first: Array = local - self.offsets(local)
        return local - self.offsets(first)
