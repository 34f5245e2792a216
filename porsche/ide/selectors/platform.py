"""The platform itself: is the supervisor at work?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import Any

from django.utils import timezone

from porsche.ide.models import Beat

SUPERVISOR = "supervisor"
PATIENCE = timedelta(seconds=6)
"""Without a beat for so long, three of them, a process of the platform is taken for dead: then runs are judged from
their folders, which has to be before what it noted last has been untrue for ten seconds."""
VERSION = version("porsche")


@dataclass(frozen=True)
class Supervisor:
    """When it last said that it works, and whether that is recent."""

    at: datetime | None
    alive: bool

    def as_json(self) -> dict[str, Any]:
        return {"alive": self.alive, "at": self.at}


def supervisor(now: datetime | None = None) -> Supervisor:
    at = Beat.objects.filter(name=SUPERVISOR).values_list("at", flat=True).first()
    return Supervisor(at, at is not None and (now or timezone.now()) - at <= PATIENCE)
