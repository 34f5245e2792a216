"""Runs: what a person may want of them, and how they are shown."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.conf import settings
from django.db import connections

from porsche.ide.errors import Conflict
from porsche.ide.models import Desired, Project, Run, RunEvent, Status
from porsche.ide.services.pipelines import create_pipeline, save_document
from porsche.ide.services.runs import start_run
from tests.ide.platform import BROKEN, DOCUMENT, World


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_new_run(world: World) -> None:
    answer = world.api("operator").post("runs", {
        "pipeline": world.pipeline.pk, "parameters": {"count": "7"}, "options": {"rate": 1000, "shards": 2}})
    made = answer.json()
    assert answer.status_code == 201
    assert (made["status"], made["desired"], made["revision"]) == ("CREATED", "RUNNING", 1)
    assert (made["parameters"], made["options"]) == ({"count": "7"}, {"rate": 1000.0, "shards": 2})
    assert made["pipeline"] == {"id": world.pipeline.pk, "slug": "numbers", "project": "shop"}
    run = Run.objects.get()
    assert (run.desired, run.generation, run.observed_generation) == (Desired.RUNNING, 1, 0)
    (event,) = RunEvent.objects.all()
    assert (event.kind, event.code, event.user) == ("request", "start", world.people["operator"])


def test_an_older_revision_can_be_run(world: World) -> None:
    save_document(pipeline=world.pipeline, document=BROKEN, base=1, by=None)
    api = world.api("operator")
    assert api.post("runs", {"pipeline": world.pipeline.pk, "revision": 1}).json()["revision"] == 1
    assert api.post("runs", {"pipeline": world.pipeline.pk, "revision": 3}).status_code == 404


def test_what_cannot_be_compiled_does_not_run(world: World) -> None:
    save_document(pipeline=world.pipeline, document=BROKEN.replace("blackhole", "nowhere"), base=1, by=None)
    answer = world.api("operator").post("runs", {"pipeline": world.pipeline.pk})
    assert code(answer) == (422, "invalid_document")
    errors = answer.json()["errors"]
    assert [(e["code"], e["place"]["node"], e["place"]["property"]) for e in errors] == [
        ("unknown_column", "kept", "condition")]
    assert not Run.objects.exists() and not RunEvent.objects.exists()


@pytest.mark.parametrize(("parameters", "found"), [
    ({"nope": "1"}, "unknown_parameter"), ({"count": "many"}, None)])
def test_parameters_that_do_not_fit(parameters: dict[str, str], found: str | None, world: World) -> None:
    answer = world.api("operator").post("runs", {"pipeline": world.pipeline.pk, "parameters": parameters})
    assert answer.status_code == (422 if found else 201)
    assert found is None or [e["code"] for e in answer.json()["errors"]] == [found]


@pytest.mark.parametrize(("body", "field"), [
    ({"options": {"shards": 0}}, "options.shards"),
    ({"options": {"shards": 129}}, "options.shards"),
    ({"options": {"batch_rows": 0}}, "options.batch_rows"),
    ({"options": {"rate": 0}}, "options.rate"),
    ({"options": {"rate": "fast"}}, "options.rate"),
    ({"options": {"checkpoint_interval": -1}}, "options.checkpoint_interval"),
    ({"options": {"shrads": 2}}, "options.shrads"),
    ({"options": []}, "options"),
    ({"parameters": {"count": [1]}}, "parameters.count"),
    ({"parameters": {"count": "a\x00b"}}, "parameters.count"),
    ({"parameters": "count=1"}, "parameters"),
    ({"revision": 0}, "revision"),
    ({"pipline": 1}, "pipline"),
    ({"environment": "/etc/passwd"}, "environment"),
])
def test_bodies_that_do_not_fit(body: dict[str, Any], field: str, world: World) -> None:
    answer = world.api("operator").post("runs", {"pipeline": world.pipeline.pk, **body})
    assert code(answer) == (400, "invalid")
    assert [e["place"]["field"] for e in answer.json()["errors"]] == [field]
    assert not Run.objects.exists()


def test_starting_again(world: World) -> None:
    run, api = world.run(Status.STOPPED), world.api("operator")
    answer = api.post(f"runs/{run.pk}/start")
    assert answer.status_code == 200 and answer.json()["status"] == "CREATED"
    run.refresh_from_db()
    assert (run.desired, run.generation) == (Desired.RUNNING, 2)
    assert run.status == Status.STOPPED  # which is the supervisor's to write
    assert code(api.post(f"runs/{run.pk}/start")) == (409, "run_active")
    run.refresh_from_db()
    assert run.generation == 2


@pytest.mark.parametrize(("status", "found"), [
    (Status.RUNNING, "run_active"), (Status.CREATED, "run_active"), (Status.STOPPING, "run_active"),
    (Status.RESTARTING, "run_active"), (Status.STUCK, "run_active"), (Status.FINISHED, "run_finished")])
def test_starting_what_makes_no_sense(status: Status, found: str, world: World) -> None:
    run = world.run(status)
    assert code(world.api("operator").post(f"runs/{run.pk}/start")) == (409, found)
    assert not RunEvent.objects.exists()


def test_a_failed_run_can_be_started(world: World) -> None:
    run = world.run(Status.FAILED, desired=Desired.RUNNING)
    assert world.api("operator").post(f"runs/{run.pk}/start").status_code == 200


def test_stopping(world: World) -> None:
    run, api = world.run(Status.RUNNING), world.api("operator")
    for _ in range(2):  # asking again changes nothing
        assert api.post(f"runs/{run.pk}/stop").json()["desired"] == "STOPPED"
    assert list(RunEvent.objects.values_list("code", flat=True)) == ["stop"]


@pytest.mark.parametrize("status", [status for status in Status if status.is_final])
def test_stopping_what_is_over(status: Status, world: World) -> None:
    run = world.run(status)
    assert code(world.api("operator").post(f"runs/{run.pk}/stop")) == (409, "run_not_active")


def test_a_run_that_stopped_with_the_platform_is_still_wanted(world: World) -> None:
    run, api = world.run(Status.STOPPED, desired=Desired.RUNNING), world.api("operator")
    assert [r["id"] for r in api.get("runs?active=true").json()["results"]] == [run.pk]
    assert code(api.post(f"runs/{run.pk}/start")) == (409, "run_active")
    assert code(api.delete(f"runs/{run.pk}")) == (409, "run_active")
    assert api.post(f"runs/{run.pk}/stop").status_code == 200
    assert api.get("runs?active=true").json()["count"] == 0


def test_a_run_is_deleted_with_its_folder(world: World, django_capture_on_commit_callbacks: Any) -> None:
    run, api = world.run(Status.STOPPED), world.api("operator")
    folder = settings.HOME.run(run.pk)
    folder.mkdir(parents=True)
    assert code(api.delete(f"runs/{world.run(Status.RUNNING).pk}")) == (409, "run_active")
    with django_capture_on_commit_callbacks(execute=True):
        assert api.delete(f"runs/{run.pk}").status_code == 204
    assert not folder.exists()
    assert api.get(f"runs/{run.pk}").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_of_many_who_start_at_once_one_does() -> None:
    pipeline = create_pipeline(project=Project.objects.create(slug="shop"), slug="n", document=DOCUMENT, by=None)
    run = Run.objects.create(pipeline=pipeline, revision=pipeline.head, status=Status.STOPPED, observed_generation=1,
                             desired=Desired.STOPPED)

    def start(_: int) -> str:
        try:
            start_run(run=Run.objects.get(pk=run.pk), by=None)
        except Conflict:
            return "refused"
        finally:
            connections.close_all()
        return "started"

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(start, range(8))) == ["refused"] * 7 + ["started"]
    run.refresh_from_db()
    assert run.generation == 2
    assert RunEvent.objects.count() == 1


def test_lists_are_filtered(world: World) -> None:
    stopped, running, failed = (world.run(s) for s in (Status.STOPPED, Status.RUNNING, Status.FAILED))
    other = create_pipeline(project=world.project, slug="other", document=DOCUMENT, by=None)
    api = world.api("viewer")

    def ids(query: str) -> list[int]:
        return [r["id"] for r in api.get(f"runs?{query}").json()["results"]]

    assert ids("") == [failed.pk, running.pk, stopped.pk]
    assert ids("status=FAILED&status=STOPPED") == [failed.pk, stopped.pk]
    assert ids("active=true") == [running.pk]
    assert ids("active=false") == [failed.pk, stopped.pk]
    assert ids(f"pipeline={other.pk}") == []
    assert ids(f"pipeline={world.pipeline.pk}&project=shop&active=true") == [running.pk]
    assert ids("project=other") == []


@pytest.mark.parametrize("query", ["status=WHATEVER", "pipeline=x", f"pipeline={2**64}", "pipeline=0", "pipeline=1.5",
                                   "project=a%00b"])
def test_filters_that_are_none(query: str, world: World) -> None:
    assert code(world.api("viewer").get(f"runs?{query}")) == (400, "invalid")


@pytest.mark.parametrize("number", ["0", "-1", "x", str(2**63), "9" * 5000, "1.0", "1'"])
def test_numbers_that_are_none(number: str, world: World) -> None:
    assert world.api("viewer").get(f"runs/{number}").status_code == 404


def test_pages_are_stable_while_rows_are_added(world: World) -> None:
    runs = [world.run().pk for _ in range(7)]
    api = world.api("viewer")
    first = api.get("pipelines?page_size=1").json()
    assert first["count"] == 1 and first["next"] is None
    seen = api.get("runs?page_size=3").json()
    pages = [seen["results"]]
    while seen["next"]:
        seen = api.get("runs?" + seen["next"].partition("?")[2]).json()
        pages.append(seen["results"])
    assert [[r["id"] for r in page] for page in pages] == [
        runs[:3:-1], runs[3:0:-1], runs[:1]]
    assert api.get("runs?page=4&page_size=3").status_code == 404
    assert len(api.get("runs?page_size=100000").json()["results"]) == 7


def test_the_order_of_pages_does_not_depend_on_what_changes(world: World) -> None:
    same = [create_pipeline(project=project, slug="same", document="x", by=None).pk
            for project in (world.project, Project.objects.create(slug="third"))]
    Project.objects.get(slug="third").memberships.create(user=world.people["viewer"], role="viewer")
    api = world.api("viewer")
    found = [api.get(f"pipelines?page_size=1&page={n}").json()["results"][0]["id"] for n in (1, 2, 3)]
    assert found == [world.pipeline.pk, *same]


def test_events_newest_first(world: World) -> None:
    run, api = world.run(Status.STOPPED), world.api("operator")
    api.post(f"runs/{run.pk}/start")
    api.post(f"runs/{run.pk}/stop")
    found = api.get(f"runs/{run.pk}/events").json()["results"]
    assert [(e["kind"], e["code"], e["user"]) for e in found] == [
        ("request", "stop", "operator"), ("request", "start", "operator")]


def test_what_a_run_runs(world: World) -> None:
    run = world.run(parameters={"count": "7"})
    found = world.api("viewer").get(f"runs/{run.pk}/compiled").json()
    assert found["valid"] and "'number-of-rows' = '7'" in found["sql"]
