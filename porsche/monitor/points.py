"""What two successive snapshots of a job say as numbers. Knows neither database nor files.

A *snapshot* is a job's `status.json` (`engine.runtime.job`). Series of a run's own have node "":

rows_in_rate, rows_out_rate        rows a second
watermark_lag, behind_seconds      seconds from event time, and from the last event read, to the clock
busy, lookup_hit_rate              shares, 0 to 1, of the time spent working and of the look-ups in between
backpressured, idle                shares of a node's time: it waited for those behind it; it had nothing to do
latency_p50, latency_p99           seconds from the moment that the job got rows until a sink had written them
state_bytes, late, dead_letters    as they stand
checkpoint_age                     seconds
checkpoint_seconds, checkpoint_bytes, checkpoint_stall_seconds     of each checkpoint, once

Every number of a metric table is a series of its node. Counters begin anew with each process of a run: a rate is known
only between two snapshots of one process, both of a job that had started.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

Snapshot = Mapping[str, Any]

LIMIT = 2000
"""Points of one snapshot, at most."""
NAME = 64
"""Letters of a series' name, at most."""
_UNSTARTED = ("STARTING", "RESTORING", "INITIALIZING")


class Point(NamedTuple):
    """A value of a series. `node`: a node's id, "" for the run's own."""

    node: str
    name: str
    value: float


def points(previous: Snapshot | None, snapshot: Snapshot) -> list[Point]:
    """The values that became known with a snapshot; nothing where it is the same as before."""
    at = number(snapshot.get("at"))
    if at is None or (previous is not None and previous.get("at") == at):
        return []
    before = previous if previous is not None and one_process(previous, snapshot) else None
    elapsed = at - float(before["at"]) if before is not None else 0.0
    found = [*_run(before, snapshot, at, elapsed), *_checkpoint(previous, snapshot, at)]
    then = nodes(before) if before is not None else {}
    for node, facts in nodes(snapshot).items():
        found += _node(node, then.get(node), facts, at, elapsed, shards(snapshot))
    found += _tables(snapshot)
    return [Point(node, name[:NAME], value) for node, name, value in found[:LIMIT] if math.isfinite(value)]


def one_process(previous: Snapshot, snapshot: Snapshot) -> bool:
    """Whether counters go on from one snapshot to the other."""
    return (
        all(previous.get(name) == snapshot.get(name) for name in ("pid", "attempts", "started"))
        and previous.get("state") not in _UNSTARTED
        and (number(previous.get("at")) or math.inf) < snapshot["at"]
    )


def number(value: object) -> float | None:
    """A finite number; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def nodes(snapshot: Snapshot) -> Mapping[str, Mapping[str, Any]]:
    """Facts of each node: what the job says of it, else what its operators say."""
    told = snapshot.get("nodes")
    return told if isinstance(told, Mapping) else _from_operators(snapshot.get("operators") or ())


def shards(snapshot: Snapshot) -> int:
    """How many shards the job's operators work in."""
    return max(1, len({operator.get("shard") for operator in snapshot.get("operators") or ()}))


def _from_operators(operators: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """A node's rows in are those of its first operator, its rows out those of its last; shards add up."""
    told: dict[str, dict[str, Any]] = {}
    ends: dict[str, tuple[str, str]] = {}
    rows = list(operators)
    for operator in rows:
        for node in operator.get("nodes") or ():
            ends[node] = (ends[node][0] if node in ends else operator["name"], operator["name"])
    for operator in rows:
        for node in operator.get("nodes") or ():
            facts = told.setdefault(node, {"rows_in": 0, "rows_out": 0, "late": 0, "watermark": None})
            first, last = ends[node]
            facts["rows_in"] += operator["rows_in"] if operator["name"] == first else 0
            facts["rows_out"] += operator["rows_out"] if operator["name"] == last else 0
            facts["late"] += operator["late"]
            facts["watermark"] = _least((facts["watermark"], operator.get("watermark")))
    return told


def _run(before: Snapshot | None, snapshot: Snapshot, at: float, elapsed: float) -> Iterator[Point]:
    for name in ("rows_in", "rows_out"):
        yield from _rate("", f"{name}_rate", before, snapshot, name, elapsed)
    told = nodes(snapshot)
    yield from _lag("", _least(facts.get("watermark") for facts in told.values()), at)
    behind = [value for source in snapshot.get("sources") or () if (value := number(source.get("behind_seconds")))
              is not None]
    if behind:
        yield Point("", "behind_seconds", max(behind))
    state = [value for facts in told.values() if (value := number(facts.get("state_bytes"))) is not None]
    if state:
        yield Point("", "state_bytes", sum(state))
    for name in ("late", "dead_letters"):
        if (value := number(snapshot.get(name))) is not None:
            yield Point("", name, value)
    if before is not None:
        yield from _busy("", {"busy_seconds": _worked(before)}, {"busy_seconds": _worked(snapshot)},
                         elapsed, shards(snapshot))


def _worked(snapshot: Snapshot) -> float | None:
    """Seconds that all operators have worked."""
    told = [number(operator.get("busy_seconds")) for operator in snapshot.get("operators") or ()]
    known = [value for value in told if value is not None]
    return sum(known) if known else None


def _checkpoint(previous: Snapshot | None, snapshot: Snapshot, at: float) -> Iterator[Point]:
    last = snapshot.get("checkpoint")
    if not isinstance(last, Mapping):
        return
    if (taken := number(last.get("at"))) is not None:
        yield Point("", "checkpoint_age", max(0.0, at - taken))
    known = (previous or {}).get("checkpoint") or {}
    if all(known.get(name) == last.get(name) for name in ("epoch", "at")):
        return
    for name in ("seconds", "bytes", "stall_seconds"):
        if (value := number(last.get(name))) is not None:
            yield Point("", f"checkpoint_{name}", value)


def _node(node: str, then: Mapping[str, Any] | None, now: Mapping[str, Any], at: float, elapsed: float,
          parts: int) -> Iterator[Point]:
    for name in ("rows_in", "rows_out"):
        yield from _rate(node, f"{name}_rate", then, now, name, elapsed)
    yield from _lag(node, now.get("watermark"), at)
    if then is not None:
        yield from _shares(node, then, now, elapsed, parts)
        yield from _hits(node, then.get("lookup"), now.get("lookup"))
    yield from _latency(node, now.get("latency"))
    if (state := number(now.get("state_bytes"))) is not None:
        yield Point(node, "state_bytes", state)
    for name in ("late", "dead_letters"):
        if value := number(now.get(name)):  # most nodes never have one
            yield Point(node, name, value)


def _tables(snapshot: Snapshot) -> Iterator[Point]:
    for table, row in (snapshot.get("metrics") or {}).items():
        for name, value in row.items():
            if (known := number(value)) is not None:
                yield Point(table, name, known)


def _rate(node: str, name: str, then: Mapping[str, Any] | None, now: Mapping[str, Any], counter: str,
          elapsed: float) -> Iterator[Point]:
    grown = _grown(then, now, counter)
    if grown is not None and elapsed > 0:
        yield Point(node, name, grown / elapsed)


def _busy(node: str, then: Mapping[str, Any], now: Mapping[str, Any], elapsed: float, parts: int) -> Iterator[Point]:
    grown = _grown(then, now, "busy_seconds")
    if grown is not None and elapsed > 0:
        yield Point(node, "busy", min(1.0, grown / elapsed / parts))


def _shares(node: str, then: Mapping[str, Any], now: Mapping[str, Any], elapsed: float, parts: int) -> Iterator[Point]:
    """How a node spends its time: busy, back-pressured, idle; together 1."""
    worked = list(_busy(node, then, now, elapsed, parts))
    yield from worked
    behind = _grown(then, now, "backpressured_seconds")
    if worked and behind is not None:
        held = min(1.0 - worked[0].value, behind / elapsed / parts)
        yield Point(node, "backpressured", held)
        yield Point(node, "idle", max(0.0, 1.0 - worked[0].value - held))


def _latency(node: str, facts: Mapping[str, Any] | None) -> Iterator[Point]:
    for name in ("p50", "p99"):
        if facts and (value := number(facts.get(f"{name}_ms"))) is not None:
            yield Point(node, f"latency_{name}", value / 1000)


def _hits(node: str, then: Mapping[str, Any] | None, now: Mapping[str, Any] | None) -> Iterator[Point]:
    if then is None or now is None:
        return
    hits, misses = _grown(then, now, "hits"), _grown(then, now, "misses")
    if hits is not None and misses is not None and hits + misses > 0:
        yield Point(node, "lookup_hit_rate", hits / (hits + misses))


def _lag(node: str, watermark: object, at: float) -> Iterator[Point]:
    micros = number(watermark)
    if micros is not None:
        yield Point(node, "watermark_lag", at - micros / 1e6)


def _grown(then: Mapping[str, Any] | None, now: Mapping[str, Any], counter: str) -> float | None:
    """By how much a counter grew; None where it is not known, or began anew."""
    if then is None:
        return None
    before, after = number(then.get(counter)), number(now.get(counter))
    return None if before is None or after is None or after < before else after - before


def _least(values: Iterable[Any]) -> float | None:
    known = [value for value in values if value is not None]
    return min(known) if known else None
