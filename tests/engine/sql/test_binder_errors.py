"""What is wrong is named, with its place and what to do."""

from __future__ import annotations

import re

import pytest

from engine.errors import UserError
from engine.sql.dialect import parse_one
from tests.engine.sql.binding import binder

CASES = [  # SQL, code, column of the text where it stands, part of the hint
    ("SELECT pric FROM orders", "unknown_column", 8, "price"),
    ("SELECT orders.pric FROM orders", "unknown_column", 8, "price"),
    ("SELECT o.price FROM orders", "unknown_table", 8, "orders"),
    ("SELECT r.b.d FROM nested", "unknown_column", 8, "c"),
    ("SELECT * FROM order", "syntax", 15, ""),
    ("SELECT * FROM ordres", "unknown_table", 15, "orders"),
    ("SELECT x FROM a, b", "ambiguous_column", 8, "table's name"),
    ("SELECT PRICE FROM orders", "unknown_column", 8, "price"),
    ("SELECT x FROM a JOIN b ON a.x = b.q", "unknown_column", 33, "x, y, w"),
    ("SELECT uper(item) FROM orders", "unknown_function", 8, "UPPER"),
    ("SELECT x + 1 FROM a WHERE x", "bad_condition", 27, ""),
    ("SELECT x, COUNT(*) FROM a", "not_grouped", 8, "GROUP BY"),
    ("SELECT x, y FROM a GROUP BY x", "not_grouped", 11, "GROUP BY"),
    ("SELECT COUNT(*) AS c FROM a GROUP BY c", "unknown_column", 38, ""),
    ("SELECT x FROM a WHERE SUM(x) > 1", "bad_aggregate", 23, ""),
    ("SELECT SUM(COUNT(x)) FROM a", "bad_aggregate", 12, ""),
    ("SELECT ROW_NUMBER() FROM a", "bad_over", 8, ""),
    ("SELECT NULL FROM a", "bad_arguments", 8, "CAST(NULL AS INT)"),
    ("SELECT x, CASE WHEN x > 1 THEN NULL END FROM a", "bad_arguments", 21, "CAST(NULL AS INT)"),
    ("SELECT x + NULL FROM a", "bad_arguments", 12, "CAST(NULL AS INT)"),
    ("SELECT UPPER(NULL) FROM a", "bad_arguments", 14, "CAST(NULL AS INT)"),
    ("SELECT ARRAY[NULL] FROM a", "bad_arguments", 14, "CAST(NULL AS INT)"),
    ("SELECT COUNT(*) FROM a GROUP BY NULL", "bad_arguments", 33, "CAST(NULL AS INT)"),
    ("SELECT COUNT(NULL) FROM a", "bad_arguments", 14, "CAST(NULL AS INT)"),
    ("SELECT * FROM (VALUES (1, NULL)) AS t(a, b)", "bad_arguments", 27, "CAST(NULL AS INT)"),
    ("SELECT x IN (1, '2') FROM a", "bad_arguments", 8, ""),
    ("SELECT CAST(x AS VARCHR) FROM a", "unknown_type", 18, "VARCHAR"),
    ("SELECT x FROM a ORDER BY 3", "bad_order", 26, "1 to 1"),
    ("SELECT DISTINCT x FROM a ORDER BY y", "bad_order", 35, ""),
    ("SELECT x FROM a UNION ALL SELECT x, y FROM b", "bad_set_operation", 1, "1, 2"),
    ("SELECT y FROM a UNION ALL SELECT w FROM b", "bad_types", 1, ""),
    ("SELECT * FROM (VALUES (1), (1, 2)) AS t(a)", "bad_values", None, ""),
    ("SELECT * FROM a AS t(k)", "bad_alias", 17, ""),
    ("SELECT * FROM TABLE(TUMBLE(TABLE a, DESCRIPTOR(x), INTERVAL '1' DAY))", "bad_window", 37, "WATERMARK"),
    ("SELECT * FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(t), INTERVAL '1' DAY))", "unknown_column", 42, "ts"),
    ("SELECT * FROM TABLE(HOP(TABLE orders, DESCRIPTOR(ts), INTERVAL '1' DAY))", "bad_window", 21, "slide, size"),
    ("SELECT COUNT(*) FROM a GROUP BY TUMBLE(x, INTERVAL '1' DAY)", "bad_window", 33, ""),
    (
        "SELECT TUMBLE_END(ts, INTERVAL '2' DAY) FROM orders GROUP BY TUMBLE(ts, INTERVAL '1' DAY)",
        "bad_window",
        8,
        "those",
    ),
    ("SELECT (SELECT x, y FROM b) FROM a", "bad_subquery", 8, "2"),
    ("SELECT x FROM a WHERE x IN (SELECT x, y FROM b)", "bad_subquery", None, ""),
    (
        "SELECT * FROM orders AS o JOIN dim FOR SYSTEM_TIME AS OF o.n AS d ON o.item = d.item",
        "bad_temporal_join",
        58,
        "PROCTIME",
    ),
    (
        "SELECT * FROM orders AS o JOIN dim FOR SYSTEM_TIME AS OF o.p AS d ON d.category = 'x' OR TRUE",
        "bad_temporal_join",
        32,
        "=",
    ),
    ("SELECT * FROM orders AS o JOIN rates FOR SYSTEM_TIME AS OF o.ts AS r ON o.id > 1", "bad_temporal_join", 32, "="),
    (
        "SELECT * FROM orders AS o JOIN pays FOR SYSTEM_TIME AS OF o.ts AS r ON o.id = r.id",
        "bad_temporal_join",
        32,
        "KEY",
    ),
    ("INSERT INTO a SELECT x, y FROM b", "bad_insert", 13, "takes 3"),
    ("INSERT INTO a (x, q, z) SELECT x, y, 1 FROM b", "unknown_column", 19, "x, y, z"),
    ("INSERT INTO a (x, y) SELECT x, y FROM b", "bad_insert", 13, ""),
    ("INSERT INTO a SELECT x, y, w FROM b", "bad_insert", None, "CAST"),
    (
        "SELECT x FROM a MATCH_RECOGNIZE (ORDER BY x MEASURES A.x AS q PATTERN (A) DEFINE A AS A.x > 1)",
        "not_supported",
        None,
        "",
    ),
    ("SELECT DATE '2020-13-01'", "bad_literal", 8, ""),
    ("SELECT INTERVAL '1-13' YEAR TO MONTH", "bad_literal", 8, ""),
    ("SELECT x FROM a LIMIT 1.5", "bad_limit", 23, ""),
    ("SELECT SUM(n) OVER w FROM orders", "unknown_window", 20, ""),
    ("SELECT /*+ BROADCST(b) */ a.x FROM a JOIN b ON a.x = b.x", "bad_hint", None, "BROADCAST"),
    ("SELECT /*+ STATE_TTL('a' = 'soon') */ a.x FROM a JOIN b ON a.x = b.x", "bad_hint", None, "10 s"),
    *((f"SELECT /*+ LOOKUP({options}) */ x FROM a", "bad_hint", None, hint) for options, hint in (
        ("'async' = 'true'", "'table'"), ("'table' = 'a', 'asinc' = 'true'", "async"),
        ("'table' = 'a', 'timeout' = '300 si'", "10 s"), ("'table' = 'a', 'max-attempts' = '3'", "'fixed-delay'"),
        ("'table' = 'a', 'retry-predicate' = 'exception'", "lookup_miss"), ("'table' = 'a', 'capacity' = '0'", ""))),
    ("SELECT SUM(n) OVER (ORDER BY ts ROWS BETWEEN CURRENT ROW AND 1 PRECEDING) FROM orders", "bad_frame", None, ""),
    *((f"SELECT SUM(n) OVER (ORDER BY ts {frame}) FROM orders", "not_supported", None, "CURRENT ROW") for frame in (
        "ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING", "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING",
        "ROWS BETWEEN 2 PRECEDING AND 1 PRECEDING", "ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING")),
]


def bind(sql: str) -> None:
    made = binder()
    statement = parse_one(sql)
    made.insert(statement) if sql.startswith("INSERT") else made.query(statement)


@pytest.mark.parametrize(("sql", "code", "column", "hint"), CASES, ids=[c[0][:60] for c in CASES])
def test_errors(sql: str, code: str, column: int | None, hint: str) -> None:
    with pytest.raises(UserError) as caught:
        bind(sql)
    error = caught.value
    assert error.code == code, error
    if column is not None:
        assert error.place is not None, error
        assert error.place.column == column, error
    assert hint in (error.hint or "")
    if error.place is not None:
        wrong = re.search(r"'([^']+)' (?:not found|is ambiguous)", error.message)
        assert wrong is None or wrong[1].split(".")[-1] in sql[error.place.start : error.place.end]


@pytest.mark.parametrize("expression", [
    "NULL IS NULL", "x = NULL", "x IN (1, NULL)", "x BETWEEN NULL AND 2", "COALESCE(NULL, x)", "NULLIF(x, NULL)",
    "CASE WHEN x > 1 THEN NULL ELSE 1 END", "ARRAY[1, NULL]", "CAST(NULL AS INT)", "STARTSWITH(y, NULL)",
    "ARRAY_CONTAINS(ARRAY[x], NULL)",
])
def test_a_null_whose_type_is_known_by_what_is_around_it(expression: str) -> None:
    binder().query(parse_one(f"SELECT {expression} FROM a"))
