"""Whether the state of one operator can be read on by another: column by column, by what they mean.

Both are descriptions (`engine.planner.described`) of operators that are keyed alike and see the same rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.upgrade.moves import Column, Move, StateMove, StoreMove
from engine.upgrade.types import holds, parse

Json = Mapping[str, Any]
Cell = Sequence[Any]
NAME, TYPE, MEANING, USE, SHOWN = range(5)


@dataclass
class Fit:
    """What differs. `changes`: forms that are migrated; `gaps`: results that begin empty; `obstacles`: why the state
    as a whole is of no use."""

    changes: list[str] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    obstacles: list[str] = field(default_factory=list)
    states: dict[str, StateMove] = field(default_factory=dict)

    def gap(self, name: str) -> None:
        if name not in self.gaps:
            self.gaps.append(name)


def fit(before: Json, after: Json) -> tuple[Fit, Move]:
    """How the state of `before` becomes that of `after`."""
    found = Fit()
    for name, state in after["states"].items():
        _state(found, before, after, name, state)
    return found, Move(before["uid"], found.states)


def _state(found: Fit, before: Json, after: Json, name: str, state: Json) -> None:
    old_name = _same(before["states"], state)
    if old_name is None:
        _missing(found, state["meaning"], state.get("shown", name))
        return
    old = before["states"][old_name]
    if state["kind"] != "table" or old == state:
        found.states[name] = StateMove(old_name)
        return
    keys = _keys(found, old["keys"], state["keys"])
    fields = _fields(found, old["fields"], state["fields"])
    stores = _stores(found, old["stores"], state["stores"])
    if old["ttl"] != state["ttl"]:
        found.changes.append(f"state lives {_life(state['ttl'])} instead of {_life(old['ttl'])}, from its last use on")
    found.states[name] = StateMove(old_name, False, keys, tuple(k[TYPE] for k in old["keys"]), fields, stores)


def _same(states: Mapping[str, Json], one: Json) -> str | None:
    """The name of the part that means the same."""
    return next((n for n, s in states.items() if (s["kind"], s["meaning"]) == (one["kind"], one["meaning"])), None)


def _life(ttl: int) -> str:
    return f"{ttl / 1e6:g} s" if ttl else "for ever"


def _missing(found: Fit, meaning: str, name: str) -> None:
    if meaning.startswith("own "):
        found.obstacles.append(f"it did not keep '{name}'")
    else:
        found.gap(name)


# ---- keys ------------------------------------------------------------------------------------------------------------


def _keys(found: Fit, old: Sequence[Cell], new: Sequence[Cell]) -> tuple[tuple[int, str, str], ...] | None:
    """For each key its number and type then, and its type now; None where nothing changed."""
    left = list(enumerate(old))
    chosen: list[tuple[int, str, str]] = []
    for cell in new:
        match = next((pair for pair in left if pair[1][MEANING] == cell[MEANING]), None)
        if match is None:
            found.obstacles.append(f"it was not keyed by {cell[NAME]}")
            return None
        left.remove(match)
        number, was = match
        chosen.append((number, was[TYPE], cell[TYPE]))
        if not holds(was[TYPE], cell[TYPE]):
            found.obstacles.append(_narrower(cell[NAME], was[TYPE], cell[TYPE]))
        elif was[TYPE] != cell[TYPE]:
            found.changes.append(_wider(cell[NAME], was[TYPE], cell[TYPE]))
    if [(i, t) for i, _, t in chosen] == [(i, k[TYPE]) for i, k in enumerate(old)]:
        return None
    if any(parse(t) is None for cell in (*old, *new) for t in [cell[TYPE]]):
        found.obstacles.append("its keys hold nested values, which are not written anew")
    if [i for i, _, _ in chosen] != list(range(len(old))):
        found.changes.append("its keys stand in another order")
    return tuple(chosen)


def _wider(name: str, old: str, new: str) -> str:
    return f"{name} becomes {new} from {old}"


def _narrower(name: str, old: str, new: str) -> str:
    return f"{name} was {old}, whose values {new} cannot all hold"


# ---- fields ----------------------------------------------------------------------------------------------------------


def _fields(found: Fit, old: Sequence[Cell], new: Sequence[Cell]) -> dict[str, Column]:
    by_meaning = {cell[MEANING]: cell for cell in reversed(old)}
    chosen: dict[str, Column] = {}
    absent = {_call(cell) for cell in new if cell[MEANING] not in by_meaning and _call(cell)}
    for cell in new:
        name, shown, was = cell[NAME], cell[SHOWN], by_meaning.get(cell[MEANING])
        if _call(cell) in absent:
            found.gap(_result(shown))
        elif was is None:
            _new_column(found, shown, cell, False, f"it did not keep '{shown}'")
        elif not holds(was[TYPE], cell[TYPE]):
            found.obstacles.append(_narrower(shown, was[TYPE], cell[TYPE]))
        else:
            chosen[name] = Column(was[NAME], was[TYPE], cell[TYPE])
            if was[TYPE] != cell[TYPE]:
                found.changes.append(_wider(shown, was[TYPE], cell[TYPE]))
    kept = {cell[MEANING] for cell in new}
    dropped = {_result(cell[SHOWN]) for cell in old if cell[MEANING] not in kept and cell[USE] != "unused"}
    found.changes.extend(f"{name} is no longer kept" for name in sorted(dropped))
    if not dropped and [c[:3] for c in old] != [c[:3] for c in new] and not found.gaps and not found.changes:
        found.changes.append("its results stand in another order")
    return chosen


def _result(shown: str) -> str:
    """The aggregate that a field is of: SUM(v) of SUM(v).a."""
    return shown.partition(").")[0] + ")" if ")." in shown else shown


def _call(cell: Cell) -> str:
    """The aggregate call that a field belongs to: its first name, c0, c1...; "" for what is not of a call."""
    return "" if cell[MEANING].startswith("own ") or "." not in cell[NAME] else cell[NAME].partition(".")[0]


def _new_column(found: Fit, name: str, cell: Cell, taken_back: bool, obstacle: str) -> None:
    """A column that old rows do not have: NULL in them, where it is only carried."""
    if cell[USE] == "unused":
        return
    if cell[USE] == "carried" and not cell[TYPE].endswith(" NOT NULL"):
        if not taken_back:
            found.changes.append(f"{name} is added, NULL in rows from before")
        else:
            found.obstacles.append(f"rows from before lack {name}, and could not be found when they are taken back")
    else:
        found.obstacles.append(obstacle)


# ---- what hangs on keys ----------------------------------------------------------------------------------------------


def _stores(found: Fit, old: Json, new: Json) -> dict[str, StoreMove]:
    chosen: dict[str, StoreMove] = {}
    for name, store in new.items():
        match = _same(old, store)
        if match is None:
            _missing(found, store["meaning"], store.get("shown", name))
        elif store["kind"] != "rows":
            chosen[name] = StoreMove(match)
        else:
            chosen[name] = StoreMove(match, _columns(found, old[match]["columns"], store))
    return chosen


def _columns(found: Fit, old: Sequence[Cell], store: Json) -> dict[int, Column]:
    by_meaning = {cell[MEANING]: (i, cell) for i, cell in reversed(list(enumerate(old))) if cell[MEANING]}
    chosen: dict[int, Column] = {}
    for number, cell in enumerate(store["columns"]):
        if not cell[MEANING]:
            continue  # of no use to the operator: zero will do
        match = by_meaning.get(cell[MEANING])
        if match is None:
            obstacle = f"rows from before lack {cell[NAME]}"
            if cell[MEANING].startswith("own "):
                obstacle = "it did not follow which rows match, or by another condition"
            _new_column(found, cell[NAME], cell, store["taken_back"], obstacle)
            continue
        place, was = match
        if not holds(was[TYPE], cell[TYPE]):
            found.obstacles.append(_narrower(cell[NAME], was[TYPE], cell[TYPE]))
            continue
        chosen[number] = Column(f"c{place}", was[TYPE], cell[TYPE])
        if was[TYPE] != cell[TYPE]:
            found.changes.append(_wider(cell[NAME], was[TYPE], cell[TYPE]))
    kept = {cell[MEANING] for cell in store["columns"]}
    found.changes.extend(f"{cell[NAME]} is no longer kept" for cell in old
                         if cell[MEANING] not in kept and cell[USE] != "unused" and not cell[NAME].startswith("$"))
    return chosen
