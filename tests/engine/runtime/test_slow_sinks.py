"""A sink whose `apply` takes long holds up checkpoints, not the job."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.changes import Batch
from engine.connectors import connector
from engine.connectors.arrow import python_values
from engine.connectors.base import Connector, Environment, Json, Sink, TableOptions
from engine.errors import UserError
from engine.session import RunOptions, Session

SQL = """
CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'datagen', 'number-of-rows' = '4000', 'fields.n.kind' = 'sequence',
    'fields.n.start' = '0', 'fields.n.end' = '3999');
CREATE TABLE kept (n BIGINT) WITH ('connector' = 'slow');
INSERT INTO kept SELECT n FROM numbers;
"""


class Slow(Sink):
    """Keeps what is applied; the first time it waits until it is let go."""

    slow = True

    def __init__(self, applied: dict[int, list[int]], before: Callable[[int], None]) -> None:
        self._applied, self._before = applied, before
        self._rows: list[int] = []

    def write(self, batch: Batch) -> None:
        self._rows += python_values(batch.columns[0])

    def seal(self, epoch: int) -> Json:
        rows, self._rows = self._rows, []
        return {"epoch": epoch, "rows": rows}

    def apply(self, sealed: Json) -> None:
        self._before(sealed["epoch"])
        self._applied[sealed["epoch"]] = sealed["rows"]


def session(folder: Path, applied: dict[int, list[int]], before: Callable[[int], None]) -> Session:
    class SlowTable(Connector):
        def sink(self, table: TableOptions, environment: Environment) -> Sink:
            return Slow(applied, before)

    made = Session(folder=folder, connectors=lambda table: (
        SlowTable() if table.option("connector") == "slow" else connector(table.option("connector"))))
    list(made.script(SQL))
    return made


def test_the_job_goes_on_while_an_epoch_is_applied(tmp_path: Path) -> None:
    go, applied, seen = threading.Event(), {}, []

    def before(epoch: int) -> None:
        if epoch == 1:
            assert go.wait(20)

    def on_status(status: dict[str, Any]) -> None:
        if status["epoch"] == 1 and not go.is_set():
            seen.append(status["rows_in"])
            if len(seen) == 2:
                go.set()

    result = session(tmp_path, applied, before).run(
        RunOptions(batch_rows=20, rate_limit=1000, checkpoint_interval=0.2, on_status=on_status))
    assert seen[1] - seen[0] > 300  # rows of the second in which nothing could be applied, nor another epoch begin
    assert sorted(n for rows in applied.values() for n in rows) == list(range(4000))
    assert list(applied) == sorted(applied) and result.rows_in == 4000


def test_a_failure_to_apply_ends_the_job_and_is_made_good_by_the_next(tmp_path: Path) -> None:
    applied: dict[int, list[int]] = {}

    def refuse(epoch: int) -> None:
        raise UserError("store_unavailable", "the store is away")

    with pytest.raises(UserError, match="the store is away"):
        session(tmp_path, applied, refuse).run(RunOptions(batch_rows=50, rate_limit=8000, checkpoint_interval=0.1))
    assert applied == {}
    session(tmp_path, applied, lambda epoch: None).run(RunOptions(batch_rows=500))
    assert sorted(n for rows in applied.values() for n in rows) == list(range(4000))
