"""Scalar expressions: what is written, and what is printed."""

from __future__ import annotations

import pytest

from engine.sql.dialect import generate, parse_expression

# Printed as written.
SAME = """
a
t.a
c.d.t.a
a.b.c.d.e.f
(a).b
f(x).y.z
a[1].b['k'][i + 1]
`a``b`
`select`
`weird name`.`Ü`
t.*
1
1.50
.5
1E-3
1e10
'it''s'
X'0aff'
TRUE
NULL
UNKNOWN
DATE '2020-01-01'
TIME '12:00:00.5'
TIMESTAMP '2020-01-01 00:00:00'
TIMESTAMP WITH LOCAL TIME ZONE '2020-01-01 00:00:00'
INTERVAL '1' DAY
INTERVAL -'1-2' YEAR TO MONTH
INTERVAL '1 10:00:00.123' DAY(2) TO SECOND(3)
INTERVAL '10' SECOND(2, 3)
CURRENT_TIMESTAMP
LOCALTIME
USER
a + b - c * d / e % f || g
(a + b) * c
a - (b - c)
-a
- -a
a - -1
NOT a AND b OR c
NOT (a OR b)
a = b
a <> b AND a < b AND a <= b AND a > b AND a >= b
a IS NULL
a IS NOT NULL
a IS TRUE
a IS NOT UNKNOWN
a IS DISTINCT FROM b
a IS NOT DISTINCT FROM b
a IS JSON VALUE
a IS NOT JSON OBJECT
a IN (1, 2)
a NOT IN (SELECT b FROM t)
(a, b) IN ((1, 2), (3, 4))
a = SOME (SELECT b FROM t)
a > ALL (1, 2)
a BETWEEN 1 AND 2 + 3
a NOT BETWEEN SYMMETRIC b AND c
a LIKE '%x'
a NOT LIKE '\\_x' ESCAPE '\\'
a SIMILAR TO 'x+' ESCAPE '!'
(a, b) OVERLAPS (c, INTERVAL '1' DAY)
EXISTS (SELECT 1)
(SELECT MAX(a) FROM t) + 1
CASE WHEN a THEN 1 END
CASE a WHEN 1 THEN 'x' WHEN 2 THEN 'y' ELSE 'z' END
CAST(a AS DECIMAL(10, 2))
TRY_CAST(a AS ROW<x INT NOT NULL 'c', y ARRAY<STRING>>)
ROW(1, 'a')
ROW()
(1, 'a')
ARRAY[1, 2]
ARRAY[]
MAP['a', 1, 'b', 2]
MULTISET[1]
ARRAY(SELECT a FROM t)
f()
f(a, g(b))
Mixed_Case(1)
cat.db.f(1)
`weird name`(1)
f(a => 1, b => DEFAULT)
COUNT(*)
COUNT(DISTINCT a, b)
SUM(a) FILTER (WHERE b > 1)
LISTAGG(DISTINCT a, ',') WITHIN GROUP (ORDER BY b DESC NULLS LAST)
LAG(a, 1) IGNORE NULLS OVER (PARTITION BY b ORDER BY c)
LAST_VALUE(a) RESPECT NULLS OVER w
SUM(a) OVER (ORDER BY ts RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW)
SUM(a) OVER (w ROWS UNBOUNDED PRECEDING)
SUM(a) OVER (ROWS BETWEEN 2 PRECEDING AND 3 FOLLOWING)
ROW_NUMBER() OVER (PARTITION BY a, b ORDER BY c NULLS FIRST)
EXTRACT(EPOCH FROM a)
FLOOR(a TO DAY)
CEIL(a)
TIMESTAMPADD(DAY, 1, a)
TIMESTAMPDIFF(SQL_TSI_HOUR, a, b)
POSITION('a' IN b)
OVERLAY(a PLACING b FROM 1 FOR 2)
TRIM(a)
TRIM(BOTH 'x' FROM a)
TRIM(LEADING FROM a)
JSON_VALUE(a, 'lax $.x' RETURNING INT NULL ON EMPTY DEFAULT 1 ON ERROR)
JSON_QUERY(a, '$' RETURNING ARRAY<STRING> WITH CONDITIONAL ARRAY WRAPPER EMPTY ARRAY ON EMPTY)
JSON_QUERY(a, '$' WITHOUT ARRAY WRAPPER ERROR ON ERROR)
JSON_EXISTS(a, '$.x' UNKNOWN ON ERROR)
JSON_OBJECT(KEY 'a' VALUE 1, KEY b VALUE JSON_ARRAY(1) ABSENT ON NULL)
JSON_OBJECT()
JSON_ARRAY(1, NULL NULL ON NULL)
JSON_OBJECTAGG(KEY a VALUE b NULL ON NULL) FILTER (WHERE c)
JSON_ARRAYAGG(a)
DESCRIPTOR(a, b)
MOD(a, 2)
IF(a, b, c)
LEFT(a, 2)
NULLIF(a, b)
DATE_FORMAT(a, 'yyyy')
TO_TIMESTAMP(a, 'yyyy-MM-dd')
LOG(2, a)
YEAR(a)
SUBSTR(a, 1)
map_agg(a)
"""

# Written differently: what is printed.
OTHERWISE = [
    ("SUM(a) OVER (ORDER BY b ASC)", "SUM(a) OVER (ORDER BY b)"),
    ("a != b", "a <> b"),
    ("+a", "a"),
    ("U&'caf\\00e9'", "'café'"),
    ("U&'caf!00e9' UESCAPE '!'", "'café'"),
    ("_UTF16'ä' 'b'", "'äb'"),
    ("x'0A' 'FF'", "X'0aff'"),
    ("INTERVAL '5' DAYS", "INTERVAL '5' DAY"),
    ("INTERVAL 5 MINUTE", "INTERVAL '5' MINUTE"),
    ("interval + '1' second", "INTERVAL '1' SECOND"),
    ("CEILING(a TO hour)", "CEIL(a TO HOUR)"),
    ("SUBSTRING(a FROM 2 FOR 3)", "SUBSTRING(a, 2, 3)"),
    ("COUNT(ALL a)", "COUNT(a)"),
    ("ARRAY_AGG(a ORDER BY b)", "ARRAY_AGG(a) WITHIN GROUP (ORDER BY b)"),
    ("a = ANY (1, 2)", "a = SOME (1, 2)"),
    ("CASE a WHEN 1, 2 THEN b END", "CASE a WHEN 1 THEN b WHEN 2 THEN b END"),
    ("a IS JSON", "a IS JSON VALUE"),
    ("JSON_OBJECT('a': 1, 'b', 2, KEY 'c' VALUE 3)", "JSON_OBJECT(KEY 'a' VALUE 1, KEY 'b' VALUE 2, KEY 'c' VALUE 3)"),
    ("JSON_QUERY(a, '$' WITH WRAPPER)", "JSON_QUERY(a, '$' WITH UNCONDITIONAL ARRAY WRAPPER)"),
    ("NOT a IN (1)", "a NOT IN (1)"),
    ("a -- comment\n + /* other */ b", "a + b"),
    ("trim('x' from a)", "TRIM('x' FROM a)"),
]


@pytest.mark.parametrize("text", SAME.strip().splitlines())
def test_printed_as_written(text: str) -> None:
    tree = parse_expression(text)
    assert generate(tree, quote=False) == text
    assert parse_expression(generate(tree)) == tree


@pytest.mark.parametrize(("text", "expected"), OTHERWISE)
def test_printed_otherwise(text: str, expected: str) -> None:
    tree = parse_expression(text)
    assert generate(tree, quote=False) == expected
    assert parse_expression(expected) == tree


def test_names_are_quoted_unless_told_not_to_be() -> None:
    assert generate(parse_expression("f(t.a, `b`, c => 1)")) == "f(`t`.`a`, `b`, `c` => 1)"


def test_quotes_in_the_text_make_no_difference() -> None:
    assert parse_expression("`t`.`a` + `b`") == parse_expression("t.a + b")
