"""What the rows of a table are like: for each column nulls, distinct values and their distribution; for event time the
order in which rows came."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.changes import DELETE, UPDATE_BEFORE, Array, Batch, Column
from engine.connectors.arrow import to_arrow
from engine.connectors.formats.render import timestamp_texts
from engine.types import TIMESTAMP, TIMESTAMPS, Field, Schema

BARS = 12
"""Parts that a distribution of numbers or times has."""
TOP = 6
"""Values of a distribution of texts that are named."""
LONGEST = 80
"""Characters of a value that is named."""


def profile(batch: Batch, schema: Schema) -> list[dict[str, Any]]:
    """Of each column: `nulls`, `distinct` (None: not counted), `min` and `max` as text or numbers, `mean`, and `bars`:
    counts of equal parts between the two, or `top`: the most frequent values with their counts. Rows that take back
    others are left out."""
    if batch.kinds is not None:
        batch = batch.take((batch.kinds != UPDATE_BEFORE) & (batch.kinds != DELETE))
    return [_profiled(column, field) for column, field in zip(batch.columns, schema)]


def _profiled(column: Column, field: Field) -> dict[str, Any]:
    valid = column.valid()
    found: dict[str, Any] = {"nulls": int(len(column) - valid.sum()), "distinct": None}
    if field.type.is_nested or field.type.is_bytes or not valid.any():
        return found
    if field.type.kind in TIMESTAMPS:
        return found | _spread(column.values[valid], moment)
    if field.type.is_integer or field.type.is_approximate:
        return found | _spread(column.values[valid], _number) | {"mean": _number(np.mean(column.values[valid]))}
    return found | _counted(to_arrow(column.take(np.flatnonzero(valid))))


def _spread(values: Array, shown: Any) -> dict[str, Any]:
    """Of numbers or moments."""
    finite = values[np.isfinite(values)] if values.dtype.kind == "f" else values
    if not finite.size:
        return {"distinct": int(np.unique(values).size)}
    distinct, counts = np.unique(finite, return_counts=True)
    low, high = distinct[0], distinct[-1]
    facts = {"distinct": int(distinct.size), "min": shown(low), "max": shown(high)}
    if low == high:
        return facts | {"bars": [int(finite.size)]}
    if distinct.size <= BARS // 2:
        order = np.argsort(-counts, kind="stable")
        return facts | {"top": [[str(shown(distinct[i])), int(counts[i])] for i in order]}
    scaled = finite.astype(np.float64)
    return facts | {"bars": np.histogram(scaled, BARS, (float(low), float(high)))[0].tolist()}


def _counted(values: pa.Array) -> dict[str, Any]:
    """Of texts, dates and the like."""
    counts = pc.value_counts(values if not pa.types.is_dictionary(values.type) else values.dictionary_decode())
    number = counts.field("counts").to_numpy()
    order = np.argsort(-number, kind="stable")[:TOP]
    names = counts.field("values").take(pa.array(order)).to_pylist()
    facts: dict[str, Any] = {"distinct": len(counts),
                             "top": [[_named(name), int(number[i])] for name, i in zip(names, order)]}
    if not pa.types.is_boolean(values.type):
        least = pc.min_max(values)
        facts |= {"min": _named(least["min"].as_py()), "max": _named(least["max"].as_py())}
    return facts


def _named(value: Any) -> str:
    text = "true" if value is True else "false" if value is False else str(value)
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def _number(value: Any) -> float | int:
    return int(value) if np.issubdtype(type(value), np.integer) else round(float(value), 12)


def moment(value: Any) -> str:
    """Microseconds since 1970 as text."""
    return timestamp_texts(Column(TIMESTAMP(6), np.array([value], np.int64)))[0]


def event_time(batch: Batch, schema: Schema, name: str | None) -> dict[str, Any] | None:
    """How rows came, by a time column: `first` and `last` of them, how many `out_of_order`, and `behind`: for each row
    by how many milliseconds it is earlier than the latest before it (left out where all are in order)."""
    at = schema.index(name or "")
    if at < 0 or schema[at].type.kind not in TIMESTAMPS:
        return None
    column = batch.columns[at]
    valid = column.valid()
    if not valid.any():
        return {"column": name, "first": None, "last": None, "out_of_order": 0, "most_behind": 0}
    known = np.where(valid, column.values, np.iinfo(np.int64).min)
    highest = np.maximum.accumulate(known)
    behind = np.where(valid, highest - known, 0) // 1000
    facts = {"column": name, "first": moment(column.values[valid].min()), "last": moment(highest[-1]),
             "out_of_order": int((behind > 0).sum()), "most_behind": int(behind.max())}
    return facts | ({"behind": behind.tolist()} if behind.any() else {})
