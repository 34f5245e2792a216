"""How an operator's old state becomes its new one, and doing it: names, order and types of columns change, part by
part of a checkpoint's chains, before they are restored as ever.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from engine.changes import Array
from engine.state.protocol import StatePart

_COLUMN = re.compile(r"(c\d+)(\.|$)")


@dataclass(frozen=True)
class Column:
    """A column by its name (or number) then, and its types then and now."""

    name: str
    old: str
    new: str


@dataclass(frozen=True)
class StoreMove:
    """What hangs on a table: its name then. `columns`: those of rows, by their numbers now; None = as they are."""

    name: str
    columns: Mapping[int, Column] | None = None


@dataclass(frozen=True)
class StateMove:
    """A state object: its name then. `keys`: for each key now its number and type then, where they changed; `fields`:
    by their names now; `stores` likewise. What is in neither is new and begins empty. `plain`: as it is."""

    name: str
    plain: bool = True
    keys: tuple[tuple[int, str, str], ...] | None = None
    old_keys: tuple[str, ...] = ()
    fields: Mapping[str, Column] = field(default_factory=dict)
    stores: Mapping[str, StoreMove] = field(default_factory=dict)


@dataclass(frozen=True)
class Move:
    """An operator's state: its id then, and its state objects by their names now."""

    uid: str
    states: Mapping[str, StateMove]


def moved(part: StatePart, move: StateMove) -> StatePart:
    """The part as the new operator would have written it."""
    if move.plain:
        return part
    arrays = _keys(part.arrays, move)
    for name, array in part.arrays.items():
        if name in ("fields.rows", "fields.dead", "fields.access"):
            arrays[name] = array
    for name, column in move.fields.items():
        arrays |= _column(part.arrays, f"fields.f.{column.name}", f"fields.f.{name}", column)
    for name, store in move.stores.items():
        arrays |= _store(part.arrays, name, store)
    return replace(part, arrays=arrays)


def _keys(arrays: Mapping[str, Array], move: StateMove) -> dict[str, Array]:
    held = {name: array for name, array in arrays.items() if name.startswith("keys.")}
    if move.keys is None or not any(name.startswith("keys.key") for name in held):
        return held
    from engine.upgrade.keys import encoded_anew

    kept = {name: array for name, array in held.items() if not name.startswith("keys.key")}
    return kept | encoded_anew(held, move.old_keys, move.keys)


def _store(arrays: Mapping[str, Array], name: str, store: StoreMove) -> dict[str, Array]:
    prefix, found = f"{store.name}.", {}
    for old, array in arrays.items():
        rest = old.removeprefix(prefix)
        if rest != old and (store.columns is None or not _COLUMN.match(rest)):
            found[f"{name}.{rest}"] = array
    for number, column in (store.columns or {}).items():
        found |= _column(arrays, f"{prefix}{column.name}", f"{name}.c{number}", column)
    return found


def _column(arrays: Mapping[str, Array], old: str, new: str, column: Column) -> dict[str, Array]:
    """A column's arrays under its new name, in its new type."""
    from engine.upgrade.types import widen

    found = {new + name.removeprefix(old): array for name, array in arrays.items()
             if name == old or name.startswith(f"{old}.")}
    if new in found and column.old != column.new:
        found[new] = widen(found[new], column.old, column.new)
    if column.old.endswith(" NOT NULL") and not column.new.endswith(" NOT NULL"):
        held = found.get(new, found.get(f"{new}.ends"))
        if held is not None:
            found[f"{new}.valid"] = np.ones(len(held), np.bool_)
    return found
