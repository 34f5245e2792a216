"""What sinks had sealed when the old program died comes to be seen once, whatever the new program calls them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.connectors import connector
from engine.connectors.base import Connector, Json
from engine.connectors.filesystem_sink import FilesystemSink
from engine.plan.nodes import TableSpec
from engine.runtime.job import Job
from engine.session import RunOptions, Session
from tests.engine.upgrade.corpus import TABLES
from tests.engine.upgrade.support import Crash, Scripted, Stage

TEXT = (TABLES["e"] + " CREATE TABLE o (id INT, v INT) WITH ('connector' = 'filesystem', 'format' = 'json', "
        "'path' = '{folder}/out'); CREATE VIEW chosen AS SELECT id, v FROM e WHERE v > 3; "
        "INSERT INTO o SELECT id, v FROM chosen;")


def run(text: str, stage: Stage, folder: Path, node: str) -> None:
    def choose(table: TableSpec) -> Connector:
        return Scripted(stage) if table.name == "e" else connector(table.option("connector"), None)

    def keep(job: Job) -> None:
        stage.job = job

    session = Session(folder=folder / "state", connectors=choose, nodes={"o": node, "chosen": "chosen"})
    for _ in session.script(text.replace("{folder}", str(folder))):
        pass
    session.run(RunOptions(checkpoint_interval=1e9, batch_rows=50, on_job=keep))


@pytest.mark.parametrize("node", ["o", "renamed"])
def test_a_sealed_epoch_is_applied_once(node: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process dies when the checkpoint counts and its rows are not visible yet; the filter changes, too."""
    def die(self: FilesystemSink, sealed: Json) -> None:
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(FilesystemSink, "apply", die)
        with pytest.raises(Crash):
            run(TEXT, Stage(), tmp_path, "o")
    assert not list((tmp_path / "out").glob("part-*"))
    run(TEXT.replace("v > 3", "v > 5"), Stage(middle=()), tmp_path, node)
    lines = [json.loads(line) for part in (tmp_path / "out").glob("part-*") for line in part.read_text().splitlines()]
    events = [(i, (i * 7) % 11) for i in range(48)]
    wanted = [(i, v) for i, v in events if v > (3 if i < 24 else 5)]
    assert sorted((line["id"], line["v"]) for line in lines) == wanted
