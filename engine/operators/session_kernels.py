"""Kernels of session windows: to which session each row belongs, and which sessions it joins into one.

Sessions of the batch's keys are numbered locally: first those there were, then new ones. `spans` (int64 (sessions, 4)):
start, end, next session of the key, whether it still is one.
"""

from __future__ import annotations

from engine.changes import Array
from engine.memory import inlined, kernel

START, END, NEXT, ALIVE = range(4)
MILLISECOND = 1000


@inlined
def absorb(spans: Array, target: int, source: int) -> None:
    """The target session grows over the source, which ends to be one."""
    spans[target, START] = min(spans[target, START], spans[source, START])
    spans[target, END] = max(spans[target, END], spans[source, END])
    spans[source, ALIVE] = 0


@kernel
def assign_sessions(position: Array, times: Array, stamps: Array, gap: int, heads: Array, spans: Array, count: int,
                    owner: Array, made: Array, merges: Array) -> tuple[int, int]:
    """owner[i] = the session of row i (-1: late); made[s] = the row that began new session s.

    merges (int64 (3, n)): (row before which, target, source). A session that has fired at a row's stamp is closed to
    it. `heads`: each key's first session, -1 = none. Returns the number of sessions and of merges.
    """
    merged = 0
    for i in range(len(times)):
        p, start, end = position[i], times[i], times[i] + gap
        found = -1
        session = heads[p]
        while session >= 0:
            opened = spans[session, ALIVE] != 0 and spans[session, END] - MILLISECOND > stamps[i]
            if opened and spans[session, START] <= end and spans[session, END] >= start:
                if found < 0:
                    found = session
                else:
                    absorb(spans, found, session)
                    merges[0, merged], merges[1, merged], merges[2, merged] = i, found, session
                    merged += 1
            session = spans[session, NEXT]
        if found >= 0:
            spans[found, START], spans[found, END] = min(spans[found, START], start), max(spans[found, END], end)
        elif end - MILLISECOND > stamps[i]:
            found = count
            count += 1
            spans[found, START], spans[found, END], spans[found, NEXT], spans[found, ALIVE] = start, end, heads[p], 1
            heads[p] = found
            made[found] = i
        owner[i] = found
    return count, merged


@kernel
def link_sessions(probe: Array, spans: Array, heads: Array) -> None:
    """Chain the sessions there are: session s belongs to key probe[s]; the oldest comes first."""
    heads[:] = -1
    for s in range(len(probe) - 1, -1, -1):
        spans[s, NEXT], spans[s, ALIVE] = heads[probe[s]], 1
        heads[probe[s]] = s
