"""Commands on this machine's platform while nothing runs: the application works in the command's own process."""

from __future__ import annotations

import json
import logging
import os
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from porsche.ide.models import Desired, Pipeline, Revision, Run, Status, Token
from porsche.ide.services.people import ensure_first_user
from porsche.ide.services.pipelines import create_pipeline, save_document
from porsche.runners.folder import RunFolder
from tests.ide import platform
from tests.porsche.commands import porsche
from tests.serving.conftest import shop, trained

__all__ = ["shop", "trained"]  # fixtures


@pytest.fixture
def world(db: None) -> Any:
    (settings.HOME.path / "db.sqlite3").touch()  # the tests' database is another file; this says that there is one
    made = platform.make()
    for signal in (request_started, request_finished):  # as Django's test client does: the transaction is the test's
        signal.disconnect(close_old_connections)
    yield made
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)
    for place in ("local.token", "db.sqlite3"):
        (settings.HOME.path / place).unlink(missing_ok=True)


# ---- pipelines and runs ----------------------------------------------------------------------------------------------


def test_list(world: platform.World, tmp_path: Path) -> None:
    ended, working = world.run(Status.FINISHED), world.run(Status.RUNNING)
    listed = porsche(tmp_path, "list", "--json").json
    assert [(p["slug"], p["revision"], p["run"]["id"]) for p in listed] == [("numbers", 1, working.pk)]
    shown = porsche(tmp_path, "list").stdout.splitlines()
    assert shown[0].split() == ["PIPELINE", "REVISION", "RUN", "STATUS", "SINCE", "ROWS/S", "TITLE"]
    assert shown[1].startswith(f"shop/numbers  1         {working.pk} ")
    runs = porsche(tmp_path, "list", "--runs", "--json").json
    assert [run["id"] for run in runs] == [working.pk, ended.pk]
    assert [run["id"] for run in porsche(tmp_path, "list", "--active", "--json").json] == [working.pk]
    finished = porsche(tmp_path, "list", "--status", "finished", "--pipeline", "shop/numbers", "--json").json
    assert [run["id"] for run in finished] == [ended.pk]
    assert porsche(tmp_path, "list", "--project", "other", "--json").json == []
    assert len(porsche(tmp_path, "list", "--runs", "-n", "1", "--json").json) == 1


def test_lists_come_in_pages(world: platform.World, tmp_path: Path) -> None:
    Run.objects.bulk_create(Run(pipeline=world.pipeline, revision=world.pipeline.head, status=Status.FINISHED,
                                desired=Desired.STOPPED, observed_generation=1) for _ in range(203))
    found = porsche(tmp_path, "list", "--runs", "-n", "202", "--json").json
    assert len({run["id"] for run in found}) == len(found) == 202


def test_start_begins_a_run(world: platform.World, tmp_path: Path) -> None:
    begun = porsche(tmp_path, "start", "numbers", "--set", "count=7", "--rate", "50", "--shards", "2", "--json")
    run = Run.objects.get()
    assert (begun.returncode, begun.json["id"], begun.json["status"]) == (0, run.pk, "CREATED")
    assert (run.parameters, run.options) == ({"count": "7"}, {"rate": 50.0, "shards": 2})
    assert run.created_by == ensure_first_user()
    again = porsche(tmp_path, "start", "numbers", "--json")
    assert (again.returncode, again.error["code"]) == (1, "run_active")
    beside = porsche(tmp_path, "start", "numbers", "--new")
    assert (beside.returncode, Run.objects.count()) == (0, 2)
    assert "no supervisor is at work (porsche up starts it)" in beside.stderr


def test_start_does_not_wait_for_nobody(world: platform.World, tmp_path: Path) -> None:
    waited = porsche(tmp_path, "start", "numbers", "--wait", "running")
    assert (waited.returncode, "porsche up starts it" in waited.stderr) == (1, True)


def test_start_lets_a_run_go_on(world: platform.World, tmp_path: Path) -> None:
    run = world.run(Status.STOPPED)
    Pipeline.objects.update(head=Revision.objects.create(pipeline=world.pipeline, number=2, document="", digest=""))
    resumed = porsche(tmp_path, "start", "numbers")
    assert resumed.stdout == f"shop/numbers: run {run.pk} (revision 1) is CREATED\n"
    assert "the pipeline is at revision 2: --new begins a run of it" in resumed.stderr
    run.refresh_from_db()
    assert (run.desired, run.generation, Run.objects.count()) == (Desired.RUNNING, 2, 1)


@pytest.mark.parametrize(("status", "options", "is_new"), [
    (Status.FAILED, (), False), (Status.FINISHED, (), True), (Status.STOPPED, ("--new",), True),
    (Status.STOPPED, ("--set", "count=3"), True),
])
def test_start_goes_on_or_begins(world: platform.World, tmp_path: Path, status: Status, options: tuple[str, ...],
                                 is_new: bool) -> None:
    run = world.run(status)
    started = porsche(tmp_path, "start", "shop/numbers", *options, "--json").json
    assert (started["id"] != run.pk) is is_new


def test_start_by_number(world: platform.World, tmp_path: Path) -> None:
    run = world.run(Status.STOPPED)
    for option in ("--rate=5", "--new"):
        assert porsche(tmp_path, "start", str(run.pk), option, "--json").error["code"] == "bad_option"
    assert porsche(tmp_path, "start", str(run.pk), "--json").json["desired"] == "RUNNING"
    assert porsche(tmp_path, "start", str(run.pk), "--json").error["code"] == "run_active"


def test_stop(world: platform.World, tmp_path: Path) -> None:
    run = world.run(Status.RUNNING)
    assert porsche(tmp_path, "stop", "numbers", "--json").json["desired"] == "STOPPED"
    run.refresh_from_db()
    assert run.desired == Desired.STOPPED
    other = world.run(Status.RUNNING)
    several = porsche(tmp_path, "stop", "numbers")
    assert f"several runs of 'numbers' are active: {other.pk}, {run.pk} (stop one by its number)" in several.stderr
    Run.objects.update(status=Status.FINISHED)
    assert porsche(tmp_path, "stop", "numbers", "--json").error["code"] == "no_run"
    assert porsche(tmp_path, "stop", str(run.pk), "--json").error["code"] == "run_not_active"
    assert porsche(tmp_path, "stop").returncode == porsche(tmp_path, "stop", "x", "--state", "y").returncode == 2


# ---- how they do -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("status", "code"), [(Status.FINISHED, 0), (Status.STOPPED, 0), (Status.FAILED, 1)])
def test_status_fails_with_a_run(world: platform.World, tmp_path: Path, status: Status, code: int) -> None:
    reason = {"code": "bad_row", "message": "row 7 has no price", "node": "rows", "hint": "mend it"}
    run = world.run(status, reason=reason if code else None, snapshot={
        "rows_in": 1234567, "rows_out": 5, "dead_letters": 1030, "dead_letters_dropped": 20,
        "nodes": {"kept": {"rows_in": 1000, "rows_out": 5, "late": 2}}})
    one = porsche(tmp_path, "status", str(run.pk))
    assert (one.returncode, porsche(tmp_path, "status").returncode) == (code, code)
    assert f"shop/numbers: run {run.pk} (revision 1) {status}" in one.stdout
    assert "1,234,567 rows in, 5 out" in one.stdout
    assert "1,030 rows (dead letters); the oldest 20 are not kept" in one.stdout
    assert re.search(r"kept +1,000 +5 +2 +-", one.stdout)
    assert ("rows: row 7 has no price" in one.stdout) is bool(code)
    assert porsche(tmp_path, "status", "numbers", "--json").json["status"] == status
    assert porsche(tmp_path, "status", str(run.pk), "--watch", "--json").json["id"] == run.pk


def test_what_failed_before_fails_no_more(world: platform.World, tmp_path: Path) -> None:
    """A pipeline whose newest run does well is well."""
    world.run(Status.FAILED)
    newest = world.run(Status.FINISHED)
    shown = porsche(tmp_path, "status", "--json")
    assert (shown.returncode, [run["id"] for run in shown.json]) == (0, [newest.pk])


def test_status_of_nothing(world: platform.World, tmp_path: Path) -> None:
    assert porsche(tmp_path, "status", "--json").json == []
    never = porsche(tmp_path, "status", "numbers")
    assert (never.returncode, "has never run (porsche start numbers starts it)" in never.stderr) == (1, True)


def write_log(run: Run) -> None:
    place = RunFolder(settings.HOME.run(run.pk)).log
    place.parent.mkdir(parents=True)
    lines = [{"at": 1_700_000_000.5 + n, "level": level, "logger": "engine", "message": message, "node": node,
              "attempt": 1} for n, (level, message, node) in enumerate([
                  ("DEBUG", "quiet", None), ("INFO", "begins", None),
                  ("WARNING", "late\x1b[2J row", "kept"), ("ERROR", "ends", None)])]
    place.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def test_logs(world: platform.World, tmp_path: Path) -> None:
    run = world.run(Status.FINISHED)
    write_log(run)
    shown = porsche(tmp_path, "logs", "numbers").stdout
    assert [line.split(" ", 2)[2].split()[0] for line in shown.splitlines()] == ["INFO", "WARNING", "ERROR"]
    assert "[kept] late\\x1b[2J row" in shown  # what would clear the screen is shown instead
    assert "\x1b" not in shown
    told = porsche(tmp_path, "logs", str(run.pk), "--level", "warning", "--json").json
    assert [line["message"] for line in told] == ["late\x1b[2J row", "ends"]
    assert porsche(tmp_path, "logs", "numbers", "-n", "1", "-f").stdout.split()[-1] == "ends"
    followed = porsche(tmp_path, "logs", "numbers", "-f", "--level", "debug", "--json").stdout.splitlines()
    assert [json.loads(line)["message"] for line in followed] == ["quiet", "begins", "late\x1b[2J row", "ends"]


# ---- models and predictions ------------------------------------------------------------------------------------------


def test_models_and_predictions(shop: Run, tmp_path: Path) -> None:
    (model,) = porsche(tmp_path, "models", "--json").json
    name = model["name"]
    assert (name, model["run"]) == ("shop.model", shop.pk)
    assert name in porsche(tmp_path, "models").stdout
    versions = porsche(tmp_path, "models", name, "--versions", "--json").json
    assert versions[-1] == model["version"]
    weights = porsche(tmp_path, "models", name, "--weights", "-n", "5", "--json").json
    sizes = [abs(weight["weight"]) for weight in weights]
    assert (len(sizes), sizes) == (5, sorted(sizes, reverse=True))
    detail = porsche(tmp_path, "models", name, "--json").json
    first = {i["name"]: "x" if "STRING" in i["type"] else "2026-01-05T12:00:00" if "TIME" in i["type"] else 7
             for i in detail["inputs"] if i["used"]}
    row = json.dumps(first)
    by_row = porsche(tmp_path, "predict", name, "--row", row, "--json").json
    keys = [word for key, value in first.items() for word in ("--key", f"{key}={value}")]
    assert porsche(tmp_path, "predict", name, *keys, "--json").json["predictions"] == by_row["predictions"]
    assert 0 < by_row["predictions"][0]["p"] < 1
    (tmp_path / "rows.jsonl").write_text(f"{row}\n\n" * 600, encoding="utf-8")
    many = porsche(tmp_path, "predict", name, "--file", "rows.jsonl", "--json").json  # more than one request takes
    assert [p["p"] for p in many["predictions"]] == [by_row["predictions"][0]["p"]] * 600
    piped = porsche(tmp_path, "predict", name, "--file", "-", "--version", "1", "--json", given=row).json
    assert piped["version"] == 1
    shown = porsche(tmp_path, "predict", name, "--row", row)
    assert f"{by_row['predictions'][0]['p']:.6f}" in shown.stdout


@pytest.mark.parametrize(("arguments", "said"), [
    (("models", "shop.nothing"), "there is no model 'shop.nothing'"),
    (("models", "../../session"), "there is no model '../../session'"),
    (("predict", "numbers.x", "--row", "{"), "--row: this is no JSON"),
    (("predict", "numbers.x", "--row", "[1]"), 'a row is an object (such as {"user_id": 7})'),
    (("predict", "numbers.x", "--row", "{}"), "there is no model"),
    (("status", "numbrs"), "there is no pipeline 'numbrs' (did you mean 'numbers'?)"),
    (("status", "99999"), "not found"),
    (("start", "numbers", "--set", "count"), "NAME=VALUE"),
    (("start", "numbers", "--set", "cuont=1"), "did you mean 'count'?"),
    (("verify", "numbers"), "has never run"),
    (("verify", "nowhere.yaml"), "there is no file nowhere.yaml"),
])
def test_errors_are_for_people(world: platform.World, tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    refused = porsche(tmp_path, *arguments)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr
    error = porsche(tmp_path, *arguments, "--json").error
    assert {"code", "message"} <= set(error)


# ---- verification ----------------------------------------------------------------------------------------------------


def test_verifications(world: platform.World, tmp_path: Path) -> None:
    run = world.run(Status.FINISHED)
    assert porsche(tmp_path, "verify", "numbers", "--last", "--json").error["code"] == "no_verification"
    asked = porsche(tmp_path, "verify", "numbers", "--no-wait", "--json")
    assert (asked.returncode, asked.json["run"], asked.json["equal"]) == (0, run.pk, None)
    assert porsche(tmp_path, "verify", "numbers", "--json").error["code"] == "check_under_way"
    assert porsche(tmp_path, "verify", "numbers", "--last", "--no-wait").stdout == "nothing is known yet\n"


# ---- documents -------------------------------------------------------------------------------------------------------


@pytest.fixture
def file(world: platform.World, tmp_path: Path) -> Path:
    assert porsche(tmp_path, "pull", "numbers").stdout == "numbers.yaml is revision 1 of shop/numbers\n"
    return tmp_path / "numbers.yaml"


def change(file: Path, text: str) -> None:
    file.write_text(file.read_text(encoding="utf-8").replace("n > 0", text), encoding="utf-8")


def test_pull_and_push(world: platform.World, file: Path) -> None:
    assert file.read_text(encoding="utf-8") == platform.DOCUMENT
    assert porsche(file.parent, "push", file.name).stdout == "shop/numbers has it already, as revision 1\n"
    change(file, "n > 1")
    pushed = porsche(file.parent, "push", file.name, "-m", "fewer", "--json").json
    assert (pushed["revision"], pushed["changed"], pushed["valid"]) == (2, True, True)
    newest = Revision.objects.get(number=2)
    assert (newest.document, newest.message) == (file.read_text(encoding="utf-8"), "fewer")
    first = porsche(file.parent, "pull", "shop/numbers", "--revision", "1", "-o", "-")
    assert first.stdout == platform.DOCUMENT


def test_push_is_refused_over_another_s_revision(world: platform.World, file: Path) -> None:
    theirs = platform.DOCUMENT.replace("n > 0", "n > 5")
    save_document(pipeline=world.pipeline, base=1, document=theirs, message="", by=world.people["editor"])
    change(file, "n > 1")
    refused = porsche(file.parent, "push", file.name)
    assert (refused.returncode, Revision.objects.count()) == (1, 2)
    assert "shop/numbers is at revision 2, and numbers.yaml rests on 1" in refused.stderr
    assert porsche(file.parent, "pull", "numbers", "--json").error["code"] == "changed"
    assert porsche(file.parent, "push", file.name, "--base", "2", "--json").json["revision"] == 3
    assert porsche(file.parent, "pull", "numbers", "--revision", "2").returncode == 0  # what it had is saved
    assert file.read_text(encoding="utf-8") == theirs


def test_push_of_a_file_that_was_not_pulled(world: platform.World, tmp_path: Path) -> None:
    (tmp_path / "numbers.yaml").write_text(platform.DOCUMENT.replace("n > 0", "n > 1"), encoding="utf-8")
    assert porsche(tmp_path, "push", "numbers.yaml", "--json").error["code"] == "unknown_base"
    assert porsche(tmp_path, "push", "numbers.yaml", "--force", "--json").json["revision"] == 2


def test_push_makes_a_pipeline(world: platform.World, tmp_path: Path) -> None:
    (tmp_path / "more.yaml").write_text(platform.DOCUMENT.replace("name: numbers", "name: more"), encoding="utf-8")
    several = porsche(tmp_path, "push", "more.yaml", "--json")
    assert several.error["code"] == "which_project"
    made = porsche(tmp_path, "push", "more.yaml", "--as", "shop/more")
    assert made.stdout == "shop/more was made, at revision 1\n"
    change(tmp_path / "more.yaml", "n > 1")
    assert porsche(tmp_path, "push", "more.yaml", "--json").json["revision"] == 2


def test_push_of_what_is_not_valid(world: platform.World, file: Path) -> None:
    change(file, "m > 0")
    refused = porsche(file.parent, "push", file.name)
    assert (refused.returncode, Revision.objects.count()) == (1, 1)
    assert "numbers.yaml: kept.condition, line 11: " in refused.stderr
    assert "columns are n" in refused.stderr
    draft = porsche(file.parent, "push", file.name, "--draft", "--json").json
    assert (draft["revision"], draft["valid"]) == (2, False)
    started = porsche(file.parent, "start", "numbers", "--json")
    assert (started.returncode, started.error["code"]) == (1, "invalid_document")


# ---- who asks --------------------------------------------------------------------------------------------------------


def test_tokens(world: platform.World, tmp_path: Path) -> None:
    made = porsche(tmp_path, "token", "create", "ci", "--role", "editor", "--project", "shop", "--days", "30")
    secret = made.stdout.strip()
    assert secret.startswith("psk_")
    assert secret not in made.stderr
    token = Token.objects.get(name="ci")
    assert (token.role, token.project) == ("editor", world.project)
    listed = porsche(tmp_path, "token", "list")
    assert "ci" in listed.stdout
    assert secret not in listed.stdout
    limited = porsche(tmp_path, "list", "--json", "--token", secret)
    assert [p["slug"] for p in limited.json] == ["numbers"]
    assert porsche(tmp_path, "token", "list", "--token", secret, "--json").error["code"] == "forbidden"
    assert porsche(tmp_path, "token", "revoke", str(token.pk), "--json").json == {"id": token.pk, "revoked": True}
    dead = porsche(tmp_path, "list", "--token", secret, "--json")
    assert (dead.returncode, dead.error["code"]) == (1, "unauthenticated")


def test_the_token_of_this_machine(world: platform.World, tmp_path: Path) -> None:
    place = settings.HOME.path / "local.token"
    assert porsche(tmp_path, "list").returncode == 0
    secret = place.read_text(encoding="ascii")
    assert place.stat().st_mode & 0o777 == 0o600
    assert porsche(tmp_path, "list").returncode == 0
    assert place.read_text(encoding="ascii") == secret
    Token.objects.all().delete()  # such as by a database that was set up anew
    assert porsche(tmp_path, "list").returncode == 0
    assert place.read_text(encoding="ascii") != secret


def test_a_role_that_is_not_enough(world: platform.World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = porsche(tmp_path, "token", "create", "reader").stdout.strip()
    monkeypatch.setenv("PORSCHE_TOKEN", made)
    refused = porsche(tmp_path, "start", "numbers")
    assert "this needs the role operator; yours is viewer" in refused.stderr
    assert (refused.returncode, Run.objects.count()) == (1, 0)
    assert made not in refused.stderr


def test_names_of_several_projects(world: platform.World, tmp_path: Path) -> None:
    create_pipeline(project=world.other, slug="numbers", title="", document=platform.DOCUMENT, by=None)
    refused = porsche(tmp_path, "start", "numbers")
    assert "there are several pipelines 'numbers': " in refused.stderr
    assert porsche(tmp_path, "start", "other/numbers", "--json").json["pipeline"]["project"] == "other"


def test_logging_is_left_as_it_was(world: platform.World, tmp_path: Path) -> None:
    porsche(tmp_path, "status", "99999")
    assert logging.root.manager.disable == logging.NOTSET


def test_no_platform(tmp_path: Path) -> None:
    absent = porsche(tmp_path, "list", "--home", "nowhere", "--json")
    assert (absent.returncode, absent.error["code"]) == (1, "no_platform")
    assert os.listdir(tmp_path) == []
