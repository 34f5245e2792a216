"""Edited SQL of nodes whose components the document defines."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from porsche.compiler import compile_text
from porsche.compiler.recognise import recognise
from porsche.components import catalogue
from tests.compiler import random_pipelines
from tests.compiler.commands import applied
from tests.compiler.pipelines import chain, node, pipeline
from tests.compiler.test_recognise import edited, properties, said
from tests.profiles import examples

LOCAL = {
    "inputs": {"rows": "dear"}, "output": "kept", "edges": [{"from": "dear", "to": "kept"}],
    "properties": {"least": {"label": "Least", "kind": "number"},
                   "what": {"label": "What", "kind": "text", "default": "price * 2"}},
    "nodes": [node("dear", "filter", condition="price > ${least} AND kind <> 'a b'"),
              node("kept", "select", keep=["user", "ts"], compute={"made": "${what}", "big": "price > 100"})]}
ONCE = chain(node("ones", "dear_ones", least=4), node("few", "filter", condition="made < 9"),
             components={"dear_ones": LOCAL})
TWICE = pipeline(
    node("ones", "dear_ones", least=4), node("others", "dear_ones", least=7), node("both", "union"),
    edges=[("events", "ones"), ("events", "others"), ("ones", "both"), ("others", "both"), ("both", "out")],
    components={"dear_ones": LOCAL})
INNER = ["components", "dear_ones", "nodes"]


def test_what_is_edited_outside_leaves_it_as_it_is() -> None:
    assert edited(ONCE, ("made < 9", "made < 8")).commands == (
        {"kind": "set_property", "node": "few", "property": "condition", "value": "made < 8"},)
    assert edited(ONCE, ("ones", "twos")).commands == ({"kind": "rename_node", "node": "ones", "to": "twos"},)


def test_what_it_reads_can_be_another() -> None:
    early = "CREATE VIEW early AS SELECT * FROM events WHERE price < 50;\n"
    found = edited(ONCE, ("FROM events\nWHERE", "FROM early\nWHERE"),
                   ("CREATE TEMPORARY VIEW ones__dear", early + "CREATE TEMPORARY VIEW ones__dear"))
    assert said(found) == [("changed", "ones", []), ("added", "early", [])]
    assert found.commands[0] == {"kind": "disconnect", "from": "events", "to": "ones"}
    assert found.commands[-1] == {"kind": "connect", "from": "early", "to": "ones"}


@pytest.mark.parametrize("text", [ONCE, TWICE])
@pytest.mark.parametrize(("old", "new", "asked"), [
    ("price > 4", "price > 5", {"least": 5}),
    ("price > 4", "price > 4.5", {"least": 4.5}),
])
def test_a_value_of_the_node_itself(text: str, old: str, new: str, asked: dict[str, Any]) -> None:
    found = edited(text, (old, new))
    assert said(found) == [("changed", "ones", ["least"])]
    assert properties(found, "ones") == asked


def test_a_value_that_was_the_default() -> None:
    assert properties(edited(ONCE, ("price * 2", "price * 3 + 1")), "ones") == {"least": 4, "what": "price * 3 + 1"}


def test_a_definition_that_is_used_once_changes() -> None:
    found = edited(ONCE, ("price > 4 AND kind <> 'a b'", "price >= 4 AND kind <> 'a c'"), ("price > 100", "price > 90"))
    assert said(found) == [("redefined", "ones", ["dear.condition", "kept.compute"])]
    assert found.commands == (
        {"kind": "set_in", "path": [*INNER, 0, "properties", "condition"],
         "value": "price >= ${least} AND kind <> 'a c'"},
        {"kind": "set_in", "path": [*INNER, 1, "properties", "compute", "big"], "value": "price > 90"})
    assert properties(found, "ones") == {"least": 4}


def test_a_value_and_the_definition() -> None:
    found = edited(ONCE, ("price > 4", "price > 6"), ("price > 100", "price > 90"))
    assert said(found) == [("changed", "ones", ["least"]), ("redefined", "ones", ["kept.compute"])]


def test_a_definition_with_other_uses_stays_and_one_use_is_dissolved() -> None:
    found = edited(TWICE, ("price > 4", "price >= 4"))
    assert said(found) == [("dissolved", "ones", []), ("added", "ones_dear", [])]
    assert found.document is not None and found.document["components"] == json.loads(TWICE)["components"]
    assert properties(found, "ones_dear") == {"condition": "price >= 4 AND kind <> 'a b'"}
    assert properties(found, "others") == {"least": 7}


def test_another_structure_inside_dissolves_it() -> None:
    found = edited(ONCE, ("WHERE price > 4 AND kind <> 'a b'", "WHERE price > 4 LIMIT 5"))
    assert said(found) == [("dissolved", "ones", []), ("added", "ones_dear", [])]


# ---- what may be inside ----------------------------------------------------------------------------------------------


def own(text: dict[str, Any], *nodes: dict[str, Any], output: str = "", **more: Any) -> str:
    """A pipeline with one node `x` of a component of these nodes, one after another."""
    names = [each["id"] for each in nodes]
    local = {"inputs": {"rows": names[0]}, "output": output or names[-1], "nodes": list(nodes),
             "edges": [{"from": a, "to": b} for a, b in zip(names, names[1:])], **more}
    return chain(node("x", "own", **text), components={"own": local})


def test_custom_sql_inside_calls_tables_by_their_names_there() -> None:
    query = "SELECT cheap.ts, t.price FROM cheap AS t JOIN cheap ON t.ts = cheap.ts"
    text = own({}, node("cheap", "filter", condition="price < 3"), node("sql", "custom_sql", query=query))
    assert edited(text, ("'events.csv'", "'e.csv'")).commands[0]["path"][-1] == "path"
    found = edited(text, ("t.price", "t.price + 1 AS price"))
    assert said(found) == [("redefined", "x", ["sql.query"])]
    assert found.commands[0]["value"] == (
        "SELECT cheap.ts, t.price + 1 AS price\nFROM cheap AS t\nJOIN cheap ON t.ts = cheap.ts")


def test_a_node_inside_with_tables_of_its_own() -> None:
    label = {"match": ["user"], "time": "ts", "outcome_time": "ts", "within": "5 minutes"}
    local = {"inputs": {"shown": "lab.events", "clicked": "lab.outcomes"}, "output": "lab", "edges": [],
             "properties": {"within": {"label": "Within", "kind": "duration"}},
             "nodes": [node("lab", "label_join", **{**label, "within": "${within}"})]}
    text = pipeline(node("clicks", "filter", condition="kind = 'c'"), node("x", "own", within="5 minutes"),
                    edges=[("events", "clicks"), ("x", "out")], components={"own": local})
    document = json.loads(text)
    document["edges"] += [{"from": "events", "to": "x.shown"}, {"from": "clicks", "to": "x.clicked"}]
    text = json.dumps(document)
    assert "x__lab__joined" in compile_text(text).text
    assert edited(text, ("kind = 'c'", "kind = 'd'")).commands[0]["node"] == "clicks"
    found = edited(text, ("INTERVAL '5' MINUTE", "INTERVAL '6' MINUTE"))
    assert (said(found), properties(found, "x")) == ([("changed", "x", ["within"])], {"within": "6 minutes"})
    found = edited(text, ("MAX(label) AS label", "MAX(label) AS hit"), ("END AS label", "END AS hit"),
                   ("MAX(label)", "MAX(hit)"), ("label INT", "hit INT"), ("label, known_at", "hit, known_at"))
    assert said(found) == [("redefined", "x", ["lab.label"])]


def test_components_in_each_other() -> None:
    inner = {"inputs": {"rows": "f"}, "output": "f", "edges": [], "nodes": [
        node("f", "filter", condition="price > ${low} OR kind = 'k'")], "properties": {
        "low": {"label": "Low", "kind": "number"}}}
    outer = {"inputs": {"rows": "i"}, "output": "s", "edges": [{"from": "i", "to": "s"}], "nodes": [
        node("i", "inner", low="${least}"), node("s", "select", keep=["price", "ts"])], "properties": {
        "least": {"label": "Least", "kind": "number"}}}
    text = chain(node("x", "outer", least=4), components={"inner": inner, "outer": outer})
    assert properties(edited(text, ("price > 4", "price > 5")), "x") == {"least": 5}
    found = edited(text, ("kind = 'k'", "kind = 'l'"))
    assert said(found) == [("redefined", "x", ["f.condition"])]
    assert found.commands == ({"kind": "set_in", "path": ["components", "inner", "nodes", 0, "properties", "condition"],
                               "value": "price > ${low} OR kind = 'l'"},)


def test_a_node_inside_that_is_switched_off() -> None:
    off = {**node("f", "filter", condition="price > 1"), "disabled": True}
    text = own({}, off, node("s", "select", compute={"double": "price * 2"}))
    assert said(edited(text, ("price * 2", "price * 4"))) == [("redefined", "x", ["s.compute"])]


def test_parameters_of_the_document_inside() -> None:
    text = json.loads(own({}, node("f", "filter", condition="price > ${limit} AND kind = 'x'")))
    text["parameters"]["limit"] = {"default": 3}
    found = edited(json.dumps(text), ("kind = 'x'", "kind = 'y'"))
    assert found.commands[0]["value"] == "price > ${limit} AND kind = 'y'"


# ---- any pipeline ----------------------------------------------------------------------------------------------------


def wrapped(document: dict[str, Any]) -> str:
    """Each node of a random pipeline that can be is inside a component that is used once; its numbers are properties of
    that."""
    locals_: dict[str, Any] = {}
    for each in document["nodes"]:
        component = catalogue()[each["component"]]
        if not component.inputs or not component.gives or each["component"] == "custom_sql":
            continue
        name, given_ = f"own_{each['id']}", each.get("properties") or {}
        numbers = {key: value for key, value in given_.items() if type(value) is int}
        locals_[name] = {
            "inputs": {port.name: f"inner.{port.name}" for port in component.inputs}, "output": "inner", "edges": [],
            "properties": {key: {"label": key, "kind": "number"} for key in numbers},
            "nodes": [{"id": "inner", "component": each["component"],
                       "properties": {**given_, **{key: f"${{{key}}}" for key in numbers}}}]}
        each |= {"component": name, "properties": numbers}
    return json.dumps({**document, "components": locals_})


@pytest.mark.soak
@given(seed=st.integers(0, 10**9))
@examples(10)
def test_components_of_any_pipeline(seed: int) -> None:
    text = wrapped(random_pipelines.document(seed))
    sql = compile_text(text).text
    assert recognise(random_pipelines.rewritten(sql, seed), previous=text).commands == ()
    found = recognise(random_pipelines.mistyped(sql, seed), previous=text)
    if found.document is None:
        assert any(d.severity == "error" for d in found.diagnostics)
    else:
        assert applied(text, found.commands) == found.document
