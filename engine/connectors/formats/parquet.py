"""Parquet files; read by `engine.connectors.readers.ParquetReader`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from engine.changes import Column
from engine.connectors.arrow import arrow_type, to_arrow
from engine.types import Schema

OPTIONS = frozenset({"compression", "utc-timezone", "timestamp.time.unit", "write.int64.timestamp"})


def write_parquet(path: Path, schema: Schema, parts: Sequence[tuple[Column, ...]], compression: str = "snappy") -> None:
    """Write a file with a row group a part."""
    target = pa.schema([pa.field(f.name, arrow_type(f.type), f.type.nullable) for f in schema])
    with pq.ParquetWriter(path, target, compression=compression) as writer:
        for columns in parts:
            writer.write_table(pa.Table.from_arrays([to_arrow(c) for c in columns], schema=target))
