"""Which columns of a relation are the start, end and time of a window (Flink's window properties)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from engine.expressions.nodes import InputRef
from engine.plan.nodes import (
    AssignWatermark,
    Correlate,
    Deduplicate,
    Filter,
    Join,
    JoinKind,
    LookupJoin,
    Over,
    Project,
    Rank,
    Relation,
    SetKind,
    SetOperation,
    Sort,
    TemporalJoin,
    WindowAggregate,
    WindowJoin,
    WindowProperty,
    WindowSpec,
    WindowTable,
)

Positions = frozenset[int]
_SAME_COLUMNS = (Filter, Over, Rank, Deduplicate, Sort, Correlate, LookupJoin, AssignWatermark)


@dataclass(frozen=True, slots=True)
class WindowColumns:
    """The window, and the positions of its start, end and time (each may stand in several columns, or in none)."""

    spec: WindowSpec
    start: Positions
    end: Positions
    time: Positions

    @property
    def complete(self) -> bool:
        """Start and end are both there: grouping by them is grouping by window."""
        return bool(self.start and self.end)

    @property
    def all(self) -> Positions:
        return self.start | self.end | self.time

    def same_window(self, other: WindowColumns) -> bool:
        a, b = self.spec, other.spec
        return (a.kind, a.size, a.step, a.offset, a.time_kind) == (b.kind, b.size, b.step, b.offset, b.time_kind)

    def moved(self, to: Callable[[int], Iterable[int]]) -> WindowColumns | None:
        """The columns where an operation has put them."""
        start, end, time = (frozenset(n for i in part for n in to(i)) for part in (self.start, self.end, self.time))
        return WindowColumns(self.spec, start, end, time) if start or end or time else None

    def either(self, other: WindowColumns) -> WindowColumns:
        return WindowColumns(self.spec, self.start | other.start, self.end | other.end, self.time | other.time)

    def both(self, other: WindowColumns) -> WindowColumns | None:
        merged = WindowColumns(self.spec, self.start & other.start, self.end & other.end, self.time & other.time)
        return merged if merged.all else None


def window_columns(relation: Relation, below: Callable[[Relation], WindowColumns | None]) -> WindowColumns | None:
    """The window columns of a relation; `below` gives those of its inputs (memoised by the caller)."""
    match relation:
        case WindowTable():
            n = len(relation.input.schema)
            return WindowColumns(relation.spec, frozenset((n,)), frozenset((n + 1,)), frozenset((n + 2,)))
        case WindowAggregate():
            return _of_aggregate(relation)
        case Project():
            return _of_projection(relation, below(relation.input))
        case WindowJoin():
            return _of_window_join(relation, below(relation.left), below(relation.right))
        case TemporalJoin() | Join(kind=JoinKind.SEMI | JoinKind.ANTI):
            return below(relation.left)
        case SetOperation(kind=SetKind.UNION_ALL):
            return _of_union([below(r) for r in relation.relations])
        case _ if isinstance(relation, _SAME_COLUMNS):
            return below(relation.inputs[0])
        case _:
            return None


def _of_aggregate(relation: WindowAggregate) -> WindowColumns | None:
    if relation.legacy:
        return None
    first = len(relation.keys) + len(relation.calls)

    def at(wanted: WindowProperty) -> Positions:
        return frozenset(first + i for i, p in enumerate(relation.properties) if p is wanted)

    return WindowColumns(relation.spec, at(WindowProperty.START), at(WindowProperty.END), at(WindowProperty.ROWTIME))


def _of_projection(relation: Project, window: WindowColumns | None) -> WindowColumns | None:
    if window is None:
        return None
    places: dict[int, list[int]] = {}
    for i, e in enumerate(relation.expressions):
        if isinstance(e, InputRef):
            places.setdefault(e.index, []).append(i)
    return window.moved(lambda i: places.get(i, ()))


def _of_window_join(
    relation: WindowJoin, left: WindowColumns | None, right: WindowColumns | None
) -> WindowColumns | None:
    if left is None or right is None or relation.kind in (JoinKind.SEMI, JoinKind.ANTI):
        return left
    offset = len(relation.left.schema)
    shifted = right.moved(lambda i: (i + offset,))
    match relation.kind:
        case JoinKind.LEFT:
            return left
        case JoinKind.RIGHT:
            return shifted
        case JoinKind.FULL:
            return None
        case _:
            return left.either(shifted) if shifted else left


def _of_union(windows: list[WindowColumns | None]) -> WindowColumns | None:
    result = windows[0]
    for other in windows[1:]:
        if result is None or other is None or not result.same_window(other):
            return None
        result = result.both(other)
    return result
