"""What is wrong with graphs and properties, told all at once."""

from __future__ import annotations

import pytest

from porsche.compiler import check_text
from tests.compiler.pipelines import chain, errors, node, pipeline


def test_a_good_pipeline_says_nothing() -> None:
    assert check_text(chain(node("cheap", "filter", condition="price < 3"))) == ()


def test_everything_at_once_each_with_node_property_and_hint() -> None:
    text = pipeline(
        node("a", "filter", condition="prise > 3"),
        node("b", "rolling_feature", keys="user", time="user", features={"n": "COUNT(*)"}),
        node("c", "top_n", order="price", limit=0),
        node("d", "select", compute={"x": "price +"}),
        node("e", "window_aggregate", time="ts", size="1 fortnight", aggregates={"n": "COUNT(*)"}),
        edges=[("events", n) for n in "abcde"] + [("a", "out")])
    found = {(d.node, d.property): d for d in errors(text)}
    assert {key: d.code for key, d in found.items()} == {
        ("a", "condition"): "unknown_column", ("b", "time"): "not_event_time", ("c", "limit"): "bad_value",
        ("d", "compute"): "syntax", ("e", "size"): "bad_value"}
    assert found[("a", "condition")].hint == "did you mean 'price'?"
    assert found[("b", "time")].hint == "it has ts"
    assert found[("e", "size")].hint.startswith("write for example")
    lines = text.splitlines()
    assert '"condition"' in lines[found[("a", "condition")].line - 1]
    assert '"x"' in lines[found[("d", "compute")].line - 1]


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ("price > 'abc' + 1", None),
        ("price", "wrong_type"),
        ("UPPR(kind) = 'x'", "unknown_function"),
        ("kind > 1 AND", "syntax"),
    ],
)
def test_errors_of_the_analysis_are_the_property_s(condition: str, code: str | None) -> None:
    found = errors(chain(node("f", "filter", condition=condition)))
    if code is not None:
        assert [d.node for d in found] == ["f"]
        assert code != "syntax" or found[0].property == "condition"


def test_an_expression_that_the_engine_refuses_is_found_in_its_property() -> None:
    found = errors(chain(node("s", "select", compute={"good": "price * 2", "bad": "UPPR(kind)"})))
    assert [(d.node, d.property) for d in found] == [("s", "compute")]
    assert "UPPR" in found[0].message


def test_what_follows_a_broken_node_is_not_blamed() -> None:
    found = errors(chain(node("a", "filter", condition="nope = 1"), node("b", "filter", condition="nope2 = 1")))
    assert [d.node for d in found] == ["a"]


def test_cycles() -> None:
    text = pipeline(node("a", "union"), node("b", "filter", condition="price > 1"),
                    edges=[("events", "a"), ("a", "b"), ("b", "a"), ("b", "out")])
    found = [d for d in errors(text) if d.code == "cycle"]
    assert len(found) == 1
    assert "a, b" in found[0].message


@pytest.mark.parametrize(("edges", "code", "node_id"), [
    ([("events", "j.rows"), ("j", "out")], "missing_input", "j"),
    ([("events", "j.rows"), ("events", "j.dimension"), ("j", "out")], "wrong_input", "j"),
    ([("events", "j.left"), ("j", "out")], "unknown_port", "j"),
    ([("events", "out"), ("events", "out")], "duplicate_input", "out"),
    ([("events", "out"), ("out", "j.rows")], "wrong_input", "j"),
    ([("nobody", "out")], "unknown_node", ""),
    ([("events", "events"), ("events", "out")], "unknown_port", "events"),
])
def test_edges(edges: list[tuple[str, str]], code: str, node_id: str) -> None:
    text = pipeline(node("j", "dimension_join", key="user", columns=["x"]), edges=edges)
    assert (code, node_id) in [(d.code, d.node) for d in errors(text)]


def test_ids_are_given_once() -> None:
    text = chain(node("a", "filter", condition="price > 1")).replace('"id": "out"', '"id": "a"')
    assert "duplicate_id" in [d.code for d in errors(text)]


def test_unused_nodes_and_pipelines_without_effect() -> None:
    found = check_text(pipeline(node("a", "filter", condition="price > 1"), edges=[("events", "a"), ("events", "out")]))
    assert [(d.severity, d.code, d.node) for d in found] == [("warning", "unused_node", "a")]
    only = '{"version": 1, "name": "x", "nodes": []}'
    assert [d.code for d in errors(only)] == ["no_sink"]


def test_what_a_circle_reads_is_used() -> None:
    text = pipeline(node("a", "filter", condition="price > 1"), node("b", "filter", condition="price > 1"),
                    edges=[("events", "a"), ("a", "b"), ("b", "a")])
    assert "events" not in [d.node for d in check_text(text) if d.code == "unused_node"]
    assert "cycle" in [d.code for d in errors(text)]


@pytest.mark.parametrize(("given", "codes"), [
    ({}, []), ({"path": "other.csv"}, []), ({"pth": "x"}, ["unknown_parameter"]),
])
def test_parameters(given: dict[str, str], codes: list[str]) -> None:
    assert [d.code for d in errors(chain(), parameters=given)] == codes


def test_a_parameter_without_a_value() -> None:
    text = chain(parameters={"path": {"description": "a file"}})
    assert [(d.code, d.hint) for d in errors(text)] == [("missing_parameter", "give one: --set path=VALUE")]


def test_updates_do_not_fit_into_files() -> None:
    found = errors(chain(node("n", "keyed_counters", keys="user", aggregates={"n": "COUNT(*)"})))
    assert [(d.code, d.node) for d in found] == [("updates_not_accepted", "out")]


@pytest.mark.parametrize(("component", "properties", "property"), [
    ("rolling_feature", {"time": "ts", "within": "1 hour", "preceding": 3, "features": {"n": "COUNT(*)"}}, "preceding"),
    ("rolling_feature", {"time": "ts", "features": {"n": "COUNT(*)", "l": "LAG(price)"}}, "features"),
    ("feature_vector", {}, "categories"),
    ("feature_vector", {"buckets": {"price": [3, 1]}}, "buckets"),
    ("feature_vector", {"categories": ["user"], "features": {"user": "price"}}, "features"),
    ("feature_vector", {"crosses": {"c": ["user"]}}, "crosses"),
    ("feature_vector", {"crosses": {"c": ["user", "nope"]}}, "crosses"),
    ("feature_vector", {"scaled": {"price": [1]}}, "scaled"),
    ("select", {}, "compute"),
    ("custom_sql", {"query": "SELECT * FROM elsewhere"}, "query"),
    ("custom_sql", {"query": "DROP TABLE events"}, "query"),
    ("deduplicate", {"keys": [], "time": "ts"}, "keys"),
    ("deduplicate", {"keys": "user", "time": "ts", "keep": "middle"}, "keep"),
    ("top_n", {"order": "price", "with_rank": "maybe"}, "with_rank"),
    ("top_n", {"order": "price", "limit": 2.5}, "limit"),
    ("filter", {"condition": ["x"]}, "condition"),
    ("filter", {}, "condition"),
    ("filter", {"condition": "COUNT(*) > 1"}, "condition"),
    ("rolling_feature", {"time": "ts", "features": {"p": "price + 1"}}, "features"),
    ("rolling_feature", {"time": "ts", "features": {"price": "SUM(price)"}}, "features"),
])
def test_properties_that_do_not_fit(component: str, properties: dict[str, object], property: str) -> None:
    found = errors(chain(node("it", component, **properties)))
    assert [(d.node, d.property) for d in found] == [("it", property)], found


def test_sources_are_checked() -> None:
    text = chain().replace('"time": "ts"', '"time": "tz"')
    assert [(d.code, d.property) for d in errors(text)] == [("unknown_column", "time")]
    text = chain().replace("TIMESTAMP(3)", "TIMESTMP")
    assert [(d.node, d.property) for d in errors(text)] == [("events", "columns")]


def endless(text: str) -> str:
    """The pipeline over files that go on growing."""
    return text.replace('"connector": "filesystem"', '"connector": "filesystem", "source.monitor-interval": "1 s"')


def test_state_that_grows_is_told_at_its_node() -> None:
    """Once, although two sinks read it; with a time to live, not at all."""
    nodes = (node("firsts", "deduplicate", keys="user", time="ts", keep="first"),
             {"id": "more", "component": "table_sink", "properties": {}})
    edges = [("events", "firsts"), ("firsts", "out"), ("firsts", "more")]
    text = endless(pipeline(*nodes, edges=edges))
    (found,) = check_text(text)
    assert (found.severity, found.code, found.node) == ("warning", "growing_state", "firsts")
    assert "by user" in found.message
    assert "table.exec.state.ttl" in found.hint
    assert check_text(endless(pipeline(*nodes, edges=edges, settings={"table.exec.state.ttl": "1 d"}))) == ()


def test_a_model_may_learn_for_ever_but_not_what_it_learns_from() -> None:
    chained = (node("firsts", "deduplicate", keys="user", time="ts", keep="first"),
               node("labelled", "select", compute={"is_b": "kind = 'b'"}),
               node("vector", "feature_vector", categories="kind"),
               node("model", "train_online_model", label="is_b", features="features", known_at="ts"))
    text = endless(pipeline(*chained, edges=[("events", "firsts"), ("firsts", "labelled"), ("labelled", "vector"),
                                             ("vector", "model"), ("firsts", "out")]))
    assert [(d.code, d.node) for d in check_text(text)] == [("growing_state", "firsts"), ("unused_node", "model")]
