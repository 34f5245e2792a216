"""A platform that really runs, by its commands: the shop example, a restore point, a bad change, and back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from porsche.home import Home
from porsche.runners.savepoints import told
from tests.platform.running import ROOT, Up, porsche
from tests.runners.jobs import awaited

pytestmark = pytest.mark.slow
SHOP = ROOT / "examples" / "shop.yaml"


def command(up: Up, *arguments: str) -> Any:
    """The JSON answer of a command to the platform."""
    ended = porsche(*arguments, "--home", str(up.home.path), "--json")
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def newest_version(up: Up, run: int) -> int:
    found = up.get(f"models/shop.model?run={run}")["version"]
    return int(found["version"]) if found else 0


def test_there_and_back(home: Home, tmp_path: Path) -> None:
    """The document, state and model of then are back, and learning goes on from there. (How long that takes:
    `python -m benchmarks restore_point`.)"""
    with Up(home, "--example", str(SHOP), "--rate", "3000") as up:
        run = up.get("runs")["results"][0]["id"]
        up.until(run, "RUNNING")
        awaited(lambda: up.get(f"runs/{run}/state")["checkpoints"] and newest_version(up, run) > 2, 120, "a model")
        point = command(up, "restore-point", "create", "shop", "good")
        version = point["models"]["model[model]"]
        kept = told(home.savepoint(next((home.path / "savepoints").iterdir()).name))
        changed = tmp_path / "shop.yaml"
        text = SHOP.read_text("utf-8").replace("within: 10 minutes, features", "within: 5 minutes, features")
        changed.write_text(text, encoding="utf-8")
        assert newest_version(up, run) >= version
        command(up, "push", str(changed), "--force", "--home", str(home.path))
        back = command(up, "restore-point", "rollback", "shop@good", "--wait")
        state = up.get(f"runs/{back['id']}/state")
        assert (back["revision"], up.run(run)["status"]) == (3, "STOPPED")
        assert up.get(f"pipelines/{back['pipeline']['id']}/revisions/3")["document"] == SHOP.read_text("utf-8")
        assert (state["restored"]["verified"], state["restored"]["models"]) == (True, 1)
        assert state["restored"]["keys"] == sum(operator["keys"] for operator in kept["operators"]) > 100
        awaited(lambda: newest_version(up, back["id"]) > version, 120, "learning goes on")
        assert up.get(f"models/shop.model/versions?run={back['id']}")["versions"][0]["version"] == 1
