"""Keys of state in another order, or in wider types: decoded and encoded anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from engine.changes import Array, Column
from engine.errors import InternalError
from engine.state.arena import scatter
from engine.state.keys import KeyCodec
from engine.state.parts import Stored, save
from engine.types import DataType
from engine.upgrade.types import parse, widen


def encoded_anew(held: Mapping[str, Array], old: Sequence[str],
                 now: Sequence[tuple[int, str, str]]) -> dict[str, Array]:
    """The written form of keys whose columns had the types `old`; `now`: number then, type then and type now."""
    before, after = KeyCodec([_type(t) for t in old]), KeyCodec([_type(t) for _, _, t in now])
    owners: tuple[object, ...] = ()
    if before.fixed:
        words = held["keys.key"]
    else:
        words, owners = scatter(held["keys.key.ends"], held["keys.key.data"]), (held["keys.key.data"],)
        if "keys.key.null" in held:
            words[held["keys.key.null"].view(np.bool_)] = (0, 1)
    count = len(words)
    columns = before.decode(np.ascontiguousarray(words), np.arange(count), owners)
    chosen = [_widened(columns[i], given, wanted) for i, given, wanted in now]
    keys = after.encode(chosen, count).copy() if count else np.zeros((0, after.width), np.uint64)
    return save("keys", [Stored("key", keys, not after.fixed)], None, count)


def _type(text: str) -> DataType:
    found = parse(text)
    if found is None:
        raise InternalError(f"keys of type {text} are not encoded anew")
    return found


def _widened(column: Column, old: str, new: str) -> Column:
    wanted = _type(new)
    return Column(wanted, widen(column.values, old, new), column.validity if wanted.nullable else None, column.owners)
