"""Rewriting of logical plans: rules in an explicit order, each verified.

A rule takes the sinks of a program and gives them back over rewritten relations, with the same schemas. Sharing is
kept: what two consumers read stays one relation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from engine.optimizer.checks import problems
from engine.optimizer.constant_ranks import drop_constant_ranks
from engine.optimizer.distinct import split_distinct
from engine.optimizer.fields import push_fields
from engine.optimizer.filters import push_filters
from engine.optimizer.fold import fold_constants
from engine.optimizer.fuse import fuse_windows
from engine.optimizer.joins import reorder_joins
from engine.optimizer.phases import split_phases
from engine.optimizer.projects import merge_projects
from engine.optimizer.prune import prune_columns
from engine.optimizer.ranks import recognise_ranks, specialise_ranks
from engine.optimizer.reuse import reuse_relations
from engine.optimizer.simplify import simplify_conditions
from engine.optimizer.sources import push_into_sources
from engine.optimizer.verify import verify
from engine.optimizer.watermarks import pass_watermarks
from engine.plan.nodes import Program, Relation

Sinks = tuple[Relation, ...]
Rule = Callable[[Sinks], Sinks]

RULES: tuple[Rule, ...] = (
    fold_constants,     # first: constants decide which filters and ranks there are
    simplify_conditions,  # after folding, which leaves constants; before ranks and sources, which know few forms
    merge_projects,     # fewer nodes for filters to pass, and to compare
    reuse_relations,    # before filters, which leave alone what is shared, and pruning, which makes equals differ
    push_filters,       # before ranks: brings a filter down onto its OVER; makes equalities of WHERE join keys
    recognise_ranks,    # after filters: a filter on a row number right above its OVER
    pass_watermarks,    # after filters: those right above their watermark; after ranks, which do not wait for time
    push_filters,       # on, below watermarks
    reorder_joins,      # after filters: knows keys and what is left of the sides; before pruning, which projects
    prune_columns,      # after ranks: tells which ranks are only filtered by, never shown
    drop_constant_ranks,  # after pruning: ranks that are shown
    specialise_ranks,   # after pruning: deduplication needs a rank that is not shown
    merge_projects,     # pruning leaves projections on top of each other
    fuse_windows,       # wants at most one projection between aggregate and window
    push_into_sources,  # after all that brings filters and limits down onto scans
    prune_columns,      # again: columns that only sources filter by
    push_fields,        # after pruning and all that reads scans: sees the last use of each field
    split_distinct,     # after pruning: copies what is left of a row for each set of distinct columns
    merge_projects,     # on what pruning and splitting leave
    split_phases,       # last: only marks aggregates, whatever made them
)

WITH_SETTINGS = (fold_constants, reuse_relations, reorder_joins, push_into_sources, split_distinct, split_phases)
"""Rules that also take the job's settings."""


def applied(rule: Rule, sinks: Sinks, settings: Mapping[str, str]) -> Sinks:
    """What a rule makes of a plan under a job's settings."""
    return partial(rule, settings=settings)(sinks) if rule in WITH_SETTINGS else rule(sinks)


def optimize(program: Program, rules: tuple[Rule, ...] = RULES) -> Program:
    """The program over better relations; InternalError naming the rule that broke it, if one did;
    UserError for what Flink refuses of such a plan."""
    sinks: Sinks = program.sinks
    settings = dict(program.settings)
    for rule in rules:
        before = sinks
        sinks = applied(rule, sinks, settings)
        verify(before, sinks, rule.__name__)
    for problem in problems(sinks, settings):
        raise problem
    return replace(program, sinks=sinks)  # type: ignore[arg-type]
