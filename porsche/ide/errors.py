"""What can be wrong with a request beyond its form. The API gives each kind a status; other `UserError`s are a 400."""

from __future__ import annotations

from engine.errors import UserError


class Refused(UserError):
    """A value that does not fit. `field`: where in the request."""

    def __init__(self, code: str, message: str, *, field: str, hint: str | None = None) -> None:
        super().__init__(code, message, hint=hint)
        self.field = field


class Conflict(UserError):
    """What was asked makes no sense as things are."""


class Stale(UserError):
    """What was asked rests on a revision that is not the newest."""


class Missing(UserError):
    """It is not there, or the person may not know that it is."""
