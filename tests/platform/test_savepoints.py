"""Savepoints, rescaling and rolling back, of jobs that really run: over REST, with the supervisor's passes and the
worker's part called here."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from porsche import processes
from porsche.compiler import compile_text
from porsche.home import Home
from porsche.ide.models import Desired, Run, Savepoint, Status, Work
from porsche.ide.services.pipelines import create_pipeline, save_document
from porsche.ide.supervisor import Supervisor
from porsche.ide.tasks import delete_lost_savepoints, make_savepoint
from porsche.runners import bundled
from porsche.runners.folder import RunFolder
from tests.ide import platform
from tests.runners.jobs import EVENTS, answers, awaited

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.usefixtures("forked")]
ROWS = 12_000
SLOW = {"rate": 3000.0, "checkpoint_interval": 0.3, "batch_rows": 200}


class Platform:
    """A home whose supervisor is `tick`ed and whose worker is `work`."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.world = platform.make()
        self.pipeline = create_pipeline(project=self.world.project, slug="events", title="", document=EVENTS, by=None)
        self.supervisor = Supervisor(home)
        self.api = self.world.api("editor")

    def ask(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        answer = self.api.ask(method, path, body)
        assert answer.status_code == status, answer.content
        return answer.json() if answer.content else None

    def start(self, **options: Any) -> Run:
        made = self.ask("POST", "runs", {"pipeline": self.pipeline.pk, "parameters": {"rows": str(ROWS)},
                                         "options": {**SLOW, **options}}, 201)
        return Run.objects.get(pk=made["id"])

    def until(self, run: Run, *statuses: Status, more: Callable[[], bool] = lambda: True) -> None:
        def tick() -> bool:
            self.supervisor.tick()
            run.refresh_from_db()
            return run.status in statuses and more()

        awaited(tick, 90, f"run {run.pk} {statuses}, but {run.status} {run.reason}")

    def save(self, run: Run, **body: Any) -> Savepoint:
        """Ask for a savepoint and be the worker that makes it."""
        made = self.ask("POST", f"runs/{run.pk}/savepoints", body, 201)
        work = Work.objects.filter(kind="savepoint").latest("pk")
        make_savepoint(work.pk)
        work.refresh_from_db()
        assert work.state == Work.State.DONE, work.error
        return Savepoint.objects.get(pk=made["id"])

    def folder(self, run: Run) -> RunFolder:
        return RunFolder(self.home.run(run.pk))

    def speed_up(self, run: Run) -> None:
        run.refresh_from_db()
        Run.objects.filter(pk=run.pk).update(options={**run.options, "rate": 1e6})


class Nobody:
    """The worker is called in the tests."""

    def send_task(self, *_: object, **__: object) -> None:
        pass


nobody = Nobody()


@pytest.fixture
def at(home: Home, settings: Any, db: None) -> Platform:
    settings.HOME, settings.BACKGROUND = home, f"{__name__}.nobody"
    return Platform(home)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What one run over all rows writes, in one shard."""
    state = tmp_path_factory.mktemp("undisturbed")
    bundled.run(compile_text(EVENTS, parameters={"rows": str(ROWS)}, state=str(state)), state, bundled.Options())
    found = answers(state)
    assert len(found) == ROWS
    return found


def rows_in(run: Run) -> int:
    return int((run.snapshot or {}).get("rows_in") or 0)


def test_two_shards_then_four_then_one(at: Platform, undisturbed: list[str]) -> None:
    """Each time from a fresh checkpoint; in the end the rows are those of an undisturbed run."""
    run = at.start(shards=2)
    for shards in (4, 1):
        seen = rows_in(run)
        at.until(run, Status.RUNNING, more=lambda seen=seen: rows_in(run) > seen)  # type: ignore[misc]
        found = at.ask("POST", f"runs/{run.pk}/rescale", {"shards": shards})
        assert found["options"]["shards"] == shards
        at.until(run, Status.RUNNING, Status.FINISHED, more=lambda: run.observed_generation == run.generation
                 and processes.running(at.home.run(run.pk)) is not None)
        newest = at.ask("GET", f"runs/{run.pk}/state")["checkpoints"]
        assert newest and run.restarts == 0
    at.until(run, Status.FINISHED)
    assert answers(at.folder(run).state) == undisturbed
    shards = [made["shards"] for made in at.ask("GET", f"runs/{run.pk}/state")["checkpoints"]]
    assert shards[0] == 1
    assert [e.code for e in run.events.filter(kind="request").order_by("pk")] == ["start", "rescale", "rescale"]


def test_of_a_running_job_and_begun_from(at: Platform, undisturbed: list[str]) -> None:
    """The job goes on undisturbed; a run that begins with its savepoint ends with the same rows."""
    run = at.start()
    at.until(run, Status.RUNNING, more=lambda: rows_in(run) > 1000)
    pid = processes.running(at.home.run(run.pk))
    saved = at.save(run, name="half")
    assert processes.running(at.home.run(run.pk)) == pid
    assert (saved.state, saved.epoch is not None, saved.contents["sources"][0]["rows"] > 1000) == ("READY", True, True)
    shown = at.ask("GET", f"savepoints/{saved.pk}")
    assert (shown["name"], shown["revision"], shown["run"], shown["keys"] > 0) == ("half", 1, run.pk, True)
    again = at.ask("POST", f"savepoints/{saved.pk}/restore", {"options": {"rate": 1e6, "shards": 3}}, 201)
    other = Run.objects.get(pk=again["id"])
    assert at.api.delete(f"savepoints/{saved.pk}").status_code == 409, "a run that has not begun needs it"
    at.until(other, Status.FINISHED)
    assert answers(at.folder(other).state) == undisturbed
    state = at.ask("GET", f"runs/{other.pk}/state")
    assert (state["restored_from"]["name"], state["restored"]["verified"], state["restored"]["differ"]) == (
        "half", True, [])
    at.speed_up(run)
    at.until(run, Status.FINISHED)
    assert answers(at.folder(run).state) == undisturbed
    contents = at.ask("GET", f"savepoints/{saved.pk}/contents?sample=2")
    counted = next(o for o in contents["operators"] if "counted" in o["nodes"] and o["keys"])
    assert counted["states"][0]["columns"][0][0] == "user_id"
    assert len(counted["states"][0]["sample"]) == 2 and isinstance(counted["states"][0]["sample"][0][0], int)
    diff = at.ask("GET", f"savepoints/{saved.pk}/diff?operator=counted")
    assert not diff["equal"] and diff["operators"][0]["states"][0]["changed"] > 0
    at.ask("DELETE", f"savepoints/{saved.pk}", status=204)
    assert not at.home.savepoint(saved.key).exists()
    assert at.ask("GET", f"runs/{other.pk}/state")["restored_from"] is None


def test_stopped_with_a_savepoint(at: Platform) -> None:
    run = at.start()
    at.until(run, Status.RUNNING, more=lambda: rows_in(run) > 0)
    asked = at.ask("POST", f"runs/{run.pk}/savepoints", {"stop": True}, 201)
    at.until(run, Status.STOPPED)
    make_savepoint(Work.objects.get(kind="savepoint").pk)
    saved = Savepoint.objects.get(pk=asked["id"])
    assert (saved.name, saved.state, run.desired) == (f"run-{run.pk}-1", "READY", Desired.STOPPED)
    assert saved.contents["sources"][0]["rows"] == rows_in(run), "nothing came after it"


def test_rolled_back(at: Platform, undisturbed: list[str]) -> None:
    """Revision, state, parameters and options of then; the later revision's run is stopped before it begins."""
    run = at.start()
    at.until(run, Status.RUNNING, more=lambda: rows_in(run) > 500)
    point = at.save(run, name="good", restore_point=True)
    at.ask("POST", f"runs/{run.pk}/stop")
    at.until(run, Status.STOPPED)
    save_document(pipeline=at.pipeline, document=EVENTS.replace("10 minutes", "1 minute"), base=1, by=None)
    worse = at.start()
    at.until(worse, Status.RUNNING)
    back = at.ask("POST", f"savepoints/{point.pk}/rollback", status=201)
    made = Run.objects.get(pk=back["id"])
    assert (made.parameters, made.options, made.takes_over) == (point.parameters, point.options, True)
    at.speed_up(made)
    at.supervisor.tick()
    assert processes.running(at.home.run(made.pk)) is None, "the other one has not ended"
    at.until(made, Status.FINISHED)
    worse.refresh_from_db()
    assert worse.status == Status.STOPPED and worse.ended_at <= made.started_at
    at.pipeline.refresh_from_db()
    assert (at.pipeline.head.number, at.pipeline.head.document, made.revision) == (3, EVENTS, at.pipeline.head)
    assert at.ask("GET", f"runs/{made.pk}/state")["restored"]["verified"]
    assert answers(at.folder(made).state) == undisturbed
    listed = at.ask("GET", "savepoints?restore_point=true")["results"]
    assert [one["name"] for one in listed] == ["good"]


def test_begun_from_under_another_revision(at: Platform, undisturbed: list[str]) -> None:
    """What only changes what is written keeps its state; what changes what a state means takes consent."""
    run = at.start()
    at.until(run, Status.RUNNING, more=lambda: rows_in(run) > 1000)
    saved = at.save(run, name="half")
    at.ask("POST", f"runs/{run.pk}/stop")
    at.until(run, Status.STOPPED)
    longer, wider = EVENTS.replace("10 minutes", "20 minutes"), EVENTS.replace("rate:", "share: price, rate:")
    for number, document in enumerate((longer, wider), 2):
        save_document(pipeline=at.pipeline, document=document, base=number - 1, by=None)
    refused = at.api.post(f"savepoints/{saved.pk}/restore", {"revision": 2})
    assert (refused.status_code, refused.json()["code"]) == (409, "upgrade_refused")
    assert "counted" in refused.json()["message"] and Run.objects.count() == 1
    again = at.ask("POST", f"savepoints/{saved.pk}/restore", {"revision": 3, "options": {"rate": 1e6}}, 201)
    other = Run.objects.get(pk=again["id"])
    at.until(other, Status.FINISHED)
    made = [json.loads(line) for line in answers(at.folder(other).state)]
    assert len(made) == ROWS and any("share" in row for row in made) and any("share" not in row for row in made)
    seen = sorted((row["impression_id"], row["event"], row["seen"]) for row in made)
    assert seen == sorted((row["impression_id"], row["event"], row["seen"]) for row in map(json.loads, undisturbed))


def test_what_cannot_be(at: Platform) -> None:
    never = at.world.run(Status.CREATED, desired=Desired.STOPPED, observed_generation=1)
    assert at.api.post(f"runs/{at.world.run().pk}/rescale", {"shards": 0}).status_code == 400
    assert at.api.post(f"runs/{at.world.run(Status.FINISHED).pk}/rescale", {"shards": 2}).status_code == 409
    at.world.savepoint("taken")
    taken = at.api.post(f"runs/{at.world.run().pk}/savepoints", {"name": "taken"})
    assert (taken.status_code, taken.json()["code"]) == (409, "name_taken")
    making = at.world.savepoint("making", state="MAKING")
    for verb in ("restore", "rollback"):
        refused = at.api.post(f"savepoints/{making.pk}/{verb}", {})
        assert (refused.status_code, refused.json()["code"]) == (409, "savepoint_not_ready")
    assert at.api.delete(f"savepoints/{making.pk}").status_code == 204, "nobody makes it"
    assert at.api.post(f"runs/{never.pk}/savepoints", {"name": "../../etc"}).status_code == 400
    assert at.api.get(f"runs/{at.world.run().pk}/state/contents").status_code == 404
    empty = at.api.post(f"runs/{at.world.run().pk}/savepoints", {})
    assert at.api.delete(f"savepoints/{empty.json()['id']}").status_code == 409, "a worker is to make it"
    work = at.ask("GET", "work?kind=savepoint")["results"][0]
    make_savepoint(work["id"])
    failed = at.ask("GET", f"savepoints/{empty.json()['id']}")
    assert (failed["state"], failed["error"]["code"]) == ("FAILED", "no_checkpoint")
    assert str(at.home.path) not in json.dumps(failed["error"])


def test_folders_of_nothing_are_deleted(at: Platform) -> None:
    kept = at.world.savepoint()
    for name in (str(kept.key), "lost", ".lost.7.part"):
        at.home.savepoint(name).mkdir()
    stamp = at.home.savepoint("lost").stat().st_mtime
    assert delete_lost_savepoints(stamp + 10) == [], "they may be about to be"
    assert delete_lost_savepoints(stamp + 1000) == [".lost.7.part", "lost"]
    assert at.home.savepoint(kept.key).is_dir()
