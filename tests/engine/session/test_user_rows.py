"""Table and aggregate functions that users bring, from CREATE FUNCTION to the rows they give."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from engine.connectors.memory import TABLES, MemoryTable
from engine.errors import UserError
from engine.session import RunOptions, Session
from engine.types import BIGINT, DOUBLE, INT, STRING, TIMESTAMP, Schema
from tests.engine.properties.support import Change, Input, fold

CODE = '''
import numpy as np
import pyarrow.compute as pc


class Words:
    """Text arrives as pyarrow arrays."""

    arguments, columns = ["STRING"], {"word": "STRING", "length": "INT"}

    def __call__(self, texts):
        words = pc.split_pattern(texts, " ")
        flat = pc.list_flatten(words)
        return pc.list_parent_indices(words), [flat, pc.utf8_length(flat)]


def countdown(n):
    """Rows in any order."""
    rows = np.repeat(np.arange(len(n)), n)
    left = np.concatenate([np.arange(k, 0, -1) for k in n]) if len(n) else n
    return rows[::-1], (left[::-1],)


countdown.arguments, countdown.columns = ["BIGINT"], {"left": "BIGINT"}


def two(rows):
    return [0, 0], [["a", "b"]]


two.arguments, two.columns = [], {"letter": "STRING"}


def table(made):
    def given(values):
        return made(values)
    given.arguments, given.columns = ["BIGINT"], {"x": "BIGINT"}
    return given


no_pair = table(lambda values: values)
far = table(lambda values: ([99], [[1]]))
halves = table(lambda values: ([0.5], [[1]]))
narrow = table(lambda values: ([0], []))
uneven = table(lambda values: ([0], [[1, 2]]))
fails = table(lambda values: {}["missing"])


class WeightedMean:
    arguments, result = ["DOUBLE", "BIGINT"], "DOUBLE"
    state = {"total": "DOUBLE", "weight": "BIGINT"}
    skip_nulls = True

    def accumulate(self, state, groups, values, weights):
        np.add.at(state["total"], groups, values * weights)
        np.add.at(state["weight"], groups, weights)

    def retract(self, state, groups, values, weights):
        self.accumulate(state, groups, values, -weights)

    def merge(self, state, groups, other):
        np.add.at(state["total"], groups, other["total"])
        np.add.at(state["weight"], groups, other["weight"])

    def value(self, state):
        return [t / w if w else None for t, w in zip(state["total"], state["weight"])]


class Longest:
    """State of text, and no way back."""

    arguments, result = ["STRING"], "STRING"
    state, initial = {"text": "STRING", "seen": "INT"}, {"seen": 100}

    def accumulate(self, state, groups, texts):
        for group, text in zip(groups, texts.to_pylist()):
            state["seen"][group] += 1
            if text is not None and len(text) > len(state["text"][group] or ""):
                state["text"][group] = text

    def value(self, state):
        return [f"{t} {n}" for t, n in zip(state["text"], state["seen"])]


class Stateless:
    result = "INT"

    def accumulate(self, state, groups):
        pass

    def value(self, state):
        return []


class BadInitial(Longest):
    initial = {"seen": "many"}


class Undeclared(Longest):
    def accumulate(self, state, groups, texts):
        state["more"] = state["seen"]
'''

ROWS = Schema.of(k=INT, v=BIGINT, x=DOUBLE, s=STRING, ts=TIMESTAMP(3))
LINES = [(1, 2, 0.5, "one two", 1), (2, 1, 4.0, "three", 2), (1, 0, 8.0, None, 3), (1, 6, 2.5, "four", 9),
         (2, 3, None, "a b c", 12)]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "rows_functions.py").write_text(CODE, encoding="utf-8")
    yield tmp_path
    TABLES.clear()


def given(changes: Sequence[Change] | None = None) -> Input:
    from datetime import datetime

    rows = [("+I", (*line[:4], datetime(2024, 1, 1, 0, 0, line[4]))) for line in LINES]
    return Input(ROWS, changes or rows, "I" if changes is None else "I,UB,UA,D",
                 ", WATERMARK FOR ts AS ts - INTERVAL '5' SECOND")


def run(folder: Path, names: str, query: str, changes: Sequence[Change] | None = None, **options: Any) -> list[Change]:
    """A SELECT's changes over table t, with functions of these names (the objects') declared."""
    from engine.session import SELECTED
    from tests.engine.properties.support import connectors_of

    result, source = MemoryTable(), given(changes)
    session = Session(folder=folder / "job", modules=[folder], connectors=connectors_of(
        {"t": source.table(), SELECTED: result}))
    declared = "".join(f"CREATE TEMPORARY FUNCTION {n} AS 'rows_functions.{n}' LANGUAGE PYTHON;" for n in names.split())
    for _ in session.script(f"SET 'python.execution-mode' = 'thread'; {declared}{source.ddl('t')}{query};"):
        pass
    session.run(RunOptions(durable=False, **options))
    return result.rows


def refused(folder: Path, names: str, query: str) -> str:
    with pytest.raises(UserError) as caught:
        run(folder, names, query)
    return f"{caught.value.code}: {caught.value.message}"


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_words_of_a_text(folder: Path, size: int) -> None:
    query = "SELECT k, word, length FROM t, LATERAL TABLE(Words(s))"
    assert [v for _, v in run(folder, "Words", query, batch_rows=size)] == [
        (1, "one", 3), (1, "two", 3), (2, "three", 5), (1, "four", 4), (2, "a", 1), (2, "b", 1), (2, "c", 1)]


def test_rows_without_any_stay_in_a_left_join(folder: Path) -> None:
    query = "SELECT v, n FROM t LEFT JOIN LATERAL TABLE(countdown(v - 1)) AS c(n) ON TRUE WHERE v > 0"
    assert [v for _, v in run(folder, "countdown", query)] == [
        (2, 1), (1, None), (6, 1), (6, 2), (6, 3), (6, 4), (6, 5), (3, 1), (3, 2)]


def test_counts_of_words_follow_a_changing_table(folder: Path) -> None:
    line = LINES[0][:4]
    from datetime import datetime
    rows = [(*line, datetime(2024, 1, 1)), (*line[:3], "two two", datetime(2024, 1, 1))]
    changes = [("+I", rows[0]), ("-U", rows[0]), ("+U", rows[1])]
    query = "SELECT word, COUNT(*) FROM t, LATERAL TABLE(Words(s)) GROUP BY word"
    assert run(folder, "Words", query, changes) == [
        ("+I", ("one", 1)), ("+I", ("two", 1)), ("-D", ("one", 1)), ("-D", ("two", 1)), ("+I", ("two", 1)),
        ("-U", ("two", 1)), ("+U", ("two", 2))]


def test_a_table_function_alone(folder: Path) -> None:
    assert [v for _, v in run(folder, "two", "SELECT letter FROM TABLE(two())")] == [("a",), ("b",)]


@pytest.mark.parametrize(("name", "problem"), [
    ("no_pair", "returned no pair of positions and columns"),
    ("far", "returned positions outside of 0 to"),
    ("halves", "returned positions that are no whole numbers"),
    ("narrow", "returned 0 columns, not 1"),
    ("uneven", "returned 2 values for 1 rows"),
    ("fails", "raised KeyError: 'missing' at rows_functions.py:"),
])
def test_what_a_table_function_must_return(folder: Path, name: str, problem: str) -> None:
    message = refused(folder, name, f"SELECT x FROM (SELECT v FROM t) AS u, LATERAL TABLE({name}(v))")
    assert message.startswith(f"user_function: function {name} {problem}")


def test_what_belongs_where(folder: Path) -> None:
    assert refused(folder, "Words", "SELECT Words(s) FROM t") == "bad_function: Words makes rows: it is no value"
    assert refused(folder, "Longest", "SELECT * FROM t, LATERAL TABLE(Longest(s))") == (
        "bad_function: Longest is no table function: it makes no rows")
    assert refused(folder, "Words", "SELECT * FROM t, LATERAL TABLE(Words(s, 2))") == (
        "bad_arguments: WORDS(STRING, INT) is not possible")
    assert refused(folder, "Longest", "SELECT * FROM t WHERE Longest(s) = 'a'").startswith("bad_aggregate")
    assert refused(folder, "Longest", "SELECT Longest(s, 1) FROM t") == (
        "bad_arguments: LONGEST(STRING, INT) is not possible")


def test_a_mean_by_weight(folder: Path) -> None:
    """By hand: (0.5 * 2 + 8 * 0 + 2.5 * 6) / 8 = 2; of key 2 one row has a value."""
    query = "SELECT k, WeightedMean(x, v) FROM t GROUP BY k"
    assert fold(run(folder, "WeightedMean", query)) == {(1, 2.0): 1, (2, 4.0): 1}
    assert run(folder, "WeightedMean", query)[:3] == [("+I", (1, 0.5)), ("+I", (2, 4.0)), ("-U", (1, 0.5))]
    assert fold(run(folder, "WeightedMean", query, batch_rows=2, shards=2)) == {(1, 2.0): 1, (2, 4.0): 1}


def test_a_row_that_is_taken_back(folder: Path) -> None:
    rows = [v for _, v in given().changes]
    changes = [*given().changes, ("-D", rows[3])]
    query = "SELECT k, WeightedMean(x, v) FROM t GROUP BY k"
    assert fold(run(folder, "WeightedMean", query, changes)) == {(1, 0.5): 1, (2, 4.0): 1}
    assert run(folder, "Longest", "SELECT Longest(s) FROM t")[-1] == ("+U", ("one two 105",))
    with pytest.raises(UserError, match="give the class a method retract") as caught:
        run(folder, "Longest", "SELECT Longest(s) FROM t", changes)
    assert caught.value.code == "not_supported"


def test_windows_that_share_rows_merge(folder: Path) -> None:
    """Windows of 10 seconds each 5: by hand, of rows at 1, 2, 3, 9 and 12."""
    table = "TABLE(HOP(TABLE t, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '10' SECOND))"
    query = "SELECT SECOND(window_end), {} FROM {} GROUP BY window_start, window_end"
    found = fold(run(folder, "WeightedMean", query.format("WeightedMean(x, v)", table)))
    assert found == {(5, 5 / 3): 1, (10, 20 / 9): 1, (15, 2.5): 1, (20, None): 1}
    with pytest.raises(UserError, match="give the class a method merge"):
        run(folder, "Longest", query.format("Longest(s)", table))


def test_over_the_last_two_rows(folder: Path) -> None:
    query = "SELECT v, WeightedMean(x, v) OVER (ORDER BY ts ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t"
    assert [v for _, v in run(folder, "WeightedMean", query)] == [
        (2, 0.5), (1, 5 / 3), (0, 4.0), (6, 2.5), (3, 2.5)]


def test_distinct_and_filter(folder: Path) -> None:
    query = "SELECT Longest(DISTINCT s) FILTER (WHERE k = 1) FROM (SELECT * FROM t UNION ALL SELECT * FROM t)"
    assert run(folder, "Longest", query)[-1] == ("+U", ("one two 103",))


@pytest.mark.parametrize(("name", "problem"), [
    ("Stateless", "bad_function: function Stateless: it does not say its state"),
    ("BadInitial", "bad_function: function BadInitial: .initial of 'seen' is no INT: 'many'"),
    ("Undeclared", "user_function: function Undeclared added state that it does not declare"),
])
def test_what_an_aggregate_must_declare(folder: Path, name: str, problem: str) -> None:
    assert refused(folder, name, f"SELECT {name}(s) FROM t") == problem
