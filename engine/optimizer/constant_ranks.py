"""The rank of rows of which only one rank is kept is a constant: nobody has to carry it, and the first row by time is a
deduplication though its number is shown (Flink's RankNumberColumnRemoveRule)."""

from __future__ import annotations

from dataclasses import replace

from engine.expressions.nodes import Expression, InputRef, Literal
from engine.plan.nodes import Project, Rank, Relation
from engine.plan.tree import rewrite
from engine.types import Schema


def drop_constant_ranks(sinks: tuple[Relation, ...]) -> tuple[Relation, ...]:
    """A Rank that shows the one row number it keeps becomes one that does not, below a projection with the constant."""
    return rewrite(sinks, lambda r: _dropped(r) if isinstance(r, Rank) else r)


def _dropped(relation: Rank) -> Relation:
    single = relation.start == relation.end and relation.end_column is None and relation.function == "ROW_NUMBER"
    if not relation.with_rank or not single:
        return relation
    width = len(relation.schema) - 1
    below = replace(relation, schema=Schema(relation.schema.fields[:width]), with_rank=False)
    number = Literal(relation.schema[width].type, relation.start)
    columns: list[Expression] = [InputRef(f.type, index=i) for i, f in enumerate(below.schema)]
    return Project(relation.schema, below, (*columns, number), nodes=relation.nodes)
