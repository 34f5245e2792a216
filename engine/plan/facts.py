"""What is known of relations and does not change: unique keys, kinds of change, window columns. Computed once a
relation, inputs first."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from engine.plan.changes import Kinds, kinds_of
from engine.plan.keys import Keys, unique_keys
from engine.plan.nodes import Relation, Scan
from engine.plan.windows import WindowColumns, window_columns

T = TypeVar("T")


class Facts:
    """Facts about relations of one binder or plan. Holds on to the relations it was asked about."""

    def __init__(self) -> None:
        self._keys: dict[Relation, Keys] = {}
        self._kinds: dict[Relation, Kinds] = {}
        self._bounded: dict[Relation, bool] = {}
        self._windows: dict[Relation, WindowColumns | None] = {}

    def keys(self, relation: Relation) -> Keys:
        """The unique keys of a relation: sets of column positions."""
        return _filled(self._keys, relation, unique_keys)

    def kinds(self, relation: Relation) -> Kinds:
        """The kinds of change it can give: "I", "U", "D"."""
        return _filled(self._kinds, relation, kinds_of)

    def bounded(self, relation: Relation) -> bool:
        """Whether every source below it ends."""
        return _filled(self._bounded, relation, _bounded)

    def windows(self, relation: Relation) -> WindowColumns | None:
        """Its columns that are the start, end and time of a window."""
        return _filled(self._windows, relation, window_columns)


def _bounded(relation: Relation, below: Callable[[Relation], bool]) -> bool:
    if isinstance(relation, Scan):
        return relation.table.bounded
    return all(below(r) for r in relation.inputs)


def _filled(memo: dict[Relation, T], relation: Relation, rule: Callable[[Relation, Callable[[Relation], T]], T]) -> T:
    """The rule's value for a relation, after those of everything below it: without recursion, plans may be deep."""
    stack = [relation]
    while stack:
        top = stack[-1]
        if top in memo:
            stack.pop()
            continue
        missing = [r for r in top.inputs if r not in memo]
        if missing:
            stack += missing
        else:
            memo[top] = rule(top, memo.__getitem__)
            stack.pop()
    return memo[relation]
