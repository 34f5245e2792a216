"""Warnings that are no errors: state that grows for as long as the job runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from engine.errors import Place
from engine.expressions.nodes import NO_NODES
from engine.options import duration
from engine.plan.changes import timely
from engine.plan.facts import Facts
from engine.plan.hints import lifetimes
from engine.plan.nodes import Aggregate, Join, Over, Relation, SetKind, SetOperation
from engine.plan.tree import walk
from engine.types import Kind

TTL = "table.exec.state.ttl"
SETTING = f"a SET '{TTL}' = '1 d' bounds it; so do windows"
HINTS: dict[type[Relation], str] = {
    Join: f"a SET '{TTL}' = '1 d' or a hint STATE_TTL bounds it; so do interval joins, windows and lookups",
    Aggregate: f"a SET '{TTL}' = '1 d' or a hint STATE_TTL bounds it; so do windows",
}
_RANKS = frozenset(("ROW_NUMBER", "RANK", "DENSE_RANK"))
_FEW = frozenset((Kind.BOOLEAN, Kind.TINYINT))
"""Types of few values: keys of them are soon all there."""


@dataclass(frozen=True)
class Warned:
    """One warning and what it is about."""

    code: str
    message: str
    hint: str | None = None
    nodes: frozenset[str] = NO_NODES
    place: Place | None = None


def growing_state(relation: Relation, facts: Facts, settings: Mapping[str, str]) -> Iterator[tuple[Relation, Warned]]:
    """Relations whose state nothing bounds: unbounded input, neither a window, a bound of time nor a time to live."""
    if facts.bounded(relation):
        return
    ttl = duration(settings.get(TTL, "0"), TTL)
    for part in walk((relation,)):
        if not facts.bounded(part) and (what := _what_grows(part, facts, ttl)):
            yield part, Warned("growing_state", f"{what} keeps its state for ever", HINTS.get(type(part), SETTING),
                               part.nodes, part.place)


def _what_grows(relation: Relation, facts: Facts, ttl: int) -> str | None:
    if type(relation) is Join:
        return _join(relation, facts, lifetimes(relation, ttl))
    if isinstance(relation, Aggregate):
        return None if lifetimes(relation, ttl)[0] else _aggregate(relation)
    if ttl:
        return None
    if isinstance(relation, Over):
        return _over(relation, facts)
    if isinstance(relation, SetOperation) and relation.kind is not SetKind.UNION_ALL:
        return relation.kind.value
    return None


def _join(relation: Join, facts: Facts, lives: tuple[int, ...]) -> str | None:
    """Sides that end are bounded by that."""
    sides = zip(("left", "right"), (relation.left, relation.right), lives, strict=True)
    growing = [name for name, side, life in sides if not life and not facts.bounded(side)]
    if not growing:
        return None
    what = "a join without a bound of time"
    return what if len(growing) == 2 else f"the {growing[0]} side of {what}"


def _aggregate(relation: Aggregate) -> str | None:
    schema = relation.input.schema
    many = [k for k in relation.keys if schema[k].type.kind not in _FEW]
    if many:
        names = _names(relation, relation.keys)
        return f"grouping by {names}, without a window," if relation.calls else f"distinct rows by {names}"
    distinct = [f"{c.function}(DISTINCT {_names(relation, c.args)})" for c in relation.calls if c.distinct]
    return ", ".join(distinct) or None


def _over(relation: Over, facts: Facts) -> str | None:
    """Of a frame that rows leave as time passes nothing stays, and windows go as a whole."""
    windows = facts.windows(relation.input)
    if windows is not None and windows.end & set(relation.partition):
        return None
    if timely(relation):
        leaving = relation.frame.preceding is not None and not relation.frame.rows
        if leaving or not relation.partition:
            return None
    names = f" by {_names(relation, relation.partition)}" if relation.partition else ""
    ranked = all(c.function in _RANKS for c in relation.calls)
    return f"Top-N or deduplication{names}" if ranked else f"OVER{names}, without a bound of time,"


def _names(relation: Aggregate | Over, columns: Iterable[int]) -> str:
    return ", ".join(relation.input.schema[c].name for c in columns)
