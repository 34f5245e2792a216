"""One hub per process: what is polled once is fanned out to all who listen. Knows neither Django nor HTTP.

A *topic* is what one listens to. Of a topic's messages the *standing* ones (with a key) replace each other, the others
each count; both are remembered for a while, so that a listener who comes back gets what it missed. One who missed more,
or reads too slowly, gets what stands instead: no listener holds more memory than its bounded queue.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

log = logging.getLogger(__name__)

PERIOD = 1.0
"""Seconds between two polls."""
LINGER = 60.0
"""Seconds for which a topic is polled on after its last listener left: reconnecting costs nothing."""
QUEUE = 200
"""Messages that wait for one listener, at most."""
KEPT = 500
KEPT_BYTES = 4 << 20
"""What is remembered of a topic's messages."""


QUIET = 60.0
"""Seconds between two complaints about polls that fail."""


class Topic(NamedTuple):
    """What one listens to: ("run", its id), ("project", its id)."""

    kind: str
    id: int


class Message(NamedTuple):
    """An event for a topic's listeners. `data`: JSON text.

    `key`: it stands, in place of the one before it with this key; `quiet`: it stands for those who come later, and is
    not told to those who listen; `ends`: what stood under this key stands no more.
    """

    topic: Topic
    event: str
    data: str
    key: str = ""
    quiet: bool = False
    ends: str = ""


class Mark(NamedTuple):
    """An event's id, `<unix ms>-<n>`: grows with each event of a process."""

    ms: int
    n: int

    def __str__(self) -> str:
        return f"{self.ms}-{self.n}"

    @classmethod
    def parse(cls, text: str) -> Mark | None:
        ms, dash, n = text.strip().partition("-")
        sane = dash and ms.isascii() and ms.isdigit() and n.isascii() and n.isdigit() and len(text) < 64
        return cls(int(ms), int(n)) if sane else None


@dataclass(frozen=True)
class Frame:
    """A message as it goes over the wire."""

    mark: Mark
    data: bytes

    @classmethod
    def of(cls, mark: Mark, message: Message) -> Frame:
        return cls(mark, f"id: {mark}\nevent: {message.event}\ndata: {message.data}\n\n".encode())


class Listener:
    """Who listens. Its queue is bounded: who falls behind is told what stands instead."""

    def __init__(self) -> None:
        self._frames: deque[Frame] = deque()
        self._ready = asyncio.Event()
        self.closed = False
        self.lost = False
        """Whether messages were thrown away."""

    def push(self, frames: Iterable[Frame]) -> None:
        if self.lost:
            return
        self._frames.extend(frames)
        if len(self._frames) > QUEUE:
            self._frames.clear()
            self.lost = True
        self._ready.set()

    def close(self) -> None:
        """Nothing more comes."""
        self.closed = True
        self._ready.set()

    async def wait(self, patience: float) -> None:
        """Until something is there to take, or so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._ready.wait()

    def take(self) -> list[Frame]:
        """What waits."""
        taken = list(self._frames)
        self._frames.clear()
        self.lost = False
        if not self.closed:
            self._ready.clear()
        return taken


class Room:
    """A topic's listeners and its memory."""

    def __init__(self, mark: Mark) -> None:
        self.listeners: set[Listener] = set()
        self.left = time.monotonic()
        """When the last listener left."""
        self.filled = asyncio.Event()
        """Set once it was polled."""
        self._floor = mark
        self._passing: deque[Frame] = deque()
        self._bytes = 0
        self._standing: dict[str, tuple[Frame, bool]] = {}

    def add(self, frame: Frame, message: Message) -> None:
        self._standing.pop(message.ends, None)
        if message.key:
            self._standing[message.key] = (frame, message.quiet)
        else:
            self._passing.append(frame)
            self._bytes += len(frame.data)
            while len(self._passing) > KEPT or self._bytes > KEPT_BYTES:
                dropped = self._passing.popleft()
                self._bytes -= len(dropped.data)
                self._floor = dropped.mark
        if not message.quiet:
            for listener in self.listeners:
                listener.push((frame,))

    def begin(self, listener: Listener, mark: Mark | None) -> list[Frame]:
        """What a listener is told first: what it missed since an event, or else what stands."""
        listener.take()
        missed = None if mark is None else self.since(mark)
        return self.standing() if missed is None else missed

    def standing(self) -> list[Frame]:
        """What stands now: the beginning for who missed everything."""
        return sorted((frame for frame, _ in self._standing.values()), key=lambda frame: frame.mark)

    def since(self, mark: Mark) -> list[Frame] | None:
        """What came after an event; None where it is no longer remembered."""
        if mark < self._floor:
            return None
        standing = (frame for frame, quiet in self._standing.values() if not quiet)
        return sorted((frame for frame in (*self._passing, *standing) if frame.mark > mark),
                      key=lambda frame: frame.mark)


class Hub:
    """Polls while someone listens. `poll(topics)` runs in a thread of its own, the same at each call."""

    def __init__(self, poll: Callable[[frozenset[Topic]], list[Message]], period: float = PERIOD) -> None:
        self._poll = poll
        self._period = period
        self._rooms: dict[Topic, Room] = {}
        self._last = Mark(0, 0)
        self._wake = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="streams")
        self._task: asyncio.Task[None] | None = None
        self.closed = False

    @property
    def listeners(self) -> int:
        return sum(len(room.listeners) for room in self._rooms.values())

    @contextmanager
    def listen(self, topic: Topic) -> Iterator[tuple[Listener, Room]]:
        """Be told of a topic's messages from now on."""
        room = self._rooms.get(topic)
        if room is None:
            room = self._rooms[topic] = Room(self._mark())
            self._wake.set()
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())
        listener = Listener()
        room.listeners.add(listener)
        try:
            if self.closed:
                listener.close()
                room.filled.set()
            yield listener, room
        finally:
            room.listeners.discard(listener)
            room.left = time.monotonic()

    def close(self) -> None:
        """End all streams at once; nobody listens any more."""
        self.closed = True
        for room in self._rooms.values():
            room.filled.set()
            for listener in room.listeners:
                listener.close()
        if self._task is not None:
            self._task.cancel()
        self._thread.shutdown(wait=False, cancel_futures=True)

    def publish(self, messages: Iterable[Message]) -> None:
        for message in messages:
            room = self._rooms.get(message.topic)
            if room is not None:
                room.add(Frame.of(self._mark(), message), message)

    def _mark(self) -> Mark:
        ms = max(time.time_ns() // 1_000_000, self._last.ms)  # a clock that was set back must not repeat an id
        self._last = Mark(ms, self._last.n + 1)
        return self._last

    async def _run(self) -> None:
        complained = 0.0
        while not self.closed:
            began = time.monotonic()
            self._wake.clear()
            self._retire(began)
            rooms = dict(self._rooms)
            try:
                found = await asyncio.get_running_loop().run_in_executor(self._thread, self._poll, frozenset(rooms))
                self.publish(found)
                complained = 0.0
            except Exception:  # a database that does not answer: listeners wait, heartbeats go on
                if began - complained > QUIET:
                    log.exception("the runs could not be looked at")
                    complained = began
            for room in rooms.values():
                room.filled.set()
            if not rooms and not self._rooms:
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.05, began + self._period - time.monotonic())):
                    await self._wake.wait()

    def _retire(self, now: float) -> None:
        for topic, room in list(self._rooms.items()):
            if not room.listeners and now - room.left > LINGER:
                del self._rooms[topic]


def encode(data: Any, encoder: type[json.JSONEncoder]) -> str:
    """JSON on one line: a line's end would end an event's data."""
    return json.dumps(data, cls=encoder, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
