"""Joins: a bound condition becomes equal keys, a time interval or window where it is one, and what remains."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from engine.errors import Place
from engine.expressions.nodes import NO_NODES, Call, Expression, InputRef, input_refs, transform
from engine.plan.nodes import IntervalJoin, Join, JoinKind, Project, Relation, WindowJoin
from engine.plan.tree import with_inputs
from engine.plan.windows import WindowColumns
from engine.sql.binder.build import conjunction, joined, materialized, nullable, project, refs, whole, widen
from engine.sql.binder.intervals import Interval, find_interval
from engine.sql.binder.placeholders import shift
from engine.types import Schema

WindowsOf = Callable[[Relation], WindowColumns | None]
LEFT_ONLY = (JoinKind.SEMI, JoinKind.ANTI)


@dataclass(frozen=True)
class EquiTerm:
    """left = right, each over its own side's columns; `null_safe` = IS NOT DISTINCT FROM."""

    left: Expression
    right: Expression
    null_safe: bool = False


def split_terms(terms: Sequence[Expression], width: int) -> tuple[list[EquiTerm], list[Expression]]:
    """Equalities between the sides (the left one has `width` columns), and the other terms."""
    equal: list[EquiTerm] = []
    others: list[Expression] = []
    for term in terms:
        found = _equality(term, width)
        if found is None:
            others.append(term)
        else:
            equal.append(found)
    return equal, others


def _equality(term: Expression, width: int) -> EquiTerm | None:
    if not isinstance(term, Call) or term.function not in ("=", "IS NOT DISTINCT FROM"):
        return None
    a, b = term.args
    if not a.type.same_as(b.type):
        return None
    sides = [_side(a, width), _side(b, width)]
    if sides == ["right", "left"]:
        a, b = b, a
    elif sides != ["left", "right"]:
        return None
    return EquiTerm(a, shift(b, -width), term.function != "=")


def _side(expression: Expression, width: int) -> str:
    read = input_refs(expression)
    if not read:
        return "none"
    if all(i < width for i in read):
        return "left"
    return "right" if all(i >= width for i in read) else "both"


def join_schema(kind: JoinKind, left: Schema, right: Schema) -> Schema:
    """The columns of a join; those of a side that may be missing become nullable."""
    if kind in LEFT_ONLY:
        return left
    return joined(nullable(left) if kind in (JoinKind.RIGHT, JoinKind.FULL) else left,
                  nullable(right) if kind in (JoinKind.LEFT, JoinKind.FULL) else right)


def join(kind: JoinKind, left: Relation, right: Relation, terms: Sequence[Expression], windows: WindowsOf,
         nodes: frozenset[str] = NO_NODES, place: Place | None = None) -> Relation:
    """The join of two relations on the conjunction of `terms` (over left, then right columns)."""
    return _placed(_join(kind, left, right, terms, windows, nodes), place or whole(terms))


def _placed(relation: Relation, place: Place | None) -> Relation:
    """The join, below a projection or not, with its place."""
    if isinstance(relation, Project):
        return with_inputs(relation, (_placed(relation.input, place),))
    return replace(relation, place=place)


def _join(kind: JoinKind, left: Relation, right: Relation, terms: Sequence[Expression], windows: WindowsOf,
          nodes: frozenset[str]) -> Relation:
    width = len(left.schema)
    equal, others = split_terms(terms, width)
    interval, rest = find_interval(terms, left.schema, right.schema)
    if interval is not None and kind not in LEFT_ONLY:  # of those Flink makes regular joins, too
        return _assemble(kind, left, right, *split_terms(rest, width), nodes, interval)
    if (marks := _window_marks(left, right, equal, windows)) is not None:
        return _assemble(kind, left, right, equal, others, nodes, marks)
    return _assemble(kind, left, right, equal, others, nodes, None)


def _window_marks(left: Relation, right: Relation, equal: Sequence[EquiTerm],
                  windows: WindowsOf) -> tuple[int, int] | None:
    """Positions of window_end on both sides, where the keys hold start and end of the same window."""
    ours, theirs = windows(left), windows(right)
    if ours is None or theirs is None or not ours.same_window(theirs):
        return None
    pairs = [(t.left.index, t.right.index) for t in equal
             if isinstance(t.left, InputRef) and isinstance(t.right, InputRef)]
    starts = [p for p in pairs if p[0] in ours.start and p[1] in theirs.start]
    ends = [p for p in pairs if p[0] in ours.end and p[1] in theirs.end]
    return ends[0] if starts and ends else None


def _assemble(kind: JoinKind, left: Relation, right: Relation, equal: Sequence[EquiTerm], others: Sequence[Expression],
              nodes: frozenset[str], special: Interval | tuple[int, int] | None) -> Relation:
    wide_left, left_keys = widen(left, [t.left for t in equal], nodes)
    wide_right, right_keys = widen(right, [t.right for t in equal], nodes)
    width, wider = len(left.schema), len(wide_left.schema)
    condition = conjunction([_moved(e, width, wider) for e in others])
    null_safe = tuple(i for i, t in enumerate(equal) if t.null_safe)
    result = _node(kind, wide_left, wide_right, left_keys, right_keys, condition, null_safe, special, nodes)
    if wide_left is left and wide_right is right:
        return result
    kept = list(refs(result)[:width])
    if kind not in LEFT_ONLY:
        kept += refs(result)[wider:wider + len(right.schema)]
    return project(result, kept, [result.schema[e.index].name for e in kept], nodes)


def _node(kind: JoinKind, left: Relation, right: Relation, left_keys: tuple[int, ...], right_keys: tuple[int, ...],
          condition: Expression | None, null_safe: tuple[int, ...], special: Interval | tuple[int, int] | None,
          nodes: frozenset[str]) -> Relation:
    schema = join_schema(kind, left.schema, right.schema)
    if isinstance(special, Interval):
        return IntervalJoin(schema, left, right, kind, left_keys, right_keys, condition, null_safe,
                            left_time=special.left, right_time=special.right, lower=special.lower, upper=special.upper,
                            time_kind=special.kind, nodes=nodes)
    if special is not None:
        return WindowJoin(schema, left, right, kind, left_keys, right_keys, condition, null_safe,
                          left_window_end=special[0], right_window_end=special[1], nodes=nodes)
    return Join(materialized(schema), left, right, kind, left_keys, right_keys, condition, null_safe, nodes=nodes)


def _moved(expression: Expression, width: int, wider: int) -> Expression:
    """The term over inputs of which the left one has grown."""
    if width == wider:
        return expression
    return transform(expression, lambda e: replace(e, index=e.index + wider - width)
                     if isinstance(e, InputRef) and e.index >= width else e)
