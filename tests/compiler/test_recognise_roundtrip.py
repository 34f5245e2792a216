"""SQL that pipelines became is recognised as the same pipelines, whatever was done to its words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from porsche.compiler import compile_text, environment, examine
from porsche.compiler.recognise import Recognised, recognise
from porsche.compiler.recognise.matching import same
from porsche.components import catalogue
from tests.compiler import random_pipelines
from tests.compiler.commands import applied
from tests.compiler.pipelines import EXAMPLES
from tests.components.samples import SAMPLES, Sample, title
from tests.components.samples import document as sample_document
from tests.profiles import examples


def told(found: Recognised) -> dict[str, Any]:
    """The document that was recognised; what was wrong, where there is none."""
    assert found.document is not None, [str(d) for d in found.diagnostics]
    return found.document


def assert_equal(document: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    """The same nodes with the same properties, and the same edges to each; but for properties that were said and need
    not have been: without them the SQL is the same."""
    nodes = {node["id"]: node for node in document["nodes"]}
    plain = deepcopy(dict(expected))
    for meant in plain["nodes"]:
        node = nodes.pop(meant["id"])
        assert node["component"] == meant["component"], meant["id"]
        given_, read = meant.get("properties") or {}, node.get("properties") or {}
        for name, property in catalogue()[meant["component"]].properties().items():
            one, other = given_.get(name, property.default), read.get(name, property.default)
            if not ((one is None and other is None) or same(property, one, other)):
                assert name not in read, (meant["id"], name, one, other)
                del given_[name]
    assert not nodes
    assert _edges(document) == _edges(expected)
    assert plain == expected or compile_text(json.dumps(plain)).text == compile_text(json.dumps(expected)).text


def _edges(document: Mapping[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for edge in document["edges"]:
        found.setdefault(edge["to"], []).append(edge["from"])
    return found


@pytest.mark.parametrize("where", ["dev", "flink"])
@pytest.mark.parametrize("name", sorted(str(path.relative_to(EXAMPLES)) for path in EXAMPLES.rglob("*.yaml")))
def test_the_sql_of_an_example(name: str, where: str) -> None:
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    sql = compile_text(text, environment=environment(where)).text
    written = random_pipelines.rewritten(sql, 1)
    document = told(recognise(written, environment=environment(where)))
    assert compile_text(json.dumps(document), environment=environment(where)).text == sql
    assert "custom_sql" not in {node["component"] for node in document["nodes"]}
    again = recognise(written, environment=environment(where), previous=text)
    assert told(again) and again.commands == ()


@pytest.mark.parametrize("sample", [pytest.param(sample, id=title(sample)) for sample in SAMPLES])
def test_each_component_is_read_off_its_sql(sample: Sample) -> None:
    text = sample_document(sample)
    sql = compile_text(text).text
    document = told(recognise(random_pipelines.rewritten(sql, 2)))
    assert_equal(document, json.loads(text))
    assert compile_text(json.dumps(document)).text == sql
    for index, node in enumerate(document["nodes"]):  # and no more is said than must be
        for name in node.get("properties") or ():
            less = deepcopy(document)
            del less["nodes"][index]["properties"][name]
            found = examine(json.dumps(less)).compiled
            assert found is None or found.text != sql, (node["id"], name)


@pytest.mark.parametrize("sample", [pytest.param(sample, id=title(sample)) for sample in SAMPLES])
def test_where_the_properties_of_each_component_stand(sample: Sample) -> None:
    """All but numbers and words that the SQL says in other ways."""
    text = sample_document(sample)
    spans = {(each["node"], each["property"]) for each in recognise(compile_text(text).text, previous=text).spans}
    for node in json.loads(text)["nodes"]:
        declared = catalogue()[node["component"]].properties()
        for name in node.get("properties") or ():
            elsewhere = declared[name].kind in ("choice", "number", "flag") or name == "parameters"
            assert elsewhere or (node["id"], name) in spans, (node["id"], name)


@pytest.mark.soak
@given(seed=st.integers(0, 10**9))
@example(seed=0)
@examples(40)
def test_the_sql_of_any_pipeline(seed: int) -> None:
    """Quoted, reformatted and without its comments: the same text and the same pipeline, with custom SQL only where it
    was; and to the document it came from it changes nothing."""
    expected = random_pipelines.document(seed)
    text = json.dumps(expected)
    sql = compile_text(text).text
    written = random_pipelines.rewritten(sql, seed)
    document = told(recognise(written))
    assert_equal(document, expected)
    assert compile_text(json.dumps(document)).text == sql
    assert recognise(written, previous=text).commands == ()


@pytest.mark.soak
@given(seed=st.integers(0, 10**9))
@examples(15)
def test_any_edit_is_either_said_by_commands_or_refused(seed: int) -> None:
    """Nothing fails, and the commands make the document that was told."""
    text = json.dumps(random_pipelines.document(seed))
    found = recognise(random_pipelines.mistyped(compile_text(text).text, seed), previous=text)
    if found.document is None:
        assert any(d.severity == "error" for d in found.diagnostics)
    else:
        assert applied(text, found.commands) == found.document
        assert_untouched(json.loads(text), found.document)


def assert_untouched(before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """A node whose SQL is what it was, as is that of all it reads from, is what it was to the letter."""
    old, new = _with_sql(before), _with_sql(after)
    left = {name for name in old if old[name] == new.get(name)}
    fed: dict[str, list[str]] = {}
    for to, sources in _edges(before).items():
        fed.setdefault(to.partition(".")[0], []).extend(sources)
    while gone := {name for name in left if not left.issuperset(fed.get(name, ()))}:
        left -= gone
    nodes = {node["id"]: node for node in after["nodes"]}
    for node in before["nodes"]:
        assert node["id"] not in left or nodes[node["id"]] == node


def _with_sql(document: Mapping[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for statement in compile_text(json.dumps(document)).statements:
        found.setdefault(statement.node, []).append(statement.sql)
    return found
