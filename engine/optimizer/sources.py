"""What sources can do by themselves: leave out rows by conditions on one column (whole partitions and parts of files
among them), stop after so many rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from engine.expressions.nodes import Expression, InputRef, substitute
from engine.options import boolean
from engine.plan.nodes import AssignWatermark, Filter, Project, Relation, Scan, Sort
from engine.plan.restrictions import restriction_of
from engine.plan.terms import conjunction, conjuncts
from engine.plan.tree import Uses, rewrite_knowing, with_inputs

ENABLED = "table.optimizer.source.predicate-pushdown-enabled"
_NONE: Mapping[str, str] = MappingProxyType({})


def push_into_sources(sinks: tuple[Relation, ...], settings: Mapping[str, str] = _NONE) -> tuple[Relation, ...]:
    """Terms of filters right above a scan become the scan's; a LIMIT without ORDER BY limits the scan below it."""
    filters = boolean(settings.get(ENABLED, "true"), ENABLED)

    def change(relation: Relation, uses: Uses) -> Relation:
        if isinstance(relation, Filter) and filters:
            return _filtered(relation, uses)
        if isinstance(relation, Sort) and relation.limit is not None and not relation.order:
            return with_inputs(relation, (_limited(relation.input, relation.offset + relation.limit, uses),))
        return relation

    return rewrite_knowing(sinks, change)


def _filtered(relation: Filter, uses: Uses) -> Relation:
    scan = relation.input
    if not isinstance(scan, Scan) or uses.shared(scan) or not _can(scan, "filter"):
        return relation
    columns = tuple(InputRef(f.type, index=c) for f, c in zip(scan.schema, scan.columns, strict=True))
    terms = conjuncts(relation.condition)
    taken = [t for t in terms if _takes(scan, substitute(t, columns))]
    if not taken:
        return relation
    filter = (*scan.filter, *(substitute(t, columns) for t in taken))
    narrowed = replace(scan, filter=filter, nodes=scan.nodes | relation.nodes)
    rest = conjunction([t for t in terms if not any(t is x for x in taken)])
    return narrowed if rest is None else replace(relation, input=narrowed, condition=rest)


def _takes(scan: Scan, term: Expression) -> bool:
    found = restriction_of(term)
    return found is not None and found[0] not in dict(scan.table.metadata)


def _limited(relation: Relation, limit: int, uses: Uses) -> Relation:
    """The relation with its scan limited, where every row of the scan is one of the relation."""
    if uses.shared(relation):
        return relation
    if isinstance(relation, Project | AssignWatermark):
        return with_inputs(relation, (_limited(relation.input, limit, uses),))
    if isinstance(relation, Scan) and relation.table.bounded and _can(relation, "limit"):
        return replace(relation, limit=limit if relation.limit is None else min(limit, relation.limit))
    return relation


def _can(scan: Scan, ability: str) -> bool:
    """Sources of updates must show every change of a row."""
    return ability in scan.table.abilities and scan.table.changelog == "I"
