"""Whether a job gets on, and where it stands if it does not.

A job is stuck where input waits and nothing comes of it for three checkpoint intervals: a source does not answer or
fails, a sink does not take what was sealed, a checkpoint does not get written. Idle sources, and partitions without
events, hold nothing up. A job whose own thread stands still cannot say so: whoever runs it watches that thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from engine.operators.source import SinkWriter, SourceReader
from engine.planner import Graph
from engine.runtime.checkpointing import Checkpointing

INTERVALS, LEAST, UNTIMED = 3, 5.0, 10.0
"""Checkpoint intervals without progress that are too many, and at least so many seconds; the interval where there is
none."""


@dataclass(frozen=True)
class Stuck:
    """`kind`: source, sink, checkpoint (one is not written) or storage (it fails, and is tried again); `since`: unix
    seconds; `nodes`: of the pipeline; `cause`: in words."""

    kind: str
    name: str
    nodes: tuple[str, ...]
    since: float
    cause: str


class Progress:
    """Watches the ends of a job."""

    def __init__(self, graph: Graph, checkpoints: Checkpointing, interval: float | None,
                 clock: Callable[[], float]) -> None:
        self._graph = graph
        self._checkpoints = checkpoints
        self._most = max(INTERVALS * (interval or UNTIMED), LEAST)
        self._clock = clock

    def stuck(self) -> dict[str, Any] | None:
        """Where the job has not got on for too long; of several places the one that has stood longest."""
        found = min(self._found(time.monotonic()), key=lambda stuck: stuck.since, default=None)
        return None if found is None else {**asdict(found), "nodes": list(found.nodes)}

    def _found(self, now: float) -> Iterator[Stuck]:
        for source in self._graph.sources:
            yield from self._of_source(source, now)
        yield from self._of_checkpoint(now)

    def _of_source(self, source: SourceReader, now: float) -> Iterator[Stuck]:
        if source.retries.seconds > self._most:
            seconds = source.retries.seconds
            yield self._stuck("source", source, seconds, f"it fails for {seconds:.0f} s: {source.retries.cause}")
        elif source.waiting_since is not None and now - source.waiting_since > self._most:
            seconds = now - source.waiting_since
            yield self._stuck("source", source, seconds, f"it has not answered for {seconds:.0f} s")

    def _of_checkpoint(self, now: float) -> Iterator[Stuck]:
        checkpoints = self._checkpoints
        for part in checkpoints.applying.parts:
            if now - part.since > self._most:
                why = part.retries.cause or "it has not answered"
                yield self._stuck("sink", part.writer, now - part.since,
                                  f"it has not taken epoch {checkpoints.epoch} for {now - part.since:.0f} s: {why}")
        writing = checkpoints.writing_since
        if writing is not None and now - writing > self._most:
            failing = checkpoints.failing
            why = "" if failing is None else f": {failing.reason}"
            yield Stuck("checkpoint" if failing is None else "storage", f"checkpoint {checkpoints.epoch}", (),
                        round(self._clock() - (now - writing), 3),
                        f"it is not written after {now - writing:.0f} s{why}")

    def _stuck(self, kind: str, end: SourceReader | SinkWriter, seconds: float, cause: str) -> Stuck:
        return Stuck(kind, end.name, tuple(sorted(end.nodes)), round(self._clock() - seconds, 3), cause)
