"""A backup brings a platform back elsewhere: its people, its pipelines, and runs that go on where they were."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.errors import UserError
from porsche.backup import restore, verify
from porsche.home import Home
from porsche.steps import Steps
from tests.platform.running import Up, porsche
from tests.runners.jobs import EVENTS, awaited

pytestmark = pytest.mark.slow
ROWS = 6_000


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="porsche-backup-"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="module")
def backup(folder: Path) -> tuple[Home, Path, int]:
    """A home whose run was stopped on its way, its backup, and the rows that the run had read."""
    home = Home(folder / "first")
    example = folder / "events.yaml"
    example.write_text(EVENTS.replace("default: 2000", f"default: {ROWS}"), encoding="utf-8")
    file = folder / "porsche.tar.gz"
    with Up(home, "--example", str(example), "--rate", "2000") as up:
        awaited(lambda: (up.run(1).get("snapshot") or {"rows_in": 0})["rows_in"] > 1000, said="rows")
    made = porsche("backup", "create", str(file), "--home", str(home.path), "--json")
    assert made.returncode == 0, made.stderr
    told = json.loads(made.stdout)
    assert told["database"] and told["files"] > 5
    status = json.loads((home.run(1) / "state" / "status.json").read_text(encoding="utf-8"))
    return home, file, int(status["rows_in"])


def outcome(up: Up) -> dict[str, Any]:
    found = up.until(1, "FINISHED", "FAILED")
    assert found["status"] == "FINISHED", found["reason"]
    return found


def answers(home: Home) -> list[str]:
    parts = (home.run(1) / "state" / "answers").glob("*.json")
    return sorted(line for part in parts for line in part.read_text(encoding="utf-8").splitlines())


def test_it_goes_on_elsewhere(backup: tuple[Home, Path, int], folder: Path) -> None:
    first, file, read = backup
    other = Home(folder / "elsewhere" / "second")
    done = porsche("backup", "restore", str(file), "--home", str(other.path), "--json")
    assert done.returncode == 0, done.stderr
    with Up(first) as up:
        refused = porsche("backup", "create", str(folder / "none"), "--home", str(first.path), "--json")
        assert (refused.returncode, json.loads(refused.stderr)["code"]) == (1, "platform_running")
        assert not (folder / "none").exists()
        outcome(up)
    shutil.move(first.path, folder / "gone")  # nothing of it may be needed
    with Up(other) as up:
        found = outcome(up)
        assert found["outcome"]["rows_in"] == ROWS > read
        assert found["snapshot"]["attempts"] == 2
        assert [p["slug"] for p in up.get("pipelines")["results"]] == ["events"]
    assert answers(other) == answers(Home(folder / "gone"))


def test_only_its_owner_reads_it(backup: tuple[Home, Path, int]) -> None:
    assert backup[1].stat().st_mode & 0o077 == 0


def test_it_is_neither_overwritten_nor_restored_over(backup: tuple[Home, Path, int], folder: Path) -> None:
    _, file, _ = backup
    again = porsche("backup", "create", str(file), "--home", str(folder), "--json")
    assert json.loads(again.stderr)["code"] == "file_exists"
    with pytest.raises(UserError) as over:
        restore(file, Home(folder), Steps())
    assert over.value.code == "home_exists"


@pytest.mark.parametrize("where", [0.0, 0.01, 0.3, 0.99])
def test_a_damaged_one_is_refused(backup: tuple[Home, Path, int], folder: Path, where: float) -> None:
    damaged = folder / f"damaged-{where}.tar.gz"
    content = bytearray(backup[1].read_bytes())
    content[int(len(content) * where)] ^= 0x40
    damaged.write_bytes(content)
    target = folder / "never"
    for refuse in (verify, lambda file: restore(file, Home(target), Steps())):
        with pytest.raises(UserError) as refused:
            refuse(damaged)
        assert refused.value.code == "backup_damaged"
    assert not target.exists() and not list(folder.glob(".never*"))


def test_a_truncated_one_is_refused(backup: tuple[Home, Path, int], folder: Path) -> None:
    cut = folder / "cut.tar.gz"
    shutil.copy(backup[1], cut)
    os.truncate(cut, cut.stat().st_size // 2)
    for command in (("verify",), ("restore", "--home", str(folder / "never"))):
        refused = porsche("backup", command[0], str(cut), *command[1:], "--json")
        assert (refused.returncode, json.loads(refused.stderr)["code"]) == (1, "backup_damaged")
    assert not (folder / "never").exists()
