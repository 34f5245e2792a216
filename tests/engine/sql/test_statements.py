"""SHOW, DESCRIBE, ALTER, USE and LOAD beside tables: answers as Flink's SQL gateway gives them, and what is refused."""

from __future__ import annotations

import pytest

from engine.errors import NotSupported, UserError
from engine.session import Answer, Session

SETUP = """
CREATE TABLE t (a INT, c STRING) PARTITIONED BY (c) WITH ('connector' = 'blackhole');
CREATE TABLE flat (a INT) WITH ('connector' = 'blackhole');
CREATE CATALOG shop COMMENT 'what is sold' WITH ('type' = 'generic_in_memory');
CREATE DATABASE shop.food COMMENT 'eaten' WITH ('owner' = 'kitchen');
CREATE MODEL m INPUT (x DOUBLE) OUTPUT (y DOUBLE) WITH ('provider' = 'none');
"""


def answers(text: str) -> list[Answer]:
    session = Session()
    list(session.script(SETUP))
    return list(session.script(text))


@pytest.mark.parametrize(("text", "columns", "rows"), [
    ("SHOW JARS", ["jars"], []),
    ("SHOW MODULES", ["module name"], [("core",)]),
    ("USE MODULES core; SHOW FULL MODULES", ["module name", "used"], [("core", True)]),
    ("SHOW PROCEDURES", ["procedure name"], []),
    ("SHOW PARTITIONS t", ["partition name"], []),
    ("SHOW FUNCTIONS LIKE 'ARRAY\\_M%'", ["function name"], []),
    ("SHOW FUNCTIONS LIKE 'ARRAY_MA%'", ["function name"], [("array_max",)]),
    ("SHOW FUNCTIONS LIKE 'up%'", ["function name"], [("upper",)]),
    ("SHOW FUNCTIONS ILIKE 'STDDEV%'", ["function name"], [("stddev",), ("stddev_pop",), ("stddev_samp",)]),
    ("SHOW FUNCTIONS LIKE 'r%rank'", ["function name"], []),
    ("SHOW FUNCTIONS LIKE '%rank'", ["function name"], [("dense_rank",), ("percent_rank",), ("rank",)]),
    ("DESCRIBE FUNCTION `upper`", ["info name", "info value"],
     [("is system function", "true"), ("is temporary", "false")]),
    ("DESCRIBE FUNCTION EXTENDED `SUM`", ["info name", "info value"],
     [("is system function", "true"), ("is temporary", "false"), ("kind", "AGGREGATE"), ("requirements", "[]"),
      ("is deterministic", "true"), ("supports constant folding", "true")]),
    ("DESCRIBE FUNCTION EXTENDED UUID", ["info name", "info value"],
     [("is system function", "true"), ("is temporary", "false"), ("kind", "SCALAR"), ("requirements", "[]"),
      ("is deterministic", "false"), ("supports constant folding", "false")]),
    ("DESCRIBE CATALOG EXTENDED shop", ["info name", "info value"],
     [("name", "shop"), ("type", "generic_in_memory"), ("comment", "what is sold"),
      ("option:type", "generic_in_memory")]),
    (("ALTER CATALOG shop COMMENT 'what was sold'; ALTER CATALOG shop SET ('k' = 'v');"
      "ALTER CATALOG shop RESET ('k'); DESCRIBE CATALOG shop"), ["info name", "info value"],
     [("name", "shop"), ("type", "generic_in_memory"), ("comment", "what was sold")]),
    ("ALTER DATABASE shop.food SET ('owner' = 'cook', 'k' = 'v'); DESCRIBE DATABASE EXTENDED shop.food",
     ["info name", "info value"],
     [("Name", "food"), ("Comment", "eaten"), ("option:owner", "cook"), ("option:k", "v")]),
])
def test_shown(text: str, columns: list[str], rows: list[tuple[object, ...]]) -> None:
    *_, answer = answers(text)
    assert (list(answer.columns), list(answer.rows)) == (columns, rows)


def test_functions_that_no_query_can_call_are_not_shown() -> None:
    [answer] = Session().script("SHOW FUNCTIONS")
    names = {str(name) for name, in answer.rows}
    assert {"abs", "count", "lag", "json_value", "try_cast", "sum0"} <= names
    assert not {"$sum0", "$SUM0", "and", "or", "not", "array", "map", "row", "case", "field", "item"} & names
    assert all(name == name.lower() for name in names)


@pytest.mark.parametrize("name", ["CATALOG shop", "MODEL m", "TABLE t"])
def test_what_create_shows_creates_the_same_again(name: str) -> None:
    [shown] = answers(f"SHOW CREATE {name}")
    text = str(shown.rows[0][0])
    session = Session()
    list(session.script(text))
    [again] = session.script(f"SHOW CREATE {name}")
    assert again == shown


@pytest.mark.parametrize(("text", "code"), [
    ("SHOW PARTITIONS flat", "bad_show"), ("SHOW PARTITIONS nothing", "unknown_table"),
    ("DESCRIBE FUNCTION uper", "unknown_function"), ("SHOW CREATE MODEL n", "unknown_model"),
    ("USE MODULES hive", "unknown_module"), ("LOAD MODULE core", "already_exists"),
    ("LOAD MODULE hive", "unknown_module"), ("UNLOAD MODULE hive", "unknown_module"),
    ("ALTER CATALOG default_catalog COMMENT 'x'", "bad_catalog"), ("ALTER CATALOG sop COMMENT 'x'", "unknown_catalog"),
    ("ALTER DATABASE shop.fod SET ('a' = 'b')", "unknown_database"), ("CREATE DATABASE shop.food", "already_exists"),
])
def test_a_wrong_name_is_the_users(text: str, code: str) -> None:
    with pytest.raises(UserError) as caught:
        answers(text)
    assert caught.value.code == code and caught.value.place is not None


@pytest.mark.parametrize(("text", "what"), [
    ("ADD JAR 'x.jar'", "ADD JAR"), ("CALL p(1)", "CALL"), ("ANALYZE TABLE t COMPUTE STATISTICS", "ANALYZE TABLE"),
    ("TRUNCATE TABLE t", "TRUNCATE TABLE"), ("DELETE FROM t WHERE a = 1", "DELETE"), ("UPDATE t SET a = 1", "UPDATE"),
    ("COMPILE PLAN 'x' FOR INSERT INTO flat SELECT a FROM t", "COMPILE PLAN"), ("EXECUTE PLAN 'x'", "EXECUTE PLAN"),
    ("STOP JOB 'x'", "STOP JOB"), ("UNLOAD MODULE core", "doing without the built-in functions"),
    ("CREATE MATERIALIZED TABLE x FRESHNESS = INTERVAL '1' MINUTE AS SELECT 1 AS a", "CREATE MATERIALIZED TABLE"),
])
def test_statements_that_have_no_meaning_here_say_so(text: str, what: str) -> None:
    with pytest.raises(NotSupported) as caught:
        answers(text)
    assert caught.value.message.startswith(f"{what} is not supported") and caught.value.place is not None
