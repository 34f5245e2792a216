"""What we compile is SQL that Flink's own planner accepts: EXPLAIN by its SQL Gateway (no job runs)."""

from __future__ import annotations

import pytest

from tests.services.flink_gateway import FlinkError
from tests.services.flink_tables import for_flink

EVENTS = """CREATE TABLE events (
    user_id BIGINT, item_id BIGINT, behavior STRING, ts TIMESTAMP(3), now_at AS PROCTIME(),
    WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'datagen')"""
ITEMS = """CREATE TABLE items (rowkey BIGINT, cf ROW<category BIGINT>, PRIMARY KEY (rowkey) NOT ENFORCED)
    WITH ('connector' = 'hbase-2.2', 'table-name' = 'items', 'zookeeper.quorum' = 'localhost:2181')"""
SAMPLES = """CREATE TEMPORARY VIEW samples AS
    SELECT e.user_id, e.ts, e.behavior = 'buy' AS label, FEATURES(18, 'item', e.item_id, 'category', i.cf.category) AS x
    FROM events AS e LEFT JOIN items FOR SYSTEM_TIME AS OF e.now_at AS i ON e.item_id = i.rowkey"""
MODEL = "ROW<model STRING, version BIGINT, samples BIGINT, logloss DOUBLE, auc DOUBLE>"
MODELS = f"""CREATE TABLE trained (name STRING, m {MODEL}, PRIMARY KEY (name) NOT ENFORCED)
    WITH ('connector' = 'upsert-kafka', 'topic' = 'models', 'properties.bootstrap.servers' = 'localhost:9092',
    'key.format' = 'json', 'value.format' = 'json')"""
COUNTS = """CREATE TABLE counts (behavior STRING, opens TIMESTAMP(3), n BIGINT) WITH (
    'connector' = 'filesystem', 'path' = 'file:///tmp/counts', 'format' = 'json')"""


def test_a_statement_set_with_our_functions_is_planned_and_its_view_shared(gateway):
    plan = gateway.explain([
        EVENTS, ITEMS, SAMPLES, MODELS, COUNTS,
        "INSERT INTO trained SELECT 'ftrl', FTRL(label, x, 'alpha=0.1') FROM samples",
        """INSERT INTO counts SELECT behavior, window_start, COUNT(*)
           FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
           GROUP BY behavior, window_start, window_end""",
    ])
    executed = plan.partition("== Optimized Execution Plan ==")[2]
    assert executed.count("TableSourceScan(table=[[default_catalog, default_database, events]]") == 1
    assert executed.count("LookupJoin(table=[default_catalog.default_database.items]") == 1
    assert executed.count("PythonGroupAggregate(") == 1
    assert "WindowAggregate(" in executed


def test_changelog_modes_are_shown(gateway):
    insert = f"INSERT INTO trained SELECT behavior, CAST(NULL AS {MODEL}) FROM events GROUP BY behavior"
    plan = gateway.explain([insert], "CHANGELOG_MODE")
    assert "changelogMode=[I]" in plan
    assert "GroupAggregate(" in plan


def test_what_flink_refuses_is_an_error_with_its_cause(gateway):
    with pytest.raises(FlinkError, match="Column 'nope' not found"):
        gateway.explain(["INSERT INTO counts SELECT nope, ts, 1 FROM events"])


def test_our_tables_are_planned_under_flinks_connectors(gateway):
    plan = gateway.explain([for_flink(statement) for statement in (
        "CREATE TABLE visits (id BIGINT, kind STRING) WITH ('connector' = 'shop', 'seed' = '1')",
        "CREATE TABLE kept (id BIGINT, n BIGINT, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'pipe')",
        "CREATE TABLE watched (n BIGINT) WITH ('connector' = 'metrics')",
        """CREATE TABLE found (rowkey BIGINT, cf ROW<n BIGINT>, PRIMARY KEY (rowkey) NOT ENFORCED) WITH (
           'connector' = 'hbase-2.2', 'table-name' = 'it''s', 'zookeeper.quorum' = 'embedded:/tmp/x')""",
        "INSERT INTO kept SELECT id, COUNT(*) FROM visits GROUP BY id",
        "INSERT INTO watched SELECT COUNT(*) FROM visits",
        "INSERT INTO found SELECT id, ROW(n) FROM kept",
    )])
    assert plan.count("Sink(table=[default_catalog.default_database.") >= 3
