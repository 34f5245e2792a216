"""Kernels of group aggregation: which changes a batch makes of its groups' results.

A change has a result before and one after (result rows i and count + i); the planned output is (input row that has the
key, result row) in `plan` (int64 (2, n)) and the row kinds. `rows` gives each change's input row; empty: change i is
row i.
"""

from __future__ import annotations

import numpy as np

from engine.aggregates.kernels import N
from engine.changes import Array
from engine.memory import inlined, kernel, load_i64

_INSERT, _UPDATE_BEFORE, _UPDATE_AFTER, _DELETE = np.uint8(0), np.uint8(1), np.uint8(2), np.uint8(3)


@inlined
def put(plan: Array, kinds: Array, at: int, row: int, result: int, kind: int) -> int:
    plan[0, at], plan[1, at], kinds[at] = row, result, kind
    return at + 1


@kernel
def plan_appended(count: int, rows: Array, fresh: Array, changed: Array, update_before: bool, plan: Array,
                  kinds: Array) -> int:
    """Changes of groups that are never deleted; fresh[row]: the row made its group. Returns how many rows to emit."""
    n = 0
    for i in range(count):
        row = rows[i] if len(rows) else i
        if fresh[row]:
            n = put(plan, kinds, n, row, count + i, _INSERT)
        elif changed[i]:
            if update_before:
                n = put(plan, kinds, n, row, i, _UPDATE_BEFORE)
            n = put(plan, kinds, n, row, count + i, _UPDATE_AFTER)
    return n


@kernel
def plan_changes(records: Array, rows: Array, changed: Array, update_before: bool, plan: Array, kinds: Array) -> int:
    """Changes of groups that live as long as they have records (counts before, then after)."""
    count, n = len(changed), 0
    for i in range(count):
        row = rows[i] if len(rows) else i
        before, after = records[i] > 0, records[count + i] > 0
        if after and not before:
            n = put(plan, kinds, n, row, count + i, _INSERT)
        elif before and not after:
            n = put(plan, kinds, n, row, i, _DELETE)
        elif before and changed[i]:
            if update_before:
                n = put(plan, kinds, n, row, i, _UPDATE_BEFORE)
            n = put(plan, kinds, n, row, count + i, _UPDATE_AFTER)
    return n


@kernel
def check_records(program: Array, groups: Array, position: Array, kinds: Array, keep: Array) -> int:
    """keep[i] = whether row i may be taken in: it inserts, or its group has a record to retract. Returns how many not.
    """
    records = np.empty(len(groups), np.int64)
    for g in range(len(groups)):
        records[g] = load_i64(program[0, N] + 8 * groups[g])
    refused = 0
    for i in range(len(position)):
        retracts = (kinds[i] & 1) != 0
        keep[i] = not retracts or records[position[i]] > 0
        if keep[i]:
            records[position[i]] += -1 if retracts else 1
        else:
            refused += 1
    return refused
