"""The bundled engine: a compiled pipeline runs in this process, its state in a folder."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from engine.connectors.base import Access
from engine.session import RunOptions, Session
from porsche.compiler import Compiled
from porsche.runners.secrets import resolved

_SINK = re.compile(r"Sink\((.*)\)(?:#\d+)?")
SCORES = ("auc", "logloss")
"""Metrics that a run's result shows."""


@dataclass(frozen=True)
class Options:
    """How a pipeline runs; what is None comes from its settings. Rows a second, seconds between checkpoints, cores.

    `restore`: the savepoint that a run without a checkpoint begins with; `allow`: what may become of another pipeline's
    state ("recomputed", "lost"); `access`: what its SQL may touch, None for a
    person at a shell, who alone may bring Python code.
    """

    shards: int | None = None
    batch_rows: int | None = None
    rate: float | None = None
    checkpoint_interval: float | None = None
    on_status: Callable[[dict[str, Any]], None] | None = None
    on_job: Callable[[Any], None] | None = None
    access: Access | None = None
    cpu: float | None = None
    restore: Path | None = None
    allow: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Outcome:
    """What a run did, over all its attempts; None where there is no model or no such metric."""

    rows_in: int
    rows_out: int
    seconds: float
    events_per_s: float | None
    auc: float | None
    logloss: float | None
    late: int
    dead_letters: int
    model_hash: str | None
    stopped: bool = field(default=False, kw_only=True)
    metrics: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, kw_only=True)

    def as_json(self) -> dict[str, Any]:
        """The figures without what is only for display."""
        return {name: value for name, value in asdict(self).items() if name not in ("stopped", "metrics")}


def prepare(compiled: Compiled, state: Path, access: Access | None = None, text: str | None = None) -> Session:
    """A session that has taken the pipeline's statements; `text`: these, with what only a job may know."""
    session = Session(folder=state, nodes=compiled.nodes, access=access, python=access is None)
    for _ in session.script(text or compiled.text):
        pass
    return session


def run(compiled: Compiled, state: Path, options: Options) -> Outcome:
    """Run to the end of the input, or until the job is stopped; resumes what was interrupted."""
    session = prepare(compiled, state, options.access, resolved(compiled.text))
    result = session.run(
        RunOptions(
            batch_rows=options.batch_rows,
            shards=options.shards,
            rate_limit=options.rate,
            checkpoint_interval=options.checkpoint_interval,
            cpu=options.cpu,
            restore=options.restore,
            allow=options.allow,
            on_status=options.on_status,
            on_job=options.on_job,
        )
    )
    return _outcome(compiled, session, vars(result))


def ended(compiled: Compiled, state: Path) -> Outcome | None:
    """What the run in a folder did, if it has finished there."""
    if not (state / "finished.json").exists():
        return None
    status = json.loads((state / "status.json").read_text(encoding="utf-8"))
    return _outcome(compiled, Session(folder=state), {**status, "stopped": False})


def _outcome(compiled: Compiled, session: Session, result: Mapping[str, Any]) -> Outcome:
    metrics = by_node(result["metrics"])
    scores = _scores(compiled, metrics)
    seconds = result["seconds"]
    return Outcome(
        result["rows_in"],
        result["rows_out"],
        round(seconds, 3),
        round(result["rows_in"] / seconds, 1) if seconds > 0 else None,
        scores["auc"],
        scores["logloss"],
        result["late"],
        result["dead_letters"],
        _one(session.model_hashes()),
        stopped=result["stopped"],
        metrics=metrics,
    )


def by_node(metrics: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """The latest metrics by the node that shows them, from those by the operator that writes its table."""
    return {match[1] if (match := _SINK.fullmatch(name)) else name: latest for name, latest in metrics.items()}


def progress(job: Any) -> float | None:
    """The part of a job's input that was read, from 0 to 1; None where the input has no end."""
    part: float | None = job.progress()
    return part


def explain(compiled: Compiled, state: Path) -> str:
    """The plans of the pipeline's jobs."""
    session = prepare(compiled, state)
    return "\n".join(session.explain_phase(phase) for phase in session.phases)


def _scores(compiled: Compiled, metrics: Mapping[str, Mapping[str, Any]]) -> dict[str, float | None]:
    """The last value of each score; of several metric tables that have it, the last one of the pipeline."""
    found: dict[str, float | None] = dict.fromkeys(SCORES)
    for statement in compiled.statements:
        latest = metrics.get(statement.name, {}) if statement.kind == "insert" else {}
        found |= {name: latest[name] for name in SCORES if name in latest}
    return found


def _one(hashes: Mapping[str, str]) -> str | None:
    """The hash of the model; of several, one over all."""
    if len(hashes) < 2:
        return next(iter(hashes.values()), None)
    return hashlib.sha256("\n".join(f"{name} {value}" for name, value in sorted(hashes.items())).encode()).hexdigest()
