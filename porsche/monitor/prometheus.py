"""`GET /metrics`: the platform for Prometheus, built anew at each scrape from what summaries say.

Of the request's projects only. How many series there are is bounded by the number of runs shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.db.models import Max
from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request

from porsche.ide.api.base import View
from porsche.ide.api.permissions import Access, visible
from porsche.ide.models import Beat, Run, Status
from porsche.ide.selectors import files
from porsche.ide.selectors.resources import usage
from porsche.ide.selectors.runs import ACTIVE, is_active, rows, summaries
from porsche.monitor import traffic
from porsche.monitor.points import nodes, number
from porsche.runners.models import ModelFacts

MOST = 500
"""Runs that are shown, newest first: those that are active and the last one of each pipeline."""
MODELS = 100
"""Active runs whose models, and whose nodes, are looked at."""
NODES = 200
"""Nodes of each that are shown."""
LABELS = ("project", "pipeline", "run")

Path = tuple[str, ...]
GAUGES: tuple[tuple[str, str, Path], ...] = (
    ("porsche_run_rows_in_per_second", "Rows read a second.", ("rates", "rows_in")),
    ("porsche_run_rows_out_per_second", "Rows written a second.", ("rates", "rows_out")),
    ("porsche_run_lag_seconds", "From the last event read to the clock.", ("lag_seconds",)),
    ("porsche_run_checkpoint_age_seconds", "Since the last checkpoint.", ("checkpoint", "age_seconds")),
    ("porsche_run_checkpoint_bytes", "Size of the last checkpoint.", ("checkpoint", "bytes")),
    ("porsche_run_checkpoint_seconds", "What the last checkpoint took.", ("checkpoint", "seconds")),
    ("porsche_run_progress_ratio", "How much of a bounded input was read, 0 to 1.", ("progress",)),
    ("porsche_run_late_rows", "Rows that came too late, since the run began.", ("snapshot", "late")),
    ("porsche_run_dead_letters", "Records that could not be read, since the run began.", ("snapshot", "dead_letters")),
    ("porsche_run_dead_letters_dropped", "How many of them are not kept any more.",
     ("snapshot", "dead_letters_dropped")),
    ("porsche_run_state_bytes", "Size of the state.", ("snapshot", "state_bytes")),
    ("porsche_run_memory_bytes", "Memory of the job's own, with the processes of users' functions.",
     ("measured", "memory")),
    ("porsche_run_memory_limit_bytes", "What it may take.", ("measured", "memory_limit")),
    ("porsche_run_cpu_cores", "Cores that it keeps busy, over the last seconds.", ("measured", "cpu")),
    ("porsche_run_cpu_limit_cores", "What it may take.", ("measured", "cpu_limit")),
)
"""Name, help, where the value is in a run's summary (or its last snapshot, or what the supervisor measured)."""
NODE_GAUGES: tuple[tuple[str, str, Path], ...] = (
    ("porsche_node_state_bytes", "Size of a node's state.", ("state_bytes",)),
    ("porsche_node_latency_p50_milliseconds", "From rows that came in until a sink had written them.",
     ("latency", "p50_ms")),
    ("porsche_node_latency_p99_milliseconds", "The same, of the slowest hundredth.", ("latency", "p99_ms")),
)
NODE_COUNTERS: tuple[tuple[str, str, Path], ...] = (
    ("porsche_node_rows_in", "Rows that a node took, since its process began.", ("rows_in",)),
    ("porsche_node_rows_out", "Rows that it gave.", ("rows_out",)),
    ("porsche_node_late_rows", "Rows that came too late for it.", ("late",)),
    ("porsche_node_busy_seconds", "Its own work.", ("busy_seconds",)),
    ("porsche_node_backpressured_seconds", "Work of those behind it, for which it waits.", ("backpressured_seconds",)),
)
COUNTERS: tuple[tuple[str, str, Path], ...] = (
    ("porsche_run_restarts", "How often a run was restarted after it died or failed.", ("restarts",)),
)
SCORES = {"samples": "Rows learnt.", "auc": "Progressive AUC.", "logloss": "Progressive log loss.",
          "calibration": "Sum of predictions over positives."}


class Platform(Collector):
    """What one scrape tells."""

    def __init__(self, runs: Sequence[Run], beats: Iterable[Beat], now: datetime) -> None:
        self._runs = runs
        self._beats = beats
        self._now = now

    def collect(self) -> Iterator[Metric]:
        measured = usage().get("runs") or {}
        facts = [{**told, "snapshot": _snapshot(run), "measured": _measured(told, measured)}
                 for run, told in zip(self._runs, summaries(self._runs))]
        labels = [(told["pipeline"]["project"], told["pipeline"]["slug"], str(told["id"])) for told in facts]
        yield from _of_runs(facts, labels)
        yield from _of_nodes(facts, labels)
        yield from _of_models(self._runs, labels)
        beat = GaugeMetricFamily("porsche_process_beat_age_seconds", "Since a process of the platform said it works.",
                                 labels=["process"])
        for row in self._beats:
            beat.add_metric([row.name], max(0.0, (self._now - row.at).total_seconds()))
        yield beat
        served = CounterMetricFamily("porsche_http_requests", "Requests this web process answered.",
                                     labels=["method", "status"])
        for (method, status), count in sorted(traffic.requests.items()):
            served.add_metric([method, status], count)
        yield served
        yield GaugeMetricFamily("porsche_stream_listeners", "Streams open in this web process.",
                                value=traffic.open_streams())


def _snapshot(run: Run) -> dict[str, Any]:
    """A run's last snapshot with the sum over its nodes' states."""
    snapshot = run.snapshot or {}
    sizes = [number(facts.get("state_bytes")) for facts in nodes(snapshot).values()]
    known = [size for size in sizes if size is not None]
    return {**snapshot, "state_bytes": sum(known) if known else None}


def _measured(told: Mapping[str, Any], measured: Mapping[str, Any]) -> dict[str, Any]:
    """What a run's processes take, while there are any."""
    return {} if Status(told["status"]).is_final else measured.get(str(told["id"])) or {}


def _of_runs(facts: list[dict[str, Any]], labels: list[tuple[str, str, str]]) -> Iterator[Metric]:
    status = GaugeMetricFamily("porsche_run_status", "1 for the status that a run has.", labels=[*LABELS, "status"])
    for told, names in zip(facts, labels):
        for one in Status.values:
            status.add_metric([*names, one], float(told["status"] == one))
    yield status
    for kind, table in ((GaugeMetricFamily, GAUGES), (CounterMetricFamily, COUNTERS)):
        for name, text, path in table:
            family = kind(name, text, labels=LABELS)
            for told, names in zip(facts, labels):
                if (value := number(_at(told, path))) is not None:
                    family.add_metric(names, value)
            yield family


def _of_nodes(facts: list[dict[str, Any]], labels: list[tuple[str, str, str]]) -> Iterator[Metric]:
    active = [(told, names) for told, names in zip(facts, labels) if not Status(told["status"]).is_final][:MODELS]
    for kind, table in ((GaugeMetricFamily, NODE_GAUGES), (CounterMetricFamily, NODE_COUNTERS)):
        for name, text, path in table:
            family = kind(name, text, labels=[*LABELS, "node"])
            for told, names in active:
                for node, known in list(nodes(told["snapshot"]).items())[:NODES]:
                    if (value := number(_at(known, path))) is not None:
                        family.add_metric([*names, node], value)
            yield family


def _of_models(runs: Sequence[Run], labels: list[tuple[str, str, str]]) -> Iterator[Metric]:
    families = {score: GaugeMetricFamily(f"porsche_model_{score}", text, labels=[*LABELS, "model"])
                for score, text in SCORES.items()}
    active = [(run, names) for run, names in zip(runs, labels) if is_active(run)]
    for run, names in active[:MODELS]:
        for model, facts in ModelFacts(files.folder(run).state).newer().items():
            for score, family in families.items():
                if (value := number(facts.get(score))) is not None:
                    family.add_metric([*names, model], value)
    yield from families.values()


def _at(facts: Any, path: Path) -> Any:
    for part in path:
        facts = facts.get(part) if isinstance(facts, Mapping) else None
    return facts


class PrometheusView(View):
    """Prometheus's text format, of the projects that the request may see."""

    roles: ClassVar[dict[str, Any]] = {"GET": Access.SIGNED_IN}

    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[BaseRenderer, str]:
        return JSONRenderer(), "application/json"  # of errors: a scrape accepts texts only

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        seen = visible(request, rows())
        last = seen.order_by().values("pipeline").annotate(last=Max("pk")).values("last")
        runs = list(seen.filter(ACTIVE)[:MOST])
        runs += list(seen.filter(pk__in=last).exclude(pk__in=[run.pk for run in runs])[: MOST - len(runs)])
        registry = CollectorRegistry(auto_describe=False)
        registry.register(Platform(runs, Beat.objects.order_by("name"), timezone.now()))
        return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
