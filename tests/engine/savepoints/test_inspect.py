"""What is told of state: keys and rows as SQL values under their columns' names, what differs, and what goes along."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.errors import UserError
from engine.learners.store import ModelStore
from engine.savepoints.inspect import checkpoints, diff, inspect
from engine.savepoints.make import make
from engine.savepoints.manifest import open_savepoint
from engine.session import RunOptions
from tests.engine.runtime.faults import BARRIER, CRASH, Item, Script, attempt
from tests.engine.savepoints import jobs

TABLES = """
CREATE TABLE e (word STRING, k INT, price DECIMAL(10, 2), ts TIMESTAMP(3), WATERMARK FOR ts AS ts)
    WITH ('connector' = 'scripted');
CREATE TABLE totals (word STRING, n BIGINT, spent DECIMAL(38, 2), best DECIMAL(10, 2)) WITH ('connector' = 'metrics');
CREATE TABLE kept (k INT, word STRING, place BIGINT) WITH ('connector' = 'metrics');
EXECUTE STATEMENT SET BEGIN
INSERT INTO totals SELECT word, COUNT(*), SUM(price), MAX(price) FROM e GROUP BY word;
INSERT INTO kept SELECT k, word, place FROM (
    SELECT k, word, ROW_NUMBER() OVER (PARTITION BY k ORDER BY price DESC) AS place FROM e) WHERE place <= 2;
END;
"""
AT = datetime(2024, 3, 1)
FIRST: list[Item] = [("a", 1, "1.50", AT), ("longer than twelve bytes", 2, "2.25", AT), (None, 1, "3.00", AT)]
SECOND: list[Item] = [("a", 2, "4.00", AT), ("b", 3, "5.00", AT)]


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint after each three and five rows."""
    folder = tmp_path_factory.mktemp("state")
    rows: list[Item] = [(r[0], r[1], Decimal(str(r[2])), r[3]) for r in (*FIRST, *SECOND)]
    script = Script({"e": [*rows[:3], BARRIER, *rows[3:], BARRIER, CRASH]})
    assert attempt(TABLES, script, folder, RunOptions(shards=2, checkpoint_interval=1e9)) is None
    return folder


def operator(found: dict[str, Any], kind: str) -> dict[str, Any]:
    chosen: list[dict[str, Any]] = [o for o in found["operators"] if o["kind"] == kind]
    assert len(chosen) == 1, found["operators"]
    return chosen[0]


def test_checkpoints_are_listed(state: Path, tmp_path: Path) -> None:
    found = checkpoints(state)
    assert [(c["epoch"], c["shards"]) for c in found] == [(2, 2), (1, 2)]
    assert all(c["bytes"] > 0 and c["at"] > 1e9 for c in found)
    assert checkpoints(tmp_path) == [] and not list(tmp_path.iterdir()), "looking leaves nothing"


def test_rows_of_a_group(state: Path) -> None:
    """Sums by hand: the words' rows are 1.50, 2.25, 3.00 at first, then 1.50 + 4.00 for a."""
    for epoch, wanted in ((1, {("a", 1), ("longer than twelve bytes", 1), (None, 1)}),
                          (2, {("a", 2), ("longer than twelve bytes", 1), (None, 1), ("b", 1)})):
        group = operator(inspect(state, epoch=epoch), "GroupAggregate")
        held = group["states"][0]
        names = [name for name, _ in held["columns"]]
        assert names[0] == "word" and held["columns"][0][1] == "STRING"
        count = next(i for i, name in enumerate(names) if "COUNT" in name.upper())
        assert {(row[0], row[count]) for row in held["sample"]} == wanted
        assert (group["keys"], held["keys"]) == (len(wanted), len(wanted))


def test_how_many_rows_hang_on_a_key(state: Path) -> None:
    held = operator(inspect(state), "AppendRank")["states"][0]
    rows = {row[0]: count for row, count in zip(held["sample"], held["under"]["rows"], strict=True)}
    assert rows == {1: 2, 2: 2, 3: 1}
    assert held["rows"] == 5 and held["keys"] == 3


def test_some_of_the_rows_that_hang_on_keys(state: Path) -> None:
    held = operator(inspect(state, sample=9), "AppendRank")["states"][0]
    names = [name for name, _ in held["stores"]["rows"]["columns"]]
    word, price = names.index("word"), names.index("price")
    found = {(held["sample"][row[0]][0], row[word], row[price]) for row in held["stores"]["rows"]["sample"]}
    assert found == {(1, "a", "1.50"), (1, None, "3.00"), (2, "longer than twelve bytes", "2.25"), (2, "a", "4.00"),
                     (3, "b", "5.00")}
    assert len(operator(inspect(state, sample=2), "AppendRank")["states"][0]["stores"]["rows"]["sample"]) == 2


def test_a_sample_is_no_more_than_was_asked_for(state: Path) -> None:
    held = operator(inspect(state, sample=1), "GroupAggregate")["states"][0]
    assert len(held["sample"]) == 1 and held["keys"] == 4


def test_what_became_of_keys(state: Path) -> None:
    found = diff(state, state, epochs=(1, 2), sample=9)
    group = operator(found, "GroupAggregate")["states"][0]
    assert (group["added"], group["removed"], group["changed"], group["equal"]) == (1, 0, 1, False)
    assert [row[0] for row in group["rows"]["added"]["sample"]] == ["b"]
    assert [row[0] for row in group["rows"]["changed"]["sample"]] == ["a"]
    assert [row[0] for row in group["rows"]["changed"]["before"]] == ["a"]
    assert group["rows"]["changed"]["sample"] != group["rows"]["changed"]["before"]
    rank = operator(found, "AppendRank")["states"][0]
    assert (rank["added"], rank["changed"]) == (1, 1)
    back = diff(state, state, epochs=(2, 1))
    assert operator(back, "GroupAggregate")["states"][0]["removed"] == 1
    assert diff(state, state)["equal"]


def test_one_operator(state: Path) -> None:
    uid = operator(inspect(state), "AppendRank")["uid"]
    assert [o["uid"] for o in inspect(state, operator=uid)["operators"]] == [uid]
    with pytest.raises(UserError) as error:
        inspect(state, operator="nothing")
    assert error.value.code == "no_operator"


def test_where_sources_stand(state: Path) -> None:
    assert [(s["rows"], s["position"]) for s in inspect(state)["sources"]] == [(5, {"item": 6})]


def test_of_an_older_checkpoint_its_lines_and_no_later_ones(state: Path, tmp_path: Path) -> None:
    made = make(state, tmp_path / "early", epoch=1)
    lines = sorted(str(p.relative_to(made.folder)) for p in (made.folder / "tables").rglob("*") if p.is_file())
    assert lines == ["tables/metrics/kept/part-1.jsonl", "tables/metrics/totals/part-1.jsonl"]
    assert open_savepoint(tmp_path / "early").epoch == 1


def test_models_are_those_of_the_checkpoint(tmp_path: Path) -> None:
    """Versions that were published after it do not go along."""
    options = RunOptions(batch_rows=7, checkpoint_interval=1e9)
    jobs.until_crash(tmp_path / "run", 45, options)
    early, late = (make(tmp_path / "run" / "state", tmp_path / f"{epoch}", epoch=epoch) for epoch in (1, 2))
    versions = [next(iter(made.manifest["models"].values()))["version"] for made in (early, late)]
    assert versions == [22 // 3, 45 // 3], "a version each third sample"
    store = ModelStore(early.folder / "models")
    assert [store.newest(name) for name in store.names()] == versions[:1]
    assert json.loads((early.folder / "manifest.json").read_text("utf-8"))["models"] != late.manifest["models"]
