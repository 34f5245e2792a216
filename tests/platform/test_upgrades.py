"""A run goes on with another revision of its pipeline: checked, refused, agreed to, done."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from porsche.compiler import compile_text
from porsche.ide.models import Run, Status
from porsche.ide.services.pipelines import save_document
from porsche.runners import bundled
from tests.platform.test_savepoints import Platform, at, rows_in
from tests.runners.jobs import EVENTS, answers

__all__ = ["at"]  # a fixture
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.usefixtures("forked")]
ROWS = 4_000
SLOW = {"rate": 1500.0, "checkpoint_interval": 0.3, "batch_rows": 100}
LONGER = EVENTS.replace("10 minutes", "20 minutes")


def test_another_revision_takes_the_state_over(at: Platform, tmp_path: Path) -> None:
    """What was written stays; what is written from there on is what the new revision would have written."""
    made = at.ask("POST", "runs", {"pipeline": at.pipeline.pk, "parameters": {"rows": str(ROWS)}, "options": SLOW}, 201)
    run = Run.objects.get(pk=made["id"])
    at.until(run, Status.RUNNING, more=lambda: rows_in(run) > 500)
    at.ask("POST", f"runs/{run.pk}/stop")
    at.until(run, Status.STOPPED)
    before = Counter(answers(at.folder(run).state))
    save_document(pipeline=at.pipeline, document=LONGER, base=1, by=None)
    report = at.ask("POST", f"pipelines/{at.pipeline.pk}/upgrade-check", {})
    assert (report["run"], report["needs"]) == (run.pk, ["recomputed"])
    assert report["nodes"] == {"shop": "kept", "counted": "recomputed"}
    [counted] = [o for o in report["operators"] if o["nodes"] == ["counted"]]
    assert counted["sources"] == {"shop": rows_in(run)}
    refused = at.ask("POST", f"runs/{run.pk}/start", {"revision": 2}, 409)
    assert refused["code"] == "upgrade_refused" and "counted" in refused["message"]
    run.refresh_from_db()
    assert (run.revision.number, run.status) == (1, Status.STOPPED)
    at.speed_up(run)
    at.ask("POST", f"runs/{run.pk}/start", {"revision": 2, "allow": ["recomputed"]})
    at.until(run, Status.FINISHED)
    assert (run.revision.number, run.options["allow"]) == (2, ["recomputed"])
    compiled = compile_text(LONGER, parameters={"rows": str(ROWS)}, state=str(tmp_path))
    bundled.run(compiled, tmp_path, bundled.Options())
    after = Counter(answers(at.folder(run).state))
    assert after.total() == ROWS
    assert before <= after
    assert after - before <= Counter(answers(tmp_path))


def test_what_cannot_be_asked(at: Platform) -> None:
    run = at.world.run()
    for path in (f"runs/{run.pk}/upgrade-check", f"pipelines/{run.pipeline_id}/upgrade-check"):
        assert at.ask("POST", path, {}, 409)["code"] == "no_state"
    assert at.api.post(f"runs/{run.pk}/upgrade-check", {"revision": 99}).status_code == 404
    assert at.api.post(f"runs/{run.pk}/start", {"revision": 1, "allow": ["everything"]}).status_code == 400
    assert at.api.post(f"pipelines/{at.pipeline.pk}/upgrade-check", {}).json()["code"] == "no_run"
