"""Kernels of OVER: what enters and leaves bounded frames, and which rows share a result."""

from __future__ import annotations

import numpy as np

from engine.changes import Array
from engine.memory import inlined, kernel, load_i32
from engine.state.rowstore_kernels import CHAINS, HEAD, LINKS, NEXT

_ROW, _COUNT = 0, 1


@inlined
def next_row(ctl: Array, row: int) -> int:
    """The row after this one in its key's chain, -1: none."""
    return np.int64(load_i32(ctl[LINKS] + 16 * row + NEXT)) - 1


@kernel
def frame_events(ctl: Array, stored_times: Array, numbers: Array, times: Array, slots: Array, position: Array,
                 state: Array, by_rows: bool, peers: bool, preceding: int, rows: Array, signs: Array, owners: Array,
                 result: Array, retired: Array) -> Array:
    """The sequence of retractions (of rows that leave) and accumulations (of rows that come) for rows in order.

    `numbers` are the rows in the frame's store, all in their chains already; `position` their key among the touched
    ones; `state` (int64 (keys, 2)): each touched key's oldest row in its frame (-1: none) and number of rows. Writes
    the events (store row, sign, slot), for each row the event whose result is its own, and the rows that left.
    """
    n = left = 0
    for i in range(len(numbers)):
        p, row = position[i], numbers[i]
        if state[p, _COUNT] == 0:
            state[p, _ROW] = row
        while state[p, _COUNT] > 0:
            oldest = state[p, _ROW]
            stays = state[p, _COUNT] <= preceding if by_rows else stored_times[oldest] >= times[i] - preceding
            if stays:
                break
            rows[n], signs[n], owners[n] = oldest, -1, slots[i]
            n += 1
            retired[left] = oldest
            left += 1
            state[p, _ROW] = next_row(ctl, oldest)
            state[p, _COUNT] -= 1
        rows[n], signs[n], owners[n] = row, 1, slots[i]
        result[i] = n
        n += 1
        state[p, _COUNT] += 1
    if peers and not by_rows:  # the last of the peers has the common result
        latest = np.full(len(state), -1, np.int64)
        for i in range(len(numbers) - 1, -1, -1):
            after = latest[position[i]]
            if after >= 0 and times[after] == times[i]:
                result[i] = result[after]
            latest[position[i]] = i
    return np.array([n, left])


@kernel
def find_last_peers(position: Array, groups: int, times: Array, out: Array) -> bool:
    """out[i] = the last row of row i's key and time; False where that is each row itself."""
    latest = np.full(groups, -1, np.int64)
    shared = False
    for i in range(len(position) - 1, -1, -1):
        after = latest[position[i]]
        same = after >= 0 and times[after] == times[i]
        out[i] = out[after] if same else i
        shared |= same
        latest[position[i]] = i
    return shared


def last_peers(position: Array, groups: int, times: Array) -> Array | None:
    """For each row the last one of its key and time (rows sorted by time); None where no two share both."""
    out = np.empty(len(position), np.int64)
    return out if find_last_peers(position, groups, times, out) else None


@kernel
def find_first_peers(position: Array, groups: int, times: Array, out: Array) -> None:
    """out[i] = the first row of row i's key and time (rows sorted by time)."""
    latest = np.full(groups, -1, np.int64)
    for i in range(len(position)):
        before = latest[position[i]]
        out[i] = out[before] if before >= 0 and times[before] == times[i] else i
        latest[position[i]] = i


def first_peers(position: Array, groups: int, times: Array) -> Array:
    """For each row the first one of its key and time (rows sorted by time)."""
    out = np.empty(len(position), np.int64)
    find_first_peers(position, groups, times, out)
    return out


@kernel
def chain_heads(ctl: Array, slots: Array, out: Array) -> None:
    """out[i] = the oldest row under a slot, -1: none."""
    for i in range(len(slots)):
        out[i] = np.int64(load_i32(ctl[CHAINS] + 16 * slots[i] + HEAD)) - 1
