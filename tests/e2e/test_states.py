"""What a pipeline remembers, kept and gone back to by mouse: a restore point, what it holds, a roll back, a rescale."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Visit
from tests.e2e.pages import status, tab
from tests.platform.running import ROOT, Up
from tests.runners.jobs import awaited

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def pipeline(up: Up, signed_in: Any) -> Iterator[int]:
    """A shop of its own, that runs: the tests stop it, and go on with it."""
    document = (ROOT / "examples/shop.yaml").read_text(encoding="utf-8")
    made = int(up.post("pipelines", {"project": "examples", "slug": "remembering", "document": document})["id"])
    run = up.post("runs", {"pipeline": made, "parameters": {"impressions": "1000000000"}, "options": {"rate": 1000}})
    up.until(run["id"], "RUNNING")
    yield made
    up.post(f"runs/{running(up, made)}/stop")


def running(up: Up, pipeline: int) -> int:
    return int(up.get(f"pipelines/{pipeline}")["run"]["id"])


def test_a_restore_point_is_made_looked_into_and_rolled_back_to(up: Up, visit: Visit, pipeline: int) -> None:
    before = running(up, pipeline)
    page = visit(f"/pipelines/{pipeline}?tab=state")
    status(page, "Running")
    states = page.get_by_role("table", name="States")
    expect(states.get_by_role("button", name=re.compile(r"^checkpoint \d+$")).first).to_be_visible()
    page.get_by_label("Name of the savepoint").fill("before-the-sale")
    page.get_by_role("button", name="Keep the state").click()
    row = states.get_by_role("row").filter(has_text="before-the-sale")
    expect(row).to_contain_text("restore point")
    expect(row.get_by_role("button", name="Roll back")).to_be_visible(timeout=60_000)

    row.get_by_role("button", name="before-the-sale").click()
    operators = page.get_by_role("table", name="Operators of before-the-sale")
    learner = operators.get_by_role("row").filter(has=page.get_by_role("button", name="model", exact=True))
    expect(learner.first).to_be_visible()
    operators.get_by_role("button", expanded=False).first.click()
    expect(operators.get_by_role("button", expanded=True)).to_be_visible()
    page.get_by_role("region", name="What the state holds").get_by_role("button", name="Close").click()

    row.get_by_role("button", name="Roll back").click()
    page.get_by_role("dialog").get_by_role("button", name="Roll back").click()
    page.wait_for_url(re.compile(r"run=\d+"))
    status(page, "Running")
    back = int(page.url.partition("run=")[2].partition("&")[0])
    found = awaited(lambda: up.get(f"runs/{back}/state")["restored"], said="what was restored is read back")
    assert up.get(f"runs/{back}/state")["restored_from"]["name"] == "before-the-sale"
    assert found
    up.until(before, "STOPPED")


def test_rescaled_and_packed(up: Up, visit: Visit, pipeline: int, tmp_path: Path) -> None:
    page = visit(f"/pipelines/{pipeline}?tab=state")
    status(page, "Running")
    with page.expect_download() as packed:
        page.get_by_role("link", name="Support bundle").click()
    packed.value.save_as(tmp_path / "support.zip")
    with zipfile.ZipFile(tmp_path / "support.zip") as archive:
        assert {"plan.txt", "status.json", "log.jsonl"} <= set(archive.namelist())
    run = running(up, pipeline)
    page.get_by_label("Shards").fill("2")
    page.get_by_role("button", name="Rescale").click()
    awaited(lambda: {o["shard"] for o in (up.run(run).get("snapshot") or {}).get("operators", ())} == {0, 1}, 90.0,
            "two shards")
    status(page, "Running")
    tab(page, "Events")
    expect(page.get_by_role("list", name="Events of the run")).to_contain_text("2 shards")


def test_it_goes_on_with_another_revision(up: Up, visit: Visit, pipeline: int) -> None:
    run = running(up, pipeline)
    up.post(f"runs/{run}/stop")
    up.until(run, "STOPPED")
    found = up.get(f"pipelines/{pipeline}")
    document = found["document"].replace("every: 1 hour", "every: 2 hours")
    headers = {"If-Match": f'"{found["revision"]}"', "X-CSRFToken": up.get("session")["csrf_token"]}
    answer = up.client.put(f"/api/pipelines/{pipeline}/document", json={"document": document}, headers=headers)
    assert answer.status_code == 200, answer.text
    revision = answer.json()["revision"]
    page = visit(f"/pipelines/{pipeline}?tab=state")
    page.get_by_role("button", name=f"Go on with revision {revision}").click()
    verdicts = page.get_by_role("table", name="What becomes of the state")
    expect(verdicts.get_by_role("row").filter(has_text="hourly")).to_contain_text(re.compile("lost|recomputed"))
    expect(verdicts.get_by_role("row").filter(has_text="kept").first).to_be_visible()
    go = page.get_by_role("dialog").get_by_role("button", name="Go on")
    expect(go).to_be_disabled()
    for box in page.get_by_role("dialog").get_by_role("checkbox").all():
        box.check()
    go.click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    status(page, "Running")
    assert up.until(run, "RUNNING")["revision"] == revision
