"""How many rows a relation may have, from what connectors know of their tables and, for the rest, Calcite's guesses."""

from __future__ import annotations

from engine.expressions.nodes import Call, Expression
from engine.plan.nodes import (
    Aggregate,
    AssignWatermark,
    Deduplicate,
    Filter,
    Project,
    Rank,
    Relation,
    Scan,
    SetKind,
    SetOperation,
    Sort,
    Values,
)
from engine.plan.terms import conjuncts

_SELECTIVITY = {"=": 0.15, "<": 0.5, "<=": 0.5, ">": 0.5, ">=": 0.5, "IS NOT NULL": 0.9}
_OTHER_TERM = 0.25
_GROUPS = 0.1


def rows_of(relation: Relation) -> float | None:
    """An estimate, at least 1; None where a table below is of unknown size."""
    match relation:
        case Scan():
            size = None if relation.table.rows is None else float(relation.table.rows)
            return _share(size, relation.filter)
        case Values():
            return float(len(relation.rows)) or 1.0
        case Filter():
            return _share(rows_of(relation.input), conjuncts(relation.condition))
        case Aggregate(keys=()):
            return 1.0
        case Aggregate() | Deduplicate() | Rank():
            return _times(rows_of(relation.input), _GROUPS)
        case Project() | AssignWatermark():
            return rows_of(relation.input)
        case Sort():
            below = rows_of(relation.input)
            return below if below is None or relation.limit is None else min(below, float(relation.limit))
        case SetOperation(kind=SetKind.UNION_ALL):
            sizes = [rows_of(r) for r in relation.relations]
            known = [s for s in sizes if s is not None]
            return sum(known) if len(known) == len(sizes) else None
        case _:
            return None


def _times(size: float | None, share: float) -> float | None:
    return None if size is None else max(size * share, 1.0)


def _share(size: float | None, terms: list[Expression] | tuple[Expression, ...]) -> float | None:
    for term in terms:
        name = term.function if isinstance(term, Call) else ""
        size = _times(size, _SELECTIVITY.get(name, _OTHER_TERM))
    return size
