"""A client of server-sent events, by the letter of the standard's grammar as far as we use it."""

from __future__ import annotations

import json
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

import httpx

from tests.monitor.platform import Server


@dataclass
class Event:
    id: str
    name: str
    data: Any
    at: float = field(default_factory=time.time)


class Events:
    """Listens in a thread of its own. `last`: the id to go on from."""

    def __init__(self, server: Server, path: str, *, user: str = "ann", last: str | None = None) -> None:
        self.received: list[Event] = []
        self.comments = 0
        self.ended = threading.Event()
        self._client = server.client(user)
        headers = {"Accept": "text/event-stream", **({"Last-Event-ID": last} if last else {})}
        request = self._client.build_request("GET", path, headers=headers, timeout=None)
        self.response = self._client.send(request, stream=True)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        fields: dict[str, str] = {}
        try:
            for line in self.response.iter_lines():
                if line.startswith(":"):
                    self.comments += 1
                elif line:
                    name, _, value = line.partition(": ")
                    fields[name] = value
                elif "data" in fields:
                    self.received.append(Event(fields["id"], fields["event"], json.loads(fields["data"])))
                    fields = {}
                else:
                    fields = {}
        except (httpx.TransportError, httpx.StreamError):
            pass
        finally:
            self.ended.set()

    def named(self, name: str) -> list[Any]:
        return [event.data for event in list(self.received) if event.name == name]

    def wait(self, name: str, count: int = 1, seconds: float = 60) -> list[Any]:
        """The data of the first so many events of a name."""
        deadline = time.monotonic() + seconds
        while len(self.named(name)) < count:
            assert time.monotonic() < deadline, f"no {count} x {name} in {[e.name for e in self.received]}"
            assert not self.ended.is_set() or len(self.named(name)) >= count, f"ended: {self.received}"
            time.sleep(0.02)
        return self.named(name)

    def close(self) -> None:
        with suppress(OSError):  # the reading thread waits in the socket
            self.response.extensions["network_stream"].get_extra_info("socket").shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self.response.close()
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
