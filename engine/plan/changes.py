"""Which kinds of change a relation can give: inserts, updates, deletes (Flink's ModifyKind), from the inputs up."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from engine.plan.nodes import (
    Aggregate,
    Deduplicate,
    IntervalJoin,
    Join,
    JoinKind,
    LookupJoin,
    Over,
    Rank,
    Relation,
    Scan,
    SetKind,
    SetOperation,
    Sort,
    TemporalJoin,
    Values,
    WindowAggregate,
    WindowJoin,
    WindowRank,
)

Kinds = frozenset[str]  # of "I", "U" (update), "D"
APPEND: Kinds = frozenset("I")
UPDATE: Kinds = frozenset("IU")
ALL: Kinds = frozenset("IUD")
_APPENDING = (Values, WindowAggregate, WindowJoin, WindowRank, IntervalJoin)


def kinds_of(relation: Relation, below: Callable[[Relation], Kinds]) -> Kinds:
    """The kinds of change of a relation; `below` gives those of its inputs (memoised by the caller)."""
    match relation:
        case Scan():
            return of_changelog(relation.table.changelog)
        case _ if isinstance(relation, _APPENDING):
            return APPEND
        case Over():
            return below(relation.input) if timely(relation) else ALL
        case Aggregate():
            return _of_aggregate(relation, below(relation.input))
        case TemporalJoin():
            return below(relation.left)
        case LookupJoin():
            return below(relation.input)
        case Join():
            return _of_join(relation, below(relation.left), below(relation.right))
        case Rank():
            return _of_rank(relation, below(relation.input))
        case Deduplicate():
            return _of_deduplicate(relation, below(relation.input))
        case Sort():
            return _of_sort(relation, below(relation.input))
        case SetOperation() if relation.kind is not SetKind.UNION_ALL:
            return _of_set(relation, [below(r) for r in relation.relations])
        case _:
            return union(below(r) for r in relation.inputs)


LOOKING_AHEAD = frozenset({"LEAD", "NTILE", "PERCENT_RANK", "CUME_DIST"})


def timely(relation: Over) -> bool:
    """Whether rows come in the order of OVER: an ascending time attribute alone. Else, and where a call looks at all
    rows of the partition, a row may change the results of others."""
    if any(c.function in LOOKING_AHEAD for c in relation.calls):
        return False
    if len(relation.order) != 1 or relation.order[0].descending:
        return False
    return relation.input.schema[relation.order[0].index].time is not None


def of_changelog(text: str) -> Kinds:
    """Of a source's changelog mode: "I", "I,UA,D"..."""
    given = set(text.split(","))
    return APPEND | ({"U"} if "UA" in given else set()) | ({"D"} if "D" in given else set())


def union(kinds: Iterable[Kinds]) -> Kinds:
    return APPEND.union(*kinds)


def _of_aggregate(relation: Aggregate, given: Kinds) -> Kinds:
    if not relation.calls and given == APPEND:
        return APPEND  # DISTINCT over rows that are only added
    return UPDATE if given == APPEND else ALL


def _of_join(relation: Join, left: Kinds, right: Kinds) -> Kinds:
    if relation.kind in (JoinKind.INNER, JoinKind.SEMI) and left == right == APPEND:
        return APPEND
    return left if relation.kind is JoinKind.SEMI and right == APPEND else ALL


def _of_rank(relation: Rank, given: Kinds) -> Kinds:
    return UPDATE if relation.with_rank and given == APPEND else ALL


def _of_deduplicate(relation: Deduplicate, given: Kinds) -> Kinds:
    if given != APPEND:
        return ALL
    return APPEND if relation.once else UPDATE


def _of_sort(relation: Sort, given: Kinds) -> Kinds:
    if relation.limit is None and not relation.offset:
        return APPEND  # sorted once, at the end, or in the order of time
    return APPEND if not relation.order and given == APPEND else ALL


def _of_set(relation: SetOperation, given: list[Kinds]) -> Kinds:
    if relation.kind in (SetKind.INTERSECT, SetKind.INTERSECT_ALL) and union(given) == APPEND:
        return APPEND
    return ALL
