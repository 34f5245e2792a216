"""Trying again what fails passingly: after pauses that grow, within a budget.

What passes is what a connector declares by `Unavailable`, and what the operating system says of connections, networks
and disks. Everything else fails at once: a file that is not there, a table that has another shape, a wrong password.
"""

from __future__ import annotations

import errno
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from engine.errors import Unavailable, UserError

T = TypeVar("T")
LASTING = frozenset({
    errno.ENOENT, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EISDIR, errno.EROFS, errno.ENAMETOOLONG,
    errno.EEXIST, errno.EINVAL, errno.ELOOP, errno.EFBIG,
})  # fmt: skip
"""What the operating system says that does not go away by itself."""


def is_passing(error: BaseException) -> bool:
    """Whether what failed may succeed if it is tried again."""
    if isinstance(error, UserError | ConnectionError | TimeoutError):
        return not isinstance(error, UserError) or isinstance(error, Unavailable)
    return isinstance(error, OSError) and error.errno is not None and error.errno not in LASTING


def io_error(code: str, message: str, error: Exception) -> UserError:
    """The user's error for one of the operating system, passing where that one is."""
    return (Unavailable if is_passing(error) else UserError)(code, message)


@dataclass(frozen=True)
class Budget:
    """How long something is tried again after it failed first, and the seconds between tries: from `pause`, doubled
    each time, to `longest`."""

    seconds: float = 60.0
    pause: float = 0.1
    longest: float = 5.0


class Retries:
    """Of one thing that may fail: since when it has, why, and when it is due again."""

    def __init__(self, budget: Budget, clock: Callable[[], float] = time.monotonic) -> None:
        self._budget = budget
        self._clock = clock
        self.succeeded()

    def succeeded(self) -> None:
        """It works (again)."""
        self._since: float | None = None
        self._next = 0.0
        self._tries = 0
        self._cause = ""

    def failed(self, error: Exception) -> None:
        """It failed: raises what lasts, and what has failed for longer than the budget; else it is due later."""
        if not is_passing(error):
            raise error
        now = self._clock()
        self._since = now if self._since is None else self._since
        self._tries += 1
        if now - self._since >= self._budget.seconds:
            raise _exhausted(error, self._tries, now - self._since) from error
        self._cause = error.message if isinstance(error, UserError) else str(error) or type(error).__name__
        self._next = now + min(self._budget.pause * 2 ** min(self._tries - 1, 30), self._budget.longest)

    @property
    def failing(self) -> bool:
        """Whether it failed last time."""
        return self._since is not None

    @property
    def due(self) -> bool:
        """Whether it is time to try."""
        return self._since is None or self._clock() >= self._next

    @property
    def seconds(self) -> float:
        """For how long it has failed."""
        return 0.0 if self._since is None else self._clock() - self._since

    @property
    def cause(self) -> str:
        """Why it failed last time."""
        return self._cause

    def describe(self, now: float) -> dict[str, Any] | None:
        """For people, with times as `now` has them (unix seconds); None where it works."""
        if self._since is None:
            return None
        return {"since": round(now - self.seconds, 3), "tries": self._tries, "cause": self._cause,
                "next": round(now + max(0.0, self._next - self._clock()), 3)}


def _exhausted(error: Exception, tries: int, seconds: float) -> UserError:
    """The last error, with how often it was tried."""
    code, message, hint = "unavailable", str(error), None
    if isinstance(error, UserError):
        code, message, hint = error.code, error.message, error.hint
    return Unavailable(code, f"{message} (tried {tries} times in {seconds:.0f} s)", hint=hint)


def tried(action: Callable[[], T], times: int, pause: float = 1.0) -> T:
    """What an action gives; where it fails passingly it is done again, as often as `times`, after pauses that grow by
    `pause` seconds each time."""
    for number in range(times):
        try:
            return action()
        except (UserError, OSError) as error:
            if not is_passing(error):
                raise
            time.sleep(pause * (number + 1))
    return action()
