"""Edited SQL as the changes that it means for the document before."""

from __future__ import annotations

import json
from typing import Any

import pytest

from porsche.compiler import compile_text, environment
from porsche.compiler.recognise import Recognised, recognise
from tests.compiler.commands import applied
from tests.compiler.pipelines import EXAMPLES, chain, node, pipeline

SHOP = (EXAMPLES / "shop.yaml").read_text(encoding="utf-8")
CHAIN = chain(node("cheap", "filter", condition="price < ${limit} AND kind = 'x'"),
              node("seen", "select", keep=["user", "ts"], compute={"double": "price * 2", "low": "LOWER(kind)"}),
              parameters={"path": {"default": "events.csv"}, "limit": {"default": 3}})


def edited(text: str, *changes: tuple[str, str], **more: Any) -> Recognised:
    """The SQL of a document with some of its text replaced, recognised against the document."""
    sql = compile_text(text).text
    for old, new in changes:
        assert old in sql, (old, sql)
        sql = sql.replace(old, new)
    found = recognise(sql, previous=text, **more)
    if found.document is not None:  # the commands make the same document
        assert applied(text, found.commands) == found.document
    return found


def said(found: Recognised) -> list[tuple[str, str, list[str]]]:
    assert found.document is not None, [str(d) for d in found.diagnostics]
    return [(each["change"], each["node"], each["properties"]) for each in found.nodes]


def properties(found: Recognised, name: str) -> dict[str, Any]:
    assert found.document is not None, [str(d) for d in found.diagnostics]
    return next(each.get("properties", {}) for each in found.document["nodes"] if each["id"] == name)


# ---- properties ------------------------------------------------------------------------------------------------------


def test_other_words_change_nothing() -> None:
    found = edited(CHAIN, ("SELECT *\nFROM events", "select e . * from `events` as e"),
                   ("WHERE price < 3", "where (((e.`price` < 3)))"), ("-- node: cheap\n", "/* anything */"))
    assert (said(found), found.commands) == ([], ())


def test_an_expression() -> None:
    found = edited(CHAIN, ("price * 2", "price * 3"))
    assert said(found) == [("changed", "seen", ["compute"])]
    assert found.commands == ({"kind": "set_in", "path": ["nodes", 2, "properties", "compute", "double"],
                               "value": "price * 3"},)


def test_a_parameter_stays_where_its_value_is_unchanged() -> None:
    found = edited(CHAIN, ("kind = 'x'", "kind <> 'y' OR price IS NULL"))
    assert properties(found, "cheap") == {"condition": "price < ${limit} AND kind <> 'y' OR price IS NULL"}


@pytest.mark.parametrize(("written", "condition"), [
    ("price < 4 AND kind = 'x'", "price < 4 AND kind = 'x'"),  # the value is another
    ("kind = 'x' AND price < 3", "kind = 'x' AND price < ${limit}"),
    ("price < 33 AND kind = '3'", "price < 33 AND kind = '3'"),  # the same digit elsewhere is no reference
])
def test_a_parameter_whose_place_changes(written: str, condition: str) -> None:
    assert properties(edited(CHAIN, ("price < 3 AND kind = 'x'", written)), "cheap") == {"condition": condition}


def test_options_keep_their_parameters_and_what_the_environment_supplies_is_left_out() -> None:
    found = edited(SHOP, ("'seed' = '1'", "'seed' = '2'"), ("'state/predictions'", "'elsewhere'"))
    assert properties(found, "shop")["options"] == {
        "connector": "shop", "seed": "2", "number-of-impressions": "${impressions}"}
    assert properties(found, "predictions")["options"]["path"] == "elsewhere"
    found = edited(CHAIN, ("'path' = 'state/out'", "'path' = 'state/other'"))
    assert properties(found, "out") == {"options": {"path": "state/other"}}


def test_what_need_not_be_said_stays_as_it_was_said() -> None:
    """All columns by name, and an empty list: the SQL says the same without them."""
    every = ["user", "price", "kind", "ts"]
    wordy = json.loads(chain(node("seen", "select", keep=every, compute={"price": "price * 2"})))
    wordy["nodes"][-1]["properties"] = {"columns": every, "key": []}
    text = json.dumps(wordy)
    assert said(edited(text, ("'events.csv'", "'other.csv'"))) == [("changed", "events", ["options"])]
    found = edited(text, ("price * 2", "price * 3"))
    assert properties(found, "seen") == {"keep": every, "compute": {"price": "price * 3"}}
    assert properties(found, "out") == {"columns": every, "key": []}
    found = edited(text, ("price, kind, ts", "price, ts"), ("kind STRING,\n  ts TIMESTAMP(3)\n", "ts TIMESTAMP(3)\n"))
    assert properties(found, "out") == {"columns": ["user", "price", "ts"], "key": []}
    fresh = recognise(compile_text(text).text)
    assert properties(fresh, "seen") == {"compute": {"price": "price * 2"}} and properties(fresh, "out") == {}


def test_columns_come_and_go() -> None:
    new = ("LOWER(kind) AS low", "LOWER(kind) AS low, 1 AS unit"), ("double`, low\nFROM", "double`, low, unit\nFROM")
    found = edited(CHAIN, *new, ("low STRING", "low STRING,\n  unit INT NOT NULL"))
    assert [d.code for d in found.diagnostics] == ["not_recognised"]  # a sink's columns may be NULL
    found = edited(CHAIN, *new, ("low STRING", "low STRING,\n  unit INT"))
    assert said(found) == [("changed", "seen", ["compute"])]


def test_settings_and_the_name() -> None:
    found = edited(SHOP, ("'5 s'", "'10 s'"), ("'pipeline.name' = 'shop'", "'pipeline.name' = 'market'"))
    interval = ["settings", "execution.checkpointing.interval"]
    assert found.commands == ({"kind": "set_in", "path": ["name"], "value": "market"},
                              {"kind": "set_in", "path": interval, "value": "10 s"})


# ---- nodes and edges -------------------------------------------------------------------------------------------------


def test_a_view_between() -> None:
    found = edited(CHAIN, ("\n-- node: seen", "\nCREATE VIEW dear AS SELECT * FROM cheap WHERE price > 1;\n"),
                   ("kind) AS low\nFROM cheap", "kind) AS low\nFROM dear"))
    assert said(found) == [("changed", "seen", []), ("added", "dear", [])]
    assert found.commands == (
        {"kind": "disconnect", "from": "cheap", "to": "seen"},
        {"kind": "add_node", "id": "dear", "component": "filter", "properties": {"condition": "price > 1"}},
        {"kind": "connect", "from": "cheap", "to": "dear"},
        {"kind": "connect", "from": "dear", "to": "seen"})


def test_a_view_that_goes_takes_what_is_said_of_it_along() -> None:
    text = json.dumps({**json.loads(CHAIN), "groups": [{"id": "g", "label": "", "nodes": ["cheap", "seen"]}]})
    sql = compile_text(text).text
    start = sql.index("CREATE TEMPORARY VIEW cheap")
    sql = (sql[:start] + sql[sql.index(";", start) + 1:]).replace("FROM cheap", "FROM events")
    found = recognise(sql, previous=text)
    assert said(found) == [("changed", "seen", []), ("removed", "cheap", [])]
    assert found.document is not None and applied(text, found.commands) == found.document
    assert found.document["groups"] == [{"id": "g", "label": "", "nodes": ["seen"]}]


def test_another_name_everywhere_is_a_rename() -> None:
    found = edited(CHAIN, ("cheap", "bargains"))
    assert found.commands == ({"kind": "rename_node", "node": "cheap", "to": "bargains"},)
    assert properties(found, "bargains") == {"condition": "price < ${limit} AND kind = 'x'"}


def test_a_rename_reaches_the_queries_that_name_the_node() -> None:
    query = "select  cheap.`user`, c2.ts from cheap join `cheap` c2 on cheap.ts = c2.ts -- cheap"
    text = chain(node("cheap", "filter", condition="price < 3"), node("own", "custom_sql", query=query))
    found = edited(text, ("cheap", "bargains"))
    assert found.commands == ({"kind": "rename_node", "node": "cheap", "to": "bargains"},)


def test_another_component() -> None:
    window = "PARTITION BY kind ORDER BY ts ROWS BETWEEN 2 PRECEDING AND CURRENT ROW"
    found = edited(CHAIN, ("*\nFROM events\nWHERE price < 3 AND kind = 'x'",
                           f"*, COUNT(*) OVER ({window}) AS n FROM events"))
    assert said(found) == [("replaced", "cheap", [])]
    assert properties(found, "cheap") == {"keys": ["kind"], "time": "ts", "preceding": 2, "features": {"n": "COUNT(*)"}}


def test_what_no_component_says_is_custom_sql() -> None:
    found = edited(CHAIN, ("SELECT *\nFROM events\nWHERE price < 3 AND kind = 'x'",
                           "SELECT 1 AS unit, e.* FROM events AS e WHERE e.price BETWEEN 1 AND 2"))
    assert said(found) == [("replaced", "cheap", [])]
    query = "SELECT 1 AS unit, e.*\nFROM events AS e\nWHERE e.price BETWEEN 1 AND 2"
    assert properties(found, "cheap") == {"query": query}
    assert found.document is not None and found.document["edges"].count({"from": "events", "to": "cheap"}) == 1


def test_what_is_written_may_be_any_query() -> None:
    """A sink writes columns: the rest becomes a node of its own."""
    found = edited(CHAIN, ("FROM seen;", "FROM seen WHERE low > 'a' AND ts IS NOT NULL;"))
    assert said(found) == [("changed", "out", []), ("added", "out_rows", [])]
    assert "ts IS NOT NULL" in properties(found, "out_rows")["query"]


def test_helpers_that_no_longer_fit_are_nodes_of_their_own() -> None:
    found = edited(SHOP, ("CASE WHEN o.impression_id IS NULL THEN 0 ELSE 1 END AS label\nFROM vectors",
                          "CASE WHEN o.impression_id IS NULL THEN 1 ELSE 0 END AS label\nFROM vectors"))
    assert said(found) == [("replaced", "labelled", []), ("added", "labelled_joined", [])]


def test_a_node_that_is_switched_off_stays_and_comes_back_with_its_rows() -> None:
    off = json.loads(CHAIN)
    off["nodes"][1]["disabled"] = True
    text = json.dumps(off)
    assert edited(text, ("price * 2", "price * 4")).commands[0]["path"][-1] == "double"
    found = edited(text, ("SELECT *\nFROM events", "SELECT *\nFROM events WHERE price < 3"))
    assert found.commands[0] == {"kind": "set_disabled", "nodes": ["cheap"], "disabled": False}


def test_unions_keep_their_order() -> None:
    edges = [("events", "a"), ("events", "b"), ("a", "both"), ("b", "both"), ("both", "out")]
    text = pipeline(node("a", "filter", condition="price > 1"), node("b", "filter", condition="price > 2"),
                    node("both", "union"), edges=edges)
    found = edited(text, ("FROM a\nUNION", "FROM `c`\nUNION"), ("FROM b;", "FROM a;"), ("FROM `c`", "FROM b"))
    assert said(found) == [("changed", "both", [])]
    assert found.document is not None
    assert [edge["from"] for edge in found.document["edges"] if edge["to"] == "both"] == ["b", "a"]


# ---- without a document ----------------------------------------------------------------------------------------------


def test_sql_that_a_person_wrote() -> None:
    found = recognise("""
        create table `Events` (id bigint, n int, ts timestamp(3), watermark for ts as ts)
            with ('connector' = 'datagen');
        create table kept (id bigint, n int) with ('connector' = 'print');
        create view `my view` (id, n) as select e.id, e.n from `Events` e where e.n > 1;
        insert into kept select id, n from `my view`;
    """)
    assert found.document == {
        "version": 1, "name": "pipeline",
        "nodes": [
            {"id": "Events", "component": "event_source", "properties": {
                "columns": {"id": "BIGINT", "n": "INT", "ts": "TIMESTAMP(3)"}, "time": "ts", "delay": "0 seconds",
                "options": {"connector": "datagen"}}},
            {"id": "my_view", "component": "custom_sql", "properties": {
                "query": "SELECT e.id AS id, e.n AS n\nFROM Events AS e\nWHERE e.n > 1"}},
            {"id": "kept", "component": "table_sink", "properties": {"options": {"connector": "print"}}}],
        "edges": [{"from": "Events", "to": "my_view"}, {"from": "my_view", "to": "kept"}]}


def test_the_environment_supplies_what_it_supplies() -> None:
    sql = compile_text(SHOP, environment=environment("flink")).text
    found = recognise(sql, environment=environment("flink"))
    assert "options" not in properties(found, "user_features")
    assert "options" not in properties(found, "hourly")


# ---- what cannot be said ---------------------------------------------------------------------------------------------

TABLE = "CREATE TABLE t (a INT) WITH ('connector' = 'datagen');\n"


@pytest.mark.parametrize(("sql", "code", "line", "column"), [
    ("SELECT FROM x", "syntax", 1, 8),
    (TABLE + "CREATE VIEW v AS SELECT b FROM t;", "unknown_column", 2, 25),
    (TABLE + "CREATE VIEW v AS SELECT a FROM u;", "unknown_table", 2, 32),
    (TABLE + "INSERT INTO u SELECT a FROM t;", "unknown_table", 2, 13),
    (TABLE + "DROP TABLE t;", "not_recognised", 2, 1),
    (TABLE + "CREATE TABLE t (b INT) WITH ('connector' = 'print');", "duplicate_id", 2, 14),
    (TABLE + "CREATE VIEW v AS SELECT * FROM w;\nCREATE VIEW w AS SELECT * FROM v;", "cycle", 2, 18),
    ("CREATE TABLE t (a INT METADATA) WITH ('connector' = 'datagen');", "not_recognised", 1, 1),
    (TABLE + "CREATE TABLE s (a BIGINT) WITH ('connector' = 'print');\nINSERT INTO s SELECT a FROM t;",
     "not_recognised", 2, 1),
    (TABLE + "CREATE TABLE s (n BIGINT) WITH ('connector' = 'filesystem', 'path' = 'x', 'format' = 'csv');\n"
     "CREATE VIEW v AS SELECT COUNT(*) AS n FROM t;\nINSERT INTO s SELECT n FROM v;", "updates_not_accepted", 2, 1),
    ("CREATE TABLE cat.db.t (a INT) WITH ('connector' = 'datagen');", "bad_id", 1, 14),
    (TABLE + "CREATE VIEW v (x, y) AS SELECT a FROM t;", "not_recognised", 2, 1),
    (TABLE, "no_sink", 0, 0),
    ("", "no_sink", 0, 0),
])
def test_what_is_wrong_has_its_place_in_the_sql(sql: str, code: str, line: int, column: int) -> None:
    found = recognise(sql)
    assert found.document is None
    first = next(d for d in found.diagnostics if d.severity == "error")
    assert (first.code, first.line, first.column) == (code, line, column), first


def test_a_document_before_that_cannot_be_read() -> None:
    found = recognise(TABLE, previous="{a: [")
    assert found.document is None and [d.code for d in found.diagnostics] == ["syntax"]


def stretches(sql: str, text: str) -> set[tuple[str | int, ...]]:
    """Node, property, path and what stands there."""
    return {(each["node"], each["property"], *each["path"], sql[slice(*each["span"])])
            for each in recognise(sql, previous=text).spans}


def test_where_properties_stand() -> None:
    found = stretches(compile_text(CHAIN).text.replace("price * 2", "(price * 2)"), CHAIN)
    whole, = [str(what) for node, property, what in (each for each in found if len(each) == 3)
              if (node, property) == ("cheap", "")]
    assert whole.startswith("CREATE TEMPORARY VIEW cheap AS") and whole.endswith("kind = 'x'")
    assert found >= {("cheap", "condition", "price < 3 AND kind = 'x'"), ("seen", "compute", "double", "price * 2"),
                     ("seen", "compute", "low", "LOWER(kind)"), ("events", "delay", "INTERVAL '1' SECOND")}


def test_where_names_stand() -> None:
    """Lists of columns, names that are given, options."""
    found = stretches(compile_text(CHAIN).text, CHAIN)
    assert found >= {("events", "columns", "price", "price"), ("events", "columns", "price", "DOUBLE"),
                     ("events", "time", "ts"), ("events", "options", "path", "'path' = 'events.csv'"),
                     ("seen", "keep", 0, "`user`"), ("seen", "keep", 1, "ts"), ("seen", "compute", "low", "low")}
    found = stretches(compile_text(SHOP).text, SHOP)
    assert found >= {("recent", "keys", 0, "user_id"), ("vectors", "keep", 2, "event_time"),
                     ("vectors", "crosses", "device_category", 1, "category_id"),
                     ("labelled", "match", 0, "impression_id"), ("item_features", "features", 1, "price"),
                     ("predicted", "prediction", "p"), ("predictions", "columns", 0, "impression_id")}
