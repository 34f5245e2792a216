"""Checkpoints elsewhere than in the job's folder."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

import pytest

from engine.connectors.base import Access
from engine.errors import UserError
from engine.runtime.places import allowed
from engine.session import RunOptions, Session
from engine.state.checkpoints import read_checkpoint
from tests.engine.runtime.faults import BARRIER, CRASH, Script, attempt

QUERY = """{setting}
CREATE TABLE e (a INT, b STRING) WITH ('connector' = 'scripted');
CREATE TABLE res (a INT, b STRING) WITH ('connector' = 'filesystem', 'path' = '{out}', 'format' = 'json');
INSERT INTO res SELECT a, b FROM e;
"""
DIR = "SET 'execution.checkpointing.dir' = '{}';"


def _rows(folder: Path) -> list[int]:
    lines = [line for path in folder.rglob("*") if path.is_file() for line in path.read_text().splitlines()]
    return sorted(json.loads(line)["a"] for line in lines)


@pytest.fixture(params=["memory://", "file://", ""])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"{request.param}{tmp_path}/far-{secrets.token_hex(4)}"


def _noted(state: Path) -> str:
    return str(json.loads((state / "checkpoints" / "elsewhere.json").read_text())["place"])


def test_a_job_goes_on_from_there_and_starts_anew_when_it_was_finished(tmp_path: Path, place: str) -> None:
    script = Script({"e": [(1, "x"), BARRIER, (2, "x"), CRASH, (3, "y")]})
    text, state = QUERY.format(setting=DIR.format(place), out=tmp_path / "out"), tmp_path / "state"
    assert attempt(text, script, state, RunOptions()) is None
    first = _noted(state)
    assert not list(state.rglob("epoch-*"))
    found = read_checkpoint(first)
    assert found is not None
    assert found.epoch == 1
    result = attempt(text, script, state, RunOptions())
    assert result is not None
    assert (result.rows_in, result.attempts) == (3, 2)
    assert _rows(tmp_path / "out") == [1, 2, 3]
    assert attempt(text, script, state, RunOptions()) is not None
    assert _noted(state) != first
    assert read_checkpoint(first) is None
    assert _rows(tmp_path / "out") == [1, 1, 2, 2, 3, 3]


def test_two_jobs_of_one_name_do_not_meet(tmp_path: Path, place: str) -> None:
    text = QUERY.format(setting=DIR.format(place), out=tmp_path / "out")
    for name in ("a", "b"):
        assert attempt(text, Script({"e": [(1, "x")]}), tmp_path / name, RunOptions()) is not None
    assert _noted(tmp_path / "a") != _noted(tmp_path / "b")


@pytest.mark.parametrize(("before", "after"), [("", DIR), (DIR, "")])
def test_a_job_whose_checkpoints_are_not_where_they_were_is_refused(tmp_path: Path, before: str, after: str) -> None:
    script = Script({"e": [(1, "x"), BARRIER, (2, "x"), CRASH, (3, "y")]})
    texts = [QUERY.format(setting=s.format(tmp_path / "far"), out=tmp_path / "out") for s in (before, after)]
    assert attempt(texts[0], script, tmp_path / "state", RunOptions()) is None
    with pytest.raises(UserError) as caught:
        attempt(texts[1], script, tmp_path / "state", RunOptions())
    assert caught.value.code == "checkpoint_place"
    assert attempt(texts[0], script, tmp_path / "state", RunOptions()) is not None
    assert _rows(tmp_path / "out") == [1, 2, 3]


def test_the_environment_says_where(tmp_path: Path) -> None:
    limits = Access(paths=(str(tmp_path / "in"), "s3://ours/states/"))
    assert allowed(Access(), "s3://any/thing/") == "s3://any/thing"
    assert allowed(limits, "s3://ours/states/of/me") == "s3://ours/states/of/me"
    assert allowed(limits, f"file://{tmp_path}/in/x") == f"{tmp_path}/in/x"
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link").symlink_to(tmp_path)
    for outside in ("s3://ours/statesmen", "s3://ours/states/../x", "s3://other/states", "memory://states",
                    f"{tmp_path}/out", f"file://{tmp_path}/in/../out", f"{tmp_path}/in/link/out"):
        with pytest.raises(UserError) as caught:
            allowed(limits, outside)
        assert caught.value.code == "path_not_allowed"


@pytest.mark.parametrize("address", ["s3://key:secret@bucket/x", "simplecache::s3://bucket/x", "nosuch://bucket/x"])
def test_an_address_that_is_none(tmp_path: Path, address: str) -> None:
    text = QUERY.format(setting=DIR.format(address), out=tmp_path / "out")
    with pytest.raises(UserError) as caught:
        attempt(text, Script({"e": [(1, "x")]}), tmp_path / "state", RunOptions())
    assert caught.value.code == "bad_option"
    assert "secret" not in str(caught.value)


def test_sql_does_not_leave_the_environment(tmp_path: Path) -> None:
    session = Session(folder=tmp_path / "state", access=Access(paths=(str(tmp_path / "in"),)))
    values = "CREATE TABLE t (a INT) WITH ('connector' = 'blackhole'); INSERT INTO t VALUES (1);"
    list(session.script(DIR.format(tmp_path / "elsewhere") + values))
    with pytest.raises(UserError) as caught:
        session.run()
    assert caught.value.code == "path_not_allowed"
    assert not (tmp_path / "elsewhere").exists()
