"""Models in a preview: in a sample labels are seldom known before the rows that ask for a prediction. Where no version
of a model was known at the time of any of them, they are predicted with the one that there is at the end.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.changes import Array, Batch, Column, concat
from porsche.runners.preview.rerun import NodeRan, Ran
from porsche.runners.preview.tables import Rows

EARLY, LATE = -62_135_596_800_000_000, 253_402_214_400_000_000
"""Microseconds of 0001-01-01 and 9999-12-31: a version that is known from the first to the last, so that nobody waits
for a newer one."""


def foretold(ran: Ran) -> tuple[dict[str, Rows], tuple[str, ...]]:
    """By model node the version to predict with from the start, and the nodes that do."""
    preset: dict[str, Rows] = {}
    asking: list[str] = []
    for node, model in _readers(ran):
        if _undecided(node, ran) and (known := _last(model)) is not None:
            preset[model.id] = known
            asking.append(node.id)
    return preset, tuple(asking)


def _readers(ran: Ran) -> Iterator[tuple[NodeRan, NodeRan]]:
    """Nodes with the model that each of them asks."""
    for node in ran.nodes.values():
        for sources in node.inputs.values():
            for source in sources:
                if ran.nodes[source].gives == "model":
                    yield node, ran.nodes[source]


def _undecided(node: NodeRan, ran: Ran) -> bool:
    """Whether a node gave rows, and none with a value in the columns that it adds."""
    known = {f.name for sources in node.inputs.values() for s in sources for f in ran.nodes[s].schema or ()}
    new = [i for i, f in enumerate(node.schema or ()) if f.name not in known]
    return bool(node.given.rows and new) and not any(
        batch.columns[i].valid().any() for batch in node.given.batches for i in new)


def _last(model: NodeRan) -> Rows | None:
    """The newest version that a learner published, as a row of long ago and one of the far future; None where it
    published none. A version is a number above 0 in the row's ROW column."""
    if not model.given.batches or model.schema is None:
        return None
    batch = concat(model.given.batches)
    row = batch.take(np.array([batch.length - 1, batch.length - 1]))
    value = next((c for c in row.columns if len(c.children) > 1), None)
    if value is None or not int(value.children[1].values[0]):
        return None
    time = model.schema.index(model.time or "")
    columns = [_at(c) if i == time else c for i, c in enumerate(row.columns)]
    return Rows(Batch(tuple(columns), 2), time)


def _at(column: Column) -> Column:
    moments: Array = np.array([EARLY, LATE], np.int64)
    return Column(column.type, moments)
