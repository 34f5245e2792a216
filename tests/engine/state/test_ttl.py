"""Expiry against a scan of all access times."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.state.ttl import Expiry
from tests.profiles import examples


@examples(100)
@given(st.integers(1, 2_000), st.lists(st.tuples(st.integers(0, 700), st.lists(st.integers(0, 9))), max_size=30))
def test_each_slot_expires_once_and_at_most_a_64th_late(ttl: int, turns: list[tuple[int, list[int]]]) -> None:
    expiry, used, now = Expiry(ttl), dict[int, int](), 5
    late = 2 * max(ttl // 64, 1)
    for wait, slots in [*turns, (10 * ttl + 10, []), (10 * ttl + 10, [])]:
        now += wait
        for slot in expiry.expired(now).tolist():
            assert used.pop(slot) + ttl <= now
        assert all(time + ttl + late >= now for time in used.values())
        known = np.array(sorted(used), np.int64)
        stale = expiry.stale(known, now)
        over = [used[s] + ttl <= now for s in known.tolist()]
        assert (stale.tolist() if stale is not None else [False] * len(over)) == over
        expiry.access(np.array(slots, np.int64), now)
        used.update(dict.fromkeys(slots, now))
    assert not used
