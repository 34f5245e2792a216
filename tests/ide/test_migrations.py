"""A database of the first version is brought up to date with what is in it: people, pipelines and runs go on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ide.platform import DOCUMENT

ROOT = Path(__file__).parents[2]
OLD = """
import json, sys
import django
django.setup()
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

call_command("migrate", "ide", "0001_initial", verbosity=0)
models = MigrationExecutor(connection).loader.project_state([("ide", "0001_initial")]).apps
def make(name, **values):
    return models.get_model("ide", name).objects.create(**values)
user = make("User", username="ann", is_active=True)
project = make("Project", slug="shop", title="The shop")
make("Membership", user=user, project=project, role="admin")
pipeline = make("Pipeline", slug="numbers", project=project, created_by=user, layout={"rows": [1, 2]})
revision = make("Revision", pipeline=pipeline, number=1, document=sys.stdin.read(), digest="0" * 64, author=user)
pipeline.head = revision
pipeline.save()
for status in ("FINISHED", "STOPPED"):
    run = make("Run", pipeline=pipeline, revision=revision, status=status, desired="STOPPED", generation=1,
               observed_generation=1, parameters={"count": "7"}, options={"shards": 2})
    make("RunEvent", run=run, kind="status", code=status, message="it was so")
"""
NEW = """
import json
import django
django.setup()
from porsche.first import migrate
from porsche.steps import JsonSteps
migrate(JsonSteps())
migrate(JsonSteps())
from porsche.ide.models import Membership, Pipeline, Run, User
from porsche.ide.selectors import runs
from porsche.ide.services.runs import start_run
from porsche.ide.services.savepoints import create_savepoint
user = User.objects.get(username="ann")
first, second = Run.objects.order_by("id")
told = runs.detail(second)
started = start_run(run=second, by=user)
kept = create_savepoint(run=first, name="later", by=user)
print(json.dumps({
    "role": Membership.objects.get().role, "document": Pipeline.objects.get().head.document,
    "layout": Pipeline.objects.get().layout, "statuses": [first.status, second.status],
    "parameters": told["parameters"], "options": told["options"], "events": [r.events.count() for r in (first, second)],
    "generation": started.generation, "savepoint": kept.name}))
"""


def python(home: Path, code: str, text: str = "") -> str:
    own = {name: value for name, value in os.environ.items() if not name.startswith("PORSCHE_")}
    environment = {**own, "PORSCHE_HOME": str(home), "DJANGO_SETTINGS_MODULE": "porsche.settings"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, input=text, capture_output=True, text=True,
                          timeout=120, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_an_old_database_goes_on(tmp_path: Path) -> None:
    python(tmp_path, OLD, DOCUMENT)
    assert json.loads(python(tmp_path, NEW).splitlines()[-1]) == {
        "role": "admin", "document": DOCUMENT, "layout": {"rows": [1, 2]}, "statuses": ["FINISHED", "STOPPED"],
        "parameters": {"count": "7"}, "options": {"shards": 2}, "events": [2, 2], "generation": 2, "savepoint": "later"}
