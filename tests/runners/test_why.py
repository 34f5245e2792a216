"""Why no output: each case is a real run of the engine with one fault in it, and what a person is told."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from engine.runtime.job import Job
from engine.session import RunOptions
from porsche.compiler import compile_text
from porsche.runners.bundled import prepare
from porsche.runners.compiling import described
from porsche.runners.why import Cause, Plan, explained

Rows = Sequence[Mapping[str, Any]]
HOUR = 3600


def events(count: int = 20, first: int = 0, every: int = 1, key: int = 0) -> list[dict[str, Any]]:
    """Rows with a number, one of three keys (from `key` on) and times from `first` seconds of a day on."""
    return [{"n": i, "k": key + i % 3, "t": at(first + i * every)} for i in range(count)]


def at(second: int) -> str:
    return f"2026-01-01 {second // HOUR:02d}:{second // 60 % 60:02d}:{second % 60:02d}"


def source(
    name: str, endless: bool = False, columns: str = "n: BIGINT, k: BIGINT, t: TIMESTAMP(3)", more: str = ""
) -> str:
    again = ", source.monitor-interval: 1 s" if endless else ""
    return (
        f"  - {{id: {name}, component: event_source{more}, properties: {{columns: {{{columns}}}, time: t, clock: now, "
        f"options: {{connector: filesystem, format: json, path: $/{name}{again}}}}}}}\n"
    )


def node(name: str, component: str, **properties: Any) -> str:
    return f"  - {{id: {name}, component: {component}, properties: {json.dumps(properties)}}}\n"


def chain(*names: str) -> list[str]:
    return [f"{a}>{b}" for a, b in zip(names, names[1:], strict=False)]


OUT = node("out", "table_sink")
BOUNDED = "SELECT a.n, a.t FROM a JOIN b ON a.k = b.k AND b.t BETWEEN a.t AND a.t + INTERVAL '5' SECOND"
WINDOW = node("w", "window_aggregate", time="t", size="1 minute", keys="k", aggregates={"c": "COUNT(*)"})
TO_J = ["a>j", "b>j", "j>out"]
LEARN = (
    node("v", "feature_vector", categories=["k"])
    + node("c", "filter", condition="n > 5")
    + node("l", "label_join", match="n", time="t", outcome_time="t", within="2 seconds")
    + node("few", "filter", condition="n > 500")
    + node("model", "train_online_model")
    + node("p", "predict")
)
LEARNT = ["a>v", "a>c", "v>l.events", "c>l.outcomes", "l>few", "few>model", "v>p.rows", "model>p.model"]


@dataclass(frozen=True)
class Fault:
    """What runs over what, and the code, node and words of what is said. `files`: lines of each source's file, `load`
    of the dimension `d`; `endless`: it is stopped once it is quiet."""

    nodes: str
    edges: Sequence[str]
    code: str | None
    node: str = ""
    words: str = ""
    files: Mapping[str, Rows] = field(default_factory=lambda: {"a": events()})
    endless: bool = False


DIMENSION = (
    "  - {id: d, component: dimension_table, properties: {columns: {k: BIGINT, name: STRING}, key: k, "
    "path: $/d/in.json, format: json, "
    "options: {zookeeper.quorum: 'embedded:$/store'}}}\n"
)
NAMED = [{"k": 100 + i, "name": "x"} for i in range(3)]
FAULTS = {
    "a filter": Fault(
        source("a") + node("f", "filter", condition="n > 500") + OUT,
        chain("a", "f", "out"),
        "filter_drops_all",
        "f",
        "n > 500",
    ),
    "the second of three filters that run as one": Fault(
        source("a")
        + node("f", "filter", condition="n > 5")
        + node("s", "select", compute={"m": "n * 2"})
        + node("g", "filter", condition="m > 500")
        + node("h", "filter", condition="k = 1")
        + OUT,
        chain("a", "f", "s", "g", "h", "out"),
        "filter_drops_all",
        "g",
        "m > 500",
    ),
    "keys that differ": Fault(
        source("a") + source("b") + node("j", "custom_sql", query=BOUNDED) + OUT,
        TO_J,
        "no_match",
        "j",
        "20 rows and 20 rows",
        {"a": events(), "b": events(key=10)},
    ),
    "keys that differ, for ever": Fault(
        source("a") + source("b") + node("j", "custom_sql", query="SELECT a.n FROM a JOIN b ON a.k = b.k") + OUT,
        TO_J,
        "no_match",
        "j",
        "",
        {"a": events(), "b": events(key=10)},
    ),
    "times out of range": Fault(
        source("a") + source("b") + node("j", "custom_sql", query=BOUNDED) + OUT,
        TO_J,
        "time_out_of_range",
        "j",
        "10:00:00",
        {"a": events(), "b": events(first=10 * HOUR)},
    ),
    "keys that are NULL": Fault(
        source("a") + source("b") + node("j", "custom_sql", query=BOUNDED) + OUT,
        TO_J,
        "null_keys",
        "j",
        "NULL",
        {"a": events(), "b": [{**row, "k": None} for row in events()]},
    ),
    "all late": Fault(
        source("a", endless=True) + WINDOW + OUT,
        chain("a", "w", "out"),
        "all_late",
        "w",
        "2098-12-31 23:59:59",
        {"a": [{"n": 0, "k": 0, "t": "2099-01-01 00:00:00"}, *events()]},
        endless=True,
    ),
    "a source that is silent": Fault(
        source("a", endless=True) + source("b", endless=True) + node("u", "union") + WINDOW + OUT,
        ["a>u", "b>u", *chain("u", "w", "out")],
        "idle_source",
        "b",
        "stands still",
        {"a": events(200), "b": []},
        endless=True,
    ),
    "a source that is behind": Fault(
        source("a", endless=True) + source("b", endless=True) + node("u", "union") + WINDOW + OUT,
        ["a>u", "b>u", *chain("u", "w", "out")],
        "idle_source",
        "b",
        "00:00:0",
        {"a": events(900), "b": events(5)},
        endless=True,
    ),
    "look-ups that find nothing": Fault(
        source("a") + DIMENSION + node("e", "dimension_join", key="k", columns=["name"], unknown="drop") + OUT,
        ["a>e.rows", "d>e.dimension", "e>out"],
        "lookup_misses",
        "e",
        "20 rows",
        {"a": events(), "d": NAMED},
    ),
    "look-ups that find nothing, seen behind them": Fault(
        source("a")
        + DIMENSION
        + node("e", "dimension_join", key="k", columns=["name"])
        + node("f", "filter", condition="name IS NOT NULL")
        + OUT,
        ["a>e.rows", "d>e.dimension", *chain("e", "f", "out")],
        "lookup_misses",
        "e",
        "'d'",
        {"a": events(), "d": NAMED},
    ),
    "a window that is open": Fault(
        source("a", endless=True) + WINDOW + OUT,
        chain("a", "w", "out"),
        "window_open",
        "w",
        "past 2026-01-01 00:00:59.999; it is at 2026-01-01 00:00:18",
        endless=True,
    ),
    "a source without rows": Fault(source("a") + OUT, chain("a", "out"), "no_data", "a", "no rows", {"a": []}),
    "records that cannot be read": Fault(
        source("a") + OUT,
        chain("a", "out"),
        "unreadable",
        "a",
        "20 records",
        {"a": [{**row, "n": "many"} for row in events()]},
    ),
    "a label that is not known yet": Fault(
        source("a", endless=True)
        + node("c", "filter", condition="n > 5")
        + node("l", "label_join", match="n", time="t", outcome_time="t", within="10 minutes")
        + OUT,
        ["a>l.events", "a>c", "c>l.outcomes", "l>out"],
        "label_waits",
        "l",
        "10 minutes",
        endless=True,
    ),
    "a model that learns nothing": Fault(
        source("a")
        + LEARN
        + node("f", "filter", condition="p IS NOT NULL")
        + node("kept", "select", keep=["n", "p"])
        + OUT,
        [*LEARNT, *chain("p", "f", "kept", "out")],
        "filter_drops_all",
        "few",
        "'model' has learnt nothing",
    ),
    "a metric of no row": Fault(
        source("a") + node("m", "metric_sink", metrics={"c": "SUM(n)"}, where="k > 7"),
        chain("a", "m"),
        "sink_filters_all",
        "m",
        "k > 7",
    ),
    "a source that is switched off": Fault(
        source("a") + source("b", more=", disabled: true") + WINDOW + OUT + node("out2", "table_sink"),
        ["b>w", "w>out", "a>out2"],
        "disabled",
        "b",
        "switched off",
        {"a": events(), "b": events()},
    ),
    "rows that no checkpoint has shown": Fault(
        source("a", endless=True) + OUT, chain("a", "out"), "uncommitted", "out", "20 rows", endless=True
    ),
    "nothing": Fault(source("a") + WINDOW + OUT, chain("a", "w", "out"), None),
}


def document(fault: Fault, folder: Path) -> str:
    edges = "".join("  - {{from: {}, to: {}}}\n".format(*edge.split(">")) for edge in fault.edges)
    return f"version: 1\nname: fault\nnodes:\n{fault.nodes}edges:\n{edges}".replace("$", str(folder))


def last_status(fault: Fault, text: str, folder: Path) -> dict[str, Any]:
    """The last status of a run; one that has no end is stopped once all was read and nothing moves any more."""
    statuses: list[dict[str, Any]] = []
    jobs: list[Job] = []

    def told(status: dict[str, Any]) -> None:
        statuses.append(status)
        if fault.endless and len(statuses) > 3 and _quiet(statuses, sum(len(rows) for rows in fault.files.values())):
            jobs[0].stop()

    def begun(job: Job) -> None:
        job.options = replace(job.options, status_interval=0.1)
        jobs.append(job)

    session = prepare(compile_text(text, state=str(folder / "state")), folder / "state")
    session.run(RunOptions(on_status=told, on_job=begun, checkpoint_interval=1e9))
    running = [status for status in statuses if status["state"] == "RUNNING"]
    return running[-1] if fault.endless else statuses[-1]


def _quiet(statuses: Sequence[dict[str, Any]], rows: int) -> bool:
    moved = [[(o["rows_in"], o["rows_out"]) for o in status["operators"]] for status in statuses[-3:]]
    return statuses[-1]["rows_in"] == rows and moved[0] == moved[1] == moved[2]


def lay(files: Mapping[str, Rows], folder: Path) -> None:
    for name, lines in files.items():
        (folder / name).mkdir()
        if lines:
            (folder / name / "in.json").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def causes(name: str, folder: Path) -> list[Cause]:
    fault = FAULTS[name]
    lay(fault.files, folder)
    text = document(fault, folder)
    graph = described(text, {}, "dev", str(folder / "state"))["graph"]
    return explained(Plan.of(graph), last_status(fault, text, folder), COUNTS.get(name))


COUNTS = {
    "the second of three filters that run as one": {
        "f": {"rows_in": 20, "rows_out": 14},
        "g": {"rows_in": 14, "rows_out": 0},
        "h": {"rows_in": 0, "rows_out": 0},
    }
}
"""Of a preview, where filters run as one."""


@pytest.mark.parametrize("name", FAULTS)
def test_the_node_and_the_cause_are_named(name: str, tmp_path: Path) -> None:
    fault = FAULTS[name]
    found = causes(name, tmp_path)
    if fault.code is None:
        assert found == []
        return
    cause = found[0]
    assert (cause.code, cause.node) == (fault.code, fault.node), cause
    assert fault.words in cause.message
    assert cause.sinks and cause.hint
