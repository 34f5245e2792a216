"""A run whose database is locked by somebody else: tried again in place, told, stuck if it lasts, and whole in the
end."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from porsche.cli.watching import _retrying
from porsche.compiler import environment
from porsche.runners.folder import RunFolder, Spec, read
from porsche.runners.launch import launch
from porsche.runners.observe import State, observe
from tests.runners.jobs import EVENTS, awaited

ROWS = 24_000
DOCUMENT = EVENTS.replace("{id: answers, component: table_sink}", """{id: answers, component: table_sink, properties: {
    columns: [impression_id, event, seen],
    options: {connector: jdbc, url: "jdbc:sqlite:${base}", table-name: answers}}}""").replace(
        "parameters: {", "parameters: {base: {}, ")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[RunFolder]:
    """A run that has begun to write to a database, at 2,000 rows a second."""
    made = RunFolder(tmp_path / "runs" / "1")
    made.path.mkdir(parents=True)
    base = made.path / "base.db"
    with closing(sqlite3.connect(base)) as connection:
        connection.execute("CREATE TABLE answers (impression_id INTEGER, event TEXT, seen INTEGER)")
    access = environment("dev").allowed(str(made.path), str(tmp_path))
    spec = Spec(1, "key", 1, 1, DOCUMENT, parameters={"rows": str(ROWS), "base": str(base)}, access=access,
                options={"checkpoint_interval": 0.2, "rate": 2000})
    process = launch(made, spec)
    yield made
    process.kill()
    process.wait()


def status(folder: RunFolder) -> dict[str, Any]:
    return read(folder.state / "status.json") or {}


def count(folder: RunFolder) -> int:
    with closing(sqlite3.connect(folder.path / "base.db", timeout=20)) as connection:
        found: int = connection.execute("SELECT COUNT(*) FROM answers").fetchone()[0]
        return found


def test_a_database_that_is_locked_for_a_while(folder: RunFolder) -> None:
    awaited(lambda: (status(folder).get("checkpoint") or {}).get("epoch"))
    with closing(sqlite3.connect(folder.path / "base.db", isolation_level=None, timeout=20)) as other:
        other.execute("BEGIN IMMEDIATE")

        def retried() -> dict[str, Any] | None:
            found = status(folder)
            return found if found["sinks"][0]["retrying"] else None

        told = awaited(retried)
        assert "database is locked" in told["sinks"][0]["retrying"]["cause"]
        assert "database is locked (for" in (_retrying(told) or "")
        more = awaited(lambda: found if (found := status(folder))["rows_in"] > told["rows_in"] else None)
        assert more["epoch"] == told["epoch"], "rows go on, the next checkpoint waits"
        stuck = awaited(lambda: seen if (seen := observe(folder, time.time())).state is State.STUCK and "locked" in (
            seen.reason or {})["message"] else None)
        assert stuck.reason is not None and stuck.reason["node"] == "answers"
        other.execute("ROLLBACK")
    awaited(lambda: observe(folder, time.time()).state is State.FINISHED)
    assert status(folder)["attempts"] == 1, "it was never started again"
    assert count(folder) == status(folder)["rows_out"] == ROWS
