"""Warnings that are no errors: state that grows for as long as the job runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.errors import Place
from engine.expressions.nodes import NO_NODES
from engine.plan.facts import Facts
from engine.plan.nodes import Aggregate, IntervalJoin, Join, Over, Rank, Relation, TemporalJoin, WindowJoin
from engine.plan.tree import walk

TTL = "table.exec.state.ttl"
HINT = f"a SET '{TTL}' = '1 d' bounds it; so do windows and interval joins"


@dataclass(frozen=True)
class Warned:
    """One warning and what it is about."""

    code: str
    message: str
    hint: str | None = None
    nodes: frozenset[str] = NO_NODES
    place: Place | None = None


def growing_state(relation: Relation, facts: Facts, settings: Mapping[str, str]) -> Iterator[Warned]:
    """Joins and aggregates whose state nothing bounds: unbounded input, no window, no TTL."""
    if settings.get(TTL, "0") not in ("0", "0 ms", "0ms", "0 s", "0s") or facts.bounded(relation):
        return
    for part in walk((relation,)):
        if not facts.bounded(part) and (what := _what_grows(part)):
            yield Warned("growing_state", f"{what} keeps its state for ever", HINT, part.nodes)


def _what_grows(relation: Relation) -> str | None:
    match relation:
        case IntervalJoin() | TemporalJoin() | WindowJoin():
            return None
        case Join():
            return "a join without a bound of time"
        case Aggregate() if relation.keys:
            names = ", ".join(relation.input.schema[k].name for k in relation.keys)
            return f"grouping by {names}, without a window,"
        case Over() if relation.partition and relation.frame.preceding is not None:
            return None
        case Rank() if relation.partition and type(relation) is Rank:
            return "Top-N by key"
        case _:
            return None
