"""What this process serves: requests by method and status, open streams. Counted at the door, for Prometheus."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
requests: Counter[tuple[str, str]] = Counter()
"""(method, status such as "2xx") -> answers."""
_lock = threading.Lock()
_listeners: list[Callable[[], int]] = []


def counted(scope: MutableMapping[str, Any], send: Send) -> Send:
    """A `send` that counts the answer."""
    method = scope["method"] if scope["method"] in METHODS else "other"  # anyone may send any word

    async def counting(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            with _lock:
                requests[method, f"{message['status'] // 100}xx"] += 1
        await send(message)

    return counting


def listeners(count: Callable[[], int]) -> None:
    """Say who knows how many streams are open."""
    _listeners.append(count)


def open_streams() -> int:
    return sum(count() for count in _listeners)
