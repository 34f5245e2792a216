"""Warnings of state that grows for as long as a job runs: of what, of what not, once, with the node."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.__main__ import main
from engine.analyze import Analyzer
from engine.connectors import connector
from engine.connectors.base import TableOptions
from engine.sql.catalog import Capabilities, Catalog, ends
from engine.types import INT, Schema

TABLES = """
CREATE TABLE e (k INT, v INT, b BOOLEAN, ts TIMESTAMP(3), p AS PROCTIME(), WATERMARK FOR ts AS ts);
CREATE TABLE f (k INT, v INT, ts TIMESTAMP(3), p AS PROCTIME(), WATERMARK FOR ts AS ts);
CREATE TABLE ended (k INT, v INT);
CREATE TABLE versions (k INT, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts, PRIMARY KEY (k) NOT ENFORCED);
CREATE TABLE dim (k INT, v INT, PRIMARY KEY (k) NOT ENFORCED);
CREATE TABLE o (x BIGINT);
"""
RANKED = "SELECT k FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY {} ORDER BY {}) AS r FROM {}) WHERE r <= {}"
WINDOWED = "TABLE(TUMBLE(TABLE e, DESCRIPTOR(ts), INTERVAL '1' MINUTE))"


def warned(query: str, *before: str, nodes: dict[str, str] | None = None) -> list[tuple[str, str | None]]:
    """Messages and nodes."""
    catalog = Catalog(lambda table: Capabilities(bounded=table.name == "ended", lookup=table.name == "dim"))
    analyzer = Analyzer(catalog, nodes=nodes or {})
    analyzer.add(TABLES + "".join(before))
    found = analyzer.add(f"INSERT INTO o {query}")
    assert all((d.severity, d.code) == ("warning", "growing_state") for d in found), found
    return [(d.message.removesuffix(" keeps its state for ever"), d.node) for d in found]


GROWING = [
    ("SELECT COUNT(*) FROM e GROUP BY k, b", "grouping by k, b, without a window,"),
    ("SELECT DISTINCT k FROM e", "distinct rows by k"),
    ("SELECT COUNT(DISTINCT k) FROM e", "COUNT(DISTINCT k)"),
    ("SELECT e.k FROM e JOIN f ON e.k = f.k", "a join without a bound of time"),
    ("SELECT e.k FROM e JOIN ended ON e.k = ended.k", "the left side of a join without a bound of time"),
    ("SELECT k FROM e WHERE k IN (SELECT k FROM ended)", "the left side of a join without a bound of time"),
    ("SELECT /*+ STATE_TTL('e' = '1 d') */ e.k FROM e JOIN f ON e.k = f.k",
     "the right side of a join without a bound of time"),
    (RANKED.format("k", "v DESC", "e", 3), "Top-N or deduplication by k"),
    (RANKED.format("k", "p DESC", "e", 1), "Top-N or deduplication by k"),
    ("SELECT SUM(v) OVER (PARTITION BY k ORDER BY ts) FROM e", "OVER by k, without a bound of time,"),
    ("SELECT SUM(v) OVER (PARTITION BY k ORDER BY ts ROWS 3 PRECEDING) FROM e", "OVER by k, without a bound of time,"),
    ("SELECT k FROM e INTERSECT SELECT k FROM f", "INTERSECT"),
]
BOUNDED = [
    "SELECT k FROM e WHERE v > 3",
    "SELECT COUNT(*) FROM e",
    "SELECT COUNT(*) FROM e GROUP BY b",
    "SELECT COUNT(*) FROM ended GROUP BY k",
    f"SELECT COUNT(DISTINCT v) FROM {WINDOWED} GROUP BY k, window_start, window_end",
    "SELECT COUNT(*) FROM e GROUP BY k, TUMBLE(ts, INTERVAL '1' MINUTE)",
    "SELECT e.k FROM e JOIN f ON e.k = f.k AND e.ts BETWEEN f.ts - INTERVAL '1' HOUR AND f.ts",
    "SELECT e.k FROM e JOIN dim FOR SYSTEM_TIME AS OF e.p ON e.k = dim.k",
    "SELECT e.k FROM e JOIN versions FOR SYSTEM_TIME AS OF e.ts ON e.k = versions.k",
    "SELECT SUM(v) OVER (PARTITION BY k ORDER BY ts RANGE INTERVAL '1' HOUR PRECEDING) FROM e",
    "SELECT SUM(v) OVER (ORDER BY ts) FROM e",
    RANKED.format("window_start, window_end, k", "v DESC", WINDOWED, 3),
    "SELECT /*+ STATE_TTL('e' = '1 d') */ COUNT(*) FROM e GROUP BY k",
    "SELECT k FROM e UNION ALL SELECT k FROM f",
]


@pytest.mark.parametrize(("query", "what"), GROWING)
def test_what_grows(query: str, what: str) -> None:
    assert [message for message, _ in warned(query)] == [what]


@pytest.mark.parametrize("query", BOUNDED)
def test_what_is_bounded(query: str) -> None:
    assert warned(query) == []


@pytest.mark.parametrize("query", [q for q, _ in GROWING if "STATE_TTL" not in q])
def test_a_time_to_live_bounds_everything(query: str) -> None:
    assert warned(query, "SET 'table.exec.state.ttl' = '1 d';") == []


@pytest.mark.parametrize("options", [
    {"connector": "filesystem"}, {"connector": "filesystem", "source.monitor-interval": "1 s"},
    {"connector": "datagen"}, {"connector": "datagen", "number-of-rows": "9"},
    {"connector": "datagen", "fields.k.kind": "sequence"}, {"connector": "jdbc"}, {"connector": "hbase-2.2"},
    {"connector": "shop"}, {"connector": "shop", "number-of-impressions": "9"},
])
def test_analysis_knows_as_connectors_do_which_tables_end(options: dict[str, str]) -> None:
    table = TableOptions("t", Schema.of(k=INT), options)
    assert ends(options) == connector(options["connector"]).bounded(table)


def test_a_hint_of_never_is_one_to_warn_of() -> None:
    query = "SELECT /*+ STATE_TTL('e' = '0 s') */ COUNT(*) FROM e GROUP BY k"
    assert len(warned(query, "SET 'table.exec.state.ttl' = '1 d';")) == 1


def test_the_node_is_named_and_what_several_statements_read_is_told_once() -> None:
    view = "CREATE VIEW counts AS SELECT k, COUNT(*) AS n FROM e GROUP BY k; INSERT INTO o SELECT n FROM counts;"
    assert warned("SELECT n FROM counts", view, nodes={"counts": "by-key"}) == []
    before = view.partition("INSERT")[0]
    assert warned("SELECT n FROM counts", before, nodes={"counts": "by-key"}) == [
        ("grouping by k, without a window,", "by-key")]


def test_the_command_line_says_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "job.sql"
    script.write_text("""
      CREATE TABLE e (k INT) WITH ('connector' = 'datagen');
      CREATE TABLE o (k INT, n BIGINT, PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'blackhole');
      INSERT INTO o SELECT k, COUNT(*) FROM e GROUP BY k;""")
    assert main(["explain", str(script), "--state", str(tmp_path / "state")]) == 0
    said = capsys.readouterr().err
    assert "warning: grouping by k, without a window, keeps its state for ever" in said
    assert "table.exec.state.ttl" in said
