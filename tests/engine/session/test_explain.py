"""EXPLAIN with Flink's details: sections, advice, estimates, the operators in JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.errors import NotSupported
from engine.session import Session

TABLES = """
CREATE TABLE a (id BIGINT, v INT) WITH ('connector' = 'datagen');
CREATE TABLE b (id BIGINT, v INT) WITH ('connector' = 'datagen');
CREATE TABLE s (id BIGINT, n BIGINT) WITH ('connector' = 'blackhole');
"""
TWO = """STATEMENT SET BEGIN
INSERT INTO s SELECT a.v, COUNT(*) FROM a JOIN b ON a.id = b.id WHERE b.v > 1 GROUP BY a.v;
INSERT INTO s SELECT id, v FROM a;
END"""


def explained(statement: str, before: str = "") -> str:
    session = Session()
    *_, answer = session.script(f"{TABLES}{before}EXPLAIN {statement};")
    assert session.phases == []
    return answer.text


def section(text: str, title: str) -> list[str]:
    """The lines of a section without blank ones."""
    body = text.partition(f"== {title} ==\n")[2].partition("\n== ")[0]
    return [line for line in body.splitlines() if line]


def test_the_sections_are_flinks() -> None:
    text = explained(TWO)
    titles = [line.strip("= ") for line in text.splitlines() if line.startswith("==")]
    assert titles == ["Abstract Syntax Tree", "Optimized Physical Plan", "Optimized Execution Plan"]
    executed = section(text, "Optimized Execution Plan")
    assert [line for line in executed if "TableSourceScan" in line and ".a]" in line] == [
        "         :- TableSourceScan(table=[default_catalog.default_database.a], fields=[id, v])(reuse_id=[1])"]
    assert executed[-1] == "   +- Reused(reference_id=[1])"


def test_the_operators_in_json() -> None:
    text = explained(f"JSON_EXECUTION_PLAN {TWO}", "SET 'parallelism.default' = '2';")
    nodes = json.loads(text.partition("== Physical Execution Plan ==\n")[2])["nodes"]
    shown = {n["type"]: (n["pact"], n["parallelism"],
                         [(nodes[p["id"] - 1]["type"], p["ship_strategy"]) for p in n.get("predecessors", [])])
             for n in nodes}
    assert shown == {
        "Source: a[1]": ("Data Source", 1, []),
        "Source: b[2]": ("Data Source", 1, []),
        "Calc[3]": ("Operator", 1, [("Source: b[2]", "FORWARD")]),
        "Join[4]": ("Operator", 2, [("Source: a[1]", "HASH"), ("Calc[3]", "HASH")]),
        "GroupAggregate[5]": ("Operator", 2, [("Join[4]", "HASH")]),
        "Calc[6]": ("Operator", 2, [("GroupAggregate[5]", "FORWARD")]),
        "Sink: s[7]": ("Operator", 1, [("Calc[6]", "GLOBAL")]),
        "Calc[8]": ("Operator", 1, [("Source: a[1]", "FORWARD")]),
        "Sink: s[9]": ("Operator", 1, [("Calc[8]", "FORWARD")]),
    }
    assert [n["id"] for n in nodes] == list(range(1, 10))
    assert nodes[2]["contents"] == "[3]:Calc(where=[(v > 1)])"
    assert all(p["side"] == "second" for n in nodes for p in n.get("predecessors", []))


def test_a_query_in_json() -> None:
    text = explained("JSON_EXECUTION_PLAN SELECT id FROM a")
    nodes = json.loads(text.partition("== Physical Execution Plan ==\n")[2])["nodes"]
    assert nodes[0]["type"] == "Source: a[1]" and nodes[-1]["type"].startswith("Sink: ")


def test_advice_is_what_grows() -> None:
    advised = section(explained("PLAN_ADVICE SELECT v, COUNT(*) FROM a GROUP BY v"),
                      "Optimized Physical Plan With Advice")
    assert advised[-1] == (
        "advice[1]: [WARNING] grouping by v, without a window, keeps its state for ever at line 5, column 56; "
        "a SET 'table.exec.state.ttl' = '1 d' or a hint STATE_TTL bounds it; so do windows.")


@pytest.mark.parametrize(("query", "before"), [
    ("SELECT v FROM a", ""), ("SELECT v, COUNT(*) FROM a GROUP BY v", "SET 'table.exec.state.ttl' = '1 d';")])
def test_no_advice(query: str, before: str) -> None:
    advised = section(explained(f"PLAN_ADVICE {query}", before), "Optimized Physical Plan With Advice")
    assert advised[-1] == "No available advice..."


def test_no_advice_in_batch_mode_as_in_flink() -> None:
    with pytest.raises(NotSupported, match="PLAN_ADVICE in batch mode"):
        explained("PLAN_ADVICE VALUES (1)", "SET 'execution.runtime-mode' = 'batch';")


def test_estimates_where_a_table_tells() -> None:
    rows = "VALUES (1), (2), (3), (4)"
    text = explained(f"ESTIMATED_COST SELECT x FROM ({rows}) AS t(x) UNION ALL SELECT id FROM a")
    shown = {line.strip(" :+-").partition("(")[0]: line.rpartition(": ")[2]
             for line in section(text, "Optimized Physical Plan")}
    assert (shown["Values"], shown["TableSourceScan"], shown["UnionAll"]) == (
        "rowcount = 4.0", "rowcount = unknown", "rowcount = unknown")


def test_estimates_of_files(tmp_path: Path) -> None:
    """Parquet says how many rows there are; Calcite takes groups for a tenth of them."""
    pq.write_table(pa.table({"x": pa.array(range(40), pa.int32())}), tmp_path / "rows.parquet")
    files = f"""CREATE TABLE f (x INT) WITH ('connector' = 'filesystem', 'path' = '{tmp_path / "rows.parquet"}',
                'format' = 'parquet');"""
    text = explained("ESTIMATED_COST SELECT x, COUNT(*) FROM f GROUP BY x", files)
    lines = section(text, "Optimized Physical Plan")
    counts = {line.strip(" :+-").partition("(")[0]: line.rpartition("rowcount = ")[2] for line in lines}
    assert (counts["TableSourceScan"], counts["GroupAggregate"]) == ("40.0", "4.0")
