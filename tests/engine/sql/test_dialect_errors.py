"""What is refused, where, and how it is said; and where nodes stand."""

from __future__ import annotations

import pytest
from sqlglot import exp

from engine.errors import Place, UserError
from engine.sql.dialect import parse, parse_expression, parse_one, place_of

# Text, line, column, what the message holds.
REFUSED = [
    ("SELECT FROM t", 1, 8, "unexpected 'FROM'; expected one of an expression"),
    ("SELECT a\nFROM t WHERE", 2, 13, "unexpected end of the text; expected an expression"),
    ("SELECT a FROM t LIMIT 10 OFFSET -1", 1, 33, "unexpected '-'; expected an unsigned number"),
    ("CREATE TABLE t (a INT,)", 1, 23, "unexpected ')'"),
    ("SELECT a FROM t\n  GROUP a", 2, 9, "expected BY"),
    ("SELECT (a + 1 FROM t", 1, 15, "unexpected 'FROM'"),
    ("SELECT a b c FROM t", 1, 12, "unexpected 'c'"),
    ("SELECT order FROM t", 1, 8, "unexpected 'order'"),
    ("SELECT 'abc", 1, 8, "this string literal is not closed"),
    ("SELECT `abc", 1, 8, "this quoted identifier is not closed"),
    ("SELECT /* abc", 1, 8, "this comment is not closed"),
    ('SELECT "abc"', 1, 8, "unexpected character '\"'"),
    ("SELECT X'0'", 1, 8, "even number"),
    ("SELECT U&'\\00g0'", 1, 8, "four hexadecimal digits"),
    ("SELECT MAP['a']", 1, 15, "keys and values in turn"),
    ("SELECT CAST(a AS TIMESTAMP(3, 4))", 1, 32, "too many numbers"),
    ("SELECT CAST(a AS ARRAY<INT, INT>)", 1, 32, "ARRAY takes one type"),
    ("SELECT a FROM t JOIN u", 1, 23, "ON"),
    ("SELECT a FROM a.b.c.d", 1, 15, "at most three parts"),
    ("CREATE TEMPORARY DATABASE d", 1, 1, "TEMPORARY does not go with CREATE DATABASE"),
    ("DROP TEMPORARY CATALOG c", 1, 6, "no such CATALOG"),
    ("CREATE CATALOG a.b", 1, 17, "unexpected '.'"),
    ("ALTER VIEW v SET ('a' = 'b')", 1, 14, "expected one of RENAME, AS"),
    ("EXPLAIN SET 'a' = 'b'", 1, 9, "expected one of a query"),
    ("SELECT EXTRACT(FOO FROM a)", 1, 16, "a unit of time"),
    ("SELECT JSON_VALUE(a, 'x' NULL ON ERROR NULL ON EMPTY)", 1, 48, "ON EMPTY"),
    ("SELECT 1; SELEC 2", 1, 11, "expected one of a statement"),
    ("BEGIN STATEMENT SET; SELECT 1; END", 1, 22, "INSERT"),
]


@pytest.mark.parametrize(("text", "line", "column", "message"), REFUSED)
def test_refused_with_its_place(text: str, line: int, column: int, message: str) -> None:
    with pytest.raises(UserError) as refusal:
        parse(text)
    error = refusal.value
    assert (error.code, error.place and (error.place.line, error.place.column)) == ("syntax", (line, column))
    assert message in error.message


@pytest.mark.parametrize(("text", "hint"), [
    ("CREATE TABEL t (a INT)", "did you mean TABLE?"),
    ("SHOW TABELS", "did you mean TABLES?"),
    ("SELECT a FROM t WHERE a BETWEN 1 AND 2", "did you mean BETWEEN?"),
    ("SELCT a FROM t", "did you mean SELECT?"),
    ("INSRT INTO t SELECT 1", "did you mean INSERT?"),
    ("SELECT a FRM t", "did you mean FROM where 'FRM' stands?"),
    ("SELECT a FROM t WERE a > 1", "did you mean WHERE where 'WERE' stands?"),
    ("SELECT a FROM t JION k ON t.a = k.a", "did you mean JOIN where 'JION' stands?"),
    ("SELECT a FROM t GRUOP BY a", "did you mean GROUP where 'GRUOP' stands?"),
    ("SELECT CASE WHEN a > 1 THN 2 END FROM t", "did you mean THEN?"),
    ("SELECT a FROM t other b", None),
])
def test_a_word_that_is_near(text: str, hint: str | None) -> None:
    with pytest.raises(UserError) as refusal:
        parse(text)
    assert refusal.value.hint == hint


def test_one_statement_is_one() -> None:
    with pytest.raises(UserError, match="found 2"):
        parse_one("SELECT 1; SELECT 2")
    with pytest.raises(UserError, match="found 0"):
        parse_one("-- nothing")
    assert parse(" ;; ") == []


def test_an_expression_is_whole() -> None:
    with pytest.raises(UserError, match="expected one of an operator"):
        parse_expression("a + 1 b")


def test_text_nested_too_deeply_is_refused() -> None:
    with pytest.raises(UserError) as refusal:
        parse("SELECT " + "(" * 5000 + "1" + ")" * 5000)
    assert refusal.value.code == "too_deep"


def test_places() -> None:
    sql = "SELECT t.a,\n  f(b, 'x') + 1.5 AS c\nFROM t"
    column, total = parse_one(sql).expressions
    assert place_of(column) == Place(1, 8, 7, 10)
    addition = total.this
    assert place_of(addition) == Place(2, 3, 14, 29)
    assert sql[14:29] == "f(b, 'x') + 1.5"
    call, number = addition.this, addition.expression
    assert place_of(call) == Place(2, 3, 14, 23)
    assert place_of(number) == Place(2, 15, 26, 29)
    assert place_of(call.expressions[1]) == Place(2, 8, 19, 22)
    assert place_of(total) == Place(2, 3, 14, 34)
    assert place_of(exp.column("a")) is None


def test_every_name_call_and_literal_has_its_own_place() -> None:
    sql = "SELECT a.b[1], COUNT(DISTINCT c) OVER (ORDER BY d), CAST('x' AS INT) FROM t AS u JOIN v ON u.a = v.b"
    kinds = (exp.Identifier, exp.Literal, exp.Anonymous, exp.Cast, exp.Table, exp.DataType)
    for node in parse_one(sql).find_all(*kinds):
        place = place_of(node)
        assert place is not None
        if isinstance(node, exp.Identifier):
            assert sql[place.start:place.end] == node.name
