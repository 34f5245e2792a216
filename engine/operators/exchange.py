"""Where shards meet: rows move to the shard that owns their key group, in the order one shard would have seen them.

The runtime works in synchronous rounds (`engine.runtime.rounds`): one message goes through the whole graph before the
next. An exchange therefore sees, phase by phase, all that its senders made of one message, and merges it: rows that
follow from rows by `seq`, rows fired by a watermark by (time, `seq`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

import numpy as np

from engine.changes import MIN_WATERMARK, Array, Barrier, Batch, Message, Watermark, concat
from engine.errors import InternalError
from engine.operators.base import Operator, Settings
from engine.types import Schema, TimeKind

Split = Callable[[Batch], Array]


class Sender(Operator):
    """One upstream shard's end of an exchange: keeps messages until the exchange delivers them."""

    def __init__(self, exchange: Exchange, name: str, schema: Schema, settings: Settings) -> None:
        super().__init__(name, schema, settings)
        self.queue: deque[Message] = deque()
        self.idle = False
        self._exchange = exchange

    def receive(self, message: Message, port: int = 0) -> None:
        self.queue.append(message)


class Exchange:
    """Merges the senders' messages and deals rows to receivers by `owner` (row -> receiver; None: one receiver)."""

    def __init__(
        self, name: str, schema: Schema, settings: Sequence[Settings], senders: int, owner: Split | None
    ) -> None:
        self.name = name
        self.schema = schema
        self.senders = [Sender(self, name, schema, settings[min(i, len(settings) - 1)]) for i in range(senders)]
        self.receivers = [Receiver(name, schema, s) for s in (settings if owner else settings[:1])]
        self.fired = False  # whether the phase being collected was triggered by a watermark
        self._owner = owner
        self._time = next((i for i, f in enumerate(schema) if f.time is TimeKind.ROWTIME), None)
        self._watermark = Watermark(MIN_WATERMARK)

    @property
    def deals(self) -> bool:
        """Whether rows go to the receiver that owns them."""
        return self._owner is not None

    @property
    def waiting(self) -> bool:
        return any(s.queue for s in self.senders)

    def take(self) -> list[tuple[Operator, Message]]:
        """The next phase: rows if any sender has rows first, else the control message that all senders agree on."""
        batches: list[Batch] = []
        for sender in self.senders:
            while sender.queue and isinstance(sender.queue[0], Batch):
                message = sender.queue.popleft()
                assert isinstance(message, Batch)
                batches.append(message)
        if batches:
            return self._deal(self._merge(batches))
        heads = [s.queue[0] if s.queue else None for s in self.senders]
        if any(isinstance(h, Watermark) for h in heads):
            return self._agree(heads)
        if all(isinstance(h, Barrier) for h in heads):
            for sender in self.senders:
                sender.queue.popleft()
            return [(r, heads[0]) for r in self.receivers if heads[0] is not None]
        raise InternalError(f"exchange {self.name}: its senders disagree about a barrier")

    def _agree(self, heads: Sequence[Message | None]) -> list[tuple[Operator, Message]]:
        """Pop the senders' watermarks; deliver their minimum where it rose."""
        for sender, head in zip(self.senders, heads, strict=True):
            if isinstance(head, Watermark):
                sender.queue.popleft()
                sender.watermark = max(sender.watermark, head.time)
                sender.idle = head.idle
        active = [s.watermark for s in self.senders if not s.idle]
        low = Watermark(min(active)) if active else Watermark(self._watermark.time, idle=True)
        if low == self._watermark:
            return []
        self._watermark = low
        return [(r, low) for r in self.receivers]

    def _merge(self, batches: list[Batch]) -> Batch:
        batch = concat(batches)
        if len(batches) == 1 or batch.seq is None:
            return batch
        keys: tuple[Array, ...] = (batch.seq,)
        if self.fired and self._time is not None:
            keys = (batch.seq, batch.columns[self._time].values)
        order = np.lexsort(keys)
        return batch.take(order)

    def _deal(self, batch: Batch) -> list[tuple[Operator, Message]]:
        if self._owner is None or len(self.receivers) == 1:
            return [(self.receivers[0], batch)]
        owners = self._owner(batch)
        dealt: list[tuple[Operator, Message]] = []
        for i, receiver in enumerate(self.receivers):
            rows = np.flatnonzero(owners == i)
            if len(rows):
                dealt.append((receiver, batch if len(rows) == batch.length else batch.take(rows)))
        return dealt


class Receiver(Operator):
    """One downstream shard's end: passes everything on."""

    def receive(self, message: Message, port: int = 0) -> None:
        for consumer, to in self._outputs:
            consumer.receive(message, to)
