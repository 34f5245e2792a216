"""Sessions: settings, SELECT, VALUES, EXPLAIN, statement sets, pipes, phases."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.connectors.memory import TABLES, MemoryTable
from engine.errors import UserError
from engine.session import RunOptions, Session

FOLDED = RunOptions(durable=False)


@pytest.fixture
def sink(monkeypatch: pytest.MonkeyPatch) -> MemoryTable:
    table = MemoryTable()
    monkeypatch.setitem(TABLES, "out", table)
    return table


def script(folder: Path, text: str, options: RunOptions = FOLDED) -> Session:
    session = Session(folder=folder)
    for _ in session.script(text):
        pass
    session.run(options)
    return session


def refused(folder: Path, text: str) -> UserError:
    with pytest.raises(UserError) as caught:
        script(folder, text)
    return caught.value


OUT = "CREATE TABLE o (k INT, s STRING) WITH ('connector' = 'memory', 'key' = 'out');\n"


def test_values_are_rows(tmp_path: Path, sink: MemoryTable) -> None:
    nulls = "(CAST(NULL AS INT), CAST(NULL AS STRING))"
    script(tmp_path, OUT + f"INSERT INTO o VALUES (1, 'a'), (1 + 1, UPPER('b')), {nulls};")
    assert sink.rows == [("+I", (1, "a")), ("+I", (2, "B")), ("+I", (None, None))]


def test_columns_may_be_named(tmp_path: Path, sink: MemoryTable) -> None:
    script(tmp_path, OUT + "INSERT INTO o (s) VALUES ('a');")
    assert sink.rows == [("+I", (None, "a"))]


def test_select_prints_its_changes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script(tmp_path, "SELECT k, COUNT(*) FROM (VALUES (1), (2), (1)) AS t(k) GROUP BY k;")
    assert capsys.readouterr().out.splitlines() == ["+I[1, 1]", "+I[2, 1]", "-U[1, 1]", "+U[1, 2]"]


def test_one_job_computes_a_shared_view_once(tmp_path: Path, sink: MemoryTable) -> None:
    session = Session(folder=tmp_path)
    text = OUT + """CREATE VIEW w AS SELECT k, COUNT(*) AS n FROM (VALUES (1), (1)) AS t(k) GROUP BY k;
        EXECUTE STATEMENT SET BEGIN
        INSERT INTO o SELECT k, 'x' FROM w; INSERT INTO o SELECT k, CAST(n AS STRING) FROM w; END;"""
    assert [a.text for a in session.script(text) if a.text] == []
    assert [o.name.split("[")[0] for o in session.plan(session.phases[0]).operators].count("Aggregate") == 1
    session.run(FOLDED)
    assert sorted(sink.rows[-2:]) == [("+U", (1, "2")), ("-U", (1, "1"))]


def test_settings_are_told_kept_and_reset(tmp_path: Path) -> None:
    session = Session(folder=tmp_path)
    assert list(session.script("SET 'parallelism.default' = '2';")) == []
    assert session.settings == {"parallelism.default": "2"}
    assert [a.text for a in session.script("SET;")] == ["'parallelism.default' = '2'"]
    assert list(session.script("RESET 'parallelism.default';")) == []
    assert session.settings == {}


@pytest.mark.parametrize(("name", "value"), [
    ("table.exec.mini-batch.enabled", "perhaps"), ("table.exec.mini-batch.size", "0"), ("table.exec.state.ttl", "soon"),
    ("parallelism.default", "0"), ("execution.runtime-mode", "bathc"), ("table.exec.source.idle-timeout", "1 parsec"),
    ("taskmanager.memory.managed.size", "1 lot"), ("execution.checkpointing.num-retained", "0"),
    ("execution.checkpointing.tolerable-failed-checkpoints", "-1"), ("execution.checkpointing.dir", " ")])
def test_a_wrong_setting_is_the_users(tmp_path: Path, sink: MemoryTable, name: str, value: str) -> None:
    error = refused(tmp_path, f"{OUT}SET '{name}' = '{value}'; INSERT INTO o VALUES (1, 'a');")
    assert error.code == "bad_option" and f"'{name}' = '{value}'" in str(error)
    assert error.place is not None


def test_a_zone_that_is_none_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path, "SET 'table.local-time-zone' = 'Mars/One';").code == "bad_time_zone"


def test_settings_hold_for_the_inserts_after_them(tmp_path: Path, sink: MemoryTable) -> None:
    query = "INSERT INTO o SELECT k, CAST(COUNT(*) AS STRING) FROM (VALUES (1), (1)) AS t(k) GROUP BY k;"
    script(tmp_path, OUT + "SET 'table.exec.mini-batch.enabled' = 'true';" + query)
    assert sink.rows == [("+I", (1, "2"))]


def test_the_catalogue_is_shown(tmp_path: Path, sink: MemoryTable) -> None:
    session = Session(folder=tmp_path)
    *_, tables, columns = session.script(OUT + "SHOW TABLES; DESCRIBE o;")
    assert (tables.columns, tables.rows) == (("table name",), (("o",),))
    assert [row[:2] for row in columns.rows] == [("k", "INT"), ("s", "STRING")]
    assert session.phases == []


def test_explain_shows_the_plans(tmp_path: Path) -> None:
    session = Session(folder=tmp_path)
    text = "CREATE TABLE t (k INT) WITH ('connector' = 'datagen');"
    [answer] = session.script(text + "EXPLAIN CHANGELOG_MODE SELECT k, COUNT(*) AS n FROM t WHERE k > 0 GROUP BY k;")
    plan = answer.text.partition("== Optimized Physical Plan ==")[2].partition("\n\n")[0].splitlines()
    assert [line.split("(")[0].strip(" +-") for line in plan if line] == [
        "Sink", "Calc", "GroupAggregate", "Calc", "TableSourceScan"]
    assert "changelogMode=[I,UB,UA]" in plan[3] and "changelogMode=[I]" in plan[5]
    assert session.phases == []


# ---- pipes -----------------------------------------------------------------------------------------------------------

PIPE = "CREATE TABLE p (k INT, s STRING) WITH ('connector' = 'pipe');\n"


def test_a_pipe_joins_two_statements(tmp_path: Path, sink: MemoryTable) -> None:
    script(tmp_path, OUT + PIPE + """EXECUTE STATEMENT SET BEGIN
        INSERT INTO o SELECT k + 1, s FROM p WHERE k < 3; INSERT INTO p VALUES (1, 'a'), (2, 'b'), (3, 'c'); END;""")
    assert sink.rows == [("+I", (2, "a")), ("+I", (3, "b"))]


def test_a_pipe_with_a_key_tells_what_is_new(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script(
        tmp_path,
        """CREATE TABLE p (k INT NOT NULL, n BIGINT, PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'pipe');
        CREATE TABLE shown (n BIGINT) WITH ('connector' = 'print');
        EXECUTE STATEMENT SET BEGIN
        INSERT INTO p SELECT k, COUNT(*) FROM (VALUES (1), (1)) AS t(k) GROUP BY k;
        INSERT INTO shown SELECT COUNT(*) FROM p; END;""",
    )
    assert capsys.readouterr().out.splitlines()[-1] in ("+U[1]", "+I[1]")


def test_a_table_that_is_computed_from_itself_is_refused(tmp_path: Path) -> None:
    error = refused(tmp_path, PIPE + "INSERT INTO p SELECT k + 1, s FROM p;")
    assert error.code == "not_supported" and "itself" in str(error)


def test_a_pipe_that_nothing_feeds_is_refused(tmp_path: Path, sink: MemoryTable) -> None:
    error = refused(tmp_path, OUT + PIPE + "INSERT INTO o SELECT k, s FROM p;")
    assert error.code == "unfed_pipe"


# ---- phases ----------------------------------------------------------------------------------------------------------


def test_synchronous_statements_are_phases_which_are_not_run_twice(tmp_path: Path) -> None:
    """The second statement reads what the first has written; a failure of the second does not repeat the first."""
    text = f"""SET 'table.dml-sync' = 'true';
        CREATE TABLE a (k INT) WITH ('connector' = 'filesystem', 'format' = 'json', 'path' = '{tmp_path}/a');
        CREATE TABLE b (k INT) WITH ('connector' = 'filesystem', 'format' = 'json', 'path' = '{tmp_path}/b');
        INSERT INTO a VALUES (1), (2);
        INSERT INTO b SELECT k * 10 / COUNT_OF FROM a;"""
    state = tmp_path / "state"
    with pytest.raises(UserError, match=r"(?i)zero"):
        script(state, text.replace("COUNT_OF", "(k - 1)"), RunOptions())
    script(state, text.replace("COUNT_OF", "(k + 1)"), RunOptions())

    def rows(name: str) -> list[int]:
        return sorted(json.loads(line)["k"] for part in (tmp_path / name).glob("part-*")
                      for line in part.read_text().splitlines())

    assert rows("a") == [1, 2]
    assert rows("b") == [5, 6]


def test_starting_anew_leaves_what_is_not_the_run_s(tmp_path: Path) -> None:
    state = tmp_path / "state"
    kept = state / "mine" / "notes.txt"
    kept.parent.mkdir(parents=True)
    kept.write_text("keep me", encoding="utf-8")
    (state / "in.csv").write_text("1\n2\n", encoding="utf-8")
    text = f"""
        CREATE TABLE i (k INT) WITH ('connector' = 'filesystem', 'path' = '{state / "in.csv"}', 'format' = 'csv');
        CREATE TABLE o (k INT) WITH ('connector' = 'filesystem', 'path' = '{state / "out"}', 'format' = 'csv');
        INSERT INTO o SELECT k FROM i;
    """
    for _ in range(3):
        script(state, text, RunOptions())
        written = [line for part in (state / "out").glob("part-*") for line in part.read_text("utf-8").splitlines()]
        assert sorted(written) == ["1", "2"]
    assert kept.read_text(encoding="utf-8") == "keep me"
