"""Statements: what is written, and what is printed."""

from __future__ import annotations

import pytest

from engine.sql.dialect import InsertInto, StatementSet, generate, parse, parse_one, split

# Printed as written.
SAME = """
CREATE TABLE t (a INT, b STRING NOT NULL COMMENT 'x', c AS a + 1 COMMENT 'y', d BIGINT METADATA FROM 'k' \
VIRTUAL, e INT METADATA)
CREATE TABLE t (a INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND, CONSTRAINT k PRIMARY KEY \
(a) NOT ENFORCED)
CREATE TABLE t (r ROW<ts TIMESTAMP(3)>, WATERMARK FOR r.ts AS r.ts)
CREATE TEMPORARY TABLE IF NOT EXISTS c.d.t (a INT) COMMENT 'x' DISTRIBUTED BY HASH(a) INTO 4 BUCKETS \
PARTITIONED BY (a) WITH ('k' = 'v', 'l' = 'w')
CREATE TABLE t (a INT) DISTRIBUTED INTO 3 BUCKETS
CREATE TABLE t (a INT) DISTRIBUTED BY (a)
CREATE TABLE t WITH ('k' = 'v') LIKE u (INCLUDING ALL EXCLUDING WATERMARKS OVERWRITING OPTIONS)
CREATE TABLE t WITH ('k' = 'v') AS SELECT a FROM u
CREATE OR REPLACE TABLE t AS SELECT a FROM u
CREATE TABLE t (a, b) WITH ('k' = 'v') AS SELECT b, a FROM u
CREATE MATERIALIZED TABLE t PARTITIONED BY (a) WITH ('k' = 'v') FRESHNESS = INTERVAL '1' HOUR REFRESH_MODE = \
FULL AS SELECT a FROM u
CREATE VIEW v AS SELECT a FROM t
CREATE TEMPORARY VIEW IF NOT EXISTS v (a COMMENT 'x', b) COMMENT 'y' AS SELECT a, b FROM t
CREATE FUNCTION f AS 'a.B'
CREATE TEMPORARY SYSTEM FUNCTION IF NOT EXISTS f AS 'm.f' LANGUAGE PYTHON
CREATE TEMPORARY FUNCTION f AS 'a.B' LANGUAGE JAVA USING JAR 'x.jar', JAR 'y.jar'
CREATE DATABASE IF NOT EXISTS d COMMENT 'x' WITH ('k' = 'v')
CREATE CATALOG c WITH ('type' = 'generic_in_memory')
CREATE TEMPORARY MODEL IF NOT EXISTS m INPUT (a INT COMMENT 'x', b STRING) OUTPUT (c DOUBLE) COMMENT 'y' WITH \
('k' = 'v')
DROP TABLE t
DROP TEMPORARY VIEW IF EXISTS v
DROP TEMPORARY SYSTEM FUNCTION IF EXISTS f
DROP DATABASE d CASCADE
DROP DATABASE d RESTRICT
DROP CATALOG c
DROP MODEL IF EXISTS m
DROP MATERIALIZED TABLE t
ALTER TABLE t RENAME TO u
ALTER TABLE IF EXISTS t RENAME a TO b
ALTER TABLE t SET ('k' = 'v')
ALTER TABLE t RESET ('k', 'l')
ALTER TABLE t ADD (a INT COMMENT 'x' FIRST, b AS a + 1 AFTER a, WATERMARK FOR ts AS ts, PRIMARY KEY (a) NOT ENFORCED)
ALTER TABLE t MODIFY (a BIGINT NOT NULL)
ALTER TABLE t ADD DISTRIBUTION BY HASH(a) INTO 2 BUCKETS
ALTER TABLE t DROP (a, b.c)
ALTER TABLE t DROP PRIMARY KEY
ALTER TABLE t DROP CONSTRAINT k
ALTER TABLE t DROP WATERMARK
ALTER TABLE t DROP DISTRIBUTION
ALTER TABLE t ADD IF NOT EXISTS PARTITION (a = 1, b = 'x') PARTITION (a = 2, b = 'y') WITH ('k' = 'v')
ALTER TABLE t DROP IF EXISTS PARTITION (a = 1), PARTITION (a = 2)
ALTER VIEW v RENAME TO w
ALTER VIEW v AS SELECT 1
ALTER DATABASE d SET ('k' = 'v')
ALTER CATALOG c COMMENT 'x'
ALTER CATALOG c RESET ('k')
ALTER TEMPORARY FUNCTION IF EXISTS f AS 'a.B' LANGUAGE SCALA
ALTER MODEL m SET ('k' = 'v')
ALTER MATERIALIZED TABLE t SUSPEND
ALTER MATERIALIZED TABLE t RESUME WITH ('k' = 'v')
ALTER MATERIALIZED TABLE t REFRESH PARTITION (a = 1)
ALTER MATERIALIZED TABLE t SET FRESHNESS = INTERVAL '1' DAY
ALTER MATERIALIZED TABLE t SET REFRESH_MODE = CONTINUOUS
ALTER MATERIALIZED TABLE t AS SELECT 1
INSERT INTO t SELECT a FROM u
INSERT INTO c.d.t /*+ OPTIONS('k' = 'v') */ (a, b) VALUES (1, 2)
INSERT OVERWRITE t PARTITION (p = 1, q) (a) SELECT a FROM u
INSERT INTO t SELECT a FROM u ON CONFLICT DO DEDUPLICATE
INSERT INTO t (SELECT a FROM u) UNION ALL (SELECT b FROM v)
UPDATE t SET a = 1, b = DEFAULT_B WHERE c > 2
DELETE FROM t WHERE a = 1
DELETE FROM t
TRUNCATE TABLE t
ANALYZE TABLE t PARTITION (a = 1, b) COMPUTE STATISTICS FOR COLUMNS a, b
ANALYZE TABLE t COMPUTE STATISTICS FOR ALL COLUMNS
CALL c.d.p(1, name => 'x')
EXECUTE STATEMENT SET BEGIN INSERT INTO t SELECT 1; INSERT INTO u SELECT 2; END
BEGIN STATEMENT SET
END
SET
SET 'k.l' = 'v'
RESET
RESET 'k.l'
USE d
USE c.d
USE CATALOG c
USE MODULES a, b
LOAD MODULE m WITH ('k' = 'v')
UNLOAD MODULE m
ADD JAR 'x.jar'
REMOVE JAR 'x.jar'
STOP JOB 'id' WITH SAVEPOINT WITH DRAIN
SHOW TABLES
SHOW TABLES FROM c.d NOT LIKE 'x%'
SHOW DATABASES IN c ILIKE 'X%'
SHOW CATALOGS LIKE 'x%'
SHOW CURRENT DATABASE
SHOW USER FUNCTIONS
SHOW FULL MODULES
SHOW COLUMNS FROM t LIKE 'x%'
SHOW PARTITIONS t PARTITION (a = 1)
SHOW CREATE TABLE t
SHOW CREATE MATERIALIZED TABLE t
SHOW PROCEDURES IN d LIKE 'x%'
SHOW JARS
SHOW JOBS
DESCRIBE t
DESCRIBE EXTENDED c.d.t
DESCRIBE CATALOG EXTENDED c
DESCRIBE DATABASE d
DESCRIBE MODEL m
DESCRIBE JOB 'id'
EXPLAIN PLAN FOR SELECT 1
EXPLAIN CHANGELOG_MODE, ESTIMATED_COST INSERT INTO t SELECT 1
EXPLAIN PLAN FOR STATEMENT SET BEGIN INSERT INTO t SELECT 1; END
EXECUTE PLAN 'p.json'
COMPILE PLAN 'p.json' IF NOT EXISTS FOR INSERT INTO t SELECT 1
COMPILE AND EXECUTE PLAN 'p.json' FOR STATEMENT SET BEGIN INSERT INTO t SELECT 1; END
"""

OTHERWISE = [
    ("create table t (a int primary key not enforced)", "CREATE TABLE t (a INT, PRIMARY KEY (a) NOT ENFORCED)"),
    ("REPLACE TABLE t AS SELECT 1", "CREATE OR REPLACE TABLE t AS SELECT 1"),
    ("ALTER TABLE t ADD a INT", "ALTER TABLE t ADD (a INT)"),
    ("ALTER TABLE t DROP a", "ALTER TABLE t DROP (a)"),
    ("SET sql-client.execution.result-mode = tableau", "SET 'sql-client.execution.result-mode' = 'tableau'"),
    ("RESET table.exec.state.ttl;", "RESET 'table.exec.state.ttl'"),
    ("DESC t", "DESCRIBE t"),
    ("DESCRIBE `catalog`", "DESCRIBE `catalog`"),
    ("EXPLAIN SELECT 1", "EXPLAIN PLAN FOR SELECT 1"),
    ("BEGIN STATEMENT SET; INSERT INTO t SELECT 1; END;",
     "EXECUTE STATEMENT SET BEGIN INSERT INTO t SELECT 1; END"),
]


@pytest.mark.parametrize("text", SAME.strip().splitlines())
def test_printed_as_written(text: str) -> None:
    tree = parse_one(text)
    assert generate(tree, quote=False) == text
    for pretty in (False, True):
        assert parse_one(generate(tree, pretty=pretty)) == tree


@pytest.mark.parametrize(("text", "expected"), OTHERWISE)
def test_printed_otherwise(text: str, expected: str) -> None:
    tree = parse_one(text)
    assert generate(tree, quote=False) == expected.replace("`catalog`", "catalog")
    assert parse_one(expected) == tree


def test_pretty_table() -> None:
    text = generate(parse_one("CREATE TABLE t (a INT, WATERMARK FOR a AS a) WITH ('k' = 'v', 'l' = 'w')"), pretty=True)
    assert text == (
        "CREATE TABLE `t` (\n"
        "  `a` INT,\n"
        "  WATERMARK FOR `a` AS `a`\n"
        ")\n"
        "WITH (\n"
        "  'k' = 'v',\n"
        "  'l' = 'w'\n"
        ")"
    )


def test_scripts_and_their_parts() -> None:
    script = "SET 'a' = 'b';\n-- first\n/* second */ BEGIN STATEMENT SET; INSERT INTO t SELECT ';'; END; ;SELECT 1"
    assert split(script) == [
        "SET 'a' = 'b'", "BEGIN STATEMENT SET; INSERT INTO t SELECT ';'; END", "SELECT 1"]
    _, inserts, _ = parse(script)
    assert isinstance(inserts, StatementSet)
    assert [type(each) for each in inserts.expressions] == [InsertInto]
    assert inserts.comments == ["first", "second"]


def test_comments_before_statements_survive() -> None:
    tree = parse_one("-- node: a\nCREATE VIEW v AS SELECT 1")
    assert generate(tree) == "/* node: a */ CREATE VIEW `v` AS SELECT 1"
    assert generate(tree, pretty=True).startswith("/* node: a */\nCREATE VIEW")
    assert generate(tree, comments=False) == "CREATE VIEW `v` AS SELECT 1"
