"""Server-sent events under ASGI, in front of Django: an open stream holds neither a thread nor a database connection.

Whether one may listen is asked of Django, as for any request, at the beginning and once a minute.
"""

from __future__ import annotations

import asyncio
import logging
import random
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from types import FrameType
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.base import BaseHandler
from django.core.signals import request_started
from django.http import HttpResponse
from django.http.response import HttpResponseBase

from porsche.ide.api.errors import failure
from porsche.monitor import traffic
from porsche.monitor.stream.hub import Hub, Mark, Topic
from porsche.monitor.stream.views import RETRY, Stream
from porsche.monitor.stream.watch import Watcher

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[..., Awaitable[None]]

log = logging.getLogger(__name__)

PATHS = re.compile(r"/api/(?:stream|(?:runs|pipelines)/\d+/stream)")
HEARTBEAT = 10.0
"""Seconds after which a stream without events says that it is there."""
CHECK = 60.0
"""Seconds between two looks at whether one may still listen."""
MOST = 400
"""Streams that a user may have open: each is a descriptor of this process, of which the system gives so many."""
ASKING = 4
"""Threads that ask."""


class Streams:
    """An ASGI application: streams are answered here, all else by the application behind."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._asking = ThreadPoolExecutor(ASKING, thread_name_prefix="may-listen")
        self._django = BaseHandler()
        self._django.load_middleware()
        self._hub: Hub | None = None
        self._open: Counter[int] = Counter()
        """Streams by their users."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._life(receive, send)
        elif scope["type"] == "http" and scope["method"] == "GET" and PATHS.fullmatch(scope["path"]):
            await self._stream(scope, receive, traffic.counted(scope, send))
        elif scope["type"] == "http":
            await self._application(scope, receive, traffic.counted(scope, send))
        else:
            await self._application(scope, receive, send)

    @property
    def hub(self) -> Hub:
        """The process's hub, made where its event loop runs."""
        if self._hub is None:
            self._hub = Hub(Watcher().poll)
            self._end_with_the_server(asyncio.get_running_loop())
            traffic.listeners(lambda: self.hub.listeners)
        return self._hub

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await self._ask(scope)
        if not isinstance(answer, Stream):
            assert isinstance(answer, HttpResponse)
            await _relay(answer, send)
            return
        if self._open[answer.user] >= MOST:
            await _relay(failure(429, "too_many_streams", f"a user has at most {MOST} streams open",
                                 "close pages that nobody looks at"), send)
            return
        self._open[answer.user] += 1
        gone = asyncio.ensure_future(_disconnected(receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _headers(answer)})
            await self._tell(answer.topic, scope, send, gone)
        finally:
            gone.cancel()
            self._open[answer.user] -= 1
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _tell(self, topic: Topic, scope: Scope, send: Send, gone: asyncio.Future[None]) -> None:
        """Send a topic's events until the client leaves, may no longer listen, or the process ends."""
        with self.hub.listen(topic) as (listener, room):
            gone.add_done_callback(lambda _: listener.close())
            await send(_body(RETRY))  # the client knows at once that it is connected
            await room.filled.wait()
            frames = room.begin(listener, _last(scope))
            check = time.monotonic() + CHECK * random.uniform(0.8, 1.0)
            while not listener.closed:
                await send(_body(b"".join(frame.data for frame in frames) or b": \n\n"))
                await listener.wait(HEARTBEAT)
                if time.monotonic() >= check:
                    check = time.monotonic() + CHECK
                    again = await self._ask(scope)
                    if getattr(again, "topic", None) != topic:
                        return
                frames = room.begin(listener, None) if listener.lost else listener.take()

    async def _ask(self, scope: Scope) -> HttpResponseBase:
        return await asyncio.get_running_loop().run_in_executor(self._asking, self._answer, scope)

    def _answer(self, scope: Scope) -> HttpResponseBase:
        """Django's answer to the request. Nothing of it is left behind in this thread."""
        request_started.send(sender=type(self), scope=scope)
        response = self._django.get_response(ASGIRequest(dict(scope), BytesIO()))
        response.close()
        return response

    async def _life(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            else:
                self._close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    def _end_with_the_server(self, loop: asyncio.AbstractEventLoop) -> None:
        """A server that is asked to end waits for open answers: streams must end first, at the same signal."""
        if threading.current_thread() is not threading.main_thread():
            return
        for number in (signal.SIGINT, signal.SIGTERM):
            before = signal.getsignal(number)

            def ended(number: int, frame: FrameType | None, before: Any = before) -> None:
                loop.call_soon_threadsafe(self._close)
                if callable(before):
                    before(number, frame)

            signal.signal(number, ended)

    def _close(self) -> None:
        if self._hub is not None and not self._hub.closed:
            self._hub.close()


def _body(data: bytes) -> dict[str, Any]:
    return {"type": "http.response.body", "body": data, "more_body": True}


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _last(scope: Scope) -> Mark | None:
    """The last event that a client has received."""
    text = next((value for name, value in scope["headers"] if name == b"last-event-id"), b"")
    return Mark.parse(text.decode("latin-1"))


def _headers(response: HttpResponseBase) -> list[tuple[bytes, bytes]]:
    plain = [(name.lower().encode("ascii"), value.encode("latin-1")) for name, value in response.items()]
    return plain + [(b"set-cookie", c.output(header="").strip().encode("ascii")) for c in response.cookies.values()]


async def _relay(response: HttpResponse, send: Send) -> None:
    """Pass on what Django answered instead of a stream."""
    await send({"type": "http.response.start", "status": response.status_code, "headers": _headers(response)})
    await send({"type": "http.response.body", "body": response.content})
