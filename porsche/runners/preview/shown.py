"""What a preview found, as JSON.

Values: numbers and truth are themselves (numbers that JavaScript cannot hold, and decimals, are text), times and dates
'2024-05-01 10:00:00', bytes base64, rows, lists and maps as in JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from engine.changes import KIND_NAMES, Batch, Column, concat
from engine.connectors.formats.render import json_texts
from engine.types import Kind, Schema
from porsche.runners.preview.rerun import NodeRan
from porsche.runners.preview.tables import Taken

SAFE = 2**53
"""Whole numbers from here on are text."""
LONGEST = 2_000
"""Characters of a cell that are shown."""


def texts_of(column: Column) -> list[str]:
    """The values, each as JSON."""
    texts = json_texts(column, False)
    if column.type.kind is Kind.DECIMAL or _is_large(column):
        texts = [text if text == "null" else f'"{text}"' for text in texts]
    return [text if len(text) <= LONGEST else json.dumps(text[:LONGEST] + "…", ensure_ascii=False) for text in texts]


def _is_large(column: Column) -> bool:
    if column.type.kind is not Kind.BIGINT or not len(column):
        return False
    return bool(np.abs(column.values).max() >= SAFE or (column.values == np.iinfo(np.int64).min).any())


def rows_of(taken: Taken, first: int = 0, limit: int | None = None) -> Batch | None:
    """The rows that were kept, from one on."""
    if not taken.batches:
        return None
    batch = concat(taken.batches)
    return batch.slice(min(first, batch.length), batch.length if limit is None else min(first + limit, batch.length))


def rows_json(batch: Batch) -> str:
    """The rows as a JSON list of lists."""
    columns = [texts_of(column) for column in batch.columns]
    return "[" + ",".join(f"[{','.join(cells)}]" for cells in zip(*columns)) + "]"


def kinds_of(batch: Batch) -> list[str]:
    """The kind of change of each row: +I, -U, +U, -D."""
    return [KIND_NAMES[0]] * batch.length if batch.kinds is None else [KIND_NAMES[k] for k in batch.kinds.tolist()]


def changes(node: NodeRan, limit: int | None = None) -> Iterator[tuple[str, dict[str, Any]]]:
    """What a node gave (a sink: what it would receive), in order: the kind of change, and the row by column."""
    schema, batch = node.schema, rows_of(node.given, limit=limit)
    if schema is None or batch is None:
        return
    for kind, row in zip(kinds_of(batch), json.loads(rows_json(batch)), strict=True):
        yield kind, dict(zip(schema.names, row, strict=True))


def columns_json(schema: Schema) -> list[dict[str, Any]]:
    """Names, types, and how a cell is to be edited and shown."""
    return [{"name": f.name, "type": str(f.type), "kind": kind_of(f.type.kind), "nullable": f.type.nullable,
             "time": f.time.value if f.time else None} for f in schema]


_KINDS: Sequence[tuple[str, tuple[Kind, ...]]] = (
    ("whole", (Kind.TINYINT, Kind.SMALLINT, Kind.INT, Kind.BIGINT)),
    ("number", (Kind.DECIMAL, Kind.FLOAT, Kind.DOUBLE)),
    ("truth", (Kind.BOOLEAN,)),
    ("moment", (Kind.TIMESTAMP, Kind.TIMESTAMP_LTZ)),
    ("date", (Kind.DATE,)),
    ("time", (Kind.TIME,)),
    ("nested", (Kind.ARRAY, Kind.MAP, Kind.MULTISET, Kind.ROW)),
)


def kind_of(kind: Kind) -> str:
    """What a type is to a person: whole, number, truth, moment, date, time, nested, text."""
    return next((name for name, kinds in _KINDS if kind in kinds), "text")
