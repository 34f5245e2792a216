"""What Flink refuses of a whole plan in streaming mode. It can only be told once ranks and keys have been found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.errors import UserError
from engine.expressions.nodes import InputRef, Literal
from engine.optimizer.ranks import starts_late
from engine.plan.explain import describe
from engine.plan.facts import Facts
from engine.plan.nodes import Filter, Over, Project, Rank, Relation, Scan, Sink, Sort
from engine.plan.tree import walk

RANKING = frozenset({"ROW_NUMBER", "RANK", "DENSE_RANK"})
ON_CONFLICT = "table.exec.sink.require-on-conflict"


def problems(sinks: tuple[Relation, ...], settings: Mapping[str, str]) -> Iterator[UserError]:
    """The errors of an optimized plan, in the order of its relations."""
    facts = Facts()
    streaming = settings.get("execution.runtime-mode", "streaming").lower() != "batch"
    for relation in walk(sinks):
        found = None
        match relation:
            case Over() | Rank() if streaming:
                found = _over(relation)
            case Filter() if streaming:
                found = _endless_rank(relation)
            case Sort() if streaming:
                found = _sort(relation, facts)
            case Scan() if not streaming and not relation.table.bounded:
                found = UserError("unbounded", f"Querying an unbounded table '{relation.table.name}' in batch mode is "
                                  "not allowed. The table source is unbounded.",
                                  hint="SET 'execution.runtime-mode' = 'streaming'")
            case Sink() if streaming:
                found = _sink(relation, facts, settings.get(ON_CONFLICT, "true").lower() == "true")
        if found is not None:
            found.node = found.node or next(iter(sorted(relation.nodes)), None)
            yield found


def _over(relation: Over | Rank) -> UserError | None:
    called = [relation.function] if isinstance(relation, Rank) else [c.function for c in relation.calls]
    ranking = next((c for c in called if c in RANKING), None)
    orders = [k for k in relation.order if not _constant(relation.input, k.index)]
    if isinstance(relation, Rank) and relation.end_column is None and relation.end < max(relation.start, 1):
        return UserError("bad_rank", f"Rank end {relation.end} should not be less than rank start "
                         f"{max(relation.start, 1)}", place=relation.place, hint="the first row has the number 1")
    if orders:
        return None
    if ranking is not None:
        return UserError("bad_over", "The window rank function requires order by clause with non-constant fields",
                         place=relation.place, hint="ORDER BY a column, best a time attribute")
    return UserError("bad_over", "OVER windows without ORDER BY are not possible in streaming mode",
                     place=relation.place, hint="ORDER BY a time attribute")


def _constant(relation: Relation, index: int) -> bool:
    while isinstance(relation, Project):
        expression = relation.expressions[index]
        if not isinstance(expression, InputRef):
            return isinstance(expression, Literal)
        relation, index = relation.input, expression.index
    return False


def _endless_rank(relation: Filter) -> UserError | None:
    """A filter that only says from which rank on."""
    if not starts_late(relation):
        return None
    return UserError(
        "bad_rank",
        "Rank end is not specified. Currently rank only support TopN, which means the rank end must be specified.",
        hint="keep only the first rows: WHERE row_number <= 10",
    )


def _sort(relation: Sort, facts: Facts) -> UserError | None:
    if relation.limit is not None or not relation.order or facts.bounded(relation):
        return None
    first = relation.order[0]
    if relation.input.schema[first.index].time is not None and not first.descending:
        return None
    return UserError("bad_order", "Sort on a non-time-attribute field is not supported", node=None,
                     hint="order by an ascending time attribute first, or LIMIT the rows")


def _sink(relation: Sink, facts: Facts, require_conflict: bool) -> UserError | None:
    takes = set(relation.table.accepts.split(","))
    kinds = facts.kinds(relation.input)
    name = relation.table.name
    if ("U" in kinds and not takes & {"UA", "UB"}) or ("D" in kinds and "D" not in takes):
        what = "update" if "U" in kinds and not takes & {"UA", "UB"} else "delete"
        return UserError(
            "updates_not_accepted",
            f"Table sink '{name}' doesn't support consuming {what} changes which is "
            f"produced by node {describe(relation.input)}",
            hint="write to a table that takes updates",
        )
    if relation.on_conflict is not None and not relation.table.primary_key:
        return UserError("bad_conflict", f"ON CONFLICT needs a table with a PRIMARY KEY, which '{name}' has not")
    upsert = "UA" in takes and "UB" not in takes
    return _key_conflict(relation, facts) if upsert and require_conflict else None


def _key_conflict(relation: Sink, facts: Facts) -> UserError | None:
    """A table with a key gets rows that another key tells apart: which of several rows of a key stays is not said."""
    key = set(relation.table.primary_key)
    if not key or relation.on_conflict is not None:
        return None
    keys = facts.keys(relation.input)
    if any(k <= key for k in keys):
        return None
    names = relation.schema.names
    known = " or ".join(f"({', '.join(names[i] for i in sorted(k))})" for k in sorted(keys, key=sorted)) or "none"
    return UserError(
        "key_conflict", f"The query has an upsert key that differs from the primary key of the sink table "
        f"'{relation.table.name}'. Primary key: ({', '.join(names[i] for i in sorted(key))}), upsert key: {known}",
        hint="say ON CONFLICT DO DEDUPLICATE (or NOTHING, ERROR) after the query, or aggregate by the key")
