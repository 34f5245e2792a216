"""The rows of a file for keys that are asked for, wherever in it they stand."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from engine.changes import Batch, concat
from engine.connectors.ahead import Ahead
from engine.connectors.arrow import to_arrow
from engine.connectors.base import Source, TableOptions
from porsche.runners.preview.tables import empty

SECONDS = 4.0
"""For how long a file is looked through."""
PART = 1 << 16
"""Rows that are looked at in one go."""
MOST_KEYS = 10_000
"""Keys that are looked for; a sample has fewer rows than that."""


@dataclass
class Sought:
    """What is known of the keys of a dimension: those that were looked for, the rows that they have, in how many rows
    of the file they were looked for, and whether it has more. `needed`: its first rows are not all that it has."""

    keys: set[Any] = field(default_factory=set)
    batch: Batch | None = None
    looked: int = 0
    more: bool = False
    needed: bool = False


def search(table: TableOptions, source: Source, column: int, keys: Iterable[Any],
           seconds: float = SECONDS) -> tuple[Batch, int, bool]:
    """The rows with one of these keys in a column, how many were looked at, and whether there are more. UserError where
    the file cannot be read."""
    reader = Ahead(source) if source.blocking else source
    wanted: pa.Array | None = None
    found: list[Batch] = []
    looked, more = 0, True
    ends = time.monotonic() + seconds
    try:
        reader.open(range(len(table.schema)))
        while more and time.monotonic() < ends:
            poll = reader.poll(PART)
            looked += poll.rows
            more = not poll.ended
            if poll.batch is not None and poll.batch.length:
                held = to_arrow(poll.batch.columns[column])
                wanted = pa.array(list(keys), held.type) if wanted is None else wanted
                met = pc.is_in(held, value_set=wanted).to_numpy(zero_copy_only=False)
                if met.any():
                    found.append(poll.batch.take(met))
            elif more and poll.idle:
                break
            elif more:
                time.sleep(0.005)
    finally:
        with contextlib.suppress(Exception):
            reader.close()
    return (concat(found) if found else empty(table)), looked, more
