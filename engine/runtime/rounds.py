"""Synchronous rounds: one message goes through the whole graph, over all shards, before the next one starts.

With one shard this is a chain of plain calls. With several, each exchange is a meeting point: the shards' parts of a
phase run side by side on a thread pool (kernels release the GIL), then the exchange merges and deals. Because every
message is finished before the next, each point between rounds is a consistent cut: a barrier needs no alignment
buffers.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from time import perf_counter_ns

from engine.changes import Message, Watermark
from engine.operators.base import Meter, Operator
from engine.operators.exchange import Exchange

LONG, SKIPPED = 200_000, 16  # nanoseconds from which a round is worth measuring each time; else one in 17 is


class Rounds:
    """Drives messages through operators and exchanges (upstream ones first); measures some rounds by `meter`."""

    def __init__(self, exchanges: Sequence[Exchange], shards: int, meter: Meter | None = None) -> None:
        self._meter = meter or Meter()
        self._skip = self._skipped = 0  # rounds to go, and rounds gone, without measuring
        self._exchanges = tuple(exchanges)
        self._pool = ThreadPoolExecutor(shards, "shard") if shards > 1 and exchanges else None

    def push(self, consumers: Sequence[tuple[Operator, int]], message: Message) -> None:
        """Give a source's message to its consumers and run the round to its end."""
        if self._skip:
            self._skip -= 1
            self._push(consumers, message)
            return
        self._meter.weight, started = 1 + self._skipped, perf_counter_ns()
        self._push(consumers, message)
        self._meter.weight = 0
        self._skip = self._skipped = 0 if perf_counter_ns() - started > LONG else SKIPPED

    def _push(self, consumers: Sequence[tuple[Operator, int]], message: Message) -> None:
        if self._exchanges:
            self._mark(isinstance(message, Watermark))
        for operator, port in consumers:
            operator.receive(message, port)
        self.settle()

    def settle(self) -> None:
        """Run until nothing waits at any exchange: the most downstream phase first, so that phases never mix."""
        while True:
            exchange = next((e for e in reversed(self._exchanges) if e.waiting), None)
            if exchange is None:
                return
            deliveries = exchange.take()
            self._mark(bool(deliveries) and isinstance(deliveries[0][1], Watermark))
            self._deliver(deliveries)

    def _mark(self, fired: bool) -> None:
        for exchange in self._exchanges:
            exchange.fired = fired

    def _deliver(self, deliveries: Sequence[tuple[Operator, Message]]) -> None:
        if self._pool is None or len(deliveries) <= 1:
            for operator, message in deliveries:
                operator.receive(message)
            return
        futures: list[Future[None]] = [self._pool.submit(o.receive, m) for o, m in deliveries]
        errors = [f.exception() for f in futures]
        for error in errors:
            if error is not None:
                raise error

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown()
