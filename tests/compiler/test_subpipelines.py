"""Components that a document defines, nodes that are switched off, and what a document keeps besides."""

from __future__ import annotations

import json
from typing import Any

import pytest

from porsche.compiler import compile_text, examine
from tests.compiler.pipelines import chain, errors, node, pipeline

CHEAP: dict[str, Any] = {
    "title": "Counts of cheap ones", "doc": "How many a user had.\n\nCheap is below the limit.",
    "inputs": {"rows": "cheap"}, "output": "counts",
    "properties": {"limit": {"kind": "number", "default": 3, "low": 0}, "by": {"kind": "columns", "label": "Keys"}},
    "nodes": [node("cheap", "filter", condition="price < ${limit}"),
              node("counts", "keyed_counters", keys="${by}", aggregates={"n": "COUNT(*)"})],
    "edges": [{"from": "cheap", "to": "counts"}],
}
OUTER: dict[str, Any] = {
    "inputs": {"events": "inner.rows"}, "output": "inner", "properties": {"most": {"kind": "number", "default": 7}},
    "nodes": [node("inner", "cheap_counts", limit="${most}", by=["user"])],
}
PRINT = {"options": {"connector": "print"}}


def with_local(*nodes: dict[str, Any], **components: Any) -> str:
    """A chain of nodes with local components; its sink takes changes."""
    document = json.loads(chain(*nodes, components={"cheap_counts": CHEAP, **components}))
    document["nodes"][-1]["properties"] = PRINT
    return json.dumps(document, indent=1)


def views(text: str) -> dict[str, str]:
    """The queries of a pipeline's views by name, on one line each."""
    return {s.name: " ".join(s.sql.split(" AS\n", 1)[1].split()) for s in compile_text(text).statements
            if s.kind == "view"}


def test_a_component_s_nodes_become_views_of_its_node() -> None:
    text = with_local(node("s", "cheap_counts", limit=5, by=["user"]))
    assert views(text) == {"s__cheap": "SELECT * FROM events WHERE price < 5",
                           "s": "SELECT `user`, COUNT(*) AS n FROM s__cheap GROUP BY `user`"}
    compiled = compile_text(text)
    assert {s.node for s in compiled.statements if s.kind == "view"} == {"s"}
    assert compiled.nodes["s__cheap"] == "s"
    assert compiled.lineage()["s"]["user"] == (("events", "user"),)
    assert [f.name for f in compiled.schemas["s"].columns] == ["user", "n"]
    examined = examine(text)
    assert [f.name for f in examined.inner["s__cheap"].columns] == ["user", "price", "kind", "ts"]
    assert compile_text(text).text == compiled.text


def test_components_in_components_and_one_used_twice() -> None:
    again = {**OUTER, "inputs": {"events": "inner"}, "nodes": [node("inner", "outer")]}
    document = json.loads(with_local(node("a", "outer", most=9), node("b", "outer_again"), node("both", "union"),
                                     outer=OUTER, outer_again=again))
    document["edges"] = [{"from": f, "to": t} for f, t in (("events", "a"), ("events", "b"), ("a", "both"),
                                                           ("b", "both"), ("both", "out"))]
    found = views(json.dumps(document))
    assert found["a"] == "SELECT `user`, COUNT(*) AS n FROM a__inner__cheap GROUP BY `user`"
    assert found["a__inner__cheap"].endswith("price < 9")
    assert found["b__inner__inner__cheap"] == "SELECT * FROM events WHERE price < 7"


def test_queries_inside_name_what_is_inside() -> None:
    query = "WITH c AS (SELECT 1 AS k) SELECT given.price, c.k FROM given CROSS JOIN c"
    own = {"inputs": {"given": "q"}, "output": "q", "nodes": [node("q", "custom_sql", query=query)]}
    text = with_local(node("s", "own"), own=own)
    assert views(text)["s"] == "WITH c AS ( SELECT 1 AS k ) SELECT given.price, c.k FROM events AS given CROSS JOIN c"


def test_a_component_may_end_in_a_sink_and_begin_with_a_source() -> None:
    written = {"inputs": {"rows": "kept"}, "nodes": [node("kept", "table_sink", **PRINT)]}
    text = pipeline(node("w", "written"), edges=[("events", "w"), ("events", "out")], components={"written": written})
    assert compile_text(text).nodes["w"] == "w"
    assert "INSERT INTO w\n" in compile_text(text).text


def test_its_declaration_is_as_any_component_s() -> None:
    (declared,) = examine(with_local(node("s", "cheap_counts", by="user"))).components()
    assert (declared["name"], declared["title"], declared["doc"]) == (
        "cheap_counts", "Counts of cheap ones", "How many a user had.")
    assert declared["details"] == "Cheap is below the limit."
    assert declared["ports"] == {
        "inputs": [{"name": "rows", "help": "rows to choose from", "optional": False, "many": False,
                    "relation": "rows"}], "outputs": [{"name": "rows", "relation": "rows"}]}
    assert [(p["name"], p["kind"], p["required"], p["default"], p["port"]) for p in declared["properties"]] == [
        ("limit", "number", False, 3, None), ("by", "columns", True, None, "rows")]


S = node("s", "cheap_counts", by="user")


@pytest.mark.parametrize(("text", "code", "at", "property", "words"), [
    (with_local(node("s", "cheap_counts", limit=-1, by="user")), "bad_value", "s", "limit", "out of range"),
    (with_local(node("s", "cheap_counts")), "missing_property", "s", "by", "needed"),
    (with_local(node("s", "cheap_counts", by="usr")), "unknown_column", "s", "by", "no column 'usr'"),
    (with_local(S, cheap_counts={**CHEAP, "nodes": [node("cheap", "filter", condition="prize > 1"),
                                                    CHEAP["nodes"][1]]}), "unknown_column", "s", "", "at 'cheap'"),
    (with_local(node("s", "outer", most="x"), outer=OUTER), "bad_value", "s", "most", "not a number"),
    (with_local(node("s", "outer", most=-1), outer=OUTER), "bad_value", "s", "most", "at 'inner': -1 is out of range"),
    (with_local(S, cheap_counts={**CHEAP, "output": "nothing"}), "unknown_node", "", "", "in the component"),
    (with_local(S, cheap_counts={**CHEAP, "inputs": {"rows": "cheap.left"}}), "unknown_port", "", "", "'left'"),
    (with_local(S, cheap_counts={**CHEAP, "inputs": {}}), "missing_input", "", "", "'rows' is not connected"),
    (with_local(S, cheap_counts={**CHEAP, "input": {}}), "unknown_field", "", "", "no field 'input'"),
    (with_local(S, loop={**OUTER, "nodes": [node("inner", "loop")]}), "recursive_component", "", "", "inside itself"),
    (with_local(S, filter=CHEAP), "duplicate_name", "", "", "'filter' already"),
    (with_local(S, cheap_counts={**CHEAP, "properties": {**CHEAP["properties"], "x": {"kind": "colour"}}}),
     "unknown_kind", "", "", "'colour'"),
    (with_local(S, cheap_counts={**CHEAP, "properties": {**CHEAP["properties"], "x": {"kind": "choice"}}}),
     "missing_field", "", "", "'options'"),
    (with_local(S, **{f"c{i}": {**OUTER, "nodes": [node("inner", f"c{i + 1}" if i < 8 else "outer")]}
                      for i in range(9)}, outer=OUTER), "too_large", "", "", "too large"),
])
def test_what_is_wrong_is_said_where_it_is(text: str, code: str, at: str, property: str, words: str) -> None:
    found = [(d.node, d.property) for d in errors(text) if d.code == code and words in d.message]
    assert (at, property) in found, [str(d) for d in errors(text)]
    assert all(d.line for d in errors(text))


def test_a_broken_component_marks_the_nodes_that_use_it() -> None:
    found = {(d.code, d.node) for d in errors(with_local(S, cheap_counts={**CHEAP, "output": "nothing"}))}
    assert found == {("unknown_node", ""), ("broken_component", "s")}


def test_many_nodes_out_of_few_are_refused() -> None:
    """Each component holds ten of the next: 10 ** 5 nodes of 60."""
    parts = {f"c{i}": {"nodes": [node(f"n{k}", f"c{i + 1}" if i < 5 else "event_source") for k in range(10)]}
             for i in range(6)}
    text = with_local(node("s", "c0"), **parts)
    assert "too_large" in {d.code for d in errors(text)}


# ---- switched off ----------------------------------------------------------------------------------------------------


def off(name: str, component: str, **properties: Any) -> dict[str, Any]:
    return {**node(name, component, **properties), "disabled": True}


def test_rows_pass_a_node_that_is_switched_off_whatever_it_says() -> None:
    text = chain(off("f", "filter"), node("g", "filter", condition="price > 1"))
    assert views(text) == {"f": "SELECT * FROM events", "g": "SELECT * FROM f WHERE price > 1"}
    examined = examine(text)
    assert examined.skipped == {"f": "bypassed"}
    assert examined.schemas["f"].time == "ts"


def test_what_cannot_be_without_a_node_is_left_out_with_it() -> None:
    late = {"id": "late", "component": "table_sink", "properties": {}}
    text = pipeline(off("second", "event_source"), node("both", "union"), node("j", "filter", condition="price > 1"),
                    late, edges=[("events", "both"), ("second", "both"), ("second", "j"), ("j", "late"),
                                 ("both", "out")])
    assert examine(text).skipped == {"second": "left_out", "j": "left_out", "late": "left_out"}
    assert views(text) == {"both": "SELECT `user`, price, kind, ts FROM events"}


def test_a_sink_that_is_switched_off_writes_nothing() -> None:
    sink = {"id": "more", "component": "table_sink", "properties": {}, "disabled": True}
    assert "more" not in compile_text(pipeline(sink, edges=[("events", "out"), ("events", "more")])).text
    (error,) = errors(chain().replace('"component": "table_sink"', '"component": "table_sink", "disabled": true'))
    assert error.code == "no_sink"


def test_nodes_inside_a_component_can_be_switched_off() -> None:
    cheap = {**CHEAP, "nodes": [off("cheap", "filter"), CHEAP["nodes"][1]]}
    assert views(with_local(S, cheap_counts=cheap))["s__cheap"] == "SELECT * FROM events"
    ending = {**CHEAP, "nodes": [CHEAP["nodes"][0], {**CHEAP["nodes"][1], "disabled": True}]}
    assert views(with_local(S, cheap_counts=ending))["s"] == "SELECT * FROM s__cheap"


# ---- what else a document keeps --------------------------------------------------------------------------------------

KEPT: dict[str, Any] = {
    "groups": [{"id": "g", "label": "All", "nodes": ["events", "out"], "collapsed": True}],
    "notes": [{"id": "n", "text": "why"}],
    "samples": {"events": {"rows": [{"user": 1}]}},
    "tests": [{"name": "one", "given": {"events": [{"user": 1}]}, "expect": {"out": []}, "ordered": True,
               "parameters": {"path": "x"}}],
}


def test_groups_notes_samples_and_tests_change_nothing() -> None:
    assert compile_text(chain(**KEPT)).text == compile_text(chain()).text
    assert compile_text(chain(**KEPT)).diagnostics == ()


@pytest.mark.parametrize(("part", "value", "code"), [
    ("groups", [{"id": "g", "colour": "red"}], "unknown_field"),
    ("groups", [{"nodes": []}], "missing_field"),
    ("groups", [{"id": "events"}], "duplicate_id"),
    ("groups", {}, "wrong_type"),
    ("notes", [{"id": "a b"}], "bad_id"),
    ("notes", [{"id": "n", "text": ["x"]}], "wrong_type"),
    ("notes", ["n"], "wrong_type"),
    ("samples", {"events": {}}, "bad_sample"),
    ("samples", {"events": {"rows": [1]}}, "wrong_type"),
    ("samples", {"events": {"file": {"path": "x", "format": "orc"}}}, "bad_value"),
    ("tests", [{"name": "t"}], "missing_field"),
    ("tests", [{"name": "t", "expect": {"out": {}}}], "wrong_type"),
    ("tests", [KEPT["tests"][0], KEPT["tests"][0]], "duplicate_name"),
    ("tests", [{"name": "t", "expect": {"out": []}, "ordered": "yes"}], "wrong_type"),
    ("components", {"a__b": {}}, "bad_id"),
    ("components", [], "wrong_type"),
])
def test_parts_that_do_not_fit_are_refused_at_their_place(part: str, value: Any, code: str) -> None:
    found = errors(chain(**{part: value}))
    assert code in {d.code for d in found}, found
    assert all(d.line for d in found)


@pytest.mark.parametrize(("part", "value"), [
    ("groups", [{"id": "g", "nodes": ["gone"]}]), ("samples", {"gone": {"rows": []}}),
    ("tests", [{"name": "t", "given": {"gone": []}, "expect": {"out": []}}]),
])
def test_a_node_that_is_gone_is_a_warning(part: str, value: Any) -> None:
    compiled = compile_text(chain(**{part: value}))
    assert [(d.severity, d.code) for d in compiled.diagnostics] == [("warning", "unknown_node")]
