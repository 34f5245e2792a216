"""Rows of keyed state as SQL values under their columns' names, as far as its operator's description tells them.

A row is a key and the fields under it. Of what hangs on a key (rows of a join, of a frame) the number is told, and some
of the rows (`hanging`).
"""

from __future__ import annotations

import datetime as dt
import decimal
import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from engine.changes import DTYPES, Array, Column
from engine.connectors.arrow import python_values
from engine.savepoints.content import Group, group_of, groups_of
from engine.sql.dialect import parse_type
from engine.sql.types import to_data_type
from engine.state.keys import KeyCodec
from engine.state.layout import B16, VIEW, code_of
from engine.state.nested import decode_nested
from engine.state.protocol import StatePart
from engine.types import DataType

Json = dict[str, Any]
Row = list[Any]


def columns_of(described: Mapping[str, Any]) -> list[list[str]]:
    """[name, type] of what `rows_of` gives of a state with this description; of none, what can be told without."""
    if not described.get("keys") and not described.get("fields"):
        return [["key", "BYTES"]] if not described else []
    return [[str(name), str(kind)] for name, kind in described["columns"]]


def rows_of(part: StatePart, described: Mapping[str, Any], positions: Array) -> list[Row]:
    """The keys and fields at these positions among the part's keys; JSON values."""
    if not len(positions):
        return []
    keys = group_of(part, "keys")
    if not described:
        return [[" ".join(f"{int(word):016x}" for word in keys.arrays["key"][i])] for i in positions]
    columns = _keys(keys, [k[1] for k in described.get("keys", ())], positions)
    columns += _fields(part, keys.rows[positions], described.get("fields", ()))
    return [list(row) for row in zip(*columns, strict=True)] if columns else [[] for _ in positions]


def counts_of(part: StatePart, positions: Array) -> dict[str, list[int]]:
    """How many rows hang on these keys, by the name of what hangs there."""
    keys = group_of(part, "keys").rows
    found = {}
    for name in groups_of(part):
        slots = part.arrays.get(f"{name}.slot")
        if slots is not None:
            counts = np.bincount(slots.astype(np.int64), minlength=int(keys.max(initial=0)) + 1)
            found[name] = counts[keys[positions]].tolist()
    return found


def hanging(part: StatePart, described: Mapping[str, Any], positions: Array, most: int) -> dict[str, Json]:
    """At most so many of the rows that hang on these keys, by the name of what hangs there: {columns, sample}; the
    first column is the position of the key that a row hangs on, among `positions`."""
    slots = group_of(part, "keys").rows[positions]
    found = {}
    for name, store in (described.get("stores") or {}).items():
        if store.get("kind") != "rows" or f"{name}.slot" not in part.arrays:
            continue
        held = part.arrays[f"{name}.slot"].astype(np.int64)
        order = np.lexsort((part.arrays[f"{name}.seq"], held))
        chosen = order[np.isin(held[order], slots)][:most]
        group = group_of(part, name)
        columns = [_plain_values(_column(part, f"{name}.c{i}", group.arrays[f"c{i}"], group, type_of(kind), chosen))
                   for i, (_, kind, *_) in enumerate(store["columns"])]
        keys = [int(np.flatnonzero(slots == slot)[0]) for slot in held[chosen]]
        found[name] = {"columns": [["key", "INT NOT NULL"], *([str(c), str(kind)] for c, kind, *_ in store["columns"])],
                       "sample": [list(row) for row in zip(keys, *columns, strict=True)]}
    return found


@cache
def type_of(text: str) -> DataType:
    """A type from its text."""
    return to_data_type(parse_type(text))


def _keys(keys: Group, types: Sequence[str], positions: Array) -> list[list[Any]]:
    codec = KeyCodec([type_of(t) for t in types])
    words = np.ascontiguousarray(keys.arrays["key"][positions])
    decoded = codec.decode(words, np.arange(len(positions)), keys.held) if types else []
    return [_plain_values(column) for column in decoded]


def _fields(part: StatePart, slots: Array, fields: Sequence[Sequence[str]]) -> list[list[Any]]:
    if not fields:
        return []
    group = group_of(part, "fields")
    place = np.full(int(max(slots.max(initial=0), group.rows.max(initial=0))) + 1, -1, np.int64)
    place[group.rows] = np.arange(len(group.rows))
    where = place[slots]
    return [_plain_values(_column(part, f"fields.f.{name}", group.arrays[f"f.{name}"], group, type_of(kind), where))
            for name, kind, *_ in fields]


def _column(part: StatePart, label: str, words: Array, group: Group, kind: DataType, where: Array) -> Column:
    """The values of the array `label` of a part at rows `where`; `words`: the same as words, which strings are read
    from."""
    flags = part.arrays.get(f"{label}.valid")
    validity = None if flags is None else flags[where].view(np.bool_)
    code = code_of(kind)
    if code == VIEW:
        column = Column(kind, np.ascontiguousarray(words[where]), validity, group.held)
        return decode_nested(column) if kind.is_nested else column
    values = part.arrays[label][where]
    return Column(kind, values if code == B16 else values.astype(DTYPES[kind.kind], copy=False), validity)


def _plain_values(column: Column) -> list[Any]:
    return [plain(value) for value in python_values(column)]


def plain(value: Any) -> Any:
    """A value that JSON can hold, as people read it."""
    match value:
        case float():
            return value if math.isfinite(value) else str(value)
        case decimal.Decimal():
            return str(value)
        case bytes():
            return f"x'{value.hex()}'"
        case dt.datetime() | dt.date() | dt.time():
            return value.isoformat()
        case dict():
            return {str(name): plain(part) for name, part in value.items()}
        case list() | tuple():
            return [plain(part) for part in value]
    return value
