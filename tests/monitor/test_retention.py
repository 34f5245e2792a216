"""What expires is deleted, what is needed stays."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from pytest_django import Settings

from porsche import processes
from porsche.home import Home
from porsche.ide import tasks
from porsche.ide.models import Pipeline, Project, Revision, Role, Run, RunEvent, SignInLink, Token, User, Work

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Settings) -> Home:
    """One of the test's own: what other tests left grows old, too."""
    settings.HOME = Home(tmp_path / "home")
    return settings.HOME


@pytest.fixture
def run() -> Run:
    project = Project.objects.create(slug="shop")
    pipeline = Pipeline.objects.create(project=project, slug="p")
    revision = Revision.objects.create(pipeline=pipeline, number=1, document="", digest="")
    return Run.objects.create(pipeline=pipeline, revision=revision)


def folder(home: Home, number: int, *, age: float) -> Path:
    """A run's folder that was last changed so many seconds ago."""
    made = home.run(number)
    (made / "state").mkdir(parents=True)
    (made / "log.jsonl").write_text("{}\n")
    os.utime(made, (time.time() - age, time.time() - age))
    return made


def test_folders_of_deleted_runs_are_deleted(run, home):
    kept, gone = folder(home, run.pk, age=10_000), folder(home, run.pk + 101, age=10_000)
    young, worked_in = folder(home, run.pk + 102, age=10), folder(home, run.pk + 103, age=10_000)
    processes.note(worked_in)
    os.utime(worked_in, (0, 0))
    assert tasks.delete_orphans(time.time()) == [run.pk + 101]
    assert (kept.exists(), gone.exists(), young.exists(), worked_in.exists()) == (True, False, True, True)


def test_what_has_expired_is_deleted(run, home):
    now = timezone.now()
    user = User.objects.create(username="ann")
    for name, expires in (("old", now - timedelta(hours=1)), ("new", now + timedelta(hours=1))):
        Session.objects.create(session_key=name, session_data="", expire_date=expires)
        SignInLink.objects.create(user=user, digest=name, expires_at=expires)
        Token.objects.create(user=user, name=name, digest=name, prefix=name, role=Role.VIEWER, expires_at=expires)
    Token.objects.create(user=user, name="for ever", digest="e", prefix="e", role=Role.VIEWER)
    for ended in (now - timedelta(days=31), now - timedelta(days=29), None):
        Work.objects.create(kind="check", task="t", project=run.pipeline.project, ended_at=ended)
    exports = home.folder("exports")
    for name, days in (("1.zip", 8), ("2.zip", 6)):
        (exports / name).write_bytes(b"")
        os.utime(exports / name, (time.time() - days * 86400,) * 2)
    tasks.retain()
    assert list(Session.objects.values_list("session_key", flat=True)) == ["new"]
    assert list(SignInLink.objects.values_list("digest", flat=True)) == ["new"]
    assert set(Token.objects.values_list("name", flat=True)) == {"new", "for ever"}
    assert Work.objects.count() == 2
    assert [file.name for file in exports.iterdir()] == ["2.zip"]

def test_the_newest_events_of_a_run_stay_however_old(run, monkeypatch):
    monkeypatch.setattr(tasks, "EVENTS_OF_A_RUN", 5)
    monkeypatch.setattr(tasks, "CHUNK", 3)
    numbers = [RunEvent.objects.create(run=run, kind="status").pk for _ in range(20)]
    RunEvent.objects.filter(pk__lte=numbers[17]).update(at=timezone.now() - timedelta(days=100))
    tasks.retain()
    assert list(RunEvent.objects.order_by("pk").values_list("pk", flat=True)) == numbers[15:]
