"""Columns of state that change type, order or name are read on as if they had always been so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.state.keys import KeyCodec
from engine.upgrade.types import holds, parse, widen
from tests.engine.upgrade.corpus import TABLES
from tests.engine.upgrade.support import Stage, continued, from_scratch, judged, run, same, saved

JOIN = "SELECT e.id, e.k, e.v, e.c, f.name FROM e JOIN f ON e.k = f.k;"
COUNT = "SELECT k, c, COUNT(*) AS n, SUM(v) AS s, MAX(id) AS m FROM e GROUP BY k, c;"
TYPES = [
    (JOIN, " v INT", " v BIGINT"), (JOIN, " v DECIMAL(9, 2)", " v DECIMAL(30, 2)"), (JOIN, " v FLOAT", " v DOUBLE"),
    (JOIN, " v INT NOT NULL", " v INT"), (JOIN, " v SMALLINT NOT NULL", " v BIGINT"),
    (JOIN, " c VARCHAR(10) NOT NULL", " c STRING"), (JOIN, " v DECIMAL(20, 3)", " v DECIMAL(38, 3)"),
    (COUNT, " k INT,", " k BIGINT,"), (COUNT, " k SMALLINT NOT NULL,", " k INT,"),
    (COUNT, " c VARCHAR(10)", " c VARCHAR(300)"), (COUNT, " k DECIMAL(9, 0),", " k DECIMAL(25, 0),"),
    (COUNT, "(id INT", "(id BIGINT"),
]


def tables(old: str) -> str:
    """The tables, with one column declared in another way."""
    name = old.split()[0].strip("(,")
    before = {"v": " v INT", "c": " c VARCHAR(10)", "k": " k INT,", "id": "(id INT"}[name]
    return TABLES["e"].replace(before, old) + TABLES["f"].replace(" k INT,", old if name == "k" else " k INT,")


@pytest.mark.parametrize(("query", "before", "after"), TYPES)
def test_types(query: str, before: str, after: str, tmp_path: Path) -> None:
    old, new = f"{tables(before)} {query}", f"{tables(after)} {query}"
    assert judged(old, new, tmp_path / "j", again="no").verdicts <= {"kept", "migrated"}
    result, oracle = continued(old, new, tmp_path / "c", again="no"), from_scratch(new, tmp_path / "s")
    assert oracle.after(0)
    assert result.after(0) == oracle.after(0)


@pytest.mark.parametrize(("query", "before", "after"), [
    (JOIN, " v BIGINT", " v INT"), (JOIN, " v DECIMAL(9, 2)", " v DECIMAL(9, 3)"), (JOIN, " v INT", " v DOUBLE"),
    (JOIN, " v INT", " v INT NOT NULL"), (COUNT, " c VARCHAR(10)", " c VARCHAR(5)"), (COUNT, " k BIGINT,", " k INT,"),
])
def test_types_that_do_not_hold_all_values(query: str, before: str, after: str, tmp_path: Path) -> None:
    old, new = f"{tables(before)} {query}", f"{tables(after)} {query}"
    assert "lost" in judged(old, new, tmp_path, again="no").verdicts


KEYS = [("GROUP BY k, c", "GROUP BY c, k"), ("k, c, COUNT(*) AS n, SUM(v) AS s", "c, k, SUM(v) AS s, COUNT(*) AS n"),
        (", SUM(v) AS s, MAX(id) AS m", ", MAX(id) AS m")]


@pytest.mark.parametrize("shards", [(1, 1), (2, 1), (1, 2), (3, 2)], ids=str)
@pytest.mark.parametrize("edit", KEYS, ids=str)
def test_keys_and_results_in_another_order(edit: tuple[str, str], shards: tuple[int, int], tmp_path: Path) -> None:
    """Also under another number of shards, which deal keys by their new form; one key of text, one number."""
    old = f"{tables(' v INT')} {COUNT}"
    new = old.replace(*edit).replace(" k INT,", " k BIGINT,", 1)
    assert judged(old, new, tmp_path / "j", again="no").verdicts == {"kept", "migrated", "removed"} - {"removed"}
    result = continued(old, new, tmp_path / "c", again="no", shards=shards)
    assert result.after(0) == from_scratch(new, tmp_path / "s").after(0)


@pytest.mark.parametrize("shards", [(1, 2), (2, 1)], ids=str)
def test_state_is_made_anew_in_any_number_of_shards(shards: tuple[int, int], tmp_path: Path) -> None:
    old = f"{tables(' v INT')} SELECT k, COUNT(*) FROM (SELECT e.k, f.g FROM e JOIN f ON e.k = f.k) GROUP BY k;"
    new = old.replace("e.k = f.k", "e.k = f.k WHERE e.v > 2")
    result = continued(old, new, tmp_path / "c", shards=shards)
    assert result.after(0) == from_scratch(new, tmp_path / "s").after(0)


def test_one_upgrade_after_another(tmp_path: Path) -> None:
    """A column is added, then another, without a row in between."""
    first = f"{tables(' v INT')} SELECT e.id, f.name FROM e JOIN f ON e.k = f.k;"
    second = first.replace("f.name FROM", "f.name, e.c FROM")
    third = first.replace("f.name FROM", "e.c, e.v, f.name FROM")
    state = tmp_path / "state"
    saved(first, state)
    run(second, Stage(("BARRIER", "CRASH"), again="no"), state)
    result = run(third, Stage((), again="no"), state)
    assert same(result.after(0), from_scratch(third, tmp_path / "s").after(0), added=True)


@pytest.mark.parametrize(("old", "new", "held"), [
    ("INT", "BIGINT", True), ("INT NOT NULL", "BIGINT", True), ("INT", "BIGINT NOT NULL", False),
    ("BIGINT", "INT", False), ("FLOAT", "DOUBLE", True), ("INT", "DOUBLE", False), ("DOUBLE", "FLOAT", False),
    ("VARCHAR(3)", "STRING", True), ("STRING", "VARCHAR(3)", False), ("CHAR(3)", "CHAR(4)", False),
    ("DECIMAL(5, 2)", "DECIMAL(6, 2)", True), ("DECIMAL(5, 2)", "DECIMAL(6, 3)", False),
    ("TIMESTAMP(3)", "TIMESTAMP(6)", True), ("TIMESTAMP(3)", "TIMESTAMP_LTZ(3)", False),
    ("ARRAY<INT>", "ARRAY<INT>", True), ("ARRAY<INT NOT NULL> NOT NULL", "ARRAY<INT NOT NULL>", True),
    ("ARRAY<INT>", "ARRAY<BIGINT>", False), ("DATE", "DATE", True), ("BOOLEAN", "INT", False),
])
def test_which_types_hold_which(old: str, new: str, held: bool) -> None:
    assert holds(old, new) is held


def test_decimals_become_two_words() -> None:
    """The second word is the sign's, as two's complement has it."""
    wide = widen(np.array([5, -7], np.int64), "DECIMAL(9, 2)", "DECIMAL(30, 2)")
    assert wide.tolist() == [[5, 0], [-7, -1]]
    found = parse("DECIMAL(30, 2)")
    assert found is not None and KeyCodec([found]).width >= 2
