"""Compiled: what the shards of a Gaussian learner learnt, put together."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.kernels import kernel
from engine.learners.kernels import prefetch
from engine.learners.layout import LINE_SHIFT, LINE_VALUES, PAGE_SHIFT

_SLOTS = LINE_VALUES // 2
_ONE = np.float64(1)
_AHEAD = 12  # lines between prefetching one and using it


@kernel
def _merge(table: Any, parts: Any, at: int, prior: Any) -> None:
    """Merge one slot, the pair (mean, variance) at position `at`, which several shards changed."""
    mean, before = np.float64(table[at]), _ONE / table[at + 1]
    precision, shift = before, mean * before
    least, whole, moment = before, 0.0, 0.0
    for shard in range(len(parts)):
        own = _ONE / parts[shard, at + 1]
        precision += own - before
        shift += parts[shard, at] * own - mean * before
        least = min(least, own)
        whole += own
        moment += parts[shard, at] * own
    least = max(least, _ONE / prior)
    if precision < least:
        precision, shift = least, moment / whole * least
    table[at], table[at + 1] = np.float32(shift / precision), np.float32(_ONE / precision)


@kernel
def _merge_line(table: Any, parts: Any, slots: Any, part_slots: Any, low: int, high: int, prior: Any) -> None:
    """Merge the slots low..high, most of which few shards changed."""
    for slot in range(low, high):
        changed, one = 0, 0
        for shard in range(len(parts)):
            if part_slots[shard, slot] != slots[slot]:
                changed, one = changed + 1, shard
        if changed > 1:
            _merge(table, parts, 2 * slot, prior)
        else:
            slots[slot] = part_slots[one, slot]


@kernel
def exchange(table: Any, parts: Any, slots: Any, part_slots: Any, marks: Any, first: int, last: int, prior: Any,
             dirty: Any) -> None:
    """Lines first..last: `table` (mean, variance pairs) takes what each of `parts` (one row a shard) learnt since they
    were equal, and all are equal again. Only lines in `marks` (one row a shard) are looked at; marks are taken away,
    the pages of changed lines marked in `dirty`. `slots` and `part_slots`: the same memory as one uint64 a pair.

    The changes of precision and of shift (mean times precision) add up. No precision falls below the prior's; where
    shards that forget would together forget more than there is, their weighted mean is the answer.
    """
    shards, length = len(parts), len(table)
    lines, owners = np.empty(last - first, np.int64), np.empty(last - first, np.int64)
    count = 0
    for line in range(first, last):
        marked, one = 0, 0
        for shard in range(shards):
            if marks[shard, line]:
                marked, one = marked + 1, shard
                marks[shard, line] = 0
        lines[count], owners[count] = line, one if marked == 1 else -1
        count += marked > 0
    for i in range(count):
        ahead = lines[min(i + _AHEAD, count - 1)] * LINE_VALUES
        prefetch(table, ahead)
        for shard in range(shards):
            prefetch(parts, shard * length + ahead)
        line, one = lines[i], owners[i]
        dirty[line >> (PAGE_SHIFT - LINE_SHIFT)] = 1
        low, high = line * _SLOTS, min((line + 1) * _SLOTS, len(slots))
        if one >= 0:
            for slot in range(low, high):
                slots[slot] = part_slots[one, slot]
        else:
            _merge_line(table, parts, slots, part_slots, low, high, prior)
        for shard in range(shards):
            if shard != one:
                for slot in range(low, high):
                    part_slots[shard, slot] = slots[slot]
