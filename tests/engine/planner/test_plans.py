"""What the planner makes of statements, run over tables in memory: changes worked by hand after Flink."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.changes import KIND_NAMES, Batch
from engine.connectors.memory import TABLES, MemoryTable
from engine.errors import UserError
from engine.expressions.values import column_from_python
from engine.session import RunOptions, Session
from engine.types import INT, STRING, TIMESTAMP, DataType

Rows = Sequence[tuple[Any, ...]]
ORDERS = (INT, STRING, TIMESTAMP(3))
DECLARED = "k INT, s STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts"


@pytest.fixture(autouse=True)
def tables() -> Iterator[None]:
    yield
    TABLES.clear()


def given(name: str, types: Sequence[DataType], rows: Rows, changelog: str = "I") -> None:
    """A table of these rows: (kind, values...)."""
    columns = tuple(column_from_python(t, [r[i + 1] for r in rows]) for i, t in enumerate(types))
    kinds = np.array([KIND_NAMES.index(r[0]) for r in rows], np.uint8)
    TABLES[name] = MemoryTable([Batch(columns, len(rows), kinds if kinds.any() else None)], changelog=changelog)


def run(folder: Path, text: str, sink: str = "made", **options: Any) -> list[str]:
    """The changes that the statements write to a table."""
    TABLES.setdefault(sink, MemoryTable())
    session = Session(folder=folder)
    list(session.script(text))
    session.run(RunOptions(**options))
    return [f"{row[0]} {row[1]}" for row in (tuple(r) for r in TABLES[sink].rows)]


def table(name: str, columns: str) -> str:
    return f"CREATE TABLE {name} ({columns}) WITH ('connector' = 'memory');"


def at(second: int) -> Any:
    from datetime import datetime

    return datetime(2024, 1, 1, 0, 0, second)


def values(output: Sequence[str]) -> list[str]:
    return sorted(output)


EVENTS = [("+I", 1, "a", at(1)), ("+I", 1, "a", at(2)), ("+I", 1, "b", at(3)), ("+I", 2, "c", at(9))]


@pytest.mark.parametrize("shards", [1, 2])
def test_top_rows_by_rank(tmp_path: Path, shards: int) -> None:
    given("t", ORDERS, EVENTS)
    output = run(tmp_path, table("t", DECLARED) + table("made", "k INT, s STRING") + """
        INSERT INTO made SELECT k, s FROM (SELECT *, RANK() OVER (PARTITION BY k ORDER BY s) AS r FROM t)
        WHERE r <= 1""", shards=shards)
    assert values(output) == ["+I (1, 'a')", "+I (1, 'a')", "+I (2, 'c')"]


def test_top_rows_of_a_variable_number(tmp_path: Path) -> None:
    given("t", ORDERS, EVENTS)
    output = run(tmp_path, table("t", DECLARED) + table("made", "k INT, s STRING") + """
        INSERT INTO made SELECT k, s FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY s) AS r FROM t)
        WHERE r <= k""")
    assert values(output) == ["+I (1, 'a')", "+I (2, 'c')"]


def test_the_watermark_before_each_row(tmp_path: Path) -> None:
    given("t", ORDERS, EVENTS)
    output = run(tmp_path, table("t", DECLARED) + table("made", "s STRING, w TIMESTAMP(3)") + """
        INSERT INTO made SELECT s, CURRENT_WATERMARK(ts) FROM t WHERE CURRENT_WATERMARK(ts) IS NULL
            OR CURRENT_WATERMARK(ts) > TIMESTAMP '2024-01-01 00:00:01'""")
    assert len(output) == 3
    assert "None" in output[0]


UPSERTS = [("+U", 1, "a"), ("+U", 1, "b"), ("+U", 1, "b"), ("-D", 1, None)]


def test_upserts_are_made_full_changes_where_needed(tmp_path: Path) -> None:
    given("t", (INT, STRING), UPSERTS, "I,UA,D")
    source = table("t", "k INT NOT NULL, s STRING, PRIMARY KEY (k) NOT ENFORCED")
    counts = run(tmp_path, source + table("made", "n BIGINT NOT NULL")
                 + "INSERT INTO made SELECT COUNT(*) FROM t WHERE s <> 'a'")
    assert counts == ["+I (1,)", "-D (1,)"]


def test_upserts_pass_to_a_table_of_the_same_key(tmp_path: Path) -> None:
    given("t", (INT, STRING), UPSERTS, "I,UA,D")
    key = "k INT NOT NULL, s STRING, PRIMARY KEY (k) NOT ENFORCED"
    output = run(tmp_path, table("t", key) + table("made", key) + "INSERT INTO made SELECT * FROM t")
    assert output == ["+U (1, 'a')", "+U (1, 'b')", "+U (1, 'b')", "-D (1, None)"]


def test_a_key_that_is_not_the_querys(tmp_path: Path) -> None:
    given("t", ORDERS, EVENTS)
    texts = table("t", DECLARED) + table("made", "k INT NOT NULL, s STRING, PRIMARY KEY (k) NOT ENFORCED")
    with pytest.raises(UserError, match="upsert key"):
        run(tmp_path, texts + "INSERT INTO made SELECT k, s FROM t")
    kept = run(tmp_path, texts + "INSERT INTO made SELECT k, s FROM t ON CONFLICT DO NOTHING")
    assert kept == ["+I (1, 'a')", "+I (2, 'c')"]


def test_updates_that_a_filter_drops_are_deletes(tmp_path: Path) -> None:
    given("t", ORDERS, EVENTS)
    sink = table("made", "k INT NOT NULL, n BIGINT, PRIMARY KEY (k) NOT ENFORCED")
    output = run(tmp_path, table("t", DECLARED) + sink
                 + "INSERT INTO made SELECT k, n FROM (SELECT k, COUNT(*) AS n FROM t GROUP BY k) WHERE n < 3")
    assert output == ["+I (1, 1)", "+U (1, 2)", "-D (1, 2)", "+I (2, 1)"]


def test_null_in_a_column_that_is_not_null(tmp_path: Path) -> None:
    given("t", (INT, STRING), [("+I", 1, "a"), ("+I", None, "b")])
    texts = table("t", "k INT, s STRING") + table("made", "k INT NOT NULL, s STRING")
    texts += "INSERT INTO made SELECT * FROM t"
    with pytest.raises(UserError, match="Column 'k' is NOT NULL"):
        run(tmp_path / "1", texts)
    assert run(tmp_path / "2", "SET 'table.exec.sink.not-null-enforcer' = 'DROP';" + texts) == ["+I (1, 'a')"]


def test_a_source_whose_rows_before_updates_nobody_wants(tmp_path: Path) -> None:
    """They are dropped at the source: a table with a key takes the row that is last."""
    rows = [("+I", 1, "a", at(1)), ("-U", 1, "a", at(1)), ("+U", 1, "b", at(2)), ("-D", 1, "b", at(2))]
    given("t", ORDERS, rows, changelog="I,UB,UA,D")
    key = ", PRIMARY KEY (k) NOT ENFORCED"
    output = run(tmp_path, table("t", DECLARED + key) + table("made", f"k INT, s STRING{key}") + """
        INSERT INTO made SELECT k, s FROM t""")
    assert output == ["+I (1, 'a')", "+U (1, 'b')", "-D (1, 'b')"]


KEYED = "CREATE TABLE shown (s STRING, n BIGINT, PRIMARY KEY (s) NOT ENFORCED) WITH ('connector' = 'print');"


@pytest.mark.parametrize(("query", "printed"), [
    ("SELECT s, COUNT(*) FROM t GROUP BY s", ["+I[a, 1]", "-U[a, 1]", "+U[a, 2]", "+I[b, 1]", "+I[c, 1]"]),
    ("SELECT * FROM (SELECT s, COUNT(*) AS n FROM t GROUP BY s) WHERE n < 2",
     ["+I[a, 1]", "-U[a, 1]", "+I[b, 1]", "+I[c, 1]"]),
    ("SELECT MAX(s), k FROM t GROUP BY k ON CONFLICT DO DEDUPLICATE",
     ["+I[a, 1]", "-D[a, 1]", "+I[b, 1]", "+I[c, 2]"]),
    ("SELECT s, k FROM t ON CONFLICT DO NOTHING", ["+I[a, 1]", "+I[b, 1]", "+I[c, 2]"]),
])  # fmt: skip
def test_print_shows_rows_before_updates_with_a_key_too(
    query: str, printed: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Flink's print takes whatever mode it is asked for; the key is watched as of any table."""
    given("t", ORDERS, EVENTS)
    run(tmp_path, table("t", DECLARED) + KEYED + f"INSERT INTO shown {query}")
    assert capsys.readouterr().out.splitlines() == printed


def test_print_with_a_key_that_is_not_the_querys(tmp_path: Path) -> None:
    given("t", ORDERS, EVENTS)
    with pytest.raises(UserError, match="upsert key"):
        run(tmp_path, table("t", DECLARED) + KEYED + "INSERT INTO shown SELECT s, k FROM t")


def test_upserts_are_made_full_changes_for_print(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given("t", (INT, STRING), UPSERTS, "I,UA,D")
    key = "k INT NOT NULL, s STRING, PRIMARY KEY (k) NOT ENFORCED"
    shown = f"CREATE TABLE shown ({key}) WITH ('connector' = 'print');"
    run(tmp_path, table("t", key) + shown + "INSERT INTO shown SELECT * FROM t")
    assert capsys.readouterr().out.splitlines() == ["+I[1, a]", "-U[1, a]", "+U[1, b]", "-D[1, b]"]


@pytest.mark.parametrize("query", [
    "SELECT k, (SELECT COUNT(*) FROM t AS u WHERE u.k > t.k) FROM t",
    "SELECT k FROM t WHERE k < (SELECT MAX(k) FROM t AS u WHERE u.ts <> t.ts)",
    "SELECT t.k, m FROM t, LATERAL (SELECT COUNT(*) AS m FROM t AS u WHERE u.k < t.k)",
    "SELECT t.k, m FROM t LEFT JOIN LATERAL (SELECT MAX(s) AS m FROM t AS u WHERE u.k + t.k = 3) ON TRUE",
])  # fmt: skip
def test_an_aggregate_of_what_is_not_equal_is_refused(query: str, tmp_path: Path) -> None:
    given("t", ORDERS, EVENTS)
    with pytest.raises(UserError) as caught:
        run(tmp_path, table("t", DECLARED) + query)
    assert caught.value.code == "not_supported"
    assert "a correlated aggregate" in caught.value.message
    assert caught.value.hint == "correlate by equalities in its WHERE clause"
