"""`porsche upgrade-check`, and runs that go on with a changed document."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from porsche.compiler import compile_text
from porsche.runners import bundled
from tests.porsche.commands import porsche
from tests.porsche.test_cli_platform import world
from tests.runners.jobs import EVENTS, answers

__all__ = ["world"]  # a fixture
ROWS = 20_000
LONGER = EVENTS.replace("10 minutes", "20 minutes")


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the state of a run of events.yaml that was stopped on its way, and that document changed."""
    base = tmp_path_factory.mktemp("upgrades")
    compiled = compile_text(EVENTS, parameters={"rows": str(ROWS)}, state=str(base / "kept"))
    jobs: list[Any] = []
    outcome = bundled.run(compiled, base / "kept", bundled.Options(
        rate=4000, batch_rows=200, on_job=jobs.append,
        on_status=lambda status: jobs[-1].stop() if status["rows_in"] else None))
    assert outcome.stopped and 0 < outcome.rows_in < ROWS
    (base / "events.yaml").write_text(EVENTS, encoding="utf-8")
    (base / "longer.yaml").write_text(LONGER, encoding="utf-8")
    (base / "wrong.yaml").write_text(EVENTS.replace("user_id, time", "nobody, time"), encoding="utf-8")
    return base


def check(base: Path, *arguments: str, state: str = "kept") -> Any:
    return porsche(base, "upgrade-check", *arguments, "--from", state, "--set", f"rows={ROWS}")


def test_nothing_changed(stopped: Path) -> None:
    told = check(stopped, "events.yaml")
    assert (told.returncode, {line.split()[0] for line in told.stdout.splitlines()[1:]}) == (0, {"kept"})


def test_what_would_be_recomputed(stopped: Path) -> None:
    told = check(stopped, "longer.yaml")
    assert told.returncode == 1
    [line] = [line for line in told.stdout.splitlines() if "[counted]" in line]
    assert line.startswith("recomputed") and "its frame changed; made anew of " in line and "rows of shop" in line
    report = check(stopped, "longer.yaml", "--json").json
    assert (report["needs"], report["nodes"]["counted"]) == (["recomputed"], "recomputed")


def test_against_a_savepoint(stopped: Path) -> None:
    saved = porsche(stopped, "state", "save", "kept", "half", "--to", "half")
    assert saved.returncode == 0, saved.stderr
    assert check(stopped, "events.yaml", state="half").returncode == 0
    assert check(stopped, "longer.yaml", "--json", state="half").json["needs"] == ["recomputed"]


def test_a_run_goes_on_by_consent(stopped: Path, tmp_path: Path) -> None:
    """Also where the state is that of a savepoint."""
    porsche(stopped, "state", "save", "kept", "again", "--to", "again")
    shutil.copytree(stopped / "kept", tmp_path / "kept")
    for name in ("longer.yaml", "again"):
        (shutil.copytree if (stopped / name).is_dir() else shutil.copy)(stopped / name, tmp_path / name)
    run = ("run", "longer.yaml", "--set", f"rows={ROWS}", "--json", "--state")
    refused = porsche(tmp_path, *run, "kept")
    assert refused.returncode == 1
    assert "would be recomputed" in refused.stderr and "--allow recomputed" in refused.stderr
    assert porsche(tmp_path, *run, "kept", "--allow", "recomputed").json["rows_in"] == ROWS
    begun = porsche(tmp_path, *run, "begun", "--restore", "again", "--allow", "recomputed")
    assert begun.json["rows_in"] == ROWS
    assert porsche(tmp_path, *run, "scratch").json["rows_in"] == ROWS
    mine, scratch = answers(tmp_path / "begun"), set(answers(tmp_path / "scratch"))
    assert mine and set(mine) <= set(answers(tmp_path / "kept"))
    assert set(mine) - set(answers(stopped / "kept")) <= scratch


def test_what_is_wrong(stopped: Path, tmp_path: Path) -> None:
    assert check(stopped, "wrong.yaml").returncode == 1
    assert "nobody" in check(stopped, "wrong.yaml").stderr
    absent = porsche(stopped, "upgrade-check", "events.yaml", "--from", str(tmp_path), "--json")
    assert absent.error["code"] == "no_state"
    assert porsche(stopped, "upgrade-check", "events", "--from", "kept").returncode == 2
    assert porsche(stopped, "run", "events.yaml", "--allow", "everything").returncode == 2


@pytest.mark.django_db(transaction=True)
def test_on_a_platform(world: Any, stopped: Path) -> None:
    """A file against a run, a pipeline against its last one: neither has state here."""
    for arguments in (("events.yaml", "--run", str(world.run().pk)), ("numbers",)):
        assert porsche(stopped, "upgrade-check", *arguments, "--json").error["code"] in ("no_state", "no_run")
