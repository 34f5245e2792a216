"""Why a run gives no output, over HTTP: a job's own last status in the run's row, its dead letters in its folder."""

from __future__ import annotations

import json
from typing import Any

import pytest

from porsche.ide.models import Run, Status
from porsche.ide.selectors import files
from porsche.ide.services.pipelines import create_pipeline
from tests.ide.platform import DOCUMENT, World


def snapshot(read: int, kept: int, dead: int = 0) -> dict[str, Any]:
    """The status of a job of the platform's document after a second."""
    def operator(name: str, node: str, rows_in: int, rows_out: int) -> dict[str, Any]:
        return {"name": name, "uid": name, "nodes": [node], "rows_in": rows_in, "rows_out": rows_out, "late": 0}

    return {
        "state": "RUNNING", "at": 1000.0, "started": 999.0, "checkpoint": {"epoch": 1},
        "sources": [{"name": "Source[rows]", "nodes": ["rows"], "rows": read, "progress": None}],
        "operators": [operator("Source[rows]", "rows", read, read - dead),
                      operator("Filter[kept]", "kept", read - dead, kept),
                      operator("Sink(out)[out]", "out", kept, kept)],
        "nodes": {"rows": {"rows_out": read - dead, "dead_letters": dead}, "kept": {"rows_in": read, "rows_out": kept}},
        "sinks": [{"name": "Sink(out)[out]", "nodes": ["out"], "rows": kept}],
    }  # fmt: skip


def why(world: World, run: Run) -> Any:
    return world.api("viewer").get(f"runs/{run.pk}/why").json()


def test_the_node_that_swallows_the_rows(world: World) -> None:
    run = world.run(Status.RUNNING, snapshot=snapshot(7, 0))
    found = why(world, run)
    assert (found["run"], found["sinks"]) == (run.pk, [{"node": "out", "rows": 0}])
    (cause,) = found["causes"]
    assert (cause["code"], cause["node"], cause["sinks"]) == ("filter_drops_all", "kept", ["out"])
    assert cause["message"] == "the condition of 'kept' is true for none of 7 rows: n > 0"


def test_nothing_where_all_sinks_get_rows(world: World) -> None:
    assert why(world, world.run(Status.RUNNING, snapshot=snapshot(7, 3)))["causes"] == []


def test_a_record_that_could_not_be_read_is_shown(world: World) -> None:
    run = world.run(Status.RUNNING, snapshot=snapshot(2, 0, dead=2))
    folder = files.folder(run).state / "dead_letters"
    folder.mkdir(parents=True)
    letter = {"at": 1.0, "node": "rows", "source": "Source[rows]", "code": "bad_record", "message": "no number",
              "place": {"line": 1}, "text": "a,b", "reason": "no number"}
    (folder / "part-1.jsonl").write_text(json.dumps(letter) + "\n", encoding="utf-8")
    (cause,) = why(world, run)["causes"]
    assert (cause["code"], cause["node"], cause["facts"]["record"]["text"]) == ("unreadable", "rows", "a,b")
    assert cause["message"].endswith("could be read: no number")


@pytest.mark.parametrize(("status", "reason", "said"), [
    (Status.INITIALIZING, None, "the run has not begun to work yet"),
    (Status.FAILED, {"code": "division_by_zero", "message": "division by zero", "node": "kept", "hint": None},
     "the run does not get on: division by zero"),
])
def test_a_run_that_does_not_get_on(status: Status, reason: Any, said: str, world: World) -> None:
    run = world.run(status, reason=reason)
    (cause,) = why(world, run)["causes"]
    assert (cause["code"], cause["message"], cause["sinks"]) == ("not_running", said, ["out"])


def test_a_document_that_is_none(world: World) -> None:
    pipeline = create_pipeline(project=world.project, slug="broken", title="", document="]", by=None)
    run = Run.objects.create(pipeline=pipeline, revision=pipeline.head, status=Status.STOPPED)
    assert (why(world, run)["sinks"], why(world, run)["causes"]) == ([], [])


def test_conditions_that_run_as_one_are_told_apart_by_a_preview(world: World) -> None:
    """Both filters are the source's here, as the engine runs them; the preview sees that no number is over 10."""
    document = DOCUMENT.replace("options: {connector: datagen, number-of-rows: \"${count}\"}", (
        "options: {connector: datagen, number-of-rows: \"${count}\", fields.n.kind: sequence, fields.n.start: '1', "
        "fields.n.end: '9'}")).replace("edges:", (
            "  - {id: over, component: filter, properties: {condition: n > 10}}\nedges:")).replace(
                "{from: kept, to: out}", "{from: kept, to: over}\n  - {from: over, to: out}")
    pipeline = create_pipeline(project=world.project, slug="two", title="", document=document, by=None)
    told = snapshot(9, 0)
    told["operators"] = [{"name": "Source[kept,over,rows]", "uid": "s", "nodes": ["kept", "over", "rows"],
                          "rows_in": 9, "rows_out": 0, "late": 0}]
    told["sources"][0]["nodes"] = ["kept", "over", "rows"]
    run = Run.objects.create(pipeline=pipeline, revision=pipeline.head, status=Status.RUNNING, observed_generation=1,
                             desired="RUNNING", snapshot=told)
    (cause,) = why(world, run)["causes"]
    assert (cause["code"], cause["node"], cause["related"]) == ("filter_drops_all", "over", [])
