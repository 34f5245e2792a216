"""What each node of the pipeline did, from what the operators did that work for it.

Rules merge nodes into one operator, and push one below another. A node's rows out are counted where an operator gives
rows for it last, its rows in are what the nodes before it gave, or what an operator takes for it first; what fusion
hides follows, where it can, from the nodes before and behind (`NodeFlow`), else it is None. An operator's time, state
and late rows are its last node's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.changes import MAX_WATERMARK, MIN_WATERMARK
from engine.operators.base import Operator
from engine.operators.exchange import Sender
from engine.plan.flow import NodeFlow
from engine.planner import Graph


@dataclass
class Work:
    """What an operator did, over its shards. `left_out`: rows that a source read and a filter inside it left out;
    `due`: the least watermark at which it gives rows that it holds, while it has given none."""

    name: str
    uid: str
    nodes: frozenset[str]
    rows_in: int = 0
    rows_out: int = 0
    late: int = 0
    busy_seconds: float = 0.0
    state_rows: int = 0
    state_bytes: int = 0
    dead_letters: int = 0
    left_out: int = 0
    watermark: int | None = None
    lookup: dict[str, float] = field(default_factory=dict)
    join: dict[str, float] = field(default_factory=dict)
    due: int | None = None
    latency: dict[str, float] | None = None


LOOKED_UP = ("hits", "misses", "answered", "found", "null_keys", "retried", "p50_ms", "p95_ms", "p99_ms")
"""What a lookup counts: keys that were known, asked for; rows that were answered, for which something was found, whose
key is NULL; keys asked for again; how long answers take."""
JOINED = ("left_rows", "right_rows", "met", "null_keys", "left_first", "left_last", "right_first", "right_last")
"""What a join counts: rows of its sides, pairs with equal keys, rows whose key is NULL; from when until when
(microseconds of event time) the rows of its sides are."""


def lookups(parts: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """What several lookups counted, together: counts are added, of times the longest is told."""
    return {name: (max if name.endswith("_ms") else sum)([p[name] for p in parts if name in p])
            for name in LOOKED_UP if any(name in p for p in parts)}


def joins(parts: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """What several joins counted, together."""
    fold = {"first": min, "last": max}
    return {name: fold.get(name.rpartition("_")[2], sum)([p[name] for p in parts if name in p])
            for name in JOINED if any(name in p for p in parts)}


def reported(watermark: int) -> int | None:
    """A watermark as it is shown: None before the first row and after the last one."""
    return None if watermark in (MIN_WATERMARK, MAX_WATERMARK) else watermark


@dataclass(frozen=True)
class Place:
    """Where a node's rows are seen: operators that take rows for it first, that give rows for it last, whose last
    node it is, all that work for it; where its work went, if it is the last node of none; the operators of other
    nodes that run before its last one; all that take, directly or not, what its own give; and whether its exits give
    the same rows, each to others, as one of its operators comes before them all."""

    entries: tuple[str, ...]
    exits: tuple[str, ...]
    own: tuple[str, ...]
    every: tuple[str, ...]
    fused_into: str | None
    within: tuple[str, ...]
    behind: tuple[str, ...]
    same: bool


class Nodes:
    """The nodes of a graph; made once, reported again and again."""

    def __init__(self, graph: Graph) -> None:
        self._flow = graph.flow
        self._nodes: dict[str, frozenset[str]] = {o.uid: o.nodes for o in graph.operators}
        self._keeping = {o.uid for o in graph.operators if o.keeps}
        below = closure({name: node.inputs for name, node in graph.flow.items()})
        later = closure(edges(graph))
        self._places = {node: self._place(node, below, later) for node in graph.flow}

    def _place(self, node: str, below: Mapping[str, set[str]], later: Mapping[str, set[str]]) -> Place:
        every = tuple(uid for uid, nodes in self._nodes.items() if node in nodes)
        entries, exits, own = [], [], []
        earlier = below[node]
        for uid in every:
            others = self._nodes[uid] - {node}
            first = not others & earlier
            last = not any(node in below[o] for o in others)
            if last:
                own.append(uid)
            if any(self._nodes[u] & earlier and node not in self._nodes[u] for u in later[uid] - {uid}):
                continue  # it was pushed below what gives the node its rows
            keeps = uid in self._keeping
            if (first or keeps) and not any(uid in later[u] for u in every if u != uid):
                entries.append(uid)
            if (last or keeps) and not any(u in later[uid] for u in every if u != uid):
                exits.append(uid)
        fused = None if own else every[-1] if every else self._neighbour(node)
        behind = {u for o in own for u in later[o]} - set(own)
        same = len(exits) > 1 and any(later[u] >= set(exits) - {u} for u in own)
        return Place(tuple(entries), tuple(exits), tuple(own), every, fused, self._within(every, later), tuple(behind),
                     same)

    def _within(self, every: Sequence[str], later: Mapping[str, set[str]]) -> tuple[str, ...]:
        """Operators of later nodes that run between the node's own: filters pushed below its watermark."""
        found = []
        for uid in {u for e in every for u in later[e]} - set(every):
            after = [e for e in every if e in later[uid]]
            foreign = not any(self._nodes[e] & self._nodes[uid] for e in every)
            if after and foreign and all(e in self._keeping for e in after):
                found.append(uid)
        return tuple(found)

    def _neighbour(self, node: str) -> str | None:
        """Where the work of a node without an operator went: to a node that takes its rows, or gives them."""
        takers = [n for n, f in self._flow.items() if node in f.inputs]
        for near in (*takers, *self._flow[node].inputs):
            for uid, nodes in self._nodes.items():
                if near in nodes:
                    return uid
        return None

    def owner(self, uid: str) -> str | None:
        """The node whose work an operator does last."""
        return next((node for node, place in self._places.items() if uid in place.own), None)

    def report(self, work: Mapping[str, Work]) -> dict[str, dict[str, Any]]:
        """By node: rows in and out, late rows, watermark, seconds of work, state, dead letters, lookups, fusion."""
        rows_in: dict[str, int | None] = {}
        rows_out: dict[str, int | None] = {}
        for node, place in self._places.items():
            rows_in[node] = sum(work[u].rows_in for u in place.entries) if place.entries else None
            left_out = sum(work[u].left_out for u in place.own)
            left_out += sum(work[u].rows_in - work[u].rows_out for u in place.within)
            given = [work[u].rows_out for u in place.exits]
            rows_out[node] = (max if place.same else sum)(given) + left_out if given else None
        _infer(self._flow, rows_in, rows_out)
        return {node: {"rows_in": rows_in[node], "rows_out": rows_out[node], **_described(place, work)}
                for node, place in self._places.items()}


def _described(place: Place, work: Mapping[str, Work]) -> dict[str, Any]:
    own = [work[u] for u in place.own]
    marks = [w for u in place.exits or place.every if (w := work[u].watermark) is not None]
    described: dict[str, Any] = {
        "late": sum(w.late for w in own),
        "watermark": min(marks, default=None),
        "busy_seconds": round(sum(w.busy_seconds for w in own), 6),
        "backpressured_seconds": round(sum(work[u].busy_seconds for u in place.behind), 6),
        "state_bytes": sum(w.state_bytes for w in own),
        "dead_letters": sum(w.dead_letters for w in own),
        "fused_into": work[place.fused_into].name if place.fused_into is not None else None,
    }
    if asked := [w.lookup for w in own if w.lookup]:
        described["lookup"] = lookups(asked)
    if met := [w.join for w in own if w.join]:
        described["join"] = joins(met)
    if due := [w.due for w in own if w.due is not None]:
        described["due"] = min(due)
    if taken := [w.latency for w in own if w.latency]:
        described["latency"] = {name: max(t[name] for t in taken) for name in taken[0]}
    return described


def _infer(flow: Mapping[str, NodeFlow], rows_in: dict[str, int | None], rows_out: dict[str, int | None]) -> None:
    """Fill in what was not counted and follows from what was."""
    takers: dict[str, list[str]] = defaultdict(list)
    for node, facts in flow.items():
        for above in facts.inputs:
            takers[above].append(node)
    for _ in flow:  # each pass settles one more, at least; the bound is for nodes in a circle
        changed = False
        for node, facts in flow.items():
            if rows_in[node] is None and facts.keeps:
                rows_in[node] = rows_out[node]
                changed |= rows_in[node] is not None
            given = _sum(rows_out[n] for n in facts.inputs) if facts.inputs else None
            known = rows_in[node]
            if given is not None and (known is None or given > known):  # a filter may run before it is the node's turn
                rows_in[node] = given
                changed = True
            if rows_out[node] is None:
                only = next((n for n in takers[node] if flow[n].inputs == (node,) and rows_in[n] is not None), None)
                rows_out[node] = rows_in[only] if only is not None else rows_in[node] if facts.keeps else None
                changed |= rows_out[node] is not None
        if not changed:
            break


def _sum(parts: Iterable[int | None]) -> int | None:
    total = 0
    for part in parts:
        if part is None:
            return None
        total += part
    return total


def edges(graph: Graph) -> dict[str, set[str]]:
    """By operator: those that take its rows, also through an exchange."""
    receivers = {id(s): e.receivers for e in graph.exchanges for s in e.senders}
    edges: dict[str, set[str]] = {o.uid: set() for o in graph.operators}
    for operator in graph.operators:
        for consumer, _ in operator.consumers:
            edges[operator.uid] |= _reached(consumer, receivers)
    return edges


def _reached(consumer: Operator, receivers: Mapping[int, list[Any]]) -> set[str]:
    if not isinstance(consumer, Sender):
        return {consumer.uid}
    return {u for r in receivers[id(consumer)] for c, _ in r.consumers for u in _reached(c, receivers)}


def closure(edges: Mapping[str, Iterable[str]]) -> dict[str, set[str]]:
    """Of each name, all that its edges lead to."""
    closed: dict[str, set[str]] = {}
    for start in edges:
        found: set[str] = set()
        waiting = list(edges[start])
        while waiting:
            name = waiting.pop()
            if name in closed:
                found |= closed[name] | {name}
            elif name not in found:
                found.add(name)
                waiting.extend(edges.get(name, ()))
        closed[start] = found
    return closed
