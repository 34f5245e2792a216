"""Frames over a pair of sockets: a JSON value and buffers of bytes.

    u32 bytes of JSON, u32 number of buffers | u64 size of each buffer | JSON | buffers
"""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Callable, Sequence
from typing import Any

Buffer = bytes | bytearray | memoryview
STEP = 0.02
"""Seconds after which someone who waits looks after the other side."""
_START = struct.Struct("<II")
_READ_AHEAD = 1 << 16
_MOST_JSON, _MOST_BUFFERS, _MOST_BYTES = 1 << 26, 1 << 16, 1 << 34


class BadFrame(Exception):
    """What came is no frame."""


class Channel:
    """One end. `wait` is called while nothing moves, and may raise; without it there is no limit."""

    def __init__(self, end: socket.socket, wait: Callable[[], None] | None = None) -> None:
        self._end = end
        self._wait = wait
        end.settimeout(None if wait is None else STEP)
        self._ahead = memoryview(bytearray(_READ_AHEAD))
        self._first = self._last = 0  # what was read ahead and not taken yet

    def send(self, value: Any, buffers: Sequence[Buffer] = ()) -> None:
        """Raises OSError where the other end is gone."""
        text = json.dumps(value).encode()
        views = [memoryview(b).cast("B") for b in buffers]
        sizes = struct.pack(f"<{len(views)}Q", *(v.nbytes for v in views))
        waiting = [memoryview(_START.pack(len(text), len(views)) + sizes + text), *(v for v in views if v.nbytes)]
        while waiting:
            sent = self._moved(lambda: self._end.sendmsg(waiting[:64]))
            while waiting and sent >= waiting[0].nbytes:
                sent -= waiting.pop(0).nbytes
            if sent:
                waiting[0] = waiting[0][sent:]

    def receive(self) -> tuple[Any, list[bytearray]]:
        """Raises EOFError where the other end is closed, BadFrame."""
        length, count = _START.unpack(self._take(_START.size))
        if length > _MOST_JSON or count > _MOST_BUFFERS:
            raise BadFrame(f"a frame of {length} bytes and {count} buffers")
        sizes = struct.unpack(f"<{count}Q", self._take(8 * count))
        if sum(sizes) > _MOST_BYTES:
            raise BadFrame(f"buffers of {sum(sizes)} bytes")
        try:
            value = json.loads(self._take(length))
        except ValueError as error:
            raise BadFrame(str(error)) from error
        return value, [self._take(size) for size in sizes]

    def _take(self, size: int) -> bytearray:
        taken = bytearray(size)
        view, done = memoryview(taken), 0
        while done < size:
            if self._first < self._last:
                part = min(self._last - self._first, size - done)
                view[done:done + part] = self._ahead[self._first:self._first + part]
                self._first += part
                done += part
            elif size - done >= _READ_AHEAD:
                done += self._read(view[done:])
            else:
                self._first, self._last = 0, self._read(self._ahead)
        return taken

    def _read(self, into: memoryview) -> int:
        count = self._moved(lambda: self._end.recv_into(into))
        if not count:
            raise EOFError
        return count

    def _moved(self, move: Callable[[], int]) -> int:
        while True:
            try:
                return move()
            except TimeoutError:
                if self._wait is not None:
                    self._wait()

    def close(self) -> None:
        self._end.close()
