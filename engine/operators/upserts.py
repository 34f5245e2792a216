"""Changes as a table that is written by key takes them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.changes import DELETE, UPDATE_AFTER, UPDATE_BEFORE, Array, Batch
from engine.memory import kernel
from engine.state.layout import code_of, frame_of
from engine.state.nested import encode_nested
from engine.state.rows import row_equal


def as_upserts(batch: Batch, keys: Sequence[int]) -> Batch:
    """The batch without -U: those right before the +U of the same key are dropped, the others delete their key."""
    if batch.kinds is None or not (batch.kinds == UPDATE_BEFORE).any():
        return batch
    columns = [encode_nested(batch.columns[k]) for k in keys]
    desc = frame_of([code_of(batch.columns[k].type) for k in keys], columns, batch.length).desc
    kinds = batch.kinds.copy()
    keep = np.ones(batch.length, np.bool_)
    mark_pairs(desc, np.arange(len(keys)), kinds, keep)
    result = batch.with_kinds(kinds)
    return result if keep.all() else result.take(keep)


@kernel
def mark_pairs(desc: Array, every: Array, kinds: Array, keep: Array) -> None:
    """keep[i] = False for each -U that the +U of the same key follows; the others become -D."""
    for i in range(len(kinds)):
        if kinds[i] == UPDATE_BEFORE:
            paired = i + 1 < len(kinds) and kinds[i + 1] == UPDATE_AFTER and row_equal(desc, i, desc, i + 1, every)
            if paired:
                keep[i] = False
            else:
                kinds[i] = DELETE

