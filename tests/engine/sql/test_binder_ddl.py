"""DDL, SET, SHOW and DESCRIBE."""

from __future__ import annotations

import pytest

from engine.errors import UserError
from engine.plan.nodes import AssignWatermark, Project, Scan
from engine.sql import ddl
from engine.sql.binder import Binder
from engine.sql.catalog import Catalog
from engine.sql.dialect import parse, parse_one
from engine.sql.inspect import inspect
from engine.sql.settings import apply_setting
from engine.types import TimeKind

TABLE = """CREATE TABLE t (
  a INT, b STRING COMMENT 'a name', c AS a + 1, m TIMESTAMP(3) METADATA FROM 'timestamp' VIRTUAL, o BIGINT METADATA,
  ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND, PRIMARY KEY (a) NOT ENFORCED
) WITH ('connector' = 'x', 'k' = 'v')"""


def apply(*statements: str, binder: Binder | None = None) -> Binder:
    made = binder or Binder(Catalog())
    for text in statements:
        for statement in parse(text):
            ddl.apply(statement, made)
    return made


def rows(sql: str, binder: Binder) -> list[tuple[object, ...]]:
    return list(inspect(parse_one(sql), binder).rows)


def test_a_table_is_a_scan_its_computed_columns_and_its_watermark() -> None:
    relation = apply(TABLE).table("t")
    assert isinstance(relation, AssignWatermark)
    assert isinstance(relation.input, Project)
    scan = relation.input.input
    assert isinstance(scan, Scan)
    assert scan.schema.names == ("a", "b", "m", "o", "ts")
    assert relation.schema.names == ("a", "b", "c", "m", "o", "ts")
    assert [f.time for f in relation.schema if f.time] == [TimeKind.ROWTIME]
    assert scan.table.metadata == ((2, "timestamp"), (3, "o"))
    assert scan.table.primary_key == (0,)
    assert not relation.schema[0].type.nullable
    assert scan.table.option("k") == "v"


def test_a_sink_takes_what_is_persisted() -> None:
    made = apply(TABLE)
    sink = made.insert(parse_one("INSERT INTO t SELECT 1, 'x', CAST(2 AS BIGINT), CAST(NULL AS TIMESTAMP(3))"))
    assert sink.table.physical.names == ("a", "b", "o", "ts")
    sink = made.insert(parse_one("INSERT INTO t (o, a) SELECT CAST(2 AS BIGINT), 1"))
    assert [str(e) for e in sink.input.expressions] == ["$1", "NULL", "$0", "NULL"]  # type: ignore[attr-defined]


def test_options_hint() -> None:
    from engine.plan.tree import walk

    relation = apply(TABLE).query(parse_one("SELECT a FROM t /*+ OPTIONS('k' = 'w') */"))
    (scan,) = [r for r in walk((relation,)) if isinstance(r, Scan)]
    assert scan.table.option("k") == "w"


def test_show_and_describe() -> None:
    made = apply(TABLE, "CREATE VIEW v (x, y) AS SELECT a, b FROM t")
    assert rows("SHOW TABLES", made) == [("t",), ("v",)]
    assert rows("SHOW VIEWS", made) == [("v",)]
    assert rows("SHOW TABLES LIKE 'v%'", made) == [("v",)]
    assert rows("SHOW CURRENT DATABASE", made) == [("default_database",)]
    assert rows("DESCRIBE v", made) == [("x", "INT", False, None, None, None), ("y", "STRING", True, None, None, None)]
    described = rows("DESCRIBE t", made)
    assert described[0] == ("a", "INT", False, "PRI(a)", None, None, None)
    assert described[1][-1] == "a name"
    assert described[2][4] == "AS `a` + 1"
    assert described[3][4] == "METADATA FROM 'timestamp' VIRTUAL"
    assert described[5][:2] == ("ts", "TIMESTAMP(3) *ROWTIME*")
    assert described[5][5] == "`ts` - INTERVAL '1' SECOND"


def test_show_create_gives_statements_that_make_the_same() -> None:
    made = apply(TABLE, "CREATE VIEW v AS SELECT a, b FROM t")
    table, view = (str(rows(f"SHOW CREATE {k}", made)[0][0]) for k in ("TABLE t", "VIEW v"))
    again = apply(table, view)
    assert again.table("t").schema == made.table("t").schema
    assert again.table("v").schema == made.table("v").schema


def test_alter_table() -> None:
    made = apply(TABLE, "ALTER TABLE t ADD (d INT FIRST, e STRING AFTER b)", "ALTER TABLE t RENAME b TO name",
                 "ALTER TABLE t SET ('k' = 'w', 'n' = '1')", "ALTER TABLE t RESET ('n')", "ALTER TABLE t DROP m",
                 "ALTER TABLE t MODIFY e BIGINT", "ALTER TABLE t RENAME TO u")
    relation = made.table("u")
    assert relation.schema.names == ("d", "a", "name", "e", "c", "o", "ts")
    assert str(relation.schema[3].type) == "BIGINT"
    assert dict(made.catalog.find(("u",)).options) == {"connector": "x", "k": "w"}  # type: ignore[union-attr]


def test_like() -> None:
    made = apply(TABLE, "CREATE TABLE u (z INT) WITH ('k' = 'w') LIKE t (EXCLUDING WATERMARKS EXCLUDING GENERATED)")
    relation = made.table("u")
    assert relation.schema.names == ("a", "b", "m", "o", "ts", "z")
    assert not any(f.time for f in relation.schema)


def test_create_table_as() -> None:
    made = Binder(Catalog())
    statement = parse_one("CREATE TABLE u WITH ('connector' = 'x') AS SELECT 1 AS a, 'q' AS b")
    insert = ddl.apply(statement, made)
    assert insert is not None
    assert made.insert(insert).table.physical.names == ("a", "b")


def test_a_view_keeps_the_database_it_was_made_in() -> None:
    made = apply(TABLE, "CREATE VIEW v AS SELECT a FROM t", "CREATE DATABASE d", "USE d")
    assert made.table("default_database.v").schema.names == ("a",)
    with pytest.raises(UserError, match="no table or view"):
        made.table("v")


def test_temporary_objects_hide_permanent_ones() -> None:
    made = apply("CREATE TABLE t (a INT)", "CREATE TEMPORARY TABLE t (b INT)")
    assert made.table("t").schema.names == ("b",)
    apply("DROP TEMPORARY TABLE t", binder=made)
    assert made.table("t").schema.names == ("a",)


def test_replacing_a_view_changes_what_reads_it() -> None:
    made = apply(
        "CREATE TABLE t (a INT, b INT)", "CREATE VIEW v AS SELECT a FROM t", "CREATE VIEW w AS SELECT * FROM v"
    )
    assert made.table("w").schema.names == ("a",)
    apply("CREATE OR REPLACE VIEW v AS SELECT b FROM t", binder=made)
    assert made.table("w").schema.names == ("b",)


REFUSED = {
    "CREATE TABLE t (a INT)": "already_exists",
    "CREATE TABLE u (a INT, a STRING)": "duplicate_column",
    "CREATE TABLE u (a INT, PRIMARY KEY (b) NOT ENFORCED)": "bad_key",
    "CREATE TABLE u (a INT, PRIMARY KEY (a))": "bad_key",
    "CREATE TABLE u (a INT, c AS b + 1)": "unknown_column",
    "CREATE TABLE u (a INT, WATERMARK FOR a AS a)": "bad_watermark",
    "CREATE TABLE u (a TIMESTAMP(3), WATERMARK FOR b AS a)": "unknown_column",
    "CREATE TABLE u (a TIMESTAMP(6), WATERMARK FOR a AS a)": "bad_watermark",
    "CREATE TABLE u (a INT) WITH ('k' = '1', 'k' = '2')": "duplicate_option",
    "CREATE VIEW v AS SELECT q FROM t": "unknown_column",
    "CREATE VIEW v AS SELECT a, a FROM t": "duplicate_column",
    "CREATE VIEW v (x, y) AS SELECT a FROM t": "bad_view",
    "DROP TABLE u": "unknown_table",
    "DROP VIEW t": "unknown_view",
    "USE nowhere": "unknown_database",
    "CREATE CATALOG c WITH ('type' = 'hive')": "not_supported",
    "ALTER TABLE t ADD a INT": "bad_alter",
    "ALTER TABLE t DROP ts": "bad_alter",
    "ALTER TABLE t RENAME q TO r": "bad_alter",
}


@pytest.mark.parametrize("sql", REFUSED)
def test_what_is_refused(sql: str) -> None:
    made = apply(TABLE)
    with pytest.raises(UserError) as caught:
        apply(sql, binder=made)
    assert caught.value.code == REFUSED[sql]
    assert made.catalog.names() == ["t"]


def test_if_exists_and_if_not_exists_change_nothing() -> None:
    made = apply(
        TABLE, "CREATE TABLE IF NOT EXISTS t (q INT)", "DROP TABLE IF EXISTS nowhere", "DROP VIEW IF EXISTS nowhere"
    )
    assert made.table("t").schema.names[0] == "a"


def test_settings() -> None:
    settings: dict[str, str] = {}
    for text in ("SET 'table.exec.state.ttl' = '1 d'", "SET 'rest.port' = '8081'"):
        assert apply_setting(parse_one(text), settings) == []
    assert apply_setting(parse_one("SET"), settings) == [("rest.port", "8081"), ("table.exec.state.ttl", "1 d")]
    apply_setting(parse_one("RESET 'rest.port'"), settings)
    assert settings == {"table.exec.state.ttl": "1 d"}


@pytest.mark.parametrize(("name", "hint"), [
    ("table.exec.state.tll", "'table.exec.state.ttl'"), ("paralelism.default", "'parallelism.default'"),
    ("sql-client.execution.result.mode", "'sql-client.execution.result-mode'"), ("foo.bar", ""), ("table.foo", ""),
    ("python.foo", ""), ("nonsense.key", ""), ("Parallelism.Default", ""),
])
def test_a_setting_that_neither_flink_nor_the_engine_has_is_refused(name: str, hint: str) -> None:
    settings: dict[str, str] = {}
    with pytest.raises(UserError) as caught:
        apply_setting(parse_one(f"SET '{name}' = '1'"), settings)
    assert (caught.value.code, caught.value.place is not None, settings) == ("unknown_setting", True, {})
    assert caught.value.hint and hint in caught.value.hint


# Of each page of Flink's configuration documentation one, a former name, and names that users choose themselves.
@pytest.mark.parametrize("name", [
    "table.optimizer.join.broadcast-threshold", "table.exec.sink.upsert-materialize", "pipeline.force-avro",
    "execution.buffer-timeout.interval", "state.backend.rocksdb.writebuffer.size", "parallelism.default",
    "restart-strategy.failure-rate.delay", "taskmanager.numberOfTaskSlots", "python.fn-execution.bundle.size",
    "kubernetes.cluster-id", "state.backend.incremental", "metrics.reporter.mine.factory.class", "sql-client.verbose",
    "pipeline.global-job-parameters.mine", "fs.s3a.endpoint", "restart-strategy",
    "__table.exec.sort.non-temporal.enabled__",
])
def test_flinks_settings_are_taken(name: str) -> None:
    settings: dict[str, str] = {}
    apply_setting(parse_one(f"SET '{name}' = '1'"), settings)
    assert settings == {name: "1"}
