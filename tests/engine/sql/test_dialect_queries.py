"""Queries: what is written, and what is printed."""

from __future__ import annotations

import pytest

from engine.sql.dialect import generate, parse_one

# Printed as written.
SAME = """
SELECT a, t.b AS c, * FROM t
SELECT DISTINCT a FROM t WHERE a > 1 GROUP BY a HAVING COUNT(*) > 1
SELECT a FROM c.d.t AS x(a, b)
SELECT a FROM t ORDER BY a DESC, b NULLS FIRST LIMIT 10 OFFSET 5
SELECT a FROM t, u AS v
SELECT * FROM t JOIN u ON t.a = u.a LEFT JOIN v USING (b, c) CROSS JOIN w
SELECT * FROM t FULL JOIN u ON TRUE RIGHT JOIN v ON FALSE NATURAL JOIN w
SELECT * FROM (SELECT a FROM t) AS x
SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS t(id, name)
SELECT * FROM (t JOIN u ON TRUE) JOIN v ON TRUE
SELECT * FROM t /*+ OPTIONS('k' = 'v', 'l' = 'w') */ AS x
SELECT /*+ STATE_TTL('t' = '1d', 'u' = '2d'), BROADCAST(t, u) */ a FROM t
SELECT /*+ LOOKUP('table' = 'd', 'async' = 'true') */ a FROM t
SELECT * FROM t JOIN d FOR SYSTEM_TIME AS OF t.proctime AS d ON t.a = d.a
SELECT * FROM t, LATERAL TABLE(f(a)) AS x(b, c)
SELECT * FROM t LEFT JOIN LATERAL TABLE(f(a)) AS x(b) ON TRUE
SELECT * FROM t, LATERAL (SELECT * FROM u WHERE u.a = t.a LIMIT 3)
SELECT * FROM t CROSS JOIN UNNEST(t.a) WITH ORDINALITY AS x(e, i)
SELECT * FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR))
SELECT * FROM TABLE(HOP(DATA => TABLE t, TIMECOL => DESCRIPTOR(ts), SLIDE => INTERVAL '5' MINUTE, SIZE => \
INTERVAL '1' HOUR))
SELECT * FROM TABLE(CUMULATE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR, INTERVAL '1' DAY)) AS w
SELECT * FROM TABLE(SESSION(TABLE t PARTITION BY (a, b), DESCRIPTOR(ts), INTERVAL '5' MINUTE))
SELECT * FROM TABLE(f(input => TABLE t PARTITION BY (a) ORDER BY (ts DESC), uid => 'x'))
SELECT * FROM TABLE(f((SELECT a FROM t) PARTITION BY (a)))
SELECT * FROM TABLE(ML_PREDICT(TABLE t, MODEL m, DESCRIPTOR(a), MAP['async', 'true']))
SELECT a FROM t GROUP BY GROUPING SETS ((a, b), a, ()), ROLLUP (a, b), CUBE (c)
SELECT TUMBLE_END(ts, INTERVAL '1' HOUR) FROM t GROUP BY TUMBLE(ts, INTERVAL '1' HOUR), a
SELECT SUM(a) OVER w FROM t WINDOW w AS (PARTITION BY b ORDER BY c), v AS (w ROWS 2 PRECEDING)
SELECT a FROM t QUALIFY ROW_NUMBER() OVER (PARTITION BY a ORDER BY b) = 1
SELECT a FROM t UNION ALL SELECT b FROM u UNION SELECT c FROM v
SELECT a FROM t EXCEPT ALL SELECT b FROM u INTERSECT SELECT c FROM v ORDER BY 1 LIMIT 1
(SELECT a FROM t ORDER BY a LIMIT 1) UNION ALL (SELECT b FROM u)
WITH x AS (SELECT 1), y (a) AS (VALUES (1)) SELECT * FROM x, y
WITH RECURSIVE x AS (SELECT 1) SELECT * FROM x
VALUES (1, 'a'), (2, 'b')
SELECT 1
"""

OTHERWISE = [
    ("SELECT a b FROM t x (y)", "SELECT a AS b FROM t AS x(y)"),
    ("SELECT ALL a FROM t", "SELECT a FROM t"),
    ("SELECT a FROM t ORDER BY a FETCH FIRST 5 ROWS ONLY", "SELECT a FROM t ORDER BY a LIMIT 5"),
    ("SELECT a FROM t OFFSET 1 ROW FETCH NEXT 2 ROWS ONLY", "SELECT a FROM t LIMIT 2 OFFSET 1"),
    ("SELECT a FROM t LIMIT 5, 10", "SELECT a FROM t LIMIT 10 OFFSET 5"),
    ("SELECT a FROM t LIMIT ALL", "SELECT a FROM t"),
    ("TABLE t", "SELECT * FROM t"),
    ("VALUES 1, (2), ROW(3)", "VALUES (1), (2), (3)"),
    ("SELECT a FROM t MINUS SELECT b FROM u", "SELECT a FROM t EXCEPT SELECT b FROM u"),
    ("SELECT a FROM t UNION DISTINCT SELECT b FROM u", "SELECT a FROM t UNION SELECT b FROM u"),
    ("SELECT * FROM t INNER JOIN u ON TRUE LEFT OUTER JOIN v ON TRUE",
     "SELECT * FROM t INNER JOIN u ON TRUE LEFT JOIN v ON TRUE"),
    ("SELECT * FROM a JOIN b JOIN c ON b.x = c.x ON a.x = b.x",
     "SELECT * FROM a JOIN (b JOIN c ON b.x = c.x) ON a.x = b.x"),
    ("SELECT * FROM f(TABLE t PARTITION BY a)", "SELECT * FROM TABLE(f(TABLE t PARTITION BY (a)))"),
    ("SELECT * FROM ((SELECT 1) UNION (SELECT 2)) x", "SELECT * FROM ((SELECT 1) UNION (SELECT 2)) AS x"),
    ("EXECUTE SELECT 1", "SELECT 1"),
]

MATCH = (
    "SELECT * FROM t MATCH_RECOGNIZE (PARTITION BY a ORDER BY ts MEASURES A.x AS x, LAST(B.y, 1) AS y "
    "ONE ROW PER MATCH AFTER MATCH SKIP TO LAST B PATTERN ({}) WITHIN INTERVAL '1' HOUR SUBSET U = (A, B) "
    "DEFINE A AS A.x > PREV(A.x), B AS RUNNING SUM(B.x) > 1) AS m"
)
PATTERNS = """
A B
A+ B* C?
A+? B*? C??
A{2} B{2,} C{2,3} D{0,3}?
(A | B C)+ D
PERMUTE(A, B)
A {- B -} C
^ A B $
"""
SKIPS = ["TO NEXT ROW", "PAST LAST ROW", "TO FIRST A", "TO LAST A", "TO A"]


@pytest.mark.parametrize("text", SAME.strip().splitlines())
def test_printed_as_written(text: str) -> None:
    tree = parse_one(text)
    assert generate(tree, quote=False) == text
    for pretty in (False, True):
        assert parse_one(generate(tree, pretty=pretty)) == tree


@pytest.mark.parametrize(("text", "expected"), OTHERWISE)
def test_printed_otherwise(text: str, expected: str) -> None:
    tree = parse_one(text)
    assert generate(tree, quote=False) == expected
    assert parse_one(expected) == tree


@pytest.mark.parametrize("pattern", PATTERNS.strip().splitlines())
def test_row_patterns(pattern: str) -> None:
    text = MATCH.format(pattern)
    assert generate(parse_one(text), quote=False) == text


@pytest.mark.parametrize("skip", SKIPS)
def test_where_the_next_match_begins(skip: str) -> None:
    text = MATCH.format("A").replace("TO LAST B", skip)
    assert generate(parse_one(text), quote=False) == text


def test_pretty() -> None:
    tree = parse_one("WITH x AS (SELECT a FROM t) SELECT x.a, 'l\n2' AS b FROM x JOIN (SELECT 1 AS a) AS y "
                     "ON x.a = y.a WHERE x.a IN (SELECT a FROM u)")
    assert generate(tree, pretty=True, quote=False) == (
        "WITH x AS (\n"
        "  SELECT a\n"
        "  FROM t\n"
        ")\n"
        "SELECT x.a, 'l\n2' AS b\n"
        "FROM x\n"
        "JOIN (\n"
        "  SELECT 1 AS a\n"
        ") AS y ON x.a = y.a\n"
        "WHERE x.a IN (\n"
        "  SELECT a\n"
        "  FROM u\n"
        ")"
    )


def test_long_lists_of_items_stand_on_lines() -> None:
    names = [f"a_rather_long_column_name_{i}" for i in range(5)]
    text = generate(parse_one(f"SELECT {', '.join(names)} FROM t"), pretty=True, quote=False)
    assert text == "SELECT\n  " + ",\n  ".join(names) + "\nFROM t"
