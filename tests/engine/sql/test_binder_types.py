"""Columns of queries: names, types, nullability, time attributes. Expectations follow Flink's documented rules."""

from __future__ import annotations

import pytest

from tests.engine.sql.binding import schema

CASES = {
    # names
    "SELECT x, x + 1, y AS v FROM a": "x INT, EXPR$1 INT, v STRING",
    "SELECT a.x, a.y FROM a": "x INT, y STRING",
    "SELECT * FROM a JOIN b ON a.x = b.x": "x INT, y STRING, z BIGINT NOT NULL, x0 INT, y0 STRING, w DOUBLE",
    "SELECT b.*, a.z FROM a, b": "x INT, y STRING, w DOUBLE, z BIGINT NOT NULL",
    "SELECT * FROM (VALUES (1, 'a'), (2, CAST(NULL AS CHAR(1)))) AS t(k, v)": "k INT NOT NULL, v CHAR(1)",
    "SELECT * FROM (SELECT x AS q FROM a) t": "q INT",
    "SELECT r.a, r.b.c, nested.r.a AS d FROM nested": "a INT, c STRING, d INT",
    "SELECT r.* FROM nested": "a INT, b ROW<`c` STRING>",
    "SELECT tags[1], m['k'] FROM nested": "EXPR$0 STRING, EXPR$1 INT",
    # literals
    "SELECT 1, 1.5, 1e0, 'ab', TRUE": (
        "EXPR$0 INT NOT NULL, EXPR$1 DECIMAL(2, 1) NOT NULL, EXPR$2 DOUBLE NOT NULL, EXPR$3 CHAR(2) NOT NULL, EXPR$4 "
        "BOOLEAN NOT NULL"
    ),
    "SELECT DATE '2020-01-02', TIME '10:11:12', TIMESTAMP '2020-01-02 03:04:05.678'": (
        "EXPR$0 DATE NOT NULL, EXPR$1 TIME(0) NOT NULL, EXPR$2 TIMESTAMP(3) NOT NULL"
    ),
    "SELECT INTERVAL '1' DAY, INTERVAL '2' MONTH": (
        "EXPR$0 INTERVAL DAY TO SECOND NOT NULL, EXPR$1 INTERVAL YEAR TO MONTH NOT NULL"
    ),
    # time attributes: kept by references, lost in expressions, materialised by regular joins and groups
    "SELECT ts, p, ts + INTERVAL '1' SECOND AS later FROM orders": (
        "ts TIMESTAMP(3) *ROWTIME*, p TIMESTAMP_LTZ(3) NOT NULL *PROCTIME*, later TIMESTAMP(3)"
    ),
    "SELECT orders.ts FROM orders JOIN pays ON orders.id = pays.id": "ts TIMESTAMP(3)",
    "SELECT ts FROM orders GROUP BY ts": "ts TIMESTAMP(3)",
    "SELECT ts FROM orders UNION ALL SELECT ts FROM pays": "ts TIMESTAMP(3) *ROWTIME*",
    "SELECT ts FROM orders UNION ALL SELECT CAST(ts AS TIMESTAMP(3)) FROM pays": "ts TIMESTAMP(3)",
    # aggregates
    "SELECT item, COUNT(*), SUM(n), AVG(price), MAX(ts) FROM orders GROUP BY item": (
        "item STRING, EXPR$1 BIGINT NOT NULL, EXPR$2 INT NOT NULL, EXPR$3 DECIMAL(38, 6), EXPR$4 TIMESTAMP(3)"
    ),
    "SELECT SUM(n), COUNT(n) FROM orders": "EXPR$0 INT, EXPR$1 BIGINT NOT NULL",
    "SELECT SUM(n) FILTER (WHERE n > 1) FROM orders GROUP BY item": "EXPR$0 INT",
    "SELECT x, y, GROUPING(x), COUNT(*) FROM a GROUP BY GROUPING SETS ((x, y), (x), ())": (
        "x INT, y STRING, EXPR$2 BIGINT NOT NULL, EXPR$3 BIGINT NOT NULL"
    ),
    "SELECT z, COUNT(*) FROM a GROUP BY ROLLUP (z)": "z BIGINT, EXPR$1 BIGINT NOT NULL",
    # outer joins make columns nullable
    "SELECT a.z, pays.id FROM a LEFT JOIN pays ON a.z = pays.id": "z BIGINT NOT NULL, id BIGINT",
    "SELECT a.z, pays.id FROM a FULL JOIN pays ON a.z = pays.id": "z BIGINT, id BIGINT",
    "SELECT * FROM a NATURAL JOIN b": "x INT, y STRING, z BIGINT NOT NULL, w DOUBLE",
    "SELECT * FROM a JOIN b USING (x)": "x INT, y STRING, z BIGINT NOT NULL, y0 STRING, w DOUBLE",
    # windows
    (
        "SELECT window_start, window_end, window_time, COUNT(*) AS c FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(ts), "
        "INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, window_time"
    ): (
        "window_start TIMESTAMP(3) NOT NULL, window_end TIMESTAMP(3) NOT NULL, window_time TIMESTAMP(3) NOT NULL "
        "*ROWTIME*, c BIGINT NOT NULL"
    ),
    (
        "SELECT item, TUMBLE_START(ts, INTERVAL '1' MINUTE) AS s, TUMBLE_ROWTIME(ts, INTERVAL '1' MINUTE) AS t FROM "
        "orders GROUP BY item, TUMBLE(ts, INTERVAL '1' MINUTE)"
    ): "item STRING, s TIMESTAMP(3) NOT NULL, t TIMESTAMP(3) NOT NULL *ROWTIME*",
    (
        "SELECT id, ROW_NUMBER() OVER (PARTITION BY item ORDER BY ts) AS r, LAG(n) OVER (PARTITION BY item ORDER BY "
        "ts) AS l, LAG(n, 1, 0) OVER (PARTITION BY item ORDER BY ts) AS d FROM orders"
    ): "id BIGINT NOT NULL, r BIGINT NOT NULL, l INT, d INT NOT NULL",
    # set operations
    "SELECT x FROM a UNION SELECT z FROM a": "x BIGINT",
    "SELECT z FROM a EXCEPT SELECT x FROM b": "z BIGINT NOT NULL",
    # subqueries, WITH, UNNEST
    "SELECT z, (SELECT MAX(w) FROM b WHERE b.x = a.x) AS m FROM a": "z BIGINT NOT NULL, m DOUBLE",
    "WITH t (k) AS (SELECT x FROM a) SELECT k FROM t": "k INT",
    "SELECT id, tag FROM nested CROSS JOIN UNNEST(tags) AS t(tag)": "id INT, tag STRING",
    "SELECT id, x, y FROM nested, UNNEST(rows_) AS t": "id INT, x INT, y STRING",
    "SELECT id, k, v FROM nested CROSS JOIN UNNEST(m) AS t(k, v)": "id INT, k STRING, v INT NOT NULL",
    "SELECT id, tag FROM nested LEFT JOIN UNNEST(tags) WITH ORDINALITY AS t(tag, i) ON TRUE": "id INT, tag STRING",
    # lookups: computed columns of the dimension are there, NULL where nothing is found
    "SELECT o.id, d.category, d.big FROM orders AS o LEFT JOIN dim FOR SYSTEM_TIME AS OF o.p AS d ON o.item = d.item": (
        "id BIGINT NOT NULL, category STRING, big STRING"
    ),
}


@pytest.mark.parametrize("sql", CASES, ids=range(len(CASES)))
def test_columns_of_a_query(sql: str) -> None:
    assert schema(sql) == CASES[sql]


def test_a_view_is_bound_once_and_shared() -> None:
    from engine.plan.tree import walk
    from engine.sql.dialect import parse_one
    from tests.engine.sql.binding import binder

    made = binder("CREATE VIEW v AS SELECT item, n FROM orders WHERE n > 1")
    relation = made.query(parse_one("SELECT l.item FROM v AS l JOIN v AS r ON l.item = r.item"))
    view = made.table("v")
    assert sum(r is view for r in walk((relation,))) == 1
    assert sum(type(r).__name__ == "Scan" for r in walk((relation,))) == 1


def test_a_chain_of_views_longer_than_the_stack() -> None:
    from engine.sql.dialect import parse_one
    from tests.engine.sql.binding import binder

    made = binder(*(f"CREATE VIEW v{i} AS SELECT x FROM {'a' if i == 0 else f'v{i - 1}'}" for i in range(300)))
    made.catalog.version += 1  # forget: everything is bound anew, from the last view down
    assert made.query(parse_one("SELECT * FROM v299")).schema.names == ("x",)


def test_provenance_of_a_view() -> None:
    from engine.plan.tree import walk
    from engine.sql import ddl
    from engine.sql.binder import Binder
    from engine.sql.dialect import parse, parse_one
    from tests.engine.sql.binding import TABLES, catalogue

    made = Binder(catalogue(), nodes={"v": "node-7"})
    for statement in [*parse(TABLES), *parse("CREATE VIEW v AS SELECT x + 1 AS y FROM a WHERE x > 0")]:
        ddl.apply(statement, made)
    relation = made.query(parse_one("SELECT y FROM v"))
    marked = {type(r).__name__ for r in walk((relation,)) if "node-7" in r.nodes}
    assert marked == {"Filter", "Project"}
