"""A job that cannot go on says whose fault it was: the node whose expression failed, the rows, the values."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.changes import Batch
from engine.errors import InternalError, UserError
from engine.operators.calc import Calc
from engine.session import RunOptions
from tests.engine.runtime.faults import Script, build

OPTIONS = RunOptions(batch_rows=10, checkpoint_interval=1e9)
TABLES = """
CREATE TABLE e (n INT, s STRING) WITH ('connector' = 'scripted');
CREATE TABLE o (n INT) WITH ('connector' = 'blackhole');
"""
GUARDED = """
CREATE VIEW a AS SELECT n, s, {a} AS x FROM e WHERE {where};
CREATE VIEW b AS SELECT n, {b} AS y FROM a WHERE {b_where};
INSERT INTO o SELECT {c} FROM b;
"""


def failure(folder: Path, shards: int = 1, **parts: str) -> UserError:
    """How a job over three views fails; rows are 0 .. 24, with s = 'w12' in row 12, else a number."""
    given = {"a": "n", "b": "x", "c": "y", "where": "TRUE", "b_where": "TRUE"} | parts
    script = Script({"e": [(i, "w12" if i == 12 else str(i)) for i in range(25)]})
    session = build(TABLES + GUARDED.format(**given), script, folder / "state")
    session._nodes.update(a="a", b="b", o="c", e="e")
    with pytest.raises(UserError) as caught:
        session.run(replace(OPTIONS, shards=shards))
    return caught.value


@pytest.mark.parametrize("shards", [1, 2])
@pytest.mark.parametrize(("parts", "node", "values"), [
    ({"a": "100 / (n - 17)"}, "a", ["17"]),
    ({"b": "100 / (x - 17)"}, "b", ["17"]),
    ({"c": "100 / (y - 17)"}, "c", ["17"]),
    ({"a": "100 / (n - 17)", "b": "x + 1", "c": "y + 1"}, "a", ["17"]),
    ({"where": "100 / (n - 17) < 1000"}, "a", ["17"]),
    ({"b_where": "100 / (x - 17) < 1000"}, "b", ["17"]),
    ({"where": "n <> 17", "b": "100 / (x - 17) + 100 / (n - 18)"}, "b", ["18"]),
], ids=str)
def test_division_by_zero(tmp_path: Path, shards: int, parts: dict[str, str], node: str, values: list[str]) -> None:
    error = failure(tmp_path, shards, **parts)
    assert error.node == node
    assert error.record == {"source": "Source[e]", "first": 11, "last": 20, "values": values}
    assert error.as_dict()["record"] == error.record


@pytest.mark.parametrize("view", ["a", "b"])
def test_a_cast_that_does_not_fit(tmp_path: Path, view: str) -> None:
    parts = {"a": "CAST(s AS INT)"} if view == "a" else {"a": "s", "b": "CAST(x AS INT)"}
    error = failure(tmp_path, **parts)
    assert error.node == view
    assert error.record is not None and error.record["values"] == ["w12"]


def test_our_own_fault_names_the_node_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Calc, batch: Batch, port: int) -> None:
        raise InternalError("an invariant")

    monkeypatch.setattr(Calc, "process", broken)
    script = Script({"e": [(1, "1")]})
    session = build(TABLES + "CREATE VIEW a AS SELECT n + 1 AS n FROM e; INSERT INTO o SELECT n FROM a;", script,
                    tmp_path / "state")
    session._nodes["a"] = "a"
    with pytest.raises(InternalError) as caught:
        session.run(OPTIONS)
    assert caught.value.node == "a"
