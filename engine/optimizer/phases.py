"""Aggregation in two phases ('table.optimizer.agg-phase-strategy'): where rows have to move to the shard of their key,
each shard first makes one row a key of a batch. As in Flink, only in mini-batches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from engine.errors import UserError
from engine.options import boolean
from engine.plan.changes import APPEND
from engine.plan.facts import Facts
from engine.plan.nodes import Aggregate, AggregateCall, Relation
from engine.plan.tree import rewrite
from engine.types import DataType

STRATEGY = "table.optimizer.agg-phase-strategy"
MINI_BATCH = "table.exec.mini-batch.enabled"
_STRATEGIES = ("AUTO", "TWO_PHASE", "ONE_PHASE")
_NONE: Mapping[str, str] = MappingProxyType({})
_SUMS = frozenset({"SUM", "SUM0", "$SUM0", "AVG"})
_BEST = frozenset({"MIN", "MAX"})


def split_phases(sinks: tuple[Relation, ...], settings: Mapping[str, str] = _NONE) -> tuple[Relation, ...]:
    """Mark aggregates whose calls add up to the same result from parts in any order, over rows that are only added."""
    strategy = settings.get(STRATEGY, "AUTO").upper()
    if strategy not in _STRATEGIES:
        raise UserError("bad_option", f"'{STRATEGY}' = '{strategy}' is not known",
                        hint=f"one of {', '.join(_STRATEGIES)}")
    if strategy == "ONE_PHASE" or not boolean(settings.get(MINI_BATCH, "false"), MINI_BATCH):
        return sinks
    facts = Facts()

    def change(relation: Relation) -> Relation:
        if isinstance(relation, Aggregate) and relation.calls and facts.kinds(relation.input) == APPEND:
            types = relation.input.schema.types
            return replace(relation, two_phase=all(_merges(c, types) for c in relation.calls))
        return relation

    return rewrite(sinks, change)


def _merges(call: AggregateCall, types: tuple[DataType, ...]) -> bool:
    """Whether parts make the same result in any order: not sums of DOUBLE, whose rounding depends on it."""
    if call.distinct or call.order:
        return False
    if call.function == "COUNT":
        return True
    argument = types[call.args[0]] if len(call.args) == 1 else None
    if argument is None or argument.is_approximate:
        return False
    exact = argument.is_integer or argument.is_decimal
    if call.function in _SUMS:
        return exact
    return call.function in _BEST and (exact or argument.is_timestamp)
