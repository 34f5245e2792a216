"""Top-N: a filter on ROW_NUMBER over a window becomes a Rank; of that, deduplication and window Top-N are special
cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from engine.expressions.nodes import MIRRORED, Call, Expression, InputRef, Literal, input_refs, substitute
from engine.plan.facts import Facts
from engine.plan.nodes import Deduplicate, Filter, Over, Project, Rank, Relation, WindowRank
from engine.plan.terms import conjunction, conjuncts
from engine.plan.tree import rewrite, with_inputs
from engine.types import TimeKind

NO_SETTINGS: Mapping[str, str] = MappingProxyType({})
MINI_BATCH = "table.exec.mini-batch.enabled"
RANKING = frozenset({"ROW_NUMBER", "RANK", "DENSE_RANK"})


def recognise_ranks(sinks: tuple[Relation, ...]) -> tuple[Relation, ...]:
    """Filters that limit a row number become Top-N."""
    return rewrite(sinks, lambda r: _recognised(r) if isinstance(r, Filter) else r)


def specialise_ranks(sinks: tuple[Relation, ...], settings: Mapping[str, str] = NO_SETTINGS) -> tuple[Relation, ...]:
    """The first or last row by time is a deduplication; Top-N within windows is emitted when they close."""
    facts = Facts()
    patient = settings.get(MINI_BATCH, "false").lower() != "true"
    return rewrite(sinks, lambda r: _specialised(r, facts, patient) if type(r) is Rank else r)


@dataclass
class _Limits:
    """What a condition says of a rank: 1-based bounds, or the column that holds the upper one."""

    start: int = 1
    end: int | None = None
    end_column: int | None = None

    @property
    def bounded(self) -> bool:
        return self.end is not None or self.end_column is not None


@dataclass(frozen=True)
class _Found:
    """A filter on a rank: the OVER that computes it, projections between (top first), bounds, the other terms."""

    over: Over
    projects: list[Project]
    limits: _Limits
    rest: list[Expression]


def _find(relation: Filter) -> _Found | None:
    projects: list[Project] = []
    below = relation.input
    terms = conjuncts(relation.condition)
    while isinstance(below, Project):
        projects.append(below)
        terms = [substitute(t, below.expressions) for t in terms]
        below = below.input
    if not isinstance(below, Over) or len(below.calls) != 1 or not below.order:
        return None
    if below.calls[0].function not in RANKING:
        return None
    return _Found(below, projects, *_limits(terms, len(below.input.schema)))


def starts_late(relation: Filter) -> bool:
    """Whether a filter says from which rank on rows are wanted, but not up to which."""
    found = _find(relation)
    return found is not None and found.limits.start > 1 and not found.limits.bounded


def _recognised(relation: Filter) -> Relation:
    found = _find(relation)
    if found is None or not found.limits.bounded:
        return relation
    below, projects, limits, rest = found.over, found.projects, found.limits, found.rest
    result = _top(below, limits, relation.nodes)
    condition = conjunction(rest)
    if condition is not None:
        result = Filter(result.schema, result, condition, nodes=relation.nodes)
    for project in reversed(projects):
        result = with_inputs(project, (result,))
    return result


def _top(over: Over, limits: _Limits, nodes: frozenset[str]) -> Relation:
    return Rank(
        over.schema,
        over.input,
        over.partition,
        over.order,
        limits.start,
        limits.end or 0,
        True,
        limits.end_column,
        over.calls[0].function,
        nodes=over.nodes | nodes,
        hints=over.hints,
        place=over.place,
    )


def _limits(terms: list[Expression], rank: int) -> tuple[_Limits, list[Expression]]:
    limits = _Limits()
    rest = []
    for term in terms:
        if not _take(term, rank, limits):
            rest.append(term)
    return limits, rest


def _take(term: Expression, rank: int, limits: _Limits) -> bool:
    """Whether the term is a bound of the rank, now held in `limits`."""
    if not isinstance(term, Call) or term.function not in MIRRORED or len(term.args) != 2:
        return False
    comparison = term.function
    left, right = _plain(term.args[0]), _plain(term.args[1])
    if not (isinstance(left, InputRef) and left.index == rank):
        left, right, comparison = right, left, MIRRORED[comparison]
    if not (isinstance(left, InputRef) and left.index == rank) or rank in input_refs(right):
        return False
    if isinstance(right, Literal) and isinstance(right.value, int):
        _narrow(limits, comparison, right.value)
        return True
    if isinstance(right, InputRef) and comparison == "<=" and limits.end_column is None and right.type.is_integer:
        limits.end_column = right.index
        return True
    return False


def _narrow(limits: _Limits, comparison: str, value: int) -> None:
    low = {"=": value, ">=": value, ">": value + 1}.get(comparison)
    high = {"=": value, "<=": value, "<": value - 1}.get(comparison)
    if low is not None:
        limits.start = max(limits.start, low)
    if high is not None:
        limits.end = high if limits.end is None else min(limits.end, high)


def _plain(expression: Expression) -> Expression:
    """Without the casts that a comparison with another integer type brings."""
    while isinstance(expression, Call) and expression.function == "CAST" and expression.args[0].type.is_integer:
        expression = expression.args[0]
    return expression


# ---- special cases ---------------------------------------------------------------------------------------------------


def _specialised(relation: Rank, facts: Facts, patient: bool) -> Relation:
    window = facts.windows(relation.input)
    if window is not None and window.start & set(relation.partition) and window.end & set(relation.partition):
        return WindowRank(
            relation.schema,
            relation.input,
            relation.partition,
            relation.order,
            relation.start,
            relation.end,
            relation.with_rank,
            relation.end_column,
            relation.function,
            window_end=min(window.end & set(relation.partition)),
            nodes=relation.nodes,
            hints=relation.hints,
            place=relation.place,
        )
    first = relation.start == relation.end == 1 and relation.end_column is None
    if not first or relation.function != "ROW_NUMBER" or len(relation.order) != 1:
        return relation
    key = relation.order[0]
    time = relation.input.schema[key.index].time
    if time is None or len(facts.kinds(relation.input)) > 1 or relation.with_rank:
        return relation
    once = not key.descending and (patient or time is TimeKind.PROCTIME)
    return Deduplicate(relation.schema, relation.input, relation.partition, (key.index, time), key.descending, once,
                       nodes=relation.nodes, hints=relation.hints)
