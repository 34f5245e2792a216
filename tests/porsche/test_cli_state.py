"""`porsche state` over folders of this machine, and what it says of a platform where nothing runs."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from porsche import processes
from porsche.ide.models import Desired, Status
from tests.ide import platform
from tests.platform.running import COMMAND, environment
from tests.porsche.commands import porsche
from tests.porsche.test_cli_platform import world
from tests.runners.jobs import EVENTS, answers, awaited

__all__ = ["world"]  # a fixture
ROWS = 20_000


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with events.yaml; a run of it was asked for a savepoint while it went on, then stopped with another one,
    then ran to its end."""
    base = tmp_path_factory.mktemp("events")
    (base / "events.yaml").write_text(EVENTS, encoding="utf-8")
    command = [*COMMAND, "run", "events.yaml", "--state", "kept", "--set", f"rows={ROWS}", "--rate", "400",
               "--batch-rows", "50", "--checkpoint-interval", "0.3"]
    process = subprocess.Popen(command, cwd=base, env=environment(), stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    try:
        awaited(lambda: (base / "kept" / "checkpoints").is_dir() and list(
            (base / "kept" / "checkpoints").glob("epoch-*.json")))
        saved = porsche(base, "state", "save", "kept", "running", "--to", "saved", "--json")
        assert saved.returncode == 0, saved.stderr
        assert processes.running(base / "kept") == process.pid, "the job goes on"
        ended = porsche(base, "stop", "--state", "kept", "--savepoint", "at-the-end", "--json")
        assert ended.returncode == 0, ended.stderr
        process.wait(60)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.wait()
    again = porsche(base, "run", "events.yaml", "--state", "kept", "--set", f"rows={ROWS}", "--json")
    assert again.json["rows_in"] == ROWS
    return base


def told(folder: Path, *arguments: str) -> Any:
    return porsche(folder, "state", *arguments, "--json").json


def test_savepoints_of_a_run_that_goes_on_and_of_one_that_stops(stopped: Path) -> None:
    first, second = (json.loads((stopped / name / "manifest.json").read_text("utf-8")) for name in (
        "saved", "at-the-end"))
    rows = [manifest["sources"][0]["rows"] for manifest in (first, second)]
    assert 0 < rows[0] <= rows[1] < ROWS
    assert [manifest["name"] for manifest in (first, second)] == ["running", "at-the-end"]


def test_begun_from_it_ends_with_the_same_rows(stopped: Path, tmp_path: Path) -> None:
    made = porsche(stopped, "run", "events.yaml", "--state", str(tmp_path / "other"), "--set", f"rows={ROWS}",
                   "--shards", "2", "--restore", "saved", "--json")
    assert made.json["rows_in"] == ROWS
    assert answers(tmp_path / "other") == answers(stopped / "kept") and len(answers(tmp_path / "other")) == ROWS


def test_listed(stopped: Path) -> None:
    found = told(stopped, "list", "kept")["checkpoints"]
    assert found and found[0]["shards"] == 1 and found[0]["bytes"] > 1000
    assert [c["epoch"] for c in found] == sorted((c["epoch"] for c in found), reverse=True)
    assert porsche(stopped, "state", "list", "kept").stdout.split()[:3] == ["CHECKPOINT", "AGE", "SIZE"]
    assert told(stopped, "list", "saved")["name"] == "running"


def test_inspected(stopped: Path) -> None:
    found = told(stopped, "inspect", "kept", "-n", "3")
    counted = next(o for o in found["operators"] if o["nodes"] == ["counted"] and o["keys"])
    state = counted["states"][0]
    assert state["columns"][0] == ["user_id", "BIGINT"]
    assert len(state["sample"]) == min(3, counted["keys"]) and all(isinstance(row[0], int) for row in state["sample"])
    text = porsche(stopped, "state", "inspect", "saved", "--operator", "counted", "-n", "2").stdout
    assert "savepoint running" in text and "user_id" in text and "counted" in text
    wrong = porsche(stopped, "state", "inspect", "saved", "--operator", "nothing", "--json")
    assert wrong.error["code"] == "no_operator" and "counted" in wrong.error["hint"]


def test_compared(stopped: Path) -> None:
    same = told(stopped, "diff", "saved", "saved")
    assert same["equal"] and all(s["added"] == s["changed"] == 0 for o in same["operators"] for s in o["states"])
    later = told(stopped, "diff", "saved", "kept", "-n", "1")
    counted = next(o for o in later["operators"] if o["nodes"] == ["counted"])["states"][0]
    assert not later["equal"] and counted["changed"] + counted["added"] > 0
    assert len(counted["rows"]["changed"]["sample"]) <= 1
    assert "counted" in porsche(stopped, "state", "diff", "saved", "kept").stdout


def test_deleted(stopped: Path, tmp_path: Path) -> None:
    assert porsche(stopped, "state", "save", "kept", "--to", str(tmp_path / "copy")).returncode == 0
    assert told(tmp_path, "delete", "./copy") == {"deleted": "copy"}
    assert not (tmp_path / "copy").exists()
    assert porsche(stopped, "state", "delete", "kept", "--json").error["code"] == "no_savepoint"
    assert (stopped / "kept" / "checkpoints").is_dir(), "only savepoints are deleted"


@pytest.mark.parametrize(("arguments", "code"), [
    (("inspect", "./nowhere"), "no_state"),
    (("inspect", "kept@999999"), "no_state"),
    (("diff", "kept", "shop"), "bad_option"),
    (("restore", "saved"), "bad_option"),
])
def test_what_is_not_there(stopped: Path, arguments: tuple[str, ...], code: str) -> None:
    assert porsche(stopped, "state", *arguments, "--json").error["code"] == code


def test_names_on_a_platform(world: platform.World, tmp_path: Path) -> None:
    run = world.run(Status.STOPPED, desired=Desired.STOPPED)
    kept = world.savepoint("kept", run=run, epoch=7, contents={"operators": [], "models": {"m": {"version": 3}}})
    world.savepoint("point", restore_point=True, parameters={"count": "5"})
    listed = porsche(tmp_path, "state", "list", "--json").json
    assert [(s["name"], s["restore_point"]) for s in listed] == [("point", True), ("kept", False)]
    assert [s["name"] for s in porsche(tmp_path, "restore-point", "list", "numbers", "--json").json] == ["point"]
    shown = porsche(tmp_path, "restore-point", "show", "numbers@point").stdout
    assert "shop/numbers@point" in shown and "count=5" in shown
    assert porsche(tmp_path, "state", "list", str(run.pk), "--json").json["savepoints"][0]["models"] == {"m": 3}
    unknown = porsche(tmp_path, "state", "restore", "numbers@other", "--json").error
    assert unknown["code"] == "no_savepoint" and "point, kept" in unknown["hint"]
    assert porsche(tmp_path, "state", "restore", "numbers@7", "--json").error["code"] == "no_savepoint"
    started = porsche(tmp_path, "state", "restore", "numbers@kept", "--shards", "2", "--json").json
    assert (started["options"], started["parameters"]) == ({"shards": 2}, {})
    assert porsche(tmp_path, "state", "delete", "numbers@kept", "--json").error["code"] == "savepoint_in_use"
    assert porsche(tmp_path, "state", "delete", "numbers@point", "--json").json == {"deleted": "point"}
    back = porsche(tmp_path, "restore-point", "rollback", "numbers@kept", "--json").json
    assert (back["status"], back["revision"]) == ("CREATED", 1)
    assert porsche(tmp_path, "rescale", str(back["id"]), "--shards", "4", "--json").json["options"] == {"shards": 4}
    assert kept.restored.count() == 2
