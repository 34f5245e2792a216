"""What a job tells while it runs: `status.json`, and the same as a dictionary for those in its process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from engine.operators.base import Operator
from engine.operators.calc import AssignWatermarks
from engine.operators.source import SinkWriter, SourceReader
from engine.planner import Graph
from engine.runtime.growth import Growth
from engine.runtime.nodes import JOINED, LOOKED_UP, Nodes, Work, joins, lookups, reported


@dataclass(frozen=True)
class Completed:
    """The last checkpoint that counts: when it did, how long it took, how long the job stood still for it, what was
    written, and whether that was all state rather than what changed."""

    epoch: int
    at: float | None = None
    seconds: float = 0.0
    bytes: int = 0
    full: bool = False
    stall_seconds: float = 0.0


class Status:
    """Describes a graph's sources, operators and nodes."""

    def __init__(self, graph: Graph, rate_limit: float | None, clock: Callable[[], float]) -> None:
        self._graph = graph
        self._nodes = Nodes(graph)
        self._growth = Growth(graph, self._nodes, clock)
        self._rate_limit = rate_limit
        self._clock = clock
        self.opened = False  # sources may be asked only then

    def progress(self) -> float | None:
        """The part of the input that was read, 0 to 1: the least of the sources that have an end; None where none
        has."""
        known = [part for source in self._graph.sources if (part := self._progress(source)) is not None]
        return min(known, default=None)

    def _progress(self, source: SourceReader) -> float | None:
        if not self.opened:
            return None
        return 1.0 if source.ended else source.source.progress()

    def describe(self, epoch: int | None = None) -> dict[str, Any]:
        """Sources, operators (each shard's) and nodes; `epoch`: of the last checkpoint that counts."""
        described = [_work(o) for o in self._graph.operators]
        over_shards = _over_shards(described)
        self._growth.look(epoch, over_shards)
        return {
            "progress": self.progress(),
            "sources": [self._source(s) for s in self._graph.sources],
            "operators": [_operator(o, w) for o, w in zip(self._graph.operators, described, strict=True)],
            "nodes": self._nodes.report(over_shards),
            "warnings": self._growth.warnings(),
            "functions": self._graph.functions.report() if self._graph.functions else [],
        }

    def _source(self, source: SourceReader) -> dict[str, Any]:
        watermarks = [c for c, _ in source.consumers if isinstance(c, AssignWatermarks)]
        marks = [m for w in watermarks if (m := reported(w.state.values["watermark"])) is not None]
        last = max((t for w in watermarks if (t := w.last_time) is not None), default=None)
        return {
            "name": source.name, "nodes": sorted(source.nodes), "rows": source.state.values["rows"],
            "rate_limit": self._rate_limit, "watermark": min(marks, default=None), "idle": source.idle,
            "progress": self._progress(source), "retrying": source.retries.describe(self._clock()),
            "behind_seconds": None if last is None else round(self._clock() - last / 1e6, 3),
        }  # fmt: skip


def _work(operator: Operator) -> Work:
    counters = operator.counters
    states = operator.saved() if isinstance(operator, SourceReader) else operator.states()
    left_out = max(operator.legible - counters.rows_out, 0) if isinstance(operator, SourceReader) else 0
    dead = operator.state.values["dead"] if isinstance(operator, SourceReader) else 0
    counted = LOOKED_UP if "hits" in counters.extra else JOINED
    told = {name: counters.extra[name] for name in counted if name in counters.extra}
    lookup, join = (told, {}) if counted is LOOKED_UP else ({}, told)
    return Work(operator.name, operator.uid, operator.nodes, counters.rows_in, counters.rows_out, counters.late,
                max(counters.busy_ns, 0) / 1e9, sum(s.rows() for s in states.values()),
                sum(s.nbytes() for s in states.values()), dead, left_out, reported(operator.watermark), lookup, join,
                operator.waits_for() if not counters.rows_out else None,
                operator.latencies.percentiles() if isinstance(operator, SinkWriter) else None)


def _operator(operator: Operator, work: Work) -> dict[str, Any]:
    return {"name": work.name, "uid": work.uid, "shard": operator.settings.shard, "nodes": sorted(work.nodes),
            "rows_in": work.rows_in, "rows_out": work.rows_out, "late": work.late,
            "busy_seconds": round(work.busy_seconds, 6), "latency": work.latency, "state_rows": work.state_rows,
            "state_bytes": work.state_bytes, "watermark": work.watermark}


def _over_shards(described: Sequence[Work]) -> dict[str, Work]:
    """The work of each operator, over its shards."""
    total: dict[str, Work] = {}
    for one in described:
        work = total.setdefault(one.uid, Work(one.name, one.uid, one.nodes))
        work.rows_in += one.rows_in
        work.rows_out += one.rows_out
        work.late += one.late
        work.busy_seconds += one.busy_seconds
        work.state_rows += one.state_rows
        work.state_bytes += one.state_bytes
        work.dead_letters += one.dead_letters
        work.left_out += one.left_out
        marks = [m for m in (work.watermark, one.watermark) if m is not None]
        work.watermark = min(marks, default=None)
        work.lookup = lookups([work.lookup, one.lookup])
        work.join = joins([work.join, one.join])
        work.due = min((d for d in (work.due, one.due) if d is not None), default=None)
        work.latency = one.latency or work.latency  # a sink has one shard
    return total
