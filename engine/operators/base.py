"""What an operator is: state declared, a closed set of messages dispatched once, here.

An operator never knows the plan. It gets batches, watermarks and barriers on its input ports and pushes the same to its
consumers, in the caller's thread. Its contract:

- *Order*: what it emits is in the order that results if each row were its own batch followed by its watermark. Rows
  that fire together (on a watermark) are ordered by time, then by `seq` of the row they stem from where `batch.seq` is
  present (else by arrival), and carry that `seq`: so an exchange can merge shards into the order that one shard would
  give. A window's result carries the smallest `seq` of its rows; a join's result the left row's.
- *Batch cuts never matter*: lateness is judged by `batch.stamps` (the watermark in force before each row), sums of
  DOUBLE accumulate per key in arrival order.
- A retraction is emitted before the insertion that replaces it. `every_change` (mini-batch off) asks for each
  intermediate change; otherwise one consolidated change per key and batch.
- Columns are shared, never written.
- State is in the objects that `states()` names; between rounds (at a barrier) nothing else is pending.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter_ns
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from engine.changes import MAX_WATERMARK, MIN_WATERMARK, Array, Barrier, Batch, Message, Watermark
from engine.errors import InternalError, UserError
from engine.expressions.functions.base import Context
from engine.expressions.nodes import NO_NODES
from engine.types import Schema

if TYPE_CHECKING:
    from engine.state.protocol import StateObject


@dataclass(slots=True)
class Counters:
    """What an operator did: rows in and out, rows dropped as late, nanoseconds of its own work."""

    rows_in: int = 0
    rows_out: int = 0
    late: int = 0
    busy_ns: int = 0
    extra: dict[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class Meter:
    """Whether operators measure their time in this round, and how many rounds it stands for (0: they do not); when what
    goes through them came in (monotonic clock)."""

    weight: int = 0
    began: float = 0.0


@dataclass(frozen=True)
class Settings:
    """What operators need of the job: the evaluation context, whether every intermediate change is wanted, state TTL
    (microseconds of processing time, 0 = never), this shard and the number of shards, whether rows carry `seq`, and the
    meter of the job's rounds."""

    context: Context
    every_change: bool = True
    ttl: int = 0
    shard: int = 0
    shards: int = 1
    numbered: bool = False
    meter: Meter = field(default_factory=Meter)


Failure = TypeVar("Failure", bound=UserError | InternalError)


class Operator:
    """One step of a running job. Subclasses implement `process`, and `advance` where time matters."""

    ports = 1
    role = "operator"  # to people who look for where a job stands
    keeps = False  # it emits exactly the rows that it gets, one for one
    asks = False  # answers come to it at any moment, which it takes at a tick

    def __init__(self, name: str, schema: Schema, settings: Settings, nodes: frozenset[str] = NO_NODES) -> None:
        self.name = name
        self.schema = schema
        self.settings = settings
        self.nodes = nodes
        self.uid = name  # the planner makes it unique and stable: state is found again by it
        self.counters = Counters()
        self._meter = settings.meter
        self.watermark = MIN_WATERMARK
        self._outputs: list[tuple[Operator, int]] = []
        self._watermarks = [MIN_WATERMARK] * self.ports
        self._idle = [False] * self.ports
        self._barriers = 0
        self._callers = [Counters()] * self.ports  # whose own work includes the time spent here
        self.on_snapshot: Callable[[Operator, int], None] | None = None

    # ---- what a subclass implements ----------------------------------------------------------------------------

    def process(self, batch: Batch, port: int) -> None:
        """Take rows that arrived on a port; call `emit` with what follows from them."""
        raise InternalError(f"{self.name} takes no rows")

    def advance(self, watermark: int) -> None:
        """The operator's watermark (minimum over its ports) rose to `watermark`; emit what that completes.

        The base class forwards the watermark afterwards, lowered by `delay()`.
        """

    def delay(self) -> int:
        """Microseconds by which emitted rows may lie behind the watermark (an interval join's bounds)."""
        return 0

    def tick(self, now: int) -> None:
        """Processing time passed (called between rounds): fire processing-time timers, expire state."""

    def states(self) -> Mapping[str, StateObject]:
        """The operator's state by name; snapshot and restored by the runtime."""
        return {}

    def waits_for(self) -> int | None:
        """The least watermark at which it gives rows that it holds; None where it holds none that wait for time. Asked
        while it has given nothing."""
        return None

    def keeps_for_ever(self) -> bool:
        """Whether its state has no bound: neither time nor a time to live ends it."""
        return False

    def open(self) -> None:
        """Called once, after state was restored and before the first message."""

    def resumed(self) -> int:
        """The watermark of its own that the operator had sent at the checkpoint it was restored from."""
        return MIN_WATERMARK

    def close(self) -> None:
        """Release what was opened."""

    # ---- what the runtime calls --------------------------------------------------------------------------------

    def connect(self, consumer: Operator, port: int) -> None:
        self._outputs.append((consumer, port))
        consumer._callers[port] = self.called_from()

    def called_from(self) -> Counters:
        """The counters of what calls this operator's consumers: its own, where it calls them while it is called."""
        return self.counters

    @property
    def consumers(self) -> Sequence[tuple[Operator, int]]:
        """The operators that get what this one emits, and their ports."""
        return self._outputs

    def receive(self, message: Message, port: int = 0) -> None:
        """Dispatch one message; in a measured round, the time not spent in consumers is this operator's own."""
        weight = self._meter.weight
        started = perf_counter_ns() if weight else 0
        if type(message) is Batch:
            self.counters.rows_in += message.length
            try:
                self.process(message, port)
            except (UserError, InternalError) as error:
                raise self.blame(error) from error
        elif type(message) is Watermark:
            self._receive_watermark(message, port)
        elif type(message) is Barrier:
            self._receive_barrier(message)
        if weight:
            spent = weight * (perf_counter_ns() - started)
            self.counters.busy_ns += spent
            self._callers[port].busy_ns -= spent

    def blame(self, error: Failure) -> Failure:
        """The error with this operator's node as its place, where it has none yet."""
        if error.node is None and self.nodes:
            error.node = ", ".join(sorted(self.nodes))
        return error

    def emit(self, batch: Batch) -> None:
        """Push rows to all consumers."""
        if batch.length:
            self.counters.rows_out += batch.length
            for consumer, port in self._outputs:
                consumer.receive(batch, port)

    def _receive_watermark(self, message: Watermark, port: int) -> None:
        self._idle[port] = message.idle
        if message.time > self._watermarks[port]:
            self._watermarks[port] = message.time
        low, silent = self._combined()
        if low > self.watermark:
            self.watermark = low
            try:
                self.advance(low)
            except (UserError, InternalError) as error:
                raise self.blame(error) from error
            self.forward_watermark(low)
        if silent:
            self.send(Watermark(self.watermark, idle=True))

    def _combined(self) -> tuple[int, bool]:
        """The watermark of all ports together, and whether none of them is to be waited for now.

        The least of those that are not idle. Where all that have not ended are, the highest of all, as in Flink; unlike
        there an input that has ended does not end the others while they are idle, so that their rows still count."""
        marks = [w for w, idle in zip(self._watermarks, self._idle) if not idle and w != MAX_WATERMARK]
        if marks:
            return min(marks), False
        open_marks = [w for w in self._watermarks if w != MAX_WATERMARK]
        return (max(open_marks), True) if open_marks else (MAX_WATERMARK, False)

    def in_force(self, batch: Batch, port: int) -> Array | None:
        """For each row that arrives on a port the watermark in force before it: its stamp, held back by the other
        ports, but not behind what was sent on while they, or this one, were idle."""
        if batch.stamps is None or self.ports == 1:
            return batch.stamps
        others = [w for p, w in enumerate(self._watermarks) if p != port and not self._idle[p]]
        held = np.minimum(batch.stamps, min(others)) if others else batch.stamps
        return np.maximum(held, self.watermark)

    def forward_watermark(self, time: int) -> None:
        if time not in (MAX_WATERMARK, MIN_WATERMARK):
            time -= self.delay()
        self.send(Watermark(time))

    def _receive_barrier(self, barrier: Barrier) -> None:
        self._barriers += 1
        if self._barriers == self.ports:  # all inputs agree: what is held now belongs to the epoch
            self._barriers = 0
            if self.on_snapshot is not None:
                self.on_snapshot(self, barrier.epoch)
            self.send(barrier)

    def send(self, message: Watermark | Barrier) -> None:
        for consumer, port in self._outputs:
            consumer.receive(message, port)
