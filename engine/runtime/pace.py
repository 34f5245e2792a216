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


class Pace:
    """A bucket of processor seconds, of the whole process with all its threads, that fills at `share` a second."""

    def __init__(self, share: float, used: Callable[[], float] = time.process_time,
                 clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep) -> None:
        self._share = share
        self._used, self._clock, self._sleep = used, clock, sleep
        self._last_used, self._last = used(), clock()
        self._left = share * BURST

    def keep(self) -> None:
        """Between two rounds: sleep where too much was used. What one sleep does not make good, the next ones do."""
        self._count()
        if self._left < 0.0:
            self._sleep(min(-self._left / self._share, LONGEST))
            self._count()

    def _count(self) -> None:
        used, now = self._used(), self._clock()
        self._left = min(self._left + self._share * (now - self._last), self._share * BURST) - (used - self._last_used)
        self._last_used, self._last = used, now
