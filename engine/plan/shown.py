"""The changes of a SELECT as Flink's client shows them: 'sql-client.execution.result-mode' = 'changelog'.

Flink 2.3 plans a Top-1 by several columns over rows that are only added as if it were never updated: what it sends are
upserts by the partition's key, without -U. Shown so, the rows are those of a table with that key. In all other modes,
and in tables, each update takes the row before it back.
"""

from __future__ import annotations

from dataclasses import replace

from engine.expressions.nodes import InputRef
from engine.plan.changes import APPEND
from engine.plan.facts import Facts
from engine.plan.nodes import Program, Project, Rank, Relation, Sink

UPSERTS = "I,UA,D"


def raw(program: Program, selected: str) -> Program:
    """The program with the sinks of its SELECTs (tables of this name) taking what Flink sends."""
    if program.batch or program.setting("table.exec.mini-batch.enabled", "false").lower() == "true":
        return program
    return replace(program, sinks=tuple(_shown(s) if s.table.name == selected else s for s in program.sinks))


def _shown(sink: Sink) -> Sink:
    key = _best_of(sink.input)
    if key is None:
        return sink
    return replace(sink, table=replace(sink.table, primary_key=key, accepts=UPSERTS))


def _best_of(relation: Relation) -> tuple[int, ...] | None:
    """The columns of a Top-1's key, as the relation has them; None where it is none, or one of them is left out."""
    columns = list(range(len(relation.schema)))
    while isinstance(relation, Project):
        expressions = [relation.expressions[c] if c >= 0 else None for c in columns]
        columns = [e.index if isinstance(e, InputRef) else -1 for e in expressions]
        relation = relation.input
    if type(relation) is not Rank or relation.function != "ROW_NUMBER" or len(relation.order) < 2:
        return None
    if (relation.start, relation.end, relation.end_column, relation.with_rank) != (1, 1, None, False):
        return None
    if Facts().kinds(relation.input) != APPEND or not set(relation.partition) <= set(columns):
        return None
    return tuple(columns.index(p) for p in relation.partition)
