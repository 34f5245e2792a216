"""The platform with the streams' minute cut to a second, for tests: `uvicorn tests.monitor.hasty:application`."""

from __future__ import annotations

from porsche.asgi import application
from porsche.monitor.stream import app

app.CHECK = 1.0
app.HEARTBEAT = 0.5

__all__ = ["application"]
