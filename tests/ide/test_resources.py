"""Quotas and what the machine has, over the API."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.conf import settings as configured
from pytest_django import Settings

from porsche.ide.models import Project, Quota, Status, User
from porsche.runners.folder import write
from tests.ide.platform import Api, World

GB = 1 << 30
MEASURED = {"at": 1.5, "enforcement": {"memory": "measured", "cpu": "paced"}}
NONE = {"runs": None, "slots": None, "memory": None, "job_memory": None, "job_cpu": None}


def superuser() -> Api:
    return Api(User.objects.create(username="root", is_superuser=True))


def test_a_superuser_gives_quotas(world: World) -> None:
    api = superuser()
    assert api.get("projects/shop/quota").json() == NONE
    assert api.put("projects/shop/quota", {"slots": 2, "job_memory": GB}).json() == {
        **NONE, "slots": 2, "job_memory": GB}
    assert api.put("projects/shop/quota", {"slots": None, "job_cpu": 0.5}).json() == {
        **NONE, "job_memory": GB, "job_cpu": 0.5}, "what is not named stays"
    assert world.api("viewer").get("projects/shop/quota").json()["job_cpu"] == 0.5
    assert api.get("projects/nowhere/quota").status_code == 404


@pytest.mark.parametrize("body", [{"slots": -1}, {"slots": "many"}, {"job_memory": 1000}, {"job_cpu": 0.0},
                                  {"memory": 2**60}, {"slot": 1}])
def test_what_is_no_quota(world: World, body: dict[str, object]) -> None:
    assert superuser().put("projects/shop/quota", body).status_code == 400
    assert not Quota.objects.exists()


@pytest.mark.parametrize(("quota", "options", "message"), [
    ({}, {"memory": 9 * GB}, "it needs 9.0 GB of memory, but the machine has 8.0 GB"),
    ({}, {"shards": 17}, "it needs 17 slots, but the machine has 16"),
    ({"slots": 1}, {"shards": 2}, "it needs 2 slots, but its project may have 1"),
    ({"memory": GB, "job_memory": 2 * GB}, {}, "it needs 2.0 GB of memory, but its project may have 1.0 GB"),
])
def test_what_could_never_start_is_refused(world: World, settings: Settings, quota: dict[str, int],
                                           options: dict[str, int], message: str) -> None:
    settings.RESOURCES = replace(configured.RESOURCES, slots=16, memory=8 * GB)
    if quota:
        Quota.objects.create(project=world.project, **quota)
    answer = world.api("operator").post("runs", {"pipeline": world.pipeline.pk, "options": options})
    assert answer.status_code == 409
    assert (answer.json()["code"], answer.json()["message"]) == ("too_large", message)
    assert not world.pipeline.runs.exists()


@pytest.mark.parametrize("options", [{"memory": 1000}, {"memory": "1 gb"}, {"cpu": 0}, {"cpu": -1.0}, {"cpu": 1e9}])
def test_limits_that_are_none(world: World, options: dict[str, object]) -> None:
    answer = world.api("operator").post("runs", {"pipeline": world.pipeline.pk, "options": options})
    assert answer.status_code == 400


def test_resources_show_what_one_may_see(world: World, settings: Settings) -> None:
    settings.RESOURCES = replace(configured.RESOURCES, slots=16, memory=8 * GB)
    running = world.run(Status.RUNNING, options={"memory": GB, "shards": 3})
    why = {"code": "no_memory", "message": "waits", "node": None, "hint": None}
    queued = world.run(Status.QUEUED, options={"memory": 2 * GB}, reason=why)
    measured = {"memory": 7, "cpu": 0.25, "memory_limit": GB, "cpu_limit": None, "slots": 3, "pid": 1,
                "enforcement": MEASURED["enforcement"]}
    write(configured.HOME.processes / "usage.json", {**MEASURED, "runs": {str(running.pk): measured}})
    try:
        found = world.api("viewer").get("resources").json()
        nothing = world.api("outsider").get("resources").json()
        detail = world.api("viewer").get(f"runs/{running.pk}").json()
    finally:
        (configured.HOME.processes / "usage.json").unlink()
    taken = {"runs": 1, "slots": 3, "memory": GB}
    assert found["machine"]["taken"] == taken == nothing["machine"]["taken"]
    assert [(p["slug"], p["taken"]) for p in found["projects"]] == [("shop", taken)]
    (run,), (waits,) = found["runs"], found["queue"]
    assert (run["run"], run["reserved"], run["cpu"], run["project"]) == (running.pk, GB, 0.25, "shop")
    assert (waits["run"], waits["memory"], waits["reason"]) == (queued.pk, 2 * GB, why)
    assert (nothing["runs"], nothing["queue"], [p["slug"] for p in nothing["projects"]]) == ([], [], ["other"])
    assert detail["resources"] == {name: measured[name] for name in detail["resources"]}
    assert detail["resources"]["memory"] == 7
    assert world.api("viewer").get("resources").json()["enforcement"] is None, "nobody has measured"


def test_a_queued_run_can_be_stopped_and_not_started_twice(world: World) -> None:
    queued = world.run(Status.QUEUED)
    assert world.api("operator").post(f"runs/{queued.pk}/start").json()["code"] == "run_active"
    assert world.api("operator").post(f"runs/{queued.pk}/stop").json()["desired"] == "STOPPED"


def test_a_project_goes_with_its_quota(world: World) -> None:
    Quota.objects.create(project=world.other, runs=1)
    assert world.api("outsider").delete("projects/other").status_code == 204
    assert not Quota.objects.exists() and not Project.objects.filter(slug="other").exists()
