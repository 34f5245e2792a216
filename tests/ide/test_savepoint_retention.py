"""Savepoints that nobody named go when there are newer ones; named ones and restore points stay."""

from __future__ import annotations

import pytest
from django.conf import settings

from porsche.ide.models import Desired, RunEvent, Savepoint, Status, Work
from porsche.ide.services.savepoints import create_savepoint, retain_savepoints
from porsche.ide.tasks import retain
from tests.ide.platform import World

KEPT = 3


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "SAVEPOINTS", KEPT)


def names() -> set[str]:
    return set(Savepoint.objects.values_list("name", flat=True))


def test_the_newest_unnamed_are_kept(world: World, django_capture_on_commit_callbacks) -> None:
    run = world.run()
    facts = {"run": run, "named": False}
    made = [world.savepoint(f"run-1-{n}", **facts) for n in range(5)]
    folders = [settings.HOME.savepoint(savepoint.key) for savepoint in made]
    for folder in folders:
        folder.mkdir(parents=True)
    world.savepoint("mine", run=run)
    world.savepoint("good", run=run, named=False, restore_point=True)
    with django_capture_on_commit_callbacks(execute=True):
        retain()
    assert names() == {"run-1-2", "run-1-3", "run-1-4", "mine", "good"}
    assert [folder.exists() for folder in folders] == [False, False, True, True, True]
    told = RunEvent.objects.filter(run=run, code="savepoint_expired").values_list("message", flat=True)
    why = "has gone: of those without a name of their own the newest 3 are kept"
    assert sorted(told) == [f"the savepoint 'run-1-{n}' {why}" for n in (0, 1)]
    assert retain_savepoints() == []
    for folder in folders[2:]:
        folder.rmdir()


def test_what_is_needed_or_being_made_stays(world: World) -> None:
    first = world.savepoint("run-1-0", named=False)
    world.savepoint("run-1-1", named=False, state=Savepoint.State.MAKING)
    for n in range(2, 6):
        world.savepoint(f"run-1-{n}", named=False)
    begins = world.run(Status.CREATED, desired=Desired.RUNNING, restored_from=first)
    assert retain_savepoints() == ["run-1-2"]
    begins.delete()
    assert retain_savepoints() == ["run-1-0"]


def test_each_pipeline_has_its_own(world: World) -> None:
    other = world.project.pipelines.create(slug="others", title="Others")
    for n in range(KEPT):
        world.savepoint(f"run-1-{n}", named=False)
        Savepoint.objects.create(pipeline=other, name=f"run-2-{n}", named=False, environment="dev",
                                 state=Savepoint.State.READY, revision=world.pipeline.head)
    assert retain_savepoints() == []


@pytest.mark.parametrize(("name", "named"), [("", False), ("mine", True)])
def test_who_gives_a_name_means_it(world: World, name: str, named: bool) -> None:
    made = create_savepoint(run=world.run(), name=name, by=None)
    assert (made.named, bool(made.name)) == (named, True)
    assert Work.objects.filter(kind="savepoint").exists()
