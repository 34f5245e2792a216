"""Requests to an outside table: in flight on threads, tried again where a key is not there or the table does not answer
for now, given up in time. The job's thread never waits for one unless it wants to."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, replace
from queue import SimpleQueue
from typing import Any

import numpy as np

from engine.changes import Array, Column
from engine.connectors.base import Lookup
from engine.connectors.retries import Budget, is_passing
from engine.errors import UserError
from engine.operators.latency import Latencies
from engine.operators.lookup_cache import Answer, LookupCache, LookupOptions

IN_FLIGHT = 16
AGAIN = Budget()
"""How a table that does not answer for now is asked again."""


@dataclass(frozen=True)
class Request:
    """Keys of a cache that are asked for. Times are of the monotonic clock. `began`: first asked for; `sent`: this time
    (None: it is `due` then); `asked`: how often they were not there; `failed`: how often nobody answered."""

    cache: LookupCache
    slots: Array
    keys: Sequence[Column]
    began: float
    due: float = 0.0
    sent: float | None = None
    asked: int = 0
    failed: int = 0
    future: Future[Answer] | None = None


class Callers:
    """Daemon threads that call functions: one that never returns keeps no process from ending."""

    def __init__(self, threads: int, name: str) -> None:
        self._calls: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._threads = [threading.Thread(target=self._run, name=f"{name}-{i}", daemon=True) for i in range(threads)]
        for thread in self._threads:
            thread.start()

    def submit(self, function: Callable[[], Answer]) -> Future[Answer]:
        future: Future[Answer] = Future()
        self._calls.put((future, function))
        return future

    def _run(self) -> None:
        while (call := self._calls.get()) is not None:
            future, function = call
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(function())
            except BaseException as error:
                future.set_exception(error)

    def close(self, patience: float = 1.0) -> None:
        """Let the threads end; those that are still called after some seconds are left alone."""
        for _ in self._threads:
            self._calls.put(None)
        until = time.monotonic() + patience
        for thread in self._threads:
            thread.join(max(until - time.monotonic(), 0.0))


class Requests:
    """What is asked for and not answered yet. `name`: the operator's, for errors; `now`: processing time, for caches.

    `retried`: keys asked for again; `taken`: milliseconds that the last answers took."""

    def __init__(self, lookup: Lookup, options: LookupOptions, name: str, now: Callable[[], int]) -> None:
        self._lookup = lookup
        self._options = options
        self._name = name
        self._now = now
        self._open: list[Request] = []
        self._callers = None if options.local else Callers(options.threads, "lookup")
        self.taken = Latencies()  # how long answers take
        self.retried = 0

    @property
    def crowded(self) -> bool:
        """Whether there are as many requests in flight as is good."""
        return len(self._open) >= IN_FLIGHT and sum(r.future is not None for r in self._open) >= IN_FLIGHT

    def ask(self, cache: LookupCache, slots: Array, keys: Sequence[Column]) -> None:
        """Ask for keys that nobody asks for already; in place, their answers are there at once."""
        cache.flying[slots] = True
        request = Request(cache, slots, keys, time.monotonic())
        if self._callers is None:
            self._open.append(request)
            self.step()
        else:
            self._open.append(self._sent(request))

    def step(self) -> bool:
        """Take the answers that have come, send what is due; whether anything has changed. Raises what ends the job."""
        if not self._open:
            return False
        before, self._open, now = self._open, [], time.monotonic()
        changed = False
        for i, request in enumerate(before):
            try:
                after = self._advanced(request, now)
            except BaseException:
                self._open += before[i:]
                raise
            changed |= after is not request
            if after is not None:
                self._open.append(after)
        return changed

    def wait(self, seconds: float) -> None:
        """Until an answer comes or something is due, at most so long."""
        now = time.monotonic()
        moments = [r.due if r.future is None else r.began + self._options.timeout for r in self._open]
        seconds = max(min([seconds, *(m - now for m in moments)]), 0.0)
        flying = [r.future for r in self._open if r.future is not None]
        if flying:
            wait(flying, seconds, FIRST_COMPLETED)
        elif seconds:
            time.sleep(seconds)

    def close(self) -> None:
        for request in self._open:
            if request.future is not None:
                request.future.cancel()
        if self._callers is not None:
            self._callers.close()
        self._lookup.close()

    # ---- one request -------------------------------------------------------------------------------------------------

    def _sent(self, request: Request) -> Request:
        assert self._callers is not None
        keys, count = request.keys, len(request.slots)
        future = self._callers.submit(lambda: self._lookup.get(keys, count))
        return replace(request, future=future, sent=time.monotonic())

    def _advanced(self, request: Request, now: float) -> Request | None:
        """The request after what has come or is due; None where it is done with."""
        if request.future is None:
            if request.due > now:
                return request
            return self._sent(request) if self._callers is not None else self._asked_in_place(request)
        if not request.future.done():
            if now - request.began > self._options.timeout:
                raise self._timed_out()
            return request
        try:
            answer = request.future.result()
        except Exception as error:
            return self._after_failure(request, error, now)
        return self._after_answer(request, answer, now)

    def _asked_in_place(self, request: Request) -> Request | None:
        sent = time.monotonic()
        try:
            answer = self._lookup.get(request.keys, len(request.slots))
        except Exception as error:
            return self._after_failure(replace(request, sent=sent), error, time.monotonic())
        return self._after_answer(replace(request, sent=sent), answer, time.monotonic())

    def _after_failure(self, request: Request, error: Exception, now: float) -> Request:
        spent = now - request.began
        if not is_passing(error) or spent > min(AGAIN.seconds, self._options.timeout):
            raise self._failed(error) if isinstance(error, OSError) else error
        pause = min(AGAIN.pause * 2.0 ** request.failed, AGAIN.longest)
        return replace(request, future=None, sent=None, due=now + pause, failed=request.failed + 1)

    def _after_answer(self, request: Request, answer: Answer, now: float) -> Request | None:
        """Store what was found; keys that were not are asked for again as often as wanted, and in time."""
        assert request.sent is not None
        self.taken.add(now - request.sent)
        cache, slots, options = request.cache, request.slots, self._options
        due = now + options.delay
        if request.asked < options.attempts and due - request.began < options.timeout:
            missed = np.ones(len(slots), np.bool_)
            missed[answer[0]] = False
            if missed.any():
                found, within = np.unique(answer[0], return_inverse=True)
                cache.put(slots[found], (within, answer[1]), self._now())
                cache.flying[slots[found]] = False
                self.retried += int(missed.sum())
                keys = [k.take(np.flatnonzero(missed)) for k in request.keys]
                return Request(cache, slots[missed], keys, request.began, due, asked=request.asked + 1)
        cache.put(slots, answer, self._now())
        cache.flying[slots] = False
        return None

    def _failed(self, error: OSError) -> UserError:
        return UserError("lookup_failed", f"{self._name}: {error.strerror or error}",
                         hint="see whether the table's system is well and can be reached")

    def _timed_out(self) -> UserError:
        return UserError("lookup_timeout", f"{self._name}: no answer within {self._options.timeout:g} s",
                         hint="see whether the table's system is well, or give it longer: "
                              "'table.exec.async-lookup.timeout', or 'timeout' in a LOOKUP hint")
