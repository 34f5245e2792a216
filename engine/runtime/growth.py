"""Whether an operator's state grows and grows: looked at over checkpoints, told while it does.

Only operators count whose state nothing but a time to live bounds and that have none, and that read a source without an
end. State that fills up (keys of a finite set) grows more and more slowly and is not told.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from engine.planner import Graph
from engine.runtime.nodes import Nodes, Work, closure, edges

STEPS, APART = 10, 6.0
"""Looks one after another at which state had grown that are too many, at least so many seconds apart."""
HINT = ("a SET 'table.exec.state.ttl' = '1 d', a STATE_TTL hint, a window or a bound of time in the join bounds it; "
        "if it is meant to grow, see that there is memory for it")


class Growth:
    """Rows of state of a graph's operators over time. `clock`: unix seconds."""

    def __init__(self, graph: Graph, nodes: Nodes, clock: Callable[[], float]) -> None:
        later = closure(edges(graph))
        endless = {s.uid for s in graph.sources if not s.source.bounded}
        reached = endless | {uid for source in endless for uid in later[source]}
        self._watched = {o.uid: (o.name, nodes.owner(o.uid)) for o in graph.operators
                         if o.keeps_for_ever() and o.uid in reached}
        self._clock = clock
        self._seen: dict[str, deque[tuple[float, int]]] = {u: deque(maxlen=STEPS + 1) for u in self._watched}
        self._looked: tuple[int, float] | None = None

    def look(self, epoch: int | None, work: Mapping[str, Work]) -> None:
        """Note how many rows there are, once a checkpoint (its epoch; None: there was none yet)."""
        now = self._clock()
        if epoch is None or (self._looked is not None and (epoch == self._looked[0] or now - self._looked[1] < APART)):
            return
        self._looked = epoch, now
        for uid, seen in self._seen.items():
            seen.append((now, work[uid].state_rows))

    def warnings(self) -> list[dict[str, Any]]:
        """Operators whose state grows: `node` (None: unknown), `operator`, `code`, `message`, `hint`,
        `rows_per_hour`."""
        return [self._warning(uid, seen) for uid, seen in self._seen.items() if _grows(seen)]

    def _warning(self, uid: str, seen: deque[tuple[float, int]]) -> dict[str, Any]:
        name, node = self._watched[uid]
        (then, before), (now, rows) = seen[0], seen[-1]
        an_hour = round((rows - before) / max(now - then, 1e-9) * 3600)
        return {"node": node, "operator": name, "code": "growing_state", "hint": HINT, "rows_per_hour": an_hour,
                "message": f"its state has {rows:,} rows and grows by {an_hour:,} an hour, without a time to live"}


def _grows(seen: deque[tuple[float, int]]) -> bool:
    """Whether rows were more each time, and came in the second half about as fast as in the first."""
    if len(seen) <= STEPS:
        return False
    rows = [count for _, count in seen]
    (start, _), (half, _), (end, _) = seen[0], seen[STEPS // 2], seen[-1]
    first = (rows[STEPS // 2] - rows[0]) / max(half - start, 1e-9)
    second = (rows[-1] - rows[STEPS // 2]) / max(end - half, 1e-9)
    return all(b > a for a, b in zip(rows, rows[1:], strict=False)) and second > first / 2
