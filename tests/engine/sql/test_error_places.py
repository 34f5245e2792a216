"""Errors and warnings say where in the text they come from; a bare NULL is refused where Flink 2.3 refuses it."""

from __future__ import annotations

import pytest

from engine.analyze import Analyzer
from engine.errors import UserError
from engine.session import RunOptions, Session

T = "CREATE TABLE t (id BIGINT, v INT) WITH ('connector' = 'datagen');"


def plan(text: str) -> None:
    """Define what a text defines, and plan its jobs."""
    session = Session()
    list(session.script(text))
    for phase in session.phases:
        for operator in session.plan(phase).operators:
            operator.close()


def refused(text: str) -> tuple[str, str, str | None]:
    """The code, the text at the error's place, the hint."""
    with pytest.raises(UserError) as caught:
        plan(text)
    place = caught.value.place
    assert place is not None, caught.value
    assert text.split("\n")[place.line - 1][place.column - 1:].startswith(text[place.start:place.end])
    return caught.value.code, text[place.start:place.end], caught.value.hint


@pytest.mark.parametrize(("text", "code", "where", "hint"), [
    ("CREATE TABLE u (a INT)\nWITH ('x' = 'y', 'connector' = 'datagn');", "unknown_connector",
     "'connector' = 'datagn'", "did you mean 'datagen'?"),
    ("CREATE TABLE u (a INT) WITH ('connector' = 'datagen',\n 'rows-per-secnd' = '1'); SELECT * FROM u;",
     "unknown_option", "'rows-per-secnd' = '1'", "did you mean 'rows-per-second'?"),
    (T + "\nSELECT * FROM t /*+ OPTIONS('rows-per-secnd' = '1') */;", "unknown_option", "'rows-per-secnd' = '1'",
     "did you mean 'rows-per-second'?"),
    ("CREATE TABLE s (a INT) WITH ('connector' = 'blackhole');\nINSERT INTO s /*+ OPTIONS('foo' = '1') */ VALUES (1);",
     "unknown_option", "'foo' = '1'", None),
    (T + "ALTER TABLE t SET ('rows-per-secnd' = '1'); SELECT * FROM t;", "unknown_option", "'rows-per-secnd' = '1'",
     "did you mean 'rows-per-second'?"),
    (T + "CREATE TABLE l WITH ('rows-per-secnd' = '1') LIKE t; SELECT * FROM l;", "unknown_option",
     "'rows-per-secnd' = '1'", "did you mean 'rows-per-second'?"),
    ("CREATE TABLE f (a INT) WITH ('connector' = 'filesystem', 'path' = '/n',\n 'fromat' = 'json'); SELECT * FROM f;",
     "missing_option", "'fromat' = 'json'", "'fromat' is given instead: write 'format'"),
    ("CREATE TABLE f (a INT) WITH ('connector' = 'filesystem', 'path' = '/nowhere');SELECT * FROM f;",
     "missing_option", "'connector' = 'filesystem'", None),
    ("CREATE TABLE f (a INT) WITH ('connector' = 'filesystem', 'path' = '/n', 'format' = 'jsn');SELECT * FROM f;",
     "unknown_format", "'format' = 'jsn'", "did you mean 'json'?"),
    (T + "\nSELECT id, SUM(v) OVER (PARTITION BY id) FROM t;", "bad_over", "SUM(v) OVER (PARTITION BY id)",
     "ORDER BY a time attribute"),
    (T + "\nSELECT * FROM (SELECT id, ROW_NUMBER() OVER (PARTITION BY id) AS r FROM t) WHERE r < 3;", "bad_over",
     "ROW_NUMBER() OVER (PARTITION BY id)", "ORDER BY a column, best a time attribute"),
])
def test_an_error_says_where(text: str, code: str, where: str, hint: str | None) -> None:
    found = refused(text)
    assert found[:2] == (code, where)
    assert hint is None or found[2] == hint


@pytest.mark.parametrize(("query", "where"), [
    ("SELECT COUNT(*) FROM t GROUP BY v % 7", "v % 7"),
    ("SELECT COUNT(DISTINCT v) FROM t", "COUNT(DISTINCT v)"),
    ("SELECT DISTINCT id FROM t", "id"),
    ("SELECT t.id FROM t JOIN u ON t.id = u.id", "JOIN u ON t.id = u.id"),
    ("SELECT t.id FROM t, u WHERE t.id = u.id", ", u"),
    ("SELECT t.v FROM t JOIN u USING (id)", "JOIN u USING (id)"),
    ("SELECT id FROM t WHERE id IN (SELECT id FROM u)", "id IN (SELECT id FROM u)"),
    ("SELECT id FROM t INTERSECT SELECT id FROM u", "SELECT id FROM t INTERSECT SELECT id FROM u"),
    ("SELECT SUM(v) OVER (PARTITION BY id ORDER BY p) FROM t", "SUM(v) OVER (PARTITION BY id ORDER BY p)"),
])
def test_a_warning_of_growing_state_says_where(query: str, where: str) -> None:
    analyzer = Analyzer()
    analyzer.add("""CREATE TABLE t (id BIGINT, v INT, p AS PROCTIME()); CREATE TABLE u (id BIGINT, w INT);
                    CREATE TABLE o (x BIGINT)""")
    text = f"INSERT INTO o\n{query}"
    warned = [d for d in analyzer.add(text) if d.code == "growing_state"]
    assert warned and warned[0].place is not None
    place = warned[0].place
    assert text[place.start:place.end] == where and place.line == 2


def test_a_warning_beside_a_syntax_error_says_where_too() -> None:
    analyzer = Analyzer()
    analyzer.add("CREATE TABLE t (id BIGINT); CREATE TABLE o (x BIGINT)")
    text = "SELEKT 1;\n INSERT INTO o SELECT COUNT(*) FROM t GROUP BY id;"
    error, warning = analyzer.add(text)
    assert error.severity == "error" and warning.code == "growing_state" and warning.place is not None
    assert (warning.place.line, warning.place.column) == (2, 48)
    assert text[warning.place.start:warning.place.end] == "id"


@pytest.mark.parametrize(("call", "types"), [
    ("IF(v, 1, 2)", "IF(INT, INT NOT NULL, INT NOT NULL)"), ("IF(id, 'a', 'b')", "IF(BIGINT, CHAR(1) NOT NULL, "),
    ("CASE WHEN v THEN 1 ELSE 2 END", "CASE(INT, INT NOT NULL, INT NOT NULL)")])
def test_a_call_is_named_as_it_was_written(call: str, types: str) -> None:
    with pytest.raises(UserError, match="Invalid function call") as caught:
        list(Session().script(f"{T} CREATE VIEW w AS SELECT {call} FROM t;"))
    assert types in caught.value.message


# What Flink 2.3's validator says to `SELECT ... FROM t`, with the column at which it says it.
@pytest.mark.parametrize(("expression", "column"), [
    ("NULL AND FALSE", 8), ("NULL OR TRUE", 8), ("TRUE AND NULL", 17), ("NOT NULL", 12), ("NOT (NULL AND TRUE)", 13),
    ("NULL + 1", 8), ("1 + NULL", 12), ("-NULL", 9), ("+NULL", 9), ("NULL % 1", 8), ("MOD(NULL, 1)", 12),
    ("CONCAT('a', NULL)", 20), ("'a' || NULL", 15), ("ABS(NULL)", 12), ("UPPER(NULL)", 14), ("IF(NULL, 1, 2)", 11),
    ("IF(TRUE, NULL, 1)", 17), ("NULL IS TRUE", 8), ("NULL IS NOT TRUE", 8), ("NULL IS FALSE", 8),
    ("NULL IS UNKNOWN", 8), ("NULL IS NOT UNKNOWN", 8), ("ARRAY[1][NULL]", 17), ("ROW(NULL, 1)", 12),
    ("COUNT(NULL)", 14), ("SUM(NULL)", 12), ("LEFT('a', NULL)", 18), ("SUBSTRING('abc', NULL)", 25),
])
def test_a_null_of_no_type_is_refused(expression: str, column: int) -> None:
    with pytest.raises(UserError, match="Illegal use of 'NULL'") as caught:
        plan(f"SELECT {expression};")
    assert caught.value.place is not None and caught.value.place.column == column


@pytest.mark.parametrize(("expression", "value"), [
    ("NULL IS NULL", "true"), ("NULL IS NOT DISTINCT FROM 1", "false"), ("NULL = 1", "null"), ("1 > NULL", "null"),
    ("NULL IN (1, 2)", "null"), ("1 IN (NULL)", "null"), ("NULL BETWEEN 1 AND 2", "null"), ("COALESCE(NULL, 1)", "1"),
    ("IFNULL(NULL, 1)", "1"), ("CASE WHEN NULL THEN 1 ELSE 2 END", "2"), ("ARRAY[NULL, 1]", "[null, 1]"),
])
def test_a_null_that_gets_a_type_is_taken(expression: str, value: str, capsys: pytest.CaptureFixture[str]) -> None:
    session = Session()
    list(session.script(f"SELECT {expression};"))
    session.run(RunOptions(durable=False))
    assert capsys.readouterr().out == f"+I[{value}]\n"
