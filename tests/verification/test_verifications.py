"""Verifications over HTTP, of real runs; the worker's part is called in this process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from porsche.compiler import compile_text
from porsche.ide.models import Run, Status, Work
from porsche.ide.services.pipelines import create_pipeline
from porsche.runners.bundled import Options, run
from porsche.runners.folder import RunFolder
from porsche.verification.services import start_due
from porsche.verification.tasks import verify_run
from tests.ide import platform
from tests.serving.clean import forget_runs

SHOP = (Path(__file__).resolve().parents[2] / "examples" / "shop.yaml").read_text(encoding="utf-8")


@pytest.fixture
def world(db: None) -> Iterator[platform.World]:
    forget_runs()
    yield platform.make()
    forget_runs()


@pytest.fixture
def finished(world: platform.World) -> Run:
    """A run over 2,000 impressions of the shop that has finished."""
    world.pipeline = create_pipeline(project=world.project, slug="shop", title="", document=SHOP,
                                     by=world.people["editor"])
    made = world.run(Status.FINISHED, parameters={"impressions": "2000", "judge_from": "1000"}, ended_at=timezone.now())
    state = RunFolder(settings.HOME.run(made.pk)).state
    run(compile_text(SHOP, parameters=made.parameters, state=str(state)), state, Options(batch_rows=111))
    return made


def check(world: platform.World, made: Run) -> dict[str, Any]:
    """Ask for a verification, be the worker, and read it."""
    asked = world.api("operator").post(f"runs/{made.pk}/verifications")
    assert asked.status_code == 201, asked.json()
    assert asked.json()["work"]["state"] == "WAITING" and asked.json()["equal"] is None
    verify_run(asked.json()["work"]["id"])
    found: dict[str, Any] = world.api("viewer").get(f"verifications/{asked.json()['id']}").json()
    return found


def test_a_finished_run_is_what_a_bounded_run_gives(world: platform.World, finished: Run) -> None:
    found = check(world, finished)
    assert found["work"]["state"] == "DONE", found["work"]
    assert found["equal"] is True, found["report"]
    assert found["report"]["rows_in"] > 2000
    tables = {t["table"]: t for t in found["report"]["tables"]}
    assert tables["predictions"]["rows_stream"] == tables["predictions"]["duckdb"]["rows"] == 2000
    assert tables["user_features"]["equal"] is True and tables["user_features"]["duckdb"]["why"]
    listed = world.api("viewer").get(f"runs/{finished.pk}/verifications").json()
    assert listed["count"] == 1 and listed["results"][0] == found


def test_a_row_that_was_changed_is_shown(world: platform.World, finished: Run) -> None:
    folder = RunFolder(settings.HOME.run(finished.pk)).state / "predictions"
    part = next(p for p in folder.iterdir() if p.is_file() and not p.name.startswith("."))
    first, *rest = part.read_text(encoding="utf-8").splitlines()
    spoilt = {**json.loads(first), "p": 0.99}
    part.write_text("\n".join([json.dumps(spoilt), *rest]) + "\n", encoding="utf-8")
    found = check(world, finished)
    table = next(t for t in found["report"]["tables"] if t["table"] == "predictions")
    assert found["equal"] is False and table["different"] == 1
    assert table["differences"][0]["stream"]["p"] == 0.99
    assert table["differences"][0]["batch"] == {"p": json.loads(first).get("p"),
                                                "impression_id": spoilt["impression_id"]}


def test_only_what_has_ended_is_checked_and_once_at_a_time(world: platform.World, finished: Run) -> None:
    active = world.run(Status.RUNNING)
    failed = world.run(Status.FAILED)
    for made in (active, failed):
        refused = world.api("operator").post(f"runs/{made.pk}/verifications")
        assert (refused.status_code, refused.json()["code"]) == (409, "not_checkable")
    assert world.api("viewer").post(f"runs/{finished.pk}/verifications").status_code == 403
    assert world.api("outsider").post(f"runs/{finished.pk}/verifications").status_code == 404
    assert world.api("operator").post(f"runs/{finished.pk}/verifications").status_code == 201
    again = world.api("operator").post(f"runs/{finished.pk}/verifications")
    assert (again.status_code, again.json()["code"]) == (409, "check_under_way")


def test_a_run_that_left_nothing_fails_with_a_reason(world: platform.World) -> None:
    found = check(world, world.run(Status.STOPPED))
    assert found["work"]["state"] == "FAILED" and found["work"]["error"]["code"] == "no_results"


def test_the_clock_checks_each_ended_run_once(world: platform.World, finished: Run) -> None:
    world.run(Status.RUNNING, ended_at=timezone.now())
    assert start_due() == 1
    assert start_due() == 0
    assert Work.objects.filter(kind="verification", subject=f"run:{finished.pk}").count() == 1
