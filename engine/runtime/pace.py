"""A job that may use a share of the processor only: it sleeps between rounds for what it used beyond that.

Where the kernel keeps a limit itself (a control group) this is not needed.
"""

from __future__ import annotations

import time
from collections.abc import Callable

BURST = 0.2
"""Seconds of its share that a job that was idle may use at once."""
LONGEST = 0.25
"""Seconds of one sleep: the job has to be asked things, and to say how it does."""
MARGIN = 0.001
"""Seconds that a sleep may have been too short."""


class Pace:
    """A bucket of processor seconds, of the whole process with all its threads, that fills at `share` a second."""

    def __init__(self, share: float, used: Callable[[], float] = time.process_time,
                 clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep) -> None:
        self._share = share
        self._used, self._clock, self._sleep = used, clock, sleep
        self._last_used, self._last = used(), clock()
        self._left = share * BURST

    def allows(self) -> bool:
        """Before a round: whether it may be done. Where too much was used, some time has passed with this."""
        self._count()
        if self._left < 0.0:
            self._sleep(min(-self._left / self._share, LONGEST))
            self._count()
        return self._left >= -MARGIN * self._share

    def _count(self) -> None:
        used, now = self._used(), self._clock()
        earned, spent = self._share * (now - self._last), used - self._last_used
        self._left = min(self._left + earned - spent, self._share * BURST)
        self._last_used, self._last = used, now
