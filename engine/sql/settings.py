"""SET and RESET: the job's options by Flink's names. Unknown names are kept, but one that nearly is a known name is
refused."""

from __future__ import annotations

from difflib import get_close_matches

from sqlglot import exp

from engine.errors import UserError
from engine.options import JobProperties
from engine.sql import dialect as ast
from engine.sql.places import place_of

# What this engine reads, and what else Flink's users set: names of docs.
KNOWN = frozenset("""
execution.checkpointing.dir execution.checkpointing.incremental execution.checkpointing.interval
execution.checkpointing.max-concurrent-checkpoints execution.checkpointing.min-pause execution.checkpointing.mode
execution.checkpointing.num-retained execution.checkpointing.savepoint-dir execution.checkpointing.storage
execution.checkpointing.timeout execution.checkpointing.tolerable-failed-checkpoints
execution.checkpointing.unaligned.enabled execution.runtime-mode
execution.savepoint.ignore-unclaimed-state execution.state-recovery.path execution.target
job.autoscaler.enabled parallelism.default pipeline.auto-watermark-interval pipeline.max-parallelism pipeline.name
pipeline.object-reuse pipeline.operator-chaining.enabled pipeline.time-characteristic
restart-strategy.type restart-strategy.fixed-delay.attempts restart-strategy.fixed-delay.delay
restart-strategy.exponential-delay.attempts-before-reset-backoff restart-strategy.exponential-delay.backoff-multiplier
restart-strategy.exponential-delay.initial-backoff restart-strategy.exponential-delay.jitter-factor
restart-strategy.exponential-delay.max-backoff restart-strategy.exponential-delay.reset-backoff-threshold
restart-strategy.failure-rate.delay restart-strategy.failure-rate.failure-rate-interval
restart-strategy.failure-rate.max-failures-per-interval
sql-client.execution.result-mode sql-client.verbose sql-client.display.max-column-width
state.backend.type state.backend.incremental state.checkpoints.dir state.checkpoints.num-retained state.savepoints.dir
table.column-expansion-strategy table.display.max-column-width table.dml-sync table.dynamic-table-options.enabled
table.exec.async-lookup.buffer-capacity table.exec.async-lookup.output-mode table.exec.async-lookup.timeout
table.exec.deduplicate.insert-update-after-sensitive-enabled
table.exec.deduplicate.mini-batch.compact-changes-enabled table.exec.disabled-operators
table.exec.iceberg.use-flip27-source table.exec.interval-join.min-cleanup-interval table.exec.legacy-cast-behaviour
table.exec.local-hash-agg.adaptive.enabled table.exec.mini-batch.allow-latency table.exec.mini-batch.enabled
table.exec.mini-batch.size table.exec.operator-fusion-codegen.enabled table.exec.rank.topn-cache-size
table.exec.resource.default-parallelism table.exec.simplify-operator-name-enabled table.exec.sink.keyed-shuffle
table.exec.sink.nested-constraint-enforcer table.exec.sink.not-null-enforcer
table.exec.sink.rowtime-inserter table.exec.sink.type-length-enforcer table.exec.sink.upsert-materialize
table.exec.sink.upsert-materialize-strategy.type table.exec.sort.default-limit
table.exec.source.cdc-events-duplicate table.exec.source.idle-timeout table.exec.spill-compression.enabled
table.exec.state.ttl table.exec.uid.format table.exec.uid.generation table.exec.unbounded-over.version
table.exec.window-agg.buffer-size-limit
table.generated-code.max-length table.local-time-zone table.optimizer.adaptive-broadcast-join.strategy
table.optimizer.agg-phase-strategy table.optimizer.bushy-join-reorder-threshold
table.optimizer.delta-join.strategy table.optimizer.distinct-agg.split.bucket-num
table.optimizer.distinct-agg.split.enabled table.optimizer.dynamic-filtering.enabled
table.optimizer.incremental-agg-enabled table.optimizer.join-reorder-enabled
table.optimizer.join.broadcast-threshold table.optimizer.multi-join.enabled
table.optimizer.multiple-input-enabled table.optimizer.non-deterministic-update.strategy
table.optimizer.reuse-optimize-block-with-digest-enabled table.optimizer.reuse-sink-enabled
table.optimizer.reuse-source-enabled table.optimizer.reuse-sub-plan-enabled table.optimizer.runtime-filter.enabled
table.optimizer.source.aggregate-pushdown-enabled table.optimizer.source.predicate-pushdown-enabled
table.optimizer.source.report-statistics-enabled table.optimizer.sql2rel.project-merge.enabled
table.optimizer.union-all-as-breakpoint-enabled table.optimizer.window-join-enabled
table.plan.compile.catalog-objects table.plan.force-recompile table.plan.restore.catalog-objects
table.planner table.resources.download-dir table.rtas-ctas.atomicity-enabled table.sql-dialect
taskmanager.memory.managed.size
""".split())
_CLOSE = 0.86


def is_setting(statement: exp.Expr) -> bool:
    """Whether `apply_setting` handles the statement."""
    return isinstance(statement, ast.SetProperty | ast.ResetProperty)


def apply_setting(statement: exp.Expr, settings: dict[str, str]) -> list[tuple[str, str]]:
    """Change `settings` as SET or RESET says; what a bare SET lists."""
    name = statement.this.name if statement.this is not None else None
    if isinstance(statement, ast.ResetProperty):
        if name is None:
            settings.clear()
        else:
            settings.pop(name, None)
        return []
    if name is None:
        return sorted(settings.items())
    check_name(name, statement)
    check_value(name, statement.expression.name, statement)
    settings[name] = statement.expression.name
    return []


def check_value(name: str, value: str, node: exp.Expr | None = None) -> None:
    """UserError for a value that a job could not be run by."""
    from engine.expressions.zones import zone

    try:
        zone(JobProperties.of({name: value}).zone)
    except UserError as error:
        raise UserError(error.code, error.message, hint=error.hint, place=place_of(node)) from None


def check_name(name: str, node: exp.Expr | None = None) -> None:
    """UserError "unknown_setting" for a name that nearly is a known one."""
    if name in KNOWN:
        return
    close = get_close_matches(name, KNOWN, n=2, cutoff=_CLOSE)
    if close:
        raise UserError("unknown_setting", f"there is no setting '{name}'", place=place_of(node),
                        hint="did you mean " + " or ".join(f"'{c}'" for c in close) + "?")
